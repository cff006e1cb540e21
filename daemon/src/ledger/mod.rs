//! Floor 6: the durable memory, in SQLite. Only here: `rusqlite`.
//!
//! Owns the file: what the desk records is committed here before anything it concerns is written to the
//! socket, and what it remembered is handed back at start. A batch of records is one transaction; execution
//! ids and order ids make a repeated batch harmless, so a failed one can be tried again. Instruments and
//! plugins are kept by name.
//!
//! | file | what |
//! |---|---|
//! | `schema.rs` | the tables and their versions |
//! | `open.rs` | finding, checking and making the file |
//! | `write.rs` / `restore.rs` | records to rows / rows to what the desk starts with |
//! | `read.rs` | queries for people, on connections of their own |
//! | `checkpoint.rs` | moving the write-ahead log into the database, on a thread of its own |
//! | `positions.rs` / `prune.rs` | what old fills add up to / deleting what is old |
//! | `backup/` | copies: made live, verified, put back |
//! | `schema.rs` / `migrate.rs` | versions / from one to the next, with a backup and a dry run |
//! | `lock.rs` | one daemon to a ledger |
//!
//! A start and a recovery are one path: [`Ledger::open`], then `Desk::new` with the [`Memory`] it hands back, which is
//! empty for a new ledger; the desk is Recovering until a session has proved the broker's truth, whatever came before.
//!
//! Never: a decision about an order, a clock, a wait for the disk on the lane that the configuration did not
//! ask for, a file overwritten because it could not be read.

mod backup;
mod checkpoint;
mod crash_steps;
mod error;
mod lock;
mod metrics;
mod migrate;
mod names;
mod open;
mod positions;
mod prune;
mod read;
mod restore;
mod schema;
mod write;

#[cfg(test)]
mod checkpoint_tests;
#[cfg(test)]
mod kill_tests;
#[cfg(test)]
mod open_tests;
#[cfg(test)]
mod positions_tests;
#[cfg(test)]
mod property_tests;
#[cfg(test)]
mod round_trip_tests;
#[cfg(test)]
mod samples;

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use prometheus::Registry;
use rusqlite::{Connection, ErrorCode, params};
use serde::{Deserialize, Serialize};

use crate::crash_point::{self, Step};
use crate::desk::record::{Memory, Record, RememberedExecution};
use crate::domain::instrument::Instrument;
use crate::domain::time::Timestamp;
use checkpoint::{Age, Checkpointer};
use crash_steps::Stage;
use lock::LedgerLock;
use metrics::Metrics;
use names::Names;
use open::Place;
use positions::Covering;
use write::WriteError;

pub use backup::{BackupError, Backups, Restored, Verified, restore as restore_backup, verify};
pub use error::{AppendError, AppendErrorKind, OpenError, ReadError};
pub use migrate::{MigrationReport, dry_run};
pub use read::{AdminActionRow, DenialRow, ExecutionRow, LedgerReader, OrderEventRow, OrderRow, Page};

/// Where the ledger is and what it survives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The database. Its `-wal`, `-shm` and `.lock` lie beside it; its directory must exist.
    pub path: PathBuf,
    /// When a commit reaches the disk itself.
    pub synchronous: Synchronous,
    /// Fills of so many days are read one by one at a start, so that one the broker repeats is known; what older ones add
    /// up to is kept. IB repeats those of a day, and of seven where the gateway is set so.
    pub replay_days: u32,
    /// Ended orders, fills and refusals older than so many days are deleted once a verified backup has them; 0 keeps all.
    pub keep_days: u32,
    /// Where backups go that are not told a path: `backups` beside the ledger, if nothing is said.
    pub backup_dir: Option<PathBuf>,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            path: PathBuf::from("/var/lib/moored/ledger.db"),
            synchronous: Synchronous::Normal,
            replay_days: 10,
            keep_days: 1_100,
            backup_dir: None,
        }
    }
}

/// When a commit reaches the disk itself. Either way the death of the daemon loses nothing and no failure
/// damages the file; the two differ in what a power cut or a crash of the kernel takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Synchronous {
    /// About a second later: a power cut may lose the last second or so of commits, always the latest ones
    /// together. The broker's truth, read at start, then shows orders the ledger does
    /// not know.
    #[default]
    Normal,
    /// Before the commit returns: a power cut loses nothing. Each order waits for the disk, on the lane: a
    /// millisecond or more, where `normal` takes tens of microseconds.
    Full,
}

/// The ledger, open for writing. One owner, on the lane.
#[derive(Debug)]
pub struct Ledger {
    names: Names,
    metrics: Metrics,
    place: Arc<Place>,
    connection: Connection,
    checkpointer: Checkpointer,
    covering: Arc<Covering>,
    /// Fills up to this number were added up when the ledger was opened, and not read.
    unread: i64,
    /// Families of those that were asked for since.
    recalled: HashSet<String>,
    // Last, so that the lock outlives everything that touches the file.
    _lock: LedgerLock,
}

impl Ledger {
    /// Opens the ledger, or makes it if there is none, and reads what the desk starts with. `plugins` are the
    /// names in configured order. Anything wrong with an existing file is an error that leaves it as it is.
    pub fn open(
        config: &Config,
        instruments: &[Instrument],
        plugins: &[String],
        registry: &Registry,
    ) -> Result<(Ledger, Memory), OpenError> {
        let path = config.path.as_path();
        open::check_place(path)?;
        let lock = LedgerLock::acquire(path)?;
        open::check_restored(path)?;
        open::make_if_missing(path)?;
        let connection = open::connect(path, config.synchronous)?;
        crash_point::reach(Step::LedgerOpened);
        let names = Names::new(instruments, plugins);
        let memory = restore::restore(&connection, path, &names)?;
        crash_point::reach(Step::MemoryRead);
        let place = Arc::new(Place::of(path)?);
        let metrics = Metrics::register(registry)?;
        let sqlite = |source| open_error(path, "read the checkpoints", source);
        let covering = Arc::new(Covering::of(&connection).map_err(sqlite)?);
        let age = Age {
            covering: Arc::clone(&covering),
            replay: days(config.replay_days),
            keep: (config.keep_days > 0).then(|| days(config.keep_days)),
        };
        let checkpointer = Checkpointer::start(Arc::clone(&place), metrics.clone(), age)?;
        let ledger = Ledger {
            names,
            metrics,
            place,
            connection,
            checkpointer,
            unread: covering.upto(),
            covering,
            recalled: HashSet::new(),
            _lock: lock,
        };
        Ok((ledger, memory))
    }

    /// Makes the records durable, all or none, in one transaction. After an error the ledger is as it was
    /// before, and the same records may be tried again.
    pub fn append(&mut self, at: Timestamp, records: &[Record]) -> Result<(), AppendError> {
        if records.is_empty() {
            return Ok(());
        }
        let started = Instant::now();
        let (names, covering) = (&self.names, &self.covering);
        crash_steps::reach(records, Stage::Unrecorded);
        self.write(|connection| {
            records
                .iter()
                .try_for_each(|record| write::write_record(connection, names, covering, at, record))?;
            crash_steps::reach(records, Stage::Uncommitted);
            Ok(())
        })?;
        covering.wrote(at);
        crash_steps::reach(records, Stage::Recorded);
        self.metrics
            .append_seconds
            .observe(started.elapsed().as_secs_f64());
        self.metrics.appends.inc();
        Ok(())
    }

    /// The fill that counts of this id's family, once, if the start did not read it: the broker repeats or corrects a fill
    /// that is older than `replay_days`. One look-up by an index, and none at all while every fill was read.
    pub fn recall(&mut self, exec_id: &str) -> Option<RememberedExecution> {
        if self.unread == 0 || self.recalled.contains(write::family(exec_id).0) {
            return None;
        }
        match restore::covered_execution(&self.connection, &self.names, exec_id, self.unread) {
            Ok(found) => {
                if found.is_some() {
                    self.recalled.insert(write::family(exec_id).0.to_owned());
                }
                found
            }
            Err(error) => {
                self.metrics.errors.inc();
                tracing::error!(exec_id, %error, "an old fill cannot be read; the desk may take it for a new one");
                None
            }
        }
    }

    /// Whether the ledger can be written now: writes a few pages that hold nothing. For after an append
    /// failed.
    pub fn probe(&mut self) -> Result<(), AppendError> {
        self.place.look();
        self.write(|connection| {
            let sql = "INSERT INTO write_probe (id, filler) VALUES (1, zeroblob(?1))
                       ON CONFLICT (id) DO UPDATE SET filler = excluded.filler";
            connection.prepare_cached(sql)?.execute(params![PROBE_BYTES])?;
            Ok(())
        })
    }

    fn write(&self, body: impl FnOnce(&Connection) -> Result<(), WriteError>) -> Result<(), AppendError> {
        let outcome = match self.place.moved() {
            false => write::in_transaction(&self.connection, body)
                .map_err(|error| error.describe(self.place.path())),
            true => Err(self.place.moved_error()),
        };
        if outcome.is_err() {
            self.metrics.errors.inc();
        }
        outcome
    }

    /// Why the ledger could not be written when the checkpoint thread last tried, which is every few seconds; does not
    /// wait for the disk.
    pub fn trouble(&self) -> Option<AppendError> {
        self.place.trouble()
    }

    /// For backups, on a thread that may wait for the disk.
    pub fn backups(&self, config: &Config) -> Backups {
        let ledger = self.place.path().to_owned();
        let beside = || open::directory_of(&ledger).join("backups");
        let folder = config.backup_dir.clone().unwrap_or_else(beside);
        Backups { ledger, folder }
    }

    /// For queries, on any thread.
    pub fn reader(&self) -> LedgerReader {
        LedgerReader::new(self.place.path().to_owned())
    }

    /// Stops the checkpoints, moves the whole write-ahead log into the database and closes it. Without it (a
    /// crash) nothing is lost: the next opening reads the log.
    pub fn close(self) {
        let Ledger {
            connection,
            checkpointer,
            place,
            metrics,
            ..
        } = self;
        checkpointer.stop();
        let done = checkpoint::run(&connection, checkpoint::Mode::Truncate);
        let closed = connection.close().map_err(|(_, error)| error);
        if let Err(error) = done.and(closed) {
            metrics.errors.inc();
            let path = place.path().display();
            tracing::warn!(%path, %error, "the ledger was closed with its write-ahead log");
        }
    }
}

fn days(count: u32) -> Duration {
    Duration::from_secs(u64::from(count) * 86_400)
}

/// As much as a large batch of records.
const PROBE_BYTES: i32 = 16 * 1024;

/// SQLite's words into ours.
fn open_error(path: &Path, doing: &'static str, source: rusqlite::Error) -> OpenError {
    use rusqlite::Error as E;
    let path = path.to_owned();
    let damaged = match &source {
        E::FromSqlConversionFailure(..) | E::IntegralValueOutOfRange(..) | E::InvalidColumnType(..) => true,
        error => matches!(
            error.sqlite_error_code(),
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)
        ),
    };
    if damaged {
        let text = format!("cannot {doing}: {source}");
        return OpenError::Corrupt { path, text };
    }
    OpenError::Sqlite { path, doing, source }
}
