//! What the streams count and show.

use prometheus::{GaugeVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry};

use super::super::metrics::{Made, Name, counter, counters, float_gauges, gauge};
use super::wish::Reason;
use crate::domain::stream::StreamState;
use crate::domain::time::Timestamp;

/// The streams' metrics, registered once.
#[derive(Debug)]
pub struct StreamMetrics {
    age: GaugeVec,
    state: IntGaugeVec,
    /// Requests of streams that were asked for before, by reason.
    pub rerequests: IntCounterVec,
    /// Gaps told to plugins' subscriptions.
    pub gaps: IntCounter,
    /// Streams that are silent though their markets are open.
    pub silent: IntGauge,
    /// Whether another session of the user's has the data.
    pub competing: IntGauge,
}

const AGE: Name = ("moored_stream_age_seconds", "Since the instrument's last tick.");
const STATE: Name = (
    "moored_stream_state",
    "1 for the state of the instrument's market data.",
);
const REREQUESTS: Name = (
    "moored_stream_rerequests_total",
    "Market data asked for again, by reason.",
);
const GAPS: Name = (
    "moored_stream_gaps_total",
    "Times data of an instrument may have been missed.",
);
const SILENT: Name = (
    "moored_streams_silent",
    "Streams that are silent though their markets are open.",
);
const COMPETING: Name = (
    "moored_session_competing",
    "1 while another session of the same user has the market data (10197).",
);

impl StreamMetrics {
    /// Makes and registers them.
    pub fn register(registry: &Registry) -> Made<Self> {
        let (name, help) = STATE;
        let state = IntGaugeVec::new(Opts::new(name, help), &["instrument", "state"])?;
        registry.register(Box::new(state.clone()))?;
        let metrics = StreamMetrics {
            age: float_gauges(registry, AGE, "instrument")?,
            state,
            rerequests: counters(registry, REREQUESTS, "reason")?,
            gaps: counter(registry, GAPS)?,
            silent: gauge(registry, SILENT)?,
            competing: gauge(registry, COMPETING)?,
        };
        for reason in Reason::ALL {
            metrics.rerequests.with_label_values(&[reason.as_str()]);
        }
        Ok(metrics)
    }

    /// Shows one stream as it is.
    pub fn show(&self, instrument: &str, state: StreamState, last_tick: Option<Timestamp>, now: Timestamp) {
        for each in StreamState::ALL {
            let gauge = self.state.with_label_values(&[instrument, each.as_str()]);
            gauge.set(i64::from(each == state));
        }
        if let Some(tick) = last_tick {
            let age = self.age.with_label_values(&[instrument]);
            age.set(now.since(tick).as_secs_f64());
        }
    }
}
