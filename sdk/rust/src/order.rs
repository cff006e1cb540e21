//! What a strategy asks for, and what became of it.

use crate::market::{InstrumentId, Time};
use crate::number::{Amount, Price, Quantity};

/// The plugin's own name for an order (FIX: ClOrdID), assigned by the host.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OrderId(pub u64);

/// Chosen by the strategy, echoed in every event of the order, opaque to the host.
pub type Tag = u64;

/// Buy or sell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// Adds to the position.
    Buy,
    /// Takes from it, or goes short.
    Sell,
}

impl Side {
    /// The other one.
    #[must_use]
    pub const fn opposite(self) -> Self {
        match self {
            Self::Buy => Self::Sell,
            Self::Sell => Self::Buy,
        }
    }

    /// `quantity` as a change of position: negative for a sale.
    #[must_use]
    pub fn signed(self, quantity: Quantity) -> Quantity {
        match self {
            Self::Buy => quantity,
            Self::Sell => -quantity,
        }
    }
}

/// How long an order lives. The host offers day, gtc and ioc, and answers [`HostError::Unsupported`] to the
/// rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TimeInForce {
    /// Until the session ends.
    Day,
    /// Until it is canceled.
    Gtc,
    /// Fill what can be filled at once, cancel the rest.
    Ioc,
    /// All of it at once, or nothing.
    Fok,
    /// Until a date.
    Gtd,
    /// At the opening.
    Opg,
}

/// What all orders have in common; the price comes with the function that submits it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "a ticket is only submitted when it is given to `Context::submit_…`"]
pub struct Ticket {
    /// What to trade.
    pub instrument: InstrumentId,
    /// Buy or sell.
    pub side: Side,
    /// How long it lives.
    pub time_in_force: TimeInForce,
    /// bit 0: reduce-only.
    pub bits: u32,
    /// How much of it; positive.
    pub quantity: Quantity,
    /// The strategy's own mark.
    pub tag: Tag,
}

impl Ticket {
    /// bit 0: may only bring the position nearer to zero.
    pub const REDUCE_ONLY: u32 = 1;

    /// A day order.
    pub const fn new(side: Side, instrument: InstrumentId, quantity: Quantity) -> Self {
        Self {
            instrument,
            side,
            time_in_force: TimeInForce::Day,
            bits: 0,
            quantity,
            tag: 0,
        }
    }

    /// A day order to buy.
    pub const fn buy(instrument: InstrumentId, quantity: Quantity) -> Self {
        Self::new(Side::Buy, instrument, quantity)
    }

    /// A day order to sell.
    pub const fn sell(instrument: InstrumentId, quantity: Quantity) -> Self {
        Self::new(Side::Sell, instrument, quantity)
    }

    /// The same with another life time.
    pub const fn lasting(self, time_in_force: TimeInForce) -> Self {
        Self {
            time_in_force,
            ..self
        }
    }

    /// The same, immediate or cancel.
    pub const fn ioc(self) -> Self {
        self.lasting(TimeInForce::Ioc)
    }

    /// The same with a mark that every event of the order carries.
    pub const fn tagged(self, tag: Tag) -> Self {
        Self { tag, ..self }
    }

    /// The same, but it may only bring the position nearer to zero.
    pub const fn reduce_only(self) -> Self {
        Self {
            bits: self.bits | Self::REDUCE_ONLY,
            ..self
        }
    }
}

/// Why the host did not take a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HostError {
    /// The operator's grant does not cover it.
    NotGranted,
    /// No such instrument, order or timer.
    UnknownId,
    /// The argument, counted from 0 in the order of the function or record, that cannot be right.
    Invalid(u32),
    /// Typed, but not offered by this host yet.
    Unsupported,
    /// More requests in one callback than the host takes.
    TooMany,
    /// A reason of a newer host.
    Other(u32),
}

impl core::fmt::Display for HostError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::NotGranted => f.write_str("the operator's grant does not cover it"),
            Self::UnknownId => f.write_str("unknown id"),
            Self::Invalid(argument) => write!(f, "argument {argument} cannot be right"),
            Self::Unsupported => f.write_str("this host does not offer it"),
            Self::TooMany => f.write_str("more requests in one callback than the host takes"),
            Self::Other(code) => write!(f, "the host answered with code {code}"),
        }
    }
}

impl core::error::Error for HostError {}

/// Something happened to an order of this plugin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderEvent {
    /// Which order.
    pub order: OrderId,
    /// The mark its ticket carried.
    pub tag: Tag,
    /// What happened.
    pub change: OrderChange,
}

impl OrderEvent {
    /// Whether nothing more will happen to the order but a late commission.
    #[must_use]
    pub fn is_final(&self) -> bool {
        match &self.change {
            OrderChange::Denied { .. } | OrderChange::Rejected { .. } | OrderChange::Canceled => true,
            OrderChange::Filled(fill) => !fill.leaves.is_positive(),
            _ => false,
        }
    }
}

/// What can happen to an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OrderChange {
    /// The risk gate said no; `limit` and `value` are in the units of the check.
    Denied {
        /// Stable, see the operator's handbook.
        code: u32,
        /// What the check allows.
        limit: i64,
        /// What was asked.
        value: i64,
    },
    /// A risk plugin shrank it to this before it left.
    Reduced(Quantity),
    /// Durable in the ledger and on its way.
    Sent,
    /// Live at the broker or the exchange.
    Working,
    /// Filled, in part or all.
    Filled(Fill),
    /// The commission of a fill; it can come long after.
    Commissioned(Amount),
    /// It now has this total quantity, and the prices asked for.
    Replaced(Quantity),
    /// The risk gate refused the change; the order lives on as it was.
    ReplaceDenied {
        /// Stable, see the operator's handbook.
        code: u32,
        /// What the check allows.
        limit: i64,
        /// What was asked.
        value: i64,
    },
    /// The broker refused the change; the order lives on as it was.
    ReplaceRejected {
        /// IB's error code.
        code: u32,
        /// IB's text.
        text: String,
    },
    /// Gone.
    Canceled,
    /// The broker refused the cancel.
    CancelRejected {
        /// IB's error code.
        code: u32,
        /// IB's text.
        text: String,
    },
    /// The broker said no.
    Rejected {
        /// IB's error code.
        code: u32,
        /// IB's text.
        text: String,
    },
    /// The connection broke before the fate was known. The host finds out; do not send it again.
    Unknown,
    /// An event of a newer host.
    Other(u32),
}

/// An execution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fill {
    /// What was traded.
    pub instrument: InstrumentId,
    /// Bought or sold.
    pub side: Side,
    /// At what price.
    pub price: Price,
    /// How much by this execution.
    pub size: Quantity,
    /// How much by all executions of the order.
    pub cumulative: Quantity,
    /// What is left of the order.
    pub leaves: Quantity,
    /// When the daemon heard of it.
    pub ts: Time,
}

/// What this plugin itself holds of an instrument, from its own fills.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// Negative when short.
    pub size: Quantity,
    /// Of what is held now.
    pub average_price: Price,
    /// Profit taken.
    pub realized: Amount,
    /// Profit if it were closed at the last quote.
    pub unrealized: Amount,
    /// Paid so far.
    pub fees: Amount,
}
