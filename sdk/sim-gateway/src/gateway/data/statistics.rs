//! What is known of a market beyond its quotes: the trades that were seen, and figures that come from
//! elsewhere in life (open interest, shares to borrow, dividends), which are made up here, always the same.

use std::collections::VecDeque;

use super::quotes::Figures;
use super::venues::mixed;
use crate::exchange::{Instrument, Kind, Lots, Ticks};

/// Seconds in one entry of the recent past.
const BUCKET: u64 = 10;
/// The recent past: ten minutes.
const BUCKETS: usize = 60;

/// The trades of the day, as far as what is sent needs them.
#[derive(Debug, Default)]
pub(super) struct Trades {
    /// Trades today.
    count: u64,
    /// Price times size of all of them, and their size.
    turnover: i128,
    lots: Lots,
    /// Start, size and number of trades, oldest first.
    recent: VecDeque<(u64, Lots, u64)>,
}

impl Trades {
    /// Counts one; `volume` is the day's, this trade included, and tells when a new day has begun.
    pub(super) fn add(&mut self, now: u64, price: Ticks, lots: Lots, volume: Lots) {
        if volume < self.lots + lots {
            *self = Self {
                recent: std::mem::take(&mut self.recent),
                ..Self::default()
            };
        }
        self.count += 1;
        self.turnover += i128::from(price) * i128::from(lots);
        self.lots += lots;
        let start = now - now % BUCKET;
        match self.recent.back_mut() {
            Some((at, sum, trades)) if *at == start => {
                *sum += lots;
                *trades += 1;
            }
            _ => {
                if self.recent.len() == BUCKETS {
                    self.recent.pop_front();
                }
                self.recent.push_back((start, lots, 1));
            }
        }
    }

    /// Trades today.
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// Size and number of trades in the last seconds.
    pub(super) fn since(&self, now: u64, seconds: u64) -> (Lots, u64) {
        let recent = self.recent.iter().filter(|(at, _, _)| at + seconds > now);
        recent.fold((0, 0), |(lots, trades), (_, more, other)| {
            (lots + more, trades + other)
        })
    }

    /// The text of ticks 48 and 77: price, size, time, day's volume, average price, and whether one trade
    /// filled it.
    pub(super) fn real_time_volume(
        &self,
        figures: &Figures,
        price: Ticks,
        lots: Lots,
        millis: u64,
    ) -> String {
        format!(
            "{};{};{millis};{};{:.8};true",
            figures.price(price),
            figures.size(lots),
            figures.size(self.lots),
            figures.average(self.turnover, self.lots),
        )
    }
}

/// What is made up about an instrument.
#[derive(Debug, Clone)]
pub(super) struct Facts {
    /// Shares traded on an average day of the last 90, in lots.
    pub(super) average_volume: Lots,
    /// Low and high of 13, 26 and 52 weeks, in ticks.
    pub(super) weeks: [Ticks; 6],
    /// Open contracts: calls, puts.
    pub(super) open_interest: (i64, i64),
    /// Contracts traded today: calls, puts.
    pub(super) option_volume: (i64, i64),
    /// Shares that can be borrowed.
    pub(super) shortable: i64,
    /// Past and coming year's dividends, the next one's date and amount, as the protocol writes them.
    pub(super) dividends: Option<String>,
    /// Contracts of a future that are open.
    pub(super) futures_open_interest: i64,
    /// Premium of the nearest future over an index, in its points.
    pub(super) future_premium: f64,
}

impl Facts {
    /// For one instrument whose price is `mark` and whose day went from `low` to `high`.
    pub(super) fn of(instrument: &Instrument, low: Ticks, high: Ticks, today: u64) -> Self {
        let noise = |what: i64, bound: i64| {
            let drawn = mixed(i64::from(instrument.con_id) * 16 + what);
            i64::try_from(drawn % bound.max(1).unsigned_abs()).unwrap_or(0)
        };
        // Of the opening price, which does not move: the figures must not dance about with every trade.
        let below =
            |what, percent: i64| instrument.open - instrument.open * (percent + noise(what, percent)) / 200;
        let above =
            |what, percent: i64| instrument.open + instrument.open * (percent + noise(what, percent)) / 200;
        let (low_13, high_13) = (below(1, 8).min(low), above(2, 8).max(high));
        let (low_26, high_26) = (below(3, 14).min(low_13), above(4, 14).max(high_13));
        let (low_52, high_52) = (below(5, 25).min(low_26), above(6, 25).max(high_26));
        let pays = instrument.kind == Kind::Stock && noise(7, 3) > 0;
        Self {
            average_volume: instrument.typical_lots * (40_000 + noise(8, 20_000)),
            weeks: [low_13, high_13, low_26, high_26, low_52, high_52],
            open_interest: (50_000 + noise(9, 400_000), 40_000 + noise(10, 400_000)),
            option_volume: (5_000 + noise(11, 60_000), 4_000 + noise(12, 60_000)),
            shortable: 1_000_000 + noise(13, 30_000_000),
            dividends: pays.then(|| dividends(instrument, noise(14, 80), today)),
            futures_open_interest: 10_000 + noise(15, 2_000_000),
            future_premium: crate::gateway::values::double(instrument.price(1 + noise(0, 20))),
        }
    }
}

/// A quarterly dividend of a quarter percent and a bit, next paid within 80 days.
fn dividends(instrument: &Instrument, ahead: i64, today: u64) -> String {
    let quarterly = (instrument.price(instrument.open) / rust_decimal::Decimal::from(400)).round_dp(2);
    let yearly = (quarterly * rust_decimal::Decimal::from(4)).round_dp(2);
    let next = today + u64::try_from(ahead + 1).unwrap_or(1) * 86_400;
    format!(
        "{yearly},{yearly},{},{quarterly}",
        crate::gateway::values::day(next)
    )
}
