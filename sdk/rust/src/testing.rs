//! Native tests of a plugin: feed it events, look at what it asked for.
//!
//! [`Bench`] runs a strategy and [`RiskBench`] a risk check against a host that records. It does not trade:
//! an order is answered by the events the test sends, because what the broker would do is the test's to
//! say.

use core::time::Duration;

use crate::config::{InitError, parse};
use crate::context::{Context, Dispatch, Level, RiskContext};
use crate::host::Host;
pub use crate::host::Request;
use crate::market::{Gap, Instrument, InstrumentId, Quote, Time, TradingState};
use crate::number::{Price, Quantity};
use crate::order::{Fill, HostError, OrderChange, OrderEvent, OrderId, Position, Tag, Ticket};
use crate::risk::{Decision, Exposure, Proposal, Risk};
use crate::strategy::Strategy;

/// The clock, the trading state and the recording host of a test.
#[derive(Debug, Default)]
pub struct Desk {
    host: Host,
    dispatch: Dispatch,
}

impl Desk {
    /// A desk with these symbols, as stocks in USD with a tick of a cent, numbered in their order from 0.
    #[must_use]
    pub fn with_stocks(symbols: &[&str]) -> Self {
        let mut desk = Self::default();
        desk.dispatch.now = Time::from_nanos(1_700_000_000_000_000_000);
        for symbol in symbols {
            let id = InstrumentId(u32::try_from(desk.host.instruments.len()).unwrap_or(u32::MAX));
            desk.host.instruments.push(Instrument {
                id,
                symbol: (*symbol).to_owned(),
                security_type: "STK".to_owned(),
                exchange: "SMART".to_owned(),
                currency: "USD".to_owned(),
                tick: Price::from_units(10_000_000),
                multiplier: Quantity::from_int(1),
                con_id: id.0 + 1,
            });
        }
        desk
    }

    /// Lets time pass.
    pub fn advance(&mut self, duration: Duration) {
        self.dispatch.now = self.dispatch.now + duration;
    }

    /// What the context answers to `position` from now on.
    pub fn set_position(&mut self, instrument: InstrumentId, position: Position) {
        self.host.positions.insert(instrument, position);
    }

    /// From now on every request is answered with this error, or taken again.
    pub fn refuse(&mut self, error: Option<HostError>) {
        self.host.refusal = error;
    }

    /// The lines written so far.
    #[must_use]
    pub fn lines(&self) -> &[(Level, String)] {
        &self.host.lines
    }

    fn next(&mut self) -> (Dispatch, &mut Host) {
        self.dispatch.seq += 1;
        (self.dispatch, &mut self.host)
    }
}

/// A started strategy and the desk it stands at. Each event returns what the strategy asked for in its
/// callback.
#[derive(Debug)]
pub struct Bench<S> {
    /// The desk.
    pub desk: Desk,
    /// The strategy.
    pub strategy: S,
}

impl<S: Strategy> Bench<S> {
    /// Starts the strategy with its table as JSON; what it asked for meanwhile is the second value.
    ///
    /// # Errors
    /// The strategy's own.
    pub fn start(mut desk: Desk, config: &str) -> Result<(Self, Vec<Request>), InitError> {
        let (dispatch, host) = desk.next();
        let strategy = S::new(parse(config)?, &mut Context::new(dispatch, host))?;
        let requests = core::mem::take(&mut desk.host.requests);
        Ok((Self { desk, strategy }, requests))
    }

    fn call(&mut self, visit: impl FnOnce(&mut S, &mut Context<'_>)) -> Vec<Request> {
        let (dispatch, host) = self.desk.next();
        visit(&mut self.strategy, &mut Context::new(dispatch, host));
        core::mem::take(&mut self.desk.host.requests)
    }

    /// A live quote at these prices, for a hundred on either side.
    ///
    /// # Panics
    /// When a price is no price.
    pub fn quote(&mut self, instrument: InstrumentId, bid: f64, ask: f64) -> Vec<Request> {
        let price = |value| Price::from_f64(value).expect("a price in range");
        self.raw_quote(Quote {
            instrument,
            bits: Quote::BID | Quote::ASK,
            bid: price(bid),
            ask: price(ask),
            bid_size: Quantity::from_int(100),
            ask_size: Quantity::from_int(100),
            ts: self.desk.dispatch.now,
        })
    }

    /// A quote of any kind.
    pub fn raw_quote(&mut self, quote: Quote) -> Vec<Request> {
        self.desk.host.quotes.insert(quote.instrument, quote);
        self.call(|strategy, ctx| strategy.on_quote(ctx, &quote))
    }

    /// Data of an instrument was missed from so long ago until now.
    pub fn gap(&mut self, instrument: InstrumentId, length: Duration) -> Vec<Request> {
        let to = self.desk.dispatch.now;
        let gap = Gap {
            instrument,
            bits: 0,
            from: to - length,
            to,
        };
        self.call(|strategy, ctx| strategy.on_gap(ctx, &gap))
    }

    /// Something happened to an order.
    pub fn event(&mut self, order: OrderId, tag: Tag, change: OrderChange) -> Vec<Request> {
        self.call(|strategy, ctx| strategy.on_order_event(ctx, &OrderEvent { order, tag, change }))
    }

    /// All of an order was filled at a price; moves the position the context answers with.
    pub fn fill(&mut self, order: OrderId, ticket: Ticket, price: Price) -> Vec<Request> {
        let position = self.desk.host.positions.entry(ticket.instrument).or_default();
        position.size = position.size + ticket.side.signed(ticket.quantity);
        position.average_price = price;
        let fill = Fill {
            instrument: ticket.instrument,
            side: ticket.side,
            price,
            size: ticket.quantity,
            cumulative: ticket.quantity,
            leaves: Quantity::ZERO,
            ts: self.desk.dispatch.now,
        };
        self.event(order, ticket.tag, OrderChange::Filled(fill))
    }

    /// A timer goes off.
    pub fn timer(&mut self, id: u32) -> Vec<Request> {
        let now = self.desk.dispatch.now;
        self.call(|strategy, ctx| strategy.on_timer(ctx, id, now))
    }

    /// The trading state changes, and with it what `is_active` answers.
    pub fn trading_state(&mut self, state: TradingState) -> Vec<Request> {
        self.desk.dispatch.bits = u32::from(state != TradingState::Active);
        self.call(|strategy, ctx| strategy.on_trading_state(ctx, state))
    }

    /// The plugin is stopped.
    pub fn stop(&mut self) -> Vec<Request> {
        self.call(|strategy, ctx| strategy.on_stop(ctx))
    }
}

/// A started risk check and the desk it stands at.
#[derive(Debug)]
pub struct RiskBench<R> {
    /// The desk.
    pub desk: Desk,
    /// The check.
    pub risk: R,
}

impl<R: Risk> RiskBench<R> {
    /// Starts the check with its table as JSON.
    ///
    /// # Errors
    /// The check's own.
    pub fn start(mut desk: Desk, config: &str) -> Result<Self, InitError> {
        let (dispatch, host) = desk.next();
        let risk = R::new(parse(config)?, &mut RiskContext::new(dispatch, host))?;
        Ok(Self { desk, risk })
    }

    /// The verdict on one order.
    pub fn check(&mut self, proposal: &Proposal, exposure: &Exposure) -> Decision {
        let (dispatch, host) = self.desk.next();
        self.risk
            .check(&mut RiskContext::new(dispatch, host), proposal, exposure)
    }
}
