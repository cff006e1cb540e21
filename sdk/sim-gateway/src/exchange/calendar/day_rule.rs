//! Days named by a rule: `third friday of june`, `easter -2`, `07-04 observed`, `last business day -2b`.
//!
//! Holidays name their month; expiries are looked for in the contract's month.

use std::str::FromStr;

use jiff::ToSpan;
use jiff::civil::{Date, Weekday};

/// A day that comes once a year, or once in the month of a contract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::exchange) struct DayRule {
    anchor: Anchor,
    month: Month,
    shift: i32,
    business: bool,
    observed: Observed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Anchor {
    Exactly(Date),
    Easter,
    /// The n-th of its kind in the month; -1 is the last.
    Weekday(i8, Weekday),
    LastBusinessDay,
    Day(i8),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Month {
    /// That month of every year.
    Named(i8),
    /// So many months after the one asked about.
    Contract(i32),
}

/// Where a day that falls on a weekend is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Observed {
    Itself,
    /// Saturday's on Friday, Sunday's on Monday.
    Nearest,
    /// Sunday's on Monday; Saturday's is lost.
    MondayOnly,
}

/// Why a day rule could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "\"{0}\" names no day; write it as \"2027-02-08\", \"12-25 observed\", \"easter -2\", \
     \"third monday of january\", \"last business day -2b\" or \"day 25 of previous month\""
)]
pub struct BadDay(String);

impl DayRule {
    /// The day in a year, or in a month of it where the rule is about contracts. `open` tells business days.
    pub(in crate::exchange) fn on(&self, year: i16, month: i8, open: &dyn Fn(Date) -> bool) -> Option<Date> {
        let base = match self.anchor {
            Anchor::Exactly(date) => Some(date),
            Anchor::Easter => easter(year),
            Anchor::Weekday(nth, weekday) => self.first(year, month)?.nth_weekday_of_month(nth, weekday).ok(),
            Anchor::LastBusinessDay => {
                let last = self.first(year, month)?.last_of_month();
                before(last, open)
            }
            Anchor::Day(day) => {
                let first = self.first(year, month)?;
                first.with().day(day.min(first.days_in_month())).build().ok()
            }
        }?;
        self.observed(self.shifted(base, open)?)
    }

    /// Whether it names one day of one year.
    pub(in crate::exchange) fn year(&self) -> Option<i16> {
        match self.anchor {
            Anchor::Exactly(date) => Some(date.year()),
            _ => None,
        }
    }

    /// Whether it needs the month of a contract to be told.
    pub(in crate::exchange) fn is_monthly(&self) -> bool {
        !matches!(self.anchor, Anchor::Exactly(_) | Anchor::Easter)
            && matches!(self.month, Month::Contract(_))
    }

    fn first(&self, year: i16, month: i8) -> Option<Date> {
        match self.month {
            Month::Named(month) => Date::new(year, month, 1).ok(),
            Month::Contract(ahead) => Date::new(year, month, 1).ok()?.checked_add(ahead.months()).ok(),
        }
    }

    fn shifted(&self, base: Date, open: &dyn Fn(Date) -> bool) -> Option<Date> {
        if !self.business {
            return base.checked_add(self.shift.days()).ok();
        }
        // Counting starts from a business day: the base, or the last one before it.
        let mut date = before(base, open)?;
        for _ in 0..self.shift.unsigned_abs() {
            let next = date.checked_add(self.shift.signum().days()).ok()?;
            date = if self.shift < 0 {
                before(next, open)?
            } else {
                (0..30)
                    .filter_map(|ahead: i32| next.checked_add(ahead.days()).ok())
                    .find(|each| open(*each))?
            };
        }
        Some(date)
    }

    fn observed(&self, date: Date) -> Option<Date> {
        let step = match (self.observed, date.weekday()) {
            (Observed::Nearest, Weekday::Saturday) => -1,
            (Observed::MondayOnly, Weekday::Saturday) => return None,
            (Observed::Nearest | Observed::MondayOnly, Weekday::Sunday) => 1,
            _ => 0,
        };
        date.checked_add(step.days()).ok()
    }
}

/// The day itself if `open`, or the last open one before it.
pub(in crate::exchange) fn before(date: Date, open: &dyn Fn(Date) -> bool) -> Option<Date> {
    (0..30)
        .filter_map(|back: i32| date.checked_sub(back.days()).ok())
        .find(|each| open(*each))
}

/// Easter Sunday of the Gregorian calendar, by the method of Meeus, Jones and Butcher.
fn easter(year: i16) -> Option<Date> {
    let y = i32::from(year);
    let (a, b, c) = (y % 19, y / 100, y % 100);
    let h = (19 * a + b - b / 4 - (b - (b + 8) / 25 + 1) / 3 + 15) % 30;
    let l = (32 + 2 * (b % 4) + 2 * (c / 4) - h - c % 4) % 7;
    let m = (a + 11 * h + 22 * l) / 451;
    let (month, day) = ((h + l - 7 * m + 114) / 31, (h + l - 7 * m + 114) % 31 + 1);
    Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

impl FromStr for DayRule {
    type Err = BadDay;

    fn from_str(text: &str) -> Result<Self, BadDay> {
        let mut words = text.split_whitespace().peekable();
        read(&mut words)
            .filter(|_| words.next().is_none())
            .ok_or_else(|| BadDay(text.to_owned()))
    }
}

type Words<'a> = std::iter::Peekable<std::str::SplitWhitespace<'a>>;

fn read(words: &mut Words<'_>) -> Option<DayRule> {
    let (anchor, mut month) = read_anchor(words)?;
    if words.next_if_eq(&"of").is_some() {
        month = match words.next()? {
            "previous" => Month::Contract(-1),
            "next" => Month::Contract(1),
            name => Month::Named(position(&MONTHS, name)?),
        };
        if matches!(month, Month::Contract(_)) && words.next()? != "month" {
            return None;
        }
    }
    let (mut shift, mut business) = (0, false);
    if let Some(word) = words.next_if(|word| word.starts_with(['+', '-'])) {
        let digits = word.strip_suffix('b');
        business = digits.is_some();
        shift = digits.unwrap_or(word).parse().ok()?;
    }
    let mut observed = Observed::Itself;
    if words.next_if_eq(&"observed").is_some() {
        observed = match words.next_if_eq(&"monday") {
            Some(_) => Observed::MondayOnly,
            None => Observed::Nearest,
        };
    }
    Some(DayRule {
        anchor,
        month,
        shift,
        business,
        observed,
    })
}

fn read_anchor(words: &mut Words<'_>) -> Option<(Anchor, Month)> {
    let word = words.next()?;
    let contract = Month::Contract(0);
    if let Some(nth) = position(&["first", "second", "third", "fourth", "fifth"], word) {
        let weekday = read_weekday(words.next()?)?;
        return Some((Anchor::Weekday(nth, weekday), contract));
    }
    Some(match word {
        "easter" => (Anchor::Easter, contract),
        "day" => (
            Anchor::Day(words.next()?.parse().ok().filter(|day| (1..=31).contains(day))?),
            contract,
        ),
        "last" => match words.next()? {
            "business" if words.next()? == "day" => (Anchor::LastBusinessDay, contract),
            name => (Anchor::Weekday(-1, read_weekday(name)?), contract),
        },
        _ if word.len() == 10 => (Anchor::Exactly(word.parse().ok()?), contract),
        _ => {
            let (month, day) = word.split_once('-')?;
            let month = month.parse().ok().filter(|month| (1..=12).contains(month))?;
            let day = day.parse().ok().filter(|day| (1..=31).contains(day))?;
            (Anchor::Day(day), Month::Named(month))
        }
    })
}

/// The place of a word in a list, counted from one.
fn position(names: &[&str], word: &str) -> Option<i8> {
    let index = names.iter().position(|name| *name == word)?;
    i8::try_from(index + 1).ok()
}

fn read_weekday(word: &str) -> Option<Weekday> {
    let number = position(
        &[
            "monday",
            "tuesday",
            "wednesday",
            "thursday",
            "friday",
            "saturday",
            "sunday",
        ],
        word,
    )?;
    Weekday::from_monday_one_offset(number).ok()
}

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];
