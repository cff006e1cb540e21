//! How often the broker's truth is read without a cause, and what is done about orders that others made.

use std::time::Duration;

use serde::Deserialize;

/// What is done about live orders of the account that are not ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExternalOrders {
    /// Shown, counted in risk, and told when they appear.
    #[default]
    Alert,
    /// Shown, neither counted nor told.
    Ignore,
    /// Shown, counted, told, and canceled on the operator's command where IB lets this client id do it.
    Adopt,
}

/// `[orders]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OrdersConfig {
    /// What is done about live orders of the account that are not ours.
    pub external: ExternalOrders,
}

/// `[reconciliation]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ReconciliationConfig {
    /// How long after a reading of the broker's truth the next is due, in milliseconds.
    pub every_ms: u64,
    /// How long the broker's readings must have denied an order before it counts as never received, in milliseconds.
    pub settle_ms: u64,
}

impl Default for ReconciliationConfig {
    fn default() -> Self {
        ReconciliationConfig {
            every_ms: 300_000,
            settle_ms: 10_000,
        }
    }
}

impl ReconciliationConfig {
    /// How long an order must have been denied before it counts as never received.
    pub const fn settle(&self) -> Duration {
        Duration::from_millis(self.settle_ms)
    }

    /// How long after a reading the next is due.
    pub const fn every(&self) -> Duration {
        Duration::from_millis(self.every_ms)
    }
}

/// Both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Policy {
    /// About others' orders.
    pub orders: OrdersConfig,
    /// About readings of the truth.
    pub reconciliation: ReconciliationConfig,
}
