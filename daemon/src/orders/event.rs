//! What the owner of an order is told about it.

use crate::domain::instrument::InstrumentId;
use crate::domain::money::{Money, Price, Quantity};
use crate::domain::order::{ClientOrderId, Side};
use crate::risk::denial::Denial;

/// One event of one order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderEvent {
    /// The owner's name for the order.
    pub client_order_id: ClientOrderId,
    /// The owner's mark.
    pub tag: u64,
    /// What happened.
    pub kind: OrderEventKind,
}

/// What can happen to an order, as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OrderEventKind {
    /// The gate said no.
    Denied(Denial),
    /// A risk plugin shrank it to this before it left.
    Reduced(Quantity),
    /// Durable, and on its way.
    Sent,
    /// Live at the broker.
    Working,
    /// Part or all of it was filled.
    Filled(Fill),
    /// A fill's cost arrived.
    Commissioned(Money),
    /// The change is live: the new total quantity.
    Replaced(Quantity),
    /// The gate refused the change; the order lives on as it was.
    ReplaceDenied(Denial),
    /// The broker refused the change; the order lives on as it was.
    ReplaceRejected(Rejection),
    /// Ended, what was left of it.
    Canceled,
    /// The broker could not cancel it.
    CancelRejected(Rejection),
    /// The broker refused the order.
    Rejected(Rejection),
    /// The connection broke before its fate was known.
    Unknown,
}

/// A fill of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fill {
    /// In what.
    pub instrument: InstrumentId,
    /// Which way.
    pub side: Side,
    /// At what price.
    pub price: Price,
    /// How much.
    pub size: Quantity,
    /// Filled so far.
    pub cumulative: Quantity,
    /// Left to fill.
    pub leaves: Quantity,
}

/// The broker's no.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    /// IB's code; zero when it gave none.
    pub code: i32,
    /// IB's text.
    pub text: String,
}
