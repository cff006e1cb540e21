//! What a currency is worth in the base currency, through the simulated pairs.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use crate::exchange::Exchange;
use crate::exchange::instrument::{InstrumentId, Kind};
use crate::exchange::market::Market;

/// The currency every account is kept in.
pub const BASE_CURRENCY: &str = "USD";

/// Which pair prices each currency in the base currency.
#[derive(Debug, Default)]
pub(in crate::exchange) struct Pairs(BTreeMap<String, (InstrumentId, bool)>);

impl Pairs {
    /// Finds the pairs among a catalogue's markets.
    pub(in crate::exchange) fn new(markets: &[Market]) -> Self {
        let mut pairs = BTreeMap::new();
        for (index, market) in markets.iter().enumerate() {
            let instrument = &market.instrument;
            if instrument.kind != Kind::Cash {
                continue;
            }
            if instrument.currency == BASE_CURRENCY {
                pairs.insert(instrument.symbol.clone(), (InstrumentId(index), false));
            } else if instrument.symbol == BASE_CURRENCY {
                pairs.insert(instrument.currency.clone(), (InstrumentId(index), true));
            }
        }
        Self(pairs)
    }
}

impl Exchange {
    /// What one unit of a currency is worth in the base currency. A currency that no pair prices counts at
    /// par.
    #[must_use]
    pub fn rate(&self, currency: &str) -> Decimal {
        let Some((id, inverse)) = self.pairs.0.get(currency) else {
            return Decimal::ONE;
        };
        let market = self.market(*id);
        let price = market.instrument.price(market.mark());
        match inverse {
            false => price,
            true => Decimal::ONE
                .checked_div(price)
                .unwrap_or(Decimal::ONE)
                .round_dp(10),
        }
    }
}
