//! Searching by symbol and name, and the option chains of an underlying.

use crate::exchange::{Instrument, InstrumentId, Kind};
use crate::gateway::values::written;
use crate::gateway::{Class, ConnectionId, Gateway, Problem};
use crate::wire::messages::contract as wire;
use crate::wire::messages::option::{SecDefOptParameter, SecDefOptParameterEnd, SecDefOptParamsRequest};

/// How many instruments one search finds at most.
const MOST: usize = 16;

/// How well an instrument fits what is searched for: its whole symbol, the beginning of it, or a word of its
/// name.
fn rank(instrument: &Instrument, pattern: &str) -> Option<u8> {
    let symbol = instrument.symbol.to_uppercase();
    let searched = matches!(
        instrument.kind,
        Kind::Stock | Kind::Index | Kind::Cash | Kind::Commodity | Kind::Crypto | Kind::Fund
    );
    match searched {
        false => None,
        true if symbol == pattern => Some(0),
        true if symbol.starts_with(pattern) => Some(1),
        true if begins_a_word(&instrument.long_name.to_uppercase(), pattern) => Some(2),
        true => None,
    }
}

fn begins_a_word(name: &str, pattern: &str) -> bool {
    let mut places = name.match_indices(pattern).map(|(place, _)| place);
    places.any(|place| {
        let before = name.get(..place).and_then(|before| before.chars().next_back());
        before.is_none_or(|before| !before.is_alphanumeric())
    })
}

impl Gateway {
    pub(super) fn matching_symbols(
        &mut self,
        to: ConnectionId,
        asked: wire::MatchingSymbolsRequest,
    ) -> Result<(), Problem> {
        let pattern = asked.pattern.unwrap_or_default().trim().to_uppercase();
        if pattern.is_empty() {
            return Err(Problem::invalid("Please enter a pattern to search for"));
        }
        let ranked = self.exchange.markets().filter_map(|(id, market)| {
            let rank = rank(&market.instrument, &pattern)?;
            Some((rank, id))
        });
        let mut ranked: Vec<(u8, InstrumentId)> = ranked.collect();
        ranked.sort_unstable();
        let rows = ranked.into_iter().take(MOST).map(|(_, id)| self.sample(id));
        let message = wire::SymbolSamples {
            req_id: asked.req_id,
            contract_descriptions: rows.collect(),
        };
        self.send(to, Class::Other, &message);
        Ok(())
    }

    fn sample(&self, id: InstrumentId) -> wire::ContractDescription {
        let instrument = &self.exchange.market(id).instrument;
        let derived = self.exchange.derivatives(id).into_iter();
        wire::ContractDescription {
            contract: Some(wire::Contract {
                con_id: Some(instrument.con_id),
                symbol: Some(instrument.symbol.clone()),
                sec_type: Some(instrument.kind.sec_type().to_owned()),
                primary_exch: Some(instrument.primary_exchange.clone()),
                currency: Some(instrument.currency.clone()),
                description: Some(instrument.long_name.clone()),
                issuer_id: Some(String::new()),
                ..wire::Contract::default()
            }),
            derivative_sec_types: derived.map(|kind| kind.sec_type().to_owned()).collect(),
        }
    }

    pub(super) fn option_chain(
        &mut self,
        to: ConnectionId,
        asked: SecDefOptParamsRequest,
    ) -> Result<(), Problem> {
        let underlying = self.exchange.find(asked.underlying_con_id.unwrap_or(0));
        let underlying = underlying.filter(|id| {
            let instrument = &self.exchange.market(*id).instrument;
            let sec_type = asked.underlying_sec_type.as_deref().unwrap_or_default();
            sec_type == instrument.kind.sec_type()
        });
        let underlying = underlying
            .ok_or_else(|| Problem::invalid("Invalid contract id or security type of the underlying"))?;
        let only = asked.fut_fop_exchange.as_deref().unwrap_or_default();
        for chain in self.exchange.option_chains(underlying) {
            let exchanges = chain.exchanges.iter();
            for exchange in exchanges.filter(|exchange| only.is_empty() || *exchange == only) {
                let days = chain.expirations.iter();
                let message = SecDefOptParameter {
                    req_id: asked.req_id,
                    exchange: Some(exchange.clone()),
                    underlying_con_id: asked.underlying_con_id,
                    trading_class: Some(chain.class.clone()),
                    multiplier: Some(written(chain.multiplier)),
                    expirations: days.map(|day| day.strftime("%Y%m%d").to_string()).collect(),
                    strikes: chain
                        .strikes
                        .iter()
                        .map(|strike| crate::gateway::values::double(*strike))
                        .collect(),
                };
                self.send(to, Class::Other, &message);
            }
        }
        let end = SecDefOptParameterEnd { req_id: asked.req_id };
        self.send(to, Class::Other, &end);
        Ok(())
    }
}
