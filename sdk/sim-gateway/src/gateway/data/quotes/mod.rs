//! Level 1: streams of quotes and trades, snapshots, and which kind of data a stream carries.
//!
//! It never invents a price: what a market does not know is not sent, or sent as the protocol says "none".

mod delayed;
mod fields;
mod figures;
mod generic;
mod opening;
mod options;
mod publish;
mod ticker;
mod yields;

#[cfg(test)]
mod instrument_tests;

use super::{Address, entitlements};
use crate::exchange::{Halt, InstrumentId, Kind, Session, Top};
use crate::gateway::{Class, ConnectionId, Gateway, Job, Problem};
use crate::wire::messages::contract::Contract;
use crate::wire::messages::market as wire;

pub(super) use delayed::Late;
pub(super) use fields::CUSTOM_OPTION;
pub(super) use figures::Figures;
use generic::Generics;
pub(super) use options::computation;

/// What kind of data a stream carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::gateway) enum Feed {
    /// As it happens.
    Live,
    /// The last that was known before the market closed.
    Frozen,
    /// A quarter of an hour old.
    Delayed,
    /// Delayed, and the market is closed.
    DelayedFrozen,
    /// Subscribed, and nothing comes.
    Silent,
}

impl Feed {
    /// The protocol's number in message 58.
    fn number(self) -> i32 {
        match self {
            Self::Live | Self::Silent => 1,
            Self::Frozen => 2,
            Self::Delayed => 3,
            Self::DelayedFrozen => 4,
        }
    }

    fn is_delayed(self) -> bool {
        matches!(self, Self::Delayed | Self::DelayedFrozen)
    }

    /// Whether events of the market are told at once.
    fn is_live(self) -> bool {
        self == Self::Live
    }
}

/// One request's stream of market data.
#[derive(Debug)]
pub(super) struct Stream {
    address: Address,
    feed: Feed,
    generics: Generics,
    /// For a snapshot, which ends by itself once everything is known: when it ends at the latest.
    snapshot: Option<u64>,
    /// What the client was last told, so that only changes are sent.
    told: Top,
    day: Session,
    /// Which venues were last said to be at bid, ask and last; `None` where the client asked for one venue.
    venues: Option<[String; 3]>,
    halted: Option<Halt>,
    /// What option computations were last made from.
    computed: Option<options::Basis>,
}

impl Gateway {
    pub(in crate::gateway) fn start_market_data(
        &mut self,
        from: ConnectionId,
        asked: &wire::MarketDataRequest,
    ) -> Result<(), Problem> {
        let request = asked.req_id.unwrap_or(0);
        let id = self.checked_instrument(asked.contract.as_ref())?;
        self.check_line(from, request)?;
        self.exchange.look(id);
        let kind = self.exchange.market(id).instrument.kind;
        let regulatory = asked.regulatory_snapshot.unwrap_or(false);
        let snapshot = asked.snapshot.unwrap_or(false) || regulatory;
        let list = asked.generic_tick_list.as_deref().unwrap_or_default();
        let generics = Generics::of(list, kind)?;
        self.check_news(generics.news.as_deref())?;
        if snapshot && !list.is_empty() {
            return Err(Problem::invalid(
                "Snapshot market data subscription is not applicable to generic ticks",
            ));
        }
        if kind == Kind::Cfd && self.data.rules.reroute_cfds && self.reroute(from, request, id) {
            return Ok(());
        }
        if regulatory {
            self.count_regulatory_snapshot()?;
        }
        let open = self.is_open(id);
        let preference = self.with_session(from, |session| session.data.preference)?;
        let (feed, warning) = self.entitlement(id).grant(preference, open)?;
        let smart = asked.contract.as_ref().and_then(|each| each.exchange.as_deref()) == Some("SMART");
        let stream = Stream {
            address: self.address(from, request)?,
            feed,
            generics,
            snapshot: snapshot.then(|| self.exchange.now() + self.data.rules.snapshot_wait),
            told: Top::default(),
            day: self.exchange.market(id).session(),
            venues: smart.then(Default::default),
            halted: None,
            computed: None,
        };
        self.with_session(from, |session| session.data.quotes.insert(request, id))?;
        let board = self.data.board(id);
        board.open = open;
        board.streams.push(stream);
        self.data.watched.insert(id);
        self.exchange.look(id);
        self.exchange.watch(id);
        self.begin_stream(from, request, id, warning);
        Ok(())
    }

    /// The first frames of a stream, in the order recorded: parameters, kind, ticks.
    fn begin_stream(&mut self, to: ConnectionId, request: i32, id: InstrumentId, warning: Option<Problem>) {
        let instrument = &self.exchange.market(id).instrument;
        let params = wire::TickReqParams {
            req_id: Some(request),
            min_tick: Some(crate::gateway::values::written(instrument.min_tick)),
            bbo_exchange: Some(super::venues::bbo_exchange(instrument).to_owned()),
            snapshot_permissions: Some(3),
            last_price_precision: None,
            last_size_precision: None,
        };
        self.send(to, Class::Other, &params);
        if let Some(warning) = warning {
            self.error(to, request, &warning);
        }
        let Some((feed, snapshot)) = self
            .stream(to, request, id)
            .map(|each| (each.feed, each.snapshot))
        else {
            return;
        };
        self.tell_kind(to, request, feed);
        self.open_stream(id, to, request);
        let Some(deadline) = snapshot else { return };
        self.end_complete_snapshots(id);
        if self.stream(to, request, id).is_some() {
            self.put_off(deadline, Job::Data(super::Job::EndSnapshot { to, request }));
        }
    }

    fn tell_kind(&mut self, to: ConnectionId, request: i32, feed: Feed) {
        let kind = wire::MarketDataType {
            req_id: Some(request),
            market_data_type: Some(feed.number()),
        };
        self.send(to, Class::Other, &kind);
    }

    /// The instrument meant, with a venue named.
    pub(super) fn checked_instrument(
        &mut self,
        contract: Option<&Contract>,
    ) -> Result<InstrumentId, Problem> {
        let id = self.resolve(contract)?;
        let exchange = contract.and_then(|contract| contract.exchange.as_deref());
        if exchange.unwrap_or_default().is_empty() {
            return Err(Problem::invalid("Please enter exchange"));
        }
        Ok(id)
    }

    fn check_line(&self, from: ConnectionId, request: i32) -> Result<(), Problem> {
        let Some(session) = self.sessions.get(&from) else {
            return Ok(());
        };
        if session.data.quotes.contains_key(&request) {
            return Err(if self.data.rules.duplicate_is_102 {
                Problem::new(102, "Duplicate ticker ID.")
            } else {
                Problem::new(
                    322,
                    "Error processing request.-'bQ' : cause - Duplicate ticker id",
                )
            });
        }
        if session.data.quotes.len() >= self.data.rules.lines {
            return Err(Problem::new(101, "Max number of tickers has been reached."));
        }
        Ok(())
    }

    fn count_regulatory_snapshot(&mut self) -> Result<(), Problem> {
        if !self.data.rules.regulatory_snapshots {
            return Err(Problem::invalid(
                "Regulatory snapshots are not permitted for this account",
            ));
        }
        self.data.regulatory_snapshots += 1;
        Ok(())
    }

    /// Tells the client to ask for a CFD's underlying instead; false when it has none.
    fn reroute(&mut self, to: ConnectionId, request: i32, id: InstrumentId) -> bool {
        let Some((con_id, exchange)) = self.rerouted(id) else {
            return false;
        };
        let message = wire::RerouteMarketDataRequest {
            req_id: Some(request),
            con_id: Some(con_id),
            exchange: Some(exchange),
        };
        self.send(to, Class::Other, &message);
        true
    }

    /// Contract id and venue of a derivative's underlying.
    pub(super) fn rerouted(&self, id: InstrumentId) -> Option<(i32, String)> {
        let derivation = self.exchange.market(id).instrument.derivation?;
        let underlying = &self.exchange.market(derivation.underlying).instrument;
        let exchange = underlying.valid_exchanges.first().cloned().unwrap_or_default();
        Some((underlying.con_id, exchange))
    }

    pub(in crate::gateway) fn stop_market_data(
        &mut self,
        from: ConnectionId,
        asked: &wire::CancelMarketData,
    ) -> Result<(), Problem> {
        let request = asked.req_id.unwrap_or(0);
        let ended = self.with_session(from, |session| session.data.quotes.remove(&request))?;
        let id = ended.ok_or_else(|| unknown_ticker(request))?;
        self.end_quotes(from, request, id);
        Ok(())
    }

    /// Forgets a stream that its session has forgotten already.
    pub(in crate::gateway) fn end_quotes(&mut self, to: ConnectionId, request: i32, id: InstrumentId) {
        let board = self.data.board(id);
        let before = board.streams.len();
        board
            .streams
            .retain(|each| (each.address.to, each.address.request) != (to, request));
        let ended = before - board.streams.len();
        if board.streams.is_empty() {
            self.data.watched.remove(&id);
        }
        for _ in 0..ended {
            self.exchange.unwatch(id);
        }
    }

    fn drop_stream(&mut self, to: ConnectionId, request: i32, id: InstrumentId) {
        if let Some(session) = self.sessions.get_mut(&to) {
            session.data.quotes.remove(&request);
        }
        self.end_quotes(to, request, id);
    }

    fn stream(&mut self, to: ConnectionId, request: i32, id: InstrumentId) -> Option<&mut Stream> {
        let streams = &mut self.data.boards.get_mut(id.0)?.streams;
        streams
            .iter_mut()
            .find(|each| (each.address.to, each.address.request) == (to, request))
    }

    /// Message 59: from now on this connection prefers another kind of data, its running streams too.
    pub(in crate::gateway) fn market_data_type(
        &mut self,
        from: ConnectionId,
        asked: &wire::MarketDataTypeRequest,
    ) -> Result<(), Problem> {
        let number = asked.market_data_type.unwrap_or(0);
        let preference = entitlements::Preference::of(number)
            .ok_or_else(|| Problem::invalid(format_args!("Invalid market data type {number}")))?;
        let mine = self.with_session(from, |session| {
            session.data.preference = preference;
            session.data.quotes.values().copied().collect::<Vec<_>>()
        })?;
        for id in mine {
            self.review_feeds(id);
        }
        Ok(())
    }

    /// Gives every stream of an instrument the feed it should have now, and says so where that changes.
    pub(in crate::gateway) fn review_feeds(&mut self, id: InstrumentId) {
        let open = self.is_open(id);
        let entitlement = self.entitlement(id);
        let board = self.data.board(id);
        let moved = board.open != open;
        board.open = open;
        let streams: Vec<(Address, Feed)> = board
            .streams
            .iter()
            .map(|each| (each.address, each.feed))
            .collect();
        for (Address { to, request, .. }, before) in streams {
            let preference = self.sessions.get(&to).map(|session| session.data.preference);
            match entitlement.grant(preference.unwrap_or_default(), open) {
                Err(problem) => {
                    self.drop_stream(to, request, id);
                    self.error(to, request, &problem);
                }
                Ok((feed, _)) if feed == before && !(moved && feed == Feed::Live) => {}
                Ok((feed, warning)) => {
                    if feed != before {
                        if let Some(warning) = warning {
                            self.error(to, request, &warning);
                        }
                        self.tell_kind(to, request, feed);
                    }
                    if let Some(stream) = self.stream(to, request, id) {
                        stream.feed = feed;
                    }
                    self.open_stream(id, to, request);
                }
            }
        }
    }

    /// What is due once a second for an instrument with streams.
    pub(in crate::gateway) fn quote_second(&mut self, id: InstrumentId) {
        let now = self.exchange.unix_seconds(self.exchange.now());
        // Markets open and close on whole minutes.
        if now.is_multiple_of(60) && self.is_open(id) != self.data.board(id).open {
            self.review_feeds(id);
        }
        self.tell_delayed(id, now);
        self.tell_venues(id);
        self.tell_rates(id, now);
        self.tell_computations(id);
        self.tell_yields(id);
        self.tell_halts(id);
        self.tell_news(id, now);
    }

    /// Ends the snapshots of an instrument that have everything.
    fn end_complete_snapshots(&mut self, id: InstrumentId) {
        let kind = self.exchange.market(id).instrument.kind;
        let Some(board) = self.data.boards.get(id.0) else {
            return;
        };
        let complete: Vec<Address> = board
            .streams
            .iter()
            .filter(|each| each.snapshot.is_some() && each.is_complete(kind))
            .map(|each| each.address)
            .collect();
        for address in complete {
            self.end_snapshot_now(address.to, address.request, id);
        }
    }

    /// Ends a snapshot that has waited long enough; nothing when it has ended before.
    pub(in crate::gateway) fn end_snapshot(&mut self, to: ConnectionId, request: i32) {
        let session = self.sessions.get(&to);
        let Some(id) = session.and_then(|session| session.data.quotes.get(&request).copied()) else {
            return;
        };
        let now = self.exchange.now();
        let deadline = self.stream(to, request, id).and_then(|stream| stream.snapshot);
        if deadline.is_some_and(|deadline| deadline <= now) {
            self.end_snapshot_now(to, request, id);
        }
    }

    fn end_snapshot_now(&mut self, to: ConnectionId, request: i32, id: InstrumentId) {
        self.drop_stream(to, request, id);
        let end = wire::TickSnapshotEnd {
            req_id: Some(request),
        };
        self.send(to, Class::Other, &end);
    }
}

impl Stream {
    pub(super) fn address(&self) -> Address {
        self.address
    }

    /// The providers whose headlines it wants, empty for all; `None` when it wants none.
    pub(super) fn news(&self) -> Option<&[String]> {
        self.generics.news.as_deref()
    }

    /// Whether everything a snapshot waits for was told.
    fn is_complete(&self, kind: Kind) -> bool {
        let quoted = kind == Kind::Index || (self.told.bid.is_some() && self.told.ask.is_some());
        quoted && self.feed != Feed::Silent
    }
}

pub(super) fn unknown_ticker(request: i32) -> Problem {
    Problem::new(300, format!("Can't find EId with tickerId:{request}"))
}
