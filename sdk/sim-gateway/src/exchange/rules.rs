//! Market rules: which prices an exchange accepts.
//!
//! A rule is a ladder: from each price on, prices are multiples of its increment. An instrument counts its
//! prices in the smallest increment of any of its exchanges, so an exchange may accept only some of them.

use std::str::FromStr;

use rust_decimal::Decimal;

use super::Exchange;
use super::instrument::{Instrument, InstrumentId, Ticks};

/// A market rule as clients are told it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ladder {
    /// From this price on, this increment; the first starts at zero.
    rungs: Vec<(Decimal, Decimal)>,
}

/// Why a ladder could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is no price ladder; write increments from low to high, as in \"0.01, 0.05 from 3\"")]
pub struct BadLadder(String);

impl Ladder {
    /// Price and the increment that holds from there on, from low to high.
    #[must_use]
    pub fn rungs(&self) -> &[(Decimal, Decimal)] {
        &self.rungs
    }

    /// The smallest increment.
    #[must_use]
    pub fn smallest(&self) -> Decimal {
        let increments = self.rungs.iter().map(|(_, increment)| *increment);
        increments.min().unwrap_or(Decimal::ONE)
    }

    /// The same ladder in ticks of `tick`, or `None` when its prices are no whole number of them.
    pub(in crate::exchange) fn grid(&self, tick: Decimal) -> Option<Grid> {
        let whole = |price: Decimal| {
            let ticks = price.checked_div(tick)?.normalize();
            ticks.is_integer().then(|| i64::try_from(ticks).ok()).flatten()
        };
        let rungs = self
            .rungs
            .iter()
            .map(|(from, step)| Some((whole(*from)?, whole(*step).filter(|step| *step > 0)?)));
        let rungs = rungs.collect::<Option<Vec<_>>>()?;
        Some(Grid { rungs })
    }
}

impl FromStr for Ladder {
    type Err = BadLadder;

    fn from_str(text: &str) -> Result<Self, BadLadder> {
        let rung = |part: &str| -> Option<(Decimal, Decimal)> {
            let (increment, from) = match part.split_once(" from ") {
                Some((increment, from)) => (increment, from.trim().parse().ok()?),
                None => (part, Decimal::ZERO),
            };
            let increment: Decimal = increment.trim().parse().ok()?;
            let sound = increment > Decimal::ZERO && (from % increment).is_zero();
            sound.then_some((from, increment))
        };
        let rungs = text.split(',').map(rung).collect::<Option<Vec<_>>>();
        rungs
            .filter(|rungs| {
                rungs.first().is_some_and(|(from, _)| from.is_zero())
                    && rungs
                        .windows(2)
                        .all(|pair| matches!(pair, [low, high] if low.0 < high.0))
            })
            .map(|rungs| Self { rungs })
            .ok_or_else(|| BadLadder(text.to_owned()))
    }
}

/// A ladder counted in an instrument's ticks. Negative prices, which combinations have, mirror it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grid {
    rungs: Vec<(Ticks, Ticks)>,
}

/// Which way to go from a price that an exchange does not accept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rounding {
    /// To the next lower price.
    Down,
    /// To the next higher price.
    Up,
    /// To the nearer one, and up from the middle.
    Nearest,
}

impl Grid {
    /// The increment at a price, and where the next rung begins.
    fn rung(&self, price: Ticks) -> (Ticks, Ticks) {
        let above = self.rungs.partition_point(|(from, _)| *from <= price);
        let next = self.rungs.get(above).map_or(Ticks::MAX, |(from, _)| *from);
        let step = above.checked_sub(1).and_then(|at| self.rungs.get(at));
        (step.map_or(1, |(_, step)| *step), next)
    }

    /// The increment from a price on.
    #[must_use]
    pub fn increment_at(&self, price: Ticks) -> Ticks {
        self.rung(price.saturating_abs()).0
    }

    /// Whether it has this price.
    #[must_use]
    pub fn holds(&self, price: Ticks) -> bool {
        price % self.increment_at(price) == 0
    }

    /// The price on it that is nearest in a direction.
    #[must_use]
    pub fn round(&self, price: Ticks, rounding: Rounding) -> Ticks {
        let mirrored = price < 0;
        let size = price.saturating_abs();
        let (step, next) = self.rung(size);
        let low = size - size % step;
        let high = if low == size {
            size
        } else {
            low.saturating_add(step).min(next)
        };
        let outward = match (rounding, mirrored) {
            (Rounding::Down, false) | (Rounding::Up, true) => false,
            (Rounding::Up, false) | (Rounding::Down, true) => true,
            (Rounding::Nearest, false) => size - low >= high - size,
            (Rounding::Nearest, true) => size - low > high - size,
        };
        let rounded = if outward { high } else { low };
        if mirrored { -rounded } else { rounded }
    }
}

impl Instrument {
    /// The prices an exchange accepts; those of the first exchange where it is none of the instrument's.
    #[must_use]
    pub fn grid(&self, exchange: &str) -> &Grid {
        let place = self.valid_exchanges.iter().position(|each| each == exchange);
        let grid = place
            .and_then(|place| self.grids.get(place))
            .or(self.grids.first());
        grid.unwrap_or(&ANY)
    }

    /// The market rule of an exchange; that of the first one where it is none of the instrument's.
    #[must_use]
    pub fn market_rule(&self, exchange: &str) -> i32 {
        let place = self.valid_exchanges.iter().position(|each| each == exchange);
        let rule = place.and_then(|place| self.market_rules.get(place));
        rule.or(self.market_rules.first()).copied().unwrap_or(0)
    }
}

/// Every price.
static ANY: Grid = Grid { rungs: Vec::new() };

impl Exchange {
    /// Whether an exchange accepts a price.
    #[must_use]
    pub fn is_on_grid(&self, id: InstrumentId, exchange: &str, price: Ticks) -> bool {
        self.market(id).instrument.grid(exchange).holds(price)
    }

    /// The increment from a price on, in ticks.
    #[must_use]
    pub fn increment_at(&self, id: InstrumentId, exchange: &str, price: Ticks) -> Ticks {
        self.market(id).instrument.grid(exchange).increment_at(price)
    }

    /// The nearest price in a direction that an exchange accepts.
    #[must_use]
    pub fn round(&self, id: InstrumentId, exchange: &str, price: Ticks, rounding: Rounding) -> Ticks {
        self.market(id).instrument.grid(exchange).round(price, rounding)
    }

    /// A market rule by its number.
    #[must_use]
    pub fn rule(&self, number: i32) -> Option<&Ladder> {
        self.config.catalogue.rule(number)
    }
}
