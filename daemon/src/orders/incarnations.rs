//! One order of ours can have several lives at IB: a change made while the link was down may mint a second permanent id
//! under the same reference, and both may fill. The first life known is the order's own; the others stand beside it and
//! are counted in its open quantity until they have ended. When the own life ends and another goes on, that one is it.

use crate::domain::money::Quantity;
use crate::domain::order::{OrderId, OrderKind};
use crate::domain::report::{BrokerOrder, BrokerStatus, Execution, StatusReport};
use crate::domain::time::Timestamp;

use super::lifecycle::OrderState;
use super::order::Order;
use super::{OrderChange, OrderManager, ids};

/// Another life of one of our orders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Incarnation {
    /// The API order id it is shown under: the handle to cancel it by.
    pub order_id: OrderId,
    /// IB's permanent id of it.
    pub perm_id: i64,
    /// Its total quantity, as far as it is known.
    pub quantity: Quantity,
    /// Its prices, as far as they are known.
    pub kind: Option<OrderKind>,
    /// Filled so far, by executions.
    pub executed: Quantity,
    /// Whether more may come of it.
    pub alive: bool,
}

impl Incarnation {
    /// As an open order shows it.
    pub(super) fn of(report: &BrokerOrder) -> Incarnation {
        Incarnation {
            order_id: report.order_id,
            perm_id: report.perm_id,
            quantity: report.quantity,
            kind: report.kind,
            executed: Quantity::ZERO,
            alive: !OrderState::from_broker(report.status).is_final(),
        }
    }

    /// What may still be filled of it.
    pub const fn open_quantity(&self) -> Quantity {
        if !self.alive {
            return Quantity::ZERO;
        }
        let left = self.quantity.minus(self.executed).nanos();
        Quantity::from_nanos(if left > 0 { left } else { 0 })
    }
}

/// Which life of an order a message is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Life {
    /// The order's own.
    Own,
    /// Another one: its place in the list.
    Other(usize),
}

impl Order {
    /// Whether more than one life of it may fill.
    pub fn is_split(&self) -> bool {
        self.others.iter().any(|other| other.alive)
    }

    /// Every permanent id it has or had.
    pub fn perm_ids(&self) -> impl Iterator<Item = i64> {
        let others = self.others.iter().map(|other| other.perm_id);
        std::iter::once(self.perm_id)
            .chain(others)
            .filter(|perm_id| *perm_id != 0)
    }

    /// Filled of its own life.
    pub fn own_executed(&self) -> Quantity {
        let elsewhere = self.others.iter().map(|other| other.executed);
        let elsewhere = elsewhere.fold(self.prior, Quantity::plus);
        self.executed.minus(elsewhere)
    }

    /// The own life has ended: another that goes on takes its place. Says whether one did.
    pub(super) fn promote(&mut self, at: Timestamp) -> bool {
        let Some(place) = self.others.iter().position(|other| other.alive) else {
            return false;
        };
        let own = self.own_executed();
        let next = self.others.remove(place);
        self.prior = self.prior.plus(own);
        self.perm_id = next.perm_id;
        self.placement.quantity = next.quantity;
        self.placement.kind = next.kind.unwrap_or(self.placement.kind);
        self.pending = None;
        self.state = match self.cancel_requested {
            true => OrderState::PendingCancel,
            false => OrderState::Working,
        };
        self.missing_since = None;
        self.told_filled = Quantity::ZERO;
        self.changed = at;
        true
    }
}

impl OrderManager {
    /// Which life of an order a permanent id means; an id not seen before is a new one, `new` if it is another life.
    pub(super) fn life(&mut self, order_id: OrderId, perm_id: i64, new: Incarnation) -> (Life, bool) {
        let Some(order) = self.orders.get_mut(&order_id) else {
            return (Life::Own, false);
        };
        if perm_id == 0 || order.perm_id == perm_id {
            return (Life::Own, false);
        }
        if let Some(place) = order.others.iter().position(|other| other.perm_id == perm_id) {
            return (Life::Other(place), false);
        }
        self.by_perm_id.insert(perm_id, order_id);
        // One that was taken for ended and comes back under another id is one life after the other.
        let ended = order.state.is_final() && order.state != OrderState::Filled;
        if order.perm_id == 0 || ended {
            order.perm_id = perm_id;
            return (Life::Own, false);
        }
        // Fills of it may have been counted before it was known for another life: before a restart, for example.
        let executed = self.executions.filled_under(perm_id);
        order.others.push(Incarnation { executed, ..new });
        (Life::Other(order.others.len() - 1), true)
    }

    /// A fill the ledger remembers of another life than the order's own: it leaves the own one as open as it was.
    pub(super) fn restore_life(&mut self, execution: &Execution) {
        let named = ids::parse_order_ref(&execution.order_ref);
        let order_id = named.and_then(|(_, id)| self.by_client_order_id.get(&id).copied());
        let Some(order) = order_id.and_then(|order_id| self.orders.get_mut(&order_id)) else {
            return;
        };
        let (order_id, perm_id) = (order.placement.order_id, execution.perm_id);
        if perm_id == 0 || order.perm_id == 0 || order.perm_id == perm_id {
            return;
        }
        match order.others.iter_mut().find(|other| other.perm_id == perm_id) {
            Some(other) => {
                other.executed = other.executed.plus(execution.size);
                other.quantity = other.executed;
            }
            None => order.others.push(Incarnation {
                order_id: execution.order_id,
                perm_id,
                quantity: execution.size,
                kind: None,
                executed: execution.size,
                // Whether it goes on, the broker's truth will say.
                alive: false,
            }),
        }
        self.by_perm_id.insert(perm_id, order_id);
        self.settle(order_id);
    }

    /// A live order was shown under another permanent id than the one we know.
    pub(super) fn see_other(
        &mut self,
        at: Timestamp,
        order_id: OrderId,
        (place, new): (usize, bool),
        report: &BrokerOrder,
        changes: &mut Vec<OrderChange>,
    ) {
        let Some(other) = self.other(order_id, place) else {
            return;
        };
        other.order_id = report.order_id;
        other.quantity = report.quantity;
        other.kind = report.kind.or(other.kind);
        let ended = OrderState::from_broker(report.status).is_final();
        other.alive = !ended;
        if new && !ended {
            self.tell_conflict(order_id, report.perm_id, changes);
        }
        // What had ended goes on under the other id; a life that is merely shown again is no change.
        let over = |order: &&mut Order| order.state.is_final() && order.is_split();
        if let Some(order) = self.orders.get_mut(&order_id).filter(over)
            && order.promote(at)
        {
            changes.push(OrderChange::Moved(order_id));
        }
        self.settle(order_id);
    }

    /// Where another life of an order stands among those known.
    pub(super) fn place_of_other(&self, order_id: OrderId, perm_id: i64) -> Option<usize> {
        let order = self
            .orders
            .get(&order_id)
            .filter(|order| order.perm_id != perm_id)?;
        order.others.iter().position(|other| other.perm_id == perm_id)
    }

    /// The status of another life.
    pub(super) fn status_of_other(&mut self, order_id: OrderId, place: usize, report: &StatusReport) {
        let ended = OrderState::from_broker(report.status).is_final();
        if let Some(other) = self.other(order_id, place) {
            let untold = report.status == BrokerStatus::Filled && other.executed < other.quantity;
            other.alive = !ended || untold;
        }
        self.settle(order_id);
    }

    /// A reading of the truth showed these lives and no others: the rest has ended.
    pub(super) fn bury_others(&mut self, asked: Timestamp, shown: &std::collections::BTreeSet<i64>) {
        let split = self.unsettled_orders().filter(|order| order.is_split());
        let split: Vec<OrderId> = split.map(|order| order.placement.order_id).collect();
        for order_id in split {
            let Some(order) = self.orders.get_mut(&order_id) else {
                continue;
            };
            if order.changed > asked {
                continue;
            }
            for other in &mut order.others {
                other.alive &= shown.contains(&other.perm_id);
            }
            self.settle(order_id);
        }
    }

    pub(super) fn other(&mut self, order_id: OrderId, place: usize) -> Option<&mut Incarnation> {
        self.orders.get_mut(&order_id)?.others.get_mut(place)
    }

    pub(super) fn tell_conflict(&mut self, order_id: OrderId, perm_id: i64, changes: &mut Vec<OrderChange>) {
        let Some(order) = self.orders.get_mut(&order_id) else {
            return;
        };
        order.lived_twice = true;
        self.conflicts += 1;
        let reason = format!("order {} has a second life", order_id.0);
        changes.push(OrderChange::Alarm {
            name: "incarnation_conflict",
            text: format!(
                "order {} ({}) lives twice at the broker, as {} and as {perm_id}: both are counted and are being \
                 canceled; see `moorctl discrepancies list`",
                order_id.0, order.placement.order_ref, order.perm_id
            ),
        });
        changes.push(OrderChange::Ask { reason });
    }
}
