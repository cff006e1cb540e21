//! How many orders may leave in any second.

use std::collections::VecDeque;
use std::time::Duration;

use super::denial::{Denial, DenialCode};
use crate::domain::time::Timestamp;

const WINDOW: Duration = Duration::from_secs(1);

/// A sliding window of the last second. It holds at most as many instants as the limit allows, plus cancels, which are
/// counted up to twice the limit and never refused.
#[derive(Debug, Clone)]
pub(super) struct RateWindow {
    limit: u32,
    sent: VecDeque<Timestamp>,
}

impl RateWindow {
    pub(super) fn new(limit: u32) -> Self {
        RateWindow {
            limit,
            sent: VecDeque::with_capacity(limit.min(1024) as usize),
        }
    }

    /// Says no when the window is full.
    pub(super) fn room(&mut self, at: Timestamp) -> Result<(), Denial> {
        while self.sent.front().is_some_and(|first| at.since(*first) >= WINDOW) {
            self.sent.pop_front();
        }
        let used = self.sent.len() as i64;
        if used >= i64::from(self.limit) {
            return Err(Denial::native(
                DenialCode::MessageRate,
                i64::from(self.limit),
                used + 1,
            ));
        }
        Ok(())
    }

    /// Counts one message.
    pub(super) fn count(&mut self, at: Timestamp) {
        if self.sent.len() >= 2 * self.limit as usize {
            self.sent.pop_front();
        }
        self.sent.push_back(at);
    }
}
