//! A process that dies at a random moment: every commit it had told of must be there.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use super::samples::{at, open, placement};
use crate::desk::record::Record;

/// Where the child's ledger is; only the parent sets it.
const DIRECTORY: &str = "MOORED_TEST_LEDGER_DIRECTORY";

/// The child: appends numbered orders until it is killed and tells of each once it is committed. Nothing
/// without a parent.
#[test]
fn child_appends_until_it_is_killed() {
    let Some(directory) = std::env::var_os(DIRECTORY) else {
        return;
    };
    let (mut ledger, memory) = open(Path::new(&directory));
    let mut out = std::io::stdout();
    for id in memory.highest_order_id + 1.. {
        ledger
            .append(at(1), &[Record::Placed(placement(id))])
            .expect("appends");
        // The parent stops reading when it kills us.
        if writeln!(out, "committed {id}")
            .and_then(|()| out.flush())
            .is_err()
        {
            return;
        }
    }
}

/// Runs the child, kills it after `count` commits and some microseconds, and returns the last commit it told
/// of.
fn kill_after(directory: &Path, count: usize) -> i32 {
    let mut child = Command::new(std::env::current_exe().expect("this test's program"))
        .args([
            "--exact",
            "ledger::kill_tests::child_appends_until_it_is_killed",
            "--nocapture",
        ])
        .env(DIRECTORY, directory)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("starts");
    let lines = BufReader::new(child.stdout.take().expect("piped")).lines();
    let mut committed = lines
        .map_while(Result::ok)
        .filter_map(|line| line.rsplit_once("committed ")?.1.parse::<i32>().ok());
    let reached = committed.nth(count).expect("the child commits");
    child.kill().expect("kills");
    // It went on while the signal was under way; what it told of until then counts too.
    let last = committed.last().unwrap_or(reached);
    child.wait().expect("ends");
    last
}

#[test]
fn no_commit_is_lost_when_the_process_is_killed() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut known = 0;
    // The counts only spread the moments of death; the last is beyond the first checkpoints.
    for count in [0, 1, 7, 40, 333, 2500] {
        let last = kill_after(directory.path(), count);
        let (ledger, memory) = open(directory.path());
        let ids: Vec<_> = memory
            .open_orders
            .iter()
            .map(|order| order.placement.order_id.0)
            .collect();
        let expected: Vec<_> = (1..=memory.highest_order_id).collect();
        assert_eq!(ids, expected, "every order, whole and once");
        assert!(last > known, "the child went on where the one before it died");
        assert!(
            memory.highest_order_id >= last,
            "order {last} was told of and is gone"
        );
        known = memory.highest_order_id;
        drop(ledger);
    }
}
