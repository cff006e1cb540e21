//! How the session to the gateway is, as its keeper publishes it.

use serde::{Deserialize, Serialize};

use super::proof::Proof;
use super::stream::Subscription;
use super::time::Timestamp;

/// Where the session stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SessionPhase {
    /// Waiting before the next attempt.
    Waiting,
    /// Opening the socket and shaking hands.
    Connecting,
    /// Connected; reading the broker's truth and resolving contracts.
    Proving,
    /// Connected and proved.
    Up,
    /// The daemon is stopping.
    Closed,
}

impl SessionPhase {
    /// Every phase, for metrics that show one series each.
    pub const ALL: [SessionPhase; 5] = [
        SessionPhase::Waiting,
        SessionPhase::Connecting,
        SessionPhase::Proving,
        SessionPhase::Up,
        SessionPhase::Closed,
    ];

    /// In words, for metrics, logs and the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            SessionPhase::Waiting => "waiting",
            SessionPhase::Connecting => "connecting",
            SessionPhase::Proving => "proving",
            SessionPhase::Up => "up",
            SessionPhase::Closed => "closed",
        }
    }
}

/// The session as it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionStatus {
    /// Where it stands.
    pub phase: SessionPhase,
    /// Since when.
    pub since: Timestamp,
    /// `host:port` of the gateway.
    pub address: String,
    /// Our client id.
    pub client_id: i32,
    /// What the gateway announced; zero before the first handshake.
    pub server_version: i32,
    /// The accounts it manages.
    pub accounts: Vec<String>,
    /// Whether the gateway has IB (1100, 1101, 1102).
    pub upstream: bool,
    /// Attempts since the last time it was up.
    pub attempts: u64,
    /// Times it came up, the first included.
    pub sessions: u64,
    /// Why the last one ended or the last attempt failed, and what to do; empty if none did.
    pub last_error: String,
    /// When the gateway last answered a heartbeat.
    pub last_heartbeat: Option<Timestamp>,
    /// What the session has proved about itself.
    pub proofs: Vec<Proof>,
    /// Since when IB refuses market data because the same user has a session elsewhere (10197).
    pub competing: Option<Timestamp>,
    /// How many streams are silent though their markets are open.
    pub streams_silent: usize,
    /// Each instrument's market data.
    pub subscriptions: Vec<Subscription>,
}
