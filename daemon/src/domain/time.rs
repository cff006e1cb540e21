//! When something happened. Time enters the desk with the event that carries it; nothing below floor 6 reads a clock.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Nanoseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(u64);

impl Timestamp {
    /// The beginning of 1970, used where nothing has happened yet.
    pub const NEVER: Timestamp = Timestamp(0);

    /// From nanoseconds since 1970.
    pub const fn from_nanos(nanos: u64) -> Self {
        Timestamp(nanos)
    }

    /// Nanoseconds since 1970.
    pub const fn nanos(self) -> u64 {
        self.0
    }

    /// How long after `earlier` this is; nothing if it is not after it.
    pub const fn since(self, earlier: Timestamp) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }

    /// This much later.
    pub const fn after(self, delay: Duration) -> Timestamp {
        Timestamp(self.0.saturating_add(delay.as_nanos() as u64))
    }

    /// Which day (UTC) since 1970.
    pub const fn day(self) -> u64 {
        self.0 / 86_400_000_000_000
    }
}
