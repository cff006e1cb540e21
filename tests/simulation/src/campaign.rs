//! Run after run, each from a seed of its own, until something is violated or enough events were handled.

use crate::checks::Violation;
use crate::digest::Digest;
use crate::generate;
use crate::shrink::{Shrunk, shrink};
use crate::trace::Trace;
use crate::world::{Keep, Plant, World};

/// What a campaign is to do.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// Seed of the first run; the next runs' are derived from it.
    pub seed: u64,
    /// Events to be handled at least, clock ticks and quotes not counted.
    pub events: u64,
    /// Operations of one run.
    pub length: usize,
    /// Whether all effects are digested.
    pub digest: bool,
    /// A defect planted in every run.
    pub plant: Option<Plant>,
}

impl Plan {
    /// The usual length of a run, and nothing planted.
    pub const fn new(seed: u64, events: u64) -> Self {
        Plan {
            seed,
            events,
            length: 400,
            digest: false,
            plant: None,
        }
    }
}

/// What came of it.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// Runs that were done.
    pub runs: u64,
    /// Events handled, clock ticks and quotes not counted.
    pub events: u64,
    /// Orders that left.
    pub orders: u64,
    /// Fills made.
    pub fills: u64,
    /// Digest of all effects, if it was asked for.
    pub digest: Option<Digest>,
    /// The first failure.
    pub failure: Option<Failure>,
}

/// A run that violated something.
#[derive(Debug, Clone)]
pub struct Failure {
    /// Its seed.
    pub seed: u64,
    /// The run as far as it matters.
    pub trace: Trace,
    /// What it violated.
    pub violation: Violation,
}

impl Failure {
    /// Makes it small.
    pub fn shrink(&self) -> Shrunk {
        shrink(self.trace.clone(), self.violation.clone())
    }
}

/// Runs until something is violated or enough was done.
pub fn run(plan: Plan) -> Report {
    let mut report = Report {
        digest: plan.digest.then(Digest::default),
        ..Report::default()
    };
    let keep = Keep {
        digest: plan.digest,
        ..Keep::default()
    };
    while report.events < plan.events {
        let seed = plan.seed.wrapping_add(report.runs);
        let (mut making, mut operations) = generate::run(seed, plan.length);
        making.plant = plan.plant;
        let outcome = World::run(making, &operations, keep);
        report.runs += 1;
        report.events += outcome.events;
        report.orders += outcome.orders as u64;
        report.fills += outcome.fills as u64;
        if let (Some(all), Some(one)) = (&mut report.digest, outcome.digest) {
            all.join(one);
        }
        if let Some((violation, at)) = outcome.violation {
            operations.truncate(at);
            report.failure = Some(Failure {
                seed,
                trace: Trace { making, operations },
                violation,
            });
            break;
        }
    }
    report
}
