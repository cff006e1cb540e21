//! The hours of one kind of market at one venue, worked out for every day.

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

use jiff::ToSpan;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;

use super::day_rule::{DayRule, before};
use super::{Phase, TradingSession};

/// First year the tables can hold, and how many: a simulated clock outside them finds every market closed.
const FIRST_YEAR: i16 = 1990;
const YEARS: usize = 120;
const DAY_MINUTES: i32 = 1_440;

/// The days on which a venue is shut, or shuts early.
#[derive(Debug)]
pub(in crate::exchange) struct Holidays {
    closed: Vec<DayRule>,
    early: Vec<DayRule>,
    years: Box<[OnceLock<Marked>]>,
}

/// The marked days of one year.
#[derive(Debug, Default)]
struct Marked {
    closed: BTreeSet<Date>,
    early: BTreeSet<Date>,
}

/// From one minute to another, counted from midnight of the trading day; before it they are negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::exchange) struct Interval {
    pub(in crate::exchange) open: i32,
    pub(in crate::exchange) close: i32,
}

/// What a schedule is made of.
#[derive(Debug, Clone)]
pub(in crate::exchange) struct Plan {
    pub(in crate::exchange) zone: TimeZone,
    /// The zone as the gateway writes it.
    pub(in crate::exchange) zone_id: String,
    /// Trading days by weekday, Monday first.
    pub(in crate::exchange) weekdays: [bool; 7],
    pub(in crate::exchange) trading: Vec<Interval>,
    pub(in crate::exchange) liquid: Vec<Interval>,
    /// On early days everything ends by then: all hours, and regular ones.
    pub(in crate::exchange) early: (i32, i32),
    pub(in crate::exchange) holidays: Arc<Holidays>,
}

/// When one kind of market at one venue is open.
#[derive(Debug)]
pub struct Schedule {
    plan: Plan,
    years: Box<[OnceLock<Box<[TradingSession]>>]>,
}

fn slots<T>() -> Box<[OnceLock<T>]> {
    (0..YEARS).map(|_| OnceLock::new()).collect()
}

fn slot(year: i16) -> Option<usize> {
    usize::try_from(year - FIRST_YEAR).ok()
}

impl Holidays {
    pub(in crate::exchange) fn new(closed: Vec<DayRule>, early: Vec<DayRule>) -> Self {
        Self {
            closed,
            early,
            years: slots(),
        }
    }

    fn marked(&self, year: i16) -> Option<&Marked> {
        let slot = self.years.get(slot(year)?)?;
        Some(slot.get_or_init(|| {
            // A holiday may be kept in the year before or after its own.
            let days = |rules: &[DayRule]| {
                let around = [year - 1, year, year + 1];
                around
                    .into_iter()
                    .flat_map(|each| rules.iter().filter_map(move |rule| holiday(rule, each)))
                    .filter(|date| date.year() == year)
                    .collect()
            };
            Marked {
                closed: days(&self.closed),
                early: days(&self.early),
            }
        }))
    }

    fn is_closed(&self, date: Date) -> bool {
        self.marked(date.year())
            .is_none_or(|marked| marked.closed.contains(&date))
    }

    fn is_early(&self, date: Date) -> bool {
        self.marked(date.year())
            .is_some_and(|marked| marked.early.contains(&date))
    }
}

fn holiday(rule: &DayRule, year: i16) -> Option<Date> {
    if rule.year().is_some_and(|only| only != year) {
        return None;
    }
    let weekday = |date: Date| date.weekday().to_monday_zero_offset() < 5;
    rule.on(year, 1, &weekday)
}

impl Schedule {
    pub(in crate::exchange) fn new(plan: Plan) -> Self {
        Self { plan, years: slots() }
    }

    /// The time zone as the gateway writes it, such as `US/Eastern`.
    #[must_use]
    pub fn zone_id(&self) -> &str {
        &self.plan.zone_id
    }

    /// The venue's time zone.
    #[must_use]
    pub fn zone(&self) -> &TimeZone {
        &self.plan.zone
    }

    /// The venue's calendar date at a Unix time in seconds.
    #[must_use]
    pub fn date(&self, unix: u64) -> Date {
        let seconds = i64::try_from(unix).unwrap_or(i64::MAX);
        let moment = jiff::Timestamp::from_second(seconds).unwrap_or(jiff::Timestamp::MAX);
        self.plan.zone.to_datetime(moment).date()
    }

    /// A Unix time in seconds by the venue's clock, laid out as `strftime` does.
    #[must_use]
    pub fn clock(&self, unix: u64, layout: &str) -> String {
        let seconds = i64::try_from(unix).unwrap_or(i64::MAX);
        let moment = jiff::Timestamp::from_second(seconds).unwrap_or(jiff::Timestamp::MAX);
        self.plan.zone.to_datetime(moment).strftime(layout).to_string()
    }

    /// The Unix time in seconds of a clock time at the venue.
    #[must_use]
    pub fn unix(&self, date: Date, time: Time) -> u64 {
        let zoned = self.plan.zone.to_zoned(date.to_datetime(time));
        zoned.map_or(0, |zoned| {
            u64::try_from(zoned.timestamp().as_second()).unwrap_or(0)
        })
    }

    /// Whether a date is a trading day, in whole or in part.
    #[must_use]
    pub fn is_trading_day(&self, date: Date) -> bool {
        let weekday = usize::try_from(date.weekday().to_monday_zero_offset()).unwrap_or(0);
        self.plan.weekdays.get(weekday).copied().unwrap_or(false) && !self.plan.holidays.is_closed(date)
    }

    /// The date itself if it is a trading day, or the last one before it.
    #[must_use]
    pub fn trading_day_by(&self, date: Date) -> Option<Date> {
        before(date, &|each| self.is_trading_day(each))
    }

    /// The sessions of one trading day in order; none when it is no trading day.
    #[must_use]
    pub fn day(&self, date: Date) -> &[TradingSession] {
        let all = self.year(date.year());
        let from = all.partition_point(|each| each.day < date);
        let to = all.partition_point(|each| each.day <= date);
        all.get(from..to).unwrap_or_default()
    }

    /// The sessions that end after `from` and open before `to`, in order.
    pub fn sessions(&self, from: u64, to: u64) -> impl Iterator<Item = &TradingSession> {
        // Sessions open and close less than two days from their trading day.
        let first = self.date(from.saturating_sub(2 * 86_400)).year();
        let last = self
            .date(to.saturating_add(2 * 86_400))
            .year()
            .min(first.saturating_add(200));
        (first..=last)
            .flat_map(move |year| {
                let all = self.year(year);
                all.get(all.partition_point(|each| each.close <= from)..)
                    .unwrap_or_default()
            })
            .take_while(move |each| each.open < to)
    }

    /// The session running at a moment.
    #[must_use]
    pub fn at(&self, unix: u64) -> Option<&TradingSession> {
        self.sessions(unix, unix.saturating_add(1)).next()
    }

    /// The session running at a moment, or the next one.
    #[must_use]
    pub fn from(&self, unix: u64) -> Option<&TradingSession> {
        self.sessions(unix, unix.saturating_add(60 * 86_400)).next()
    }

    fn year(&self, year: i16) -> &[TradingSession] {
        let slot = slot(year).and_then(|slot| self.years.get(slot));
        slot.map_or(&[], |slot| slot.get_or_init(|| self.work_out(year)))
    }

    fn work_out(&self, year: i16) -> Box<[TradingSession]> {
        let Ok(first) = Date::new(year, 1, 1) else {
            return Box::default();
        };
        let days = first.series(1.day()).take_while(|date| date.year() == year);
        days.filter(|date| self.is_trading_day(*date))
            .flat_map(|date| self.sessions_of(date))
            .collect()
    }

    fn sessions_of(&self, date: Date) -> Vec<TradingSession> {
        let (all_end, regular_end) = match self.plan.holidays.is_early(date) {
            true => self.plan.early,
            false => (i32::MAX, i32::MAX),
        };
        let cut = |intervals: &[Interval], end: i32| -> Vec<Interval> {
            let cut = intervals.iter().map(|each| Interval {
                close: each.close.min(end),
                ..*each
            });
            cut.filter(|each| each.open < each.close).collect()
        };
        let liquid = cut(&self.plan.liquid, regular_end);
        let mut sessions = Vec::new();
        for open in cut(&self.plan.trading, all_end) {
            let mut at = open.open;
            for regular in &liquid {
                let (from, to) = (regular.open.max(at), regular.close.min(open.close));
                if from < to {
                    sessions.push((at, from, Phase::Extended));
                    sessions.push((from, to, Phase::Regular));
                    at = to;
                }
            }
            sessions.push((at, open.close, Phase::Extended));
        }
        let sessions = sessions.into_iter().filter(|(open, close, _)| open < close);
        sessions
            .map(|(open, close, phase)| TradingSession {
                day: date,
                open: self.minute(date, open),
                close: self.minute(date, close),
                phase,
            })
            .collect()
    }

    /// The Unix time of a minute counted from a day's midnight, by the clock on the wall.
    fn minute(&self, date: Date, minute: i32) -> u64 {
        let date = date
            .checked_add(minute.div_euclid(DAY_MINUTES).days())
            .unwrap_or(date);
        let minute = minute.rem_euclid(DAY_MINUTES);
        let part = |value: i32| i8::try_from(value).unwrap_or(0);
        let time = Time::new(part(minute / 60), part(minute % 60), 0, 0).unwrap_or(Time::midnight());
        self.unix(date, time)
    }
}
