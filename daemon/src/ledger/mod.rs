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
//! | `lock.rs` | one daemon to a ledger |
//!
//! Never: a decision about an order, a clock, a wait for the disk on the lane that the configuration did not
//! ask for, a file overwritten because it could not be read.

mod checkpoint;
mod error;
mod lock;
mod metrics;
mod names;
mod open;
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
mod property_tests;
#[cfg(test)]
mod round_trip_tests;
#[cfg(test)]
mod samples;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use prometheus::Registry;
use rusqlite::{Connection, ErrorCode, params};
use serde::{Deserialize, Serialize};

use crate::desk::record::{Memory, Record};
use crate::domain::instrument::Instrument;
use crate::domain::time::Timestamp;
use checkpoint::Checkpointer;
use lock::LedgerLock;
use metrics::Metrics;
use names::Names;
use open::Place;
use write::WriteError;

pub use error::{AppendError, AppendErrorKind, OpenError, ReadError};
pub use read::{AdminActionRow, DenialRow, ExecutionRow, LedgerReader, OrderEventRow, OrderRow, Page};

/// Where the ledger is and what it survives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The database. Its `-wal`, `-shm` and `.lock` lie beside it; its directory must exist.
    pub path: PathBuf,
    /// When a commit reaches the disk itself.
    pub synchronous: Synchronous,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            path: PathBuf::from("/var/lib/moored/ledger.db"),
            synchronous: Synchronous::Normal,
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
        open::make_if_missing(path)?;
        let connection = open::connect(path, config.synchronous)?;
        let names = Names::new(instruments, plugins);
        let memory = restore::restore(&connection, path, &names)?;
        let place = Arc::new(Place::of(path)?);
        let metrics = Metrics::register(registry)?;
        let checkpointer = Checkpointer::start(Arc::clone(&place), metrics.clone())?;
        let ledger = Ledger {
            names,
            metrics,
            place,
            connection,
            checkpointer,
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
        let names = &self.names;
        self.write(|connection| {
            records
                .iter()
                .try_for_each(|record| write::write_record(connection, names, at, record))
        })?;
        self.metrics
            .append_seconds
            .observe(started.elapsed().as_secs_f64());
        self.metrics.appends.inc();
        Ok(())
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
            true => Err(AppendError {
                kind: AppendErrorKind::Moved,
                text: format!(
                    "{} was moved, deleted or replaced while in use; put the file back (what was written so \
                     far is in it), or stop the daemon and start it again",
                    self.place.path().display()
                ),
            }),
        };
        if outcome.is_err() {
            self.metrics.errors.inc();
        }
        outcome
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
