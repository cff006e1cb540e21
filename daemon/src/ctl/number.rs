//! Numbers, instants and durations as people read them. Decimals stay text: they are cut, never calculated with.

/// A decimal with exactly `places` places: padded, or cut without rounding.
pub(super) fn places(decimal: &str, places: usize) -> String {
    let (whole, fraction) = decimal.split_once('.').unwrap_or((decimal, ""));
    if whole.is_empty() || places == 0 {
        return whole.to_owned();
    }
    let cut: String = fraction.chars().take(places).collect();
    format!("{whole}.{cut:0<places$}")
}

/// An amount of money: two places, and a sign that is always there, because gain and loss must not be mistaken.
pub(super) fn signed_money(decimal: &str) -> String {
    let text = places(decimal, 2);
    if text.starts_with('-') || text.trim_matches(|c| c == '0' || c == '.').is_empty() {
        text
    } else {
        format!("+{text}")
    }
}

/// A price: at least two places and at most six, as many as it has.
pub(super) fn price(decimal: &str) -> String {
    let fraction = decimal.split_once('.').map_or("", |(_, fraction)| fraction);
    places(decimal, fraction.chars().count().clamp(2, 6))
}

/// What may be missing.
pub(super) fn or_dash(text: Option<String>) -> String {
    text.unwrap_or_else(|| "-".to_owned())
}

/// The time of day of an RFC 3339 instant, to the millisecond, UTC.
pub(super) fn time_of_day(instant: Option<&String>) -> String {
    let Some(time) = instant
        .and_then(|text| text.split_once('T'))
        .map(|(_, time)| time)
    else {
        return "-".to_owned();
    };
    let time = time.trim_end_matches('Z');
    let (seconds, fraction) = time.split_once('.').unwrap_or((time, ""));
    let cut: String = fraction.chars().take(3).collect();
    format!("{seconds}.{cut:0<3}")
}

/// An RFC 3339 instant to the second.
pub(super) fn date_time(instant: Option<&String>) -> String {
    let Some(text) = instant else {
        return "never".to_owned();
    };
    let text = text.trim_end_matches('Z');
    let seconds = text.split_once('.').map_or(text, |(seconds, _)| seconds);
    format!("{} UTC", seconds.replacen('T', " ", 1))
}

/// A duration with the two units that matter.
pub(super) fn duration(seconds: f64) -> String {
    if seconds < 1.0 {
        return format!("{:.0} ms", seconds * 1e3);
    }
    if seconds < 60.0 {
        return format!("{seconds:.1} s");
    }
    let whole = seconds as u64;
    match whole {
        0..3_600 => format!("{} min {} s", whole / 60, whole % 60),
        3_600..86_400 => format!("{} h {} min", whole / 3_600, whole / 60 % 60),
        _ => format!("{} d {} h", whole / 86_400, whole / 3_600 % 24),
    }
}

/// A duration given in milliseconds.
pub(super) fn millis(millis: Option<f64>) -> String {
    or_dash(millis.map(|millis| duration(millis / 1e3)))
}

/// A latency given in microseconds.
pub(super) fn micros(micros: Option<f64>) -> String {
    match micros {
        None => "-".to_owned(),
        Some(micros) if micros < 1_000.0 => format!("{micros:.1} µs"),
        Some(micros) => format!("{:.2} ms", micros / 1e3),
    }
}

/// A whole number with its thousands apart.
pub(super) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_padded_or_cut() {
        for (decimal, money, priced) in [
            ("12.345678", "+12.34", "12.345678"),
            ("-0.009", "-0.00", "-0.009"),
            ("7", "+7.00", "7.00"),
            ("0", "0.00", "0.00"),
            ("1.5", "+1.50", "1.50"),
        ] {
            assert_eq!(signed_money(decimal), money, "{decimal}");
            assert_eq!(price(decimal), priced, "{decimal}");
        }
    }

    #[test]
    fn times_are_short_and_never_slice_what_is_not_there() {
        let at = "2026-01-05T10:02:03.1Z".to_owned();
        assert_eq!(time_of_day(Some(&at)), "10:02:03.100");
        assert_eq!(date_time(Some(&at)), "2026-01-05 10:02:03 UTC");
        for odd in ["", "T", "é", "2026-01-05T"] {
            time_of_day(Some(&odd.to_owned()));
            date_time(Some(&odd.to_owned()));
        }
        assert_eq!(
            (duration(0.25), duration(61.0)),
            ("250 ms".to_owned(), "1 min 1 s".to_owned())
        );
        assert_eq!(
            (duration(7_260.0), duration(90_000.0)),
            ("2 h 1 min".to_owned(), "1 d 1 h".to_owned())
        );
    }

    #[test]
    fn thousands_are_apart() {
        for (number, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(count(number), text);
        }
    }
}
