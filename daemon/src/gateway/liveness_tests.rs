use std::time::Duration;

use super::liveness::{Deadlines, Finding, Liveness, examine};
use super::status::StatusBoard;
use crate::domain::session::{SessionPhase, SessionStatus};
use crate::domain::time::Timestamp;

fn second(seconds: u64) -> Timestamp {
    Timestamp::from_nanos(1_000_000_000 * (1_000_000 + seconds))
}

const DEADLINES: Deadlines = Deadlines {
    heartbeat: Duration::from_secs(16),
    connecting: Duration::from_secs(30),
};

fn status(phase: SessionPhase, since: u64, heartbeat: Option<u64>) -> SessionStatus {
    SessionStatus {
        phase,
        since: second(since),
        last_heartbeat: heartbeat.map(second),
        ..StatusBoard::new("127.0.0.1:4002", 1).subscribe().borrow().clone()
    }
}

#[test]
fn every_phase_with_a_deadline_is_held_to_it() {
    use SessionPhase::{Closed, Connecting, Proving, Up, Waiting};
    let cases = [
        (status(Up, 0, Some(100)), 116, None),
        (status(Up, 0, Some(100)), 117, Some("heartbeat")),
        (status(Proving, 90, Some(100)), 117, Some("heartbeat")),
        (status(Proving, 90, None), 107, Some("heartbeat")),
        (status(Connecting, 90, Some(10)), 120, None),
        (status(Connecting, 90, Some(10)), 121, Some("stuck")),
        (status(Waiting, 0, Some(10)), 9_000, None),
        (status(Closed, 0, None), 9_000, None),
    ];
    for (status, now, expected) in cases {
        let found = examine(second(now), &status, DEADLINES).map(|finding| match finding {
            Finding::HeartbeatDied(_) => "heartbeat",
            Finding::Stuck(_) => "stuck",
        });
        assert_eq!(found, expected, "{:?} at {now}", status.phase);
    }
}

#[test]
fn the_detector_is_born_alive_and_its_age_is_reckoned_when_read() {
    let registry = prometheus::Registry::new();
    let liveness = Liveness::register(&registry).unwrap();
    assert!(liveness.pulse().last_run() > second(0));
    let names: Vec<String> = registry
        .gather()
        .iter()
        .map(|family| family.name().to_owned())
        .collect();
    assert_eq!(
        names,
        [
            "moored_liveness_age_seconds",
            "moored_liveness_last_run_timestamp_seconds",
            "moored_time_since_ready_seconds"
        ]
    );
}
