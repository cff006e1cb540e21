use std::time::Duration;

use super::supervisor::{Policy, Severity, Supervisor};
use crate::domain::plugin::PluginState::{self, Quarantined, Restarting, Running};
use crate::domain::time::Timestamp;

fn second(seconds: u64) -> Timestamp {
    Timestamp::from_nanos((1_000_000 + seconds) * 1_000_000_000)
}

/// Failures at these seconds, each of which is started again as soon as it is due, and the pauses they lead
/// to; `None` is the quarantine.
fn check(severity: Severity, failures: &[u64], pauses: &[Option<u64>]) {
    let mut supervisor = Supervisor::new(Policy::default());
    for (number, (&at, &pause)) in failures.iter().zip(pauses).enumerate() {
        let state = supervisor.failed(second(at), severity);
        let due = supervisor.due().map(|due| due.since(second(at)).as_secs());
        assert_eq!(due, pause, "failure {number}");
        assert_eq!(state, if pause.is_some() { Restarting } else { Quarantined });
        if let (Some(due), Severity::Callback) = (supervisor.due(), severity) {
            assert!(supervisor.is_due(due));
            supervisor.started();
        }
    }
}

#[test]
fn pauses_double_and_a_loop_is_quarantined() {
    check(
        Severity::Callback,
        &[0, 1, 3, 7, 15],
        &[Some(1), Some(2), Some(4), Some(8), None],
    );
}

#[test]
fn failures_far_apart_never_add_up() {
    check(
        Severity::Callback,
        &[0, 60, 120, 180, 240, 300, 360],
        &[Some(1); 7],
    );
}

#[test]
fn pauses_grow_to_the_longest_and_no_further() {
    let apart: Vec<u64> = (0..12).map(|number| number * 20).collect();
    let pauses = [1, 2, 4, 8, 16, 32, 60, 60, 60, 60, 60, 60].map(Some);
    check(Severity::Callback, &apart, &pauses);
}

#[test]
fn two_failed_starts_in_a_row_are_a_loop() {
    check(Severity::Start, &[0, 1], &[Some(1), None]);
}

#[test]
fn an_overrun_is_quarantined_at_once() {
    check(Severity::Overrun, &[0], &[None]);
}

#[test]
fn a_start_that_works_wipes_the_failed_ones() {
    let mut supervisor = Supervisor::new(Policy::default());
    supervisor.failed(second(0), Severity::Start);
    supervisor.started();
    assert_eq!(supervisor.failed(second(100), Severity::Start), Restarting);
}

#[test]
fn the_operator_lifts_a_quarantine_with_a_clean_slate() {
    let mut supervisor = Supervisor::new(Policy::default());
    assert!(!supervisor.release(second(0)), "it runs");
    supervisor.failed(second(0), Severity::Overrun);
    assert_eq!((supervisor.state(), supervisor.due()), (Quarantined, None));
    assert!(!supervisor.is_due(second(1_000_000)));
    assert!(supervisor.release(second(1)));
    assert!(supervisor.is_due(second(1)));
    supervisor.started();
    assert_eq!(supervisor.state(), Running);
    supervisor.failed(second(2), Severity::Callback);
    assert_eq!(supervisor.due(), Some(second(2).after(Duration::from_secs(1))));
    assert_eq!(supervisor.state(), PluginState::Restarting);
}
