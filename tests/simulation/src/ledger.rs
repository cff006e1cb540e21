//! The ledger without a file: the same records in, the same memory out. A test holds it against the real one.
//!
//! Beside what the daemon would find at its next start it keeps the sums of the fills, so that the checks need not
//! add them up after every event.

use std::collections::BTreeMap;

use moored::desk::record::{
    AcceptedRecord, ExecutionRecord, Memory, Record, RememberedExecution, RememberedOrder,
};
use moored::domain::money::Money;
use moored::domain::order::{ClientOrderId, OrderId};
use moored::domain::plugin::Names;
use moored::domain::time::Timestamp;
use moored::domain::trading_state::Latch;
use moored::orders::lifecycle::OrderState;

use crate::broker::{family, words};

/// After which an order that is called filled and is not is left alone; the real ledger's figure.
const UNSETTLED_NANOS: u64 = 24 * 60 * 60 * 1_000_000_000;

#[derive(Debug, Clone)]
struct OrderRow {
    order: RememberedOrder,
    changed: Timestamp,
}

#[derive(Debug, Clone)]
struct ExecutionRow {
    record: ExecutionRecord,
    family: String,
    revision: u32,
    superseded: bool,
    recorded: Timestamp,
}

/// Everything that was made durable.
#[derive(Debug, Clone, Default)]
pub struct LedgerModel {
    orders: BTreeMap<i32, OrderRow>,
    executions: Vec<ExecutionRow>,
    places: BTreeMap<String, usize>,
    families: BTreeMap<String, u32>,
    commissions: BTreeMap<String, Money>,
    latch: Option<(Latch, String)>,
    accepted: Vec<AcceptedRecord>,
    /// What each owner holds of each instrument, by the fills that count; zeroes are left out.
    positions: BTreeMap<(String, u32), i64>,
}

/// A record the ledger can never take.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the ledger would refuse a record: {0}")]
pub struct Refused(pub String);

impl LedgerModel {
    /// Makes records durable.
    pub fn append(&mut self, at: Timestamp, records: &[Record]) -> Result<(), Refused> {
        records.iter().try_for_each(|record| self.write(at, record))
    }

    fn write(&mut self, at: Timestamp, record: &Record) -> Result<(), Refused> {
        match record {
            Record::Placed(placement) | Record::Replaced(placement) => {
                let fresh = || OrderRow {
                    order: RememberedOrder {
                        placement: placement.clone(),
                        state: OrderState::PendingNew,
                        filled: words::quantity(0),
                        perm_id: 0,
                        cancel_requested: false,
                    },
                    changed: at,
                };
                let row = self.orders.entry(placement.order_id.0).or_insert_with(fresh);
                if row.order.placement.client_order_id != placement.client_order_id {
                    let text = format!("order id {} belongs to another order", placement.order_id.0);
                    return Err(Refused(text));
                }
                row.order.placement = placement.clone();
                row.changed = at;
            }
            Record::CancelRequested { order_id } => {
                if let Some(row) = self.orders.get_mut(&order_id.0) {
                    row.order.cancel_requested = true;
                    row.changed = at;
                }
            }
            Record::OrderState(told) => {
                if let Some(row) = self.orders.get_mut(&told.order_id.0) {
                    row.order.state = told.state;
                    row.order.filled = told.filled;
                    if told.perm_id != 0 {
                        row.order.perm_id = told.perm_id;
                    }
                    row.changed = at;
                }
            }
            Record::Executed(told) => self.write_execution(at, told),
            Record::Commissioned(told) => {
                self.commissions.insert(told.exec_id.clone(), told.amount);
            }
            Record::Latched { latch, reason } => self.latch = Some((*latch, reason.clone())),
            Record::Accepted(told) => self.accepted.push(told.clone()),
            Record::Denied { .. } | Record::Admin { .. } => {}
        }
        Ok(())
    }

    fn write_execution(&mut self, at: Timestamp, told: &ExecutionRecord) {
        let id = &told.execution.exec_id;
        if let Some(row) = self
            .places
            .get(id)
            .and_then(|place| self.executions.get_mut(*place))
        {
            let plugin = match told.plugin.is_empty() {
                true => row.record.plugin.clone(),
                false => told.plugin.clone(),
            };
            row.record = ExecutionRecord {
                plugin,
                ..told.clone()
            };
            return;
        }
        let (family, revision) = family(id);
        let highest = self.families.get(family).copied();
        for row in &mut self.executions {
            if row.family == family && row.revision < revision && !row.superseded {
                row.superseded = true;
                count(&mut self.positions, &row.record, -1);
            }
        }
        let superseded = highest.is_some_and(|highest| highest > revision);
        if !superseded {
            count(&mut self.positions, told, 1);
            self.families.insert(family.to_owned(), revision);
        }
        self.places.insert(id.clone(), self.executions.len());
        self.executions.push(ExecutionRow {
            record: told.clone(),
            family: family.to_owned(),
            revision,
            superseded,
            recorded: at,
        });
    }

    /// The operator's latch.
    pub fn latch(&self) -> Latch {
        self.latch.as_ref().map_or(Latch::Running, |(latch, _)| *latch)
    }

    /// A planted defect: the newest fill was not durable after all.
    pub fn lose_last(&mut self) {
        if let Some(row) = self.executions.pop() {
            count(&mut self.positions, &row.record, -1);
            self.places.remove(&row.record.execution.exec_id);
            self.families.remove(&row.family);
        }
    }

    /// What each owner holds by the fills that count.
    pub const fn positions(&self) -> &BTreeMap<(String, u32), i64> {
        &self.positions
    }

    /// An order that has not ended.
    pub fn open_order(&self, order_id: OrderId) -> Option<&RememberedOrder> {
        let row = self.orders.get(&order_id.0)?;
        (!row.order.state.is_final()).then_some(&row.order)
    }

    /// What the daemon is handed at its next start.
    pub fn memory(&self, names: &Names) -> Memory {
        let newest = self.orders.values().map(|row| row.changed.nanos()).max();
        let since = newest.unwrap_or(0).saturating_sub(UNSETTLED_NANOS);
        let unsettled = |row: &&OrderRow| {
            let order = &row.order;
            let short = order.state == OrderState::Filled && order.filled < order.placement.quantity;
            !order.state.is_final() || (short && row.changed.nanos() > since)
        };
        let orders = self.orders.values().filter(unsettled).map(|row| {
            let mut order = row.order.clone();
            order.placement.plugin = names.id(&order.placement.plugin_name);
            order
        });
        let mut executions: Vec<&ExecutionRow> =
            self.executions.iter().filter(|row| !row.superseded).collect();
        // A correction has the place and the time of the fill it corrects.
        executions.sort_by_key(|row| self.first_of(row).map(|(place, _)| place));
        let client_ids = self
            .orders
            .values()
            .map(|row| row.order.placement.client_order_id);
        let of_plugins = client_ids.filter(|id| id.0 < ClientOrderId::FIRST_OF_DESK);
        Memory {
            open_orders: orders.collect(),
            positions: Vec::new(),
            executions: executions.into_iter().map(|row| self.remembered(row)).collect(),
            latch: self.latch.clone(),
            accepted: self.accepted.clone(),
            highest_order_id: self.orders.keys().next_back().copied().unwrap_or(0),
            highest_client_order_id: of_plugins.map(|id| id.0).max().unwrap_or(0),
        }
    }

    fn first_of(&self, row: &ExecutionRow) -> Option<(usize, Timestamp)> {
        let mut rows = self.executions.iter().enumerate();
        rows.find(|(_, other)| other.family == row.family)
            .map(|(place, first)| (place, first.recorded))
    }

    fn remembered(&self, row: &ExecutionRow) -> RememberedExecution {
        let costs = self.commissions.iter().rev();
        let mut costs = costs.filter(|(id, _)| family(id).0 == row.family);
        RememberedExecution {
            record: row.record.clone(),
            recorded: self.first_of(row).map_or(row.recorded, |(_, recorded)| recorded),
            commission: costs.next().map(|(_, amount)| *amount),
        }
    }
}

fn count(positions: &mut BTreeMap<(String, u32), i64>, record: &ExecutionRecord, sign: i64) {
    let execution = &record.execution;
    let Some(instrument) = execution.instrument.filter(|_| !record.plugin.is_empty()) else {
        return;
    };
    let key = (record.plugin.clone(), instrument.0);
    let signed = words::lots(execution.side.signed(execution.size)) * sign;
    let sum = positions.get(&key).copied().unwrap_or(0) + signed;
    match sum {
        0 => positions.remove(&key),
        sum => positions.insert(key, sum),
    };
}
