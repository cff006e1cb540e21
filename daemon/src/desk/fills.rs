//! Fills, their corrections and their costs: recorded, counted for their owner, shown, told.

use crate::domain::instrument::InstrumentId;
use crate::domain::money::{Money, Quantity};
use crate::domain::plugin::PluginId;
use crate::domain::report::{Commission, Execution};
use crate::domain::time::Timestamp;
use crate::orders::event::{OrderEvent, OrderEventKind};
use crate::orders::family;
use crate::portfolio::PortfolioFill;

use super::Desk;
use super::effect::{Effect, Notice};
use super::record::{ExecutionRecord, Record};
use super::snapshot::FillRow;

/// Fills kept for people to look at; the ledger has them all.
const FILLS_SHOWN: usize = 500;

impl Desk {
    pub(super) fn filled(
        &mut self,
        at: Timestamp,
        execution: Execution,
        owner: Option<PluginId>,
        owner_name: String,
        effects: &mut Vec<Effect>,
    ) {
        self.tell_external_fill(&execution, owner, effects);
        if let Some(instrument) = execution.instrument {
            let before = self.portfolio.account_net(instrument);
            let plugin = owner.unwrap_or(PluginId::EXTERNAL);
            self.portfolio.apply_fill(PortfolioFill {
                plugin,
                instrument,
                side: execution.side,
                size: execution.size,
                price: execution.price,
                multiplier: self.multiplier(instrument),
                at,
            });
            self.count_recent(&execution.exec_id, instrument, before);
            if plugin != PluginId::EXTERNAL {
                self.tally(plugin).fills += 1;
            }
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

    /// A fill has another size or price than was counted: everything that follows from it is counted again.
    pub(super) fn corrected(
        &mut self,
        execution: Execution,
        owner: Option<(PluginId, InstrumentId)>,
        owner_name: String,
        effects: &mut Vec<Effect>,
    ) {
        if let Some((plugin, instrument)) = owner {
            let before = self.portfolio.account_net(instrument);
            self.recount(plugin, instrument);
            self.count_recent(&execution.exec_id, instrument, before);
        }
        let same = |row: &&mut FillRow| family(&row.execution.exec_id).0 == family(&execution.exec_id).0;
        if let Some(row) = self.fills.iter_mut().rev().find(same) {
            row.execution = execution.clone();
        }
        let record = ExecutionRecord {
            execution,
            plugin: owner_name,
        };
        effects.push(Effect::Record(Record::Executed(record)));
    }

    /// What one owner holds in one instrument, from its fills as they count now.
    pub(super) fn recount(&mut self, plugin: PluginId, instrument: InstrumentId) {
        let fills = self.orders.counted_fills(plugin, instrument);
        let multiplier = self.multiplier(instrument);
        self.portfolio.recount(plugin, instrument, multiplier, &fills);
    }

    /// An instrument's multiplier has become known: what was counted before is counted again with it.
    pub(super) fn recount_all(&mut self, instrument: InstrumentId) {
        let holders = self.portfolio.positions();
        let holders = holders.filter(|(_, held, _)| *held == instrument);
        let holders: Vec<PluginId> = holders.map(|(plugin, _, _)| plugin).collect();
        for plugin in holders {
            self.recount(plugin, instrument);
        }
    }

    fn multiplier(&self, instrument: InstrumentId) -> Quantity {
        let known = self.instruments.get(instrument.index());
        known.map_or(Quantity::ONE, |known| known.multiplier)
    }

    /// A cost came, or came again with another amount; `at` is when its fill was learned of.
    pub(super) fn charged(
        &mut self,
        commission: &Commission,
        owner: Option<(PluginId, InstrumentId)>,
        more: Money,
        at: Timestamp,
        effects: &mut Vec<Effect>,
    ) {
        let same = |row: &&mut FillRow| family(&row.execution.exec_id).0 == family(&commission.exec_id).0;
        let mut order_id = None;
        if let Some(row) = self.fills.iter_mut().rev().find(same) {
            row.commission = Some(commission.amount);
            order_id = Some(row.execution.order_id);
        }
        effects.push(Effect::Record(Record::Commissioned(commission.clone())));
        let Some((plugin, instrument)) = owner else { return };
        self.portfolio.apply_fee(plugin, instrument, more, at);
        if let Some(order) = order_id.and_then(|order_id| self.orders.get(order_id))
            && order.placement.plugin == plugin
        {
            let event = OrderEvent {
                client_order_id: order.placement.client_order_id,
                tag: order.placement.tag,
                kind: OrderEventKind::Commissioned(more),
            };
            effects.push(Effect::Notify {
                plugin,
                notice: Notice::Order(event),
            });
        }
    }
}
