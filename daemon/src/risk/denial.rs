//! Denied is ours: the gate's no, with a code that never changes its meaning, the limit and the value.

use serde::{Deserialize, Serialize};

use crate::domain::plugin::PluginId;

/// Why the gate said no. The numbers are an interface: plugins, dashboards and the ledger hold them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, PartialOrd, Ord)]
#[serde(rename_all = "snake_case")]
#[repr(u32)]
pub enum DenialCode {
    /// The trading state does not let orders leave.
    TradingState = 10,
    /// The order does not reduce a position where only that is allowed.
    ReduceOnly = 11,
    /// Ours and the broker's books differ in the instrument, and nobody has explained or accepted it.
    Unreconciled = 12,
    /// The grant does not cover the instrument.
    InstrumentNotGranted = 20,
    /// The grant does not cover the kind of order.
    OrderTypeNotGranted = 21,
    /// The grant's largest order.
    GrantQuantity = 22,
    /// Not a whole number of ticks, not above zero, or not an order the instrument takes.
    Form = 30,
    /// The node's largest order quantity.
    MaxQuantity = 40,
    /// The node's largest order value.
    MaxNotional = 41,
    /// Position and working orders together would pass the limit.
    PositionLimit = 42,
    /// Too far from the last quote.
    PriceCollar = 50,
    /// The last quote is too old.
    StaleData = 51,
    /// Something the decision needs is not known.
    MissingInput = 52,
    /// Too many orders in a second.
    MessageRate = 60,
    /// A risk plugin said no.
    RiskPlugin = 80,
    /// A risk plugin trapped, ran out of its budget, or is not there.
    RiskPluginFailed = 81,
    /// The order named is not a live order of this plugin.
    UnknownOrder = 90,
    /// The order cannot be changed now: a change or a cancel is under way.
    OrderBusy = 91,
    /// The client order id was used before.
    DuplicateOrder = 92,
    /// The ledger cannot be written, so nothing may be sent.
    LedgerUnavailable = 93,
    /// The way to the gateway is full, so nothing may be added to it.
    GatewayBusy = 94,
}

impl DenialCode {
    /// Every code, for metrics and the handbook.
    pub const ALL: [DenialCode; 21] = [
        DenialCode::TradingState,
        DenialCode::ReduceOnly,
        DenialCode::Unreconciled,
        DenialCode::InstrumentNotGranted,
        DenialCode::OrderTypeNotGranted,
        DenialCode::GrantQuantity,
        DenialCode::Form,
        DenialCode::MaxQuantity,
        DenialCode::MaxNotional,
        DenialCode::PositionLimit,
        DenialCode::PriceCollar,
        DenialCode::StaleData,
        DenialCode::MissingInput,
        DenialCode::MessageRate,
        DenialCode::RiskPlugin,
        DenialCode::RiskPluginFailed,
        DenialCode::UnknownOrder,
        DenialCode::OrderBusy,
        DenialCode::DuplicateOrder,
        DenialCode::LedgerUnavailable,
        DenialCode::GatewayBusy,
    ];

    /// In words, for metrics, logs and the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            DenialCode::TradingState => "trading_state",
            DenialCode::ReduceOnly => "reduce_only",
            DenialCode::Unreconciled => "unreconciled",
            DenialCode::InstrumentNotGranted => "instrument_not_granted",
            DenialCode::OrderTypeNotGranted => "order_type_not_granted",
            DenialCode::GrantQuantity => "grant_quantity",
            DenialCode::Form => "form",
            DenialCode::MaxQuantity => "max_quantity",
            DenialCode::MaxNotional => "max_notional",
            DenialCode::PositionLimit => "position_limit",
            DenialCode::PriceCollar => "price_collar",
            DenialCode::StaleData => "stale_data",
            DenialCode::MissingInput => "missing_input",
            DenialCode::MessageRate => "message_rate",
            DenialCode::RiskPlugin => "risk_plugin",
            DenialCode::RiskPluginFailed => "risk_plugin_failed",
            DenialCode::UnknownOrder => "unknown_order",
            DenialCode::OrderBusy => "order_busy",
            DenialCode::DuplicateOrder => "duplicate_order",
            DenialCode::LedgerUnavailable => "ledger_unavailable",
            DenialCode::GatewayBusy => "gateway_busy",
        }
    }

    /// The number plugins are given.
    pub const fn number(self) -> u32 {
        self as u32
    }
}

/// One no of the gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Denial {
    /// Why.
    pub code: DenialCode,
    /// The limit, in the units of the check (nano units of a quantity, price or amount; per second; nanoseconds).
    pub limit: i64,
    /// The value that met it, in the same units. For `risk_plugin` the plugin's own code.
    pub value: i64,
    /// The risk plugin that said it, if one did.
    pub by: Option<PluginId>,
}

impl Denial {
    /// A no of the native chain.
    pub const fn native(code: DenialCode, limit: i64, value: i64) -> Self {
        Denial {
            code,
            limit,
            value,
            by: None,
        }
    }
}
