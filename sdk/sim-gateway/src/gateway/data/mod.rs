//! What the market shows now: quotes, trades, depth, scans and news.
//!
//! Never: the past, which is `history`'s.

mod quotes;

use std::collections::BTreeMap;

use super::session::decode;
use super::{ConnectionId, Gateway, Problem};
use crate::exchange::{Event, InstrumentId, Session as DayOfTrading, Top};
use crate::wire::Body;
use crate::wire::ids::request;

/// What a connection watches.
#[derive(Debug, Default)]
pub(super) struct Watches {
    quotes: BTreeMap<i32, Subscription>,
}

/// What the gateway knows of all watchers.
#[derive(Debug, Default)]
pub(super) struct State {
    /// Who watches each market: connection and request id.
    watchers: BTreeMap<InstrumentId, Vec<(ConnectionId, i32)>>,
}

/// Something to do later about market data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Job {}

/// A stream of market data.
#[derive(Debug, Clone)]
struct Subscription {
    instrument: InstrumentId,
    /// What the client was last told, so that only changes are sent.
    told: Top,
    day: DayOfTrading,
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
            request::MARKET_DATA => self.start_market_data(from, decode(body)?),
            request::CANCEL_MARKET_DATA => self.stop_market_data(from, &decode(body)?),
            request::MARKET_DATA_TYPE => self.market_data_type(&decode(body)?),
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
            Event::Order { .. } | Event::Execution { .. } | Event::Position { .. } => {}
        }
    }

    /// Does what was put off.
    pub(super) fn data_job(&mut self, job: Job) {
        match job {}
    }

    /// What is due once a second.
    pub(super) fn data_second(&mut self) {}

    /// Ends everything a gone connection watched.
    pub(super) fn end_watches(&mut self, id: ConnectionId, watches: Watches) {
        for (request, subscription) in watches.quotes {
            self.unwatch(id, request, subscription.instrument);
        }
    }
}
