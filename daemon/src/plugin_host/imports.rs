//! What a guest can call: one `impl` for each interface of the WIT package.
//!
//! Nothing here reaches the desk. Requests are kept in the instance's [`State`] and leave it only when the
//! callback has returned normally; look-ups copy from the shared view. Each call is counted, because neither
//! fuel nor the watchdog runs while the host works.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use super::bindings::moored::plugin::types::Error;
use super::bindings::moored::plugin::{
    account, instruments, log, market_data, market_types, order_types, orders, timers, types,
};
use super::convert;
use super::grants::Grants;
use super::limits::{Bucket, MemoryLimiter};
use super::metrics::PluginMetrics;
use super::timers::{Refusal, Timers};
use super::watchdog::Watchdog;
use crate::desk::event::Feeds;
use crate::desk::snapshot::{PluginView, SharedView};
use crate::domain::instrument::{Instrument, InstrumentId};
use crate::domain::money::{Price, Quantity};
use crate::domain::order::{ClientOrderId, Intent, OrderIntent, OrderKind, ReplaceIntent};
use crate::domain::plugin::PluginId;
use crate::domain::time::Timestamp;

/// Intents one callback may have.
const MAX_INTENTS: usize = 64;
/// Calls one callback may make; those after it are answered `too-many` where they can be …
const MAX_CALLS: u32 = 256;
/// … and end the callback here.
const CALLS_TRAP: u32 = 4096;
/// The longest line, in bytes.
const LOG_LINE: usize = 4096;
/// Lines at once, and in any second after.
const LOG_BURST: u64 = 100;
const LOG_RATE: u64 = 20;
/// The soonest a timer can be due: one set for the present or the past must not keep the lane busy.
const SOONEST: Duration = Duration::from_millis(1);

/// What all instances of one plugin share.
#[derive(Debug)]
pub struct Shared {
    /// Its name.
    pub name: String,
    /// Its place.
    pub id: PluginId,
    /// What it may do.
    pub grants: Grants,
    /// Quotes and positions.
    pub view: SharedView,
    /// The instruments as configured, for as long as the view has none.
    pub instruments: Arc<[Instrument]>,
    /// Where order ids come from.
    pub client_order_ids: Arc<AtomicU64>,
    /// From which age on a quote is stale.
    pub stale_after: Duration,
    /// What it is measured by.
    pub metrics: PluginMetrics,
    /// Callbacks that returned; written by whoever runs the instance.
    pub calls: AtomicU64,
}

/// Something a callback asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Request {
    /// To the gate.
    Intent(Intent),
    /// Market data from now on.
    Feeds(InstrumentId, Feeds),
}

/// The callback made more calls than the host takes.
#[derive(Debug, thiserror::Error)]
#[error("the callback made more than {CALLS_TRAP} calls to the host")]
pub struct TooManyCalls;

/// What belongs to one instance: dropped with it, so a failed callback leaves nothing behind.
#[derive(Debug)]
pub struct State {
    shared: Arc<Shared>,
    /// Whose it is.
    pub plugin: PluginId,
    /// Its memory.
    pub limiter: MemoryLimiter,
    /// Its time.
    pub watchdog: Watchdog,
    /// What the callback asked for so far.
    pub requests: Vec<Request>,
    /// The timers it has set.
    pub timers: Timers,
    feeds: Vec<Feeds>,
    now: Timestamp,
    calls: u32,
    intents: usize,
    log_room: Bucket,
    log_dropped: u64,
}

impl State {
    /// A new instance's.
    pub fn new(shared: Arc<Shared>, limiter: MemoryLimiter) -> Self {
        State {
            feeds: vec![Feeds::default(); shared.grants.instruments()],
            plugin: shared.id,
            shared,
            limiter,
            watchdog: Watchdog::default(),
            requests: Vec::with_capacity(MAX_INTENTS),
            timers: Timers::default(),
            now: Timestamp::NEVER,
            calls: 0,
            intents: 0,
            log_room: Bucket::new(LOG_BURST, LOG_RATE),
            log_dropped: 0,
        }
    }

    /// What all instances of the plugin share.
    pub fn shared(&self) -> &Shared {
        &self.shared
    }

    /// A callback begins.
    pub fn begin(&mut self, now: Timestamp, deadline: Duration) {
        self.watchdog.begin(deadline);
        self.requests.clear();
        self.now = now;
        self.calls = 0;
        self.intents = 0;
    }

    /// The instruments it takes data of.
    pub fn subscribed(&self) -> impl Iterator<Item = InstrumentId> {
        let taken = self
            .feeds
            .iter()
            .enumerate()
            .filter(|(_, feeds)| **feeds != Feeds::default());
        taken.map(|(index, _)| InstrumentId(index as u32))
    }

    /// Counts a call.
    fn count(&mut self) -> wasmtime::Result<()> {
        self.calls += 1;
        if self.calls > CALLS_TRAP {
            return Err(TooManyCalls.into());
        }
        Ok(())
    }

    /// Whether the callback may make requests still.
    fn has_room(&self) -> Result<(), Error> {
        if self.calls > MAX_CALLS {
            Err(Error::TooMany)
        } else {
            Ok(())
        }
    }

    fn covered(&self, instrument: u32) -> Result<InstrumentId, Error> {
        let id = InstrumentId(instrument);
        if self.shared.grants.covers(id) {
            Ok(id)
        } else if self.shared.grants.knows(id) {
            Err(Error::NotGranted)
        } else {
            Err(Error::UnknownId)
        }
    }

    fn look<R>(&self, read: impl FnOnce(&PluginView) -> R) -> R {
        // A poisoned view is still the last whole copy of each quote: every write to it is a plain store.
        read(&self.shared.view.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn intend(&mut self, intent: Intent) -> Result<(), Error> {
        if self.intents >= MAX_INTENTS {
            return Err(Error::TooMany);
        }
        self.intents += 1;
        self.requests.push(Request::Intent(intent));
        Ok(())
    }

    fn submit(&mut self, ticket: order_types::Ticket, kind: OrderKind) -> Result<u64, Error> {
        self.has_room()?;
        let instrument = self.covered(ticket.instrument)?;
        if !self.shared.grants.covers_kind(kind) {
            return Err(Error::NotGranted);
        }
        let time_in_force = convert::time_in_force(ticket.time_in_force).ok_or(Error::Unsupported)?;
        if ticket.bits > 1 {
            return Err(Error::Invalid(3));
        }
        let quantity = self.granted_quantity(ticket.quantity, 4)?;
        if self.intents >= MAX_INTENTS {
            return Err(Error::TooMany);
        }
        let client_order_id = ClientOrderId(self.shared.client_order_ids.fetch_add(1, Ordering::Relaxed));
        self.intend(Intent::Submit(OrderIntent {
            client_order_id,
            plugin: self.plugin,
            instrument,
            side: convert::domain_side(ticket.side),
            kind,
            time_in_force,
            quantity,
            reduce_only: ticket.bits & 1 == 1,
            tag: ticket.tag,
        }))?;
        Ok(client_order_id.0)
    }

    fn granted_quantity(&self, nanos: i64, argument: u32) -> Result<Quantity, Error> {
        let quantity = Quantity::from_nanos(nanos);
        if !quantity.is_positive() {
            return Err(Error::Invalid(argument));
        }
        if quantity > self.shared.grants.max_quantity() {
            return Err(Error::NotGranted);
        }
        Ok(quantity)
    }

    /// An id that was given to someone; whether it is this plugin's, and live, is for the desk to say.
    fn known_order(&self, id: u64) -> Result<ClientOrderId, Error> {
        if id == 0 || id >= self.shared.client_order_ids.load(Ordering::Relaxed) {
            return Err(Error::UnknownId);
        }
        Ok(ClientOrderId(id))
    }

    fn change_feeds(&mut self, instrument: u32, what: market_data::Feeds, on: bool) -> Result<(), Error> {
        self.has_room()?;
        let id = self.covered(instrument)?;
        let Some(feeds) = self.feeds.get_mut(id.index()) else {
            return Err(Error::UnknownId);
        };
        if what.contains(market_data::Feeds::QUOTES) {
            feeds.quotes = on;
        }
        if what.contains(market_data::Feeds::TRADES) {
            feeds.trades = on;
        }
        let feeds = *feeds;
        self.requests.push(Request::Feeds(id, feeds));
        Ok(())
    }

    fn set_timer(&mut self, id: u32, at: u64, period: Option<u64>) -> Result<(), Error> {
        self.has_room()?;
        let due = Timestamp::from_nanos(at).max(self.now.after(SOONEST));
        let set = self.timers.set(id, due, period.map(Duration::from_nanos));
        set.map_err(|refusal| match refusal {
            Refusal::TooMany => Error::TooMany,
            Refusal::TooShort => Error::Invalid(2),
        })
    }

    fn write_line(&mut self, level: tracing::Level, message: &str) {
        self.log_room.fill(self.now);
        if !self.log_room.take() {
            self.log_dropped += 1;
            self.shared.metrics.log_lines_dropped.inc();
            return;
        }
        let plugin = self.shared.name.as_str();
        if self.log_dropped > 0 {
            let dropped = std::mem::take(&mut self.log_dropped);
            tracing::warn!(target: "plugin", plugin, "{dropped} lines dropped: it logs too fast");
        }
        let line = convert::printable(message, LOG_LINE);
        match level {
            tracing::Level::TRACE => tracing::trace!(target: "plugin", plugin, "{line}"),
            tracing::Level::DEBUG => tracing::debug!(target: "plugin", plugin, "{line}"),
            tracing::Level::INFO => tracing::info!(target: "plugin", plugin, "{line}"),
            tracing::Level::WARN => tracing::warn!(target: "plugin", plugin, "{line}"),
            tracing::Level::ERROR => tracing::error!(target: "plugin", plugin, "{line}"),
        }
    }
}

/// Whether the daemon's log takes lines of this level from plugins.
fn is_enabled(level: tracing::Level) -> bool {
    match level {
        tracing::Level::TRACE => tracing::enabled!(target: "plugin", tracing::Level::TRACE),
        tracing::Level::DEBUG => tracing::enabled!(target: "plugin", tracing::Level::DEBUG),
        tracing::Level::INFO => tracing::enabled!(target: "plugin", tracing::Level::INFO),
        tracing::Level::WARN => tracing::enabled!(target: "plugin", tracing::Level::WARN),
        tracing::Level::ERROR => tracing::enabled!(target: "plugin", tracing::Level::ERROR),
    }
}

/// What a host function answers: the guest's result, or a trap.
type Answer<T> = wasmtime::Result<Result<T, Error>>;

impl types::Host for State {}
impl market_types::Host for State {}
impl order_types::Host for State {}

impl instruments::Host for State {
    fn granted(&mut self) -> wasmtime::Result<Vec<u32>> {
        self.count()?;
        Ok(self.shared.grants.visible().map(|id| id.0).collect())
    }

    fn get(&mut self, id: u32) -> Answer<instruments::Instrument> {
        self.count()?;
        Ok(self.has_room().and_then(|()| self.covered(id)).and_then(|id| {
            let resolved = self.look(|view| view.instruments.get(id.index()).map(convert::instrument));
            let known = || self.shared.instruments.get(id.index()).map(convert::instrument);
            resolved.or_else(known).ok_or(Error::UnknownId)
        }))
    }
}

impl market_data::Host for State {
    fn subscribe(&mut self, instrument: u32, what: market_data::Feeds) -> Answer<()> {
        self.count()?;
        Ok(self.change_feeds(instrument, what, true))
    }

    fn unsubscribe(&mut self, instrument: u32, what: market_data::Feeds) -> Answer<()> {
        self.count()?;
        Ok(self.change_feeds(instrument, what, false))
    }

    fn last_quote(&mut self, instrument: u32) -> wasmtime::Result<Option<market_types::Quote>> {
        self.count()?;
        let Ok(id) = self.covered(instrument) else {
            return Ok(None);
        };
        let quote = self.look(|view| view.quotes.get(id.index()).copied().flatten());
        Ok(quote.map(|quote| {
            let stale = self.now.since(quote.received) > self.shared.stale_after;
            convert::quote(&quote, stale)
        }))
    }
}

impl orders::Host for State {
    fn submit_market(&mut self, ticket: order_types::Ticket) -> Answer<u64> {
        self.count()?;
        Ok(self.submit(ticket, OrderKind::Market))
    }

    fn submit_limit(&mut self, ticket: order_types::Ticket, limit: i64) -> Answer<u64> {
        self.count()?;
        let limit = Price::from_nanos(limit);
        Ok(self.submit(ticket, OrderKind::Limit { limit }))
    }

    fn submit_stop(&mut self, ticket: order_types::Ticket, stop: i64) -> Answer<u64> {
        self.count()?;
        let stop = Price::from_nanos(stop);
        Ok(self.submit(ticket, OrderKind::Stop { stop }))
    }

    fn submit_stop_limit(&mut self, ticket: order_types::Ticket, stop: i64, limit: i64) -> Answer<u64> {
        self.count()?;
        let (stop, limit) = (Price::from_nanos(stop), Price::from_nanos(limit));
        Ok(self.submit(ticket, OrderKind::StopLimit { stop, limit }))
    }

    fn replace(&mut self, id: u64, quantity: i64, limit: i64, stop: i64) -> Answer<()> {
        self.count()?;
        let checked = self.has_room().and_then(|()| {
            let client_order_id = self.known_order(id)?;
            Ok((client_order_id, self.granted_quantity(quantity, 1)?))
        });
        Ok(checked.and_then(|(client_order_id, quantity)| {
            self.intend(Intent::Replace(ReplaceIntent {
                plugin: self.plugin,
                client_order_id,
                quantity,
                limit: Price::from_nanos(limit),
                stop: Price::from_nanos(stop),
            }))
        }))
    }

    fn cancel(&mut self, id: u64) -> Answer<()> {
        self.count()?;
        let checked = self.has_room().and_then(|()| self.known_order(id));
        Ok(checked.and_then(|client_order_id| {
            let plugin = self.plugin;
            self.intend(Intent::Cancel {
                plugin,
                client_order_id,
            })
        }))
    }

    fn cancel_all(&mut self) -> Answer<()> {
        self.count()?;
        let plugin = self.plugin;
        Ok(self
            .has_room()
            .and_then(|()| self.intend(Intent::CancelAll { plugin })))
    }
}

impl account::Host for State {
    fn get_position(&mut self, instrument: u32) -> wasmtime::Result<account::Position> {
        self.count()?;
        let id = InstrumentId(instrument);
        if self.covered(instrument).is_err() {
            return Ok(convert::position(id, &Default::default(), None, Quantity::ONE));
        }
        Ok(self.look(|view| {
            let position = view
                .positions
                .get(&(self.plugin, id))
                .copied()
                .unwrap_or_default();
            let last = view.quotes.get(id.index()).and_then(Option::as_ref);
            let multiplier = view
                .instruments
                .get(id.index())
                .map_or(Quantity::ONE, |known| known.multiplier);
            convert::position(id, &position, last, multiplier)
        }))
    }
}

impl timers::Host for State {
    fn set_once(&mut self, id: u32, at: u64) -> Answer<()> {
        self.count()?;
        Ok(self.set_timer(id, at, None))
    }

    fn set_every(&mut self, id: u32, first: u64, period_ns: u64) -> Answer<()> {
        self.count()?;
        Ok(self.set_timer(id, first, Some(period_ns)))
    }

    fn clear(&mut self, id: u32) -> wasmtime::Result<()> {
        self.count()?;
        self.timers.clear(id);
        Ok(())
    }
}

impl log::Host for State {
    fn enabled(&mut self, level: log::Level) -> wasmtime::Result<bool> {
        self.count()?;
        Ok(is_enabled(convert::level(level)))
    }

    fn write(&mut self, level: log::Level, message: String) -> wasmtime::Result<()> {
        self.count()?;
        self.write_line(convert::level(level), &message);
        Ok(())
    }
}
