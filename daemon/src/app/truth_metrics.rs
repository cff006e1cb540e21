//! Figures of the comparison with the broker's truth.

use std::time::Duration;

use prometheus::core::Collector;
use prometheus::{
    Gauge, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry,
};

use crate::desk::discrepancies::Kind;
use crate::desk::snapshot::Snapshot;
use crate::orders::lifecycle::OrderState;

/// From 1 ms to 32 s, each twice the one before: a reading is a handful of lists.
const BUCKETS: (f64, f64, usize) = (1e-3, 2.0, 16);

/// What is found between ours and the broker's books, and how often they are compared.
#[derive(Debug)]
pub struct TruthMetrics {
    discrepancies: IntGaugeVec,
    oldest: Gauge,
    unknown: IntGauge,
    readings: IntCounterVec,
    duration: HistogramVec,
    recovered: IntCounter,
    conflicts: IntCounter,
    uncommissioned: IntGaugeVec,
    external: IntGauge,
}

fn keep<M: Collector + Clone + 'static>(
    registry: &Registry,
    made: Result<M, prometheus::Error>,
) -> Result<M, prometheus::Error> {
    let metric = made?;
    registry.register(Box::new(metric.clone()))?;
    Ok(metric)
}

impl TruthMetrics {
    /// Registers all of them.
    pub fn register(registry: &Registry) -> Result<Self, prometheus::Error> {
        let (start, factor, count) = BUCKETS;
        let told = "How long reading and comparing the broker's truth took.";
        let duration = HistogramOpts::new("moored_reconcile_duration_seconds", told)
            .buckets(prometheus::exponential_buckets(start, factor, count)?);
        let told = "What ours and the broker's books do not agree on and nobody has accepted, by kind.";
        let discrepancies = Opts::new("moored_discrepancies", told);
        let told = "How long the oldest discrepancy that is neither explained nor accepted has stood.";
        let oldest = Gauge::new("moored_discrepancy_oldest_age_seconds", told);
        let told = "Orders whose fate at the broker is not known.";
        let unknown = IntGauge::new("moored_orders_unknown", told);
        let told = "Readings of the broker's truth that ended, by why they were made and what came of them.";
        let readings = Opts::new("moored_reconciliations_total", told);
        let told = "Fills that a reading of the broker's truth told before the stream of reports did.";
        let recovered = IntCounter::new("moored_fills_recovered_total", told);
        let told = "Orders that were found to live twice at the broker.";
        let conflicts = IntCounter::new("moored_incarnation_conflicts_total", told);
        let told = "Fills whose cost is not told yet: profit is provisional while there are any.";
        let uncommissioned = Opts::new("moored_fills_without_commission", told);
        let told = "Live orders of the account that others made, at the last reading.";
        let external = IntGauge::new("moored_orders_external", told);
        Ok(TruthMetrics {
            discrepancies: keep(registry, IntGaugeVec::new(discrepancies, &["kind"]))?,
            oldest: keep(registry, oldest)?,
            unknown: keep(registry, unknown)?,
            readings: keep(registry, IntCounterVec::new(readings, &["cause", "outcome"]))?,
            duration: keep(registry, HistogramVec::new(duration, &["cause"]))?,
            recovered: keep(registry, recovered)?,
            conflicts: keep(registry, conflicts)?,
            uncommissioned: keep(registry, IntGaugeVec::new(uncommissioned, &["plugin"]))?,
            external: keep(registry, external)?,
        })
    }

    /// A reading ended.
    pub fn reading(&self, cause: &str, outcome: &str, took: Duration) {
        self.readings.with_label_values(&[cause, outcome]).inc();
        self.duration
            .with_label_values(&[cause])
            .observe(took.as_secs_f64());
    }

    /// Shows what a snapshot says.
    pub fn show(&self, snapshot: &Snapshot) {
        let open = snapshot.discrepancies.iter();
        let open = open.filter(|row| row.accepted.is_none());
        for kind in Kind::ALL {
            let count = open.clone().filter(|row| row.found.kind == kind).count();
            let series = self.discrepancies.with_label_values(&[kind.as_str()]);
            series.set(count as i64);
        }
        let ages = open.map(|row| snapshot.at.since(row.first_seen));
        self.oldest.set(ages.max().unwrap_or_default().as_secs_f64());
        let unknown = snapshot.orders.iter();
        let unknown = unknown.filter(|row| row.state == OrderState::Unknown).count();
        self.unknown.set(unknown as i64);
        grow(&self.recovered, snapshot.fills_recovered);
        grow(&self.conflicts, snapshot.incarnation_conflicts);
        for (plugin, tally) in &snapshot.plugins {
            let waiting = i64::try_from(tally.fills_without_commission).unwrap_or(i64::MAX);
            self.uncommissioned.with_label_values(&[plugin]).set(waiting);
        }
        self.external.set(snapshot.external_orders as i64);
    }
}

fn grow(counter: &IntCounter, total: u64) {
    counter.inc_by(total.saturating_sub(counter.get()));
}
