//! The way back: from what the broker reports to what is recorded, counted and told.

use crate::domain::money::Money;
use crate::domain::order::OrderId;
use crate::domain::plugin::PluginId;
use crate::domain::report::BrokerReport;
use crate::domain::time::Timestamp;
use crate::orders::OrderChange;
use crate::risk::denial::DenialCode;

use super::Desk;
use super::effect::{Effect, Notice};
use super::record::{OrderStateRecord, Record};
use super::session::Cause;

impl Desk {
    pub(super) fn report(&mut self, at: Timestamp, report: &BrokerReport, effects: &mut Vec<Effect>) {
        let changes = self.orders.apply(at, report);
        self.perform(at, changes, effects);
        self.flatten(at, effects);
    }

    pub(super) fn write_failed(
        &mut self,
        at: Timestamp,
        order_id: OrderId,
        reason: &str,
        effects: &mut Vec<Effect>,
    ) {
        let mut changes = Vec::new();
        self.orders.write_failed(at, order_id, reason, &mut changes);
        self.perform(at, changes, effects);
        self.ask_truth(
            at,
            Cause::Orders,
            format!("a write for order {} failed", order_id.0),
            effects,
        );
    }

    pub(super) fn not_sent(
        &mut self,
        at: Timestamp,
        order_id: OrderId,
        code: DenialCode,
        effects: &mut Vec<Effect>,
    ) {
        let changes = self.orders.not_sent(at, order_id, code);
        self.perform(at, changes, effects);
    }

    /// Records, counts and tells what the orders say has changed.
    pub(super) fn perform(
        &mut self,
        at: Timestamp,
        mut changes: Vec<OrderChange>,
        effects: &mut Vec<Effect>,
    ) {
        // A correction counts all fills of its owner anew, the new ones among these changes too, so it comes after them.
        changes.sort_by_key(|change| matches!(change, OrderChange::Corrected { .. }));
        for change in changes {
            match change {
                OrderChange::Moved(order_id) => self.record_state(order_id, effects),
                OrderChange::Told { plugin, event } => {
                    effects.push(Effect::Notify {
                        plugin,
                        notice: Notice::Order(event),
                    });
                }
                OrderChange::Filled {
                    execution,
                    owner,
                    owner_name,
                } => {
                    self.filled(at, execution, owner, owner_name, effects);
                }
                OrderChange::Corrected {
                    execution,
                    owner,
                    owner_name,
                } => self.corrected(execution, owner, owner_name, effects),
                OrderChange::Charged {
                    commission,
                    owner,
                    more,
                    at,
                } => self.charged(&commission, owner, more, at, effects),
                OrderChange::Adopted(order_id) => {
                    if let Some(order) = self.orders.get(order_id) {
                        effects.push(Effect::Record(Record::Placed(order.placement.clone())));
                    }
                    self.record_state(order_id, effects);
                }
                OrderChange::Ask { reason } => self.ask_truth(at, Cause::Orders, reason, effects),
                OrderChange::Alarm { name, text } => effects.push(Effect::Alarm { name, text }),
            }
        }
    }

    fn record_state(&self, order_id: OrderId, effects: &mut Vec<Effect>) {
        let Some(order) = self.orders.get(order_id) else {
            return;
        };
        effects.push(Effect::Record(Record::OrderState(OrderStateRecord {
            order_id,
            state: order.state,
            filled: order.executed,
            perm_id: order.perm_id,
            reason: order.reason.clone(),
        })));
    }

    /// Realized profit of the day less fees, and what is unrealized now.
    pub(super) fn day_pnl(&self, plugin: PluginId, at: Timestamp) -> Money {
        self.portfolio
            .day_profit(plugin, at)
            .plus(self.unrealized(plugin))
    }

    /// Realized profit since the ledger began less fees, and what is unrealized now.
    pub(super) fn total_pnl(&self, plugin: PluginId) -> Money {
        let own = self
            .portfolio
            .positions()
            .filter(|(owner, _, _)| *owner == plugin);
        let settled = own.fold(Money::ZERO, |sum, (_, _, position)| {
            sum.plus(position.realized).minus(position.fees)
        });
        settled.plus(self.unrealized(plugin))
    }

    fn unrealized(&self, plugin: PluginId) -> Money {
        let own = self
            .portfolio
            .positions()
            .filter(|(owner, _, _)| *owner == plugin);
        let values = own.filter_map(|(_, instrument, position)| {
            let mid = self.market.quote(instrument)?.mid()?;
            Some(position.unrealized(mid, self.instruments.get(instrument.index())?.multiplier))
        });
        values.fold(Money::ZERO, Money::plus)
    }
}
