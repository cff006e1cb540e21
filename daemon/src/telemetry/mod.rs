//! Floor 6: what the daemon says of itself without being asked: log lines and metrics.
//!
//! Never: a metric's meaning (that lives beside what it measures), a decision, anything the trading path waits for.

pub mod exporter;
#[cfg(test)]
mod exporter_tests;
pub mod line;
pub mod log;
pub mod process;
