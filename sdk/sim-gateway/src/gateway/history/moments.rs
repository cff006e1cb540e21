//! Moments as clients write them and want them written.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;

use crate::exchange::Schedule;
use crate::gateway::Problem;

/// The warning about a moment without a time zone.
pub(in crate::gateway) fn implied_zone() -> Problem {
    Problem::new(
        2174,
        "Warning: You submitted request with date-time attributes without explicit time zone. Please switch \
         to use yyyymmdd-hh:mm:ss in UTC or use instrument timezone, like US/Eastern. Implied time zone \
         functionality will be removed in the next API release",
    )
}

fn invalid(what: &str) -> Problem {
    Problem::new(
        10314,
        format!(
            "{what}: The date, time, or time-zone entered is invalid. The correct format is yyyymmdd hh:mm:ss \
             xx/xxxx where yyyymmdd and xx/xxxx are optional. E.g.: 20031126 15:59:00 US/Eastern  Note that \
             there is a space between the date and time, and between the time and time-zone. If no date is \
             specified, current date is assumed. If no time-zone is specified, local time-zone is assumed \
             (deprecated). You can also provide yyyymmddd-hh:mm:ss time is in UTC. Note that there is a dash \
             between the date and time in UTC notation."
        ),
    )
}

/// Reads a moment: `20260413 15:27:04 US/Eastern`, `20260413-15:27:04` in UTC, or without zone, which is the
/// venue's then, as the second value says. `None` for an empty text. `today` is the venue's date.
pub(in crate::gateway) fn read(
    what: &str,
    text: &str,
    schedule: &Schedule,
    now: u64,
) -> Result<Option<(u64, bool)>, Problem> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let wrong = || invalid(what);
    let words: Vec<&str> = text.split_whitespace().collect();
    let utc = TimeZone::UTC;
    let today = schedule.date(now);
    let (date, time, zone) = match words.as_slice() {
        [both] if both.contains('-') => {
            let (date, time) = both.split_once('-').ok_or_else(wrong)?;
            (date_of(date).ok_or_else(wrong)?, time, Some(utc))
        }
        [time] => (today, *time, None),
        [date, time] if date_of(date).is_some() => (date_of(date).ok_or_else(wrong)?, *time, None),
        [time, zone] => (today, *time, Some(zone_of(zone).ok_or_else(wrong)?)),
        [date, time, zone] => {
            let zone = zone_of(zone).ok_or_else(wrong)?;
            (date_of(date).ok_or_else(wrong)?, *time, Some(zone))
        }
        _ => return Err(wrong()),
    };
    let time = time_of(time).ok_or_else(wrong)?;
    let implied = zone.is_none();
    let zone = zone.unwrap_or_else(|| schedule.zone().clone());
    let moment = zone.to_zoned(date.to_datetime(time)).map_err(|_| wrong())?;
    let seconds = u64::try_from(moment.timestamp().as_second()).map_err(|_| wrong())?;
    Ok(Some((seconds, implied)))
}

fn digits(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|each| each.is_ascii_digit())
}

fn date_of(text: &str) -> Option<Date> {
    if !digits(text, 8) {
        return None;
    }
    let (year, rest) = text.split_at_checked(4)?;
    let (month, day) = rest.split_at_checked(2)?;
    Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()
}

fn time_of(text: &str) -> Option<Time> {
    let parts: Vec<&str> = text.split(':').collect();
    let number = |text: &str| {
        text.parse::<i8>()
            .ok()
            .filter(|_| digits(text, 2) || digits(text, 1))
    };
    let (hour, minute, second) = match parts.as_slice() {
        [hour, minute] => (number(hour)?, number(minute)?, 0),
        [hour, minute, second] => (number(hour)?, number(minute)?, number(second)?),
        _ => return None,
    };
    Time::new(hour, minute, second, 0).ok()
}

/// The time zone of a name.
pub(in crate::gateway) fn zone_of(name: &str) -> Option<TimeZone> {
    // The names that gateways have always used beside those of the time zone database.
    let name = match name {
        "EST" | "EDT" | "EST5EDT" => "America/New_York",
        "CST" | "CDT" | "CST6CDT" => "America/Chicago",
        "PST" | "PDT" | "PST8PDT" => "America/Los_Angeles",
        "MET" | "CET" => "Europe/Berlin",
        "JST" => "Asia/Tokyo",
        "GMT" | "UTC" | "Universal" => "UTC",
        other => other,
    };
    TimeZone::get(name).ok()
}

/// How a client wants moments written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::gateway) enum Format {
    /// `20260413 15:27:04 US/Eastern`.
    Zoned,
    /// Unix time in seconds.
    Unix,
    /// `0413 15:27:04 US/Eastern`.
    Short,
}

impl Format {
    /// Reads the setting's number.
    pub(in crate::gateway) fn read(number: Option<i32>) -> Result<Self, Problem> {
        match number.unwrap_or(1) {
            0 | 1 => Ok(Self::Zoned),
            2 => Ok(Self::Unix),
            3 => Ok(Self::Short),
            other => Err(Problem::invalid(format_args!(
                "Incorrect format date value: {other}"
            ))),
        }
    }

    /// A moment of a venue.
    pub(in crate::gateway) fn moment(self, unix: u64, schedule: &Schedule) -> String {
        let at = local(unix, schedule);
        let zone = schedule.zone_id();
        match self {
            Self::Zoned => format!("{} {zone}", at.strftime("%Y%m%d %H:%M:%S")),
            Self::Unix => unix.to_string(),
            Self::Short => format!("{} {zone}", at.strftime("%m%d %H:%M:%S")),
        }
    }
}

/// The clock at a venue.
fn local(unix: u64, schedule: &Schedule) -> DateTime {
    let seconds = i64::try_from(unix).unwrap_or(0);
    let moment = jiff::Timestamp::from_second(seconds).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    schedule.zone().to_datetime(moment)
}

/// `20260413-15:27:04` at a venue: how schedules are written.
pub(in crate::gateway) fn dashed(unix: u64, schedule: &Schedule) -> String {
    local(unix, schedule).strftime("%Y%m%d-%H:%M:%S").to_string()
}

/// `20260413`.
pub(in crate::gateway) fn day(date: Date) -> String {
    date.strftime("%Y%m%d").to_string()
}

/// Midnight at a venue, at or before a moment.
pub(in crate::gateway) fn midnight(unix: u64, schedule: &Schedule) -> u64 {
    schedule.unix(schedule.date(unix), Time::midnight()).min(unix)
}
