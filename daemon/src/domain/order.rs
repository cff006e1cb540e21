//! What can be asked of the broker.

use serde::{Deserialize, Serialize};

use super::instrument::InstrumentId;
use super::money::{Price, Quantity};
use super::plugin::PluginId;
use super::time::Timestamp;

/// The API order id, allocated by us, unique for one client id at IB. Above zero, below 1,500,000,000, where the
/// client's own request ids begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OrderId(pub i32);

/// A plugin's own name for an order (FIX: ClOrdID). Unique for the life of the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ClientOrderId(pub u64);

impl ClientOrderId {
    /// The desk's own orders are numbered from here, far above those of plugins, which count from one. Still below the
    /// largest number SQLite and JSON readers with 64 bits can hold.
    pub const FIRST_OF_DESK: u64 = 1 << 62;
}

/// Buy or sell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// Adds to the position.
    Buy,
    /// Takes from it.
    Sell,
}

impl Side {
    /// `quantity` with the sign it has in a position.
    pub const fn signed(self, quantity: Quantity) -> Quantity {
        match self {
            Side::Buy => quantity,
            Side::Sell => quantity.negated(),
        }
    }

    /// In words, for logs, the ledger and the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Side::Buy => "buy",
            Side::Sell => "sell",
        }
    }
}

/// The kind of an order with the prices it needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "type")]
pub enum OrderKind {
    /// At the market (IB: MKT).
    Market,
    /// At `limit` or better (IB: LMT).
    Limit {
        /// Worst price.
        limit: Price,
    },
    /// A market order once `stop` trades (IB: STP).
    Stop {
        /// Trigger.
        stop: Price,
    },
    /// A limit order once `stop` trades (IB: STP LMT).
    StopLimit {
        /// Trigger.
        stop: Price,
        /// Worst price after it.
        limit: Price,
    },
}

impl OrderKind {
    /// In words, for logs, grants, the ledger and the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            OrderKind::Market => "market",
            OrderKind::Limit { .. } => "limit",
            OrderKind::Stop { .. } => "stop",
            OrderKind::StopLimit { .. } => "stop_limit",
        }
    }

    /// FIX OrdType (tag 40).
    pub const fn fix_code(self) -> u32 {
        match self {
            OrderKind::Market => 1,
            OrderKind::Limit { .. } => 2,
            OrderKind::Stop { .. } => 3,
            OrderKind::StopLimit { .. } => 4,
        }
    }

    /// The limit, if it has one.
    pub const fn limit(self) -> Option<Price> {
        match self {
            OrderKind::Limit { limit } | OrderKind::StopLimit { limit, .. } => Some(limit),
            OrderKind::Market | OrderKind::Stop { .. } => None,
        }
    }

    /// The trigger, if it has one.
    pub const fn stop(self) -> Option<Price> {
        match self {
            OrderKind::Stop { stop } | OrderKind::StopLimit { stop, .. } => Some(stop),
            OrderKind::Market | OrderKind::Limit { .. } => None,
        }
    }

    /// The same kind with other prices; prices the kind does not use are ignored.
    pub const fn repriced(self, limit: Price, stop: Price) -> OrderKind {
        match self {
            OrderKind::Market => OrderKind::Market,
            OrderKind::Limit { .. } => OrderKind::Limit { limit },
            OrderKind::Stop { .. } => OrderKind::Stop { stop },
            OrderKind::StopLimit { .. } => OrderKind::StopLimit { stop, limit },
        }
    }
}

/// How long an order stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimeInForce {
    /// Until the end of the trading day.
    Day,
    /// Until canceled.
    Gtc,
    /// What can be filled at once; the rest is canceled.
    Ioc,
}

impl TimeInForce {
    /// IB's name for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            TimeInForce::Day => "DAY",
            TimeInForce::Gtc => "GTC",
            TimeInForce::Ioc => "IOC",
        }
    }
}

/// What a plugin wants, before anyone agreed to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OrderIntent {
    /// The plugin's name for it.
    pub client_order_id: ClientOrderId,
    /// Who asks.
    pub plugin: PluginId,
    /// For what.
    pub instrument: InstrumentId,
    /// Which way.
    pub side: Side,
    /// How.
    pub kind: OrderKind,
    /// How long.
    pub time_in_force: TimeInForce,
    /// How much; above zero.
    pub quantity: Quantity,
    /// Refuse it unless it brings the plugin's position nearer to zero.
    pub reduce_only: bool,
    /// The plugin's own mark, echoed in every event.
    pub tag: u64,
}

/// A change to a live order of the same plugin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReplaceIntent {
    /// Who asks.
    pub plugin: PluginId,
    /// Which order.
    pub client_order_id: ClientOrderId,
    /// New total quantity, filled part included.
    pub quantity: Quantity,
    /// New limit, where the kind has one.
    pub limit: Price,
    /// New trigger, where the kind has one.
    pub stop: Price,
}

/// What a plugin asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Intent {
    /// A new order.
    Submit(OrderIntent),
    /// Another quantity or price.
    Replace(ReplaceIntent),
    /// An end to one order.
    Cancel {
        /// Who asks.
        plugin: PluginId,
        /// Which order.
        client_order_id: ClientOrderId,
    },
    /// An end to all orders of the plugin.
    CancelAll {
        /// Who asks.
        plugin: PluginId,
    },
}

impl Intent {
    /// Who asks.
    pub const fn plugin(&self) -> PluginId {
        match self {
            Intent::Submit(intent) => intent.plugin,
            Intent::Replace(intent) => intent.plugin,
            Intent::Cancel { plugin, .. } | Intent::CancelAll { plugin } => *plugin,
        }
    }
}

/// When an intent was born: the receipt of the tick that caused it, for the tick-to-order measurement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cause {
    /// Receipt of the newest tick in the batch the plugin answered; `None` for timers and order events.
    pub tick_received: Option<Timestamp>,
}
