//! A reading of the broker's truth, list by list, while the world goes on: executions, open orders, completed orders,
//! positions and executions again, until two readings of the executions agree.

use moored::desk::event::{Event, SessionEvent};
use moored::domain::report::BrokerTruth;

use super::{Due, MS, WIRE, World};
use crate::checks::Violation;
use crate::operation::ReadingFate;

/// Between one list and the next.
const STEP: u64 = 2 * MS;
/// After which a list that does not come is given up.
const DEADLINE: u64 = 10_000 * MS;
/// How often the executions may change under a reading.
const READINGS_MAX: u32 = 5;

/// A reading under way.
#[derive(Debug, Default)]
pub(super) struct Reading {
    /// It is wanted once more.
    again: bool,
    stage: u32,
    readings: u32,
    before: Vec<String>,
    truth: BrokerTruth,
    late: u64,
    failure: Option<&'static str>,
}

impl World {
    /// The desk wants the truth.
    pub(super) fn begin_reading(&mut self) {
        if !self.link.believed {
            return;
        }
        if let Some(reading) = &mut self.reading {
            reading.again = true;
            return;
        }
        let session = self.link.session;
        let mut reading = Reading::default();
        match self.armed.readings.pop_front() {
            Some(ReadingFate::Failed) => reading.failure = Some("the gateway failed the list of open orders"),
            Some(ReadingFate::Silent) => reading.failure = Some("the gateway did not finish"),
            Some(ReadingFate::Old(ms)) => reading.late = u64::from(ms) * MS,
            None => {}
        }
        let due = match reading.failure {
            None => (STEP, Due::Read { session }),
            Some("the gateway did not finish") => (DEADLINE, Due::ReadingEnds { session }),
            Some(_) => (STEP, Due::ReadingEnds { session }),
        };
        self.reading = Some(reading);
        self.schedule(due.0, due.1);
    }

    /// The next list.
    pub(super) fn read_on(&mut self, session: u32) {
        let silent = !self.link.alive || !self.link.upstream;
        let Some(reading) = self.reading.as_mut().filter(|_| session == self.link.session) else {
            return;
        };
        if silent {
            reading.failure = Some("the gateway did not finish");
            return self.schedule(DEADLINE, Due::ReadingEnds { session });
        }
        let truth = &mut reading.truth;
        match reading.stage {
            0 => reading.before = ids(&self.broker.executions()),
            1 => truth.open_orders = self.broker.open_orders(),
            2 => truth.completed_orders = self.broker.completed_orders(),
            3 => truth.positions = self.broker.positions(),
            _ => {
                truth.executions = self.broker.executions();
                truth.commissions = self.broker.commissions();
                truth.next_order_id = self.broker.next_order_id();
                let after = ids(&truth.executions);
                reading.readings += 1;
                if reading.before == after {
                    let late = reading.late;
                    return self.schedule(WIRE + late, Due::ReadingEnds { session });
                }
                if reading.readings >= READINGS_MAX {
                    reading.failure = Some("executions changed during each reading");
                    return self.schedule(WIRE, Due::ReadingEnds { session });
                }
                (reading.before, reading.stage) = (after, 0);
            }
        }
        reading.stage += 1;
        self.schedule(STEP, Due::Read { session });
    }

    /// The desk learns what came of it.
    pub(super) fn end_reading(&mut self, session: u32) -> Result<(), Violation> {
        if session != self.link.session || !self.link.believed {
            return Ok(());
        }
        let Some(reading) = self.reading.take() else {
            return Ok(());
        };
        let event = match reading.failure {
            Some(reason) => SessionEvent::TruthFailed {
                reason: reason.to_owned(),
            },
            None => SessionEvent::Truth(Box::new(BrokerTruth {
                as_of: self.at(),
                ..reading.truth
            })),
        };
        if reading.again {
            self.begin_reading();
        }
        self.handle(Event::Session(event))
    }
}

fn ids(executions: &[moored::domain::report::Execution]) -> Vec<String> {
    executions.iter().map(|each| each.exec_id.clone()).collect()
}
