//! Whether a file is a whole ledger, and what is in it.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use sha2::{Digest, Sha256};

use super::super::open;
use super::{BackupError, open_to_read};

/// A file that was read whole and is a good ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// Which file.
    pub path: PathBuf,
    /// Its size.
    pub bytes: u64,
    /// The digest of its bytes, in hex; of the file alone, so a ledger with a write-ahead log has another content.
    pub sha256: String,
    /// The version of its tables.
    pub version: i32,
    /// How many orders it has, and how many of them are open.
    pub orders: (i64, i64),
    /// How many fills.
    pub executions: i64,
    /// The number of the last one.
    pub last_execution: i64,
    /// The highest API order id.
    pub last_order: i64,
}

impl fmt::Display for Verified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: a good ledger of version {}, {} bytes, {} orders ({} open, the last is {}), {} fills, sha256 {}",
            self.path.display(),
            self.version,
            self.bytes,
            self.orders.0,
            self.orders.1,
            self.last_order,
            self.executions,
            self.sha256
        )
    }
}

/// Reads a ledger whole: its mark, its version, every page and index, its rows' number, its digest.
pub fn verify(path: &Path) -> Result<Verified, BackupError> {
    let unreadable = |source| super::super::OpenError::NotReadable {
        path: path.to_owned(),
        source,
    };
    std::fs::metadata(path).map_err(unreadable)?;
    open::check_place(path)?;
    open::check_header(path)?;
    let connection = open_to_read(path)?;
    let version = open::check_kind(&connection, path)?;
    check_integrity(&connection, path)?;
    let count = |sql: &str| -> Result<i64, BackupError> {
        let counted = connection.query_row(sql, [], |row| row.get(0));
        counted.map_err(|source| BackupError::Sqlite {
            path: path.to_owned(),
            doing: "count the rows of",
            source,
        })
    };
    let (bytes, sha256) = digest(path).map_err(unreadable)?;
    Ok(Verified {
        path: path.to_owned(),
        bytes,
        sha256,
        version,
        orders: (
            count("SELECT COUNT(*) FROM orders")?,
            count("SELECT COUNT(*) FROM orders WHERE open = 1")?,
        ),
        executions: count("SELECT COUNT(*) FROM executions")?,
        last_execution: count("SELECT COALESCE(MAX(number), 0) FROM executions")?,
        last_order: count("SELECT COALESCE(MAX(order_id), 0) FROM orders")?,
    })
}

fn check_integrity(connection: &Connection, path: &Path) -> Result<(), BackupError> {
    let damaged = |text: String| BackupError::Damaged {
        path: path.to_owned(),
        text,
    };
    let said = connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get::<_, String>(0));
    match said {
        Ok(text) if text == "ok" => Ok(()),
        Ok(text) => Err(damaged(text)),
        Err(error) => Err(damaged(error.to_string())),
    }
}

fn digest(path: &Path) -> io::Result<(u64, String)> {
    let mut file = File::open(path)?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 64 * 1024];
    let mut bytes = 0;
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            break;
        }
        bytes += read as u64;
        hash.update(buffer.get(..read).unwrap_or_default());
    }
    let text = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    Ok((bytes, text))
}
