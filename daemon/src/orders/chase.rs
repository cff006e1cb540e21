//! Orders that owe us an answer. One that is not acknowledged within seconds is asked after: a dialog may wait on the
//! gateway's screen, a precaution may hold it, or it was swallowed. So is one whose executions do not come, or that is to be
//! canceled and lives on. Nothing is
//! concluded from the silence; the truth is read, less and less often, until something is said.

use std::time::Duration;

use crate::domain::order::OrderId;
use crate::domain::time::Timestamp;

use super::lifecycle::OrderState;
use super::order::Order;
use super::{OrderChange, OrderManager};

/// How long an acknowledgement, or an execution that a status has announced, may take.
const DUE: Duration = Duration::from_secs(5);
/// The wait after each question is twice the one before, this many times at most: about every five minutes then.
const DOUBLINGS: u32 = 6;

/// How often an order was asked after, and when it is again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chase {
    times: u32,
    next: Timestamp,
}

impl Chase {
    /// Not asked after.
    pub const NEVER: Chase = Chase {
        times: 0,
        next: Timestamp::NEVER,
    };
}

/// What an order owes us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Debt {
    Acknowledgement,
    Change,
    Executions,
    End,
}

impl Order {
    fn debt(&self) -> Option<Debt> {
        let short = self.own_executed().plus(self.busted) < self.told_filled;
        match self.state {
            OrderState::Filled if !self.open_quantity().is_zero() => Some(Debt::Executions),
            _ if short => Some(Debt::Executions),
            OrderState::PendingNew => Some(Debt::Acknowledgement),
            state if !state.is_final() && self.pending.is_some() => Some(Debt::Change),
            state if !state.is_final() && (self.cancel_requested || self.is_split()) => Some(Debt::End),
            _ => None,
        }
    }

    /// Whether a status has announced fills whose executions have not come.
    pub fn lacks_executions(&self) -> bool {
        self.debt() == Some(Debt::Executions)
    }
}

impl OrderManager {
    /// Asks after the orders whose answer is overdue.
    pub fn chase(&mut self, at: Timestamp) -> Vec<OrderChange> {
        let mut changes = Vec::new();
        let owing = self.unsettled_orders().filter_map(|order| {
            let debt = order.debt();
            let due = debt.is_some() && at.since(order.changed) >= DUE && at >= order.chase.next;
            let paid = debt.is_none() && order.chase != Chase::NEVER;
            (due || paid).then_some((order.placement.order_id, debt))
        });
        let owing: Vec<(OrderId, Option<Debt>)> = owing.collect();
        for (order_id, debt) in owing {
            let Some(order) = self.orders.get_mut(&order_id) else {
                continue;
            };
            let Some(debt) = debt else {
                order.chase = Chase::NEVER;
                continue;
            };
            let first = order.chase.times == 0;
            let wait = DUE * 2_u32.pow(order.chase.times.min(DOUBLINGS));
            order.chase.times += 1;
            order.chase.next = at.after(wait);
            let (id, seconds) = (order_id.0, at.since(order.changed).as_secs());
            let reason = match debt {
                Debt::Acknowledgement => format!("order {id} is not acknowledged after {seconds} s"),
                Debt::Change => format!("a change of order {id} is not acknowledged after {seconds} s"),
                Debt::Executions => format!("order {id} is filled without executions"),
                Debt::End => format!("order {id} is to be canceled and has not ended"),
            };
            if first && matches!(debt, Debt::Acknowledgement | Debt::Change) {
                let text = format!(
                    "{reason}: a dialog or a precaution may hold it at the gateway; look at its screen, or set its \
                     API precautions to be bypassed"
                );
                let name = "order_unacknowledged";
                changes.push(OrderChange::Alarm { name, text });
            }
            changes.push(OrderChange::Ask { reason });
        }
        changes
    }
}
