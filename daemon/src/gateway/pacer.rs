//! Keeps requests under IB's message rate (50 a second for 100 market data lines), with room left for orders, which
//! never wait here. First come, first served.

use std::cell::Cell;
use std::time::Duration;

use tokio::time::Instant;

/// A turn this late was missed. A lookup may take as long before its subscription follows.
const MISSED: Duration = Duration::from_secs(1);

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
        let turn = self.reserve();
        self.come(turn).await;
    }

    /// Takes the next turn, to be waited for when the caller is ready for it.
    pub fn reserve(&self) -> Turn {
        Turn(self.slot(Instant::now()))
    }

    /// Waits until a turn has come.
    pub async fn come(&self, turn: Turn) {
        let Turn(mut slot) = turn;
        while let Some(later) = self.wait(slot, Instant::now()) {
            slot = later;
            tokio::time::sleep_until(slot).await;
        }
    }

    /// Until when a turn must wait; `None` if it has come. Turns missed because the whole process stood still are taken
    /// anew: all of them at once would be the burst that IB punishes.
    pub fn wait(&self, slot: Instant, now: Instant) -> Option<Instant> {
        if slot > now {
            return Some(slot);
        }
        if now - slot <= MISSED {
            return None;
        }
        Some(self.slot(now)).filter(|slot| *slot > now)
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
