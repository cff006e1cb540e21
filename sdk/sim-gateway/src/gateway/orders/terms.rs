//! How long an order waits, and the moments it names.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::validation::{Draft, said};
use crate::exchange::TimeInForce;
use crate::gateway::Problem;

/// What the exchange makes of a time in force.
pub(super) fn time_in_force(draft: &Draft<'_>, now: u64) -> Result<TimeInForce, Problem> {
    Ok(match draft.tif {
        "DAY" => TimeInForce::Day,
        "GTC" => TimeInForce::Gtc,
        "IOC" => TimeInForce::Ioc,
        "FOK" => TimeInForce::Fok,
        "OPG" => TimeInForce::Opening,
        "GTD" => {
            let invalid = || Problem::new(334, "Invalid Good Till Date order");
            let written = said(&draft.order.good_till_date).ok_or_else(invalid)?;
            let until = moment(written, Some("23:59:59"))?;
            if until <= now {
                return Err(invalid());
            }
            TimeInForce::Gtd(until)
        }
        other => return Err(Problem::new(10052, format!("Invalid time in force:{other}"))),
    })
}

/// The Unix time in seconds of `yyyymmdd hh:mm:ss [zone]`, `yyyymmdd-hh:mm:ss` (UTC) or `yyyymmdd`, where
/// `end_of_day` says what time a bare date means. Without a zone it is UTC, as this gateway runs in UTC.
pub(super) fn moment(written: &str, end_of_day: Option<&str>) -> Result<u64, Problem> {
    let malformed = || {
        Problem::new(
            343,
            "The date, time, or time-zone entered is invalid. The correct format is yyyymmdd hh:mm:ss xxx",
        )
    };
    let written = written.trim();
    let mut words = written.split_whitespace();
    let first = words.next().unwrap_or_default();
    let (date, time, zone) = match (first.split_once('-'), words.next(), words.next()) {
        (Some((date, time)), None, None) => (date, time, None),
        (None, Some(time), zone) => (first, time, zone),
        (None, None, None) => (first, end_of_day.ok_or_else(malformed)?, None),
        _ => return Err(malformed()),
    };
    let moment = DateTime::strptime("%Y%m%d %H:%M:%S", format!("{date} {time}")).map_err(|_| malformed())?;
    let zone = match zone {
        None | Some("UTC" | "GMT" | "Universal") => TimeZone::UTC,
        Some(name) => {
            let known = TimeZone::get(abbreviated(name));
            known.map_err(|_| Problem::new(336, "The time or time zone is invalid."))?
        }
    };
    let unix = moment
        .to_zoned(zone)
        .map_err(|_| malformed())?
        .timestamp()
        .as_second();
    u64::try_from(unix).map_err(|_| malformed())
}

/// The abbreviations IB still accepts, as names of the time zone database.
fn abbreviated(zone: &str) -> &str {
    match zone {
        "EST" | "EDT" | "EST5EDT" => "America/New_York",
        "CST" | "CDT" => "America/Chicago",
        "PST" | "PDT" => "America/Los_Angeles",
        "MET" | "CET" | "CEST" => "Europe/Berlin",
        "BST" => "Europe/London",
        "JST" => "Asia/Tokyo",
        "HKT" => "Asia/Hong_Kong",
        other => other,
    }
}
