//! What the loop does with records, and what it does while the ledger takes none: new risk stops, cancels go on, what
//! would have been written waits in order, and once the ledger can be written again it is written and trading goes on.

use crate::clock;
use crate::desk::event::{Event, SessionEvent};
use crate::desk::record::Record;
use crate::domain::report::BrokerReport;
use crate::domain::time::Timestamp;
use crate::ledger::{AppendError, AppendErrorKind};

use super::desk_loop::DeskLoop;

impl DeskLoop {
    /// Before the desk hears of fills: those that the start did not read are read now, so that one the broker repeats or
    /// corrects is not taken for a new one.
    pub(super) fn recall(&mut self, event: &Event) {
        match event {
            Event::Report(BrokerReport::Execution(execution)) => self.recall_fill(&execution.exec_id),
            Event::Report(BrokerReport::Commission(commission)) => _ = self.recall_one(&commission.exec_id),
            Event::Session(SessionEvent::Truth(truth)) => {
                for execution in &truth.executions {
                    self.recall_fill(&execution.exec_id);
                }
                for commission in &truth.commissions {
                    self.recall_one(&commission.exec_id);
                }
            }
            _ => {}
        }
    }

    fn recall_fill(&mut self, exec_id: &str) {
        let Some(known) = self.recall_one(exec_id).filter(|known| known.as_str() < exec_id) else {
            return;
        };
        let text = format!(
            "the exchange corrected the old fill {known} ({exec_id}): it is recorded, and positions and profit count it \
             from the next start"
        );
        self.alarm(clock::now(), "old_fill_corrected", &text);
    }

    /// The id of the fill that was recalled, if one was.
    fn recall_one(&mut self, exec_id: &str) -> Option<String> {
        let remembered = self.ledger.recall(exec_id)?;
        self.desk.recall(&remembered);
        Some(remembered.record.execution.exec_id)
    }

    /// Makes the collected records durable and says whether they are.
    pub(super) fn remember(&mut self, at: Timestamp) -> bool {
        let state = &mut self.state;
        if state.records.is_empty() {
            return state.backlog.is_empty();
        }
        state.positions_changed |= state
            .records
            .iter()
            .any(|record| matches!(record, Record::Executed(_) | Record::Commissioned(_)));
        if state.backlog.is_empty() {
            match self.ledger.append(at, &state.records) {
                Ok(()) => {
                    state.records.clear();
                    return true;
                }
                Err(error) if error.kind == AppendErrorKind::Invalid => {
                    let records = std::mem::take(&mut state.records);
                    self.forsake(at, &records, &error);
                    return false;
                }
                Err(error) => self.ledger_failed(at, &error),
            }
        }
        // What is denied while nothing can be written is counted, not kept: it is no one's order.
        let state = &mut self.state;
        state.backlog.extend(
            state
                .records
                .drain(..)
                .filter(|record| !matches!(record, Record::Denied { .. })),
        );
        false
    }

    /// Tells the desk and the operator, once for as long as it lasts.
    fn ledger_failed(&mut self, at: Timestamp, error: &AppendError) {
        let reason = error.to_string();
        if !std::mem::replace(&mut self.state.ledger_failed, true) {
            self.alarm(at, "ledger_failed", &reason);
        }
        self.state.pending.push_front(Event::LedgerFailed { reason });
    }

    /// Ten times a second: learns of trouble before a record meets it, and of its end.
    pub(super) fn look_after_ledger(&mut self, at: Timestamp) {
        if !self.state.ledger_failed {
            if let Some(trouble) = self.ledger.trouble() {
                self.ledger_failed(at, &trouble);
            }
            return;
        }
        // Found out off the lane: an attempt here may wait for somebody's lock, and cancels would wait with it.
        if self.ledger.trouble().is_some() {
            return;
        }
        match self.ledger.probe().and_then(|()| self.write_backlog(at)) {
            Ok(()) => {
                self.state.ledger_failed = false;
                tracing::info!("the ledger takes records again; what had waited is written");
                self.handle(Event::LedgerRecovered);
            }
            Err(error) => tracing::debug!(%error, "the ledger still cannot be written"),
        }
    }

    /// Writes what the ledger could not take; what it will never take does not hold up the rest.
    fn write_backlog(&mut self, at: Timestamp) -> Result<(), AppendError> {
        match self.ledger.append(at, &self.state.backlog) {
            Ok(()) => self.state.backlog.clear(),
            Err(error) if error.kind == AppendErrorKind::Invalid => {
                let mut failed = Ok(());
                for record in std::mem::take(&mut self.state.backlog) {
                    if failed.is_err() {
                        self.state.backlog.push(record);
                        continue;
                    }
                    match self.ledger.append(at, std::slice::from_ref(&record)) {
                        Ok(()) => {}
                        Err(error) if error.kind == AppendErrorKind::Invalid => {
                            self.forsake(at, std::slice::from_ref(&record), &error);
                        }
                        Err(error) => {
                            self.state.backlog.push(record);
                            failed = Err(error);
                        }
                    }
                }
                return failed;
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Records that the ledger will never take: said in full, because the log is then the only place that has them.
    fn forsake(&self, at: Timestamp, records: &[Record], error: &AppendError) {
        tracing::error!(?records, %error, "these records cannot be written down");
        self.alarm(at, "record_refused", &error.to_string());
    }
}
