//! Algorithms, in plain form: an order is traded in slices over a time, as fills of the order itself.
//! What is left at the end works like any other order.

use crate::exchange::Exchange;
use crate::exchange::instrument::Lots;
use crate::exchange::order::{Algorithm, OrderKey, Place};

use crate::exchange::trading::desk::Alarm;
use crate::exchange::trading::matching::Pricing;

/// How long an algorithm takes that is not told, seconds.
const USUAL: u64 = 300;
const DAY: u64 = 86_400;

/// An order in the hands of an algorithm.
#[derive(Debug, Clone, Copy)]
pub(in crate::exchange) struct Slicing {
    start: u64,
    end: u64,
    slices: u64,
    /// Slices made so far.
    done: u64,
    /// Size to trade, and size traded before the start.
    total: Lots,
    before: Lots,
    /// More at the beginning and the end than in between, as volume is.
    by_volume: bool,
}

impl Slicing {
    fn new(algorithm: &Algorithm, now: u64, total: Lots, before: Lots) -> Self {
        let parameter = |name: &str| algorithm.parameters.get(name).map(String::as_str);
        let usual = match (algorithm.strategy.as_str(), parameter("adaptivePriority")) {
            ("Adaptive", Some("Urgent")) => 3,
            ("Adaptive", Some("Patient")) => 60,
            ("Adaptive", _) => 15,
            _ => USUAL,
        };
        let moment = |name| parameter(name).and_then(|text| moment(text, now));
        let start = moment("startTime").map_or(now, |at| at.max(now));
        let end = moment("endTime").filter(|end| *end > start);
        let end = end.unwrap_or(start + usual);
        let slices = ((end - start) / 10).clamp(3, 60).min(end - start);
        Self {
            start,
            end,
            slices,
            done: 0,
            total,
            before,
            by_volume: algorithm.strategy.eq_ignore_ascii_case("Vwap"),
        }
    }

    /// When the next slice is due.
    fn next_at(&self) -> u64 {
        self.start + (self.end - self.start) * self.done / self.slices.max(1)
    }

    /// How much is to have traded after the slices made so far.
    fn target(&self) -> Lots {
        let (done, slices) = (i128::from(self.done), i128::from(self.slices.max(1)));
        let share = |part: i128, whole: i128| {
            let lots = i128::from(self.total) * part / whole;
            Lots::try_from(lots).unwrap_or(self.total)
        };
        if !self.by_volume {
            return share(done, slices);
        }
        // The integral of a parabola with its low in the middle, three times as high at both ends.
        let curve = |x: i128| 3 * x * slices * slices - 4 * x * x * slices + (8 * x * x * x) / 3;
        share(curve(done), curve(slices).max(1))
    }
}

impl Exchange {
    /// Hands an order to its algorithm, unless the algorithm has done its part.
    pub(in crate::exchange::trading) fn start_slicing(&mut self, key: OrderKey) {
        let now = self.unix_now();
        let Some(order) = self.orders.get(&key) else {
            return;
        };
        let Some(algorithm) = &order.request.attributes.algorithm else {
            return;
        };
        let slicing = Slicing::new(algorithm, now, order.workable(), order.filled);
        self.desk.slicings.insert(key, slicing);
        self.set_alarm(slicing.start.max(now), Alarm::Slice(key));
        self.wait_sliced(key);
    }

    /// Trades the next slice of an order.
    pub(in crate::exchange::trading) fn slice(&mut self, key: OrderKey) {
        let Some(order) = self.orders.get(&key).filter(|order| order.place == Place::Sliced) else {
            return;
        };
        let Some(slicing) = self.desk.slicings.get_mut(&key) else {
            return;
        };
        slicing.done += 1;
        let slicing = *slicing;
        let due = slicing.before + slicing.target() - order.filled;
        if slicing.done >= slicing.slices {
            self.withdraw(key);
            if let Some(order) = self.orders.get_mut(&key) {
                order.sliced = true;
            }
            self.work(key);
            return;
        }
        if due > 0 {
            let limit = match self.pricing(key) {
                Pricing::Limit(limit) => Some(limit),
                Pricing::Any => None,
                Pricing::Unpriced => return,
            };
            self.sweep(key, limit, due);
        }
        self.set_alarm(slicing.next_at().max(self.unix_now() + 1), Alarm::Slice(key));
    }
}

/// A moment in one of the protocol's forms, in UTC: `hh:mm:ss` of today, `yyyymmdd hh:mm:ss` or with a
/// dash. `None` in other forms and zones.
fn moment(text: &str, now: u64) -> Option<u64> {
    let text = text.trim();
    let text = ["UTC", "GMT"]
        .iter()
        .find_map(|zone| text.strip_suffix(zone))
        .unwrap_or(text);
    let (date, clock) = match text.trim().split_once(['-', ' ']) {
        Some((date, clock)) => (Some(date), clock),
        None => (None, text.trim()),
    };
    let mut parts = clock.trim().split(':').map(|part| part.parse::<u64>().ok());
    let (hours, minutes, seconds) = (parts.next()??, parts.next()??, parts.next().unwrap_or(Some(0))?);
    let of_day = hours * 3_600 + minutes * 60 + seconds;
    let midnight = match date {
        None => now - now % DAY,
        Some(date) => day_start(date)?,
    };
    (of_day < DAY).then(|| midnight + of_day)
}

fn day_start(date: &str) -> Option<u64> {
    let number = |from: usize, to: usize| date.get(from..to)?.parse().ok();
    let year: u16 = number(0, 4)?;
    let (month, day): (u16, u16) = (number(4, 6)?, number(6, 8)?);
    let month = time::Month::try_from(u8::try_from(month).ok()?).ok()?;
    let date = time::Date::from_calendar_date(year.into(), month, u8::try_from(day).ok()?).ok()?;
    u64::try_from(date.midnight().assume_utc().unix_timestamp()).ok()
}
