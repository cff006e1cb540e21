//! The hours in which the broker resets its servers. Published vintages disagree, so they are a choice.

use jiff::civil::Time;
use jiff::{Span, Timestamp, tz::TimeZone};

use super::step::Region;

/// Whose list of reset windows holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Vintage {
    /// The broker's system status page, recent copy.
    #[default]
    Recent,
    /// The same page as it was in December 2024.
    December2024,
    /// The same, with the margins that one operator's automation puts around them.
    Padded,
}

/// Zone, first minute and length of a region's window. Daily windows only; the long one of the weekend is a
/// step like any other.
fn hours(vintage: Vintage, region: Region) -> (&'static str, (i8, i8), i64) {
    let zone = match region {
        Region::NorthAmerica => "America/New_York",
        Region::Europe => "Europe/Berlin",
        Region::Asia => "Asia/Hong_Kong",
    };
    let (from, minutes) = match (region, vintage) {
        (Region::NorthAmerica, Vintage::Recent) => ((0, 15), 90),
        (Region::NorthAmerica, Vintage::December2024) => ((23, 45), 60),
        (Region::NorthAmerica, Vintage::Padded) => ((23, 30), 90),
        (Region::Europe, Vintage::Recent) => ((6, 25), 80),
        (Region::Europe, Vintage::December2024) => ((5, 45), 60),
        (Region::Europe, Vintage::Padded) => ((5, 30), 90),
        (Region::Asia, Vintage::Recent) => ((20, 15), 60),
        (Region::Asia, Vintage::December2024) => ((20, 15), 45),
        (Region::Asia, Vintage::Padded) => ((20, 0), 75),
    };
    (zone, from, minutes)
}

/// The next window that begins at or after a Unix time: its first second and how many it has.
pub(crate) fn next_window(vintage: Vintage, region: Region, after: i64) -> Option<(i64, i64)> {
    let (zone, (hour, minute), minutes) = hours(vintage, region);
    let zone = TimeZone::get(zone).ok()?;
    let from = Time::new(hour, minute, 0, 0).ok()?;
    let today = Timestamp::from_second(after).ok()?.to_zoned(zone.clone()).date();
    let begins = |day: i64| {
        let date = today.checked_add(Span::new().days(day)).ok()?;
        let begin = date.to_datetime(from).to_zoned(zone.clone()).ok()?;
        Some(begin.timestamp().as_second())
    };
    let next = (0..3).filter_map(begins).find(|begin| *begin >= after)?;
    Some((next, minutes * 60))
}
