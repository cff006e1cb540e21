use std::time::Duration;

use proptest::prelude::*;

use super::backoff::{Backoff, Bounds, Cause};

fn bounds(local: bool) -> Bounds {
    Bounds {
        min: Duration::from_millis(50),
        max: Duration::from_secs(5),
        local,
        silent: Duration::from_secs(30),
        client_id: (Duration::from_secs(5), Duration::from_secs(60)),
    }
}

#[track_caller]
fn check(cause: Cause, failures: u32, local: bool, floor_ms: u64, ceiling_ms: u64) {
    let range = Backoff::new(bounds(local), 1).range(cause, failures);
    let expected = (Duration::from_millis(floor_ms), Duration::from_millis(ceiling_ms));
    assert_eq!(range, expected, "{cause:?} after {failures}");
}

#[test]
fn each_cause_has_its_range() {
    check(Cause::Refused, 0, true, 10, 50);
    check(Cause::Refused, 1, true, 10, 100);
    check(Cause::Refused, 40, true, 10, 250);
    check(Cause::Refused, 40, false, 10, 5_000);
    // A gateway that starts is asked evenly, then less and less often.
    check(Cause::Rejected, 0, true, 200, 500);
    check(Cause::Rejected, 9, true, 200, 500);
    check(Cause::Rejected, 10, true, 200, 1_000);
    check(Cause::Rejected, 40, true, 200, 5_000);
    check(Cause::Rejected, 0, false, 2_000, 5_000);
    // One that is wedged is left alone.
    check(Cause::Silent, 1, true, 10, 100);
    check(Cause::Silent, 2, true, 30_000, 37_500);
    check(Cause::Silent, 40, false, 30_000, 37_500);
    check(Cause::ClientIdInUse, 0, true, 5_000, 10_000);
    check(Cause::ClientIdInUse, 1, true, 10_000, 20_000);
    check(Cause::ClientIdInUse, 40, true, 30_000, 60_000);
    check(Cause::VersionTooLow, 0, false, 30_000, 60_000);
    check(Cause::WrongAccount, 9, false, 30_000, 60_000);
}

#[test]
fn a_loss_is_answered_at_once_and_then_with_patience() {
    let mut backoff = Backoff::new(bounds(false), 7);
    assert_eq!(backoff.failed(Cause::Lost), Duration::ZERO);
    assert!(backoff.failed(Cause::Lost) > Duration::ZERO);
    backoff.succeeded();
    assert_eq!(backoff.failed(Cause::Lost), Duration::ZERO);
}

#[test]
fn another_cause_starts_its_own_count() {
    let mut backoff = Backoff::new(bounds(false), 7);
    for _ in 0..30 {
        backoff.failed(Cause::Refused);
    }
    assert!(backoff.failed(Cause::ClientIdInUse) <= Duration::from_secs(10));
}

#[test]
fn waits_are_spread_over_the_range() {
    let mut backoff = Backoff::new(bounds(false), 3);
    let waits: Vec<_> = (0..1_000).map(|_| backoff.failed(Cause::Refused)).collect();
    let late = &waits[20..];
    let share = |low: u64, high: u64| {
        let inside =
            |wait: &&Duration| **wait >= Duration::from_millis(low) && **wait < Duration::from_millis(high);
        late.iter().filter(inside).count()
    };
    assert!(share(0, 1_700) > 200 && share(1_700, 3_400) > 200 && share(3_400, 5_001) > 200);
}

proptest! {
    #[test]
    fn every_wait_is_within_its_range(
        seed: u64,
        local: bool,
        causes in prop::collection::vec(0_usize..10, 1..200),
    ) {
        let mut backoff = Backoff::new(bounds(local), seed);
        let mut last = None;
        let mut failures = 0;
        for index in causes {
            let cause = Cause::ALL[index];
            failures = if last == Some(cause) { failures + 1 } else { 0 };
            last = Some(cause);
            let (floor, ceiling) = backoff.range(cause, failures);
            let wait = backoff.failed(cause);
            let at_once = matches!(cause, Cause::Lost | Cause::Reopened) && failures == 0;
            prop_assert!(at_once || (wait >= floor && wait <= ceiling));
            prop_assert!(wait <= Duration::from_secs(60));
        }
    }
}
