//! Combinations: instruments made of legs, created when they are first named.

use rust_decimal::Decimal;
use std::sync::Arc;

use super::chain::FIRST_CON_ID;
use crate::exchange::Exchange;
use crate::exchange::instrument::{About, Instrument, InstrumentId, Kind, Leg};
use crate::exchange::order::Side;

/// Contract ids of combinations; what follows from their legs, so that it is the same in every run.
const FIRST: i32 = 960_000_000;
const COUNT: u64 = 40_000_000;

/// Why legs make no combination.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadCombination {
    /// Fewer than two legs, or too many.
    #[error("a combination has 2 to 6 legs, this one has {0}")]
    Legs(usize),
    /// A ratio of zero or less, or beyond reason.
    #[error("the ratio of a leg is 1 to 10000, not {0}")]
    Ratio(i64),
    /// A combination inside a combination, or an index.
    #[error("contract {0} cannot be a leg")]
    Leg(i32),
}

impl Exchange {
    /// The combination of these legs, which is one and the same whatever order they come in.
    ///
    /// Its price is what its legs cost together: each leg's price times its ratio and multiplier, added when
    /// the leg is bought with it and subtracted when it is sold, over the multiplier of the combination,
    /// which is the largest of its legs'.
    ///
    /// # Errors
    /// When legs or ratios make no sense.
    pub fn combination(&mut self, legs: &[Leg]) -> Result<InstrumentId, BadCombination> {
        let Some(first) = legs.first().filter(|_| (2..=6).contains(&legs.len())) else {
            return Err(BadCombination::Legs(legs.len()));
        };
        for leg in legs {
            let instrument = &self.market(leg.instrument).instrument;
            if matches!(instrument.kind, Kind::Bag | Kind::Index) {
                return Err(BadCombination::Leg(instrument.con_id));
            }
            if !(1..=10_000).contains(&leg.ratio) {
                return Err(BadCombination::Ratio(leg.ratio));
            }
        }
        let key = self.key(legs);
        let mut con_id = FIRST + i32::try_from(hash(&key) % COUNT).unwrap_or(0);
        while let Some(id) = self.listed.get(&con_id).copied() {
            if self.key(&self.market(id).instrument.legs) == key {
                return Ok(id);
            }
            con_id = if con_id + 1 < FIRST_CON_ID {
                con_id + 1
            } else {
                FIRST
            };
        }
        let instrument = self.combined(con_id, first.instrument, legs);
        Ok(self.open_market(instrument))
    }

    fn key(&self, legs: &[Leg]) -> Vec<(i32, i64, bool)> {
        let part = |leg: &Leg| {
            let con_id = self.market(leg.instrument).instrument.con_id;
            (con_id, leg.ratio, leg.side == Side::Buy)
        };
        let mut key: Vec<_> = legs.iter().map(part).collect();
        key.sort_unstable();
        key
    }

    fn combined(&self, con_id: i32, first: InstrumentId, legs: &[Leg]) -> Instrument {
        let parts = || {
            legs.iter()
                .map(|leg| (leg, &self.market(leg.instrument).instrument))
        };
        let multiplier = parts()
            .map(|(_, part)| part.multiplier)
            .max()
            .unwrap_or(Decimal::ONE);
        let tick = parts()
            .map(|(_, part)| part.min_tick)
            .reduce(common)
            .unwrap_or(Decimal::ONE);
        let value = parts().map(|(leg, part)| {
            let value = part.price(part.open) * part.multiplier * Decimal::from(leg.ratio);
            if leg.side == Side::Buy { value } else { -value }
        });
        let price = value.sum::<Decimal>() / multiplier;
        let mut symbols: Vec<&str> = Vec::new();
        for (_, part) in parts() {
            if !symbols.contains(&part.symbol.as_str()) {
                symbols.push(&part.symbol);
            }
        }
        let symbol = symbols.join(",");
        let first = &self.market(first).instrument;
        let shared = first.valid_exchanges.iter().filter(|exchange| {
            let mut all = parts();
            *exchange == "SMART" || all.all(|(_, part)| part.valid_exchanges.contains(*exchange))
        });
        let mut exchanges: Vec<String> = shared.cloned().collect();
        if !exchanges.iter().any(|each| each == "SMART") {
            exchanges.insert(0, "SMART".to_owned());
        }
        Instrument {
            con_id,
            kind: Kind::Bag,
            currency: first.currency.clone(),
            primary_exchange: String::new(),
            valid_exchanges: exchanges,
            local_symbol: symbol.clone(),
            trading_class: "COMB".to_owned(),
            long_name: symbol.clone(),
            symbol,
            min_tick: tick,
            size_increment: Decimal::ONE,
            min_size: Decimal::ONE,
            market_rules: Vec::new(),
            grids: Arc::new([]),
            multiplier,
            maturity: None,
            derivation: None,
            legs: legs.to_vec(),
            volatility: parts().map(|(_, part)| part.volatility).fold(0.0, f64::max),
            beta: 0.0,
            open: i64::try_from((price / tick).round()).unwrap_or(0),
            typical_lots: parts().map(|(_, part)| part.typical_lots).min().unwrap_or(1),
            // A combination trades while its first leg does.
            schedule: Arc::clone(&first.schedule),
            about: Arc::new(About {
                price_magnifier: 1,
                ..About::default()
            }),
        }
    }
}

/// The largest increment both are multiples of.
fn common(mut a: Decimal, mut b: Decimal) -> Decimal {
    while !b.is_zero() {
        (a, b) = (b, a % b);
    }
    a.normalize()
}

/// FNV-1a, spelled out because the standard hasher promises no lasting values.
fn hash(key: &[(i32, i64, bool)]) -> u64 {
    let bytes = key.iter().flat_map(|(id, ratio, buy)| {
        let (id, ratio) = (id.to_le_bytes(), ratio.to_le_bytes());
        id.into_iter().chain(ratio).chain([u8::from(*buy)])
    });
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
