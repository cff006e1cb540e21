//! Finding the file, checking that it is a ledger and one we can write, and making it where there is none.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::error::{AppendError, AppendErrorKind, OpenError};
use super::{Synchronous, backup, checkpoint, migrate, open_error, schema};
use crate::crash_point::{self, Step};
use crate::domain::time::Timestamp;

/// How long the lane waits for another process (a person's `sqlite3`) to let go of the file.
const BUSY_TIMEOUT: Duration = Duration::from_millis(250);
/// Only the owner reads or writes: the ledger holds what the account does.
const MODE: u32 = 0o600;
/// How every SQLite database begins.
const MAGIC: &[u8; 16] = b"SQLite format 3\0";
/// A commit writes every page it touched to the log, so small pages make short commits: with 1 KiB an order
/// takes two thirds of the time it takes with SQLite's 4 KiB.
const PAGE_BYTES: i32 = 1024;
/// After the ledger's name while a backup is being put in its place.
pub(super) const RESTORING: &str = ".restoring";
/// The smallest page, and so the smallest database, of SQLite.
const SMALLEST: u64 = 512;

/// The file the ledger was opened on, and whether it is still there. SQLite would write on to a deleted file
/// and lose it all at the end.
#[derive(Debug)]
pub(super) struct Place {
    path: PathBuf,
    wal: PathBuf,
    identity: (u64, u64),
    moved: AtomicBool,
    /// What the last write probe off the lane met.
    trouble: Mutex<Option<AppendError>>,
}

impl Place {
    pub(super) fn of(path: &Path) -> Result<Self, OpenError> {
        let metadata = fs::metadata(path).map_err(|source| OpenError::NotReadable {
            path: path.to_owned(),
            source,
        })?;
        Ok(Place {
            path: path.to_owned(),
            wal: beside(path, "-wal"),
            identity: (metadata.dev(), metadata.ino()),
            moved: AtomicBool::new(false),
            trouble: Mutex::new(None),
        })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn wal(&self) -> &Path {
        &self.wal
    }

    /// Looks whether the path still leads to the file. Off the lane; what it saw is kept for
    /// [`Place::moved`].
    pub(super) fn look(&self) {
        let there = fs::metadata(&self.path).map(|metadata| (metadata.dev(), metadata.ino()));
        let moved = there.ok() != Some(self.identity);
        self.moved.store(moved, Ordering::Relaxed);
    }

    pub(super) fn moved(&self) -> bool {
        self.moved.load(Ordering::Relaxed)
    }

    /// Keeps what a write probe met.
    pub(super) fn note(&self, trouble: Option<AppendError>) {
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = trouble;
    }

    /// Why the ledger could not be written when it was last looked at.
    pub(super) fn trouble(&self) -> Option<AppendError> {
        if self.moved() {
            return Some(self.moved_error());
        }
        self.trouble
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    pub(super) fn moved_error(&self) -> AppendError {
        AppendError {
            kind: AppendErrorKind::Moved,
            text: format!(
                "{} was moved, deleted or replaced while in use; put the file back (what was written so far is in \
                 it), or stop the daemon and start it again",
                self.path.display()
            ),
        }
    }
}

pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

pub(super) fn directory_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    }
}

/// Refuses what can never be a ledger, before anything is made beside it.
pub(super) fn check_place(path: &Path) -> Result<(), OpenError> {
    let directory = directory_of(path);
    match fs::metadata(directory) {
        Ok(found) if found.is_dir() => {}
        Err(source) if source.kind() != ErrorKind::NotFound => {
            return Err(OpenError::NotReadable {
                path: directory.to_owned(),
                source,
            });
        }
        Ok(_) | Err(_) => {
            return Err(OpenError::NoDirectory {
                directory: directory.to_owned(),
            });
        }
    }
    let not_a_file = |what| OpenError::NotAFile {
        path: path.to_owned(),
        what,
    };
    let found = match fs::symlink_metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Ok(link) if link.is_symlink() => match fs::metadata(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Err(not_a_file("a symbolic link that leads nowhere"));
            }
            followed => followed,
        },
        found => found,
    };
    let found = found.map_err(|source| unreadable(path, source))?;
    if found.is_dir() {
        return Err(not_a_file("a directory"));
    }
    if !found.is_file() {
        return Err(not_a_file("a device, pipe or socket"));
    }
    Ok(())
}

/// Refuses a ledger beside which a restore was cut off: which of the two it is cannot be told from here.
pub(super) fn check_restored(path: &Path) -> Result<(), OpenError> {
    match backup::interrupted(path) {
        None => Ok(()),
        Some(draft) => Err(OpenError::RestoreInterrupted {
            path: path.to_owned(),
            draft,
        }),
    }
}

/// When the file was last written: an instant no later than now for what has no other.
pub(super) fn changed_at(path: &Path) -> Timestamp {
    let nanos = fs::metadata(path).map_or(0, |found| {
        let seconds = u64::try_from(found.mtime()).unwrap_or(0);
        seconds.saturating_mul(1_000_000_000)
    });
    Timestamp::from_nanos(nanos)
}

/// Makes an empty ledger where there is none: under another name until it is whole, so that a crash leaves
/// either none or a good one, and an empty file is always a ledger that lost its content. The caller holds
/// the lock.
pub(super) fn make_if_missing(path: &Path) -> Result<(), OpenError> {
    match fs::metadata(path) {
        Ok(_) => return Ok(()),
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(source) => return Err(unreadable(path, source)),
    }
    let wal = beside(path, "-wal");
    if fs::metadata(&wal).is_ok_and(|found| found.len() > 0) {
        return Err(OpenError::Orphaned {
            path: path.to_owned(),
            wal,
        });
    }
    let draft = beside(path, ".new");
    let unwritable = |path: &Path, source| OpenError::NotWritable {
        path: path.to_owned(),
        source,
    };
    // What an interrupted first start left behind; nothing was ever recorded in it.
    for leftover in [draft.clone(), beside(&draft, "-journal")] {
        match fs::remove_file(&leftover) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(unwritable(&leftover, error)),
            _ => {}
        }
    }
    let created = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(MODE)
        .open(&draft);
    created.map_err(|source| unwritable(&draft, source))?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let sqlite = |source| open_error(&draft, "make the tables", source);
    let connection = Connection::open_with_flags(&draft, flags).map_err(sqlite)?;
    connection
        .pragma_update(None, "page_size", PAGE_BYTES)
        .map_err(sqlite)?;
    schema::migrate(&connection, 0).map_err(sqlite)?;
    connection.close().map_err(|(_, source)| sqlite(source))?;
    crash_point::reach(Step::LedgerDrafted);
    publish(&draft, path).map_err(|source| unwritable(path, source))?;
    crash_point::reach(Step::LedgerPublished);
    tracing::info!(path = %path.display(), "made a new ledger");
    Ok(())
}

fn publish(draft: &Path, path: &Path) -> io::Result<()> {
    File::open(draft)?.sync_all()?;
    fs::rename(draft, path)?;
    File::open(directory_of(path))?.sync_all()
}

/// Opens an existing ledger for writing, after everything that can be wrong with it was looked at.
pub(super) fn connect(path: &Path, synchronous: Synchronous) -> Result<Connection, OpenError> {
    check_header(path)?;
    let sqlite = |doing| move |source| open_error(path, doing, source);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(sqlite("open the file"))?;
    connection
        .busy_timeout(BUSY_TIMEOUT)
        .map_err(sqlite("set the timeout"))?;
    let version = check_kind(&connection, path)?;
    // SQLite falls back to reading when it may not write.
    if connection.is_readonly("main").map_err(sqlite("open the file"))? {
        return Err(OpenError::NotWritable {
            path: path.to_owned(),
            source: ErrorKind::PermissionDenied.into(),
        });
    }
    check_pages(&connection, path)?;
    configure(&connection, path, synchronous)?;
    migrate::migrate(&connection, path, version)?;
    restrict(path);
    Ok(connection)
}

fn unreadable(path: &Path, source: io::Error) -> OpenError {
    OpenError::NotReadable {
        path: path.to_owned(),
        source,
    }
}

/// Looks at the first bytes ourselves: SQLite would take an empty file, or one shorter than its header, for a
/// new database.
pub(super) fn check_header(path: &Path) -> Result<(), OpenError> {
    let mut header = Vec::new();
    let read = File::open(path).and_then(|file| file.take(SMALLEST).read_to_end(&mut header));
    let length = read.map_err(|source| unreadable(path, source))?;
    let path = path.to_owned();
    match length as u64 {
        0 => Err(OpenError::Empty { path }),
        _ if !header.starts_with(MAGIC) => Err(OpenError::NotADatabase { path }),
        SMALLEST => Ok(()),
        cut => Err(OpenError::Corrupt {
            path,
            text: format!("it was cut short to {cut} bytes"),
        }),
    }
}

/// Whether it is a ledger, and of a version we know; which one.
pub(super) fn check_kind(connection: &Connection, path: &Path) -> Result<i32, OpenError> {
    let number = |name: &str| {
        let asked = connection.pragma_query_value(None, name, |row| row.get::<_, i32>(0));
        asked.map_err(|source| open_error(path, "read the version", source))
    };
    let application_id = number("application_id")?;
    if application_id != schema::APPLICATION_ID {
        return Err(OpenError::Foreign {
            path: path.to_owned(),
            application_id,
        });
    }
    let found = number("user_version")?;
    if found > schema::VERSION {
        return Err(OpenError::Newer {
            path: path.to_owned(),
            found,
            known: schema::VERSION,
        });
    }
    Ok(found)
}

/// Reads every page once. Damage found now is a start that fails; damage found later is an order that cannot
/// be kept.
fn check_pages(connection: &Connection, path: &Path) -> Result<(), OpenError> {
    let sql = "PRAGMA quick_check(1)";
    let said = connection.query_row(sql, [], |row| row.get::<_, String>(0));
    match said {
        Ok(text) if text == "ok" => Ok(()),
        Ok(text) => Err(OpenError::Corrupt {
            path: path.to_owned(),
            text,
        }),
        Err(source) => Err(open_error(path, "check the pages", source)),
    }
}

fn configure(connection: &Connection, path: &Path, synchronous: Synchronous) -> Result<(), OpenError> {
    let sqlite = |source| open_error(path, "configure the connection", source);
    let mode: String = connection
        .pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))
        .map_err(sqlite)?;
    if !mode.eq_ignore_ascii_case("wal") {
        return Err(OpenError::NoWriteAheadLog {
            path: path.to_owned(),
            mode,
        });
    }
    let level = match synchronous {
        Synchronous::Normal => "NORMAL",
        Synchronous::Full => "FULL",
    };
    connection
        .pragma_update(None, "synchronous", level)
        .map_err(sqlite)?;
    // Checkpoints wait for the disk, so they happen elsewhere: see `checkpoint`.
    connection
        .pragma_update(None, "wal_autocheckpoint", 0)
        .map_err(sqlite)?;
    connection
        .pragma_update(None, "journal_size_limit", checkpoint::SOON_BYTES.cast_signed())
        .map_err(sqlite)?;
    connection
        .pragma_update(None, "cell_size_check", true)
        .map_err(sqlite)?;
    connection
        .pragma_update(None, "trusted_schema", false)
        .map_err(sqlite)?;
    connection.set_prepared_statement_cache_capacity(32);
    Ok(())
}

/// Takes others' rights off a file that has them, such as one restored from a backup.
fn restrict(path: &Path) {
    let open_to_others = fs::metadata(path).is_ok_and(|found| found.mode() & 0o077 != 0);
    if !open_to_others {
        return;
    }
    if let Err(error) = fs::set_permissions(path, fs::Permissions::from_mode(MODE)) {
        let path = path.display();
        tracing::warn!(%path, %error, "others can read the ledger and its mode cannot be changed");
    }
}
