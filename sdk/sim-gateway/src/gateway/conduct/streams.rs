//! Streams of data: which ones there are, and which of them say nothing although nobody was told.

use super::{Entitlement, Stream};
use crate::gateway::data;
use crate::gateway::{ConnectionId, Gateway};
use crate::wire::Body;
use crate::wire::ids::request;
use crate::wire::messages::bars::HistoricalDataRequest;
use crate::wire::messages::market::MarketDataRequest;

impl Gateway {
    /// Notes a stream that is asked for or given up; `Some` when the broker, who is away, would have to answer.
    pub(super) fn keeps_stream(&mut self, from: ConnectionId, id: u32, body: &Body) -> Option<()> {
        let away = self.conduct.link_down;
        match id {
            request::CANCEL_MARKET_DATA
            | request::CANCEL_MARKET_DEPTH
            | request::CANCEL_REAL_TIME_BARS
            | request::CANCEL_TICK_BY_TICK
            | request::CANCEL_HISTORICAL_DATA => {
                if let Some(about) = body.request_id(id) {
                    self.conduct.streams.remove(&(from, about));
                    self.conduct.silent.remove(&(from, about));
                }
                None
            }
            request::MARKET_DATA
            | request::MARKET_DEPTH
            | request::REAL_TIME_BARS
            | request::TICK_BY_TICK
            | request::HISTORICAL_DATA => {
                if let Some(about) = body.request_id(id).filter(|_| is_stream(id, body)) {
                    let key = (from, about);
                    self.conduct.streams.entry(key).or_insert(Stream { asked: id });
                }
                (away && id != request::MARKET_DATA).then_some(())
            }
            request::CONTRACT_DATA
            | request::MATCHING_SYMBOLS
            | request::HEAD_TIMESTAMP
            | request::HISTOGRAM_DATA
            | request::HISTORICAL_TICKS
            | request::SEC_DEF_OPT_PARAMS
            | request::SCANNER_SUBSCRIPTION
            | request::HISTORICAL_NEWS
            | request::NEWS_ARTICLE => away.then_some(()),
            _ => None,
        }
    }

    /// Changes what may be seen of a symbol, or of everything.
    pub(super) fn permit(&mut self, symbol: Option<&str>, entitlement: Entitlement) {
        let allowed = match entitlement {
            Entitlement::Live => data::Entitlement::Live,
            Entitlement::None => data::Entitlement::None,
            Entitlement::Delayed => data::Entitlement::Delayed,
            Entitlement::Unsigned => data::Entitlement::ApiSubscription,
            Entitlement::Partial => data::Entitlement::Partly,
            Entitlement::Competing(times) => {
                self.conduct.burst = times;
                data::Entitlement::CompetingSession
            }
        };
        self.entitle(symbol, allowed);
    }

    /// How often an error is sent: a competing session is told of in bursts.
    pub(in crate::gateway) fn times_told(&self, code: i32) -> u32 {
        if code == 10197 {
            self.conduct.burst.max(1)
        } else {
            1
        }
    }
}

/// Whether a request starts something that goes on.
fn is_stream(id: u32, body: &Body) -> bool {
    match id {
        request::MARKET_DATA => !body
            .read::<MarketDataRequest>()
            .is_ok_and(|asked| asked.snapshot.unwrap_or(false)),
        request::HISTORICAL_DATA => body
            .read::<HistoricalDataRequest>()
            .is_ok_and(|asked| asked.keep_up_to_date.unwrap_or(false)),
        _ => true,
    }
}
