//! Single ticks as they happen.

use super::ticks::{self, Of};
use crate::exchange::{InstrumentId, Kind, Lots, Session, Ticks, Top};
use crate::gateway::{Class, ConnectionId, Gateway, Problem};
use crate::wire::messages::ticks as wire;

/// Ticks that may be asked for to begin with.
const MOST_BEFORE: i32 = 1_000;

/// Which ticks, by the number they have on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kinds {
    Last = 1,
    AllLast = 2,
    BidAsk = 3,
    MidPoint = 4,
}

/// A stream of single ticks.
#[derive(Debug, Clone)]
pub(in crate::gateway) struct Stream {
    pub(in crate::gateway) instrument: InstrumentId,
    kind: Kinds,
    /// Whether changes of sizes alone are left out.
    ignores_sizes: bool,
    /// The quote the client knows.
    told: Option<Top>,
}

impl Gateway {
    pub(in crate::gateway) fn start_ticks(
        &mut self,
        from: ConnectionId,
        asked: &wire::TickByTickRequest,
    ) -> Result<(), Problem> {
        let request = asked.req_id.unwrap_or(0);
        let name = asked.tick_type.as_deref().unwrap_or_default();
        // The names are case sensitive.
        let kind = match name {
            "Last" => Kinds::Last,
            "AllLast" => Kinds::AllLast,
            "BidAsk" => Kinds::BidAsk,
            "MidPoint" => Kinds::MidPoint,
            _ => {
                return Err(Problem::invalid(format_args!(
                    "Unknown tick-by-tick type '{name}'; the types are Last, AllLast, BidAsk and MidPoint"
                )));
            }
        };
        let ignores_sizes = asked.ignore_size.unwrap_or(false);
        let of = match kind {
            Kinds::Last | Kinds::AllLast => Of::Trades,
            Kinds::BidAsk => Of::BidAsk {
                sizes: !ignores_sizes,
            },
            Kinds::MidPoint => Of::Midpoint,
        };
        let count = asked.number_of_ticks.unwrap_or(0);
        if !(0..=MOST_BEFORE).contains(&count) {
            return Err(Problem::invalid("Number of ticks must be from 0 to 1000"));
        }
        let instrument = self.resolve(asked.contract.as_ref())?;
        self.check_stream(from, request, instrument, of, name)?;
        if count > 0 {
            let count = usize::try_from(count).unwrap_or(0);
            self.send_recent_ticks(from, request, instrument, of, count);
        }
        self.exchange.watch(instrument);
        let stream = Stream {
            instrument,
            kind,
            ignores_sizes,
            told: Some(self.exchange.market(instrument).shown()),
        };
        self.with_session(from, |session| session.history.streams.insert(request, stream))?;
        let streams = self.history.streams.entry(instrument).or_default();
        streams.push((from, request));
        Ok(())
    }

    fn check_stream(
        &self,
        from: ConnectionId,
        request: i32,
        id: InstrumentId,
        of: Of,
        name: &str,
    ) -> Result<(), Problem> {
        let session = self.sessions.get(&from);
        let streams = session.map(|session| &session.history.streams);
        if streams.is_some_and(|streams| streams.contains_key(&request)) {
            return Err(Problem::new(102, "Duplicate ticker ID."));
        }
        let instrument = &self.exchange.market(id).instrument;
        let offered = !instrument.kind.is_option() && instrument.kind != Kind::Bag && of.exists(instrument);
        if !offered {
            return Err(Problem::new(
                10189,
                format!(
                    "Failed to request tick-by-tick data.{name} tick-by-tick requests are not supported for {}.",
                    instrument.kind.sec_type()
                ),
            ));
        }
        if streams.is_some_and(|streams| streams.len() >= self.history.pacing.streams) {
            return Err(Problem::new(
                10190,
                "Max number of tick-by-tick requests has been reached.",
            ));
        }
        Ok(())
    }

    pub(in crate::gateway) fn stop_ticks(&mut self, from: ConnectionId, request: i32) -> Result<(), Problem> {
        let ended = self.with_session(from, |session| session.history.streams.remove(&request))?;
        let unknown = || Problem::new(300, format!("Can't find EId with tickerId:{request}"));
        let instrument = ended.ok_or_else(unknown)?.instrument;
        self.end_ticks(from, request, instrument);
        Ok(())
    }

    pub(in crate::gateway) fn end_ticks(&mut self, connection: ConnectionId, request: i32, id: InstrumentId) {
        if let Some(streams) = self.history.streams.get_mut(&id) {
            streams.retain(|each| *each != (connection, request));
            if streams.is_empty() {
                self.history.streams.remove(&id);
            }
        }
        self.exchange.unwatch(id);
    }

    /// Tells streams of a new quote.
    pub(in crate::gateway) fn stream_quote(&mut self, id: InstrumentId) {
        let Some(streams) = self.history.streams.get(&id).cloned() else {
            return;
        };
        let top = self.exchange.market(id).shown();
        let unix = self.exchange.unix_seconds(self.exchange.now());
        for (to, request) in streams {
            let session = self.sessions.get_mut(&to);
            let Some(stream) = session.and_then(|session| session.history.streams.get_mut(&request)) else {
                continue;
            };
            let before = stream.told.replace(top);
            let prices = |top: Top| (top.bid.map(|bid| bid.0), top.ask.map(|ask| ask.0));
            let moved = before.map(prices) != Some(prices(top));
            let instrument = &self.exchange.market(id).instrument;
            let tick = match stream.kind {
                Kinds::BidAsk if moved || (before != Some(top) && !stream.ignores_sizes) => {
                    Some(wire::Tick::BidAsk(ticks::bid_ask(instrument, unix, top)))
                }
                Kinds::MidPoint if before.and_then(ticks::sum) != ticks::sum(top) => {
                    ticks::midpoint(instrument, unix, top).map(wire::Tick::MidPoint)
                }
                _ => None,
            };
            let kind = stream.kind;
            self.send_tick(to, request, kind, tick);
        }
    }

    /// Tells streams of a trade.
    pub(in crate::gateway) fn stream_trade(
        &mut self,
        id: InstrumentId,
        price: Ticks,
        lots: Lots,
        _: Session,
    ) {
        let Some(streams) = self.history.streams.get(&id).cloned() else {
            return;
        };
        let unix = self.exchange.unix_seconds(self.exchange.now());
        for (to, request) in streams {
            let session = self.sessions.get(&to);
            let Some(stream) = session.and_then(|session| session.history.streams.get(&request)) else {
                continue;
            };
            let kind = stream.kind;
            if matches!(kind, Kinds::Last | Kinds::AllLast) {
                let instrument = &self.exchange.market(id).instrument;
                let tick = ticks::trade(instrument, unix, price, lots).map(wire::Tick::Last);
                self.send_tick(to, request, kind, tick);
            }
        }
    }

    fn send_tick(&mut self, to: ConnectionId, request: i32, kind: Kinds, tick: Option<wire::Tick>) {
        if tick.is_some() {
            let message = wire::TickByTickData {
                req_id: Some(request),
                tick_type: Some(kind as i32),
                tick,
            };
            self.send(to, Class::Other, &message);
        }
    }
}
