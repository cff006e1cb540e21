//! The daemon's functions, as the component imports them.

use moored_plugin_risk_world::moored::plugin::{instruments, log};

use crate::component::strategy_world::moored::plugin::{account, market_data, orders, timers};
use crate::context::Level;
use crate::market::{Instrument, InstrumentId, Quote, Time};
use crate::number::{Price, Quantity};
use crate::order::{HostError, OrderId, Position, Ticket};

/// The daemon. It keeps nothing on this side.
pub struct Host;

impl Host {
    pub(crate) fn granted(&mut self) -> Vec<InstrumentId> {
        instruments::granted().into_iter().map(InstrumentId).collect()
    }

    pub(crate) fn instrument(&mut self, id: InstrumentId) -> Result<Instrument, HostError> {
        Ok(instruments::get(id.0)?.into())
    }

    pub(crate) fn log_enabled(&mut self, level: Level) -> bool {
        log::enabled(level.into())
    }

    pub(crate) fn log_write(&mut self, level: Level, message: &str) {
        log::write(level.into(), message);
    }

    pub(crate) fn subscribe(
        &mut self,
        id: InstrumentId,
        quotes: bool,
        trades: bool,
    ) -> Result<(), HostError> {
        let mut feeds = market_data::Feeds::empty();
        feeds.set(market_data::Feeds::QUOTES, quotes);
        feeds.set(market_data::Feeds::TRADES, trades);
        Ok(market_data::subscribe(id.0, feeds)?)
    }

    pub(crate) fn unsubscribe(&mut self, id: InstrumentId) -> Result<(), HostError> {
        Ok(market_data::unsubscribe(id.0, market_data::Feeds::all())?)
    }

    pub(crate) fn last_quote(&mut self, id: InstrumentId) -> Option<Quote> {
        market_data::last_quote(id.0).map(Quote::from)
    }

    pub(crate) fn position(&mut self, id: InstrumentId) -> Position {
        account::get_position(id.0).into()
    }

    pub(crate) fn submit_market(&mut self, ticket: Ticket) -> Result<OrderId, HostError> {
        Ok(OrderId(orders::submit_market(ticket.into())?))
    }

    pub(crate) fn submit_limit(&mut self, ticket: Ticket, limit: Price) -> Result<OrderId, HostError> {
        Ok(OrderId(orders::submit_limit(ticket.into(), limit.units())?))
    }

    pub(crate) fn submit_stop(&mut self, ticket: Ticket, stop: Price) -> Result<OrderId, HostError> {
        Ok(OrderId(orders::submit_stop(ticket.into(), stop.units())?))
    }

    pub(crate) fn submit_stop_limit(
        &mut self,
        ticket: Ticket,
        stop: Price,
        limit: Price,
    ) -> Result<OrderId, HostError> {
        Ok(OrderId(orders::submit_stop_limit(
            ticket.into(),
            stop.units(),
            limit.units(),
        )?))
    }

    pub(crate) fn replace(
        &mut self,
        id: OrderId,
        quantity: Quantity,
        limit: Price,
        stop: Price,
    ) -> Result<(), HostError> {
        Ok(orders::replace(
            id.0,
            quantity.units(),
            limit.units(),
            stop.units(),
        )?)
    }

    pub(crate) fn cancel(&mut self, id: OrderId) -> Result<(), HostError> {
        Ok(orders::cancel(id.0)?)
    }

    pub(crate) fn cancel_all(&mut self) -> Result<(), HostError> {
        Ok(orders::cancel_all()?)
    }

    pub(crate) fn set_once(&mut self, id: u32, at: Time) -> Result<(), HostError> {
        Ok(timers::set_once(id, at.as_nanos())?)
    }

    pub(crate) fn set_every(&mut self, id: u32, first: Time, period_ns: u64) -> Result<(), HostError> {
        Ok(timers::set_every(id, first.as_nanos(), period_ns)?)
    }

    pub(crate) fn clear(&mut self, id: u32) {
        timers::clear(id);
    }
}
