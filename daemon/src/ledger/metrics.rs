//! What the ledger measures of itself.

use prometheus::{Histogram, HistogramOpts, IntCounter, IntGauge, Registry};

/// Upper bounds in seconds: an append takes tens of microseconds, and milliseconds when it waits for the
/// disk.
const APPEND_BUCKETS: [f64; 12] = [
    5e-6, 1e-5, 2e-5, 3e-5, 5e-5, 1e-4, 2.5e-4, 1e-3, 5e-3, 2.5e-2, 1e-1, 5e-1,
];

/// The ledger's series; clones share them.
#[derive(Debug, Clone)]
pub(super) struct Metrics {
    /// How long the appends that worked took.
    pub append_seconds: Histogram,
    /// Appends that worked.
    pub appends: IntCounter,
    /// Appends, probes and checkpoints that did not.
    pub errors: IntCounter,
    /// Size of the write-ahead log's file.
    pub wal_bytes: IntGauge,
    /// Checkpoints run.
    pub checkpoints: IntCounter,
    /// Old rows deleted.
    pub pruned: IntCounter,
}

impl Metrics {
    /// Makes the series and adds them to the registry.
    pub(super) fn register(registry: &Registry) -> prometheus::Result<Self> {
        let append = HistogramOpts::new(
            "moored_ledger_append_seconds",
            "Time to make one batch of records durable in the ledger.",
        )
        .buckets(APPEND_BUCKETS.to_vec());
        let metrics = Metrics {
            append_seconds: Histogram::with_opts(append)?,
            appends: IntCounter::new(
                "moored_ledger_appends_total",
                "Batches of records written to the ledger.",
            )?,
            errors: IntCounter::new(
                "moored_ledger_errors_total",
                "Appends, write probes and checkpoints of the ledger that failed.",
            )?,
            wal_bytes: IntGauge::new(
                "moored_ledger_wal_bytes",
                "Size of the ledger's write-ahead log file in bytes.",
            )?,
            checkpoints: IntCounter::new(
                "moored_ledger_checkpoints_total",
                "Checkpoints run on the ledger's write-ahead log.",
            )?,
            pruned: IntCounter::new(
                "moored_ledger_pruned_rows_total",
                "Old orders and fills deleted from the ledger, which a verified backup has.",
            )?,
        };
        registry.register(Box::new(metrics.append_seconds.clone()))?;
        registry.register(Box::new(metrics.appends.clone()))?;
        registry.register(Box::new(metrics.errors.clone()))?;
        registry.register(Box::new(metrics.wal_bytes.clone()))?;
        registry.register(Box::new(metrics.checkpoints.clone()))?;
        registry.register(Box::new(metrics.pruned.clone()))?;
        Ok(metrics)
    }
}
