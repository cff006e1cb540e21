//! Whether orders may leave, and the operator's latch.

use serde::{Deserialize, Serialize};

/// What may leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TradingState {
    /// Nothing but cancels: what the broker holds is not known.
    Recovering,
    /// Everything.
    Active,
    /// Cancels, and orders that bring a position nearer to zero.
    ReduceOnly,
    /// Cancels, and after a kill the desk's own flattening orders.
    Halted,
    /// Nothing but cancels: the daemon is stopping.
    Draining,
}

impl TradingState {
    /// Every state, for metrics that show one series each.
    pub const ALL: [TradingState; 5] = [
        TradingState::Recovering,
        TradingState::Active,
        TradingState::ReduceOnly,
        TradingState::Halted,
        TradingState::Draining,
    ];

    /// In words, for metrics, logs and the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            TradingState::Recovering => "recovering",
            TradingState::Active => "active",
            TradingState::ReduceOnly => "reduce_only",
            TradingState::Halted => "halted",
            TradingState::Draining => "draining",
        }
    }
}

/// The operator's latch. Persisted; only a command moves it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum Latch {
    /// Trading is allowed.
    #[default]
    Running,
    /// No new orders.
    Halted,
    /// No new orders, everything canceled and flattened.
    Killed,
}

impl Latch {
    /// In words, for the ledger and the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Latch::Running => "running",
            Latch::Halted => "halted",
            Latch::Killed => "killed",
        }
    }

    /// From its words.
    pub fn parse(text: &str) -> Option<Latch> {
        [Latch::Running, Latch::Halted, Latch::Killed]
            .into_iter()
            .find(|latch| latch.as_str() == text)
    }
}
