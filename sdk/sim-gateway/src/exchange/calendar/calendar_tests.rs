//! Sessions of real venues on days that are hard: clock changes, holidays, half days, lunch, overnight.

use jiff::civil::Date;

use super::{DayRule, Phase};
use crate::exchange::{Catalogue, Schedule};

fn clock(schedule: &Schedule, unix: u64) -> String {
    let at = jiff::Timestamp::from_second(i64::try_from(unix).unwrap()).unwrap();
    at.to_zoned(schedule.zone().clone())
        .strftime("%m-%d %H:%M")
        .to_string()
}

/// The sessions of a trading day: `open-close`, extended ones in brackets.
fn told(name: &str, day: &str) -> String {
    let catalogue = Catalogue::built_in();
    let schedule = catalogue.schedule(name).unwrap();
    let sessions = schedule.day(day.parse::<Date>().unwrap()).iter();
    let told = sessions.map(|each| {
        let span = format!("{}-{}", clock(schedule, each.open), clock(schedule, each.close));
        if each.phase == Phase::Regular {
            span
        } else {
            format!("({span})")
        }
    });
    told.collect::<Vec<_>>().join(" ")
}

#[test]
fn venues_keep_their_hours() {
    let table = [
        (
            "us-stock",
            "2026-11-23",
            "(11-23 04:00-11-23 09:30) 11-23 09:30-11-23 16:00 (11-23 16:00-11-23 20:00)",
        ),
        ("us-stock", "2026-11-26", ""),
        (
            "us-stock",
            "2026-11-27",
            "(11-27 04:00-11-27 09:30) 11-27 09:30-11-27 13:00 (11-27 13:00-11-27 17:00)",
        ),
        ("us-stock", "2026-11-28", ""),
        ("us-stock", "2026-07-03", ""),
        ("us-stock", "2027-06-18", ""),
        ("us-stock", "2027-12-24", ""),
        (
            "us-stock",
            "2027-12-31",
            "(12-31 04:00-12-31 09:30) 12-31 09:30-12-31 16:00 (12-31 16:00-12-31 20:00)",
        ),
        ("us-stock", "2026-04-03", ""),
        (
            "globex",
            "2026-11-23",
            "(11-22 17:00-11-23 08:30) 11-23 08:30-11-23 15:00 (11-23 15:00-11-23 16:00)",
        ),
        (
            "globex",
            "2026-11-26",
            "(11-25 17:00-11-26 08:30) 11-26 08:30-11-26 12:00",
        ),
        ("forex", "2026-11-23", "11-22 17:15-11-23 17:00"),
        ("crypto", "2026-11-22", "11-22 00:00-11-23 00:00"),
        ("lse", "2026-12-28", ""),
        (
            "lse",
            "2026-12-24",
            "(12-24 05:05-12-24 08:00) 12-24 08:00-12-24 12:30 (12-24 12:30-12-24 12:40)",
        ),
        ("xetra", "2026-05-01", ""),
        (
            "sehk",
            "2026-11-23",
            "11-23 09:30-11-23 12:00 11-23 13:00-11-23 16:00",
        ),
        ("sehk", "2026-12-24", "12-24 09:30-12-24 12:00"),
        ("tsej", "2026-11-23", ""),
        (
            "tsej",
            "2026-11-24",
            "11-24 09:00-11-24 11:30 11-24 12:30-11-24 15:30",
        ),
        (
            "ose",
            "2026-11-24",
            "(11-23 17:00-11-24 06:00) 11-24 08:45-11-24 15:45",
        ),
    ];
    for (name, day, wanted) in table {
        assert_eq!(told(name, day), wanted, "{name} on {day}");
    }
}

#[test]
fn clocks_that_change_change_the_sessions() {
    // Hours of the day in Unix time: the same clock time, an hour apart from one week to the next.
    let table = [
        ("us-stock", "2026-03-06", 14.5),
        ("us-stock", "2026-03-09", 13.5),
        ("us-stock", "2026-10-30", 13.5),
        ("us-stock", "2026-11-02", 14.5),
        ("lse", "2026-03-27", 8.0),
        ("lse", "2026-03-30", 7.0),
        ("tsej", "2026-03-27", 0.0),
        ("tsej", "2026-03-30", 0.0),
    ];
    let catalogue = Catalogue::built_in();
    for (name, day, wanted) in table {
        let sessions = catalogue.schedule(name).unwrap().day(day.parse().unwrap());
        let regular = sessions.iter().find(|each| each.phase == Phase::Regular).unwrap();
        let hour = f64::from(u32::try_from(regular.open % 86_400).unwrap()) / 3_600.0;
        assert!((hour - wanted).abs() < 1e-9, "{name} on {day} opens at {hour}");
    }
    // A session over the night of the change is an hour longer or shorter.
    let hours = |day: &str| {
        let sessions = catalogue.schedule("crypto").unwrap().day(day.parse().unwrap());
        (sessions[0].close - sessions[0].open) / 3_600
    };
    assert_eq!(
        [hours("2026-03-08"), hours("2026-11-01"), hours("2026-11-02")],
        [23, 25, 24]
    );
}

#[test]
fn sessions_are_found_from_any_moment_in_them() {
    let catalogue = Catalogue::built_in();
    for name in ["us-stock", "globex", "hkfe", "ose", "sehk", "crypto", "forex"] {
        let schedule = catalogue.schedule(name).unwrap();
        let start = schedule.unix("2026-12-20".parse().unwrap(), jiff::civil::Time::midnight());
        let end = start + 20 * 86_400;
        let all: Vec<_> = schedule.sessions(start, end).copied().collect();
        assert!(all.len() > 9, "{name}");
        assert!(all.windows(2).all(|pair| pair[0].close <= pair[1].open), "{name}");
        for each in &all {
            assert_eq!(schedule.at(each.open), Some(each), "{name}");
            assert_eq!(schedule.at(each.close - 1), Some(each), "{name}");
            assert_ne!(schedule.at(each.close), Some(each), "{name}");
        }
    }
}

#[test]
fn rules_name_days() {
    let table = [
        ("third friday", "2026-12-18"),
        ("last business day", "2026-12-31"),
        ("last business day -2b", "2026-12-29"),
        ("day 25 of previous month -3b", "2026-11-20"),
        ("third friday of next month -30", "2026-12-16"),
        ("second friday -1b", "2026-12-10"),
        ("third wednesday -2b", "2026-12-14"),
        ("last friday", "2026-12-25"),
        ("easter -2", "2026-04-03"),
        ("07-04 observed", "2026-07-03"),
    ];
    let weekday = |date: Date| date.weekday().to_monday_zero_offset() < 5;
    for (text, wanted) in table {
        let rule: DayRule = text.parse().unwrap();
        assert_eq!(rule.on(2026, 12, &weekday), wanted.parse().ok(), "{text}");
    }
    for text in [
        "",
        "third",
        "third frday",
        "sixth friday",
        "13-01",
        "friday third",
        "day 0",
        "easter x",
        "12-25 seen",
    ] {
        assert!(text.parse::<DayRule>().is_err(), "{text}");
    }
}
