//! What is measured of plugins. Handles are looked up once, and what the hot path observes is kept locally
//! until the loop or the plugin's thread has time to hand it on.

use std::time::Duration;

use prometheus::local::{LocalHistogram, LocalIntCounter};
use prometheus::{
    Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry,
};

use crate::domain::plugin::PluginState;

/// A callback, for the histogram's label.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Callback {
    /// `init`.
    Init,
    /// `on-trading-state`.
    TradingState,
    /// `on-order-events`.
    OrderEvents,
    /// `on-gaps`.
    Gaps,
    /// `on-trades`.
    Trades,
    /// `on-quotes`.
    Quotes,
    /// `on-timer`.
    Timer,
    /// `check`.
    Check,
    /// `explain`.
    Explain,
    /// `stop`.
    Stop,
}

impl Callback {
    const ALL: [Callback; 10] = [
        Callback::Init,
        Callback::TradingState,
        Callback::OrderEvents,
        Callback::Gaps,
        Callback::Trades,
        Callback::Quotes,
        Callback::Timer,
        Callback::Check,
        Callback::Explain,
        Callback::Stop,
    ];

    /// Its name in metrics and messages.
    pub const fn as_str(self) -> &'static str {
        match self {
            Callback::Init => "init",
            Callback::TradingState => "on_trading_state",
            Callback::OrderEvents => "on_order_events",
            Callback::Gaps => "on_gaps",
            Callback::Trades => "on_trades",
            Callback::Quotes => "on_quotes",
            Callback::Timer => "on_timer",
            Callback::Check => "check",
            Callback::Explain => "explain",
            Callback::Stop => "stop",
        }
    }
}

/// A microsecond to a quarter of a second; most calls of fast plugins are in the first bucket.
const CALL_BUCKETS: [f64; 14] = [
    1e-6, 2e-6, 5e-6, 1e-5, 2e-5, 5e-5, 1e-4, 2e-4, 5e-4, 1e-3, 5e-3, 2.5e-2, 1e-1, 2.5e-1,
];

/// The families.
#[derive(Debug)]
pub struct Metrics {
    call_seconds: HistogramVec,
    failures: IntCounterVec,
    state: IntGaugeVec,
    fuel: IntCounterVec,
    mailbox_depth: IntGaugeVec,
    log_lines_dropped: IntCounterVec,
    restarts: IntCounterVec,
    conflated: IntCounterVec,
}

impl Metrics {
    /// Makes the families known to the exporter.
    pub fn register(registry: &Registry) -> prometheus::Result<Metrics> {
        let counter = |name: &str, help: &str, labels: &[&str]| {
            let family = IntCounterVec::new(Opts::new(name, help), labels)?;
            registry.register(Box::new(family.clone()))?;
            prometheus::Result::Ok(family)
        };
        let gauge = |name: &str, help: &str, labels: &[&str]| {
            let family = IntGaugeVec::new(Opts::new(name, help), labels)?;
            registry.register(Box::new(family.clone()))?;
            prometheus::Result::Ok(family)
        };
        let options = HistogramOpts::new("moored_plugin_call_seconds", "Time in one callback of a plugin.");
        let call_seconds =
            HistogramVec::new(options.buckets(CALL_BUCKETS.to_vec()), &["plugin", "callback"])?;
        registry.register(Box::new(call_seconds.clone()))?;
        Ok(Metrics {
            call_seconds,
            failures: counter(
                "moored_plugin_failures_total",
                "Callbacks that did not return normally, by kind.",
                &["plugin", "kind"],
            )?,
            state: gauge(
                "moored_plugin_state",
                "1 for the state the plugin is in, 0 for the others.",
                &["plugin", "state"],
            )?,
            fuel: counter(
                "moored_plugin_fuel_total",
                "Fuel the plugin has spent.",
                &["plugin"],
            )?,
            mailbox_depth: gauge(
                "moored_plugin_mailbox_depth",
                "Events waiting for a plugin with a thread of its own.",
                &["plugin"],
            )?,
            log_lines_dropped: counter(
                "moored_plugin_log_lines_dropped_total",
                "Log lines of the plugin beyond its rate.",
                &["plugin"],
            )?,
            restarts: counter(
                "moored_plugin_restarts_total",
                "Times the plugin was started again after a failure.",
                &["plugin"],
            )?,
            conflated: counter(
                "moored_plugin_conflated_total",
                "Quotes and trades replaced by a newer one before the plugin saw them.",
                &["plugin"],
            )?,
        })
    }

    /// The handles of one plugin.
    pub fn of_plugin(&self, plugin: &str) -> PluginMetrics {
        PluginMetrics {
            calls: Callback::ALL
                .map(|callback| self.call_seconds.with_label_values(&[plugin, callback.as_str()])),
            states: PluginState::ALL.map(|state| self.state.with_label_values(&[plugin, state.as_str()])),
            failures: self.failures.clone(),
            plugin: plugin.to_owned(),
            fuel: self.fuel.with_label_values(&[plugin]),
            mailbox_depth: self.mailbox_depth.with_label_values(&[plugin]),
            log_lines_dropped: self.log_lines_dropped.with_label_values(&[plugin]),
            restarts: self.restarts.with_label_values(&[plugin]),
            conflated: self.conflated.with_label_values(&[plugin]),
        }
    }
}

/// The handles of one plugin.
#[derive(Debug, Clone)]
pub struct PluginMetrics {
    plugin: String,
    calls: [Histogram; Callback::ALL.len()],
    states: [IntGauge; PluginState::ALL.len()],
    failures: IntCounterVec,
    fuel: IntCounter,
    /// Events waiting.
    pub mailbox_depth: IntGauge,
    /// Lines beyond the rate.
    pub log_lines_dropped: IntCounter,
    /// Starts after a failure.
    pub restarts: IntCounter,
    /// Market data that was replaced unseen.
    pub conflated: IntCounter,
}

impl PluginMetrics {
    /// Counts a failure.
    pub fn failed(&self, kind: &str) {
        self.failures.with_label_values(&[&self.plugin, kind]).inc();
    }

    /// Shows the state.
    pub fn show(&self, state: PluginState) {
        for (gauge, each) in self.states.iter().zip(PluginState::ALL) {
            gauge.set(i64::from(each == state));
        }
    }

    /// What one instance observes.
    pub fn local(&self) -> CallMetrics {
        CallMetrics {
            calls: self.calls.each_ref().map(Histogram::local),
            fuel: self.fuel.local(),
        }
    }
}

/// Observations of one instance, not yet handed on.
#[derive(Debug)]
pub struct CallMetrics {
    calls: [LocalHistogram; Callback::ALL.len()],
    fuel: LocalIntCounter,
}

impl CallMetrics {
    /// A callback ended.
    pub fn observe(&self, callback: Callback, took: Duration, fuel: u64) {
        self.calls[callback as usize].observe(took.as_secs_f64());
        self.fuel.inc_by(fuel);
    }

    /// Hands on what was observed.
    pub fn flush(&self) {
        for histogram in &self.calls {
            histogram.flush();
        }
        self.fuel.flush();
    }
}
