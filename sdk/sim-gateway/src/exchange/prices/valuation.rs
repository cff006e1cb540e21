//! What an instrument is worth at a moment: by its own path, or by what it is derived from.

use rust_decimal::prelude::ToPrimitive;

use super::fair::{FairPath, fraction, mix};
use super::model::{self, Greeks, INTEREST, Terms};
use crate::exchange::Exchange;
use crate::exchange::instrument::{Instrument, InstrumentId, Kind, Right, Ticks};
use crate::exchange::market::Market;
use crate::exchange::order::Side;

const SECONDS_A_YEAR: f64 = 31_557_600.0;

/// What an option's prices stand for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OptionFigures {
    /// The best bid, if it can be computed.
    pub bid: Option<Greeks>,
    /// The best ask, if it can be computed.
    pub ask: Option<Greeks>,
    /// The last trade, if there was one and it can be computed.
    pub last: Option<Greeks>,
    /// The model price.
    pub model: Greeks,
}

/// Where a value comes from.
enum Source {
    /// The instrument's own path.
    Own,
    /// Another instrument.
    Underlying(InstrumentId),
    /// Several other instruments.
    Legs,
}

fn source(instrument: &Instrument) -> Source {
    let derived = matches!(instrument.kind, Kind::Cfd | Kind::Future) || instrument.kind.is_option();
    match &instrument.derivation {
        Some(derivation) if derived => Source::Underlying(derivation.underlying),
        _ if !instrument.legs.is_empty() => Source::Legs,
        _ => Source::Own,
    }
}

/// The underlying that an instrument's price is a function of, if it is of one.
pub(in crate::exchange) fn underlying(instrument: &Instrument) -> Option<InstrumentId> {
    match source(instrument) {
        Source::Underlying(id) => Some(id),
        Source::Own | Source::Legs => None,
    }
}

fn years_until(instrument: &Instrument, unix: u64) -> f64 {
    let expires = instrument.derivation.map_or(0, |derivation| derivation.expires);
    // Contracts end within decades, far below where a double loses seconds.
    expires.saturating_sub(unix) as f64 / SECONDS_A_YEAR
}

/// For how long at least the function from underlying to derived price stays the same, seconds. It is
/// looked up at multiples of that, so that all of an hour or day is priced alike.
pub(in crate::exchange) fn quantum(kind: Kind) -> u64 {
    if kind.is_option() { 3_600 } else { 86_400 }
}

/// An option's terms at a time, unless it is no option.
fn terms(instrument: &Instrument, unix: u64) -> Option<Terms> {
    let derivation = instrument.derivation.filter(|_| instrument.kind.is_option())?;
    Some(Terms {
        right: derivation.right.unwrap_or(Right::Call),
        strike: derivation.strike?.to_f64()?,
        years: years_until(instrument, unix),
        rate: INTEREST,
        carry: if instrument.kind == Kind::FutureOption {
            0.0
        } else {
            INTEREST
        },
    })
}

/// What an instrument costs when its underlying costs `spot`, in the quantum of time that `unix` is in.
pub(in crate::exchange) fn transformed(
    seed: u64,
    instrument: &Instrument,
    underlying: &Instrument,
    spot: f64,
    unix: u64,
) -> f64 {
    let at = unix - unix % quantum(instrument.kind);
    if let Some(terms) = terms(instrument, at) {
        return model::price(&terms, spot, smile(seed, &terms, underlying, at));
    }
    match instrument.kind {
        Kind::Future => spot * libm::exp(INTEREST * years_until(instrument, at)),
        _ => spot,
    }
}

/// The volatility that options of these terms are priced with.
fn smile(seed: u64, terms: &Terms, underlying: &Instrument, unix: u64) -> f64 {
    let opening = as_price(underlying, underlying.open);
    let distance = if opening > 0.0 && terms.strike > 0.0 {
        libm::log(terms.strike / opening).clamp(-1.0, 1.0)
    } else {
        0.0
    };
    volatility_at(seed, underlying, unix) * (1.0 - 0.15 * distance + 0.3 * distance * distance)
}

/// The volatility the market expects of an instrument: its own, with moods of days and months.
pub(in crate::exchange) fn volatility_at(seed: u64, instrument: &Instrument, unix: u64) -> f64 {
    let key = mix(mix(seed) ^ u64::from(instrument.con_id.unsigned_abs()) ^ 0x766F_6C61);
    let mood: f64 = [86_400_u64, 691_200, 5_529_600]
        .into_iter()
        .map(|period| {
            let corner = |number: u64| fraction(mix(key ^ number.wrapping_mul(period))) - 0.5;
            let part = (unix % period) as f64 / period as f64;
            let (left, right) = (corner(unix / period), corner(unix / period + 1));
            left + (right - left) * part
        })
        .sum();
    instrument.volatility.clamp(1e-3, 5.0) * (1.0 + 0.2 * mood)
}

/// A price in ticks as a number.
pub(in crate::exchange) fn as_price(instrument: &Instrument, ticks: Ticks) -> f64 {
    // Prices are far below where a double loses ticks.
    ticks as f64 * instrument.min_tick.to_f64().unwrap_or(1.0)
}

/// A number as a price, in the nearest whole ticks.
pub(in crate::exchange) fn as_ticks(instrument: &Instrument, price: f64) -> Ticks {
    // Casting saturates, which is as good as any price at that size.
    libm::round(price / instrument.min_tick.to_f64().unwrap_or(1.0)) as Ticks
}

/// The fair value of an instrument with a path of its own, in ticks before rounding.
pub(in crate::exchange) fn scaled(market: &Market, base: f64, logarithm: f64) -> f64 {
    market.instrument.open as f64 * libm::exp(logarithm - base)
}

impl Exchange {
    /// The fair value of a market at a Unix time, in ticks, with what operators have done to it.
    pub(in crate::exchange) fn fair_value(&mut self, id: InstrumentId, unix: u64) -> Ticks {
        let (seed, epoch) = (self.config.seed, self.config.epoch);
        let ticks = match source(&self.market(id).instrument) {
            Source::Own => {
                let market = &mut self.markets[id.0];
                let at = own_moment(market.instrument.kind, unix);
                let (path, base) = market.path.get_or_insert_with(|| {
                    let mut path = Box::new(FairPath::new(seed, &market.instrument));
                    let base = path.at(own_moment(market.instrument.kind, epoch));
                    (path, base)
                });
                let (base, logarithm) = (*base, path.at(at));
                libm::round(scaled(market, base, logarithm)) as Ticks
            }
            Source::Underlying(other) => {
                let spot = self.spot(other, unix);
                let instrument = &self.market(id).instrument;
                let price = transformed(seed, instrument, &self.market(other).instrument, spot, unix);
                as_ticks(instrument, price)
            }
            Source::Legs => {
                let price = self.value_of_legs(id, unix);
                as_ticks(&self.market(id).instrument, price)
            }
        };
        ticks + self.market(id).offset_at(unix)
    }

    /// The price of a market as others derive theirs from it: the middle of its quotes while it moves.
    pub(in crate::exchange) fn spot(&mut self, id: InstrumentId, unix: u64) -> f64 {
        let market = self.market(id);
        if market.moving {
            return market.middle();
        }
        let ticks = self.fair_value(id, unix);
        as_price(&self.market(id).instrument, ticks)
    }

    /// The price of a combination: what its legs are worth by ratio and multiplier, per unit of its own.
    fn value_of_legs(&mut self, id: InstrumentId, unix: u64) -> f64 {
        let units = |instrument: &Instrument| instrument.multiplier.to_f64().unwrap_or(1.0).max(1e-9);
        let mut worth = 0.0;
        for leg in self.market(id).instrument.legs.clone() {
            let sign = if leg.side == Side::Buy { 1.0 } else { -1.0 };
            let weight = leg.ratio as f64 * units(&self.market(leg.instrument).instrument);
            worth += sign * weight * self.spot(leg.instrument, unix);
        }
        worth / units(&self.market(id).instrument)
    }

    /// What an option's current prices stand for; `None` for an instrument that is no option.
    pub fn greeks(&mut self, id: InstrumentId) -> Option<OptionFigures> {
        let unix = self.unix_seconds(self.now);
        let other = underlying(&self.market(id).instrument)?;
        terms(&self.market(id).instrument, unix)?;
        let spot = self.spot(other, unix);
        let market = self.market(id);
        let instrument = &market.instrument;
        let (shown, day) = (market.shown(), market.session());
        let terms = terms(instrument, unix)?;
        let figures = |ticks: Ticks| {
            let volatility = model::implied_volatility(&terms, spot, as_price(instrument, ticks))?;
            let greeks = model::greeks(&terms, spot, volatility);
            Some(Greeks {
                price: as_price(instrument, ticks),
                ..greeks
            })
        };
        let hour = unix - unix % quantum(instrument.kind);
        let volatility = smile(self.config.seed, &terms, &self.market(other).instrument, hour);
        Some(OptionFigures {
            bid: shown.bid.and_then(|(price, _)| figures(price)),
            ask: shown.ask.and_then(|(price, _)| figures(price)),
            last: (day.last_lots > 0).then(|| figures(day.last)).flatten(),
            model: model::greeks(&terms, spot, volatility),
        })
    }

    /// What an option would cost at this volatility and price of its underlying; `None` for an instrument
    /// that is no option.
    #[must_use]
    pub fn option_price(&self, id: InstrumentId, volatility: f64, underlying: f64) -> Option<Greeks> {
        let terms = terms(&self.market(id).instrument, self.unix_seconds(self.now))?;
        Some(model::greeks(&terms, underlying, volatility))
    }

    /// What an option's price stands for at this price of its underlying; `None` when the instrument is no
    /// option, or no volatility explains the price.
    #[must_use]
    pub fn option_volatility(&self, id: InstrumentId, price: f64, underlying: f64) -> Option<Greeks> {
        let terms = terms(&self.market(id).instrument, self.unix_seconds(self.now))?;
        let volatility = model::implied_volatility(&terms, underlying, price)?;
        Some(model::greeks(&terms, underlying, volatility))
    }
}

/// When the value of this moment was made: a fund's is made once a day.
pub(in crate::exchange) fn own_moment(kind: Kind, unix: u64) -> u64 {
    match kind {
        Kind::Fund => unix - unix % 86_400,
        _ => unix,
    }
}
