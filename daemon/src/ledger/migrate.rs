//! From an older version to this one: forward only, with a backup before, and with a dry run.

use std::fmt;
use std::path::{Path, PathBuf};

use rusqlite::Connection;

use super::backup::{self, BackupError, Verified};
use super::error::OpenError;
use super::open::{self, beside};
use super::schema;
use crate::crash_point::{self, Step};

/// What a migration would do, or that there is none to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MigrationReport {
    /// Which ledger.
    pub ledger: PathBuf,
    /// Its version; `None` if there is no ledger yet.
    pub from: Option<i32>,
    /// The version of this program.
    pub to: i32,
    /// What was in the copy before and after, if there was anything to do.
    pub tried: Option<(Verified, Verified)>,
}

impl fmt::Display for MigrationReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (path, to) = (self.ledger.display(), self.to);
        match (self.from, &self.tried) {
            (None, _) => write!(
                f,
                "{path}: there is no ledger yet; a start makes one of version {to}"
            ),
            (Some(from), None) => write!(
                f,
                "{path}: version {from} is this program's; there is nothing to migrate"
            ),
            (Some(from), Some((before, after))) => write!(
                f,
                "{path}: version {from} becomes {to}; tried on a copy, the ledger is unchanged: {} orders ({} open) and \
                 {} fills before, {} orders ({} open) and {} fills after. A start makes a backup first: {}",
                before.orders.0,
                before.orders.1,
                before.executions,
                after.orders.0,
                after.orders.1,
                after.executions,
                backup_name(&self.ledger, from).display(),
            ),
        }
    }
}

/// Says from which version to which the ledger would go, and does it on a copy, which is removed. The ledger is only
/// read, so a daemon may be running on it.
pub fn dry_run(ledger: &Path) -> Result<MigrationReport, BackupError> {
    open::check_place(ledger)?;
    let mut report = MigrationReport {
        ledger: ledger.to_owned(),
        from: None,
        to: schema::VERSION,
        tried: None,
    };
    if !ledger.exists() {
        return Ok(report);
    }
    let before = backup::verify(ledger)?;
    report.from = Some(before.version);
    if before.version < schema::VERSION {
        let copy = beside(ledger, ".migration-check");
        let tried = try_on(ledger, &copy, before);
        for suffix in ["", "-journal", "-wal", "-shm"] {
            // Nothing of the copy is needed, and what cannot be removed does no harm.
            let _left = std::fs::remove_file(beside(&copy, suffix));
        }
        report.tried = Some(tried?);
    }
    Ok(report)
}

fn try_on(ledger: &Path, copy: &Path, before: Verified) -> Result<(Verified, Verified), BackupError> {
    let sqlite = |source| BackupError::Sqlite {
        path: copy.to_owned(),
        doing: "migrate the copy",
        source,
    };
    // Of a check that was cut off.
    let _left = std::fs::remove_file(copy);
    backup::write(&Connection::open(ledger).map_err(sqlite)?, copy)?;
    let connection = Connection::open(copy).map_err(sqlite)?;
    schema::migrate(&connection, before.version).map_err(sqlite)?;
    connection.close().map_err(|(_, error)| sqlite(error))?;
    Ok((before, backup::verify(copy)?))
}

/// Brings a ledger up to date, after a backup of it. The caller has the lock and has checked every page.
pub(super) fn migrate(connection: &Connection, path: &Path, from: i32) -> Result<(), OpenError> {
    if from == schema::VERSION {
        return Ok(());
    }
    crash_point::reach(Step::MigrationBegun);
    let failed = |error: BackupError| OpenError::NoBackupBeforeMigration {
        path: path.to_owned(),
        from,
        to: schema::VERSION,
        text: error.to_string(),
    };
    let target = free(&backup_name(path, from));
    let made = backup::write(connection, &target).map_err(failed)?;
    tracing::info!(from, to = schema::VERSION, backup = %made.path.display(), "migrating the ledger; its backup is made");
    crash_point::reach(Step::MigrationBackedUp);
    schema::migrate(connection, from)
        .and_then(|()| backup::note(connection, &made, open::changed_at(path)))
        .map_err(|source| super::open_error(path, "bring the tables up to date", source))
}

fn backup_name(ledger: &Path, from: i32) -> PathBuf {
    beside(ledger, &format!(".v{from}-backup"))
}

/// The name, or one with a number where an earlier attempt took it.
fn free(path: &Path) -> PathBuf {
    let numbered = (2..1_000).map(|number| beside(path, &format!(".{number}")));
    std::iter::once(path.to_owned())
        .chain(numbered)
        .find(|path| !path.exists())
        .unwrap_or_else(|| path.to_owned())
}
