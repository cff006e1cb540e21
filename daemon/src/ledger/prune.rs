//! Deleting what is old: fills, ended orders and refusals beyond `keep_days`. Only what a verified backup has, and of fills
//! only what a checkpoint covers; its base stays in their place. What operators did, and the latch, are kept for good.
//!
//! Off the lane, a few rows a transaction, so that an order waits for less than a millisecond.

use std::time::Duration;

use rusqlite::{Connection, TransactionBehavior, params};

use super::positions::{self, Covering};
use super::write::bits;
use crate::crash_point::{self, Step};
use crate::domain::order::ClientOrderId;

/// Rows of one transaction.
const BATCH: i64 = 200;

/// Deletes what is older than `age`; says how many orders and fills that were.
pub(super) fn prune(
    connection: &mut Connection,
    covering: &Covering,
    age: Duration,
) -> rusqlite::Result<usize> {
    let Some(now) = covering.latest() else {
        return Ok(0);
    };
    let sql = "SELECT COALESCE(MAX(upto), 0), COALESCE(MAX(at), 0) FROM backups";
    let (backed_up, backed_up_at) =
        connection.query_row(sql, [], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)))?;
    let upto = positions::older_than(connection, now, age)?
        .min(backed_up)
        .min(positions::newest(connection)?);
    let mut deleted = 0;
    if set_base(connection, covering, upto)? {
        deleted += executions(connection, upto)?;
    }
    let before = now
        .nanos()
        .saturating_sub(u64::try_from(age.as_nanos()).unwrap_or(u64::MAX));
    deleted += orders(connection, bits(before).min(backed_up_at))?;
    Ok(deleted)
}

/// Whether fills up to this number may go: their sum is kept as the base from which every later start folds.
fn set_base(connection: &mut Connection, covering: &Covering, upto: i64) -> rusqlite::Result<bool> {
    let sql = "SELECT COALESCE(MAX(upto), 0) FROM checkpoints WHERE base = 1";
    let base: i64 = connection.query_row(sql, [], |row| row.get(0))?;
    if upto <= base {
        // A run before this one may have been cut off.
        return Ok(base > 0);
    }
    let Some(now) = covering.latest() else {
        return Ok(false);
    };
    covering.watch();
    let reading = connection.transaction()?;
    let held = positions::fold(&reading, base, upto)?;
    reading.commit()?;
    let writing = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    if covering.disturbed() {
        return Ok(false);
    }
    positions::insert(&writing, upto, now, true, &held)?;
    writing.execute("DELETE FROM checkpoints WHERE upto < ?1", [upto])?;
    positions::sweep(&writing)?;
    writing.commit()?;
    Ok(true)
}

fn executions(connection: &mut Connection, upto: i64) -> rusqlite::Result<usize> {
    let mut deleted = 0;
    loop {
        let writing = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let sql = "SELECT MIN(number) FROM executions";
        let first: Option<i64> = writing.query_row(sql, [], |row| row.get(0))?;
        let Some(first) = first.filter(|first| *first <= upto) else {
            return Ok(deleted);
        };
        // The newest fill stays whatever its age: its number must not be given again.
        let newest: i64 = writing.query_row("SELECT MAX(number) FROM executions", [], |row| row.get(0))?;
        let last = upto.min(first + BATCH).min(newest - 1);
        if last < first {
            return Ok(deleted);
        }
        // With their corrections, whatever the numbers of those: they count in the place of what they correct.
        let sql = "DELETE FROM commissions WHERE exec_id IN (SELECT exec_id FROM executions WHERE family IN
                   (SELECT family FROM executions WHERE number BETWEEN ?1 AND ?2))";
        writing.execute(sql, [first, last])?;
        deleted += writing.execute(
            "DELETE FROM executions WHERE family IN (SELECT family FROM executions WHERE number BETWEEN ?1 AND ?2)",
            [first, last],
        )?;
        crash_point::reach(Step::PruneUncommitted);
        writing.commit()?;
        crash_point::reach(Step::Pruned);
    }
}

/// Ended orders with their events, and refusals, of before that instant. That their ids were used is kept.
fn orders(connection: &mut Connection, before: i64) -> rusqlite::Result<usize> {
    let mut deleted = 0;
    loop {
        let writing = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        for (mark, column) in [
            ("order_id_floor", "order_id"),
            ("client_order_id_floor", "client_order_id"),
        ] {
            let sql = format!(
                "INSERT INTO marks (name, value)
                 SELECT ?1, COALESCE(MAX({column}), 0) FROM orders WHERE {column} BETWEEN 0 AND ?2
                 ON CONFLICT (name) DO UPDATE SET value = MAX(value, excluded.value)"
            );
            let last_of_plugins = ClientOrderId::FIRST_OF_DESK.cast_signed() - 1;
            writing.execute(&sql, params![mark, last_of_plugins])?;
        }
        let old = "SELECT order_id FROM orders WHERE open = 0 AND changed_at < ?1 ORDER BY order_id LIMIT ?2";
        let sql = format!("DELETE FROM order_events WHERE order_id IN ({old})");
        writing.execute(&sql, [before, BATCH])?;
        let sql = format!("DELETE FROM orders WHERE order_id IN ({old})");
        let gone = writing.execute(&sql, [before, BATCH])?;
        let sql = "DELETE FROM denials WHERE number IN (SELECT number FROM denials WHERE at < ?1 LIMIT ?2)";
        let refusals = writing.execute(sql, [before, BATCH])?;
        if gone + refusals == 0 {
            return Ok(deleted);
        }
        deleted += gone;
        writing.commit()?;
    }
}
