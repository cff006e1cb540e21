//! Streams of data: which ones there are, and which of them say nothing although nobody was told.

use prost::Message;

use super::lies::{Told, real};
use super::{Entitlement, Field, Stream, frame_subject};
use crate::gateway::data;
use crate::gateway::{ConnectionId, Gateway, Output};
use crate::wire::ids::{request, response};
use crate::wire::messages::bars::HistoricalDataRequest;
use crate::wire::messages::market::{MarketDataRequest, TickPrice};
use crate::wire::{Body, Encoding, frame};

/// Messages that belong to streams.
const STREAMED: [u32; 11] = [
    response::TICK_PRICE,
    response::TICK_SIZE,
    response::TICK_STRING,
    response::TICK_GENERIC,
    response::TICK_OPTION_COMPUTATION,
    response::TICK_NEWS,
    response::TICK_BY_TICK_DATA,
    response::MARKET_DEPTH,
    response::MARKET_DEPTH_L2,
    response::REAL_TIME_BAR_TICK,
    response::HISTORICAL_DATA_UPDATE,
];

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

    /// Takes out what belongs to silent streams, and puts wrong prices in.
    pub(in crate::gateway) fn censored(&mut self, mut output: Vec<Output>) -> Vec<Output> {
        if self.is_honest() {
            return output;
        }
        output.retain_mut(|each| {
            let Output::Frame { to, id, bytes, class } = each else {
                return true;
            };
            let Some(encoding) = self.encoding(*to).filter(|_| STREAMED.contains(id)) else {
                return true;
            };
            let about = frame_subject(encoding, *id, bytes);
            let silent = about.is_some_and(|about| self.conduct.silent.contains(&(*to, about)));
            if *id == response::TICK_PRICE {
                let (to, client) = (*to, self.client_of(*to));
                let told = Told {
                    to,
                    client,
                    class: *class,
                };
                if let Some(value) = self.lied(Field::TickPrice, told, about) {
                    reprice(bytes, encoding, real(value));
                }
            }
            !self.conduct.link_down && !silent
        });
        output
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

/// Writes another price into a whole frame that has one; without one it says that there is no price, as IB does: -1 with
/// no size.
fn reprice(bytes: &mut Vec<u8>, encoding: Encoding, price: Option<f64>) {
    let size = price.is_none().then(|| "0".to_owned());
    let price = price.unwrap_or(-1.0);
    match encoding {
        Encoding::Protobuf(_) => {
            let tick = bytes.get(8..).and_then(|body| TickPrice::decode(body).ok());
            let tick = tick.unwrap_or_default();
            let tick = TickPrice {
                price: Some(price),
                size: size.or(tick.size),
                ..tick
            };
            bytes.clear();
            frame::encode(bytes, encoding, &tick);
        }
        Encoding::Text(_) => {
            let body = bytes.get(4..).unwrap_or_default();
            let written = price.to_string();
            let mut fields: Vec<&[u8]> = body.split(|byte| *byte == 0).collect();
            // Number, version, request, type, price, size.
            if let Some(field) = fields.get_mut(4) {
                *field = written.as_bytes();
            }
            if let (Some(field), Some(size)) = (fields.get_mut(5), &size) {
                *field = size.as_bytes();
            }
            let body = fields.join(&0);
            let length = u32::try_from(body.len()).unwrap_or_default();
            *bytes = [&length.to_be_bytes()[..], &body].concat();
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
