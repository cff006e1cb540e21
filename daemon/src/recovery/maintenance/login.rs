//! Whether the gateway waits for the second factor. Nobody tells us: it follows from when it went away, why it may have, and
//! how long it has been gone.
//!
//! A login lasts until Sunday 01:00 in New York; the first start after that wants a person. So does every cold start. A
//! gateway that is gone longer than a restart takes, after a moment of either kind, is thought to wait at its dialog.

use std::time::Duration;

use crate::domain::recovery::LoginWait;
use crate::domain::session::Obstacle;
use crate::domain::time::Timestamp;

/// How long before the moment the gateway may already have gone for it: clocks and timers differ.
const EARLY: Duration = Duration::from_secs(120);
/// How long after a moment it explains a gateway that was gone when we first looked.
const STILL_LIKELY: Duration = Duration::from_secs(12 * 3_600);
/// Shorter absences are dropped sockets; longer ones are a new start of the gateway, and with it a login that worked.
const RESTARTED_AFTER: Duration = Duration::from_secs(5);

/// The moments after which a start wants a login.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Clocks {
    /// The last weekly cold start, where one is configured.
    pub cold_restart: Option<Timestamp>,
    /// When IB last forgot the login.
    pub token_expiry: Option<Timestamp>,
    /// When we last restarted the gateway's unit.
    pub unit_restart: Option<Timestamp>,
}

/// Watches the session for it. See the module.
#[derive(Debug)]
pub struct LoginWatch {
    /// How long a start may take before somebody must be wanted.
    patience: Duration,
    /// How long after a configured cold start the gateway may first go away for it.
    cold_restart_takes: Duration,
    first_up: Option<Timestamp>,
    down_since: Option<Timestamp>,
    port_closed: bool,
    logged_in: Option<Timestamp>,
    waiting: Option<LoginWait>,
}

impl LoginWatch {
    /// Nothing is known of the past.
    pub fn new(patience: Duration, cold_restart_takes: Duration) -> Self {
        LoginWatch {
            patience,
            cold_restart_takes,
            first_up: None,
            down_since: None,
            port_closed: false,
            logged_in: None,
            waiting: None,
        }
    }

    /// Looks at the session; says whether the gateway is thought to wait for a person.
    pub fn look(
        &mut self,
        at: Timestamp,
        connected: bool,
        obstacle: Option<Obstacle>,
        clocks: &Clocks,
    ) -> Option<&LoginWait> {
        if connected {
            let restarted = self
                .down_since
                .is_some_and(|since| self.port_closed && at.since(since) >= RESTARTED_AFTER);
            if restarted {
                self.logged_in = Some(at);
            }
            self.first_up.get_or_insert(at);
            (self.down_since, self.port_closed, self.waiting) = (None, false, None);
            return None;
        }
        let since = *self.down_since.get_or_insert(at);
        self.port_closed |= matches!(
            obstacle,
            Some(Obstacle::Refused | Obstacle::Silent | Obstacle::Rejected)
        );
        if self.port_closed
            && self.waiting.is_none()
            && let Some((moment, reason)) = self.expected(at, since, clocks)
            && at.since(moment.max(since)) >= self.patience
        {
            self.waiting = Some(LoginWait {
                since: moment.max(since),
                reason: reason.to_owned(),
            });
        }
        self.waiting.as_ref()
    }

    /// The wait, if there is one.
    pub const fn waiting(&self) -> Option<&LoginWait> {
        self.waiting.as_ref()
    }

    /// The moment that explains why the gateway is gone, if a login belongs to it.
    fn expected(
        &self,
        at: Timestamp,
        since: Timestamp,
        clocks: &Clocks,
    ) -> Option<(Timestamp, &'static str)> {
        let likely = |moment: Timestamp| at.since(moment) <= STILL_LIKELY;
        let ours = clocks
            .unit_restart
            .filter(|moment| moment.after(self.cold_restart_takes) >= since)
            .map(|moment| (moment, "the gateway's unit was restarted, which is a cold start"));
        let weekly = clocks
            .cold_restart
            .filter(|moment| since.after(EARLY) >= *moment)
            .filter(|moment| match self.first_up {
                Some(_) => moment.after(self.cold_restart_takes) >= since,
                None => likely(*moment),
            })
            .map(|moment| (moment, "the gateway did not come back from its weekly cold start"));
        let expired = clocks
            .token_expiry
            .filter(|moment| since.after(EARLY) >= *moment)
            .filter(|moment| self.login_expired(clocks) || (self.first_up.is_none() && likely(*moment)))
            .map(|moment| {
                let reason = "the gateway went away after its login had expired (Sunday 01:00 New York time), \
                              and did not come back";
                (moment, reason)
            });
        ours.or(weekly).or(expired)
    }

    /// Whether a restart of the gateway would stop at the login: we saw it work before the login expired, and not start anew
    /// since. Where the past is not known, it is not assumed.
    pub fn login_expired(&self, clocks: &Clocks) -> bool {
        clocks.token_expiry.is_some_and(|expiry| {
            self.first_up.is_some_and(|first| first < expiry)
                && self.logged_in.is_none_or(|login| login < expiry)
        })
    }
}
