//! What a risk check is.

use core::time::Duration;

use serde::de::DeserializeOwned;

use crate::config::InitError;
use crate::context::RiskContext;
use crate::market::InstrumentId;
use crate::number::{Amount, Price, Quantity};
use crate::order::{OrderEvent, Side};

/// FIX OrdType, as far as the host offers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderKind {
    /// At whatever price it meets.
    Market,
    /// At its limit or better.
    Limit,
    /// A market order once its stop is touched.
    Stop,
    /// A limit order once its stop is touched.
    StopLimit,
    /// A kind of a newer host.
    Other(u32),
}

/// What a strategy asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// What would be traded.
    pub instrument: InstrumentId,
    /// Position of the asking strategy in the daemon's configuration.
    pub strategy: u32,
    /// Buy or sell.
    pub side: Side,
    /// Which kind of order.
    pub kind: OrderKind,
    /// Whether it changes an order that is live already.
    pub replaces: bool,
    /// How much.
    pub quantity: Quantity,
    /// The limit, else the stop, else the price a market order would meet now.
    pub price: Price,
}

/// The asking strategy's own position and live orders in the instrument.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Exposure {
    /// Negative when short.
    pub position: Quantity,
    /// What live orders could still buy.
    pub open_buy: Quantity,
    /// What live orders could still sell.
    pub open_sell: Quantity,
    /// Mid of the last quote.
    pub reference: Price,
    /// How old that is.
    pub reference_age: Duration,
    /// Realized and unrealized, less fees, of the strategy since the day began.
    pub day_pnl: Amount,
}

impl Exposure {
    /// Whether `proposal`, and all that is live on its side, only brings the position nearer to zero.
    #[must_use]
    pub fn is_reduced_by(&self, proposal: &Proposal) -> bool {
        let (against, open) = match proposal.side {
            Side::Buy => (self.position.is_negative(), self.open_buy),
            Side::Sell => (self.position.is_positive(), self.open_sell),
        };
        // A replaced order is among the live ones already; counting it twice errs on the safe side.
        against && proposal.quantity + open <= self.position.abs()
    }
}

/// The verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// As asked.
    Allow,
    /// A smaller quantity: above zero and below what was asked. The host refuses anything else.
    Shrink(Quantity),
    /// A number of the plugin's own; [`Risk::explain`] gives its text.
    Deny(u32),
}

/// A risk check: sees every order and may stop or shrink it. It has no way to make one.
///
/// A panic, a timeout or an exhausted budget denies the order.
pub trait Risk: Sized {
    /// Its table in the daemon's configuration.
    type Config: DeserializeOwned;

    /// Starts it.
    ///
    /// # Errors
    /// What the operator has to change before it can start.
    fn new(config: Self::Config, ctx: &mut RiskContext<'_>) -> Result<Self, InitError>;

    /// The verdict on one order. It may depend on nothing but its arguments and what the plugin remembers.
    fn check(&mut self, ctx: &mut RiskContext<'_>, proposal: &Proposal, exposure: &Exposure) -> Decision;

    /// The text of a number that `check` denied with.
    fn explain(code: u32) -> String {
        format!("denied with code {code}")
    }

    /// Something happened to an order of one of the strategies.
    fn on_order_event(&mut self, _ctx: &mut RiskContext<'_>, _event: &OrderEvent) {}

    /// The plugin is being stopped.
    fn on_stop(&mut self, _ctx: &mut RiskContext<'_>) {}
}
