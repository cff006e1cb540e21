//! Market data permissions: who may see what, and what those are told who may not.

use super::{Entitlement, Stream};
use crate::gateway::session::decode;
use crate::gateway::{Class, ConnectionId, Gateway, Problem};
use crate::wire::Body;
use crate::wire::ids::request;
use crate::wire::messages::bars::HistoricalDataRequest;
use crate::wire::messages::market::{MarketDataRequest, MarketDataType, MarketDataTypeRequest};

const NOT_SUBSCRIBED: &str = "Requested market data is not subscribed.";
const DELAYED: &str = "Requested market data is not subscribed. Displaying delayed market data.";
const UNSIGNED: &str = "Requested market data requires additional subscription for API. See link in 'Market Data \
                        Connections' dialog for more details. Delayed market data is available.";
const PARTIAL: &str = "Part of requested market data is not subscribed. Subscription-independent ticks are still \
                       active.";
const COMPETING: &str = "No market data during competing live session";
const OTHER_ADDRESS: &str = "Historical Market Data Service error message:Trading TWS session is connected from a \
                             different IP address";

const LIVE_TYPE: i32 = 1;
const DELAYED_TYPE: i32 = 3;

impl Gateway {
    /// Notes a stream that is asked for or given up, and answers in place of the data where there is no
    /// permission for it.
    pub(super) fn check_permission(
        &mut self,
        from: ConnectionId,
        id: u32,
        body: &Body,
    ) -> Result<Option<()>, Problem> {
        match id {
            request::MARKET_DATA_TYPE => {
                let asked = decode::<MarketDataTypeRequest>(body)?
                    .market_data_type
                    .unwrap_or(LIVE_TYPE);
                self.conduct.data_types.insert(from, asked);
                Ok(None)
            }
            request::CANCEL_MARKET_DATA
            | request::CANCEL_MARKET_DEPTH
            | request::CANCEL_REAL_TIME_BARS
            | request::CANCEL_TICK_BY_TICK
            | request::CANCEL_HISTORICAL_DATA => {
                if let Some(about) = body.request_id(id) {
                    let key = (from, about);
                    self.conduct.streams.remove(&key);
                    self.conduct.delayed.remove(&key);
                    self.conduct.silent.remove(&key);
                }
                Ok(None)
            }
            request::MARKET_DATA
            | request::MARKET_DEPTH
            | request::REAL_TIME_BARS
            | request::TICK_BY_TICK
            | request::HISTORICAL_DATA => self.check_stream(from, id, body),
            // What the broker would have to answer is not answered while it is away.
            request::CONTRACT_DATA
            | request::MATCHING_SYMBOLS
            | request::HEAD_TIMESTAMP
            | request::HISTOGRAM_DATA
            | request::HISTORICAL_TICKS
            | request::SEC_DEF_OPT_PARAMS
            | request::SCANNER_SUBSCRIPTION
            | request::HISTORICAL_NEWS
            | request::NEWS_ARTICLE
                if self.conduct.link_down =>
            {
                Ok(Some(()))
            }
            _ => Ok(None),
        }
    }

    fn check_stream(&mut self, from: ConnectionId, id: u32, body: &Body) -> Result<Option<()>, Problem> {
        let symbol = self.symbol_in(id, body);
        let Some(about) = body.request_id(id) else {
            return Ok(None);
        };
        let allowed = self.entitlement(symbol.as_ref());
        if is_stream(id, body) && !self.conduct.streams.contains_key(&(from, about)) {
            self.conduct
                .streams
                .insert((from, about), Stream { asked: id, symbol });
        }
        if self.conduct.link_down && id != request::MARKET_DATA {
            return Ok(Some(()));
        }
        if allowed == Entitlement::Live {
            return Ok(None);
        }
        self.answer_unentitled(from, id, about, allowed)
    }

    fn entitlement(&self, symbol: Option<&String>) -> Entitlement {
        let entitlements = &self.conduct.entitlements;
        let own = symbol.and_then(|symbol| entitlements.get(&Some(symbol.clone())));
        own.or_else(|| entitlements.get(&None))
            .copied()
            .unwrap_or(Entitlement::Live)
    }

    fn answer_unentitled(
        &mut self,
        from: ConnectionId,
        id: u32,
        about: i32,
        allowed: Entitlement,
    ) -> Result<Option<()>, Problem> {
        let problem = |code, text: &str| Err(Problem::new(code, text));
        if id == request::HISTORICAL_DATA {
            return match allowed {
                Entitlement::Competing(_) => problem(162, OTHER_ADDRESS),
                Entitlement::None => problem(
                    162,
                    "Historical Market Data Service error message:No market data permissions",
                ),
                _ => Ok(None),
            };
        }
        match (allowed, id) {
            (Entitlement::Competing(times), _) => {
                for _ in 0..times {
                    self.tell(from, about, 10197, COMPETING);
                }
                Ok(Some(()))
            }
            (Entitlement::Partial, request::MARKET_DATA) => {
                self.tell(from, about, 10090, PARTIAL);
                Ok(None)
            }
            (Entitlement::Delayed, request::MARKET_DATA) => {
                self.conduct.delayed.insert((from, about));
                self.tell(from, about, 10167, DELAYED);
                Ok(None)
            }
            (Entitlement::Unsigned, request::MARKET_DATA) => {
                self.tell(from, about, 10089, UNSIGNED);
                let asked = self.conduct.data_types.get(&from).copied().unwrap_or(LIVE_TYPE);
                if asked < DELAYED_TYPE {
                    return Ok(Some(()));
                }
                self.conduct.delayed.insert((from, about));
                Ok(None)
            }
            // There is no delayed data of these kinds.
            (_, request::TICK_BY_TICK) => problem(
                10189,
                "Failed to request tick-by-tick data:No market data permissions",
            ),
            (_, request::REAL_TIME_BARS) => {
                problem(420, "Invalid Real-time Query:No market data permissions")
            }
            _ => problem(354, NOT_SUBSCRIBED),
        }
    }

    /// Changes permissions, and what streams in the middle of it show.
    pub(super) fn entitle(&mut self, symbol: Option<String>, entitlement: Entitlement) -> String {
        if symbol.is_none() {
            self.conduct.entitlements.clear();
        }
        self.conduct.entitlements.insert(symbol.clone(), entitlement);
        let concerned = |stream: &&Stream| symbol.is_none() || stream.symbol == symbol;
        let streams: Vec<(ConnectionId, i32, u32)> = self
            .conduct
            .streams
            .iter()
            .filter(|(_, stream)| concerned(stream))
            .map(|((id, about), stream)| (*id, *about, stream.asked))
            .collect();
        for (id, about, asked) in &streams {
            self.change_stream((*id, *about), *asked, entitlement);
        }
        format!("{} running streams", streams.len())
    }

    fn change_stream(&mut self, (to, about): (ConnectionId, i32), asked: u32, entitlement: Entitlement) {
        let key = (to, about);
        let quotes = asked == request::MARKET_DATA;
        match entitlement {
            Entitlement::Live => {
                let silent = self.conduct.silent.remove(&key);
                let delayed = self.conduct.delayed.remove(&key);
                if quotes && (silent || delayed) {
                    self.tell_data_type(to, about, LIVE_TYPE);
                }
            }
            Entitlement::Competing(times) => {
                self.conduct.silent.insert(key);
                for _ in 0..times {
                    self.tell(to, about, 10197, COMPETING);
                }
            }
            Entitlement::Delayed if quotes => {
                self.tell(to, about, 10167, DELAYED);
                self.conduct.delayed.insert(key);
                self.tell_data_type(to, about, DELAYED_TYPE);
            }
            Entitlement::Partial if quotes => self.tell(to, about, 10090, PARTIAL),
            Entitlement::Unsigned if quotes => {
                self.conduct.silent.insert(key);
                self.tell(to, about, 10089, UNSIGNED);
            }
            Entitlement::None | Entitlement::Delayed | Entitlement::Partial | Entitlement::Unsigned => {
                self.conduct.silent.insert(key);
                self.tell(to, about, 354, NOT_SUBSCRIBED);
            }
        }
    }

    fn tell_data_type(&mut self, to: ConnectionId, about: i32, kind: i32) {
        let message = MarketDataType {
            req_id: Some(about),
            market_data_type: Some(kind),
        };
        self.send(to, Class::Other, &message);
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

/// The tick type that stands for a live one when the data is delayed.
pub(super) fn delayed_field(field: i32) -> i32 {
    match field {
        1 => 66,
        2 => 67,
        4 => 68,
        0 => 69,
        3 => 70,
        5 => 71,
        6 => 72,
        7 => 73,
        8 => 74,
        9 => 75,
        14 => 76,
        45 => 88,
        10 => 80,
        11 => 81,
        12 => 82,
        13 => 83,
        other => other,
    }
}

/// What delayed data says of its type.
pub(super) const SHOWN_WHEN_DELAYED: i32 = DELAYED_TYPE;
