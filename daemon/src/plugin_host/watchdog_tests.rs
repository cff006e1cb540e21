use std::time::Duration;

use wasmtime::UpdateDeadline;

use super::watchdog::Watchdog;

fn ms(millis: u64) -> Option<Duration> {
    Some(Duration::from_millis(millis))
}

/// How long the thread had run at each time the deadline passed, and at which of them the callback is
/// stopped.
fn check(ran: &[Option<Duration>], stopped: Option<usize>) {
    let mut watchdog = Watchdog::default();
    watchdog.begin(Duration::from_millis(5));
    let found = ran
        .iter()
        .position(|ran| matches!(watchdog.passed_at(*ran), UpdateDeadline::Interrupt));
    assert_eq!(found, stopped, "{ran:?}");
}

#[test]
fn only_time_the_thread_has_run_counts() {
    check(&[ms(100), ms(105)], Some(1));
    check(&[ms(100), ms(101), ms(102), ms(105)], Some(3));
    check(&[None, None], Some(1));
    check(&[ms(100); 60], Some(40));
}
