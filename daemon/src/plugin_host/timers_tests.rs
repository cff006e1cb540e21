use std::time::Duration;

use super::timers::{MAX_TIMERS, Refusal, Timers};
use crate::domain::time::Timestamp;

fn at(nanos: u64) -> Timestamp {
    Timestamp::from_nanos(nanos)
}

const MS: u64 = 1_000_000;

/// Everything due at an instant, in the order it is called.
fn due(timers: &mut Timers, now: u64) -> Vec<(u32, u64)> {
    std::iter::from_fn(|| timers.take_due(at(now)))
        .map(|(id, due)| (id, due.nanos()))
        .collect()
}

#[test]
fn those_due_longest_come_first_and_once() {
    let mut timers = Timers::default();
    for (id, when) in [(1, 30), (2, 10), (3, 10), (4, 99)] {
        timers.set(id, at(when), None).unwrap();
    }
    assert_eq!(timers.next(), Some(at(10)));
    assert_eq!(due(&mut timers, 9), []);
    assert_eq!(due(&mut timers, 50), [(2, 10), (3, 10), (1, 30)]);
    assert_eq!(timers.next(), Some(at(99)));
}

#[test]
fn setting_again_replaces_and_clearing_removes() {
    let mut timers = Timers::default();
    timers.set(1, at(10), None).unwrap();
    timers.set(1, at(20), None).unwrap();
    assert_eq!(timers.next(), Some(at(20)));
    timers.clear(1);
    timers.clear(2);
    assert_eq!(timers.next(), None);
}

#[test]
fn periods_gone_by_are_not_made_up_for() {
    let mut timers = Timers::default();
    let period = Some(Duration::from_nanos(10 * MS));
    timers.set(7, at(100 * MS), period).unwrap();
    assert_eq!(due(&mut timers, 100 * MS), [(7, 100 * MS)]);
    assert_eq!(timers.next(), Some(at(110 * MS)));
    assert_eq!(due(&mut timers, 155 * MS), [(7, 110 * MS)]);
    assert_eq!(timers.next(), Some(at(160 * MS)), "it keeps its beat");
    timers
        .set(8, at(u64::MAX - 1), Some(Duration::from_secs(u64::MAX / 2)))
        .unwrap();
    assert_eq!(
        due(&mut timers, u64::MAX - 1).len(),
        2,
        "the end of time is not passed"
    );
}

#[test]
fn what_is_refused() {
    let mut timers = Timers::default();
    let short = Some(Duration::from_nanos(MS - 1));
    assert_eq!(timers.set(1, at(1), short), Err(Refusal::TooShort));
    for id in 0..MAX_TIMERS as u32 {
        timers.set(id, at(1), None).unwrap();
    }
    assert_eq!(timers.set(1_000, at(1), None), Err(Refusal::TooMany));
    assert_eq!(
        timers.set(5, at(2), None),
        Ok(()),
        "one that is set may be set again"
    );
}
