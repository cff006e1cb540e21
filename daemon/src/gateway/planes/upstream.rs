//! Whether the gateway has IB. Notices repeat for hours and the last one may never come, so edges act and a proof of
//! our own may stand in for the word that is missing.
//!
//! ```text
//!        1100, 2110                         1101, 1102
//!   Up ─────────────▶ Lost ─────────────────────────────────────▶ Up
//!                      │  a lookup, asked for long after the loss,  ▲
//!                      └── was answered by IB's servers ────────────┘
//! ```

use std::time::Duration;

use crate::domain::time::Timestamp;

/// A restoration that follows another this soon says the same.
const ECHO: Duration = Duration::from_secs(5);
/// A loss this soon after we took IB for restored says that we were wrong.
const RELAPSE: Duration = Duration::from_secs(300);
/// How often the patience before the next such conclusion is doubled, at most.
const DOUBLINGS_MAX: u32 = 5;

/// The way to IB, as one session sees it.
#[derive(Debug, Clone, Copy)]
pub struct Upstream {
    up: bool,
    since: Timestamp,
    restored: Option<Timestamp>,
    /// When a proof of ours last stood in for the gateway's word.
    concluded: Option<Timestamp>,
    relapses: u32,
}

impl Upstream {
    /// Before the first session.
    pub const fn new(at: Timestamp) -> Self {
        Upstream {
            up: false,
            since: at,
            restored: None,
            concluded: None,
            relapses: 0,
        }
    }

    /// Whether the gateway has IB.
    pub const fn is_up(&self) -> bool {
        self.up
    }

    /// Since when that is so.
    pub const fn since(&self) -> Timestamp {
        self.since
    }

    /// A session began: it says by itself what it lacks.
    pub const fn session_began(&mut self, at: Timestamp) {
        self.up = true;
        self.since = at;
        self.restored = None;
    }

    /// A session ended.
    pub const fn session_ended(&mut self, at: Timestamp) {
        self.up = false;
        self.since = at;
    }

    /// 1100 or 2110; true if that is news.
    pub fn lost(&mut self, at: Timestamp) -> bool {
        if !self.up {
            return false;
        }
        if let Some(concluded) = self.concluded.take() {
            let relapse = at.since(concluded) < RELAPSE;
            self.relapses = if relapse { self.relapses + 1 } else { 0 };
        }
        self.up = false;
        self.since = at;
        true
    }

    /// 1101 (`data_lost`) or 1102; true if that is news. A 1101 out of the blue is: subscriptions are gone.
    pub fn restored(&mut self, at: Timestamp, data_lost: bool) -> bool {
        let echo = self.restored.is_some_and(|last| at.since(last) <= ECHO);
        if self.up && (!data_lost || echo) {
            return false;
        }
        if !self.up {
            self.up = true;
            self.since = at;
        }
        self.restored = Some(at);
        self.relapses = 0;
        self.concluded = None;
        true
    }

    /// IB's servers answered a request that was made at `asked`; true if that brings the plane back. The gateway's
    /// own word is waited for first: it comes with what became of the subscriptions.
    pub fn answered(&mut self, asked: Timestamp, at: Timestamp, patience: Duration) -> bool {
        let patience = patience * 2_u32.pow(self.relapses.min(DOUBLINGS_MAX));
        if self.up || asked <= self.since || asked.since(self.since) < patience {
            return false;
        }
        self.up = true;
        self.since = at;
        self.concluded = Some(at);
        self.restored = Some(at);
        true
    }
}
