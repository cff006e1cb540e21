//! What must be positively known about the session before risk may grow. Nothing is assumed: a proof that was never given,
//! or is too old, is not held.

use serde::{Deserialize, Serialize};

use super::time::Timestamp;

/// One thing the session proves about itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProofKind {
    /// The gateway shook hands with us under our client id.
    Handshake,
    /// It answers: its clock was asked for and told.
    Heartbeat,
    /// IB answers through it: a contract was looked up and found, and it has not said since that IB is lost.
    Upstream,
    /// It manages the account and the kind of account (paper or live) that the configuration names.
    Account,
    /// It takes orders: a what-if order was considered, so the API is not read-only.
    WriteAccess,
    /// Its clock and ours agree.
    Clock,
    /// Every configured instrument is one of IB's contracts.
    Instruments,
    /// Every subscription ticked within its deadline.
    MarketData,
    /// IB has not announced that it may liquidate positions (2148, URGENT).
    Margin,
}

impl ProofKind {
    /// Every proof, in the order in which one should look at them.
    pub const ALL: [ProofKind; 9] = [
        ProofKind::Handshake,
        ProofKind::Heartbeat,
        ProofKind::Account,
        ProofKind::Upstream,
        ProofKind::WriteAccess,
        ProofKind::Clock,
        ProofKind::Instruments,
        ProofKind::MarketData,
        ProofKind::Margin,
    ];

    /// In words, for metrics, logs and the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            ProofKind::Handshake => "handshake",
            ProofKind::Heartbeat => "heartbeat",
            ProofKind::Upstream => "upstream",
            ProofKind::Account => "account",
            ProofKind::WriteAccess => "write_access",
            ProofKind::Clock => "clock",
            ProofKind::Instruments => "instruments",
            ProofKind::MarketData => "market_data",
            ProofKind::Margin => "margin",
        }
    }
}

/// How one proof stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// Which.
    pub kind: ProofKind,
    /// Whether it is held now.
    pub held: bool,
    /// When it was last given; `None` if it never was in this session.
    pub proved: Option<Timestamp>,
    /// What was seen, or what is missing.
    pub reason: String,
    /// What to do; empty while it is held.
    pub fix: String,
}

impl Proof {
    /// Not given yet.
    pub fn missing(kind: ProofKind) -> Self {
        Proof {
            kind,
            held: false,
            proved: None,
            reason: "not proved yet in this session".to_owned(),
            fix: "it is proved by itself soon after the session is up".to_owned(),
        }
    }
}
