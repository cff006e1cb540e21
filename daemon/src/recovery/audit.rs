//! What was done and what was refused, kept for people: a ring here, a row of the ledger, a line of the log, a count.

use std::collections::VecDeque;

use tracing::{info, warn};

use super::metrics::Metrics;
use crate::desk::event::{Event, RecoveryEvent, Requester};
use crate::domain::recovery::{Rung, Step, StepOutcome};
use crate::domain::time::Timestamp;
use crate::mailbox::ReportSender;

/// Steps shown; the ledger has them all.
const KEPT: usize = 100;

/// Who is written down as the one who did it.
const NAME: &str = "moored";

/// The audit.
#[derive(Debug)]
pub struct Audit {
    steps: VecDeque<Step>,
    reports: ReportSender,
    uid: u32,
}

impl Audit {
    /// With the steps of earlier runs, oldest first.
    pub fn new(past: Vec<Step>, reports: ReportSender, uid: u32) -> Self {
        let skipped = past.len().saturating_sub(KEPT);
        Audit {
            steps: past.into_iter().skip(skipped).collect(),
            reports,
            uid,
        }
    }

    /// The latest steps, oldest first.
    pub fn steps(&self) -> Vec<Step> {
        self.steps.iter().cloned().collect()
    }

    /// Writes one down everywhere.
    pub fn note(&mut self, step: Step, metrics: &Metrics) {
        metrics.count(&step);
        let (rung, outcome) = (step.rung.as_str(), step.outcome.as_str());
        let Step { why, detail, .. } = &step;
        match step.outcome {
            StepOutcome::Refused => info!(rung, outcome, why, detail, "recovery step"),
            StepOutcome::Done | StepOutcome::Failed => {
                warn!(rung, outcome, why, detail, "recovery step");
            }
        }
        self.reports.send(Event::Recovery(RecoveryEvent::Step {
            requester: Requester {
                uid: self.uid,
                user: NAME.to_owned(),
            },
            detail: format!("{rung}: {why}"),
            outcome: format!("{outcome}: {detail}"),
        }));
        if self.steps.len() == KEPT {
            self.steps.pop_front();
        }
        self.steps.push_back(step);
    }
}

/// The action by which the ledger knows steps.
pub const ACTION: &str = "recovery";

/// A step from its row of the ledger: what [`Audit::note`] wrote.
pub fn remembered(at: Timestamp, detail: &str, outcome: &str) -> Option<Step> {
    let (rung, why) = detail.split_once(": ")?;
    let (word, detail) = outcome.split_once(": ")?;
    let outcome = StepOutcome::ALL
        .into_iter()
        .find(|outcome| outcome.as_str() == word)?;
    Some(Step {
        at,
        rung: Rung::parse(rung)?,
        why: why.to_owned(),
        outcome,
        detail: detail.to_owned(),
    })
}
