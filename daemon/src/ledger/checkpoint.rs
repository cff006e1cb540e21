//! Moving the write-ahead log into the database: it waits for the disk, so it has a thread and a connection
//! of its own.
//!
//! About once a second, or as soon as the log has grown by [`SOON_BYTES`], a passive checkpoint copies what
//! it can without holding anyone up, and the next commit starts the log again from its beginning. Commits
//! that never pause can outrun that; at [`BOUND_BYTES`] a truncating one stops the writer for as long as the
//! last few pages take.

use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError, SyncSender};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rusqlite::{Connection, OpenFlags};

use super::error::OpenError;
use super::metrics::Metrics;
use super::open::Place;
use super::open_error;

/// How often the log's size is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// How often a checkpoint is run whatever the size: also how much a power cut can take in `normal`.
const RUN_EVERY: Duration = Duration::from_secs(1);
/// A log this large is moved without waiting; a larger file is cut back to this when it starts again.
pub(super) const SOON_BYTES: u64 = 4 * 1024 * 1024;
/// A log this large is moved even if a commit has to wait.
const BOUND_BYTES: u64 = 64 * 1024 * 1024;
/// How long a truncating checkpoint waits for readers while it holds the writer up.
const PATIENCE: Duration = Duration::from_millis(100);

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
    pub(super) fn start(place: Arc<Place>, metrics: Metrics) -> Result<Self, OpenError> {
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
            last_run: Instant::now(),
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
    last_run: Instant,
    failing: bool,
}

impl Rounds {
    fn look(&mut self) {
        self.place.look();
        let bytes = self.wal_bytes();
        if self.last_run.elapsed() < RUN_EVERY && bytes <= SOON_BYTES {
            return;
        }
        let mut outcome = run(&self.connection, Mode::Passive);
        if outcome.is_ok() && bytes > BOUND_BYTES {
            outcome = run(&self.connection, Mode::Truncate);
        }
        self.last_run = Instant::now();
        self.wal_bytes();
        let failed = outcome.is_err();
        match outcome {
            Ok(()) => self.metrics.checkpoints.inc(),
            Err(error) => {
                self.metrics.errors.inc();
                if !self.failing {
                    let path = self.place.path().display();
                    tracing::warn!(%path, %error, "a checkpoint failed; the ledger's log grows on");
                }
            }
        }
        self.failing = failed;
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
