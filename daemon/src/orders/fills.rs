//! Executions and what they cost: each counts once, for whoever's order it filled, in whichever order they come.

use crate::domain::instrument::InstrumentId;
use crate::domain::money::Quantity;
use crate::domain::order::OrderId;
use crate::domain::plugin::PluginId;
use crate::domain::report::{Commission, Execution};
use crate::domain::time::Timestamp;

use super::event::{Fill, OrderEventKind};
use super::executions::{Cost, Novelty, Replaced};
use super::incarnations::{Incarnation, Life};
use super::lifecycle::OrderState;
use super::order::Order;
use super::{OrderChange, OrderManager, event_of, ids};

/// Executions without an owner that are held back at most; beyond that the oldest counts as done elsewhere.
const PARKED_KEPT: usize = 1_024;

/// Whose a fill is: the plugin, its name, the instrument.
type Attribution = Option<(PluginId, String, InstrumentId)>;

impl OrderManager {
    /// A fill is a fact whatever state its order is in, and counts once. One that our client id made and that names no
    /// order we know is held back until the broker's truth has told whose it is.
    pub(super) fn apply_execution(
        &mut self,
        at: Timestamp,
        execution: &Execution,
        changes: &mut Vec<OrderChange>,
    ) {
        let order_id = self.order_of(execution);
        let nameless = execution.order_ref.is_empty() && execution.client_id == self.client_id;
        if order_id.is_none() && nameless && !self.executions.knows(&execution.exec_id) {
            let same = |parked: &Execution| parked.exec_id == execution.exec_id;
            if !self.parked.iter().any(same) {
                self.parked.push_back(execution.clone());
                let reason = format!("execution {} names no order we know", execution.exec_id);
                changes.push(OrderChange::Ask { reason });
            }
            if self.parked.len() > PARKED_KEPT
                && let Some(oldest) = self.parked.pop_front()
            {
                self.count_execution(at, &oldest, None, changes);
            }
            return;
        }
        self.count_execution(at, execution, order_id, changes);
    }

    /// Counts what was held back and has found its order since; all of it once the truth was read whole. Returns those
    /// that found none.
    pub(super) fn unpark(
        &mut self,
        at: Timestamp,
        whole: bool,
        changes: &mut Vec<OrderChange>,
    ) -> Vec<Execution> {
        let mut unattributed = Vec::new();
        for execution in std::mem::take(&mut self.parked) {
            match self.order_of(&execution) {
                None if !whole => self.parked.push_back(execution),
                None => {
                    self.count_execution(at, &execution, None, changes);
                    unattributed.push(execution);
                }
                order_id => self.count_execution(at, &execution, order_id, changes),
            }
        }
        unattributed
    }

    fn count_execution(
        &mut self,
        at: Timestamp,
        execution: &Execution,
        order_id: Option<OrderId>,
        changes: &mut Vec<OrderChange>,
    ) {
        let owner = self.attribution(execution, order_id);
        let elsewhere = execution.instrument.map(|id| (PluginId::EXTERNAL, id));
        let key = owner.as_ref().map(|(plugin, _, id)| (*plugin, *id)).or(elsewhere);
        match self.executions.fill(execution, key, at) {
            Novelty::Repeated => {}
            Novelty::Correction(replaced) => self.correct(at, execution, order_id, replaced, owner, changes),
            Novelty::New(early) => {
                let plugin = owner.as_ref().map(|(plugin, _, _)| *plugin);
                changes.push(OrderChange::Filled {
                    execution: execution.clone(),
                    owner: plugin,
                    owner_name: owner.map(|(_, name, _)| name).unwrap_or_default(),
                });
                if let Some(order_id) = order_id {
                    self.count_fill(at, order_id, execution, changes);
                }
                if let Some(commission) = early {
                    self.apply_commission(&commission, changes);
                }
            }
        }
    }

    /// The ledger may have lost the order but the broker's reference still names whose it was.
    fn attribution(&self, execution: &Execution, order_id: Option<OrderId>) -> Attribution {
        let order = order_id.and_then(|id| self.orders.get(&id));
        if let Some(order) = order {
            let placement = &order.placement;
            return Some((
                placement.plugin,
                placement.plugin_name.clone(),
                placement.instrument,
            ));
        }
        let (name, _) = ids::parse_order_ref(&execution.order_ref)?;
        Some((self.names.id(name), name.to_owned(), execution.instrument?))
    }

    fn order_of(&self, execution: &Execution) -> Option<OrderId> {
        if let Some((_, client_order_id)) = ids::parse_order_ref(&execution.order_ref) {
            return self.by_client_order_id.get(&client_order_id).copied();
        }
        if let Some(order_id) = self.by_perm_id.get(&execution.perm_id) {
            return Some(*order_id);
        }
        let ours = execution.client_id == self.client_id && execution.order_ref.is_empty();
        let order = self.orders.get(&execution.order_id).filter(|_| ours)?;
        // An id can be given out again after the gateway's counter went back: another permanent id is another order.
        let same = order.perm_id == 0 || execution.perm_id == 0 || order.perm_id == execution.perm_id;
        same.then_some(execution.order_id)
    }

    fn count_fill(
        &mut self,
        at: Timestamp,
        order_id: OrderId,
        execution: &Execution,
        changes: &mut Vec<OrderChange>,
    ) {
        let life = Incarnation {
            order_id: execution.order_id,
            perm_id: execution.perm_id,
            quantity: execution.cumulative,
            kind: None,
            executed: Quantity::ZERO,
            alive: true,
        };
        let (life, new) = self.life(order_id, execution.perm_id, life);
        if new {
            self.tell_conflict(order_id, execution.perm_id, changes);
        }
        let Some(order) = self.orders.get_mut(&order_id) else {
            return;
        };
        order.executed = order.executed.plus(execution.size);
        order.changed = at;
        if let Life::Other(place) = life
            && let Some(other) = order.others.get_mut(place)
        {
            if !new {
                other.executed = other.executed.plus(execution.size);
            }
            other.alive &= other.executed < other.quantity || new;
        }
        Self::follow_fills(order, at, changes);
        changes.push(OrderChange::Moved(order_id));
        let fill = Fill {
            instrument: order.placement.instrument,
            side: order.placement.side,
            price: execution.price,
            size: execution.size,
            cumulative: order.executed,
            leaves: order.leaves(),
        };
        changes.push(event_of(order, OrderEventKind::Filled(fill)));
        self.settle(order_id);
    }

    /// Where the fills leave an order.
    fn follow_fills(order: &mut Order, at: Timestamp, changes: &mut Vec<OrderChange>) {
        let total = order.placement.quantity;
        let executed = order.own_executed();
        if executed > order.largest_quantity() {
            changes.push(OrderChange::Alarm {
                name: "order_overfilled",
                text: format!(
                    "order {} of {total} has {executed} in executions: all are counted; compare with the broker's \
                     statement",
                    order.placement.order_id.0
                ),
            });
        }
        if executed >= total && order.pending.is_none() {
            if !order.promote(at) {
                order.state = OrderState::Filled;
            }
        } else if matches!(
            order.state,
            OrderState::PendingNew | OrderState::Unknown | OrderState::Lost
        ) {
            Self::enter(order, OrderState::Working, at, changes);
        }
    }

    /// The exchange changed a fill after the fact: the new version takes the place of the old one everywhere.
    fn correct(
        &mut self,
        at: Timestamp,
        execution: &Execution,
        order_id: Option<OrderId>,
        replaced: Replaced,
        owner: Attribution,
        changes: &mut Vec<OrderChange>,
    ) {
        let ours = |(plugin, _): &(PluginId, InstrumentId)| {
            let named = *plugin != PluginId::EXTERNAL && *plugin != PluginId::GONE;
            named.then(|| self.names.plugin(*plugin).to_owned())
        };
        let name = owner.map(|(_, name, _)| name);
        let name = name.or_else(|| replaced.owner.as_ref().and_then(ours));
        let order_id = order_id.or(name.is_some().then_some(replaced.order_id));
        changes.push(OrderChange::Corrected {
            execution: execution.clone(),
            owner: replaced.owner,
            owner_name: name.unwrap_or_default(),
        });
        changes.push(OrderChange::Alarm {
            name: "execution_corrected",
            text: format!(
                "the exchange corrected fill {} of order {}: {} {} at {} takes the place of {}; positions, profit and \
                 the order follow",
                execution.exec_id,
                execution.order_id.0,
                execution.side.as_str(),
                execution.size,
                execution.price,
                replaced.size
            ),
        });
        let order = order_id.and_then(|order_id| self.orders.get_mut(&order_id));
        let Some(order) = order.filter(|_| execution.size != replaced.size) else {
            return;
        };
        let more = execution.size.minus(replaced.size);
        order.executed = order.executed.plus(more);
        if let Some(other) = order
            .others
            .iter_mut()
            .find(|other| other.perm_id == execution.perm_id)
        {
            other.executed = other.executed.plus(more);
        }
        // What was taken back does not come to market again.
        order.busted = Quantity::from_nanos(order.busted.minus(more).nanos().max(0));
        order.changed = at;
        let order_id = order.placement.order_id;
        if order.own_executed() >= order.placement.quantity && order.pending.is_none() {
            order.state = OrderState::Filled;
        }
        changes.push(OrderChange::Moved(order_id));
        self.settle(order_id);
    }

    pub(super) fn apply_commission(&mut self, commission: &Commission, changes: &mut Vec<OrderChange>) {
        if let Some(Cost { owner, more, at }) = self.executions.commission(commission) {
            changes.push(OrderChange::Charged {
                commission: commission.clone(),
                owner,
                more,
                at,
            });
        }
    }
}
