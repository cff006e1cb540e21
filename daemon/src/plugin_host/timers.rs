//! The timers a plugin has set. Pure: time comes with each call. They die with the instance that set them.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::domain::time::Timestamp;

/// Timers of one plugin at once.
pub const MAX_TIMERS: usize = 64;
/// The shortest period.
pub const MIN_PERIOD: Duration = Duration::from_millis(1);

#[derive(Debug, Clone, Copy)]
struct Timer {
    due: Timestamp,
    period: Option<Duration>,
}

/// Why a timer was not set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// There are [`MAX_TIMERS`] already.
    TooMany,
    /// The period is shorter than [`MIN_PERIOD`].
    TooShort,
}

/// The timers of one instance, by the ids it chose.
#[derive(Debug, Default)]
pub struct Timers {
    timers: BTreeMap<u32, Timer>,
    /// The earliest of them, kept because the loop asks after every event.
    next: Option<Timestamp>,
}

impl Timers {
    /// Sets a timer, or another time for one that is set.
    pub fn set(&mut self, id: u32, due: Timestamp, period: Option<Duration>) -> Result<(), Refusal> {
        if period.is_some_and(|period| period < MIN_PERIOD) {
            return Err(Refusal::TooShort);
        }
        if self.timers.len() >= MAX_TIMERS && !self.timers.contains_key(&id) {
            return Err(Refusal::TooMany);
        }
        self.timers.insert(id, Timer { due, period });
        self.refresh();
        Ok(())
    }

    /// Removes a timer, if it is set.
    pub fn clear(&mut self, id: u32) {
        self.timers.remove(&id);
        self.refresh();
    }

    /// When the next is due.
    pub const fn next(&self) -> Option<Timestamp> {
        self.next
    }

    /// The timer that is due longest, with the time it was set for. A periodic one is set again, past `at`:
    /// periods that went by unserved are not made up for.
    pub fn take_due(&mut self, at: Timestamp) -> Option<(u32, Timestamp)> {
        if self.next.is_none_or(|next| next > at) {
            return None;
        }
        let (&id, &timer) = self.timers.iter().min_by_key(|(id, timer)| (timer.due, **id))?;
        match timer.period {
            None => {
                self.timers.remove(&id);
            }
            Some(period) => {
                let period_nanos = u64::try_from(period.as_nanos()).unwrap_or(u64::MAX).max(1);
                let behind = at.nanos().saturating_sub(timer.due.nanos());
                let periods = behind / period_nanos + 1;
                let due = timer
                    .due
                    .nanos()
                    .saturating_add(periods.saturating_mul(period_nanos));
                self.timers.insert(
                    id,
                    Timer {
                        due: Timestamp::from_nanos(due),
                        ..timer
                    },
                );
            }
        }
        self.refresh();
        Some((id, timer.due))
    }

    fn refresh(&mut self) {
        self.next = self.timers.values().map(|timer| timer.due).min();
    }
}
