//! What is known of a market beyond its quotes: the trades that were seen, and figures that come from
//! elsewhere in life (open interest, shares to borrow, dividends), which are made up here, always the same.

use std::collections::VecDeque;

use super::quotes::Figures;
use super::venues::mixed;
use crate::exchange::{Exchange, Instrument, InstrumentId, Kind, Lots, Ticks};

const DAY: u64 = 86_400;
const WEEK: u64 = 7 * DAY;
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
    /// For one instrument, on a day.
    pub(super) fn of(instrument: &Instrument, today: u64) -> Self {
        let noise = |what: i64, bound: i64| {
            let drawn = mixed(i64::from(instrument.con_id) * 16 + what);
            i64::try_from(drawn % bound.max(1).unsigned_abs()).unwrap_or(0)
        };
        let pays = instrument.kind == Kind::Stock && noise(7, 3) > 0;
        Self {
            open_interest: (50_000 + noise(9, 400_000), 40_000 + noise(10, 400_000)),
            option_volume: (5_000 + noise(11, 60_000), 4_000 + noise(12, 60_000)),
            shortable: 1_000_000 + noise(13, 30_000_000),
            dividends: pays.then(|| dividends(instrument, noise(14, 80), today)),
            futures_open_interest: 10_000 + noise(15, 2_000_000),
            future_premium: crate::gateway::values::double(instrument.price(1 + noise(0, 20))),
        }
    }
}

/// Low and high of the last 13, 26 and 52 weeks, and the average day's volume of the last 90 days.
pub(super) fn year(exchange: &Exchange, id: InstrumentId, now: u64) -> Option<([Ticks; 6], Lots)> {
    let mut past = exchange.past();
    let begin = exchange.begins(id);
    let mut later = now + 1;
    let mut reach: Option<(Ticks, Ticks)> = None;
    let mut weeks = [0; 6];
    for (place, count) in [(0, 13), (2, 26), (4, 52)] {
        let from = now.saturating_sub(count * WEEK).max(begin).min(later);
        let summary = past.open_summary(id, from, later);
        later = from;
        let quoted = summary.middle.map(|doubled| (doubled.low / 2, doubled.high / 2));
        let here = summary.trades.map(|candle| (candle.low, candle.high)).or(quoted);
        reach = match (reach, here) {
            (Some((low, high)), Some((lower, higher))) => Some((low.min(lower), high.max(higher))),
            (known, here) => known.or(here),
        };
        let (low, high) = reach?;
        if let Some(pair) = weeks.get_mut(place..place + 2) {
            pair.copy_from_slice(&[low, high]);
        }
    }
    let from = now.saturating_sub(90 * DAY).max(begin);
    let days = exchange.open_hours(id, from, now, true).len();
    let volume = past.open_summary(id, from, now).volume;
    let average = volume / Lots::try_from(days.max(1)).unwrap_or(1);
    Some((weeks, average))
}

/// The yearly volatility of the closing prices of the last 30 days of trading, as a fraction.
pub(super) fn historical_volatility(exchange: &Exchange, id: InstrumentId, now: u64) -> Option<f64> {
    let mut past = exchange.past();
    let sessions = exchange.open_hours(id, now.saturating_sub(50 * DAY), now, true);
    let closes: Vec<f64> = sessions
        .iter()
        .filter_map(|session| past.close_before(id, session.close))
        .filter(|close| *close > 0)
        .map(|close| close as f64)
        .collect();
    let returns: Vec<f64> = closes
        .windows(2)
        .filter_map(|pair| Some(libm::log(pair.last()? / pair.first()?)))
        .rev()
        .take(30)
        .collect();
    if returns.len() < 2 {
        return None;
    }
    let count = returns.len() as f64;
    let mean = returns.iter().sum::<f64>() / count;
    let squares: f64 = returns.iter().map(|each| (each - mean) * (each - mean)).sum();
    Some(libm::sqrt(squares / (count - 1.0) * 252.0))
}

/// A quarterly dividend of a quarter percent and a bit, next paid within 80 days.
fn dividends(instrument: &Instrument, ahead: i64, today: u64) -> String {
    let quarterly = (instrument.price(instrument.open) / rust_decimal::Decimal::from(400)).round_dp(2);
    let yearly = (quarterly * rust_decimal::Decimal::from(4)).round_dp(2);
    let next = today + u64::try_from(ahead + 1).unwrap_or(1) * DAY;
    format!(
        "{yearly},{yearly},{},{quarterly}",
        crate::gateway::values::day(next)
    )
}
