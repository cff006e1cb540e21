//! What the operator allows: the node's limits and each plugin's grant.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::instrument::InstrumentId;
use crate::domain::money::{Money, Quantity};
use crate::domain::order::OrderKind;

/// Limits of the node, `[risk]` in the configuration. Each has a default that lets a small paper account trade.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Largest quantity of one order.
    pub max_quantity: Quantity,
    /// Largest value of one order, in the instrument's currency.
    pub max_notional: Money,
    /// Largest position of one plugin in one instrument, working orders counted as if filled.
    pub max_position: Quantity,
    /// How far a price may be from the last quote's mid, in parts per million (50,000 is 5 %).
    pub price_collar_ppm: u32,
    /// Oldest quote an order may be based on, in milliseconds.
    pub stale_after_ms: u64,
    /// Messages to the gateway in any second. IB disconnects clients above 50.
    pub messages_per_second: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            max_quantity: Quantity::from_units(1_000),
            max_notional: Money::from_nanos(250_000 * 1_000_000_000),
            max_position: Quantity::from_units(5_000),
            price_collar_ppm: 50_000,
            stale_after_ms: 5_000,
            messages_per_second: 45,
        }
    }
}

impl Limits {
    /// Oldest quote an order may be based on.
    pub const fn stale_after(&self) -> Duration {
        Duration::from_millis(self.stale_after_ms)
    }
}

/// Kinds of orders a grant can name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderType {
    /// Market orders.
    Market,
    /// Limit orders.
    Limit,
    /// Stop orders.
    Stop,
    /// Stop-limit orders.
    StopLimit,
}

impl OrderType {
    /// The type of an order's kind.
    pub const fn of(kind: OrderKind) -> OrderType {
        match kind {
            OrderKind::Market => OrderType::Market,
            OrderKind::Limit { .. } => OrderType::Limit,
            OrderKind::Stop { .. } => OrderType::Stop,
            OrderKind::StopLimit { .. } => OrderType::StopLimit,
        }
    }
}

/// What one plugin may do. Nothing is granted by default.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Grant {
    /// The plugin's name, for messages and references.
    pub plugin: String,
    /// Instruments it may see and trade.
    pub instruments: BTreeSet<InstrumentId>,
    /// Kinds of orders it may send; empty for one that must not trade.
    pub order_types: BTreeSet<OrderType>,
    /// Largest quantity of one of its orders.
    pub max_quantity: Quantity,
    /// Its orders in any second.
    pub messages_per_second: u32,
}
