//! Bars of the past: which there are in a stretch of time, and what is in them.

use jiff::ToSpan;
use jiff::civil::{Date, Weekday};
use rust_decimal::Decimal;

use super::moments::{self, Format};
use super::settings::{BarSize, Duration, What};
use crate::exchange::{Candle, Exchange, Instrument, InstrumentId, Past, Summary, Ticks, TradingSession};
use crate::gateway::values::{double, written};
use crate::wire::messages::bars::HistoricalDataBar;

/// What bars are of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::gateway) struct Subject {
    pub(in crate::gateway) instrument: InstrumentId,
    pub(in crate::gateway) what: What,
    pub(in crate::gateway) size: BarSize,
    pub(in crate::gateway) regular: bool,
    pub(in crate::gateway) format: Format,
}

/// The time of one bar: when the market was open in it, and what it is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::gateway) struct Slot {
    pub(in crate::gateway) open: Vec<(u64, u64)>,
    /// Day of daily and longer bars.
    day: Option<Date>,
    /// What pieces must have in common to be in one bar.
    key: i64,
}

impl Slot {
    /// When it begins.
    pub(in crate::gateway) fn start(&self) -> u64 {
        self.open.first().map_or(0, |(from, _)| *from)
    }
}

/// When a duration that ends at `end` begins.
pub(in crate::gateway) fn beginning(
    exchange: &Exchange,
    id: InstrumentId,
    duration: Duration,
    end: u64,
    regular: bool,
) -> u64 {
    const DAY: u64 = 86_400;
    let schedule = exchange.schedule(id);
    let calendar = |back: jiff::Span| {
        let date = schedule.date(end);
        let first = date.checked_sub(back).unwrap_or(date);
        let time_of_day = end - moments::midnight(end, schedule);
        schedule.unix(first, jiff::civil::Time::midnight()) + time_of_day
    };
    let signed = |count: u64| i64::try_from(count).unwrap_or(1_000);
    match duration {
        Duration::Weeks(count) => calendar(signed(count).weeks()),
        Duration::Months(count) => calendar(signed(count).months()),
        Duration::Years(count) => calendar(signed(count).years()),
        Duration::Seconds(count) => {
            let mut left = count;
            let hours = exchange.open_hours(id, end.saturating_sub(count + 30 * DAY), end, regular);
            for session in hours.iter().rev() {
                let length = session.close - session.open;
                if length >= left {
                    return session.close - left;
                }
                left -= length;
            }
            end.saturating_sub(count)
        }
        Duration::Days(count) => {
            let reach = count * 2 * DAY + 30 * DAY;
            let hours = exchange.open_hours(id, end.saturating_sub(reach), end, regular);
            let mut days: Vec<&TradingSession> = hours.iter().rev().collect();
            let mut seen = 0;
            let mut last = None;
            days.retain(|each| {
                if last != Some(each.day) {
                    seen += 1;
                    last = Some(each.day);
                }
                seen <= count
            });
            days.last()
                .map_or(end.saturating_sub(count * DAY), |first| first.open)
        }
    }
}

/// The bars that begin in `from..to`; a last one that is cut by `to` is whole all the same.
pub(in crate::gateway) fn slots(exchange: &Exchange, subject: &Subject, from: u64, to: u64) -> Vec<Slot> {
    let id = subject.instrument;
    let from = from.max(exchange.begins(id));
    if from >= to {
        return Vec::new();
    }
    let hours = exchange.open_hours(id, from, to, subject.regular);
    let mut slots: Vec<Slot> = Vec::new();
    let mut add = |piece: (u64, u64), key: i64, day: Option<Date>| match slots.last_mut() {
        Some(slot)
            if slot.key == key && (day.is_some() || slot.open.last().is_some_and(|o| o.1 == piece.0)) =>
        {
            slot.open.push(piece);
            slot.day = day;
        }
        _ => slots.push(Slot {
            open: vec![piece],
            day,
            key,
        }),
    };
    for session in &hours {
        match subject.size {
            BarSize::Seconds(length) => {
                let mut at = session.open;
                while at < session.close {
                    let midnight = moments::midnight(at, exchange.schedule(id));
                    // Half a day at most, so that one midnight serves many bars and none after the next.
                    let noon = session
                        .close
                        .min(midnight + (at - midnight) / 43_200 * 43_200 + 43_200);
                    while at < noon {
                        let start = midnight + (at - midnight) / length * length;
                        let end = (start + length).min(session.close);
                        add((at, end), i64::try_from(start).unwrap_or(0), None);
                        at = end;
                    }
                }
            }
            size => {
                let key = match size {
                    BarSize::Week => week_of(session.day),
                    BarSize::Month => i64::from(session.day.year()) * 12 + i64::from(session.day.month()),
                    _ => i64::from(session.day.year()) * 400 + i64::from(session.day.day_of_year()),
                };
                add((session.open, session.close), key, Some(session.day));
            }
        }
    }
    slots
}

fn week_of(day: Date) -> i64 {
    let monday = i64::from(day.weekday().since(Weekday::Monday));
    let since = day - jiff::civil::date(1970, 1, 5);
    (i64::from(since.get_days()) - monday).div_euclid(7)
}

/// What one bar shows.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::gateway) struct Bar {
    pub(in crate::gateway) start: u64,
    day: Option<Date>,
    /// Open, high, low and close.
    pub(in crate::gateway) prices: [f64; 4],
    /// Volume, average price and number of trades, where trades are counted.
    pub(in crate::gateway) trades: Option<(Decimal, Decimal, i32)>,
}

impl Bar {
    /// The bar as it is sent.
    pub(in crate::gateway) fn message(&self, subject: &Subject, exchange: &Exchange) -> HistoricalDataBar {
        let date = match self.day {
            Some(day) => moments::day(day),
            None => subject
                .format
                .moment(self.start, exchange.schedule(subject.instrument)),
        };
        let [open, high, low, close] = self.prices.map(Some);
        let absent = || (Decimal::NEGATIVE_ONE, Decimal::NEGATIVE_ONE, -1);
        let (volume, wap, count) = self.trades.unwrap_or_else(absent);
        HistoricalDataBar {
            date: Some(date),
            open,
            high,
            low,
            close,
            volume: Some(written(volume)),
            wap: Some(written(wap)),
            bar_count: Some(count),
        }
    }
}

/// What happened in a slot, as far as it is over; `None` if there is nothing to show.
pub(in crate::gateway) fn bar(
    exchange: &Exchange,
    past: &mut Past<'_>,
    subject: &Subject,
    slot: &Slot,
) -> Option<Bar> {
    let id = subject.instrument;
    let mut summary = Summary::default();
    for (from, to) in &slot.open {
        summary = summary.and(&past.summary(id, *from, *to));
    }
    let instrument = &exchange.market(id).instrument;
    let price = |ticks: Ticks| double(instrument.price(ticks));
    let shape = |candle: Candle| [candle.open, candle.high, candle.low, candle.close];
    let prices = match subject.what {
        What::Trades | What::AdjustedLast | What::AggTrades => {
            let candle = summary.trades.or(summary.last.map(Candle::flat))?;
            shape(candle).map(price)
        }
        What::Bid => shape(summary.bid?).map(price),
        What::Ask => shape(summary.ask?).map(price),
        What::Midpoint => shape(summary.middle?).map(|sum| double(halved(instrument, sum))),
        // Average bid, highest ask, lowest bid, average ask.
        What::BidAsk => {
            let (bid, ask) = (summary.bid?, summary.ask?);
            [average(bid), ask.high, bid.low, average(ask)].map(price)
        }
        What::YieldBid => shape(summary.bid?).map(|ticks| yielded(price(ticks))),
        What::YieldAsk => shape(summary.ask?).map(|ticks| yielded(price(ticks))),
        What::YieldLast => shape(summary.trades?).map(|ticks| yielded(price(ticks))),
        What::YieldBidAsk => {
            let (bid, ask) = (summary.bid?, summary.ask?);
            [average(bid), ask.high, bid.low, average(ask)].map(|ticks| yielded(price(ticks)))
        }
        What::HistoricalVolatility | What::OptionImpliedVolatility | What::FeeRate => {
            rates(past, subject, slot)
        }
        What::Schedule => return None,
    };
    let trades = subject.what.has_volume().then(|| {
        let average = match summary.volume {
            0 => summary
                .trades
                .map_or(instrument.price(summary.last.unwrap_or(0)), |each| {
                    instrument.price(each.close)
                }),
            volume => average_price(instrument, summary.turnover, volume),
        };
        let count = i32::try_from(summary.count).unwrap_or(i32::MAX);
        (instrument.quantity(summary.volume), average, count)
    });
    Some(Bar {
        start: slot.start(),
        day: slot.day,
        prices: ordered(subject.what, prices),
        trades,
    })
}

/// A yield is low when the price is high.
fn ordered(what: What, prices: [f64; 4]) -> [f64; 4] {
    let [open, high, low, close] = prices;
    match what {
        What::YieldBid | What::YieldAsk | What::YieldLast | What::YieldBidAsk => [open, low, high, close],
        _ => prices,
    }
}

/// Half a sum of two prices.
pub(in crate::gateway) fn halved(instrument: &Instrument, sum: Ticks) -> Decimal {
    (Decimal::from(sum) * instrument.min_tick / Decimal::TWO).normalize()
}

fn average(candle: Candle) -> Ticks {
    (candle.open + candle.high + candle.low + candle.close).div_euclid(4)
}

fn average_price(instrument: &Instrument, turnover: i128, volume: i64) -> Decimal {
    let turnover = Decimal::try_from_i128_with_scale(turnover, 0).unwrap_or(Decimal::MAX);
    let ticks = turnover.checked_div(Decimal::from(volume)).unwrap_or_default();
    ticks
        .checked_mul(instrument.min_tick)
        .unwrap_or_default()
        .round_dp(6)
        .normalize()
}

/// Percent a year of a bond at this price: that of one which pays four and is due in ten years.
fn yielded(price: f64) -> f64 {
    let gain = (100.0 - price) / 10.0;
    let percent = (4.0 + gain) / ((100.0 + price) / 200.0);
    (percent * 1_000.0).round() / 1_000.0
}

/// Volatilities as fractions, fees of borrowing in percent: slow figures that follow the market's moods.
fn rates(past: &Past<'_>, subject: &Subject, slot: &Slot) -> [f64; 4] {
    let last = slot.open.last().map_or(0, |(_, to)| *to);
    // What was realised trails what was expected by a month.
    let lag = match subject.what {
        What::HistoricalVolatility => 30 * 86_400,
        _ => 0,
    };
    let at = |unix: u64| {
        let value = past.volatility(subject.instrument, unix.saturating_sub(lag));
        (value * 1e6).round() / 1e6
    };
    let (open, close) = (at(slot.start()), at(last.min(past.end())));
    [open, open.max(close), open.min(close), close]
}
