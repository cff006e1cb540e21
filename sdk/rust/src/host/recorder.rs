//! The host of a native test: answers look-ups from what the test gave it and keeps what the plugin asked
//! for.

use core::time::Duration;
use std::collections::BTreeMap;

use crate::context::Level;
use crate::market::{Instrument, InstrumentId, Quote, Time};
use crate::number::{Price, Quantity};
use crate::order::{HostError, OrderId, Position, Ticket};

/// Something a plugin asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// Quotes of an instrument.
    SubscribeQuotes(InstrumentId),
    /// Trades of an instrument.
    SubscribeTrades(InstrumentId),
    /// Nothing of an instrument any more.
    Unsubscribe(InstrumentId),
    /// A market order.
    Market(OrderId, Ticket),
    /// A limit order.
    Limit(OrderId, Ticket, Price),
    /// A stop order.
    Stop(OrderId, Ticket, Price),
    /// A stop limit order: the stop, then the limit.
    StopLimit(OrderId, Ticket, Price, Price),
    /// A new quantity, limit and stop.
    Replace(OrderId, Quantity, Price, Price),
    /// One cancel.
    Cancel(OrderId),
    /// All live orders canceled.
    CancelAll,
    /// A call at a time.
    TimerOnce(u32, Time),
    /// Calls from a time on, with a period.
    TimerEvery(u32, Time, Duration),
    /// A timer forgotten.
    TimerCleared(u32),
}

/// Answers look-ups from what the test gave it, numbers the orders, and keeps requests and log lines.
#[derive(Debug, Default)]
pub struct Host {
    pub(crate) instruments: Vec<Instrument>,
    pub(crate) quotes: BTreeMap<InstrumentId, Quote>,
    pub(crate) positions: BTreeMap<InstrumentId, Position>,
    pub(crate) requests: Vec<Request>,
    pub(crate) lines: Vec<(Level, String)>,
    pub(crate) refusal: Option<HostError>,
    orders: u64,
}

impl Host {
    fn known(&self, id: InstrumentId) -> Result<(), HostError> {
        self.instruments
            .get(id.0 as usize)
            .map(|_| ())
            .ok_or(HostError::UnknownId)
    }

    fn ask(&mut self, request: Request) -> Result<(), HostError> {
        if let Some(error) = self.refusal {
            return Err(error);
        }
        self.requests.push(request);
        Ok(())
    }

    fn submit(
        &mut self,
        ticket: &Ticket,
        request: impl FnOnce(OrderId) -> Request,
    ) -> Result<OrderId, HostError> {
        self.known(ticket.instrument)?;
        let id = OrderId(self.orders + 1);
        self.ask(request(id))?;
        self.orders = id.0;
        Ok(id)
    }

    pub(crate) fn granted(&mut self) -> Vec<InstrumentId> {
        self.instruments.iter().map(|instrument| instrument.id).collect()
    }

    pub(crate) fn instrument(&mut self, id: InstrumentId) -> Result<Instrument, HostError> {
        self.instruments
            .get(id.0 as usize)
            .cloned()
            .ok_or(HostError::UnknownId)
    }

    pub(crate) fn log_enabled(&mut self, _level: Level) -> bool {
        true
    }

    pub(crate) fn log_write(&mut self, level: Level, message: &str) {
        self.lines.push((level, message.to_owned()));
    }

    pub(crate) fn subscribe(
        &mut self,
        id: InstrumentId,
        quotes: bool,
        trades: bool,
    ) -> Result<(), HostError> {
        self.known(id)?;
        if quotes {
            self.ask(Request::SubscribeQuotes(id))?;
        }
        if trades {
            self.ask(Request::SubscribeTrades(id))?;
        }
        Ok(())
    }

    pub(crate) fn unsubscribe(&mut self, id: InstrumentId) -> Result<(), HostError> {
        self.known(id)?;
        self.ask(Request::Unsubscribe(id))
    }

    pub(crate) fn last_quote(&mut self, id: InstrumentId) -> Option<Quote> {
        self.quotes.get(&id).copied()
    }

    pub(crate) fn position(&mut self, id: InstrumentId) -> Position {
        self.positions.get(&id).copied().unwrap_or_default()
    }

    pub(crate) fn submit_market(&mut self, ticket: Ticket) -> Result<OrderId, HostError> {
        self.submit(&ticket, |id| Request::Market(id, ticket))
    }

    pub(crate) fn submit_limit(&mut self, ticket: Ticket, limit: Price) -> Result<OrderId, HostError> {
        self.submit(&ticket, |id| Request::Limit(id, ticket, limit))
    }

    pub(crate) fn submit_stop(&mut self, ticket: Ticket, stop: Price) -> Result<OrderId, HostError> {
        self.submit(&ticket, |id| Request::Stop(id, ticket, stop))
    }

    pub(crate) fn submit_stop_limit(
        &mut self,
        ticket: Ticket,
        stop: Price,
        limit: Price,
    ) -> Result<OrderId, HostError> {
        self.submit(&ticket, |id| Request::StopLimit(id, ticket, stop, limit))
    }

    pub(crate) fn replace(
        &mut self,
        id: OrderId,
        quantity: Quantity,
        limit: Price,
        stop: Price,
    ) -> Result<(), HostError> {
        self.ask(Request::Replace(id, quantity, limit, stop))
    }

    pub(crate) fn cancel(&mut self, id: OrderId) -> Result<(), HostError> {
        self.ask(Request::Cancel(id))
    }

    pub(crate) fn cancel_all(&mut self) -> Result<(), HostError> {
        self.ask(Request::CancelAll)
    }

    pub(crate) fn set_once(&mut self, id: u32, at: Time) -> Result<(), HostError> {
        self.ask(Request::TimerOnce(id, at))
    }

    pub(crate) fn set_every(&mut self, id: u32, first: Time, period_ns: u64) -> Result<(), HostError> {
        self.ask(Request::TimerEvery(id, first, Duration::from_nanos(period_ns)))
    }

    pub(crate) fn clear(&mut self, id: u32) {
        self.requests.push(Request::TimerCleared(id));
    }
}
