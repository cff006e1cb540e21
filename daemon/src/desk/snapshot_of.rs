//! Taking the copy that others see.

use crate::domain::quote::Quote;
use crate::domain::time::Timestamp;
use crate::orders::order::Order;

use super::Desk;
use super::snapshot::{OrderRow, PositionRow, Snapshot};

/// Ended orders shown beside the live ones; the ledger has them all.
const ENDED_SHOWN: usize = 200;

impl Desk {
    /// The desk as it is now.
    pub fn snapshot(&self, at: Timestamp) -> Snapshot {
        let quote_of = |instrument: &crate::domain::instrument::Instrument| {
            self.market
                .quote(instrument.id)
                .copied()
                .unwrap_or(Quote::empty(instrument.id))
        };
        let mut orders: Vec<OrderRow> = self.orders.ended(ENDED_SHOWN).map(row_of).collect();
        orders.extend(self.orders.unsettled_orders().map(row_of));
        orders.sort_by_key(|row| row.placement.order_id);
        Snapshot {
            at,
            trading_state: self.conditions.state(),
            reasons: self.state_reasons(),
            ledger_error: match self.conditions.ledger_writable {
                true => String::new(),
                false => self.ledger_reason.clone(),
            },
            latch: self.conditions.latch,
            latch_reason: self.latch_reason.clone(),
            reconciled_at: self.reconciled_at,
            instruments: self
                .instruments
                .iter()
                .map(|known| (known.clone(), quote_of(known)))
                .collect(),
            orders,
            fills: self.fills.iter().cloned().collect(),
            positions: self.position_rows(),
            broker_positions: self.broker_positions.clone(),
            external_orders: self.external_orders,
            external: self.comparison.external.clone(),
            discrepancies: self.comparison.register.rows().cloned().collect(),
            incarnation_conflicts: self.orders.conflicts(),
            fills_recovered: self.comparison.recovered,
            account: self.account.clone(),
            plugins: self.tally_rows(at),
            ticks: self.ticks,
        }
    }

    fn position_rows(&self) -> Vec<PositionRow> {
        let rows = self.portfolio.positions().map(|(plugin, instrument, position)| {
            let mid = self.market.quote(instrument).and_then(Quote::mid);
            let known = self.instruments.get(instrument.index());
            PositionRow {
                plugin: self.names.plugin(plugin).to_owned(),
                instrument,
                position: *position,
                unrealized: mid
                    .zip(known)
                    .map(|(mid, known)| position.unrealized(mid, known.multiplier)),
                fills_without_commission: self.orders.uncommissioned(plugin, instrument),
            }
        });
        rows.collect()
    }

    fn tally_rows(&self, at: Timestamp) -> std::collections::BTreeMap<String, super::snapshot::PluginTally> {
        let rows = self.tallies.iter().map(|(plugin, tally)| {
            let mut tally = tally.clone();
            tally.day_pnl = self.day_pnl(*plugin, at);
            tally.total_pnl = self.total_pnl(*plugin);
            let held = self.portfolio.positions().filter(|(owner, _, _)| owner == plugin);
            let waiting = held.map(|(owner, instrument, _)| self.orders.uncommissioned(owner, instrument));
            tally.fills_without_commission = waiting.sum();
            (self.names.plugin(*plugin).to_owned(), tally)
        });
        rows.collect()
    }
}

fn row_of(order: &Order) -> OrderRow {
    OrderRow {
        placement: order.placement.clone(),
        state: order.state,
        filled: order.executed,
        perm_id: order.perm_id,
        reason: order.reason.clone(),
        accepted: order.accepted,
        changed: order.changed,
    }
}
