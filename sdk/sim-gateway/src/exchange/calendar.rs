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
}
