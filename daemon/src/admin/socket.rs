//! The Unix socket as a file: taken once, left behind by nobody.

use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

use nix::unistd::Uid;

use super::Config;
use super::access::{Access, UnknownUser};

/// Why the socket cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// Somebody answers on it.
    #[error("another moored answers on {path}: stop it first, or give this one another admin.socket")]
    AlreadyRunning {
        /// Which socket.
        path: PathBuf,
    },
    /// There is something else of that name.
    #[error("{path} exists and is not a socket: remove it, or set another admin.socket")]
    NotASocket {
        /// Which path.
        path: PathBuf,
    },
    /// Its directory is missing.
    #[error(
        "cannot make {path}: its directory does not exist; systemd makes /run/moored (RuntimeDirectory=), \
         elsewhere make it first or set another admin.socket"
    )]
    NoDirectory {
        /// Which socket.
        path: PathBuf,
    },
    /// The system said no.
    #[error("cannot {what} {path}: {error}; check admin.socket and the rights on its directory")]
    System {
        /// What was tried.
        what: &'static str,
        /// On which path.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// A configured user does not exist.
    #[error(transparent)]
    UnknownUser(#[from] UnknownUser),
}

/// The bound socket with its rules. Dropping it removes the file, if the file is still this one.
#[derive(Debug)]
pub struct Socket {
    pub(super) listener: UnixListener,
    pub(super) access: Access,
    file: File,
}

/// The socket's file, removed on drop.
#[derive(Debug)]
struct File {
    path: PathBuf,
    device: u64,
    inode: u64,
}

impl Socket {
    /// Takes the configured socket: mode 0660, so that only its owner and group can reach it at all. A file that nobody
    /// answers on is what a crash left behind, and is replaced.
    pub fn bind(config: &Config) -> Result<Socket, BindError> {
        let access = Access::resolve(Uid::effective().as_raw(), &config.operators, &config.observers)?;
        let path = config.socket.clone();
        let failed = |what: &'static str| {
            let path = path.clone();
            move |error| BindError::System { what, path, error }
        };
        clear_stale(&path)?;
        let listener = UnixListener::bind(&path).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => BindError::NoDirectory { path: path.clone() },
            _ => failed("bind")(error),
        })?;
        let metadata = std::fs::symlink_metadata(&path).map_err(failed("look at"))?;
        let file = File {
            path: path.clone(),
            device: metadata.dev(),
            inode: metadata.ino(),
        };
        let mode = std::fs::Permissions::from_mode(0o660);
        std::fs::set_permissions(&path, mode).map_err(failed("set the mode of"))?;
        listener.set_nonblocking(true).map_err(failed("prepare"))?;
        Ok(Socket {
            listener,
            access,
            file,
        })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.file.path
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let ours = std::fs::symlink_metadata(&self.path)
            .is_ok_and(|metadata| metadata.dev() == self.device && metadata.ino() == self.inode);
        if ours && let Err(error) = std::fs::remove_file(&self.path) {
            tracing::warn!(path = %self.path.display(), %error, "the admin socket could not be removed");
        }
    }
}

fn clear_stale(path: &Path) -> Result<(), BindError> {
    let failed = |what: &'static str| {
        let path = path.to_owned();
        move |error| BindError::System { what, path, error }
    };
    let metadata = match std::fs::symlink_metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(failed("look at")(error)),
    };
    if !metadata.file_type().is_socket() {
        return Err(BindError::NotASocket {
            path: path.to_owned(),
        });
    }
    match UnixStream::connect(path) {
        Ok(_) => Err(BindError::AlreadyRunning {
            path: path.to_owned(),
        }),
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
            tracing::info!(path = %path.display(), "replacing an admin socket that nobody answers on");
            std::fs::remove_file(path).map_err(failed("remove the stale"))
        }
        Err(error) => Err(failed("connect to the existing")(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(path: PathBuf) -> Config {
        Config {
            socket: path,
            ..Config::default()
        }
    }

    #[test]
    fn a_second_daemon_is_told_and_a_stale_socket_is_replaced() {
        let directory = tempfile::tempdir().unwrap();
        let config = config(directory.path().join("admin.sock"));
        let first = Socket::bind(&config).unwrap();
        let mode = std::fs::metadata(first.path()).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o660);
        let second = Socket::bind(&config).unwrap_err();
        assert!(matches!(second, BindError::AlreadyRunning { .. }), "{second}");
        drop(first);
        assert!(!config.socket.exists());

        // A listener that is closed without removing its file is what a crash leaves.
        drop(UnixListener::bind(&config.socket).unwrap());
        assert!(config.socket.exists());
        drop(Socket::bind(&config).unwrap());
    }

    #[test]
    fn what_is_not_ours_is_left_alone() {
        let directory = tempfile::tempdir().unwrap();
        let precious = directory.path().join("precious");
        std::fs::write(&precious, "data").unwrap();
        let error = Socket::bind(&config(precious.clone())).unwrap_err();
        assert!(matches!(error, BindError::NotASocket { .. }), "{error}");
        assert_eq!(std::fs::read(&precious).unwrap(), b"data");

        let nowhere = directory.path().join("missing/admin.sock");
        let error = Socket::bind(&config(nowhere)).unwrap_err();
        assert!(matches!(error, BindError::NoDirectory { .. }), "{error}");

        // Replaced by somebody else while we ran: theirs stays.
        let config = config(directory.path().join("admin.sock"));
        let socket = Socket::bind(&config).unwrap();
        std::fs::remove_file(&config.socket).unwrap();
        std::fs::write(&config.socket, "theirs").unwrap();
        drop(socket);
        assert!(config.socket.exists());
    }
}
