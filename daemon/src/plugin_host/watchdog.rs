//! What happens when a callback's time is over. The clock on the wall also runs while the system gives the
//! thread's processor to others, and a plugin must not be killed for that: so the first time is a warning,
//! and the second counts only if the thread has really run in between. Fuel, which counts work, is the tight
//! bound; this is the loose one.

use std::time::Duration;

use wasmtime::UpdateDeadline;

use super::engine::ticks;

/// Warnings after which a callback is stopped even if its thread hardly ran.
const MAX_WARNINGS: u32 = 40;

/// The time of one callback.
#[derive(Debug, Default)]
pub struct Watchdog {
    deadline: Duration,
    warnings: u32,
    /// How long the thread had run at the last warning; nothing if the system does not tell.
    ran: Option<Duration>,
}

impl Watchdog {
    /// A callback begins.
    pub const fn begin(&mut self, deadline: Duration) {
        self.deadline = deadline;
        self.warnings = 0;
        self.ran = None;
    }

    /// Its time is over: stop it, or give it as much again.
    pub fn passed(&mut self) -> UpdateDeadline {
        self.passed_at(thread_ran())
    }

    /// The same, for a thread that has run this long.
    pub(super) fn passed_at(&mut self, ran: Option<Duration>) -> UpdateDeadline {
        let verdict = self.judge(ran);
        self.warnings += 1;
        self.ran = ran;
        verdict
    }

    fn judge(&self, ran: Option<Duration>) -> UpdateDeadline {
        if self.warnings == 0 {
            return UpdateDeadline::Continue(ticks(self.deadline));
        }
        let starved = match (self.ran, ran) {
            (Some(before), Some(now)) => now.saturating_sub(before) < self.deadline / 2,
            _ => false,
        };
        if starved && self.warnings < MAX_WARNINGS {
            UpdateDeadline::Continue(ticks(self.deadline))
        } else {
            UpdateDeadline::Interrupt
        }
    }
}

/// How long this thread has run on a processor.
fn thread_ran() -> Option<Duration> {
    let statistics = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    let nanos = statistics.split_ascii_whitespace().next()?.parse().ok()?;
    Some(Duration::from_nanos(nanos))
}
