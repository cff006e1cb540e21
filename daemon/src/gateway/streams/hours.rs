//! IB's words for a market's hours into ours. Pure.
//!
//! `20240603:0930-20240603:1600;20240604:CLOSED` in a zone with one of many names: today's, the old ones of the Unix
//! database, abbreviations that mean a city's clock, and those with a gloss (`EST (Eastern Standard Time)`). Older
//! gateways leave the second date out and put a day's sessions behind one date (`20090507:0700-1130,1300-1830`).

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;

use crate::domain::hours::{Calendar, Hours, Interval};
use crate::domain::time::Timestamp;

/// Why hours cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HoursError {
    /// IB told none.
    #[error("IB tells no hours")]
    None,
    /// A zone nobody knows.
    #[error("IB tells hours in {zone:?}, a time zone that is not known")]
    Zone {
        /// Its name.
        zone: String,
    },
    /// Something that is no session.
    #[error("{text:?} among IB's hours is neither a session nor a closed day")]
    Session {
        /// What was found.
        text: String,
    },
}

/// What IB calls by a name of its own, or by one that means a fixed offset elsewhere.
const ZONES: &[(&str, &str)] = &[
    ("AET", "Australia/Sydney"),
    ("AEST", "Australia/Sydney"),
    ("AEDT", "Australia/Sydney"),
    ("BST", "Europe/London"),
    ("CDT", "America/Chicago"),
    ("CEST", "Europe/Berlin"),
    ("CST", "America/Chicago"),
    ("CTT", "Asia/Shanghai"),
    ("EDT", "America/New_York"),
    ("EST", "America/New_York"),
    ("HKT", "Asia/Hong_Kong"),
    ("HST", "Pacific/Honolulu"),
    ("IST", "Asia/Kolkata"),
    ("JST", "Asia/Tokyo"),
    ("KST", "Asia/Seoul"),
    ("MDT", "America/Denver"),
    ("MST", "America/Denver"),
    ("MSK", "Europe/Moscow"),
    ("PDT", "America/Los_Angeles"),
    ("PST", "America/Los_Angeles"),
    ("SGT", "Asia/Singapore"),
];

/// A time zone by any of the names IB has for it.
pub fn zone(name: &str) -> Option<TimeZone> {
    let name = name.split('(').next().unwrap_or_default().trim();
    if name.is_empty() {
        return None;
    }
    let listed = ZONES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
    TimeZone::get(listed.map_or(name, |(_, city)| city)).ok()
}

/// The hours of a market. A day that cannot be read makes all of it unreadable: half a calendar would excuse silence.
pub fn parse(trading: &str, liquid: &str, zone_name: &str) -> Result<Hours, HoursError> {
    if zone_name.trim().is_empty() || liquid.trim().is_empty() {
        return Err(HoursError::None);
    }
    let zone = zone(zone_name).ok_or_else(|| HoursError::Zone {
        zone: zone_name.to_owned(),
    })?;
    let liquid = calendar(liquid, &zone)?;
    let trading = match trading.trim() {
        "" => liquid.clone(),
        told => calendar(told, &zone)?,
    };
    Ok(Hours {
        zone: zone_name.to_owned(),
        trading,
        liquid,
    })
}

fn calendar(text: &str, zone: &TimeZone) -> Result<Calendar, HoursError> {
    let mut intervals = Vec::new();
    let mut days: Option<(Timestamp, Date)> = None;
    for part in text.split(';').map(str::trim).filter(|part| !part.is_empty()) {
        let unreadable = || HoursError::Session {
            text: part.chars().take(64).collect(),
        };
        let (day, sessions) = part.split_once(':').ok_or_else(unreadable)?;
        let day = date(day).ok_or_else(unreadable)?;
        let mut last = day;
        if !sessions.eq_ignore_ascii_case("CLOSED") {
            for session in sessions.split(',') {
                let (open, close) = session_of(day, session).ok_or_else(unreadable)?;
                last = last.max(close.date());
                intervals.push(Interval {
                    open: instant(open, zone).ok_or_else(unreadable)?,
                    close: instant(close, zone).ok_or_else(unreadable)?,
                });
            }
        }
        // A session that began on the eve says nothing of the rest of either day.
        let crosses = day != last;
        let known = if crosses {
            last.yesterday().unwrap_or(day)
        } else {
            day
        };
        let midnight = instant(day.to_datetime(Time::midnight()), zone).ok_or_else(unreadable)?;
        let opened = intervals.last().filter(|_| crosses).map(|each| each.open);
        let (from, until) = days.unwrap_or((opened.unwrap_or(midnight), known));
        days = Some((from, until.max(known)));
    }
    let (from, last) = days.ok_or(HoursError::None)?;
    let next = last.tomorrow().ok();
    let until = next.and_then(|date| instant(date.to_datetime(Time::midnight()), zone));
    Ok(Calendar::new(intervals, from, until.ok_or(HoursError::None)?))
}

/// `0930-20240603:1600` behind its day, or `0930-1600`.
fn session_of(day: Date, text: &str) -> Option<(DateTime, DateTime)> {
    let (open, close) = text.split_once('-')?;
    let open = clock(day, open)?;
    let close = match close.split_once(':') {
        Some((day, close)) => clock(date(day)?, close)?,
        None => {
            let close = clock(day, close)?;
            if close > open {
                close
            } else {
                // Without a date of its own a close before its opening is the next day's.
                clock(day.tomorrow().ok()?, text.split_once('-')?.1)?
            }
        }
    };
    (open < close).then_some((open, close))
}

fn date(text: &str) -> Option<Date> {
    let digits = text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit());
    let part = |range: std::ops::Range<usize>| text.get(range).filter(|_| digits)?.parse::<i16>().ok();
    Date::new(
        part(0..4)?,
        i8::try_from(part(4..6)?).ok()?,
        i8::try_from(part(6..8)?).ok()?,
    )
    .ok()
}

/// `0930` of a day; `2400` is the next day's midnight.
fn clock(day: Date, text: &str) -> Option<DateTime> {
    let digits = text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_digit());
    let part = |range: std::ops::Range<usize>| text.get(range).filter(|_| digits)?.parse::<i8>().ok();
    let (hour, minute) = (part(0..2)?, part(2..4)?);
    if (hour, minute) == (24, 0) {
        return Some(day.tomorrow().ok()?.to_datetime(Time::midnight()));
    }
    Some(day.to_datetime(Time::new(hour, minute, 0, 0).ok()?))
}

fn instant(local: DateTime, zone: &TimeZone) -> Option<Timestamp> {
    let zoned = local.to_zoned(zone.clone()).ok()?;
    let nanos = u64::try_from(zoned.timestamp().as_nanosecond()).ok()?;
    Some(Timestamp::from_nanos(nanos))
}
