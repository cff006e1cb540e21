//! What waits for the disk, and so has a thread and a connection of its own.
//!
//! - About once a second the write-ahead log is made to reach the disk: what a power cut can take is younger.
//! - Once a minute, or as soon as the log has grown by [`SOON_BYTES`], a passive checkpoint copies what it
//!   can into the database without holding anyone up. Commits that never pause can outrun that; at
//!   [`BOUND_BYTES`] a truncating one stops the writer for as long as the last few pages take.
//! - After a checkpoint the next commit starts the log again, and SQLite makes that one wait for the disk,
//!   milliseconds, whatever `synchronous` says short of `off`. So the thread commits next, and no order
//!   waits; one that comes in those milliseconds waits for the rest of them, hence checkpoints are rare.

use std::fs::File;
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError, SyncSender};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::error::{AppendErrorKind, OpenError};
use super::metrics::Metrics;
use super::open::Place;
use super::open_error;
use super::positions::{self, Covering};
use super::prune;
use super::write::WriteError;
use crate::crash_point::{self, Step};

/// How often the log's size is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// How often new commits are made to reach the disk: also how much a power cut can take in `normal`.
const SYNC_EVERY: Duration = Duration::from_secs(1);
/// How often it is tried whether the ledger can be written, so that trouble is known before an order meets it.
const PROBE_EVERY: Duration = Duration::from_secs(2);
/// How often a checkpoint is run whatever the size, if there was anything new; the first comes a second after
/// the start.
const RUN_EVERY: Duration = Duration::from_secs(60);
/// A log this large is moved without waiting; a larger file is cut back to this when it starts again.
pub(super) const SOON_BYTES: u64 = 4 * 1024 * 1024;
/// A log this large is moved even if a commit has to wait.
const BOUND_BYTES: u64 = 64 * 1024 * 1024;
/// How long a truncating checkpoint waits for readers while it holds the writer up.
const PATIENCE: Duration = Duration::from_millis(100);

/// How often old fills are added up and what is too old is deleted; the first time a second after the start, and then
/// only if records were written.
const AGE_EVERY: Duration = Duration::from_secs(3600);

/// What becomes of old rows.
#[derive(Debug)]
pub(super) struct Age {
    /// Shared with the lane.
    pub covering: Arc<Covering>,
    /// How old fills must be to be added up.
    pub replay: Duration,
    /// How old rows must be to be deleted, if they ever are.
    pub keep: Option<Duration>,
}

/// How a checkpoint treats others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// Does what it can without waiting for or stopping anyone.
    Passive,
    /// Moves everything and empties the log's file; the writer waits.
    Truncate,
}

/// The thread; dropping it stops it too.
#[derive(Debug)]
pub(super) struct Checkpointer {
    running: Option<(SyncSender<()>, JoinHandle<()>)>,
}

impl Checkpointer {
    /// Opens the connection and starts the thread.
    pub(super) fn start(place: Arc<Place>, metrics: Metrics, age: Age) -> Result<Self, OpenError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let sqlite = |source| open_error(place.path(), "open the checkpoint connection", source);
        let connection = Connection::open_with_flags(place.path(), flags).map_err(sqlite)?;
        connection.busy_timeout(PATIENCE).map_err(sqlite)?;
        connection
            .pragma_update(None, "synchronous", "NORMAL")
            .map_err(sqlite)?;
        connection
            .pragma_update(None, "wal_autocheckpoint", 0)
            .map_err(sqlite)?;
        let (stop, stopped) = mpsc::sync_channel(1);
        let mut rounds = Rounds {
            connection,
            place,
            metrics,
            seen: 0,
            unsynced: true,
            unmoved: true,
            last_sync: Instant::now(),
            next_run: Instant::now() + SYNC_EVERY,
            last_probe: Instant::now(),
            busy: false,
            age,
            next_age: Instant::now() + SYNC_EVERY,
            failing: false,
        };
        let thread = std::thread::Builder::new()
            .name("ledger-wal".to_owned())
            .spawn(move || {
                while stopped.recv_timeout(LOOK_EVERY) == Err(RecvTimeoutError::Timeout) {
                    rounds.look();
                }
            })
            .map_err(OpenError::Thread)?;
        Ok(Checkpointer {
            running: Some((stop, thread)),
        })
    }

    /// Waits for a checkpoint under way and ends the thread.
    pub(super) fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        if let Some((stop, thread)) = self.running.take() {
            drop(stop);
            // A panic there was reported by the panic hook; there is nothing left to stop.
            let _ = thread.join();
        }
    }
}

impl Drop for Checkpointer {
    fn drop(&mut self) {
        self.end();
    }
}

/// What the thread owns.
struct Rounds {
    connection: Connection,
    place: Arc<Place>,
    metrics: Metrics,
    /// Changes when somebody else has committed.
    seen: i64,
    /// Commits that may not have reached the disk.
    unsynced: bool,
    /// Commits that may not be in the database.
    unmoved: bool,
    last_sync: Instant,
    next_run: Instant,
    last_probe: Instant,
    /// The last probe found it locked.
    busy: bool,
    age: Age,
    next_age: Instant,
    failing: bool,
}

impl Rounds {
    fn look(&mut self) {
        self.place.look();
        let pause = match self.place.trouble() {
            None if !self.busy => PROBE_EVERY,
            _ => LOOK_EVERY,
        };
        if self.last_probe.elapsed() >= pause {
            self.last_probe = Instant::now();
            self.probe();
        }
        let bytes = self.wal_bytes();
        let outcome = self.note_commits().and_then(|()| {
            if self.unmoved && (Instant::now() >= self.next_run || bytes > SOON_BYTES) {
                self.checkpoint(bytes)?;
            } else if self.unsynced && self.last_sync.elapsed() >= SYNC_EVERY {
                self.sync()?;
            }
            if Instant::now() >= self.next_age && self.age.covering.latest().is_some() {
                self.next_age = Instant::now() + AGE_EVERY;
                self.retire()?;
            }
            Ok(())
        });
        if let Err(error) = &outcome {
            self.metrics.errors.inc();
            if !self.failing {
                let path = self.place.path().display();
                tracing::warn!(%path, %error, "a checkpoint failed; the ledger's log grows on");
            }
        }
        self.failing = outcome.is_err();
    }

    /// Adds up old fills and deletes what is too old.
    fn retire(&mut self) -> Result<(), RoundError> {
        if positions::cover(&mut self.connection, &self.age.covering, self.age.replay)? {
            self.unmoved = true;
        }
        let Some(keep) = self.age.keep else { return Ok(()) };
        let deleted = prune::prune(&mut self.connection, &self.age.covering, keep)?;
        if deleted > 0 {
            self.unmoved = true;
            self.metrics.pruned.inc_by(deleted as u64);
            tracing::info!(
                deleted,
                ?keep,
                "old orders and fills were deleted; a backup has them"
            );
        }
        Ok(())
    }

    /// Writes a page that holds nothing; the lane reads what came of it.
    fn probe(&mut self) {
        if self.place.moved() {
            return;
        }
        let outcome = self.connection.execute(PROBE, []).map_err(WriteError::Sqlite);
        self.unmoved = true;
        let trouble = outcome.err().map(|error| error.describe(self.place.path()));
        // Once is a commit of our own that the disk holds up; what another process locks is still locked the next time.
        let busy = trouble
            .as_ref()
            .is_some_and(|trouble| trouble.kind == AppendErrorKind::Busy);
        if busy && !std::mem::replace(&mut self.busy, true) {
            return;
        }
        self.busy = busy;
        if trouble.is_some() {
            self.metrics.errors.inc();
        }
        self.place.note(trouble);
    }

    fn note_commits(&mut self) -> Result<(), RoundError> {
        let version = self
            .connection
            .query_row("PRAGMA data_version", [], |row| row.get(0))?;
        if version != self.seen {
            self.seen = version;
            self.unsynced = true;
            self.unmoved = true;
        }
        Ok(())
    }

    /// Makes the log reach the disk. A file of its own: SQLite's locks are on other files, so closing this
    /// one lets none of them go.
    fn sync(&mut self) -> Result<(), RoundError> {
        self.last_sync = Instant::now();
        File::open(self.place.wal())?.sync_data()?;
        self.unsynced = false;
        Ok(())
    }

    fn checkpoint(&mut self, bytes: u64) -> Result<(), RoundError> {
        self.next_run = Instant::now() + RUN_EVERY;
        crash_point::reach(Step::LogUnmoved);
        run(&self.connection, Mode::Passive)?;
        if bytes > BOUND_BYTES {
            run(&self.connection, Mode::Truncate)?;
        }
        // Whether somebody was in the way is not looked at: the log is made to reach the disk all the same, and
        // what was left in it is moved with what comes next.
        self.unmoved = false;
        crash_point::reach(Step::LogMoved);
        restart_log(&self.connection)?;
        crash_point::reach(Step::LogRestarted);
        self.wal_bytes();
        self.metrics.checkpoints.inc();
        Ok(())
    }

    fn wal_bytes(&self) -> u64 {
        let bytes = std::fs::metadata(self.place.wal()).map_or(0, |found| found.len());
        self.metrics
            .wal_bytes
            .set(i64::try_from(bytes).unwrap_or(i64::MAX));
        bytes
    }
}

/// Runs one checkpoint. One that readers or the writer stood in the way of is not an error: the next does the
/// rest.
pub(super) fn run(connection: &Connection, mode: Mode) -> rusqlite::Result<()> {
    let sql = match mode {
        Mode::Passive => "PRAGMA wal_checkpoint(PASSIVE)",
        Mode::Truncate => "PRAGMA wal_checkpoint(TRUNCATE)",
    };
    connection.query_row(sql, [], |_| Ok(()))
}

const PROBE: &str = "INSERT INTO write_probe (id, filler) VALUES (2, x'')
                     ON CONFLICT (id) DO UPDATE SET filler = excluded.filler";

/// The first commit after a checkpoint, which starts the log again and waits for the disk. A writer that is
/// in the way does it instead.
fn restart_log(connection: &Connection) -> rusqlite::Result<()> {
    match connection.execute(PROBE, []) {
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => Ok(()),
        outcome => outcome.map(drop),
    }
}

/// Why a round was not finished.
#[derive(Debug, thiserror::Error)]
enum RoundError {
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    #[error("the log cannot be made to reach the disk: {0}")]
    Sync(#[from] std::io::Error),
}
