//! From a long run that violates something to a short one that violates the same: operations are left out in ever
//! smaller pieces (delta debugging), then what is left is made simpler, for as long as the violation stays.

use crate::checks::Violation;
use crate::operation::{Kind, Operation as Op, ReportFate, Submission, Term, UnderWay, WriteFate};
use crate::trace::Trace;
use crate::world::{Keep, World};

/// How many runs are spent on one failure.
const RUNS: u32 = 6_000;

/// A failure made small.
#[derive(Debug, Clone)]
pub struct Shrunk {
    /// The short run.
    pub trace: Trace,
    /// What it violates.
    pub violation: Violation,
    /// How many runs it took.
    pub runs: u32,
}

struct Shrinker {
    best: Trace,
    violation: Violation,
    runs: u32,
}

/// Makes a failing run small. The run must fail; what it violates is kept, by name.
pub fn shrink(trace: Trace, violation: Violation) -> Shrunk {
    let mut shrinker = Shrinker {
        best: trace,
        violation,
        runs: 0,
    };
    loop {
        let before = shrinker.best.clone();
        shrinker.leave_out();
        shrinker.simplify();
        if shrinker.best == before || shrinker.runs >= RUNS {
            break;
        }
    }
    Shrunk {
        trace: shrinker.best,
        violation: shrinker.violation,
        runs: shrinker.runs,
    }
}

impl Shrinker {
    /// Keeps a smaller run if it violates the same.
    fn attempt(&mut self, trace: Trace) -> bool {
        if self.runs >= RUNS {
            return false;
        }
        self.runs += 1;
        let outcome = World::run(trace.making, &trace.operations, Keep::default());
        let Some((violation, at)) = outcome.violation else {
            return false;
        };
        if violation.name != self.violation.name {
            return false;
        }
        // What comes after the violation plays no part in it.
        let mut operations = trace.operations;
        operations.truncate(at);
        self.best = Trace { operations, ..trace };
        self.violation = violation;
        true
    }

    fn leave_out(&mut self) {
        let mut piece = self.best.operations.len().div_ceil(2).max(1);
        loop {
            let mut from = 0;
            while from < self.best.operations.len() {
                let to = (from + piece).min(self.best.operations.len());
                let mut smaller = self.best.clone();
                smaller.operations.drain(from..to);
                if !self.attempt(smaller) {
                    from = to;
                }
            }
            if piece == 1 || self.runs >= RUNS {
                return;
            }
            piece = piece.div_ceil(2);
        }
    }

    fn simplify(&mut self) {
        if self.best.making.risk_plugins {
            let mut plain = self.best.clone();
            plain.making.risk_plugins = false;
            self.attempt(plain);
        }
        let mut at = 0;
        while at < self.best.operations.len() {
            while let Some(operation) = self.best.operations.get(at).copied() {
                let simpler = simpler(operation).into_iter().any(|simpler| {
                    let mut trace = self.best.clone();
                    if let Some(place) = trace.operations.get_mut(at) {
                        *place = simpler;
                    }
                    self.attempt(trace)
                });
                if !simpler {
                    break;
                }
            }
            at += 1;
        }
    }
}

/// The same with less in it, the simplest first; each is nearer to nothing, so that this comes to an end.
fn simpler(operation: Op) -> Vec<Op> {
    match operation {
        Op::Wait(ms) => less(ms).map(Op::Wait).collect(),
        Op::Submit(submission) => simpler_submission(submission).map(Op::Submit).collect(),
        Op::Replace {
            id,
            plugin,
            quantity,
            price,
        } if price != 0 => vec![Op::Replace {
            id,
            plugin,
            quantity,
            price: 0,
        }],
        Op::Fill { id, quantity } if quantity > 1 => vec![Op::Fill { id, quantity: 1 }],
        Op::NextWrite(WriteFate::Late(ms)) => less(ms).map(|ms| Op::NextWrite(WriteFate::Late(ms))).collect(),
        Op::NextReport(ReportFate::Late(ms)) => {
            less(ms).map(|ms| Op::NextReport(ReportFate::Late(ms))).collect()
        }
        Op::NextReport(ReportFate::Twice(ms)) => {
            less(ms).map(|ms| Op::NextReport(ReportFate::Twice(ms))).collect()
        }
        Op::Drop {
            writes,
            reports_read,
            noticed,
            back,
        } => simpler_drop(writes, reports_read, noticed, back),
        Op::Crash { steps, writes, back } => {
            let mut all: Vec<Op> = less(back).map(|back| Op::Crash { steps, writes, back }).collect();
            if steps > 0 {
                all.push(Op::Crash {
                    steps: steps - 1,
                    writes,
                    back,
                });
            }
            if let UnderWay::Late(_) = writes {
                let writes = UnderWay::Arrive;
                all.insert(0, Op::Crash { steps, writes, back });
            }
            all
        }
        Op::LedgerFails(ms) => less(ms).map(Op::LedgerFails).collect(),
        Op::Correct { back, less: by } if back > 0 => vec![Op::Correct { back: 0, less: by }],
        _ => Vec::new(),
    }
}

fn simpler_submission(submission: Submission) -> impl Iterator<Item = Submission> {
    let plain = [
        Submission {
            term: Term::Day,
            ..submission
        },
        Submission {
            reduce_only: false,
            ..submission
        },
        Submission {
            plugin: 0,
            ..submission
        },
        Submission {
            instrument: 0,
            ..submission
        },
        Submission {
            kind: Kind::Market,
            ..submission
        },
        Submission {
            quantity: 100,
            ..submission
        },
    ];
    plain.into_iter().filter(move |plain| *plain != submission)
}

fn simpler_drop(writes: UnderWay, reports_read: bool, noticed: u32, back: u32) -> Vec<Op> {
    let with = |writes, noticed, back| Op::Drop {
        writes,
        reports_read,
        noticed,
        back,
    };
    let mut all = Vec::new();
    if let UnderWay::Late(_) = writes {
        all.push(with(UnderWay::Arrive, noticed, back));
        all.push(with(UnderWay::Lost, noticed, back));
    }
    all.extend(less(noticed).map(|noticed| with(writes, noticed, back)));
    all.extend(less(back).map(|back| with(writes, noticed, back)));
    all
}

/// Smaller times, the smallest first.
fn less(ms: u32) -> impl Iterator<Item = u32> {
    [1, 10, 100, ms / 2]
        .into_iter()
        .filter(move |less| *less > 0 && *less < ms)
}
