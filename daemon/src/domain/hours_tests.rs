use proptest::prelude::*;

use super::hours::{Calendar, Interval, Openness};
use super::time::Timestamp;

fn at(second: u64) -> Timestamp {
    Timestamp::from_nanos(second * 1_000_000_000)
}

fn calendar(intervals: &[(u64, u64)], from: u64, until: u64) -> Calendar {
    let interval = |(open, close): &(u64, u64)| Interval {
        open: at(*open),
        close: at(*close),
    };
    Calendar::new(intervals.iter().map(interval).collect(), at(from), at(until))
}

#[test]
fn open_from_the_first_instant_until_before_the_last() {
    let week = calendar(&[(50, 60), (20, 30)], 0, 100);
    let open = |since, until| Openness::Open {
        since: at(since),
        until: at(until),
    };
    let closed = |until: Option<u64>| Openness::Closed { until: until.map(at) };
    for (second, expected) in [
        (0, closed(Some(20))),
        (19, closed(Some(20))),
        (20, open(20, 30)),
        (29, open(20, 30)),
        (30, closed(Some(50))),
        (59, open(50, 60)),
        (60, closed(None)),
        (99, closed(None)),
        (100, Openness::Unknown),
    ] {
        assert_eq!(week.at(at(second)), expected, "at {second}");
    }
    assert_eq!(calendar(&[(20, 30)], 10, 100).at(at(9)), Openness::Unknown);
}

#[test]
fn the_next_opening_and_the_next_close() {
    let week = calendar(&[(20, 30), (50, 60)], 0, 100);
    for (second, open, close) in [
        (0, Some(20), Some(30)),
        (20, Some(50), Some(30)),
        (30, Some(50), Some(60)),
        (55, None, Some(60)),
        (60, None, None),
    ] {
        assert_eq!(week.next_open(at(second)), open.map(at), "open after {second}");
        assert_eq!(week.next_close(at(second)), close.map(at), "close after {second}");
    }
}

#[test]
fn sessions_that_touch_are_one_and_impossible_ones_none() {
    let week = calendar(&[(20, 30), (30, 40), (35, 38), (60, 55)], 0, 100);
    let expected = [Interval {
        open: at(20),
        close: at(40),
    }];
    assert_eq!(week.intervals(), expected);
    // A session of the first day may have begun on the eve.
    let eve = calendar(&[(5, 30)], 10, 20);
    assert_eq!(eve.known_until(), at(30));
    assert!(matches!(eve.at(at(5)), Openness::Open { .. }));
}

proptest! {
    #[test]
    fn what_is_said_of_an_instant_agrees_with_the_intervals(
        raw in prop::collection::vec((0_u64..1_000, 0_u64..100), 0..12),
        second in 0_u64..1_100,
    ) {
        let raw: Vec<(u64, u64)> = raw.into_iter().map(|(open, length)| (open, open + length)).collect();
        let calendar = calendar(&raw, 0, 1_050);
        let inside = raw.iter().any(|(open, close)| *open <= second && second < *close);
        match calendar.at(at(second)) {
            Openness::Open { since, until } => {
                prop_assert!(inside);
                prop_assert!(since <= at(second) && at(second) < until);
                prop_assert_eq!(calendar.next_close(at(second)), Some(until));
            }
            Openness::Closed { until } => {
                prop_assert!(!inside);
                prop_assert_eq!(calendar.next_open(at(second)), until);
            }
            Openness::Unknown => prop_assert!(second >= 1_050 && !inside),
        }
    }
}
