//! Copies of a ledger in use: whole, checked, never over anything, and put back without losing what was there.

use std::fs;
use std::path::Path;

use super::super::samples::{at, config, open, placement};
use super::super::{Ledger, verify};
use super::{BackupError, Verified, restore};
use crate::desk::record::Record;
use crate::domain::order::OrderId;
use crate::domain::trading_state::Latch;

fn placed(ledger: &mut Ledger, ids: std::ops::RangeInclusive<i32>) {
    for id in ids {
        ledger
            .append(at(1_000 + id as u64), &[Record::Placed(placement(id))])
            .expect("appends");
    }
}

fn backup(ledger: &Ledger, directory: &Path, name: &str) -> Result<Verified, BackupError> {
    let target = directory.join(name);
    ledger.backups(&config(directory)).create(Some(&target), at(5))
}

#[test]
fn a_backup_of_a_ledger_in_use_is_whole_and_goes_nowhere_else() {
    let directory = tempfile::tempdir().expect("a directory");
    let (mut ledger, _) = open(directory.path());
    placed(&mut ledger, 1..=50);
    let made = backup(&ledger, directory.path(), "copy.db").expect("a backup");
    assert_eq!((made.orders, made.executions, made.last_order), ((50, 50), 0, 50));
    placed(&mut ledger, 51..=60);
    assert_eq!(verify(&made.path).expect("good"), made);
    let again = backup(&ledger, directory.path(), "copy.db").expect_err("taken");
    assert!(matches!(again, BackupError::Exists { .. }), "{again}");
    let nowhere = backup(&ledger, directory.path(), "none/copy.db").expect_err("no folder");
    assert!(matches!(nowhere, BackupError::NotWritable { .. }), "{nowhere}");
    let dated = ledger
        .backups(&config(directory.path()))
        .create(None, at(5))
        .expect("a backup");
    assert_eq!(
        dated.path,
        directory.path().join("backups/ledger-19700101T000000Z.db")
    );
    assert_eq!(dated.orders, (60, 60));
}

#[test]
fn what_is_not_a_good_backup_is_refused_and_nothing_is_touched() {
    let directory = tempfile::tempdir().expect("a directory");
    let (mut ledger, _) = open(directory.path());
    placed(&mut ledger, 1..=200);
    let made = backup(&ledger, directory.path(), "copy.db").expect("a backup");
    ledger.close();
    let target = directory.path().join("ledger.db");
    let before = fs::read(&target).expect("reads");
    let good = fs::read(&made.path).expect("reads");
    let mut middle = good.clone();
    let half = middle.len() / 2;
    middle[half..half + 4096].fill(0xA5);
    let cut = &good[..good.len() - 3000];
    for (bytes, word) in [
        (&middle[..], "damaged"),
        (cut, "damaged"),
        (b"notes", "not a SQLite"),
        (b"", "empty"),
    ] {
        let bad = directory.path().join("bad.db");
        fs::write(&bad, bytes).expect("writes");
        let said = restore(&bad, &target, at(9)).expect_err("refused").to_string();
        assert!(said.contains(word), "{word:?} is not in {said:?}");
        assert_eq!(fs::read(&target).expect("reads"), before);
    }
    let missing = restore(Path::new("/nowhere/at/all.db"), &target, at(9)).expect_err("none");
    assert!(missing.to_string().contains("/nowhere/at/all.db"), "{missing}");
}

#[test]
fn a_restored_ledger_passes_over_the_ids_it_may_have_forgotten_and_is_halted() {
    let directory = tempfile::tempdir().expect("a directory");
    let (mut ledger, _) = open(directory.path());
    placed(&mut ledger, 1..=3);
    let made = backup(&ledger, directory.path(), "copy.db").expect("a backup");
    placed(&mut ledger, 4..=9);
    let target = directory.path().join("ledger.db");
    let running = restore(&made.path, &target, at(9)).expect_err("a daemon has it");
    assert!(running.to_string().contains("in use by process"), "{running}");
    drop(ledger);
    let restored = restore(&made.path, &target, at(9)).expect("restores");
    assert!(restored.replaced[0].exists(), "{restored}");
    let (ledger, memory) = open(directory.path());
    let open_ids: Vec<OrderId> = memory
        .open_orders
        .iter()
        .map(|order| order.placement.order_id)
        .collect();
    assert_eq!(open_ids, [OrderId(1), OrderId(2), OrderId(3)]);
    assert!(
        memory.highest_order_id > 9 + 50_000,
        "{}",
        memory.highest_order_id
    );
    assert!(
        memory.highest_client_order_id > 1_000_000,
        "{}",
        memory.highest_client_order_id
    );
    assert_eq!(memory.latch.expect("latched").0, Latch::Halted);
    drop(ledger);
    // What was replaced is a good ledger still, with its log.
    let kept = verify(&restored.replaced[0]).expect("good");
    assert_eq!(kept.last_order, 9);
    assert_eq!(
        fs::read(&made.path).map(|bytes| bytes.len() as u64).ok(),
        Some(made.bytes)
    );
}

#[test]
fn a_restore_that_was_cut_off_is_told_at_the_next_start() {
    let directory = tempfile::tempdir().expect("a directory");
    let (mut ledger, _) = open(directory.path());
    placed(&mut ledger, 1..=3);
    let made = backup(&ledger, directory.path(), "copy.db").expect("a backup");
    drop(ledger);
    fs::write(directory.path().join("ledger.db.restoring"), "half").expect("writes");
    let refused = super::super::samples::open_with(&config(directory.path()), &["AAPL", "EUR.USD"], &[]);
    let said = refused.expect_err("refused").to_string();
    assert!(
        said.contains("cut off") && said.contains("moorctl backup restore"),
        "{said}"
    );
    restore(&made.path, &directory.path().join("ledger.db"), at(9)).expect("again");
    assert_eq!(open(directory.path()).1.open_orders.len(), 3);
}
