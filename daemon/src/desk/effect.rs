//! Everything the desk can ask for. Effects are performed in order, with one rule: every [`Effect::Record`] of one
//! handling is durable before anything of the same handling is sent.

use std::time::Duration;

use super::event::CommandTicket;
use super::record::Record;
use crate::domain::order::{OrderId, OrderIntent};
use crate::domain::plugin::PluginId;
use crate::domain::quote::{Quote, Trade};
use crate::domain::stream::Gap;
use crate::domain::trading_state::TradingState;
use crate::orders::event::OrderEvent;
use crate::orders::placement::Placement;
use crate::risk::Exposure;

/// One thing to be done.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Write it down.
    Record(Record),
    /// Send a new order.
    Place(Placement),
    /// Send an order again with another quantity or price.
    Replace(Placement),
    /// Ask the broker to cancel.
    Cancel {
        /// Which order.
        order_id: OrderId,
    },
    /// Ask the risk plugins, in configured order; the answer is [`super::event::Event::Verdict`].
    Review(Review),
    /// Tell a plugin.
    Notify {
        /// Whom.
        plugin: PluginId,
        /// What.
        notice: Notice,
    },
    /// Read the broker's truth; the answer is a session event.
    Reconcile,
    /// A reading of the truth ended.
    Reconciled {
        /// Why it was read.
        cause: &'static str,
        /// `clean`, `differs`, `failed` or `unanswered`.
        outcome: &'static str,
        /// How long it took.
        took: Duration,
    },
    /// Answer a command.
    Answer {
        /// Whose.
        ticket: CommandTicket,
        /// With what.
        outcome: CommandOutcome,
    },
    /// The trading state changed.
    StateChanged {
        /// From.
        from: TradingState,
        /// To.
        to: TradingState,
        /// Why, for people.
        reason: String,
    },
    /// Something the operator should read.
    Alarm {
        /// Stable name of the condition.
        name: &'static str,
        /// Which, how much, and what to do.
        text: String,
    },
    /// How long a tick took to become an order, for the histogram.
    TickToOrder {
        /// Whose order.
        plugin: PluginId,
        /// From the tick's receipt to the order's acceptance.
        latency: Duration,
    },
}

/// What a risk plugin is asked.
#[derive(Debug, Clone, PartialEq)]
pub struct Review {
    /// The order.
    pub intent: OrderIntent,
    /// Whether it replaces a live one.
    pub replaces: bool,
    /// The price the gate values it at.
    pub price: crate::domain::money::Price,
    /// What its owner already has and has asked for.
    pub exposure: Exposure,
}

/// What a plugin is told.
#[derive(Debug, Clone, PartialEq)]
pub enum Notice {
    /// A quote it is subscribed to.
    Quote(Quote),
    /// A trade it is subscribed to.
    Trade(Trade),
    /// Data of an instrument it is subscribed to may have been missed; told before what came after.
    Gap(Gap),
    /// Something about its order.
    Order(OrderEvent),
    /// The trading state changed.
    TradingState(TradingState),
}

/// The answer to a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CommandOutcome {
    /// It was done, or begun.
    Done {
        /// What happened, for people.
        message: String,
    },
    /// It was not.
    Refused {
        /// Why, and what to do instead.
        message: String,
    },
}
