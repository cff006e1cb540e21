//! What the broker's stream of reports does to our orders. Reports come in any order and more than once.

use crate::domain::order::OrderId;
use crate::domain::report::{
    BrokerOrder, BrokerReport, BrokerStatus, OrderError, OrderErrorMeaning, StatusReport,
};
use crate::domain::time::Timestamp;

use super::event::{OrderEventKind, Rejection};
use super::incarnations::{Incarnation, Life};
use super::lifecycle::OrderState;
use super::order::Order;
use super::{OrderChange, OrderManager, event_of, ids};

impl OrderManager {
    /// Takes in one report.
    pub fn apply(&mut self, at: Timestamp, report: &BrokerReport) -> Vec<OrderChange> {
        let mut changes = Vec::new();
        match report {
            BrokerReport::Status(status) => self.apply_status(at, status, &mut changes),
            BrokerReport::Order(order) => self.apply_order(at, order, &mut changes),
            BrokerReport::Execution(execution) => self.apply_execution(at, execution, &mut changes),
            BrokerReport::Commission(commission) => self.apply_commission(commission, &mut changes),
            BrokerReport::Error(error) => self.apply_error(at, error, &mut changes),
        }
        changes
    }

    fn apply_status(&mut self, at: Timestamp, report: &StatusReport, changes: &mut Vec<OrderChange>) {
        // IB's permanent id means one order for ever; ours can be given out again after the gateway's counter went back.
        let by_perm_id = self.by_perm_id.get(&report.perm_id).copied();
        let by_id = || {
            self.orders
                .contains_key(&report.order_id)
                .then_some(report.order_id)
        };
        let Some(order_id) = by_perm_id.or_else(by_id) else {
            return;
        };
        let known = self.orders.get(&order_id).map_or(0, |order| order.perm_id);
        let place = self.place_of_other(order_id, report.perm_id);
        if let Some(place) = place {
            self.status_of_other(order_id, place, report);
        } else if known != 0 && report.perm_id != 0 && known != report.perm_id {
            // Not by our mark, so it may be another client's: the broker's lists tell.
            let (id, perm_id) = (order_id.0, report.perm_id);
            let reason = format!("a status names order {id} with the permanent id {perm_id}, not {known}");
            changes.push(OrderChange::Ask { reason });
        } else {
            self.learn_perm_id(order_id, report.perm_id);
            self.take_status(order_id, report);
            self.move_to_status(at, order_id, report.status, changes);
        }
        self.unpark(at, false, changes);
    }

    /// What a status says beside the state: how much is filled, which never goes back, and why it is held.
    fn take_status(&mut self, order_id: OrderId, report: &StatusReport) {
        if let Some(order) = self.orders.get_mut(&order_id) {
            order.told_filled = order.told_filled.max(report.filled.min(order.largest_quantity()));
            if let Some(why) = report.why_held.as_ref().filter(|_| !order.refused) {
                order.reason = Some(format!("held by the broker: {why}"));
            }
        }
    }

    /// An open order seen in the stream: an acknowledgement, and the proof of what it now is.
    pub(super) fn apply_order(
        &mut self,
        at: Timestamp,
        report: &BrokerOrder,
        changes: &mut Vec<OrderChange>,
    ) {
        let Some(order_id) = self.find(report) else { return };
        if let (Life::Other(place), new) = self.life(order_id, report.perm_id, Incarnation::of(report)) {
            return self.see_other(at, order_id, (place, new), report, changes);
        }
        self.learn_perm_id(order_id, report.perm_id);
        if let Some(reason) = &report.reason {
            self.note(order_id, reason);
        }
        self.confirm_amendment(at, order_id, report, changes);
        self.move_to_status(at, order_id, report.status, changes);
        self.unpark(at, false, changes);
    }

    /// The order of ours that the broker means: by our own tag first, which nothing but us writes, then by our id, then
    /// by IB's.
    pub(super) fn find(&self, report: &BrokerOrder) -> Option<OrderId> {
        if let Some((_, client_order_id)) = ids::parse_order_ref(&report.order_ref) {
            return self.by_client_order_id.get(&client_order_id).copied();
        }
        let ours = report.client_id == self.client_id && report.order_ref.is_empty();
        let by_id = self
            .orders
            .get(&report.order_id)
            .filter(|_| ours)
            .map(|order| order.placement.order_id);
        by_id.or_else(|| self.by_perm_id.get(&report.perm_id).copied())
    }

    fn confirm_amendment(
        &mut self,
        at: Timestamp,
        order_id: OrderId,
        report: &BrokerOrder,
        changes: &mut Vec<OrderChange>,
    ) {
        let Some(order) = self.orders.get_mut(&order_id) else {
            return;
        };
        let confirmed = order
            .pending
            .is_some_and(|pending| report.quantity == pending.quantity && report.kind == Some(pending.kind));
        // A change that was given up for lost can still arrive: what works is what the broker shows, and no less than
        // that is counted.
        let late = !order.state.is_final() && report.quantity > order.largest_quantity();
        if !confirmed && !late {
            return;
        }
        if confirmed {
            order.pending = None;
        } else {
            let reason = format!("order {} is larger at the broker than it was left", order_id.0);
            changes.push(OrderChange::Ask { reason });
        }
        order.placement.quantity = report.quantity;
        order.placement.kind = report.kind.unwrap_or(order.placement.kind);
        order.changed = at;
        changes.push(OrderChange::Moved(order_id));
        changes.push(event_of(order, OrderEventKind::Replaced(report.quantity)));
    }

    /// Moves an order to where a status takes it, and tells its owner what that means.
    pub(super) fn move_to_status(
        &mut self,
        at: Timestamp,
        order_id: OrderId,
        status: BrokerStatus,
        changes: &mut Vec<OrderChange>,
    ) {
        let Some(order) = self.orders.get_mut(&order_id) else {
            return;
        };
        let Some(mut told) = order.state.after_status(status) else {
            return;
        };
        if told == OrderState::Inactive && order.refused {
            told = OrderState::Rejected;
        }
        if told.is_final() && order.promote(at) {
            changes.push(OrderChange::Moved(order_id));
            return;
        }
        // Our own wish to cancel is not undone by an acknowledgement that crossed it.
        if told == OrderState::Working && order.cancel_requested && order.state != OrderState::Unknown {
            told = OrderState::PendingCancel;
        }
        Self::enter(order, told, at, changes);
        self.settle(order_id);
    }

    /// Puts an order into a state and tells its owner, once.
    pub(super) fn enter(order: &mut Order, state: OrderState, at: Timestamp, changes: &mut Vec<OrderChange>) {
        if order.state == state {
            return;
        }
        order.state = state;
        order.changed = at;
        order.missing_since = None;
        if state.is_final() {
            order.pending = None;
        }
        changes.push(OrderChange::Moved(order.placement.order_id));
        let kind = match state {
            OrderState::Working => OrderEventKind::Working,
            OrderState::Canceled => OrderEventKind::Canceled,
            OrderState::Unknown => OrderEventKind::Unknown,
            OrderState::Rejected | OrderState::Lost => {
                let text = order.reason.clone().unwrap_or_default();
                OrderEventKind::Rejected(Rejection { code: 0, text })
            }
            OrderState::PendingNew
            | OrderState::Inactive
            | OrderState::PendingCancel
            | OrderState::Filled => return,
        };
        changes.push(event_of(order, kind));
    }

    fn apply_error(&mut self, at: Timestamp, error: &OrderError, changes: &mut Vec<OrderChange>) {
        let Some(order) = self.orders.get_mut(&error.order_id) else {
            return;
        };
        let rejection = Rejection {
            code: error.code,
            text: error.text.clone(),
        };
        let said = format!("{} {}", error.code, error.text);
        let reason = format!("order {} was refused: {said}", error.order_id.0);
        match error.meaning {
            OrderErrorMeaning::Annotation => order.reason = Some(said),
            OrderErrorMeaning::Canceled => {
                order.reason = Some(said);
                if !order.state.is_final() {
                    let reason = format!("order {} was called canceled without a status", error.order_id.0);
                    changes.push(OrderChange::Ask { reason });
                }
            }
            OrderErrorMeaning::Refused if order.pending.is_some() => {
                order.pending = None;
                order.reason = Some(said);
                order.changed = at;
                changes.push(OrderChange::Moved(error.order_id));
                changes.push(event_of(order, OrderEventKind::ReplaceRejected(rejection)));
                // What the order is now, only the broker knows.
                changes.push(OrderChange::Ask { reason });
            }
            OrderErrorMeaning::Refused => {
                Self::refuse(order, at, said, rejection, changes);
                changes.push(OrderChange::Ask { reason });
            }
            OrderErrorMeaning::CancelRefused => {
                order.reason = Some(said.clone());
                if !order.state.is_final() {
                    order.cancel_requested = false;
                    if order.state == OrderState::PendingCancel {
                        order.state = OrderState::Working;
                        changes.push(OrderChange::Moved(error.order_id));
                    }
                    changes.push(event_of(order, OrderEventKind::CancelRejected(rejection)));
                    if order.lived_twice {
                        changes.push(Self::beyond_reach(order));
                    }
                    changes.push(OrderChange::Ask { reason: said });
                }
            }
            OrderErrorMeaning::Ask => {
                order.reason = Some(said.clone());
                changes.push(OrderChange::Ask { reason: said });
            }
        }
        self.settle(error.order_id);
    }

    /// IB takes the order id for a life that has ended, and the other lives on: we have no handle to it.
    fn beyond_reach(order: &Order) -> OrderChange {
        OrderChange::Alarm {
            name: "incarnation_unreachable",
            text: format!(
                "order {} ({}) lives on as {} and cannot be canceled by its order id: cancel it in TWS",
                order.placement.order_id.0, order.placement.order_ref, order.perm_id
            ),
        }
    }

    /// A refusal ends an order that was never acknowledged; for a live one the status that follows decides.
    fn refuse(
        order: &mut Order,
        at: Timestamp,
        said: String,
        rejection: Rejection,
        changes: &mut Vec<OrderChange>,
    ) {
        order.refused = true;
        order.reason = Some(said);
        let unanswered = matches!(order.state, OrderState::PendingNew | OrderState::Unknown);
        if unanswered || order.state == OrderState::Inactive {
            order.state = OrderState::Rejected;
            order.changed = at;
            order.pending = None;
            changes.push(OrderChange::Moved(order.placement.order_id));
            changes.push(event_of(order, OrderEventKind::Rejected(rejection)));
        }
    }

    pub(super) fn learn_perm_id(&mut self, order_id: OrderId, perm_id: i64) {
        if perm_id == 0 {
            return;
        }
        if let Some(order) = self.orders.get_mut(&order_id) {
            order.perm_id = perm_id;
            self.by_perm_id.insert(perm_id, order_id);
        }
    }

    /// Keeps the broker's word on an order. A refusal's error has said more already: its code.
    pub(super) fn note(&mut self, order_id: OrderId, reason: &str) {
        if let Some(order) = self.orders.get_mut(&order_id).filter(|order| !order.refused) {
            order.reason = Some(reason.to_owned());
        }
    }
}
