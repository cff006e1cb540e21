//! What happened lately, for people: a bounded ring that whoever runs the daemon pushes to and `GET /v1/events` reads. It
//! is a view, not a record; the record is the ledger.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};

use crate::domain::time::Timestamp;

/// How many events are kept.
pub const KEPT: usize = 256;
/// How many characters of one event's text are kept.
const TEXT_LIMIT: usize = 400;

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its number since the start; gaps show what a reader missed.
    pub sequence: u64,
    /// When.
    pub at: Timestamp,
    /// What kind of thing: `fill`, `session`, `alarm` …
    pub kind: &'static str,
    /// What, for people.
    pub text: String,
}

/// The ring. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct EventLog(Arc<Mutex<Ring>>);

#[derive(Debug, Default)]
struct Ring {
    entries: VecDeque<Entry>,
    pushed: u64,
}

impl EventLog {
    /// Adds one; the oldest goes when the ring is full. Holds a lock for a push, never longer.
    pub fn push(&self, at: Timestamp, kind: &'static str, text: impl Into<String>) {
        let mut text = text.into();
        if let Some((end, _)) = text.char_indices().nth(TEXT_LIMIT) {
            text.truncate(end);
            text.push('…');
        }
        let mut ring = self.ring();
        ring.pushed += 1;
        let sequence = ring.pushed;
        if ring.entries.len() == KEPT {
            ring.entries.pop_front();
        }
        ring.entries.push_back(Entry {
            sequence,
            at,
            kind,
            text,
        });
    }

    /// The latest `limit` of them, oldest first.
    pub fn latest(&self, limit: usize) -> Vec<Entry> {
        let ring = self.ring();
        let skipped = ring.entries.len().saturating_sub(limit);
        ring.entries.iter().skip(skipped).cloned().collect()
    }

    fn ring(&self) -> MutexGuard<'_, Ring> {
        // A push cannot leave the ring half-done, so a panic elsewhere does not spoil it.
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ring_keeps_the_latest_in_order_and_cuts_long_text() {
        let log = EventLog::default();
        for number in 1..=(KEPT as u64 + 10) {
            log.push(Timestamp::from_nanos(number), "fill", format!("event {number}"));
        }
        let all = log.latest(usize::MAX);
        assert_eq!(all.len(), KEPT);
        assert_eq!(all[0].sequence, 11);
        assert_eq!(
            log.latest(2).iter().map(|e| e.sequence).collect::<Vec<_>>(),
            [265, 266]
        );
        log.push(Timestamp::NEVER, "alarm", "é".repeat(5_000));
        assert_eq!(log.latest(1)[0].text.chars().count(), TEXT_LIMIT + 1);
    }
}
