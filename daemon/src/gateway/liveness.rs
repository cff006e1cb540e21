//! Whether the session lives, and whether anybody looks. Two things, because a detector that sleeps while there is no
//! session is how days without one go unseen:
//!
//! * the heartbeat, within a session: the gateway is asked for its time, and twice in vain ends the session. At the
//!   defaults a socket that is open at our end only is noticed within 11 seconds of the last answer (5 s pause and two
//!   deadlines of 3 s; after a miss it asks again at once);
//! * the detector, in every phase: how old the last answer is, how long the session has hung in its phase, how long it
//!   has not been ready. It leaves the instant of its own last run where the exporter and the service manager see it.
//!
//! Never: a phase in which the detector does not run.

use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use ibapi::Client;
use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use prometheus::{Gauge, Registry};
use tokio::sync::Notify;
use tokio::time::MissedTickBehavior;
use tracing::{error, warn};

use super::Shared;
use super::connect::TEARDOWN;
use super::feed::session_is_over;
use super::governor::Lane;
use crate::clock;
use crate::domain::proof::ProofKind;
use crate::domain::session::{SessionPhase, SessionStatus};
use crate::domain::time::Timestamp;

/// How often the detector looks.
const EVERY: Duration = Duration::from_millis(500);
/// What a machine that stalls may add to any deadline of ours.
const SLACK: Duration = Duration::from_secs(5);
/// The first alarm about a session that is not ready; the next ones come after twice as long each.
const NOT_READY_FIRST: Duration = Duration::from_secs(300);

/// The instant of the detector's last run, and of the last moment the session was ready; nanoseconds since 1970.
#[derive(Debug, Default)]
pub struct Pulse {
    run: AtomicU64,
    ready: AtomicU64,
}

impl Pulse {
    /// When the detector last ran. It grows about twice a second for as long as the lane turns.
    pub fn last_run(&self) -> Timestamp {
        Timestamp::from_nanos(self.run.load(Ordering::Relaxed))
    }

    fn last_ready(&self) -> Timestamp {
        Timestamp::from_nanos(self.ready.load(Ordering::Relaxed))
    }
}

/// What the detector keeps and wishes.
#[derive(Debug)]
pub struct Liveness {
    pulse: Arc<Pulse>,
    /// The session must end: what keeps it alive has itself died.
    pub(super) give_up: Notify,
}

impl Liveness {
    /// Ready is counted from now.
    pub fn register(registry: &Registry) -> Result<Self, prometheus::Error> {
        let pulse = Arc::new(Pulse::default());
        let now = clock::now().nanos();
        pulse.run.store(now, Ordering::Relaxed);
        pulse.ready.store(now, Ordering::Relaxed);
        registry.register(Box::new(Ages::new(Arc::clone(&pulse))?))?;
        Ok(Liveness {
            pulse,
            give_up: Notify::new(),
        })
    }

    /// For whoever watches the watcher.
    pub fn pulse(&self) -> Arc<Pulse> {
        Arc::clone(&self.pulse)
    }
}

/// Ages are reckoned when they are read: a detector that stopped cannot keep its own age young.
struct Ages {
    pulse: Arc<Pulse>,
    last_run: Gauge,
    age: Gauge,
    not_ready: Gauge,
}

impl Ages {
    fn new(pulse: Arc<Pulse>) -> Result<Self, prometheus::Error> {
        Ok(Ages {
            pulse,
            last_run: Gauge::new(
                "moored_liveness_last_run_timestamp_seconds",
                "When the session's liveness detector last ran, in seconds since 1970.",
            )?,
            age: Gauge::new(
                "moored_liveness_age_seconds",
                "Since the session's liveness detector last ran.",
            )?,
            not_ready: Gauge::new(
                "moored_time_since_ready_seconds",
                "Since the session was last up and proved; zero while it is.",
            )?,
        })
    }
}

impl Collector for Ages {
    fn desc(&self) -> Vec<&Desc> {
        [&self.last_run, &self.age, &self.not_ready]
            .into_iter()
            .flat_map(Collector::desc)
            .collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let now = clock::now();
        let run = self.pulse.last_run();
        self.last_run.set(run.nanos() as f64 / 1e9);
        self.age.set(now.since(run).as_secs_f64());
        let since_ready = now.since(self.pulse.last_ready());
        // The mark is set by each run, so less than a few runs ago is now.
        let ready = since_ready < 4 * EVERY;
        self.not_ready
            .set(if ready { 0.0 } else { since_ready.as_secs_f64() });
        [&self.last_run, &self.age, &self.not_ready]
            .into_iter()
            .flat_map(Collector::collect)
            .collect()
    }
}

/// What the detector found wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Finding {
    /// The heartbeat's own deadlines have passed and nobody ended the session.
    HeartbeatDied(String),
    /// A phase that has a deadline outlived it.
    Stuck(String),
}

/// The deadlines a session is held to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Deadlines {
    /// For a heartbeat's answer, counted from the one before.
    pub heartbeat: Duration,
    /// For the phase of connecting.
    pub connecting: Duration,
}

/// Looks at the published record; pure.
pub(super) fn examine(now: Timestamp, status: &SessionStatus, deadlines: Deadlines) -> Option<Finding> {
    let in_phase = now.since(status.since);
    match status.phase {
        SessionPhase::Proving | SessionPhase::Up => {
            let age = status.last_heartbeat.map_or(in_phase, |at| now.since(at));
            let dead = age > deadlines.heartbeat;
            dead.then(|| Finding::HeartbeatDied(format!("no heartbeat was answered or missed for {age:.0?}")))
        }
        SessionPhase::Connecting => {
            let stuck = in_phase > deadlines.connecting;
            stuck.then(|| Finding::Stuck(format!("connecting has taken {in_phase:.0?}")))
        }
        SessionPhase::Waiting | SessionPhase::Closed => None,
    }
}

/// The detector. Runs for as long as the gateway's edge does.
pub async fn watch(shared: Rc<Shared>) {
    let config = &shared.config;
    let deadlines = Deadlines {
        heartbeat: config.heartbeat_interval() + 2 * config.heartbeat_timeout() + SLACK,
        connecting: config.handshake_timeout() + config.request_timeout() + 2 * TEARDOWN + SLACK,
    };
    let mut round = tokio::time::interval(EVERY);
    round.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut next_alarm = NOT_READY_FIRST;
    loop {
        round.tick().await;
        let now = clock::now();
        let pulse = &shared.liveness.pulse;
        pulse.run.store(now.nanos(), Ordering::Relaxed);
        if shared.is_ready() {
            pulse.ready.store(now.nanos(), Ordering::Relaxed);
            next_alarm = NOT_READY_FIRST;
        }
        let not_ready = now.since(pulse.last_ready());
        if not_ready >= next_alarm {
            next_alarm *= 2;
            shared.alarm("session_not_ready", not_ready_text(&shared, not_ready));
        }
        match shared.status.examine(now, deadlines) {
            Some(Finding::HeartbeatDied(reason)) => {
                error!(
                    reason,
                    "the session's heartbeat has itself died; the session ends"
                );
                shared.liveness.give_up.notify_one();
            }
            Some(Finding::Stuck(reason)) => shared.alarm("session_stuck", reason),
            None => {}
        }
    }
}

fn not_ready_text(shared: &Shared, not_ready: Duration) -> String {
    let minutes = not_ready.as_secs() / 60;
    format!(
        "no session has been ready for {minutes} minutes: {}; `moorctl session show` says what is missing",
        shared.status.why_not_up()
    )
}

/// Asks the gateway for its time now and then; returns when it has stopped answering.
pub async fn heartbeat(shared: Rc<Shared>, client: Arc<Client>) -> String {
    const MISSES_MAX: u32 = 2;
    let deadline = shared.config.heartbeat_timeout();
    let mut misses = 0;
    loop {
        if misses == 0 {
            tokio::time::sleep(shared.config.heartbeat_interval()).await;
        }
        shared.governor.turn(Lane::Heartbeat).await;
        match tokio::time::timeout(deadline, client.server_time()).await {
            // Any answer proves life, an error too.
            Ok(Ok(_) | Err(ibapi::Error::Notice(_))) => {
                misses = 0;
                shared
                    .status
                    .update(|status| status.last_heartbeat = Some(clock::now()));
                shared.proved(ProofKind::Heartbeat, "the gateway told its time");
            }
            // The notice stream ends with the session, and says so.
            Ok(Err(error)) if session_is_over(&error) => std::future::pending().await,
            Ok(Err(_)) | Err(_) => {
                misses += 1;
                shared.metrics.heartbeat_misses.inc();
                warn!(misses, ?deadline, "the gateway did not answer a heartbeat");
            }
        }
        if misses >= MISSES_MAX {
            return format!("the gateway did not answer {MISSES_MAX} heartbeats of {deadline:?} each");
        }
    }
}
