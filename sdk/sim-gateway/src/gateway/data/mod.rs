//! What the market shows now: quotes, trades, depth, scans and news.
//!
//! Never: the past, which is `history`'s.

mod calculations;
mod calendar;
mod depth;
mod entitlements;
mod news;
mod quotes;
mod rules;
mod scanner;
mod statistics;
mod venues;

#[cfg(test)]
mod data_tests;

use std::collections::{BTreeMap, BTreeSet};

use super::session::decode;
use super::{ConnectionId, Gateway, Problem};
use crate::exchange::{Event, InstrumentId, Phase};
use crate::wire::ids::request;
use crate::wire::{Body, Encoding};

pub use entitlements::{Entitlement, Entitlements};
pub use rules::Rules;

/// What a connection watches.
#[derive(Debug, Default)]
pub(super) struct Watches {
    /// What it prefers to see, from message 59.
    preference: entitlements::Preference,
    quotes: BTreeMap<i32, InstrumentId>,
    depth: BTreeMap<i32, InstrumentId>,
    scans: BTreeMap<i32, scanner::Scan>,
    /// Calculations answered and not yet cancelled.
    calculations: BTreeSet<i32>,
    bulletins: bool,
}

/// What the gateway knows of all watchers.
#[derive(Debug, Default)]
pub(super) struct State {
    /// One for every instrument that has ever been looked at, by its number.
    boards: Vec<Board>,
    /// Instruments with streams of quotes.
    watched: BTreeSet<InstrumentId>,
    /// Instruments whose books are watched.
    deep: BTreeSet<InstrumentId>,
    entitlements: Entitlements,
    rules: Rules,
    bulletins: Vec<news::Bulletin>,
    /// Regulatory snapshots given, which the user would pay for.
    regulatory_snapshots: u64,
    /// Numbers scans, so that a repetition put off knows whether it is still wanted.
    scans_started: u64,
}

/// Everything about one instrument that is shown to somebody.
#[derive(Debug, Default)]
struct Board {
    streams: Vec<quotes::Stream>,
    books: Vec<depth::Book>,
    /// Whether the market was open when it was last looked at.
    open: bool,
    /// The last quote with both sides, for those who want frozen data.
    known: crate::exchange::Top,
    /// What delayed feeds were last told of.
    late: Option<quotes::Late>,
    trades: statistics::Trades,
}

impl State {
    fn board(&mut self, id: InstrumentId) -> &mut Board {
        if self.boards.len() <= id.0 {
            self.boards.resize_with(id.0 + 1, Board::default);
        }
        &mut self.boards[id.0]
    }
}

/// Where frames about one request go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Address {
    to: ConnectionId,
    request: i32,
    encoding: Encoding,
}

/// Something to do later about market data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Job {
    /// A snapshot has waited long enough.
    EndSnapshot { to: ConnectionId, request: i32 },
    /// A scan is to be repeated.
    Scan {
        to: ConnectionId,
        request: i32,
        number: u64,
    },
}

impl Gateway {
    /// Answers a request about market data; `None` when it is about something else.
    pub(super) fn data_request(
        &mut self,
        from: ConnectionId,
        id: u32,
        body: &Body,
    ) -> Result<Option<()>, Problem> {
        match id {
            request::MARKET_DATA => self.start_market_data(from, &decode(body)?),
            request::CANCEL_MARKET_DATA => self.stop_market_data(from, &decode(body)?),
            request::MARKET_DATA_TYPE => self.market_data_type(from, &decode(body)?),
            request::CALCULATE_IMPLIED_VOLATILITY => self.calculate_volatility(from, &decode(body)?),
            request::CALCULATE_OPTION_PRICE => self.calculate_price(from, &decode(body)?),
            request::CANCEL_CALCULATE_IMPLIED_VOLATILITY => self.cancel_volatility(from, &decode(body)?),
            request::CANCEL_CALCULATE_OPTION_PRICE => self.cancel_price(from, &decode(body)?),
            request::MARKET_DEPTH => self.start_depth(from, &decode(body)?),
            request::CANCEL_MARKET_DEPTH => self.stop_depth(from, &decode(body)?),
            request::SCANNER_PARAMETERS => self.scanner_parameters(from),
            request::SCANNER_SUBSCRIPTION => self.start_scan(from, decode(body)?),
            request::CANCEL_SCANNER_SUBSCRIPTION => self.stop_scan(from, &decode(body)?),
            request::NEWS_PROVIDERS => self.news_providers(from),
            request::NEWS_ARTICLE => self.news_article(from, &decode(body)?),
            request::HISTORICAL_NEWS => self.historical_news(from, &decode(body)?),
            request::NEWS_BULLETINS => self.start_bulletins(from, &decode(body)?),
            request::CANCEL_NEWS_BULLETINS => self.stop_bulletins(from),
            request::WSH_META_DATA
            | request::CANCEL_WSH_META_DATA
            | request::WSH_EVENT_DATA
            | request::CANCEL_WSH_EVENT_DATA
            | request::FUNDAMENTAL_DATA
            | request::CANCEL_FUNDAMENTAL_DATA => Err(calendar::refusal(id, body)),
            _ => return Ok(None),
        }
        .map(Some)
    }

    /// Tells watchers what happened in their markets.
    pub(super) fn data_event(&mut self, event: &Event) {
        match event {
            Event::Quote { instrument } => self.publish_quote(*instrument),
            Event::Trade {
                instrument,
                price,
                lots,
                day,
            } => self.publish_trade(*instrument, *price, *lots, *day),
            _ => {}
        }
    }

    /// Tells watchers of books what changed in them, once everything that happened has happened.
    pub(super) fn data_settled(&mut self) {
        if !self.data.deep.is_empty() {
            self.publish_depth();
        }
    }

    /// Does what was put off.
    pub(super) fn data_job(&mut self, job: Job) {
        match job {
            Job::EndSnapshot { to, request } => self.end_snapshot(to, request),
            Job::Scan { to, request, number } => self.repeat_scan(to, request, number),
        }
    }

    /// What is due once a second.
    pub(super) fn data_second(&mut self) {
        let watched: Vec<InstrumentId> = self.data.watched.iter().copied().collect();
        for id in watched {
            self.quote_second(id);
        }
    }

    /// Ends everything a gone connection watched.
    pub(super) fn end_watches(&mut self, id: ConnectionId, watches: Watches) {
        for (request, instrument) in watches.quotes {
            self.end_quotes(id, request, instrument);
        }
        for (request, instrument) in watches.depth {
            self.end_book(id, request, instrument);
        }
    }

    /// Changes what the user may see, of one symbol or of everything; running streams end or change at once.
    pub fn entitle(&mut self, symbol: Option<&str>, entitlement: Entitlement) {
        self.data.entitlements.set(symbol, entitlement);
        let watched: Vec<InstrumentId> = self.data.watched.union(&self.data.deep).copied().collect();
        for id in watched {
            self.review_feeds(id);
            self.review_books(id);
        }
    }

    /// How requests for market data are treated.
    #[must_use]
    pub fn data_rules(&self) -> &Rules {
        &self.data.rules
    }

    /// Changes how requests for market data are treated; what runs goes on as it began.
    pub fn data_rules_mut(&mut self) -> &mut Rules {
        &mut self.data.rules
    }

    /// Regulatory snapshots given so far, which the user would have paid for.
    #[must_use]
    pub fn regulatory_snapshots(&self) -> u64 {
        self.data.regulatory_snapshots
    }

    fn address(&self, to: ConnectionId, request: i32) -> Result<Address, Problem> {
        let encoding = self
            .encoding(to)
            .ok_or_else(|| Problem::new(320, "Error reading request. No session"))?;
        Ok(Address {
            to,
            request,
            encoding,
        })
    }

    fn is_open(&self, id: InstrumentId) -> bool {
        let now = self.exchange.unix_seconds(self.exchange.now());
        self.exchange.phase(id, now) != Phase::Closed
    }

    fn entitlement(&self, id: InstrumentId) -> Entitlement {
        let symbol = &self.exchange.market(id).instrument.symbol;
        self.data.entitlements.of(symbol)
    }
}
