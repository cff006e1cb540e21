//! Start is recovery: a desk is made from what the ledger remembers, and proves the rest.

use std::collections::{BTreeMap, VecDeque};

use crate::domain::money::Quantity;
use crate::domain::plugin::{Names, PluginId};
use crate::domain::report::Execution;
use crate::domain::time::Timestamp;
use crate::domain::trading_state::TradingState;
use crate::market::Market;
use crate::orders::OrderManager;
use crate::orders::order::Order;
use crate::portfolio::{Portfolio, PortfolioFill};
use crate::risk::RiskChain;

use super::compare::Comparison;
use super::flatten::Flattening;
use super::record::{Memory, RememberedExecution, RememberedOrder};
use super::session::TruthReading;
use super::trading_state::Conditions;
use super::{Desk, Setup};

impl Desk {
    /// A desk that remembers. It is Recovering until a session proves the broker's truth, or Halted as it was left.
    pub fn new(setup: Setup, memory: Memory, at: Timestamp) -> Self {
        let names = Names::new(setup.plugins);
        let risk = RiskChain::new(&setup.limits, &setup.grants);
        let (latch, latch_reason) = memory.latch.unwrap_or_default();
        let conditions = Conditions {
            latch,
            ledger_writable: true,
            upstream: true,
            ..Conditions::default()
        };
        let mut desk = Desk {
            market: Market::new(setup.instruments.len()),
            subscriptions: vec![Vec::new(); setup.instruments.len()],
            instruments: setup.instruments,
            orders: OrderManager::new(names.clone(), memory.highest_order_id),
            names,
            grants: setup.grants,
            limits: setup.limits,
            risk_plugins: setup.risk_plugins,
            portfolio: Portfolio::default(),
            risk,
            reviewing: BTreeMap::new(),
            conditions,
            told: TradingState::Draining,
            latch_reason,
            truth: TruthReading::default(),
            flattening: Flattening::default(),
            reconciled_at: None,
            broker_positions: Vec::new(),
            external_orders: 0,
            comparison: Comparison::default(),
            policy: setup.policy,
            account: Vec::new(),
            fills: VecDeque::new(),
            tallies: BTreeMap::new(),
            ticks: 0,
            ledger_reason: String::new(),
            unproved: Vec::new(),
            restraints: Vec::new(),
        };
        desk.orders.set_lost_after(desk.policy.reconciliation.settle());
        desk.told = desk.conditions.state();
        for plugin in desk.names.ids() {
            desk.tally(plugin);
        }
        for order in memory.open_orders {
            desk.restore_order(order, at);
        }
        for held in memory.positions {
            let known = desk.instruments.get(held.instrument.index());
            let multiplier = known.map_or(Quantity::ONE, |known| known.multiplier);
            let owner = match held.plugin.as_str() {
                "" => PluginId::EXTERNAL,
                name => desk.names.id(name),
            };
            desk.portfolio
                .restore(owner, held.instrument, held.position, multiplier);
        }
        for execution in memory.executions {
            desk.restore_execution(&execution);
        }
        for accepted in memory.accepted {
            desk.comparison.restore(accepted);
        }
        desk
    }

    /// Remembers a fill that the start did not read, because it was added up: told again, it is known. It is nobody's in
    /// nothing here, so that it is not counted beside the sum that has it.
    pub fn recall(&mut self, remembered: &RememberedExecution) {
        let counted = Execution {
            instrument: None,
            ..remembered.record.execution.clone()
        };
        let (cost, at) = (remembered.commission, remembered.recorded);
        self.orders
            .restore_execution(&counted, cost, PluginId::EXTERNAL, at);
    }

    fn restore_order(&mut self, remembered: RememberedOrder, at: Timestamp) {
        let order = Order {
            state: remembered.state,
            executed: remembered.filled,
            perm_id: remembered.perm_id,
            cancel_requested: remembered.cancel_requested,
            ..Order::new(remembered.placement, at)
        };
        self.orders.restore(order);
    }

    fn restore_execution(&mut self, remembered: &RememberedExecution) {
        let execution = &remembered.record.execution;
        let plugin = match remembered.record.plugin.as_str() {
            "" => PluginId::EXTERNAL,
            name => self.names.id(name),
        };
        self.orders
            .restore_execution(execution, remembered.commission, plugin, remembered.recorded);
        let Some(instrument) = execution.instrument else {
            return;
        };
        let Some(known) = self.instruments.get(instrument.index()) else {
            return;
        };
        self.portfolio.apply_fill(PortfolioFill {
            plugin,
            instrument,
            side: execution.side,
            size: execution.size,
            price: execution.price,
            multiplier: known.multiplier,
            at: remembered.recorded,
        });
        if let Some(fee) = remembered.commission {
            self.portfolio
                .apply_fee(plugin, instrument, fee, remembered.recorded);
        }
    }
}
