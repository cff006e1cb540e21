//! The only way from a plugin to the world: what the host offers during one callback.

use core::fmt;
use core::time::Duration;

use crate::config::InitError;
use crate::host::Host;
use crate::market::{Instrument, InstrumentId, Quote, Time, nanos};
use crate::number::{Price, Quantity};
use crate::order::{HostError, OrderId, Position, Ticket};

/// The dispatch a callback belongs to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dispatch {
    /// When the event entered the daemon.
    pub now: Time,
    /// Its number: gapless for the plugin since it was started.
    pub seq: u64,
    /// How long ago the newest thing in this batch was received.
    pub lag: Duration,
    /// bit 0 the trading state is not `active`; bit 1 quotes were conflated since the last callback.
    pub bits: u32,
}

/// How much a line of the log matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Every step.
    Trace,
    /// For the plugin's author.
    Debug,
    /// For the operator's reading.
    Info,
    /// For the operator's attention.
    Warn,
    /// For the operator at once.
    Error,
}

/// What a risk check may do: know the time, look at instruments, write to the log.
pub struct RiskContext<'h> {
    dispatch: Dispatch,
    host: &'h mut Host,
}

/// What a strategy may do. Orders, cancels and timers are queued by the host and leave when the callback
/// returns.
pub struct Context<'h> {
    risk: RiskContext<'h>,
}

impl<'h> RiskContext<'h> {
    pub(crate) const fn new(dispatch: Dispatch, host: &'h mut Host) -> Self {
        Self { dispatch, host }
    }

    /// When the event entered the daemon. There is no other clock.
    #[must_use]
    pub const fn now(&self) -> Time {
        self.dispatch.now
    }

    /// The dispatch this callback belongs to.
    #[must_use]
    pub const fn dispatch(&self) -> &Dispatch {
        &self.dispatch
    }

    /// Whether orders may leave without being reduce-only.
    #[must_use]
    pub const fn is_active(&self) -> bool {
        self.dispatch.bits & 1 == 0
    }

    /// Every instrument the operator's grant covers.
    pub fn granted(&mut self) -> Vec<InstrumentId> {
        self.host.granted()
    }

    /// What is known of an instrument.
    ///
    /// # Errors
    /// Unknown, or not covered by the grant.
    pub fn instrument(&mut self, id: InstrumentId) -> Result<Instrument, HostError> {
        self.host.instrument(id)
    }

    /// Asks the host again about an instrument that the session had not resolved yet; says whether it is resolved now.
    /// It always is by the time its first quote arrives.
    pub fn resolve(&mut self, instrument: &mut Instrument) -> bool {
        if !instrument.is_resolved()
            && let Ok(known) = self.instrument(instrument.id)
        {
            *instrument = known;
        }
        instrument.is_resolved()
    }

    /// The granted instrument that configuration names in `key`.
    ///
    /// # Errors
    /// Names `key` when no granted instrument has that symbol.
    pub fn find(&mut self, key: &str, symbol: &str) -> Result<Instrument, InitError> {
        for id in self.granted() {
            let instrument = self.instrument(id)?;
            if instrument.symbol == symbol {
                return Ok(instrument);
            }
        }
        Err(InitError::config(
            key,
            format_args!("no instrument {symbol:?} is granted to this plugin"),
        ))
    }

    /// The granted instruments that configuration names in `key`; all of them when it names none.
    ///
    /// # Errors
    /// Names `key` when a symbol is not granted.
    pub fn find_all(&mut self, key: &str, symbols: &[String]) -> Result<Vec<Instrument>, InitError> {
        if symbols.is_empty() {
            let granted = self.granted();
            return granted
                .into_iter()
                .map(|id| self.instrument(id).map_err(InitError::from))
                .collect();
        }
        symbols.iter().map(|symbol| self.find(key, symbol)).collect()
    }

    /// Writes a line to the daemon's log; it is formatted only when somebody reads that level.
    pub fn log(&mut self, level: Level, message: impl fmt::Display) {
        if self.host.log_enabled(level) {
            self.host.log_write(level, &message.to_string());
        }
    }
}

impl<'h> Context<'h> {
    pub(crate) const fn new(dispatch: Dispatch, host: &'h mut Host) -> Self {
        Self {
            risk: RiskContext::new(dispatch, host),
        }
    }

    /// When the event entered the daemon. There is no other clock.
    #[must_use]
    pub const fn now(&self) -> Time {
        self.risk.now()
    }

    /// The dispatch this callback belongs to.
    #[must_use]
    pub const fn dispatch(&self) -> &Dispatch {
        self.risk.dispatch()
    }

    /// Whether orders may leave without being reduce-only.
    #[must_use]
    pub const fn is_active(&self) -> bool {
        self.risk.is_active()
    }

    /// Every instrument the operator's grant covers.
    pub fn granted(&mut self) -> Vec<InstrumentId> {
        self.risk.granted()
    }

    /// What is known of an instrument.
    ///
    /// # Errors
    /// Unknown, or not covered by the grant.
    pub fn instrument(&mut self, id: InstrumentId) -> Result<Instrument, HostError> {
        self.risk.instrument(id)
    }

    /// Asks the host again about an instrument that the session had not resolved yet; says whether it is resolved now.
    /// It always is by the time its first quote arrives.
    pub fn resolve(&mut self, instrument: &mut Instrument) -> bool {
        self.risk.resolve(instrument)
    }

    /// The granted instrument that configuration names in `key`.
    ///
    /// # Errors
    /// Names `key` when no granted instrument has that symbol.
    pub fn find(&mut self, key: &str, symbol: &str) -> Result<Instrument, InitError> {
        self.risk.find(key, symbol)
    }

    /// The granted instruments that configuration names in `key`; all of them when it names none.
    ///
    /// # Errors
    /// Names `key` when a symbol is not granted.
    pub fn find_all(&mut self, key: &str, symbols: &[String]) -> Result<Vec<Instrument>, InitError> {
        self.risk.find_all(key, symbols)
    }

    /// Writes a line to the daemon's log; it is formatted only when somebody reads that level.
    pub fn log(&mut self, level: Level, message: impl fmt::Display) {
        self.risk.log(level, message);
    }

    /// Asks for the quotes of an instrument, after this callback.
    ///
    /// # Errors
    /// Unknown, or not covered by the grant.
    pub fn subscribe_quotes(&mut self, instrument: InstrumentId) -> Result<(), HostError> {
        self.risk.host.subscribe(instrument, true, false)
    }

    /// Asks for the trades of an instrument, after this callback.
    ///
    /// # Errors
    /// Unknown, or not covered by the grant.
    pub fn subscribe_trades(&mut self, instrument: InstrumentId) -> Result<(), HostError> {
        self.risk.host.subscribe(instrument, false, true)
    }

    /// Wants neither quotes nor trades of an instrument any more.
    ///
    /// # Errors
    /// Unknown, or not covered by the grant.
    pub fn unsubscribe(&mut self, instrument: InstrumentId) -> Result<(), HostError> {
        self.risk.host.unsubscribe(instrument)
    }

    /// The last quote the host knows, without any I/O.
    pub fn last_quote(&mut self, instrument: InstrumentId) -> Option<Quote> {
        self.risk.host.last_quote(instrument)
    }

    /// What this plugin itself holds of an instrument.
    pub fn position(&mut self, instrument: InstrumentId) -> Position {
        self.risk.host.position(instrument)
    }

    /// Queues a market order.
    ///
    /// # Errors
    /// See [`HostError`]; the verdict of the risk gate and the broker's word come as order events.
    pub fn submit_market(&mut self, ticket: Ticket) -> Result<OrderId, HostError> {
        self.risk.host.submit_market(ticket)
    }

    /// Queues a limit order.
    ///
    /// # Errors
    /// See [`HostError`]; the verdict of the risk gate and the broker's word come as order events.
    pub fn submit_limit(&mut self, ticket: Ticket, limit: Price) -> Result<OrderId, HostError> {
        self.risk.host.submit_limit(ticket, limit)
    }

    /// Queues a stop order.
    ///
    /// # Errors
    /// See [`HostError`]; the verdict of the risk gate and the broker's word come as order events.
    pub fn submit_stop(&mut self, ticket: Ticket, stop: Price) -> Result<OrderId, HostError> {
        self.risk.host.submit_stop(ticket, stop)
    }

    /// Queues a stop limit order.
    ///
    /// # Errors
    /// See [`HostError`]; the verdict of the risk gate and the broker's word come as order events.
    pub fn submit_stop_limit(
        &mut self,
        ticket: Ticket,
        stop: Price,
        limit: Price,
    ) -> Result<OrderId, HostError> {
        self.risk.host.submit_stop_limit(ticket, stop, limit)
    }

    /// Gives a live limit order a new total quantity and price.
    ///
    /// # Errors
    /// See [`HostError`]; the outcome comes as an order event.
    pub fn replace_limit(&mut self, id: OrderId, quantity: Quantity, limit: Price) -> Result<(), HostError> {
        self.risk.host.replace(id, quantity, limit, Price::ZERO)
    }

    /// Gives a live order a new total quantity and prices; prices its kind does not use are ignored.
    ///
    /// # Errors
    /// See [`HostError`]; the outcome comes as an order event.
    pub fn replace(
        &mut self,
        id: OrderId,
        quantity: Quantity,
        limit: Price,
        stop: Price,
    ) -> Result<(), HostError> {
        self.risk.host.replace(id, quantity, limit, stop)
    }

    /// Cancels a live order.
    ///
    /// # Errors
    /// See [`HostError`]; the outcome comes as an order event.
    pub fn cancel(&mut self, id: OrderId) -> Result<(), HostError> {
        self.risk.host.cancel(id)
    }

    /// Cancels all live orders of this plugin.
    ///
    /// # Errors
    /// See [`HostError`].
    pub fn cancel_all(&mut self) -> Result<(), HostError> {
        self.risk.host.cancel_all()
    }

    /// Calls `on_timer` once, at or after `at`. Setting an id again replaces it.
    ///
    /// # Errors
    /// See [`HostError`].
    pub fn set_timer(&mut self, id: u32, at: Time) -> Result<(), HostError> {
        self.risk.host.set_once(id, at)
    }

    /// Calls `on_timer` at `first` and then every `period`, which is at least a millisecond.
    ///
    /// # Errors
    /// See [`HostError`].
    pub fn set_timer_every(&mut self, id: u32, first: Time, period: Duration) -> Result<(), HostError> {
        self.risk.host.set_every(id, first, nanos(period))
    }

    /// Forgets a timer.
    pub fn clear_timer(&mut self, id: u32) {
        self.risk.host.clear(id);
    }
}
