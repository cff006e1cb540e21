//! Reads holidays and hours.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::tz::TimeZone;
use serde::Deserialize;

use super::Fault;
use crate::exchange::calendar::{DayRule, Holidays, Interval, Plan, Schedule};

const DAY: i32 = 1_440;

/// `[holidays.NAME]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct HolidaysEntry {
    closed: Vec<String>,
    early: Vec<String>,
}

/// `[hours.NAME]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HoursEntry {
    zone: String,
    zone_id: Option<String>,
    holidays: String,
    #[serde(default)]
    days: Weekdays,
    trading: Vec<String>,
    liquid: Vec<String>,
    early: Option<[String; 2]>,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
enum Weekdays {
    #[default]
    #[serde(rename = "mon-fri")]
    Weekdays,
    #[serde(rename = "all")]
    All,
}

/// Every schedule of the file by its name.
pub(super) fn schedules(
    holidays: &BTreeMap<String, HolidaysEntry>,
    hours: &BTreeMap<String, HoursEntry>,
) -> Result<BTreeMap<String, Arc<Schedule>>, Fault> {
    let mut shared = BTreeMap::new();
    for (name, entry) in holidays {
        let read = |days: &[String]| -> Result<Vec<DayRule>, Fault> {
            days.iter().map(|day| holiday(name, day)).collect()
        };
        let days = Holidays::new(read(&entry.closed)?, read(&entry.early)?);
        shared.insert(name.as_str(), Arc::new(days));
    }
    let mut schedules = BTreeMap::new();
    for (name, entry) in hours {
        let at = || format!("hours.{name}");
        let Some(holidays) = shared.get(entry.holidays.as_str()) else {
            return Err(Fault::new(
                at(),
                format_args!(
                    "there is no [holidays.{}]; name one that the file defines",
                    entry.holidays
                ),
            ));
        };
        schedules.insert(name.clone(), Arc::new(schedule(&at(), entry, holidays)?));
    }
    Ok(schedules)
}

fn holiday(name: &str, day: &str) -> Result<DayRule, Fault> {
    let at = || format!("holidays.{name}");
    let rule: DayRule = day.parse().map_err(|error| Fault::new(at(), error))?;
    if rule.is_monthly() {
        let text = format_args!("\"{day}\" does not say of which month; add \"of\" and the month's name");
        return Err(Fault::new(at(), text));
    }
    Ok(rule)
}

fn schedule(at: &str, entry: &HoursEntry, holidays: &Arc<Holidays>) -> Result<Schedule, Fault> {
    let zone = TimeZone::get(&entry.zone).map_err(|_| {
        let text = format_args!(
            "there is no time zone {}; use a name like America/New_York",
            entry.zone
        );
        Fault::new(at, text)
    })?;
    let read = |intervals: &[String]| -> Result<Vec<Interval>, Fault> {
        let read: Result<Vec<Interval>, Fault> = intervals.iter().map(|text| interval(at, text)).collect();
        let read = read?;
        if read
            .windows(2)
            .any(|pair| matches!(pair, [a, b] if a.close > b.open))
        {
            return Err(Fault::new(
                at,
                "the sessions of a day must not overlap and come in their order",
            ));
        }
        Ok(read)
    };
    let early = match &entry.early {
        Some([all, regular]) => (early_clock(at, all)?, early_clock(at, regular)?),
        None => (i32::MAX, i32::MAX),
    };
    let weekend = matches!(entry.days, Weekdays::All);
    Ok(Schedule::new(Plan {
        zone,
        zone_id: entry.zone_id.clone().unwrap_or_else(|| entry.zone.clone()),
        weekdays: [true, true, true, true, true, weekend, weekend],
        trading: read(&entry.trading)?,
        liquid: read(&entry.liquid)?,
        early,
        holidays: Arc::clone(holidays),
    }))
}

fn early_clock(at: &str, text: &str) -> Result<i32, Fault> {
    clock(text).ok_or_else(|| {
        let text =
            format_args!("\"{text}\" is no time of day; write two of them, as in [\"17:00\", \"13:00\"]");
        Fault::new(at, text)
    })
}

/// `09:30-16:00`, or `eve 17:00-16:00` when it opens on the evening before.
fn interval(at: &str, text: &str) -> Result<Interval, Fault> {
    let (eve, span) = match text.strip_prefix("eve ") {
        Some(span) => (true, span),
        None => (false, text),
    };
    let times = span
        .split_once('-')
        .and_then(|(open, close)| Some((clock(open)?, clock(close)?)));
    let (open, close) = times.ok_or_else(|| {
        let text = format_args!("\"{text}\" is no session; write \"09:30-16:00\" or \"eve 17:00-16:00\"");
        Fault::new(at, text)
    })?;
    Ok(match eve {
        true => Interval {
            open: open - DAY,
            close,
        },
        false if close <= open => Interval {
            open,
            close: close + DAY,
        },
        false => Interval { open, close },
    })
}

/// Minutes since midnight of `HH:MM`, up to 24:00.
fn clock(text: &str) -> Option<i32> {
    let (hours, minutes) = text.split_once(':')?;
    let hours = hours
        .parse::<i32>()
        .ok()
        .filter(|hours| (0..=24).contains(hours))?;
    let minutes = minutes
        .parse::<i32>()
        .ok()
        .filter(|minutes| (0..60).contains(minutes))?;
    Some(hours * 60 + minutes).filter(|clock| *clock <= DAY)
}
