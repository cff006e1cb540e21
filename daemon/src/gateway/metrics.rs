//! What the gateway counts, beside what it measures.

use prometheus::{Gauge, GaugeVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry};

use super::backoff::Cause;
use crate::domain::session::SessionPhase;

/// The gateway's metrics, registered once.
#[derive(Debug)]
pub struct Metrics {
    /// One for the phase the session is in, zero for the others.
    pub phase: IntGaugeVec,
    /// Handshakes that succeeded.
    pub connects: IntCounter,
    /// Sessions that ended, by cause.
    pub disconnects: IntCounterVec,
    /// Attempts that failed, by cause.
    pub connect_failures: IntCounterVec,
    /// Whether the gateway has IB.
    pub upstream: IntGauge,
    /// Since the last answered heartbeat.
    pub heartbeat_age: Gauge,
    /// Heartbeats that were not answered in time.
    pub heartbeat_misses: IntCounter,
    pub client_id_conflicts: IntCounter,
    /// One while the session has proved it, by proof.
    pub proof: IntGaugeVec,
    /// Since it was last proved, by proof.
    pub proof_age: GaugeVec,
    /// The gateway's clock minus ours, seconds.
    pub clock_skew: Gauge,
    /// Notices that name no request.
    pub notices: IntCounter,
    /// Ticks taken from the wire.
    pub ticks: IntCounter,
    /// Instruments whose market data is asked for in this session.
    pub subscriptions: IntGauge,
    /// Of those, how many have ticked in this session.
    pub subscriptions_ticking: IntGauge,
    /// Subscriptions IB refused or ended.
    pub subscription_errors: IntCounter,
    /// Times a reader was too slow and lost messages, by stream.
    pub lags: IntCounterVec,
    /// Messages written to the gateway about orders, by kind.
    pub writes: IntCounterVec,
    /// Those of which the outcome is unknown.
    pub write_failures: IntCounter,
    /// Orders and cancels waiting for the socket.
    pub write_queue: IntGauge,
    /// Readings of the broker's truth, by outcome.
    pub truths: IntCounterVec,
}

/// A metric's name and what it says.
pub type Name = (&'static str, &'static str);

const SESSION_PHASE: Name = ("moored_session_phase", "1 for the session's phase.");
const SESSION_CONNECTS: Name = ("moored_session_connects_total", "Handshakes that succeeded.");
const SESSION_DISCONNECTS: Name = ("moored_session_disconnects_total", "Sessions that ended.");
const SESSION_CONNECT_FAILURES: Name = (
    "moored_session_connect_failures_total",
    "Connection attempts that failed.",
);
const SESSION_UPSTREAM: Name = ("moored_session_upstream", "1 while the gateway has IB.");
const SESSION_HEARTBEAT_AGE_SECONDS: Name = (
    "moored_session_heartbeat_age_seconds",
    "Since the last answered heartbeat.",
);
const SESSION_HEARTBEAT_MISSES: Name = (
    "moored_session_heartbeat_misses_total",
    "Heartbeats not answered in time.",
);
const CLIENT_ID_CONFLICTS: Name = (
    "moored_client_id_conflicts_total",
    "Attempts refused because another connection holds our client id (326).",
);
const SESSION_PROOF: Name = (
    "moored_session_proof",
    "1 while the session has proved this about itself.",
);
const SESSION_PROOF_AGE_SECONDS: Name = (
    "moored_session_proof_age_seconds",
    "Since it was last proved in this session.",
);
const SESSION_CLOCK_SKEW_SECONDS: Name = (
    "moored_session_clock_skew_seconds",
    "The gateway's clock minus ours.",
);
const SESSION_NOTICES: Name = ("moored_session_notices_total", "Notices that name no request.");
const MARKET_TICKS: Name = ("moored_market_ticks_total", "Ticks taken from the wire.");
const SUBSCRIPTION_REQUESTED: Name = (
    "moored_subscription_requested",
    "Market data asked for in this session.",
);
const SUBSCRIPTION_TICKING: Name = (
    "moored_subscription_ticking",
    "Market data that ticked in this session.",
);
const SUBSCRIPTION_ERRORS: Name = (
    "moored_subscription_errors_total",
    "Market data IB refused or ended.",
);
const GATEWAY_LAGS: Name = ("moored_gateway_lags_total", "Times a slow reader lost messages.");
const GATEWAY_WRITES: Name = ("moored_gateway_writes_total", "Order messages written.");
const GATEWAY_WRITE_FAILURES: Name = (
    "moored_gateway_write_failures_total",
    "Order messages whose outcome is unknown.",
);
const GATEWAY_WRITE_QUEUE_DEPTH: Name = (
    "moored_gateway_write_queue_depth",
    "Order messages waiting for the socket.",
);
const SESSION_TRUTHS: Name = ("moored_session_truths_total", "Readings of the broker's truth.");

impl Metrics {
    /// Makes and registers them.
    pub fn register(registry: &Registry) -> Result<Self, prometheus::Error> {
        let r = registry;
        let metrics = Metrics {
            phase: gauges(r, SESSION_PHASE, "phase")?,
            connects: counter(r, SESSION_CONNECTS)?,
            disconnects: counters(r, SESSION_DISCONNECTS, "cause")?,
            connect_failures: counters(r, SESSION_CONNECT_FAILURES, "cause")?,
            upstream: gauge(r, SESSION_UPSTREAM)?,
            heartbeat_age: float_gauge(r, SESSION_HEARTBEAT_AGE_SECONDS)?,
            heartbeat_misses: counter(r, SESSION_HEARTBEAT_MISSES)?,
            client_id_conflicts: counter(r, CLIENT_ID_CONFLICTS)?,
            proof: gauges(r, SESSION_PROOF, "proof")?,
            proof_age: float_gauges(r, SESSION_PROOF_AGE_SECONDS, "proof")?,
            clock_skew: float_gauge(r, SESSION_CLOCK_SKEW_SECONDS)?,
            notices: counter(r, SESSION_NOTICES)?,
            ticks: counter(r, MARKET_TICKS)?,
            subscriptions: gauge(r, SUBSCRIPTION_REQUESTED)?,
            subscriptions_ticking: gauge(r, SUBSCRIPTION_TICKING)?,
            subscription_errors: counter(r, SUBSCRIPTION_ERRORS)?,
            lags: counters(r, GATEWAY_LAGS, "stream")?,
            writes: counters(r, GATEWAY_WRITES, "kind")?,
            write_failures: counter(r, GATEWAY_WRITE_FAILURES)?,
            write_queue: gauge(r, GATEWAY_WRITE_QUEUE_DEPTH)?,
            truths: counters(r, SESSION_TRUTHS, "outcome")?,
        };
        metrics.start_series();
        Ok(metrics)
    }

    /// Makes every series exist from the start, so that a rate over it is never a guess.
    fn start_series(&self) {
        for cause in Cause::ALL {
            self.disconnects.with_label_values(&[cause.as_str()]);
            self.connect_failures.with_label_values(&[cause.as_str()]);
        }
        for kind in ["place", "replace", "cancel"] {
            self.writes.with_label_values(&[kind]);
        }
        for stream in ["orders", "market", "notices"] {
            self.lags.with_label_values(&[stream]);
        }
        for outcome in ["read", "failed"] {
            self.truths.with_label_values(&[outcome]);
        }
        self.show_phase(SessionPhase::Waiting);
    }

    /// Shows one phase and no other.
    pub fn show_phase(&self, now: SessionPhase) {
        for phase in SessionPhase::ALL {
            let shown = i64::from(phase == now);
            self.phase.with_label_values(&[phase.as_str()]).set(shown);
        }
    }
}

/// A metric, or why it could not be registered.
pub type Made<T> = Result<T, prometheus::Error>;

/// A counter.
pub fn counter(registry: &Registry, (name, help): Name) -> Made<IntCounter> {
    let made = IntCounter::new(name, help)?;
    registry.register(Box::new(made.clone()))?;
    Ok(made)
}

/// Counters with a label.
pub fn counters(registry: &Registry, (name, help): Name, label: &str) -> Made<IntCounterVec> {
    let made = IntCounterVec::new(Opts::new(name, help), &[label])?;
    registry.register(Box::new(made.clone()))?;
    Ok(made)
}

/// A gauge of whole numbers.
pub fn gauge(registry: &Registry, (name, help): Name) -> Made<IntGauge> {
    let made = IntGauge::new(name, help)?;
    registry.register(Box::new(made.clone()))?;
    Ok(made)
}

/// Gauges of whole numbers with a label.
pub fn gauges(registry: &Registry, (name, help): Name, label: &str) -> Made<IntGaugeVec> {
    let made = IntGaugeVec::new(Opts::new(name, help), &[label])?;
    registry.register(Box::new(made.clone()))?;
    Ok(made)
}

/// Gauges with a label.
pub fn float_gauges(registry: &Registry, (name, help): Name, label: &str) -> Made<GaugeVec> {
    let made = GaugeVec::new(Opts::new(name, help), &[label])?;
    registry.register(Box::new(made.clone()))?;
    Ok(made)
}

fn float_gauge(registry: &Registry, (name, help): Name) -> Made<Gauge> {
    let made = Gauge::new(name, help)?;
    registry.register(Box::new(made.clone()))?;
    Ok(made)
}
