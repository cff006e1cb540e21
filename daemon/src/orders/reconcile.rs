//! Ours against the broker's truth. Absence is evidence only when the truth was read whole, and even then only the second
//! time: an order that is in none of the open orders, the completed orders and the executions is Unknown first, and Lost
//! when a later truth says the same.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::domain::order::{ClientOrderId, OrderId};
use crate::domain::report::{BrokerOrder, BrokerStatus, BrokerTruth};
use crate::domain::time::Timestamp;

use super::event::{OrderEventKind, Rejection};
use super::lifecycle::OrderState;
use super::order::{Amendment, Order};
use super::placement::Placement;
use super::{OrderChange, OrderManager, event_of, ids};

/// How long the broker must have denied an order before it counts as never received. IB shows an order it took within a
/// second; the rest is margin for a gateway that is catching up.
const LOST_AFTER: Duration = Duration::from_secs(10);

/// What came of reading the truth.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Reconciliation {
    /// What changed.
    pub changes: Vec<OrderChange>,
    /// Orders of the account that are not ours.
    pub external_orders: usize,
    /// Our orders that were to be canceled and are still alive: ask again.
    pub cancel_again: Vec<OrderId>,
    /// Our orders whose fate is still not known.
    pub unresolved: usize,
}

impl OrderManager {
    /// Compares our orders with the broker's, and corrects ours. The truth was asked for at `asked`: what changed after
    /// that is newer than the truth and is not judged by it.
    pub fn reconcile(&mut self, at: Timestamp, asked: Timestamp, truth: &BrokerTruth) -> Reconciliation {
        let mut outcome = Reconciliation::default();
        self.ids.raise_to(truth.next_order_id);
        let mut seen = BTreeSet::new();
        for report in &truth.open_orders {
            // The last frame of an order that has just ended may fall among the listed ones. One we have forgotten has
            // ended long ago: taken over, it would be an order that was never filled.
            if OrderState::from_broker(report.status).is_final() && self.find(report).is_none() {
                continue;
            }
            match self.see(at, report, &mut outcome.changes) {
                Some(order_id) => {
                    seen.insert(order_id);
                    if self
                        .orders
                        .get(&order_id)
                        .is_some_and(|order| order.changed <= asked)
                    {
                        self.show_alive(at, order_id, report, &mut outcome.changes);
                    }
                }
                None => outcome.external_orders += 1,
            }
        }
        for execution in &truth.executions {
            self.apply_execution(at, execution, &mut outcome.changes);
        }
        for commission in &truth.commissions {
            self.apply_commission(commission, &mut outcome.changes);
        }
        for report in &truth.completed_orders {
            if let Some(order_id) = self.find(report)
                && seen.insert(order_id)
            {
                self.take_filled_quantity(order_id, report);
                self.apply_order(at, report, &mut outcome.changes);
                self.settle(order_id);
            }
        }
        self.judge_absent(at, asked, &seen, &mut outcome);
        let live = self
            .unsettled_orders()
            .filter(|order| seen.contains(&order.placement.order_id));
        outcome.cancel_again = live
            .filter(|order| order.cancel_requested && !order.state.is_final() && order.changed <= asked)
            .map(|order| order.placement.order_id)
            .collect();
        outcome
    }

    /// The order of ours that an open order is; one of ours that we do not know is adopted.
    fn see(
        &mut self,
        at: Timestamp,
        report: &BrokerOrder,
        changes: &mut Vec<OrderChange>,
    ) -> Option<OrderId> {
        if let Some(order_id) = self.find(report) {
            return Some(order_id);
        }
        if report.client_id != self.client_id {
            return None;
        }
        let (name, client_order_id) = ids::parse_order_ref(&report.order_ref)?;
        let order = self.adopted(at, report, name, client_order_id)?;
        let order_id = order.placement.order_id;
        self.insert(order);
        changes.push(OrderChange::Adopted(order_id));
        changes.push(OrderChange::Alarm {
            name: "order_adopted",
            text: format!(
                "order {} ({}) is live at the broker and was not in the ledger: it was taken over",
                order_id.0, report.order_ref
            ),
        });
        Some(order_id)
    }

    fn adopted(
        &self,
        at: Timestamp,
        report: &BrokerOrder,
        name: &str,
        client_order_id: ClientOrderId,
    ) -> Option<Order> {
        let placement = Placement {
            order_id: report.order_id,
            client_order_id,
            plugin: self.names.id(name),
            plugin_name: name.to_owned(),
            instrument: report.instrument?,
            side: report.side,
            kind: report.kind?,
            time_in_force: report.time_in_force?,
            quantity: report.quantity,
            order_ref: report.order_ref.clone(),
            tag: 0,
        };
        let state = OrderState::from_broker(report.status);
        Some(Order {
            perm_id: report.perm_id,
            state,
            ..Order::new(placement, at)
        })
    }

    /// An order that was filled whole was filled as the broker had it: a change that the ledger kept and that never
    /// left must not hold the order open for the rest.
    fn take_filled_quantity(&mut self, order_id: OrderId, report: &BrokerOrder) {
        let filled = report.filled.filter(|filled| filled.is_positive());
        if let Some(order) = self.orders.get_mut(&order_id)
            && report.status == BrokerStatus::Filled
            && let Some(filled) = filled
        {
            order.placement.quantity = filled;
            order.placement.kind = report.kind.unwrap_or(order.placement.kind);
        }
    }

    /// The truth shows an order alive, with the quantity and prices it really has.
    fn show_alive(
        &mut self,
        at: Timestamp,
        order_id: OrderId,
        report: &BrokerOrder,
        changes: &mut Vec<OrderChange>,
    ) {
        self.learn_perm_id(order_id, report.perm_id);
        let Some(order) = self.orders.get_mut(&order_id) else {
            return;
        };
        order.missing_since = None;
        let told = OrderState::from_broker(report.status);
        let mistaken = order.state.is_final() && order.state != OrderState::Filled;
        if mistaken && !told.is_final() {
            changes.push(OrderChange::Alarm {
                name: "order_revived",
                text: format!(
                    "order {} was taken for {} and is alive",
                    order_id.0,
                    order.state.as_str()
                ),
            });
            Self::enter(order, told, at, changes);
        }
        if let Some(pending) = order.pending.take() {
            let arrived = Some(pending)
                == report.kind.map(|kind| Amendment {
                    quantity: report.quantity,
                    kind,
                });
            let not_applied = Rejection {
                code: 0,
                text: "the change did not reach the broker".to_owned(),
            };
            let kind = match arrived {
                true => OrderEventKind::Replaced(pending.quantity),
                false => OrderEventKind::ReplaceRejected(not_applied),
            };
            changes.push(event_of(order, kind));
        }
        let actual = (report.quantity, report.kind.unwrap_or(order.placement.kind));
        if actual != (order.placement.quantity, order.placement.kind) {
            (order.placement.quantity, order.placement.kind) = actual;
            order.changed = at;
            changes.push(OrderChange::Moved(order_id));
        }
        self.move_to_status(at, order_id, report.status, changes);
        self.settle(order_id);
    }

    fn judge_absent(
        &mut self,
        at: Timestamp,
        asked: Timestamp,
        seen: &BTreeSet<OrderId>,
        outcome: &mut Reconciliation,
    ) {
        let absent: Vec<OrderId> = self
            .unsettled_orders()
            .filter(|order| !order.state.is_final() && order.changed <= asked)
            .filter(|order| !seen.contains(&order.placement.order_id))
            .map(|order| order.placement.order_id)
            .collect();
        for order_id in absent {
            let Some(order) = self.orders.get_mut(&order_id) else {
                continue;
            };
            match order.missing_since {
                Some(since) if at.since(since) >= LOST_AFTER => {
                    order.reason = Some("the broker does not know it: it never arrived".to_owned());
                    Self::enter(order, OrderState::Lost, at, &mut outcome.changes);
                    self.settle(order_id);
                }
                Some(_) => outcome.unresolved += 1,
                None => {
                    Self::enter(order, OrderState::Unknown, at, &mut outcome.changes);
                    order.missing_since = Some(at);
                    outcome.unresolved += 1;
                }
            }
        }
    }
}
