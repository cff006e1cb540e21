//! Copies of the ledger: made while it is in use, checked, and put back.
//!
//! A backup is a whole ledger in one file, of one instant. It has its name only once it is written, on the disk and
//! verified. Restoring takes the ledger's lock, so no daemon runs, and keeps what it replaces under a dated name.
//!
//! Never: a file overwritten, a backup trusted that was not verified.

mod restore;
mod verify;

#[cfg(test)]
mod backup_tests;

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, params};

use super::error::OpenError;
use super::open::{beside, directory_of};
use super::write::bits;
use crate::crash_point::{self, Step};
use crate::domain::time::Timestamp;

pub(super) use restore::interrupted;
pub use restore::{Restored, restore};
pub use verify::{Verified, verify};

/// How long a backup waits for whoever stands in its way.
const PATIENCE: Duration = Duration::from_secs(5);

/// Why a backup was not made, is not good, or was not put back. Nothing was overwritten.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BackupError {
    /// The name is taken.
    #[error("{path} exists already; give another path, or move it away: a backup is never overwritten")]
    Exists {
        /// Which file.
        path: PathBuf,
    },
    /// The target cannot be written.
    #[error(
        "cannot write {path}: {source}; check the free space, the owner and the mode of its directory (the \
             service unit lets moored write below /var/lib/moored only)"
    )]
    NotWritable {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// There is no room for it.
    #[error("no space left for {path}: free some on its file system, or give a path on another")]
    NoSpace {
        /// Which file.
        path: PathBuf,
    },
    /// The file to be read is not a good ledger.
    #[error("{0}")]
    NotALedger(#[from] OpenError),
    /// The file is a ledger and damaged.
    #[error("{path} is damaged and cannot be used: {text}; use another backup")]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// What was found.
        text: String,
    },
    /// SQLite failed in another way.
    #[error("cannot {doing} {path}: {source}")]
    Sqlite {
        /// Which file.
        path: PathBuf,
        /// What was being done.
        doing: &'static str,
        /// What SQLite said.
        source: rusqlite::Error,
    },
}

/// Makes backups of a ledger in use; clones and crosses threads. Its calls take as long as the disk does.
#[derive(Debug, Clone)]
pub struct Backups {
    pub(super) ledger: PathBuf,
    pub(super) folder: PathBuf,
}

impl Backups {
    /// Writes a backup to that path, or to a dated name in the configured folder, and says what is in it.
    pub fn create(&self, target: Option<&Path>, at: Timestamp) -> Result<Verified, BackupError> {
        crash_point::reach(Step::BackupBegun);
        let target = match target {
            Some(path) => path.to_owned(),
            None => self.dated(at)?,
        };
        let connection = open_to_read(&self.ledger)?;
        let made = write(&connection, &target)?;
        crash_point::reach(Step::BackupPublished);
        self.note(&made, at)?;
        Ok(made)
    }

    fn dated(&self, at: Timestamp) -> Result<PathBuf, BackupError> {
        let made = fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.folder);
        made.map_err(|source| unwritable(&self.folder, source))?;
        Ok(self.folder.join(format!("ledger-{}.db", stamp(at))))
    }

    /// Writes down that there is a backup, so that what it has may be deleted for its age. On a connection of its own:
    /// an order waits for it as long as one commit takes.
    fn note(&self, made: &Verified, at: Timestamp) -> Result<(), BackupError> {
        let sqlite = |source| BackupError::Sqlite {
            path: self.ledger.clone(),
            doing: "write down the backup in",
            source,
        };
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.ledger, flags).map_err(sqlite)?;
        connection.busy_timeout(PATIENCE).map_err(sqlite)?;
        connection
            .pragma_update(None, "wal_autocheckpoint", 0)
            .map_err(sqlite)?;
        note(&connection, made, at).map_err(sqlite)
    }
}

pub(super) fn note(connection: &Connection, made: &Verified, at: Timestamp) -> rusqlite::Result<()> {
    let sql = "INSERT INTO backups (at, path, bytes, sha256, upto) VALUES (?1, ?2, ?3, ?4, ?5)";
    let path = made.path.display().to_string();
    let bytes = i64::try_from(made.bytes).unwrap_or(i64::MAX);
    connection.execute(
        sql,
        params![bits(at.nanos()), path, bytes, made.sha256, made.last_execution],
    )?;
    Ok(())
}

fn open_to_read(path: &Path) -> Result<Connection, BackupError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let sqlite = |source| BackupError::Sqlite {
        path: path.to_owned(),
        doing: "read",
        source,
    };
    let connection = Connection::open_with_flags(path, flags).map_err(sqlite)?;
    connection.busy_timeout(PATIENCE).map_err(sqlite)?;
    Ok(connection)
}

/// Copies what the connection sees, in one reading, which holds no writer up.
pub(super) fn write(connection: &Connection, target: &Path) -> Result<Verified, BackupError> {
    if fs::symlink_metadata(target).is_ok() {
        return Err(BackupError::Exists {
            path: target.to_owned(),
        });
    }
    let draft = beside(target, ".partial");
    let made = write_draft(connection, &draft).and_then(|()| {
        let verified = verify(&draft)?;
        crash_point::reach(Step::BackupWritten);
        publish(&draft, target)?;
        Ok(Verified {
            path: target.to_owned(),
            ..verified
        })
    });
    if made.is_err() {
        // What is left of it is no backup; that it cannot be removed changes nothing.
        let _left = fs::remove_file(&draft);
    }
    made
}

fn write_draft(connection: &Connection, draft: &Path) -> Result<(), BackupError> {
    // Of a backup that was cut off.
    match fs::remove_file(draft) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(unwritable(draft, error)),
        _ => {}
    }
    let created = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(draft);
    created.map_err(|source| unwritable(draft, source))?;
    let name = draft.to_str().ok_or_else(|| {
        let source = io::Error::new(ErrorKind::InvalidInput, "the path is not UTF-8");
        unwritable(draft, source)
    })?;
    connection.execute("VACUUM INTO ?1", [name]).map_err(|source| {
        if source.sqlite_error_code() == Some(rusqlite::ErrorCode::DiskFull) {
            return BackupError::NoSpace {
                path: draft.to_owned(),
            };
        }
        BackupError::Sqlite {
            path: draft.to_owned(),
            doing: "write the backup",
            source,
        }
    })?;
    let synced = File::open(draft).and_then(|file| file.sync_all());
    synced.map_err(|source| unwritable(draft, source))
}

/// Gives the draft its name, which nobody else may have taken meanwhile.
fn publish(draft: &Path, target: &Path) -> Result<(), BackupError> {
    let named = match fs::hard_link(draft, target) {
        Ok(()) => fs::remove_file(draft),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            return Err(BackupError::Exists {
                path: target.to_owned(),
            });
        }
        // A file system without links.
        Err(_) => fs::rename(draft, target),
    };
    let synced = named.and_then(|()| File::open(directory_of(target))?.sync_all());
    synced.map_err(|source| unwritable(target, source))
}

fn unwritable(path: &Path, source: io::Error) -> BackupError {
    if source.kind() == ErrorKind::StorageFull {
        return BackupError::NoSpace {
            path: path.to_owned(),
        };
    }
    BackupError::NotWritable {
        path: path.to_owned(),
        source,
    }
}

/// An instant for a file's name: `20260105T143000Z`.
pub(super) fn stamp(at: Timestamp) -> String {
    let instant = time::OffsetDateTime::from_unix_timestamp_nanos(i128::from(at.nanos()));
    let format = time::macros::format_description!("[year][month][day]T[hour][minute][second]Z");
    let text = instant.ok().and_then(|instant| instant.format(format).ok());
    text.unwrap_or_else(|| at.nanos().to_string())
}
