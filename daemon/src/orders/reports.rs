//! What the broker's stream of reports does to our orders. Reports come in any order and more than once.

use crate::domain::money::Quantity;
use crate::domain::order::OrderId;
use crate::domain::report::{
    BrokerOrder, BrokerReport, BrokerStatus, Commission, Execution, OrderError, OrderErrorMeaning,
    StatusReport,
};
use crate::domain::time::Timestamp;

use super::event::{Fill, OrderEventKind, Rejection};
use super::executions::Novelty;
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
        let known = self.orders.contains_key(&report.order_id);
        let by_perm_id = self.by_perm_id.get(&report.perm_id).copied();
        let order_id = if known { Some(report.order_id) } else { by_perm_id };
        if let Some(order_id) = order_id {
            self.learn_perm_id(order_id, report.perm_id);
            self.move_to_status(at, order_id, report.status, changes);
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
        self.learn_perm_id(order_id, report.perm_id);
        if let Some(reason) = &report.reason {
            self.note(order_id, reason);
        }
        self.confirm_amendment(at, order_id, report, changes);
        self.move_to_status(at, order_id, report.status, changes);
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
        let Some(pending) = order.pending else { return };
        if report.quantity == pending.quantity && report.kind == Some(pending.kind) {
            order.pending = None;
            order.placement.quantity = pending.quantity;
            order.placement.kind = pending.kind;
            order.changed = at;
            changes.push(OrderChange::Moved(order_id));
            changes.push(event_of(order, OrderEventKind::Replaced(pending.quantity)));
        }
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

    /// A fill is a fact whatever state its order is in, and counts once.
    pub(super) fn apply_execution(
        &mut self,
        at: Timestamp,
        execution: &Execution,
        changes: &mut Vec<OrderChange>,
    ) {
        let order_id = self.order_of(execution);
        let owner = order_id.and_then(|id| self.orders.get(&id)).map(|order| {
            let placement = &order.placement;
            (
                placement.plugin,
                placement.plugin_name.clone(),
                placement.instrument,
            )
        });
        // The ledger may have lost the order but the broker's reference still names whose it was.
        let owner = owner.or_else(|| {
            let (name, _) = ids::parse_order_ref(&execution.order_ref)?;
            Some((self.names.id(name), name.to_owned(), execution.instrument?))
        });
        let key = owner
            .as_ref()
            .map(|(plugin, _, instrument)| (*plugin, *instrument));
        let early = match self.executions.fill(execution, key) {
            Novelty::Repeated => return,
            Novelty::New(early) => early,
            Novelty::Correction => {
                let owner_name = owner.map(|(_, name, _)| name).unwrap_or_default();
                changes.push(OrderChange::Corrected {
                    execution: execution.clone(),
                    owner_name,
                });
                changes.push(OrderChange::Alarm {
                    name: "execution_corrected",
                    text: format!(
                        "the exchange corrected fill {} of order {}: positions and profit count the first                          version until the next start",
                        execution.exec_id, execution.order_id.0
                    ),
                });
                return;
            }
        };
        let owner_name = owner.map(|(_, name, _)| name).unwrap_or_default();
        let fill = execution.clone();
        changes.push(OrderChange::Filled {
            execution: fill,
            owner: key.map(|(plugin, _)| plugin),
            owner_name,
        });
        if let Some(order_id) = order_id {
            self.count_fill(at, order_id, execution, changes);
        }
        if let Some(commission) = early {
            changes.push(OrderChange::Charged {
                commission,
                owner: key,
            });
        }
    }

    fn order_of(&self, execution: &Execution) -> Option<OrderId> {
        if let Some((_, client_order_id)) = ids::parse_order_ref(&execution.order_ref) {
            return self.by_client_order_id.get(&client_order_id).copied();
        }
        let ours = execution.client_id == self.client_id && execution.order_ref.is_empty();
        let by_id = self.orders.contains_key(&execution.order_id) && ours;
        by_id
            .then_some(execution.order_id)
            .or_else(|| self.by_perm_id.get(&execution.perm_id).copied())
    }

    fn count_fill(
        &mut self,
        at: Timestamp,
        order_id: OrderId,
        execution: &Execution,
        changes: &mut Vec<OrderChange>,
    ) {
        let Some(order) = self.orders.get_mut(&order_id) else {
            return;
        };
        order.executed = order.executed.plus(execution.size);
        order.changed = at;
        let leaves = Quantity::from_nanos(order.placement.quantity.minus(order.executed).nanos().max(0));
        if order.executed >= order.placement.quantity && order.pending.is_none() {
            order.state = OrderState::Filled;
        } else if matches!(
            order.state,
            OrderState::PendingNew | OrderState::Unknown | OrderState::Lost
        ) {
            Self::enter(order, OrderState::Working, at, changes);
        }
        changes.push(OrderChange::Moved(order_id));
        let fill = Fill {
            instrument: order.placement.instrument,
            side: order.placement.side,
            price: execution.price,
            size: execution.size,
            cumulative: order.executed,
            leaves,
        };
        changes.push(event_of(order, OrderEventKind::Filled(fill)));
        self.settle(order_id);
    }

    pub(super) fn apply_commission(&mut self, commission: &Commission, changes: &mut Vec<OrderChange>) {
        if let Some(owner) = self.executions.commission(commission) {
            changes.push(OrderChange::Charged {
                commission: commission.clone(),
                owner,
            });
        }
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
            }
            OrderErrorMeaning::Refused => Self::refuse(order, at, said, rejection, changes),
            OrderErrorMeaning::CancelRefused => {
                order.reason = Some(said.clone());
                if !order.state.is_final() {
                    order.cancel_requested = false;
                    if order.state == OrderState::PendingCancel {
                        order.state = OrderState::Working;
                        changes.push(OrderChange::Moved(error.order_id));
                    }
                    changes.push(event_of(order, OrderEventKind::CancelRejected(rejection)));
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
