use proptest::prelude::*;

use super::hours::{HoursError, parse, zone};
use crate::domain::hours::{Calendar, Hours, Openness};
use crate::domain::time::Timestamp;

fn at(text: &str) -> Timestamp {
    let instant: jiff::Timestamp = text.parse().unwrap();
    Timestamp::from_nanos(u64::try_from(instant.as_nanosecond()).unwrap())
}

#[track_caller]
fn read(text: &str, zone: &str) -> Hours {
    parse(text, text, zone).unwrap_or_else(|error| panic!("{text:?} in {zone:?}: {error}"))
}

#[track_caller]
fn check(calendar: &Calendar, instant: &str, expected: &str) {
    assert_eq!(calendar.at(at(instant)).as_str(), expected, "at {instant}");
}

#[test]
fn a_share_of_new_york() {
    let hours = parse(
        "20240603:0400-20240603:2000;20240604:CLOSED",
        "20240603:0930-20240603:1600;20240604:CLOSED",
        "US/Eastern",
    )
    .unwrap();
    // Four hours behind UTC in June.
    for (instant, liquid, trading) in [
        ("2024-06-03T03:59:59Z", "unknown", "unknown"),
        ("2024-06-03T07:59:59Z", "closed", "closed"),
        ("2024-06-03T08:00:00Z", "closed", "open"),
        ("2024-06-03T13:29:59Z", "closed", "open"),
        ("2024-06-03T13:30:00Z", "open", "open"),
        ("2024-06-03T19:59:59Z", "open", "open"),
        ("2024-06-03T20:00:00Z", "closed", "open"),
        ("2024-06-04T15:00:00Z", "closed", "closed"),
        ("2024-06-05T03:59:59Z", "closed", "closed"),
        ("2024-06-05T04:00:00Z", "unknown", "unknown"),
    ] {
        check(&hours.liquid, instant, liquid);
        check(&hours.trading, instant, trading);
    }
    let noon = at("2024-06-03T16:00:00Z");
    assert_eq!(hours.next_close(noon), Some(at("2024-06-03T20:00:00Z")));
    assert_eq!(hours.next_open(noon), None);
}

#[test]
fn sessions_cross_midnight_and_clocks_change() {
    // A future of Chicago: each day begins on the eve, with an hour's pause. The clocks go forward on March 10th.
    let future = read(
        "20240307:1700-20240308:1600;20240309:CLOSED;20240310:1700-20240311:1600;20240311:1700-20240312:1600",
        "US/Central",
    );
    for (instant, expected) in [
        // Whether a session of the day before ran until then was not told.
        ("2024-03-07T22:59:59Z", "unknown"),
        ("2024-03-07T23:00:00Z", "open"),
        ("2024-03-08T06:00:00Z", "open"),
        ("2024-03-08T22:00:00Z", "closed"),
        ("2024-03-10T21:59:59Z", "closed"),
        ("2024-03-10T22:00:00Z", "open"),
        ("2024-03-11T20:59:59Z", "open"),
        ("2024-03-11T21:00:00Z", "closed"),
        ("2024-03-11T22:00:00Z", "open"),
        // Of the evening after the last session nothing was told.
        ("2024-03-12T21:00:00Z", "unknown"),
    ] {
        check(&future.liquid, instant, expected);
    }
}

#[test]
fn lunch_breaks_old_forms_and_whole_days() {
    for text in [
        "20261124:0930-20261124:1200;20261124:1300-20261124:1600",
        "20261124:0930-1200,1300-1600",
    ] {
        let shares = read(text, "Hongkong");
        check(&shares.liquid, "2026-11-24T03:59:00Z", "open");
        check(&shares.liquid, "2026-11-24T04:30:00Z", "closed");
        check(&shares.liquid, "2026-11-24T05:00:00Z", "open");
        assert_eq!(
            shares.next_close(at("2026-11-24T04:30:00Z")),
            Some(at("2026-11-24T08:00:00Z"))
        );
    }
    let evening = read("20261124:1700-0200", "Japan");
    check(&evening.liquid, "2026-11-24T16:30:00Z", "open");
    for text in [
        "20261123:0000-20261124:0000;20261124:0000-20261125:0000",
        "20261123:0000-2400;20261124:0000-2400",
    ] {
        let always = read(text, "EST5EDT");
        let open = always.liquid.at(at("2026-11-24T05:00:00Z"));
        let (since, until) = (at("2026-11-23T05:00:00Z"), at("2026-11-25T05:00:00Z"));
        assert_eq!(open, Openness::Open { since, until });
    }
}

#[test]
fn every_name_of_a_zone_is_understood() {
    for (name, city) in [
        ("US/Eastern", "America/New_York"),
        ("EST", "America/New_York"),
        ("EST (Eastern Standard Time)", "America/New_York"),
        ("EST5EDT", "America/New_York"),
        ("CST6CDT", "America/Chicago"),
        ("US/Central", "America/Chicago"),
        ("MET", "Europe/Berlin"),
        ("MET (Middle Europe Time)", "Europe/Berlin"),
        ("GB-Eire", "Europe/London"),
        ("GB", "Europe/London"),
        ("Japan", "Asia/Tokyo"),
        ("JST (Japan Standard Time)", "Asia/Tokyo"),
        ("Hongkong", "Asia/Hong_Kong"),
        ("Singapore", "Asia/Singapore"),
        ("Australia/NSW", "Australia/Sydney"),
        ("Asia/Calcutta", "Asia/Kolkata"),
        ("America/New_York", "America/New_York"),
    ] {
        // The same instants in winter and in summer, whatever the zone calls itself.
        let text = "20240115:0900-20240115:1700;20240715:0900-20240715:1700";
        let (ours, theirs) = (read(text, name), read(text, city));
        assert_eq!(ours.liquid, theirs.liquid, "{name} is {city}");
    }
    assert!(zone("Mars/Olympus").is_none() && zone("").is_none() && zone("(").is_none());
}

#[test]
fn what_cannot_be_read_is_said() {
    let session = |text: &str| HoursError::Session {
        text: text.to_owned(),
    };
    let mars = HoursError::Zone {
        zone: "Mars/Olympus".to_owned(),
    };
    for (text, zone, expected) in [
        ("", "UTC", HoursError::None),
        (" ; ", "UTC", HoursError::None),
        ("20240603:0930-20240603:1600", "", HoursError::None),
        ("20240603:0930-20240603:1600", "Mars/Olympus", mars),
        ("20240603", "UTC", session("20240603")),
        ("20240603:0930", "UTC", session("20240603:0930")),
        ("20241303:0930-1600", "UTC", session("20241303:0930-1600")),
        ("20240603:0960-1600", "UTC", session("20240603:0960-1600")),
        (
            "20240603:0930-20240602:1600",
            "UTC",
            session("20240603:0930-20240602:1600"),
        ),
        ("20240603:CLOSED;nonsense", "UTC", session("nonsense")),
    ] {
        assert_eq!(parse(text, text, zone), Err(expected), "{text:?} in {zone:?}");
    }
}

proptest! {
    #[test]
    fn no_words_are_too_strange(text in "[0-9:;,CLOSED-]{0,60}", zone in "[A-Za-z/ ()]{0,20}") {
        let _read_or_refused = parse(&text, &text, &zone);
    }
}
