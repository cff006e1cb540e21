//! Keeps requests under IB's message rate (50 a second for 100 market data lines), with room left for orders, which
//! never wait here. First come, first served.

use std::cell::Cell;
use std::time::Duration;

use tokio::time::Instant;

/// Gives each request its instant: a burst at once, then evenly spaced.
#[derive(Debug)]
pub struct Pacer {
    interval: Duration,
    burst: Duration,
    next: Cell<Option<Instant>>,
}

impl Pacer {
    /// `per_second` requests a second, as many at once after a second of silence.
    pub fn new(per_second: u32) -> Self {
        let interval = Duration::from_secs(1) / per_second.max(1);
        Pacer {
            interval,
            burst: interval * per_second.saturating_sub(1),
            next: Cell::new(None),
        }
    }

    /// Waits for the caller's turn.
    pub async fn turn(&self) {
        self.reserve().come().await;
    }

    /// Takes the next turn, to be waited for when the caller is ready for it.
    pub fn reserve(&self) -> Turn {
        Turn(self.slot(Instant::now()))
    }

    /// The next instant a request may leave, if asked at `now`.
    pub fn slot(&self, now: Instant) -> Instant {
        // Slots lie behind the clock by as much as the burst allows, and those may leave at once.
        let earliest = now.checked_sub(self.burst).unwrap_or(now);
        let slot = self.next.get().map_or(earliest, |next| next.max(earliest));
        self.next.set(Some(slot + self.interval));
        slot.max(now)
    }
}

/// A turn that was taken and has perhaps not come yet.
#[derive(Debug)]
pub struct Turn(Instant);

impl Turn {
    /// Waits until it has come.
    pub async fn come(self) {
        if self.0 > Instant::now() {
            tokio::time::sleep_until(self.0).await;
        }
    }
}
