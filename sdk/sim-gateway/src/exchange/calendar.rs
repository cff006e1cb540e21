//! When markets are open.

use super::Exchange;
use super::instrument::InstrumentId;

/// What a market is doing at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Nothing trades.
    Closed,
    /// Open outside regular hours.
    Extended,
    /// Open in regular hours.
    Regular,
}

impl Exchange {
    /// What a market is doing at a Unix time in seconds.
    #[must_use]
    pub fn phase(&self, _id: InstrumentId, _unix: u64) -> Phase {
        Phase::Regular
    }

    /// When a market's phase next changes after a Unix time, and to what; `None` when it never does.
    #[must_use]
    pub fn next_change(&self, _id: InstrumentId, _unix: u64) -> Option<(u64, Phase)> {
        None
    }

    /// When the running trading day ends.
    #[must_use]
    pub fn close_of_day(&self, _id: InstrumentId, unix: u64, _phase: Phase) -> Option<u64> {
        Some(unix - unix % super::DAY + super::DAY)
    }

    /// When the next session opens at or after a Unix time.
    #[must_use]
    pub fn next_open(&self, _id: InstrumentId, unix: u64, _phase: Phase) -> Option<u64> {
        Some(unix)
    }
}
