//! Checkpoints of positions: what the fills up to a number add up to, so that a start reads only those after it. The fold
//! is the portfolio's own, in the order of the fills.
//!
//! A checkpoint covers fills that are older than what the broker may repeat (`replay_days`). What touches a covered fill
//! after all (a correction, a late commission) takes the checkpoint away in the same transaction, and the next start
//! folds from the one before. A checkpoint is made off the lane: folded from a reading, and kept only if nothing it covers
//! was touched meanwhile.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension, Row, TransactionBehavior, params};

use super::error::OpenError;
use super::names::Names;
use super::restore::{FILLS, side};
use super::write::bits;
use crate::crash_point::{self, Step};
use crate::desk::record::RememberedPosition;
use crate::domain::money::{Money, Price, Quantity};
use crate::domain::time::Timestamp;
use crate::portfolio::Position;

/// What the lane and the thread that makes checkpoints tell each other.
#[derive(Debug, Default)]
pub(super) struct Covering {
    /// Fills up to this number are covered, or are being folded.
    upto: AtomicI64,
    /// One of them was touched.
    disturbed: AtomicBool,
    /// When the last records were written: the ledger has no clock of its own.
    latest: AtomicU64,
}

impl Covering {
    /// What an existing ledger has.
    pub(super) fn of(connection: &Connection) -> rusqlite::Result<Self> {
        let covering = Covering::default();
        covering.upto.store(newest(connection)?, Ordering::SeqCst);
        Ok(covering)
    }

    /// The last fill that is covered.
    pub(super) fn upto(&self) -> i64 {
        self.upto.load(Ordering::SeqCst)
    }

    /// Whether any fill is covered.
    pub(super) fn any(&self) -> bool {
        self.upto() > 0
    }

    /// From here on it is noticed when a covered fill is touched.
    pub(super) fn watch(&self) {
        self.disturbed.store(false, Ordering::SeqCst);
    }

    /// Whether one was touched since.
    pub(super) fn disturbed(&self) -> bool {
        self.disturbed.load(Ordering::SeqCst)
    }

    /// Records were written at this instant.
    pub(super) fn wrote(&self, at: Timestamp) {
        self.latest.fetch_max(at.nanos(), Ordering::Relaxed);
    }

    /// The instant of the last records, once there are any.
    pub(super) fn latest(&self) -> Option<Timestamp> {
        let nanos = self.latest.load(Ordering::Relaxed);
        (nanos > 0).then(|| Timestamp::from_nanos(nanos))
    }

    /// Within the transaction that changes what this fill adds up to: checkpoints that have it no longer hold. What was
    /// pruned cannot be folded again, so its base stays.
    pub(super) fn touched(&self, connection: &Connection, number: i64) -> rusqlite::Result<()> {
        if number > self.upto() {
            return Ok(());
        }
        self.disturbed.store(true, Ordering::SeqCst);
        let sql = "DELETE FROM checkpoint_positions
                   WHERE upto IN (SELECT upto FROM checkpoints WHERE upto >= ?1 AND base = 0)";
        connection.prepare_cached(sql)?.execute([number])?;
        let sql = "DELETE FROM checkpoints WHERE upto >= ?1 AND base = 0";
        connection.prepare_cached(sql)?.execute([number])?;
        Ok(())
    }
}

/// Whose, in what, and IB's contract id of it.
type Key = (String, String, i32);
type Held = BTreeMap<Key, Position>;

/// The number of the last fill that a checkpoint covers; zero without one.
pub(super) fn newest(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("SELECT COALESCE(MAX(upto), 0) FROM checkpoints", [], |row| {
        row.get(0)
    })
}

/// The newest fill recorded before `age` ago. Reads back from the newest, so only what is younger is passed over.
pub(super) fn older_than(connection: &Connection, now: Timestamp, age: Duration) -> rusqlite::Result<i64> {
    let before = now
        .nanos()
        .saturating_sub(u64::try_from(age.as_nanos()).unwrap_or(u64::MAX));
    let sql = "SELECT number FROM executions WHERE recorded_at < ?1 ORDER BY number DESC LIMIT 1";
    let found = connection
        .query_row(sql, [bits(before)], |row| row.get(0))
        .optional()?;
    Ok(found.unwrap_or(0))
}

/// Makes a checkpoint of the fills older than `age`, if there are new ones; says whether it did.
pub(super) fn cover(
    connection: &mut Connection,
    covering: &Covering,
    age: Duration,
) -> rusqlite::Result<bool> {
    let Some(now) = covering.latest() else {
        return Ok(false);
    };
    let upto = older_than(connection, now, age)?;
    let before = newest(connection)?;
    if upto <= before {
        return Ok(false);
    }
    // From here on the lane says when it touches one of them.
    covering.watch();
    covering.upto.store(upto, Ordering::SeqCst);
    let reading = connection.transaction()?;
    let held = fold(&reading, newest(&reading)?, upto)?;
    reading.commit()?;
    crash_point::reach(Step::PositionsUnsaved);
    let writing = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    if covering.disturbed() {
        let kept = newest(&writing)?;
        covering.upto.store(kept, Ordering::SeqCst);
        return Ok(false);
    }
    insert(&writing, upto, now, false, &held)?;
    // The one before stays: it is what a touched fill falls back to.
    let sql = "DELETE FROM checkpoints WHERE base = 0 AND upto < ?1";
    writing.execute(sql, [before])?;
    sweep(&writing)?;
    crash_point::reach(Step::PositionsUncommitted);
    writing.commit()?;
    crash_point::reach(Step::PositionsSaved);
    Ok(true)
}

/// Keeps what was folded.
pub(super) fn insert(
    connection: &Connection,
    upto: i64,
    at: Timestamp,
    base: bool,
    held: &Held,
) -> rusqlite::Result<()> {
    let sql = "INSERT INTO checkpoints (upto, at, base) VALUES (?1, ?2, ?3)
               ON CONFLICT (upto) DO UPDATE SET base = MAX(base, excluded.base)";
    connection.execute(sql, params![upto, bits(at.nanos()), base])?;
    let sql = "INSERT OR REPLACE INTO checkpoint_positions
                   (upto, plugin, instrument, con_id, size, cost, realized, fees)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
    let mut statement = connection.prepare_cached(sql)?;
    for ((plugin, instrument, con_id), position) in held {
        statement.execute(params![
            upto,
            plugin,
            instrument,
            con_id,
            position.size.nanos(),
            position.cost().to_string(),
            position.realized.to_string(),
            position.fees.to_string(),
        ])?;
    }
    Ok(())
}

/// Forgets positions of checkpoints that are gone.
pub(super) fn sweep(connection: &Connection) -> rusqlite::Result<()> {
    let sql = "DELETE FROM checkpoint_positions WHERE upto NOT IN (SELECT upto FROM checkpoints)";
    connection.execute(sql, []).map(drop)
}

/// What the checkpoint at `from` and the fills after it, up to `upto`, add up to.
pub(super) fn fold(connection: &Connection, from: i64, upto: i64) -> rusqlite::Result<Held> {
    let mut held = kept(connection, from)?;
    let sql = format!(
        "{FILLS} AND e.number > ?1 AND place > ?1 AND place <= ?2 AND e.instrument IS NOT NULL ORDER BY place"
    );
    let mut statement = connection.prepare(&sql)?;
    let mut rows = statement.query([from, upto])?;
    while let Some(row) = rows.next()? {
        let key: Key = (row.get(2)?, row.get(7)?, row.get(8)?);
        let position: &mut Position = held.entry(key).or_default();
        let word: String = row.get(9)?;
        let side = side(&word).ok_or_else(|| unreadable(9, format!("side {word}")))?;
        let (size, price) = (
            Quantity::from_nanos(row.get(10)?),
            Price::from_nanos(row.get(11)?),
        );
        position.fill(side, size, price, Quantity::ONE);
        if row.get_ref(14)? != rusqlite::types::ValueRef::Null {
            position.fees = position.fees.plus(money(row, 14)?);
        }
    }
    Ok(held)
}

fn kept(connection: &Connection, upto: i64) -> rusqlite::Result<Held> {
    let sql = "SELECT plugin, instrument, con_id, size, cost, realized, fees
               FROM checkpoint_positions WHERE upto = ?1 ORDER BY plugin, instrument, con_id";
    let mut statement = connection.prepare(sql)?;
    let rows = statement.query_map([upto], |row| {
        let size = Quantity::from_nanos(row.get(3)?);
        let position = Position::of(size, money(row, 4)?, money(row, 5)?, money(row, 6)?);
        Ok(((row.get(0)?, row.get(1)?, row.get(2)?), position))
    })?;
    rows.collect()
}

/// What the newest checkpoint holds, for the desk. As with fills, what is in an instrument that is not configured stays
/// in the ledger and comes back with the instrument.
pub(super) fn held(
    connection: &Connection,
    path: &Path,
    names: &Names,
) -> Result<Vec<RememberedPosition>, OpenError> {
    let sqlite =
        |source: rusqlite::Error| super::open_error(path, "read the checkpoint of positions", source);
    let upto = newest(connection).map_err(sqlite)?;
    let mut positions = Vec::new();
    for ((plugin, name, con_id), position) in kept(connection, upto).map_err(sqlite)? {
        match names.instrument_id(&name, Some(con_id)) {
            Some(instrument) => positions.push(RememberedPosition {
                plugin,
                instrument,
                position,
            }),
            None => tracing::warn!(
                plugin,
                instrument = name,
                size = %position.size,
                "the ledger holds a position in an instrument that is not configured; it is kept but not counted: put \
                 the instrument back into the configuration if it matters"
            ),
        }
    }
    Ok(positions)
}

fn money(row: &Row<'_>, column: usize) -> rusqlite::Result<Money> {
    let text: String = row.get(column)?;
    text.parse()
        .map_err(|_| unreadable(column, format!("amount {text}")))
}

fn unreadable(column: usize, what: String) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, what.into())
}
