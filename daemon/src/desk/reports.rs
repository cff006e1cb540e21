//! The way back: from what the broker reports to what is recorded, counted and told.

use crate::domain::instrument::InstrumentId;
use crate::domain::money::Money;
use crate::domain::order::OrderId;
use crate::domain::plugin::PluginId;
use crate::domain::report::{BrokerReport, Commission, Execution};
use crate::domain::time::Timestamp;
use crate::orders::OrderChange;
use crate::orders::event::{OrderEvent, OrderEventKind};
use crate::portfolio::PortfolioFill;
use crate::risk::denial::DenialCode;

use super::Desk;
use super::effect::{Effect, Notice};
use super::record::{ExecutionRecord, OrderStateRecord, Record};
use super::snapshot::FillRow;

/// Fills kept for people to look at; the ledger has them all.
const FILLS_SHOWN: usize = 500;

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
        self.ask_truth(at, format!("a write for order {} failed", order_id.0), effects);
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
    pub(super) fn perform(&mut self, at: Timestamp, changes: Vec<OrderChange>, effects: &mut Vec<Effect>) {
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
                    owner_name,
                } => {
                    let record = ExecutionRecord {
                        execution,
                        plugin: owner_name,
                    };
                    effects.push(Effect::Record(Record::Executed(record)));
                }
                OrderChange::Charged { commission, owner } => self.charged(at, commission, owner, effects),
                OrderChange::Adopted(order_id) => {
                    if let Some(order) = self.orders.get(order_id) {
                        effects.push(Effect::Record(Record::Placed(order.placement.clone())));
                    }
                    self.record_state(order_id, effects);
                }
                OrderChange::Ask { reason } => self.ask_truth(at, reason, effects),
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

    fn filled(
        &mut self,
        at: Timestamp,
        execution: Execution,
        owner: Option<PluginId>,
        owner_name: String,
        effects: &mut Vec<Effect>,
    ) {
        if let (Some(plugin), Some(instrument)) = (owner, execution.instrument) {
            let multiplier = self
                .instruments
                .get(instrument.index())
                .map(|known| known.multiplier);
            self.portfolio.apply_fill(PortfolioFill {
                plugin,
                instrument,
                side: execution.side,
                size: execution.size,
                price: execution.price,
                multiplier: multiplier.unwrap_or(crate::domain::money::Quantity::ONE),
                at,
            });
            self.tally(plugin).fills += 1;
        }
        let record = ExecutionRecord {
            execution: execution.clone(),
            plugin: owner_name.clone(),
        };
        effects.push(Effect::Record(Record::Executed(record)));
        if self.fills.len() >= FILLS_SHOWN {
            self.fills.pop_front();
        }
        self.fills.push_back(FillRow {
            execution,
            plugin: owner_name,
            commission: None,
            at,
        });
    }

    fn charged(
        &mut self,
        at: Timestamp,
        commission: Commission,
        owner: Option<(PluginId, InstrumentId)>,
        effects: &mut Vec<Effect>,
    ) {
        let shown = self
            .fills
            .iter_mut()
            .rev()
            .find(|row| row.execution.exec_id == commission.exec_id);
        let mut order_id = None;
        if let Some(row) = shown {
            row.commission = Some(commission.amount);
            order_id = Some(row.execution.order_id);
        }
        effects.push(Effect::Record(Record::Commissioned(commission.clone())));
        let Some((plugin, instrument)) = owner else { return };
        self.portfolio
            .apply_fee(plugin, instrument, commission.amount, at);
        if let Some(order) = order_id.and_then(|order_id| self.orders.get(order_id)) {
            let placement = &order.placement;
            let kind = OrderEventKind::Commissioned(commission.amount);
            let event = OrderEvent {
                client_order_id: placement.client_order_id,
                tag: placement.tag,
                kind,
            };
            effects.push(Effect::Notify {
                plugin: placement.plugin,
                notice: Notice::Order(event),
            });
        }
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
