//! What a message is about, as far as faults ask: its request or order, its symbol.

use prost::Message;

use crate::gateway::Gateway;
use crate::wire::ids::{PROTOBUF_OFFSET, request};
use crate::wire::messages::bars::{
    HeadTimestampRequest, HistogramDataRequest, HistoricalDataRequest, RealTimeBarsRequest,
};
use crate::wire::messages::contract::{Contract, ContractDataRequest};
use crate::wire::messages::depth::MarketDepthRequest;
use crate::wire::messages::market::MarketDataRequest;
use crate::wire::messages::order::PlaceOrderRequest;
use crate::wire::messages::ticks::{HistoricalTicksRequest, TickByTickRequest};
use crate::wire::text::Fields;
use crate::wire::{Body, Encoding};

/// The first field of most answers.
#[derive(Clone, PartialEq, Message)]
struct AnyAnswer {
    #[prost(int32, optional, tag = "1")]
    about: Option<i32>,
}

/// The request or order that a whole frame to a client is about.
pub(crate) fn frame_subject(encoding: Encoding, message: u32, frame: &[u8]) -> Option<i32> {
    let body = frame.get(4..)?;
    match encoding {
        Encoding::Protobuf(_) => {
            debug_assert!(
                message <= PROTOBUF_OFFSET || message == u32::MAX,
                "no message number"
            );
            AnyAnswer::decode(body.get(4..)?).ok()?.about
        }
        Encoding::Text(version) => {
            // The message number, and in older messages a version of their own, come first.
            let before = match message {
                3 | 5 | 10 | 11 | 17..=19 | 21 | 75..=109 => 1,
                1 | 2 | 4 | 12 | 13 | 20 | 45 | 46 | 50 | 52 | 55 | 57 | 58 | 63 | 64 | 71..=74 => 2,
                _ => return None,
            };
            let mut fields = Fields::new(body, version);
            for _ in 0..before {
                fields.skip().ok()?;
            }
            fields.integer().ok()?
        }
    }
}

impl Gateway {
    /// The symbol that a request names, by its symbol or by its contract id.
    pub(crate) fn symbol_in(&self, id: u32, body: &Body) -> Option<String> {
        let contract = contract_in(id, body)?;
        let named = contract.symbol.filter(|symbol| !symbol.is_empty());
        named.or_else(|| {
            let number = contract.con_id.filter(|number| *number != 0)?;
            let mut markets = self.exchange.markets();
            let found = markets.find(|(_, market)| market.instrument.con_id == number)?;
            Some(found.1.instrument.symbol.clone())
        })
    }
}

fn contract_in(id: u32, body: &Body) -> Option<Contract> {
    match id {
        request::PLACE_ORDER => body.read::<PlaceOrderRequest>().ok()?.contract,
        request::MARKET_DATA => body.read::<MarketDataRequest>().ok()?.contract,
        request::CONTRACT_DATA => body.read::<ContractDataRequest>().ok()?.contract,
        request::MARKET_DEPTH => body.read::<MarketDepthRequest>().ok()?.contract,
        request::HISTORICAL_DATA => body.read::<HistoricalDataRequest>().ok()?.contract,
        request::REAL_TIME_BARS => body.read::<RealTimeBarsRequest>().ok()?.contract,
        request::HEAD_TIMESTAMP => body.read::<HeadTimestampRequest>().ok()?.contract,
        request::HISTOGRAM_DATA => body.read::<HistogramDataRequest>().ok()?.contract,
        request::HISTORICAL_TICKS => body.read::<HistoricalTicksRequest>().ok()?.contract,
        request::TICK_BY_TICK => body.read::<TickByTickRequest>().ok()?.contract,
        _ => None,
    }
}
