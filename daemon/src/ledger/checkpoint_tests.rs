//! The log is moved into the database while the ledger is in use.

use std::time::{Duration, Instant};

use super::checkpoint::{Mode, run};
use super::samples::{at, open, placement};
use crate::desk::record::Record;

/// Waits for a condition that another thread brings about.
fn wait_until(what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !condition() {
        assert!(Instant::now() < deadline, "{what} within the deadline");
        std::thread::park_timeout(Duration::from_millis(10));
    }
}

#[test]
fn the_log_is_moved_without_the_writer() {
    let directory = tempfile::tempdir().expect("a directory");
    let (mut ledger, _) = open(directory.path());
    ledger
        .append(at(1), &[Record::Placed(placement(1))])
        .expect("appends");
    wait_until("a checkpoint", || ledger.metrics.checkpoints.get() > 0);
    let alone = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("ledger.db");
    std::fs::copy(path, alone.path().join("ledger.db")).expect("copies");
    assert_eq!(
        open(alone.path()).1.open_orders.len(),
        1,
        "the order is in the database itself"
    );
    assert!(ledger.metrics.wal_bytes.get() > 0);
}

#[test]
fn the_log_starts_again_after_a_checkpoint() {
    let directory = tempfile::tempdir().expect("a directory");
    let (mut ledger, _) = open(directory.path());
    let wal = directory.path().join("ledger.db-wal");
    let mut largest = 0;
    for id in 1..=300 {
        ledger
            .append(at(1), &[Record::Placed(placement(id))])
            .expect("appends");
        if id % 30 == 0 {
            run(&ledger.connection, Mode::Passive).expect("a checkpoint");
        }
        let length = std::fs::metadata(&wal).expect("a log").len();
        largest = length.max(largest);
    }
    assert!(
        largest < 600 * 1024,
        "the log grew to {largest} bytes over 300 orders"
    );
    run(&ledger.connection, Mode::Truncate).expect("a checkpoint");
    assert_eq!(std::fs::metadata(&wal).expect("a log").len(), 0);
}
