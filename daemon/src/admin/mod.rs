//! Floor 6: the operator's way in. HTTP/1.1 on a Unix socket: reads answered from what others publish, commands handed to
//! the desk's mailbox.
//!
//! ```text
//! connection ─▶ server     capped, one request each, every step with a deadline
//!            ─▶ access     who is it? SO_PEERCRED: operator, observer or stranger
//!            ─▶ routes     read: the last snapshot, as schema types   command: mailbox, then wait for the outcome
//! ```
//!
//! Runs on a thread of its own, so a stuck desk can still be asked how it was.
//!
//! Never: a trading decision, a call into the desk, a desk type in an answer, TCP.

pub mod access;
#[cfg(test)]
mod access_tests;
mod convert;
mod convert_recovery;
pub mod events;
pub mod problem;
pub mod quantile;
pub mod readiness;
#[cfg(test)]
mod readiness_tests;
mod routes;
pub mod schema;
mod server;
#[cfg(test)]
mod server_tests;
mod socket;
#[cfg(test)]
mod specimen;
mod streams;
#[cfg(test)]
mod streams_tests;
mod truth;

use std::path::PathBuf;
use std::sync::Arc;

use prometheus::Registry;
use serde::{Deserialize, Serialize};
use tokio::sync::{mpsc, oneshot, watch};

use crate::desk::effect::CommandOutcome;
use crate::desk::event::Requester;
use crate::desk::snapshot::Snapshot;
use crate::domain::plugin::PluginStatus;
use crate::domain::recovery::RecoveryStatus;
use crate::domain::session::SessionStatus;
use crate::domain::time::Timestamp;
use crate::mailbox::CommandSender;

pub use server::serve;
pub use socket::{BindError, Socket};

/// The `[admin]` section of the configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Path of the Unix socket. Its directory must exist; under systemd `RuntimeDirectory=` makes it.
    pub socket: PathBuf,
    /// Who may read and command, besides root and the daemon's own user: user names or numeric ids.
    pub operators: Vec<access::User>,
    /// Who may read and never command: user names or numeric ids.
    pub observers: Vec<access::User>,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            socket: PathBuf::from(schema::DEFAULT_SOCKET),
            operators: Vec::new(),
            observers: Vec::new(),
        }
    }
}

/// An operator wants a plugin started again; whoever owns the plugins answers.
#[derive(Debug)]
pub struct PluginRestart {
    /// Who asks.
    pub requester: Requester,
    /// Which plugin, by its name in the configuration. It was configured when the request was made.
    pub plugin: String,
    /// Where the answer goes.
    pub answer: oneshot::Sender<CommandOutcome>,
}

/// An operator wants a backup of the ledger; whoever owns the ledger answers.
#[derive(Debug)]
pub struct BackupRequest {
    /// Who asks.
    pub requester: Requester,
    /// Where to, as an absolute path; to a dated name in the configured folder without one.
    pub path: Option<PathBuf>,
    /// Where the answer goes.
    pub answer: oneshot::Sender<CommandOutcome>,
}

/// Where answers come from and where commands go. All of it crosses threads.
#[derive(Debug, Clone)]
pub struct Sources {
    /// The desk as it last published itself.
    pub snapshot: watch::Receiver<Arc<Snapshot>>,
    /// The session as its keeper last published it.
    pub session: watch::Receiver<SessionStatus>,
    /// Recovery and maintenance as they were last published.
    pub recovery: watch::Receiver<RecoveryStatus>,
    /// The plugins as their host last published them.
    pub plugins: watch::Receiver<Vec<PluginStatus>>,
    /// The desk's way in.
    pub commands: CommandSender,
    /// The way in to whoever restarts plugins.
    pub restarts: mpsc::Sender<PluginRestart>,
    /// The way in to whoever makes backups.
    pub backups: mpsc::Sender<BackupRequest>,
    /// What happened lately, for people.
    pub events: events::EventLog,
    /// Where the tick-to-order histogram is read.
    pub registry: Registry,
    /// The daemon's version.
    pub version: &'static str,
    /// When the daemon started.
    pub started: Timestamp,
}
