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

/// Why there is no session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Obstacle {
    /// Nobody listens at the address: the gateway is not running, or not yet.
    Refused,
    /// The address cannot be reached or resolved.
    Unreachable,
    /// It accepted and said nothing within the handshake's deadline, or stopped answering heartbeats.
    Silent,
    /// It accepted and hung up: an untrusted address, or a gateway that is still starting.
    Rejected,
    /// Another connection holds our client id (326), perhaps our own dead one.
    ClientIdInUse,
    /// It speaks a protocol too old for us.
    VersionTooLow,
    /// It manages other accounts than the configured one.
    WrongAccount,
    /// An established session broke.
    Lost,
    /// Recovery asked for another socket.
    Reopened,
    /// Anything else.
    Other,
}

impl Obstacle {
    /// Every obstacle, for metrics that show one series each.
    pub const ALL: [Obstacle; 10] = [
        Obstacle::Refused,
        Obstacle::Unreachable,
        Obstacle::Silent,
        Obstacle::Rejected,
        Obstacle::ClientIdInUse,
        Obstacle::VersionTooLow,
        Obstacle::WrongAccount,
        Obstacle::Lost,
        Obstacle::Reopened,
        Obstacle::Other,
    ];

    /// In words, for metrics and logs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Obstacle::Refused => "refused",
            Obstacle::Unreachable => "unreachable",
            Obstacle::Silent => "silent",
            Obstacle::Rejected => "rejected",
            Obstacle::ClientIdInUse => "client_id_in_use",
            Obstacle::VersionTooLow => "version_too_low",
            Obstacle::WrongAccount => "wrong_account",
            Obstacle::Lost => "lost",
            Obstacle::Reopened => "reopened",
            Obstacle::Other => "other",
        }
    }
}

/// Attempts that failed one after another for the same reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failing {
    /// The reason.
    pub obstacle: Obstacle,
    /// Since when.
    pub since: Timestamp,
    /// How many.
    pub count: u32,
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
    /// Whether the gateway has IB (1100, 1101, 1102, 2110), by its own word or by a proof of ours.
    pub upstream: bool,
    /// Since when that is so; `None` before the first session.
    pub upstream_since: Option<Timestamp>,
    /// IB's data farms that the gateway named in this session, by name.
    pub farms: Vec<Farm>,
    /// Attempts since the last time it was up.
    pub attempts: u64,
    /// Times it came up, the first included.
    pub sessions: u64,
    /// Why the last one ended or the last attempt failed, and what to do; empty if none did.
    pub last_error: String,
    /// When the gateway last answered a heartbeat.
    pub last_heartbeat: Option<Timestamp>,
    /// The attempts that fail now; `None` while there is a session.
    pub failing: Option<Failing>,
    /// Times since the start that the gateway had a socket of ours and did not answer: handshakes and heartbeats.
    pub silences: u64,
    /// What the session has proved about itself.
    pub proofs: Vec<Proof>,
    /// Since when IB refuses market data because the same user has a session elsewhere (10197).
    pub competing: Option<Timestamp>,
    /// How many streams are silent though their markets are open.
    pub streams_silent: usize,
    /// Each instrument's market data.
    pub subscriptions: Vec<Subscription>,
}

/// What a data farm serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FarmKind {
    /// Live market data (`usfarm`).
    MarketData,
    /// Historical data (`ushmds`).
    History,
    /// Contract definitions (`secdefil`): without it lookups are not answered.
    Definitions,
}

impl FarmKind {
    /// In words, for logs and the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            FarmKind::MarketData => "market_data",
            FarmKind::History => "history",
            FarmKind::Definitions => "definitions",
        }
    }
}

/// How a data farm is, by the gateway's last word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FarmState {
    /// Connected.
    Up,
    /// Asleep until it is needed (2107, 2108): as good as up.
    Idle,
    /// Being connected to (2119).
    Connecting,
    /// Broken (2103, 2105, 2157).
    Broken,
}

impl FarmState {
    /// Every state, for metrics that show one series each.
    pub const ALL: [FarmState; 4] = [
        FarmState::Up,
        FarmState::Idle,
        FarmState::Connecting,
        FarmState::Broken,
    ];

    /// In words, for metrics, logs and the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            FarmState::Up => "up",
            FarmState::Idle => "idle",
            FarmState::Connecting => "connecting",
            FarmState::Broken => "broken",
        }
    }

    /// Whether data comes from it, at once or when asked for.
    pub const fn is_healthy(self) -> bool {
        matches!(self, FarmState::Up | FarmState::Idle)
    }
}

/// One of IB's data farms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Farm {
    /// IB's name for it: `usfarm`, `eufarm`, `ushmds` …
    pub name: String,
    /// What it serves.
    pub kind: FarmKind,
    /// How it is.
    pub state: FarmState,
    /// Since when.
    pub since: Timestamp,
    /// How often the gateway has spoken of it in this session, repetitions included.
    pub notices: u64,
}
