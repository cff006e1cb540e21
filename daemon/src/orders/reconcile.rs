//! Ours against the broker's truth. Absence is evidence only when the truth was read whole, and even then only the second
//! time: an order that is in none of the open orders, the completed orders and the executions is Unknown first, and Lost
//! when a later truth says the same.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::domain::money::Quantity;
use crate::domain::order::{ClientOrderId, OrderId};
use crate::domain::report::{BrokerOrder, BrokerStatus, BrokerTruth, Execution};
use crate::domain::time::Timestamp;

use super::event::{OrderEventKind, Rejection};
use super::incarnations::{Incarnation, Life};
use super::lifecycle::OrderState;
use super::order::{Amendment, Order};
use super::placement::Placement;
use super::{OrderChange, OrderManager, event_of, ids};

/// How long the broker must have denied an order before it counts as never received, where nothing else is set. IB shows
/// an order it took within a second; the rest is margin for a gateway that is catching up.
pub(super) const LOST_AFTER: Duration = Duration::from_secs(10);

/// The pause before a cancel that the broker shows no sign of is sent again; it doubles with each.
const CANCEL_AGAIN: Duration = Duration::from_secs(5);
/// How often that pause is doubled at most: about every five minutes then.
const CANCEL_DOUBLINGS: u32 = 6;

/// What came of reading the truth.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Reconciliation {
    /// What changed.
    pub changes: Vec<OrderChange>,
    /// Live orders of the account that are not ours.
    pub external: Vec<BrokerOrder>,
    /// Our orders that were to be canceled and are still alive: ask again.
    pub cancel_again: Vec<OrderId>,
    /// Orders that live twice, and second lives that have a handle of their own: to be canceled.
    pub cancel: Vec<OrderId>,
    /// The same, where the handle is not that of an order of ours.
    pub cancel_handles: Vec<OrderId>,
    /// Our orders whose fate is still not known.
    pub unresolved: usize,
    /// What does not agree and is not in our orders afterwards.
    pub findings: Vec<Finding>,
}

/// Something that the broker shows and we cannot explain.
#[derive(Debug, Clone, PartialEq)]
pub enum Finding {
    /// A live order with our mark that is not in our table and cannot be taken over.
    UnknownOrder(BrokerOrder),
    /// An order whose quantity or prices were others than we thought; ours are corrected.
    TermsDiffer {
        /// Which.
        order_id: OrderId,
        /// What was thought and what is.
        detail: String,
    },
    /// An execution of our client id that names no order of ours.
    Unattributed(Execution),
}

impl OrderManager {
    /// Compares our orders with the broker's, and corrects ours. The truth was asked for at `asked`: what changed after
    /// that is newer than the truth and is not judged by it. Nothing is judged by its absence unless the gateway has
    /// IB (`upstream`): it may hold orders back until then.
    pub fn reconcile(
        &mut self,
        at: Timestamp,
        asked: Timestamp,
        upstream: bool,
        truth: &BrokerTruth,
    ) -> Reconciliation {
        let mut outcome = Reconciliation::default();
        self.ids.raise_to(truth.next_order_id);
        let mut seen = BTreeSet::new();
        let mut canceling = BTreeSet::new();
        for report in &truth.open_orders {
            // The last frame of an order that has just ended may fall among the listed ones. One we have forgotten has
            // ended long ago: taken over, it would be an order that was never filled.
            if OrderState::from_broker(report.status).is_final() && self.find(report).is_none() {
                continue;
            }
            let Some(order_id) = self.see(at, report, &mut outcome) else {
                continue;
            };
            if report.status == BrokerStatus::PendingCancel {
                canceling.insert(order_id);
            }
            if let (Life::Other(place), new) = self.life(order_id, report.perm_id, Incarnation::of(report)) {
                self.see_other(at, order_id, (place, new), report, &mut outcome.changes);
                continue;
            }
            seen.insert(order_id);
            let judged = |order: &Order| order.changed <= asked;
            if self.orders.get(&order_id).is_some_and(judged) {
                self.show_alive(at, order_id, report, &mut outcome);
            }
        }
        for execution in &truth.executions {
            self.apply_execution(at, execution, &mut outcome.changes);
        }
        for commission in &truth.commissions {
            self.apply_commission(commission, &mut outcome.changes);
        }
        self.see_completed(at, truth, &mut seen, &mut outcome.changes);
        let unattributed = self.unpark(at, true, &mut outcome.changes);
        outcome
            .findings
            .extend(unattributed.into_iter().map(Finding::Unattributed));
        let shown = truth.open_orders.iter().map(|report| report.perm_id).collect();
        self.bury_others(asked, &shown);
        if upstream {
            self.judge_absent(at, asked, &seen, &mut outcome);
        }
        self.pick_cancels(at, asked, &seen, &canceling, &mut outcome);
        outcome
    }

    fn see_completed(
        &mut self,
        at: Timestamp,
        truth: &BrokerTruth,
        seen: &mut BTreeSet<OrderId>,
        changes: &mut Vec<OrderChange>,
    ) {
        for report in &truth.completed_orders {
            let Some(order_id) = self.find(report) else {
                continue;
            };
            if let (Life::Other(place), new) = self.life(order_id, report.perm_id, Incarnation::of(report)) {
                self.see_other(at, order_id, (place, new), report, changes);
            } else if seen.insert(order_id) {
                self.take_filled_quantity(order_id, report);
                self.apply_order(at, report, changes);
                self.settle(order_id);
            }
        }
    }

    /// The cancels to be sent: of orders that were to be canceled and are still alive, unless the broker is at it, and
    /// of orders that live twice.
    fn pick_cancels(
        &self,
        at: Timestamp,
        asked: Timestamp,
        seen: &BTreeSet<OrderId>,
        canceling: &BTreeSet<OrderId>,
        outcome: &mut Reconciliation,
    ) {
        for order in self.live() {
            let order_id = order.placement.order_id;
            if order.is_split() {
                let others = order.others.iter().filter(|other| other.alive);
                let handles = others
                    .map(|other| other.order_id)
                    .filter(|handle| *handle != order_id);
                let handles: Vec<OrderId> = handles.filter(|handle| handle.0 > 0).collect();
                match handles.is_empty() {
                    true if !order.cancel_requested => outcome.cancel.push(order_id),
                    true => {}
                    false => outcome.cancel_handles.extend(handles),
                }
            }
            let (times, last) = order.cancels;
            let pause = CANCEL_AGAIN * 2_u32.pow(times.min(CANCEL_DOUBLINGS));
            let due = times == 0 || at.since(last) >= pause;
            let shown = seen.contains(&order_id) && !canceling.contains(&order_id);
            if order.cancel_requested && shown && due && order.changed <= asked {
                outcome.cancel_again.push(order_id);
            }
        }
    }

    /// A cancel was sent again.
    pub fn canceled_again(&mut self, at: Timestamp, order_id: OrderId) {
        if let Some(order) = self.orders.get_mut(&order_id) {
            order.cancels = (order.cancels.0 + 1, at);
        }
    }

    /// The order of ours that an open order is; one of ours that we do not know is adopted.
    fn see(&mut self, at: Timestamp, report: &BrokerOrder, outcome: &mut Reconciliation) -> Option<OrderId> {
        if let Some(order_id) = self.find(report) {
            return Some(order_id);
        }
        let Some((name, client_order_id)) = ids::parse_order_ref(&report.order_ref) else {
            outcome.external.push(report.clone());
            return None;
        };
        let ours = report.client_id == self.client_id;
        let order = ours.then(|| self.adopted(at, report, name, client_order_id));
        let Some(order) = order.flatten() else {
            outcome.external.push(report.clone());
            outcome.findings.push(Finding::UnknownOrder(report.clone()));
            return None;
        };
        let order_id = order.placement.order_id;
        self.insert(order);
        outcome.changes.push(OrderChange::Adopted(order_id));
        outcome.changes.push(OrderChange::Alarm {
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
        let owner = (placement.plugin, placement.instrument);
        Some(Order {
            executed: self.executions.filled_of(report.order_id, owner),
            perm_id: report.perm_id,
            state,
            ..Order::new(placement, at)
        })
    }

    /// An order that was filled whole was filled as the broker had it: a change that the ledger kept and that never
    /// left must not hold the order open for the rest.
    fn take_filled_quantity(&mut self, order_id: OrderId, report: &BrokerOrder) {
        let filled = report.filled.filter(|filled| filled.is_positive());
        if let Some(order) = self.orders.get_mut(&order_id) {
            order.told_filled = order.told_filled.max(filled.unwrap_or(Quantity::ZERO));
        }
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
        outcome: &mut Reconciliation,
    ) {
        let changes = &mut outcome.changes;
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
        order.told_filled = order.told_filled.max(report.filled.unwrap_or(Quantity::ZERO));
        let changing = order.pending.is_some();
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
            let (was, is) = (order.placement.quantity, report.quantity);
            let detail = format!("{was} {:?} here, {is} {:?} there", order.placement.kind, actual.1);
            if !changing {
                outcome.findings.push(Finding::TermsDiffer { order_id, detail });
            }
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
        let lost_after = self.lost_after;
        for order_id in absent {
            let Some(order) = self.orders.get_mut(&order_id) else {
                continue;
            };
            if order.promote(at) {
                outcome.changes.push(OrderChange::Moved(order_id));
                continue;
            }
            match order.missing_since {
                Some(since) if at.since(since) >= lost_after => {
                    Self::conclude_absence(order, at, &mut outcome.changes);
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

    /// The broker has denied an order twice. One that it had acknowledged was there, and has ended on a day whose
    /// completed orders are not listed any more.
    fn conclude_absence(order: &mut Order, at: Timestamp, changes: &mut Vec<OrderChange>) {
        if order.perm_id == 0 && order.executed.is_zero() {
            order.reason = Some("the broker does not know it: it never arrived".to_owned());
            return Self::enter(order, OrderState::Lost, at, changes);
        }
        let id = order.placement.order_id.0;
        order.reason = Some("it ended unseen: the broker does not list it any more".to_owned());
        changes.push(OrderChange::Alarm {
            name: "order_ended_unseen",
            text: format!(
                "order {id} was acknowledged and is neither open nor among today's completed orders: it is taken for \
                 canceled with {} filled; positions are compared with the broker's",
                order.executed
            ),
        });
        Self::enter(order, OrderState::Canceled, at, changes);
    }
}
