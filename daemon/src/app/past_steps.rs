//! The recovery steps of the last day, read back from the ledger: a restart of the daemon lifts no cap.

use std::time::Duration;

use crate::domain::recovery::Step;
use crate::domain::time::Timestamp;
use crate::ledger::{LedgerReader, Page};
use crate::recovery::audit;

/// Caps count this long.
const DAY: Duration = Duration::from_secs(86_400);
/// More rows than a day can have.
const ROWS: u32 = 1_000;

/// The steps, oldest first. A ledger that cannot be read has none: that is logged, and recovery goes on.
pub fn read(ledger: &LedgerReader, now: Timestamp) -> Vec<Step> {
    let page = Page {
        limit: ROWS,
        before: None,
    };
    let rows = match ledger.admin_actions(page) {
        Ok(rows) => rows,
        Err(error) => {
            tracing::warn!(%error, "the recovery steps of the last day are not known: their caps begin anew");
            return Vec::new();
        }
    };
    let recent = rows
        .into_iter()
        .filter(|row| row.action == audit::ACTION && now.since(row.at) < DAY);
    let mut steps: Vec<Step> = recent
        .filter_map(|row| audit::remembered(row.at, &row.detail, &row.outcome))
        .collect();
    steps.reverse();
    steps
}
