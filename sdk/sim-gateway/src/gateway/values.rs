//! The protocol's edge: exact decimals to and from the floats and strings that messages carry, and dates as
//! text.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use rust_decimal::Decimal;
use rust_decimal::prelude::{FromPrimitive, ToPrimitive};
use time::OffsetDateTime;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;

use super::history::zone_of;

/// The nearest double to a decimal.
pub(super) fn double(value: Decimal) -> f64 {
    // Both parts are exact below 2^53, so the one division rounds correctly; the library's way does not
    // always.
    let mantissa = value.mantissa();
    let scale = value.scale();
    match (mantissa.unsigned_abs() < (1 << 53))
        .then(|| i32::try_from(scale).ok().zip(mantissa.to_f64()))
        .flatten()
    {
        Some((scale, mantissa)) if scale <= 22 => mantissa / 10_f64.powi(scale),
        _ => value.to_f64().unwrap_or_default(),
    }
}

/// The decimal a client meant by a double, or `None` for an unset, infinite or absurd one.
pub(super) fn decimal(value: f64) -> Option<Decimal> {
    if !value.is_finite() || value.abs() > 1e15 {
        return None;
    }
    Some(Decimal::from_f64(value)?.round_dp(10).normalize())
}

/// The decimal written in a string, or `None`.
pub(super) fn parse(text: &str) -> Option<Decimal> {
    let text = text.trim();
    (text.len() <= 30).then(|| text.parse().ok()).flatten()
}

/// A decimal as the protocol writes it.
pub(super) fn written(value: Decimal) -> String {
    value.normalize().to_string()
}

/// `20260413 15:27:04 UTC`.
pub(super) fn timestamp(unix_seconds: u64) -> String {
    let text = formatted(
        unix_seconds,
        format_description!("[year][month][day] [hour]:[minute]:[second]"),
    );
    format!("{text} UTC")
}

/// `20260413-15:27:04`.
pub(super) fn dashed_timestamp(unix_seconds: u64) -> String {
    formatted(
        unix_seconds,
        format_description!("[year][month][day]-[hour]:[minute]:[second]"),
    )
}

/// `2026-04-13 15:27:04.0`, as news are dated.
pub(super) fn spaced_timestamp(unix_seconds: u64) -> String {
    let text = formatted(
        unix_seconds,
        format_description!("[year]-[month]-[day] [hour]:[minute]:[second]"),
    );
    format!("{text}.0")
}

/// The Unix time of `2026-04-13 15:27:04.0`, `20260413 15:27:04` or `20260413-15:27:04`, in UTC unless a
/// zone follows, as in `20260413 15:27:04 US/Eastern`.
pub(super) fn moment(text: &str) -> Option<u64> {
    let (text, zone) = match text.rsplit_once(' ') {
        Some((clock, zone)) if zone.starts_with(|first: char| first.is_ascii_alphabetic()) => {
            (clock, zone_of(zone)?)
        }
        _ => (text, TimeZone::UTC),
    };
    if !text
        .chars()
        .all(|each| each.is_ascii_digit() || " -:.".contains(each))
    {
        return None;
    }
    let digits: String = text.chars().take(19).filter(char::is_ascii_digit).collect();
    let at = DateTime::strptime("%Y%m%d%H%M%S", digits.get(..14)?).ok()?;
    let at = zone.to_zoned(at).ok()?;
    u64::try_from(at.timestamp().as_second()).ok()
}

/// `20260413`.
pub(super) fn day(unix_seconds: u64) -> String {
    formatted(unix_seconds, format_description!("[year][month][day]"))
}

/// `15:27`.
pub(super) fn clock(unix_seconds: u64) -> String {
    formatted(unix_seconds, format_description!("[hour]:[minute]"))
}

fn formatted(unix_seconds: u64, layout: &[BorrowedFormatItem<'_>]) -> String {
    let seconds = i64::try_from(unix_seconds).unwrap_or_default();
    let moment = OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    moment.format(layout).unwrap_or_default()
}
