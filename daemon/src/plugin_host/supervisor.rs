//! When a plugin that failed is started again, and when no more. Pure: time comes with each call.
//!
//! ```text
//!  Running ── failure ──▶ Waiting ── pause over, started ──▶ Running
//!     │                      │
//!     │ failed too often     │ init failed too often
//!     ▼                      ▼
//!  Quarantined ── operator ──▶ Waiting (no pause, slate wiped)
//! ```

use std::collections::VecDeque;
use std::time::Duration;

use crate::domain::plugin::PluginState;
use crate::domain::time::Timestamp;

/// Pauses and limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// Pause after the first failure; doubles with each that follows soon.
    pub first_pause: Duration,
    /// The longest pause.
    pub longest_pause: Duration,
    /// This many failures …
    pub failures: usize,
    /// … within this time are a crash loop. A run that lasted longer wipes the slate.
    pub window: Duration,
    /// This many failed starts in a row are one too.
    pub failed_starts: u32,
}

impl Default for Policy {
    fn default() -> Self {
        Policy {
            first_pause: Duration::from_secs(1),
            longest_pause: Duration::from_secs(60),
            failures: 5,
            window: Duration::from_secs(60),
            failed_starts: 2,
        }
    }
}

/// How bad a failure is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// A callback failed.
    Callback,
    /// It could not be started.
    Start,
    /// Events for it were lost, or it wants faster than the desk takes: a restart would not help.
    Overrun,
}

/// Where a plugin stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    Running,
    Waiting { until: Timestamp },
    Quarantined,
}

/// One plugin's record of failures.
#[derive(Debug)]
pub struct Supervisor {
    policy: Policy,
    standing: Standing,
    /// Of the failures within the window.
    recent: VecDeque<Timestamp>,
    /// Failures, each of which came within the window after the one before.
    streak: u32,
    failed_starts: u32,
}

impl Supervisor {
    /// A plugin that runs and never failed.
    pub fn new(policy: Policy) -> Self {
        Supervisor {
            policy,
            standing: Standing::Running,
            recent: VecDeque::with_capacity(policy.failures),
            streak: 0,
            failed_starts: 0,
        }
    }

    /// It failed: start it again later, or no more.
    pub fn failed(&mut self, at: Timestamp, severity: Severity) -> PluginState {
        let policy = self.policy;
        let followed_soon = self
            .recent
            .back()
            .is_some_and(|last| at.since(*last) < policy.window);
        self.streak = if followed_soon { self.streak + 1 } else { 1 };
        self.recent.push_back(at);
        while self
            .recent
            .front()
            .is_some_and(|first| at.since(*first) >= policy.window)
        {
            self.recent.pop_front();
        }
        match severity {
            Severity::Start => self.failed_starts += 1,
            Severity::Callback | Severity::Overrun => self.failed_starts = 0,
        }
        let crash_loop = self.recent.len() >= policy.failures || self.failed_starts >= policy.failed_starts;
        if crash_loop || severity == Severity::Overrun {
            self.standing = Standing::Quarantined;
        } else {
            let until = at.after(self.pause());
            self.standing = Standing::Waiting { until };
        }
        self.state()
    }

    /// The pause after this many failures in a row.
    fn pause(&self) -> Duration {
        let doublings = self.streak.saturating_sub(1).min(20);
        let pause = self.policy.first_pause.saturating_mul(1 << doublings);
        pause.min(self.policy.longest_pause)
    }

    /// Whether it is to be started now.
    pub fn is_due(&self, at: Timestamp) -> bool {
        matches!(self.standing, Standing::Waiting { until } if until <= at)
    }

    /// When it is to be started, if it is.
    pub fn due(&self) -> Option<Timestamp> {
        match self.standing {
            Standing::Waiting { until } => Some(until),
            Standing::Running | Standing::Quarantined => None,
        }
    }

    /// It runs.
    pub fn started(&mut self) {
        self.standing = Standing::Running;
        self.failed_starts = 0;
    }

    /// The operator wants it back: due now, its record wiped. Nothing if it runs.
    pub fn release(&mut self, at: Timestamp) -> bool {
        if self.standing == Standing::Running {
            return false;
        }
        self.recent.clear();
        self.streak = 0;
        self.failed_starts = 0;
        self.standing = Standing::Waiting { until: at };
        true
    }

    /// For the status.
    pub const fn state(&self) -> PluginState {
        match self.standing {
            Standing::Running => PluginState::Running,
            Standing::Waiting { .. } => PluginState::Restarting,
            Standing::Quarantined => PluginState::Quarantined,
        }
    }
}
