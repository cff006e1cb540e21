//! One daemon to a ledger: an exclusive lock on a file beside it, which the kernel releases when its holder
//! dies.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};

use super::error::OpenError;

/// Held for as long as the ledger is open. The file itself stays: removing it would let two holders lock two
/// files of the same name.
#[derive(Debug)]
pub(super) struct LedgerLock {
    _file: Flock<File>,
}

/// The lock's file: the ledger's path with `.lock` after it.
pub(super) fn lock_path(ledger: &Path) -> PathBuf {
    let mut name = ledger.as_os_str().to_owned();
    name.push(".lock");
    PathBuf::from(name)
}

impl LedgerLock {
    /// Takes the lock or says who has it.
    pub(super) fn acquire(ledger: &Path) -> Result<Self, OpenError> {
        let path = lock_path(ledger);
        let opened = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path);
        let file = opened.map_err(|source| OpenError::NotWritable {
            path: path.clone(),
            source,
        })?;
        match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
            Ok(mut held) => {
                // The number is for people; the lock is what counts, so a failure to write it is not one to
                // lock.
                let _ = write_holder(&mut held);
                Ok(LedgerLock { _file: held })
            }
            Err((mut file, Errno::EWOULDBLOCK)) => Err(OpenError::Locked {
                path: ledger.to_owned(),
                lock: path,
                holder: read_holder(&mut file),
            }),
            Err((_, errno)) => Err(OpenError::NotWritable {
                path,
                source: errno.into(),
            }),
        }
    }
}

fn write_holder(file: &mut File) -> std::io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "{}", std::process::id())
}

fn read_holder(file: &mut File) -> String {
    let mut text = String::new();
    // A holder that is only just writing its number has none to show.
    match file.take(32).read_to_string(&mut text) {
        Ok(_) if !text.trim().is_empty() => format!("process {}", text.trim()),
        _ => "another process".to_owned(),
    }
}
