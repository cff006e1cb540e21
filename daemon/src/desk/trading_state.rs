//! Whether we may trade, and why not.
//!
//! ```text
//!               truth reconciled            halt / kill (latched, survives restarts)
//!  Recovering ───────────────────▶ Active ───────────────────────▶ Halted
//!      ▲                           ▲    │ ledger unwritable          │
//!      │ session down, upstream    │    ▼ or the session unproved    │ resume: Active again only if the
//!      │ lost, reports lost        │  ReduceOnly                     │ session is proved, else Recovering
//!      └───────────────────────────┴────┴────────────────────────────┘
//!  any ── stop ──▶ Draining
//! ```
//!
//! The state is derived, never set: from the latch (the operator's), the proof (the session's), the ledger and the
//! stop. So no sequence of events can leave it wrong.

use crate::domain::trading_state::{Latch, TradingState};

/// What the trading state is derived from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Conditions {
    /// The operator's latch.
    pub latch: Latch,
    /// The session is up and the broker's truth agrees with ours.
    pub reconciled: bool,
    /// A later reading of the truth failed: what was known may be old.
    pub unverified: bool,
    /// The gateway has IB.
    pub upstream: bool,
    /// The session has proved everything it is asked to prove.
    pub proved: bool,
    /// Recovery holds orders back that add risk: a restart of the gateway is near, or a person is needed.
    pub restrained: bool,
    /// The ledger can be written.
    pub ledger_writable: bool,
    /// The daemon is stopping.
    pub draining: bool,
}

impl Conditions {
    /// The state they add up to.
    pub const fn state(self) -> TradingState {
        if self.draining {
            return TradingState::Draining;
        }
        match self.latch {
            Latch::Halted | Latch::Killed => TradingState::Halted,
            Latch::Running if !self.reconciled || !self.upstream => TradingState::Recovering,
            Latch::Running if !self.ledger_writable || !self.proved || self.restrained || self.unverified => {
                TradingState::ReduceOnly
            }
            Latch::Running => TradingState::Active,
        }
    }
}
