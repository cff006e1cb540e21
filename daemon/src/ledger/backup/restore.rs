//! Putting a backup in the place of a ledger, with no daemon running.
//!
//! What the backup does not know may have been sent: so the ids it would give again are passed over, and the latch is
//! halted until a person has compared what the broker holds. Its session reads the broker's truth as every start does.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, chown};
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags, params};

use super::super::lock::LedgerLock;
use super::super::open::{self, RESTORING, beside, directory_of};
use super::super::schema;
use super::super::write::bits;
use super::{BackupError, Verified, stamp, unwritable, verify};
use crate::domain::order::ClientOrderId;
use crate::domain::time::Timestamp;
use crate::domain::trading_state::Latch;

/// Order ids that are passed over: more than are used in days, of a billion and a half.
const ORDER_IDS: i64 = 100_000;
/// The plugins' own ids that are passed over: at fifty orders a second, half a year's.
const CLIENT_ORDER_IDS: i64 = 1_000_000_000;

/// A backup that is in place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// What was in the backup.
    pub backup: Verified,
    /// Where it is now.
    pub ledger: PathBuf,
    /// Where what it replaced is kept.
    pub replaced: Vec<PathBuf>,
}

impl fmt::Display for Restored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "restored {} from {}", self.ledger.display(), self.backup)?;
        for kept in &self.replaced {
            write!(f, "\nwhat it replaced is {}", kept.display())?;
        }
        write!(
            f,
            "\nstart moored: it reads what the broker holds and stays halted; compare `moorctl positions`, then \
             `moorctl resume --reason …`"
        )
    }
}

/// Verifies the backup and puts it in the ledger's place.
pub fn restore(backup: &Path, ledger: &Path, at: Timestamp) -> Result<Restored, BackupError> {
    let verified = verify(backup)?;
    let directory = directory_of(ledger);
    if !directory.is_dir() {
        return Err(super::super::OpenError::NoDirectory {
            directory: directory.to_owned(),
        }
        .into());
    }
    let _lock = LedgerLock::acquire(ledger)?;
    let draft = beside(ledger, RESTORING);
    copy(backup, &draft, ledger)?;
    prepare(&draft, at).map_err(|source| BackupError::Sqlite {
        path: draft.clone(),
        doing: "bring up to date",
        source,
    })?;
    // While the draft has this name no daemon starts, so a crash among the following leaves nothing half-restored in use.
    let synced = File::open(&draft).and_then(|file| file.sync_all());
    synced.map_err(|source| unwritable(&draft, source))?;
    let replaced = set_aside(ledger, at)?;
    let named = fs::rename(&draft, ledger).and_then(|()| File::open(directory)?.sync_all());
    named.map_err(|source| unwritable(ledger, source))?;
    Ok(Restored {
        backup: verified,
        ledger: ledger.to_owned(),
        replaced,
    })
}

/// Copies the backup beside the ledger, for the ledger's owner and nobody else.
fn copy(backup: &Path, draft: &Path, ledger: &Path) -> Result<(), BackupError> {
    let owner = fs::metadata(ledger).or_else(|_| fs::metadata(directory_of(ledger)));
    let copied = || -> io::Result<()> {
        for leftover in [
            draft.to_owned(),
            beside(draft, "-journal"),
            beside(draft, "-wal"),
            beside(draft, "-shm"),
        ] {
            match fs::remove_file(&leftover) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        let mut from = File::open(backup)?;
        let mut to = File::options()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(draft)?;
        io::copy(&mut from, &mut to)?;
        to.sync_all()?;
        let owner = owner?;
        // Only root may give files away, and only root has to: anybody else is the owner.
        if nix::unistd::geteuid().is_root() {
            chown(draft, Some(owner.uid()), Some(owner.gid()))?;
        }
        Ok(())
    };
    copied().map_err(|source| {
        // Without it there is nothing to go on with, and with half of it no daemon would start.
        let _left = fs::remove_file(draft);
        unwritable(draft, source)
    })
}

fn prepare(draft: &Path, at: Timestamp) -> rusqlite::Result<()> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(draft, flags)?;
    connection.query_row("PRAGMA journal_mode = DELETE", [], |_| Ok(()))?;
    let version: i32 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    schema::migrate(&connection, version)?;
    let writing = connection.unchecked_transaction()?;
    let last_of_plugins = ClientOrderId::FIRST_OF_DESK.cast_signed() - 1;
    for (mark, column, more) in [
        ("order_id_floor", "order_id", ORDER_IDS),
        ("client_order_id_floor", "client_order_id", CLIENT_ORDER_IDS),
    ] {
        let sql = format!(
            "INSERT INTO marks (name, value)
             SELECT ?1, COALESCE(MAX({column}), 0) + ?2 FROM orders WHERE {column} BETWEEN 0 AND ?3
             ON CONFLICT (name) DO UPDATE SET value = MAX(value + ?2, excluded.value)"
        );
        writing.execute(&sql, params![mark, more, last_of_plugins])?;
    }
    let sql = "INSERT INTO latches (at, latch, reason) SELECT ?1, ?2, ?3
               WHERE COALESCE((SELECT latch FROM latches ORDER BY number DESC LIMIT 1), '') <> ?4";
    let reason =
        "restored from a backup: compare what the broker holds with `moorctl positions`, then resume";
    let (halted, killed) = (Latch::Halted.as_str(), Latch::Killed.as_str());
    writing.execute(sql, params![bits(at.nanos()), halted, reason, killed])?;
    writing.commit()?;
    connection.close().map_err(|(_, error)| error)
}

/// Gives the ledger and its log a dated name beside it. The database goes last: without its log it would be an older
/// state of itself.
fn set_aside(ledger: &Path, at: Timestamp) -> Result<Vec<PathBuf>, BackupError> {
    let dated = free_name(ledger, at);
    let mut kept = Vec::new();
    for suffix in ["-wal", "-shm", ""] {
        let (from, to) = (beside(ledger, suffix), beside(&dated, suffix));
        match fs::rename(&from, &to) {
            Ok(()) => kept.push(to),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(source) => return Err(unwritable(&to, source)),
        }
    }
    kept.reverse();
    Ok(kept)
}

fn free_name(ledger: &Path, at: Timestamp) -> PathBuf {
    let base = beside(ledger, &format!(".replaced-{}", stamp(at)));
    let taken = |path: &Path| ["", "-wal"].iter().any(|suffix| beside(path, suffix).exists());
    let numbered = (2..1_000).map(|number| beside(&base, &format!(".{number}")));
    std::iter::once(base.clone())
        .chain(numbered)
        .find(|path| !taken(path))
        .unwrap_or(base)
}

/// Whether a restore was cut off beside this ledger.
pub(in super::super) fn interrupted(ledger: &Path) -> Option<PathBuf> {
    let draft = beside(ledger, open::RESTORING);
    draft.exists().then_some(draft)
}
