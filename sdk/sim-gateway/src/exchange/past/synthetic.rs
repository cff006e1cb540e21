//! The past that nobody looked at: quotes and trades made from the fair value.

use super::Past;
use super::candle::{Candle, Summary};
use super::tape::PastTick;
use crate::exchange::instrument::{Instrument, InstrumentId, Kind, Lots, Ticks};
use crate::exchange::market::Top;
use crate::exchange::prices::fair::{FairPath, fraction, mix};
use crate::exchange::prices::{
    as_price, as_ticks, own_moment, quantum, scaled, transformed, underlying, volatility_at,
};
use crate::exchange::rules::{Grid, Rounding};

/// Trades in a second: at its first, highest, lowest and last price.
const TRADES: u64 = 4;

impl Past<'_> {
    /// What would have happened in `from..to`, which is before the running second.
    pub(super) fn synthetic(&mut self, id: InstrumentId, from: u64, to: u64) -> Summary {
        let Some(candle) = (from < to).then(|| self.fair(id, from, to)).flatten() else {
            return Summary::default();
        };
        let instrument = &self.exchange.market(id).instrument;
        let mut summary = Summary {
            last: Some(candle.close),
            ..Summary::default()
        };
        if instrument.kind != Kind::Index {
            let half = half_spread(instrument);
            let by = |ticks: Ticks| Candle {
                open: candle.open + ticks,
                high: candle.high + ticks,
                low: candle.low + ticks,
                close: candle.close + ticks,
            };
            summary.bid = Some(by(-half));
            summary.ask = Some(by(half));
            summary.middle = Some(Candle {
                open: 2 * candle.open,
                high: 2 * candle.high,
                low: 2 * candle.low,
                close: 2 * candle.close,
            });
        }
        if instrument.kind.prints_trades() {
            summary.trades = Some(candle);
            summary.count = (to - from) * TRADES;
        }
        if instrument.kind.prints_trades() && instrument.kind != Kind::Index {
            summary.volume = traded_before(instrument, to) - traded_before(instrument, from);
            let sum = candle.open + candle.high + candle.low + candle.close;
            summary.turnover = i128::from(sum) * i128::from(summary.volume) / 4;
        }
        summary
    }

    /// The ticks that would have been sent in a second before the running one.
    pub(super) fn synthetic_ticks(&mut self, id: InstrumentId, unix: u64) -> Vec<PastTick> {
        let Some(candle) = self.fair(id, unix, unix + 1) else {
            return Vec::new();
        };
        let instrument = &self.exchange.market(id).instrument;
        let half = half_spread(instrument);
        let number = u64::from(instrument.con_id.unsigned_abs());
        let volume = traded_before(instrument, unix + 1) - traded_before(instrument, unix);
        let share = volume / TRADES as Lots;
        let mut ticks = Vec::new();
        for (at, price) in (0..).zip(path_of(candle, mix(unix ^ number))) {
            if instrument.kind != Kind::Index {
                let lots = |salt: u64| {
                    let part = fraction(mix(unix ^ (number << 20) ^ (at << 4) ^ salt));
                    1 + (instrument.typical_lots.max(2) as f64 * part) as Lots
                };
                ticks.push(PastTick::Quote(Top {
                    bid: Some((price - half, lots(1))).filter(|(bid, _)| *bid > 0),
                    ask: Some((price + half, lots(2))),
                }));
            }
            if instrument.kind.prints_trades() {
                let lots = match (instrument.kind, at) {
                    (Kind::Index, _) => 0,
                    (_, 3) => volume - 3 * share,
                    _ => share,
                };
                ticks.push(PastTick::Trade(price, lots));
            }
        }
        ticks
    }

    /// The volatility the market expected of an instrument at a Unix time, yearly, as a fraction.
    #[must_use]
    pub fn volatility(&self, id: InstrumentId, unix: u64) -> f64 {
        volatility_at(
            self.exchange.config.seed,
            &self.exchange.market(id).instrument,
            unix,
        )
    }

    /// The fair value over `from..to`, with what operators did to it; `None` where it has no past.
    fn fair(&mut self, id: InstrumentId, from: u64, to: u64) -> Option<Candle> {
        let mut at = from;
        let mut all: Option<Candle> = None;
        while at < to {
            let until = self.steady_until(id, at, to);
            let offset = self.exchange.market(id).offset_at(at);
            let part = self.untouched(id, at, until)?;
            let least = if self.exchange.market(id).instrument.kind == Kind::Bag {
                Ticks::MIN
            } else {
                0
            };
            let grid = market_grid(&self.exchange.market(id).instrument);
            let moved = |ticks: Ticks| grid.round((ticks + offset).max(least), Rounding::Nearest);
            let part = Candle {
                open: moved(part.open),
                high: moved(part.high),
                low: moved(part.low),
                close: moved(part.close),
            };
            all = Some(all.map_or(part, |all| all.and(part)));
            at = until;
        }
        all
    }

    /// Until when the same offset, and the same function of an underlying, are in force.
    fn steady_until(&self, id: InstrumentId, from: u64, to: u64) -> u64 {
        let market = self.exchange.market(id);
        let mut until = to;
        if let Some((next, _)) = market.offsets.iter().find(|(at, _)| *at > from) {
            until = until.min(*next);
        }
        if underlying(&market.instrument).is_some() && market.instrument.kind != Kind::Cfd {
            let step = quantum(market.instrument.kind);
            until = until.min(from - from % step + step);
        }
        until
    }

    fn untouched(&mut self, id: InstrumentId, from: u64, to: u64) -> Option<Candle> {
        let instrument = &self.exchange.market(id).instrument;
        if let Some(other) = underlying(instrument) {
            let spot = self.fair(other, from, to)?;
            let below = &self.exchange.market(other).instrument;
            let seed = self.exchange.config.seed;
            let price = |ticks: Ticks| {
                let spot = as_price(below, ticks);
                as_ticks(instrument, transformed(seed, instrument, below, spot, from))
            };
            let (high, low) = (price(spot.high), price(spot.low));
            // A put is dear when its underlying is cheap.
            return Some(Candle {
                open: price(spot.open),
                high: high.max(low),
                low: low.min(high),
                close: price(spot.close),
            });
        }
        if !instrument.legs.is_empty() {
            return None;
        }
        let market = self.exchange.market(id);
        let (seed, epoch) = (self.exchange.config.seed, self.exchange.config.epoch);
        let (path, base) = self.paths.entry(id).or_insert_with(|| {
            let mut path = FairPath::new(seed, instrument);
            let base = path.at(own_moment(instrument.kind, epoch));
            (path, base)
        });
        let price = |logarithm: f64| libm::round(scaled(market, *base, logarithm)) as Ticks;
        let (first, last) = (
            own_moment(instrument.kind, from),
            own_moment(instrument.kind, to - 1),
        );
        if instrument.kind == Kind::Fund {
            let (first, last) = (price(path.at(first)), price(path.at(last)));
            return Some(Candle::flat(first).then(last));
        }
        let reach = path.over(from, to);
        Some(Candle {
            open: price(reach.open),
            high: price(reach.high),
            low: price(reach.low),
            close: price(reach.close),
        })
    }
}

/// Four prices in an order in which they make a candle.
fn path_of(candle: Candle, chance: u64) -> [Ticks; 4] {
    let Candle {
        open,
        high,
        low,
        close,
    } = candle;
    if chance & 1 == 0 {
        [open, high, low, close]
    } else {
        [open, low, high, close]
    }
}

/// Ticks that make a summary, for a second whose own are forgotten.
pub(super) fn spread_out(summary: &Summary) -> Vec<PastTick> {
    let mut ticks = Vec::new();
    if let (Some(bid), Some(ask)) = (summary.bid, summary.ask) {
        for (bid, ask) in path_of(bid, 0).into_iter().zip(path_of(ask, 0)) {
            ticks.push(PastTick::Quote(Top {
                bid: Some((bid, 1)),
                ask: Some((ask, 1)),
            }));
        }
    }
    if let Some(trades) = summary.trades {
        let share = summary.volume / TRADES as Lots;
        for (at, price) in (0..).zip(path_of(trades, 0)) {
            let lots = if at == 3 {
                summary.volume - 3 * share
            } else {
                share
            };
            ticks.push(PastTick::Trade(price, lots));
        }
    }
    ticks
}

fn market_grid(instrument: &Instrument) -> &Grid {
    instrument.grid(instrument.valid_exchanges.first().map_or("", String::as_str))
}

/// Half a spread around prices of this size, which is the same over all of a stretch of time and its parts.
fn half_spread(instrument: &Instrument) -> Ticks {
    let increment = market_grid(instrument).increment_at(instrument.open);
    ((instrument.open / 200_000).max(0) + 1).max(increment)
}

/// The size traded since the beginning of time: it only grows, now faster, now slower.
fn traded_before(instrument: &Instrument, unix: u64) -> Lots {
    let key = mix(u64::from(instrument.con_id.unsigned_abs()) ^ 0x766F_6C75);
    let mut clock = unix as f64;
    for period in [60_u64, 900, 7_200, 86_400] {
        let corner = |number: u64| fraction(mix(key ^ number.wrapping_mul(period)));
        let part = (unix % period) as f64 / period as f64;
        let (left, right) = (corner(unix / period), corner(unix / period + 1));
        // An eighth of the period at most: four of them slow the clock to half its pace at most.
        clock += (left + (right - left) * part) * period as f64 / 8.0;
    }
    let pace = 1.6 * instrument.typical_lots.max(1) as f64;
    (clock * pace) as Lots + Lots::try_from(unix * TRADES).unwrap_or(0)
}
