//! The operator's commands. Each is recorded with who gave it, whether it was done or refused.

use crate::domain::order::OrderId;
use crate::domain::time::Timestamp;
use crate::domain::trading_state::Latch;

use super::Desk;
use super::effect::{CommandOutcome, Effect};
use super::event::{Command, CommandTicket, Requester};
use super::record::Record;
use super::session::Cause;

impl Desk {
    pub(super) fn command(
        &mut self,
        at: Timestamp,
        ticket: CommandTicket,
        requester: Requester,
        command: Command,
        effects: &mut Vec<Effect>,
    ) {
        let action = command.name();
        let detail = match &command {
            Command::Halt { reason, .. } | Command::Resume { reason } | Command::Kill { reason } => {
                reason.clone()
            }
            Command::CancelOrder { order_id } => format!("order {}", order_id.0),
            Command::Reconcile => String::new(),
            Command::AcceptDiscrepancy { name, reason } => format!("{name}: {reason}"),
        };
        let outcome = self.obey(at, &requester, command, effects);
        let said = match &outcome {
            CommandOutcome::Done { message } => format!("done: {message}"),
            CommandOutcome::Refused { message } => format!("refused: {message}"),
        };
        effects.push(Effect::Record(Record::Admin {
            requester,
            action,
            detail,
            outcome: said,
        }));
        effects.push(Effect::Answer { ticket, outcome });
    }

    fn obey(
        &mut self,
        at: Timestamp,
        requester: &Requester,
        command: Command,
        effects: &mut Vec<Effect>,
    ) -> CommandOutcome {
        match command {
            Command::Halt {
                reason,
                cancel_orders,
            } => self.halt(at, reason, cancel_orders, effects),
            Command::Resume { reason } => self.resume(reason, effects),
            Command::Kill { reason } => self.kill(at, reason, effects),
            Command::CancelOrder { order_id } => self.cancel_by_operator(at, order_id, effects),
            Command::Reconcile if !self.truth.session_up() => {
                refused("there is no session to the gateway to read from; see `moorctl session show`")
            }
            Command::Reconcile => {
                self.ask_truth(at, Cause::Operator, "the operator asked".to_owned(), effects);
                done("reading the broker's truth")
            }
            Command::AcceptDiscrepancy { name, reason } => {
                self.accept_discrepancy(requester, name, reason, effects)
            }
        }
    }

    fn halt(
        &mut self,
        at: Timestamp,
        reason: String,
        cancel_orders: bool,
        effects: &mut Vec<Effect>,
    ) -> CommandOutcome {
        if self.conditions.latch == Latch::Killed {
            return refused("killed already, which is more than halted; resume lifts it");
        }
        self.latch(Latch::Halted, reason, effects);
        let canceled = if cancel_orders {
            self.cancel_where(at, effects, |_| true)
        } else {
            0
        };
        let left = self.orders.live().count() - canceled;
        done(&format!(
            "halted; {canceled} orders being canceled, {left} left working"
        ))
    }

    fn resume(&mut self, reason: String, effects: &mut Vec<Effect>) -> CommandOutcome {
        if self.conditions.latch == Latch::Running {
            return refused("neither halted nor killed");
        }
        self.flattening = super::flatten::Flattening::default();
        self.latch(Latch::Running, reason, effects);
        done(&format!(
            "resumed; the trading state is {}",
            self.conditions.state().as_str()
        ))
    }

    fn kill(&mut self, at: Timestamp, reason: String, effects: &mut Vec<Effect>) -> CommandOutcome {
        self.latch(Latch::Killed, reason, effects);
        self.flattening = super::flatten::Flattening::default();
        let canceled = self.cancel_where(at, effects, |_| true);
        self.flatten(at, effects);
        done(&format!(
            "killed; {canceled} orders being canceled, then what the plugins hold is flattened at the market"
        ))
    }

    fn latch(&mut self, latch: Latch, reason: String, effects: &mut Vec<Effect>) {
        self.conditions.latch = latch;
        self.latch_reason = reason.clone();
        effects.push(Effect::Record(Record::Latched { latch, reason }));
    }

    fn cancel_by_operator(
        &mut self,
        at: Timestamp,
        order_id: OrderId,
        effects: &mut Vec<Effect>,
    ) -> CommandOutcome {
        match self.orders.get(order_id).map(|order| order.state) {
            None => self.cancel_external(at, order_id, effects),
            Some(state) if state.is_final() => {
                refused(&format!("order {} is {} already", order_id.0, state.as_str()))
            }
            Some(_) => {
                self.cancel_order(at, order_id, effects);
                done(&format!("order {} is being canceled", order_id.0))
            }
        }
    }
}

pub(super) fn done(message: &str) -> CommandOutcome {
    CommandOutcome::Done {
        message: message.to_owned(),
    }
}

pub(super) fn refused(message: &str) -> CommandOutcome {
    CommandOutcome::Refused {
        message: message.to_owned(),
    }
}
