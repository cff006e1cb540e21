//! Losing the broker, and proving it again. Whatever broke, there is one way back: read the broker's truth, compare it
//! with ours, correct ours, and only then let orders leave.

use std::time::Duration;

use crate::domain::report::BrokerTruth;
use crate::domain::time::Timestamp;

use super::Desk;
use super::effect::Effect;
use super::event::SessionEvent;

/// Between two readings of the truth. Each is five requests of a budget of 45 a second.
const READ_EVERY: Duration = Duration::from_secs(1);
/// After which a reading that was neither answered nor failed is asked for again.
const READ_DEADLINE: Duration = Duration::from_secs(60);

/// Why the truth is read: the label of the counts of readings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// The session is new.
    Session,
    /// The gateway has IB again.
    Upstream,
    /// Reports may have been lost.
    Gap,
    /// An order's fate or figures are in question.
    Orders,
    /// A difference was seen and is looked at again.
    Settle,
    /// The last reading failed or was not answered.
    Retry,
    /// Time passed.
    Periodic,
    /// A market closed.
    Close,
    /// An operator asked.
    Operator,
}

impl Cause {
    /// In words, for metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Cause::Session => "session",
            Cause::Upstream => "upstream",
            Cause::Gap => "gap",
            Cause::Orders => "orders",
            Cause::Settle => "settle",
            Cause::Retry => "retry",
            Cause::Periodic => "periodic",
            Cause::Close => "close",
            Cause::Operator => "operator",
        }
    }
}

/// Whether the truth is being read, or should be.
#[derive(Debug)]
pub(super) struct TruthReading {
    session_up: bool,
    asked: Option<Timestamp>,
    last_asked: Timestamp,
    /// Why it is being read.
    cause: Cause,
    /// Why it should be read again.
    wanted: Option<(Cause, String)>,
    reason: String,
}

impl Default for TruthReading {
    fn default() -> Self {
        TruthReading {
            session_up: false,
            asked: None,
            last_asked: Timestamp::NEVER,
            cause: Cause::Session,
            wanted: None,
            reason: "no session to the gateway yet".to_owned(),
        }
    }
}

impl TruthReading {
    /// Why the truth is not known.
    pub(super) fn reason(&self) -> &str {
        &self.reason
    }

    /// Whether there is a session to send on.
    pub(super) const fn session_up(&self) -> bool {
        self.session_up
    }
}

impl Desk {
    pub(super) fn session(&mut self, at: Timestamp, event: SessionEvent, effects: &mut Vec<Effect>) {
        match event {
            SessionEvent::Up {
                next_order_id,
                client_id,
            } => {
                self.orders.session_up(client_id, next_order_id);
                self.truth.session_up = true;
                self.truth.asked = None;
                self.conditions.upstream = true;
                self.truth.last_asked = Timestamp::NEVER;
                self.distrust(
                    at,
                    Cause::Session,
                    "the session is new: reading the broker's truth",
                    effects,
                );
            }
            SessionEvent::Down { reason } => self.session_down(at, &reason, effects),
            SessionEvent::UpstreamLost => self.conditions.upstream = false,
            SessionEvent::UpstreamRestored { .. } => {
                self.conditions.upstream = true;
                self.distrust(
                    at,
                    Cause::Upstream,
                    "the gateway has IB again: reading the broker's truth",
                    effects,
                );
            }
            SessionEvent::Alarm { name, text } => effects.push(Effect::Alarm { name, text }),
            SessionEvent::AskTruth { reason } => self.ask_truth(at, Cause::Orders, reason, effects),
            SessionEvent::ReportsLost { reason } => {
                self.distrust(at, Cause::Gap, &format!("reports were lost: {reason}"), effects);
            }
            SessionEvent::Proofs { missing } => {
                self.conditions.proved = missing.is_empty();
                self.unproved = missing;
            }
            SessionEvent::Gap(gap) => self.gap(gap, effects),
            SessionEvent::Resolved(facts) => {
                if let Some(instrument) = self.instruments.get_mut(facts.instrument.index()) {
                    instrument.con_id = Some(facts.con_id);
                    instrument.tick = facts.tick;
                    instrument.hours = facts.hours;
                    let before = std::mem::replace(&mut instrument.multiplier, facts.multiplier);
                    if before != facts.multiplier {
                        self.recount_all(facts.instrument);
                    }
                }
            }
            SessionEvent::Truth(truth) => self.truth(at, *truth, effects),
            SessionEvent::TruthFailed { reason } => self.truth_failed(at, reason, effects),
            SessionEvent::Account(rows) => {
                for row in rows {
                    let same = |known: &crate::domain::report::AccountValue| {
                        known.account == row.account && known.tag == row.tag && known.currency == row.currency
                    };
                    match self.account.iter_mut().find(|known| same(known)) {
                        Some(known) => *known = row,
                        None => self.account.push(row),
                    }
                }
            }
        }
    }

    fn session_down(&mut self, at: Timestamp, reason: &str, effects: &mut Vec<Effect>) {
        self.truth.session_up = false;
        self.truth.asked = None;
        self.truth.wanted = None;
        self.truth.reason = format!("no session to the gateway: {reason}");
        self.conditions.reconciled = false;
        self.conditions.proved = false;
        self.unproved.clear();
        self.market.forget();
        let changes = self.orders.session_down(at);
        self.perform(at, changes, effects);
    }

    /// The broker could not be read. Unknown is not empty: nothing is concluded, and no new risk is taken until a reading
    /// succeeds.
    fn truth_failed(&mut self, at: Timestamp, reason: String, effects: &mut Vec<Effect>) {
        self.truth.wanted = Some((Cause::Retry, reason.clone()));
        self.truth.reason = format!("the broker's truth could not be read: {reason}");
        self.conditions.unverified = true;
        effects.push(Effect::Alarm {
            name: "truth_unreadable",
            text: self.truth.reason.clone(),
        });
        if let Some(asked) = self.truth.asked.take() {
            self.tell_reading(at, asked, "failed", effects);
        }
    }

    fn tell_reading(
        &self,
        at: Timestamp,
        asked: Timestamp,
        outcome: &'static str,
        effects: &mut Vec<Effect>,
    ) {
        effects.push(Effect::Reconciled {
            cause: self.truth.cause.as_str(),
            outcome,
            took: at.since(asked),
        });
    }

    /// What we believe may be wrong: nothing leaves until the truth was read.
    fn distrust(&mut self, at: Timestamp, cause: Cause, reason: &str, effects: &mut Vec<Effect>) {
        self.conditions.reconciled = false;
        self.truth.reason = reason.to_owned();
        self.ask_truth(at, cause, reason.to_owned(), effects);
    }

    /// Asks for the truth now, or as soon as the last reading is over and old enough.
    pub(super) fn ask_truth(
        &mut self,
        at: Timestamp,
        cause: Cause,
        reason: String,
        effects: &mut Vec<Effect>,
    ) {
        let reading = &mut self.truth;
        let too_soon = reading.last_asked != Timestamp::NEVER && at.since(reading.last_asked) < READ_EVERY;
        if !reading.session_up || reading.asked.is_some() || too_soon {
            reading.wanted = Some((cause, reason));
            return;
        }
        reading.asked = Some(at);
        reading.last_asked = at;
        reading.cause = cause;
        reading.wanted = None;
        self.comparison.begin();
        effects.push(Effect::Reconcile);
    }

    fn truth(&mut self, at: Timestamp, truth: BrokerTruth, effects: &mut Vec<Effect>) {
        let Some(asked) = self.truth.asked.take() else {
            return;
        };
        let outcome = self.orders.reconcile(at, asked, self.conditions.upstream, &truth);
        self.count_recovered(&outcome.changes);
        self.perform(at, outcome.changes, effects);
        for order_id in outcome.cancel_again {
            self.risk.count_cancel(at);
            self.orders.canceled_again(at, order_id);
            effects.push(Effect::Cancel { order_id });
        }
        for order_id in outcome.cancel {
            self.cancel_order(at, order_id, effects);
        }
        for order_id in outcome.cancel_handles {
            self.risk.count_cancel(at);
            effects.push(Effect::Cancel { order_id });
        }
        self.see_external(outcome.external, effects);
        let clean = self.compare(at, asked, &truth, outcome.findings, effects);
        self.tell_reading(at, asked, if clean { "clean" } else { "differs" }, effects);
        self.broker_positions = truth.positions;
        self.reconciled_at = Some(at);
        self.conditions.unverified = false;
        // Something happened while it was read that it may not show: it has to be read again before it counts.
        if self.truth.wanted.is_none() || self.conditions.reconciled {
            self.conditions.reconciled = true;
        }
        if outcome.unresolved > 0 {
            let reason = format!("{} orders are unresolved", outcome.unresolved);
            self.truth.wanted = Some((Cause::Orders, reason));
        } else if self.comparison.register.unsettled() {
            let reason = "a difference is looked at again".to_owned();
            self.truth.wanted.get_or_insert((Cause::Settle, reason));
        }
        self.flatten(at, effects);
    }

    /// The next reading that nobody asked for.
    fn read_in_time(&mut self, at: Timestamp) {
        if self.comparison.a_market_closed(at, &self.instruments) && self.conditions.reconciled {
            let reason = "a market has closed".to_owned();
            self.truth.wanted.get_or_insert((Cause::Close, reason));
        }
        let every = self.policy.reconciliation.every();
        let last = self.reconciled_at.max(Some(self.truth.last_asked));
        let due = last.is_some_and(|last| at.since(last) >= every);
        if due && !every.is_zero() && self.conditions.reconciled && self.truth.asked.is_none() {
            let reason = "it was read long enough ago".to_owned();
            self.truth.wanted.get_or_insert((Cause::Periodic, reason));
        }
    }

    /// What time alone brings about; at least once a second.
    pub(super) fn clock(&mut self, at: Timestamp, effects: &mut Vec<Effect>) {
        if let Some(asked) = self.truth.asked.filter(|asked| at.since(*asked) > READ_DEADLINE) {
            self.truth.asked = None;
            let reason = "the last reading was not answered".to_owned();
            self.truth.reason = reason.clone();
            self.conditions.unverified = true;
            self.truth.wanted = Some((Cause::Retry, reason));
            self.tell_reading(at, asked, "unanswered", effects);
        }
        let overdue = self.orders.chase(at);
        self.perform(at, overdue, effects);
        self.read_in_time(at);
        if let Some((cause, reason)) = self.truth.wanted.take() {
            self.ask_truth(at, cause, reason, effects);
        }
        self.flatten(at, effects);
    }
}
