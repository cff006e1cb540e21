//! Why a ledger cannot be opened, written or read: what, where, and what to do.

use std::io;
use std::path::PathBuf;

use crate::domain::order::OrderId;

/// Why the ledger cannot be opened. Nothing was changed, recreated or removed when one of these comes back.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The directory is not there.
    #[error(
        "the ledger's directory {directory} does not exist; create it, owned by the daemon's user, or set \
         ledger.path (the service unit creates it with StateDirectory=)"
    )]
    NoDirectory {
        /// Where the ledger would be.
        directory: PathBuf,
    },
    /// A file beside the ledger, or the ledger itself, cannot be made or written.
    #[error("cannot write {path}: {source}; give the daemon's user write access to it and to its directory")]
    NotWritable {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file cannot be read.
    #[error("cannot read {path}: {source}; check its owner, its mode and the disk")]
    NotReadable {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Another process has it.
    #[error(
        "the ledger {path} is in use by {holder} (lock file {lock}); stop that daemon, or give this one its \
         own ledger.path: two daemons must never share a ledger"
    )]
    Locked {
        /// Which ledger.
        path: PathBuf,
        /// The file that is locked.
        lock: PathBuf,
        /// Who holds it.
        holder: String,
    },
    /// Something else has its name.
    #[error("the ledger {path} is not a file but {what}; set ledger.path to the path of a file")]
    NotAFile {
        /// Which path.
        path: PathBuf,
        /// What it is.
        what: &'static str,
    },
    /// A ledger is never empty.
    #[error(
        "the ledger {path} is an empty file, so its content was lost; restore it with `moorctl backup restore \
         BACKUP`, or move it away to start a new ledger (the broker knows orders and positions, but not the operator's latch)"
    )]
    Empty {
        /// Which file.
        path: PathBuf,
    },
    /// The write-ahead log is there and the database is not.
    #[error(
        "the ledger {path} is missing but its write-ahead log {wal} is there, so the ledger was moved or \
         deleted without it; put the ledger back beside its log, or move the log away too to start a new \
         ledger"
    )]
    Orphaned {
        /// The file that is missing.
        path: PathBuf,
        /// The log that is there.
        wal: PathBuf,
    },
    /// Not SQLite.
    #[error(
        "the ledger {path} is not a SQLite database; set ledger.path to the ledger, or move this file away"
    )]
    NotADatabase {
        /// Which file.
        path: PathBuf,
    },
    /// SQLite, but somebody else's.
    #[error(
        "{path} is a database of another program (application id {application_id:#x}), not a ledger; set \
         ledger.path to the ledger"
    )]
    Foreign {
        /// Which file.
        path: PathBuf,
        /// The mark it carries.
        application_id: i32,
    },
    /// Written by a newer version of this program.
    #[error(
        "the ledger {path} has version {found}, and this program knows versions up to {known}; install the \
         newer moored that wrote it, or restore the backup made before the upgrade"
    )]
    Newer {
        /// Which file.
        path: PathBuf,
        /// Its version.
        found: i32,
        /// The newest version this program knows.
        known: i32,
    },
    /// The file is damaged.
    #[error(
        "the ledger {path} is damaged: {text}; nothing was changed. Restore a backup with `moorctl backup restore \
         BACKUP`, which keeps the damaged file beside it (sqlite3's .recover may save what is readable)"
    )]
    Corrupt {
        /// Which file.
        path: PathBuf,
        /// What SQLite or the reader found.
        text: String,
    },
    /// A restore was cut off.
    #[error(
        "a restore of the ledger {path} was cut off ({draft} is there); run `moorctl backup restore BACKUP` again: \
         nothing was lost, what it replaces is kept beside it"
    )]
    RestoreInterrupted {
        /// Which file.
        path: PathBuf,
        /// What the restore left.
        draft: PathBuf,
    },
    /// No migration without a backup.
    #[error(
        "the ledger {path} must go from version {from} to {to}, and the backup before that failed: {text}; nothing was \
         changed"
    )]
    NoBackupBeforeMigration {
        /// Which file.
        path: PathBuf,
        /// Its version.
        from: i32,
        /// This program's.
        to: i32,
        /// Why there is no backup.
        text: String,
    },
    /// An order may be live in an instrument the configuration no longer has.
    #[error(
        "order {} of plugin {plugin} is open in {instrument}, which is not configured; put the instrument \
         {instrument} back into the configuration until the order has ended",
        order_id.0
    )]
    OpenOrderInUnknownInstrument {
        /// Which order.
        order_id: OrderId,
        /// Whose.
        plugin: String,
        /// The instrument's name in the ledger, with its contract id where it is known.
        instrument: String,
    },
    /// The file system cannot do what the write-ahead log needs.
    #[error(
        "the ledger {path} cannot use a write-ahead log (journal mode {mode}); put it on a local file system"
    )]
    NoWriteAheadLog {
        /// Which file.
        path: PathBuf,
        /// What SQLite offers instead.
        mode: String,
    },
    /// SQLite failed in another way.
    #[error("cannot {doing} of the ledger {path}: {source}; check the disk and the file's owner and mode")]
    Sqlite {
        /// Which file.
        path: PathBuf,
        /// What was being done.
        doing: &'static str,
        /// What SQLite said.
        source: rusqlite::Error,
    },
    /// A metric's name is taken.
    #[error("cannot register the ledger's metrics: {0}; only one ledger may be opened on a registry")]
    Metrics(#[from] prometheus::Error),
    /// The thread for checkpoints did not start.
    #[error("cannot start the ledger's checkpoint thread: {0}; check the limit on threads (TasksMax=)")]
    Thread(io::Error),
}

impl OpenError {
    /// Whether starting again cannot mend it: a person has to look at the file or at the configuration first.
    pub const fn needs_a_person(&self) -> bool {
        !matches!(
            self,
            OpenError::Locked { .. }
                | OpenError::NotWritable { .. }
                | OpenError::NotReadable { .. }
                | OpenError::Sqlite { .. }
                | OpenError::NoBackupBeforeMigration { .. }
                | OpenError::Metrics(_)
                | OpenError::Thread(_)
        )
    }
}

/// What kind of failure an append met; decides whether a retry can help.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AppendErrorKind {
    /// No space left for it.
    Full,
    /// The file or its file system became read-only.
    ReadOnly,
    /// Another process kept it locked for longer than we wait.
    Busy,
    /// The disk failed.
    Io,
    /// The file is damaged.
    Corrupt,
    /// The file is no longer where it was opened.
    Moved,
    /// The record itself cannot be kept: an id used twice, an instrument that does not exist. A retry cannot
    /// help.
    Invalid,
    /// Anything else.
    Other,
}

/// Why records were not written. None of the batch was; the ledger stays usable, and the same batch may be
/// tried again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the ledger was not written: {text}")]
pub struct AppendError {
    /// What kind of failure.
    pub kind: AppendErrorKind,
    /// What, where and what to do, for people.
    pub text: String,
}

/// Why a query on the ledger failed.
#[derive(Debug, thiserror::Error)]
#[error("cannot read the ledger {path}: {source}; try again, and check the disk if it persists")]
pub struct ReadError {
    /// Which file.
    pub path: PathBuf,
    /// What SQLite said.
    pub source: rusqlite::Error,
}
