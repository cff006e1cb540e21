//! Random records, with the ledger opened again at any point: it must remember what a fold over the records
//! gives.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::samples::{self, PLUGINS, at, open};
use crate::desk::record::{
    AcceptedRecord, ExecutionRecord, Memory, OrderStateRecord, Record, RememberedExecution, RememberedOrder,
};
use crate::domain::instrument::InstrumentId;
use crate::domain::money::{Money, Price, Quantity};
use crate::domain::order::{ClientOrderId, OrderId, OrderKind, Side, TimeInForce};
use crate::domain::plugin::PluginId;
use crate::domain::report::{Commission, Execution};
use crate::domain::time::Timestamp;
use crate::domain::trading_state::Latch;
use crate::orders::lifecycle::OrderState;
use crate::orders::placement::Placement;

/// A fill's id without its last part, and that part.
fn family(exec_id: &str) -> (&str, u32) {
    let (family, revision) = exec_id.rsplit_once('.').expect("dotted");
    (family, revision.parse().expect("a number"))
}

/// What the records add up to, kept without a database.
#[derive(Default)]
struct Fold {
    orders: BTreeMap<i32, RememberedOrder>,
    executions: Vec<(ExecutionRecord, Timestamp)>,
    commissions: BTreeMap<String, Money>,
    latch: Option<(Latch, String)>,
    accepted: Vec<AcceptedRecord>,
}

impl Fold {
    fn apply(&mut self, at: Timestamp, record: &Record) {
        match record {
            Record::Placed(placement) | Record::Replaced(placement) => self.place(placement),
            Record::CancelRequested { order_id } => {
                if let Some(order) = self.orders.get_mut(&order_id.0) {
                    order.cancel_requested = true;
                }
            }
            Record::OrderState(told) => {
                if let Some(order) = self.orders.get_mut(&told.order_id.0) {
                    (order.state, order.filled) = (told.state, told.filled);
                    if told.perm_id != 0 {
                        order.perm_id = told.perm_id;
                    }
                }
            }
            Record::Executed(told) => self.execute(at, told),
            Record::Commissioned(told) => {
                self.commissions.insert(told.exec_id.clone(), told.amount);
            }
            Record::Latched { latch, reason } => self.latch = Some((*latch, reason.clone())),
            Record::Accepted(told) => self.accepted.push(told.clone()),
            Record::Denied { .. } | Record::Admin { .. } => {}
        }
    }

    fn place(&mut self, placement: &Placement) {
        let new = RememberedOrder {
            placement: placement.clone(),
            state: OrderState::PendingNew,
            filled: Quantity::ZERO,
            perm_id: 0,
            cancel_requested: false,
        };
        let order = self.orders.entry(placement.order_id.0).or_insert(new);
        order.placement = placement.clone();
    }

    fn execute(&mut self, at: Timestamp, told: &ExecutionRecord) {
        let same = |(known, _): &&mut (ExecutionRecord, Timestamp)| {
            known.execution.exec_id == told.execution.exec_id
        };
        let Some((known, _)) = self.executions.iter_mut().find(same) else {
            self.executions.push((told.clone(), at));
            return;
        };
        let before = std::mem::replace(known, told.clone());
        if known.plugin.is_empty() {
            known.plugin = before.plugin;
        }
        known.execution.instrument = known.execution.instrument.or(before.execution.instrument);
    }

    /// The last one told of any telling of the fill, the newest revision first.
    fn commission(&self, of: &str) -> Option<Money> {
        let told = self.commissions.iter().filter(|(id, _)| family(id).0 == of);
        told.max_by_key(|(id, _)| family(id).1).map(|(_, amount)| *amount)
    }

    /// When a fill, or what it corrects, was told first: its place, and the time.
    fn first(&self, of: &str) -> (usize, Timestamp) {
        let mut told = self.executions.iter().enumerate();
        let first = told.find(|(_, (record, _))| family(&record.execution.exec_id).0 == of);
        first.map_or((0, Timestamp::NEVER), |(place, (_, recorded))| (place, *recorded))
    }

    fn memory(&self) -> Memory {
        let family = |record: &ExecutionRecord| {
            let (family, revision) = family(&record.execution.exec_id);
            (family.to_owned(), revision)
        };
        let newest = |record: &ExecutionRecord| {
            let (of, revision) = family(record);
            let others = self.executions.iter().map(|(other, _)| family(other));
            others
                .filter(|(other, _)| *other == of)
                .all(|(_, other)| other <= revision)
        };
        let live = self.executions.iter().filter(|(record, _)| newest(record));
        let mut live: Vec<&ExecutionRecord> = live.map(|(record, _)| record).collect();
        live.sort_by_key(|record| self.first(&family(record).0).0);
        let orders = self.orders.values();
        Memory {
            open_orders: orders
                .clone()
                .filter(|order| {
                    let untold = order.filled < order.placement.quantity;
                    !order.state.is_final() || (order.state == OrderState::Filled && untold)
                })
                .cloned()
                .collect(),
            positions: Vec::new(),
            executions: live
                .into_iter()
                .map(|record| RememberedExecution {
                    record: record.clone(),
                    recorded: self.first(&family(record).0).1,
                    commission: self.commission(&family(record).0),
                })
                .collect(),
            latch: self.latch.clone(),
            accepted: self.accepted.clone(),
            highest_order_id: self.orders.keys().next_back().copied().unwrap_or(0),
            highest_client_order_id: orders
                .map(|order| order.placement.client_order_id.0)
                .filter(|id| *id < ClientOrderId::FIRST_OF_DESK)
                .max()
                .unwrap_or(0),
        }
    }
}

/// Few ids, so that records meet.
fn order_id() -> impl Strategy<Value = i32> {
    1..12_i32
}

fn placement() -> impl Strategy<Value = Placement> {
    let prices = (any::<i64>(), any::<i64>())
        .prop_map(|(limit, stop)| (Price::from_nanos(limit), Price::from_nanos(stop)));
    let kind = (0..4, prices).prop_map(|(kind, (limit, stop))| match kind {
        0 => OrderKind::Market,
        1 => OrderKind::Limit { limit },
        2 => OrderKind::Stop { stop },
        _ => OrderKind::StopLimit { stop, limit },
    });
    let times = prop::sample::select(vec![TimeInForce::Day, TimeInForce::Gtc, TimeInForce::Ioc]);
    let owners = prop::sample::select(vec![
        (PluginId(0), PLUGINS[0]),
        (PluginId(1), PLUGINS[1]),
        (PluginId::OPERATOR, "operator"),
        (PluginId::GONE, "retired"),
    ]);
    (
        order_id(),
        owners,
        0..2_u32,
        any::<bool>(),
        kind,
        times,
        any::<i64>(),
        any::<u64>(),
        ".{0,12}",
    )
        .prop_map(
            |(id, (plugin, name), instrument, buy, kind, time_in_force, quantity, tag, order_ref)| {
                Placement {
                    order_id: OrderId(id),
                    client_order_id: ClientOrderId(u64::MAX / 12 * (id as u64 - 1) + id as u64),
                    plugin,
                    plugin_name: name.to_owned(),
                    instrument: InstrumentId(instrument),
                    side: if buy { Side::Buy } else { Side::Sell },
                    kind,
                    time_in_force,
                    quantity: Quantity::from_nanos(quantity),
                    order_ref,
                    tag,
                }
            },
        )
}

fn exec_id() -> impl Strategy<Value = String> {
    (1..6, 1..4).prop_map(|(fill, revision)| format!("00025b49.{fill}.01.{revision:02}"))
}

fn execution() -> impl Strategy<Value = Record> {
    let owner = prop::sample::select(vec!["", PLUGINS[0], PLUGINS[1]]);
    let instrument = prop::option::of((0..2_u32).prop_map(InstrumentId));
    let numbers = (any::<i64>(), any::<i64>(), any::<i64>(), any::<i64>());
    (
        exec_id(),
        order_id(),
        owner,
        instrument,
        any::<i32>(),
        any::<bool>(),
        numbers,
        ".{0,12}",
    )
        .prop_map(
            |(exec_id, id, plugin, instrument, con_id, buy, (size, price, cumulative, perm_id), text)| {
                let execution = Execution {
                    exec_id,
                    order_id: OrderId(id),
                    client_id: con_id,
                    perm_id,
                    order_ref: text.clone(),
                    con_id,
                    instrument,
                    side: if buy { Side::Buy } else { Side::Sell },
                    size: Quantity::from_nanos(size),
                    price: Price::from_nanos(price),
                    cumulative: Quantity::from_nanos(cumulative),
                    time: text,
                };
                Record::Executed(ExecutionRecord {
                    execution,
                    plugin: plugin.to_owned(),
                })
            },
        )
}

fn record() -> impl Strategy<Value = Record> {
    let states = prop::sample::select(OrderState::ALL.to_vec());
    let reason = prop::option::of(".{0,12}");
    let state = (
        order_id(),
        states,
        any::<i64>(),
        prop_oneof![Just(0), any::<i64>()],
        reason,
    )
        .prop_map(|(id, state, filled, perm_id, reason)| {
            Record::OrderState(OrderStateRecord {
                order_id: OrderId(id),
                state,
                filled: Quantity::from_nanos(filled),
                perm_id,
                reason,
            })
        });
    let commission = (exec_id(), any::<i64>()).prop_map(|(exec_id, nanos)| {
        let amount = Money::from_nanos(i128::from(nanos) * 1_000_000);
        Record::Commissioned(Commission {
            exec_id,
            amount,
            currency: "EUR".to_owned(),
        })
    });
    let latches = prop::sample::select(vec![Latch::Running, Latch::Halted, Latch::Killed]);
    prop_oneof![
        4 => placement().prop_map(Record::Placed),
        2 => placement().prop_map(Record::Replaced),
        2 => order_id().prop_map(|id| Record::CancelRequested { order_id: OrderId(id) }),
        4 => state,
        4 => execution(),
        3 => commission,
        1 => (latches, ".{0,12}").prop_map(|(latch, reason)| Record::Latched { latch, reason }),
    ]
}

/// How the ledger ends after a batch, if it does.
#[derive(Debug, Clone, Copy)]
enum End {
    None,
    Close,
    Drop,
    Crash,
}

fn end() -> impl Strategy<Value = End> {
    prop_oneof![6 => Just(End::None), 1 => Just(End::Close), 1 => Just(End::Drop), 1 => Just(End::Crash)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn memory_is_the_fold_of_the_records(
        batches in prop::collection::vec((prop::collection::vec(record(), 0..6), end()), 1..20)
    ) {
        let mut directory = tempfile::tempdir().expect("a directory");
        let (mut ledger, _) = open(directory.path());
        let mut fold = Fold::default();
        for (time, (batch, end)) in batches.iter().enumerate() {
            let time = at(time as u64);
            ledger.append(time, batch).expect("appends");
            batch.iter().for_each(|record| fold.apply(time, record));
            let memory = match end {
                End::None => continue,
                End::Close => {
                    ledger.close();
                    open(directory.path())
                }
                End::Drop => {
                    drop(ledger);
                    open(directory.path())
                }
                End::Crash => {
                    let (image, path) = samples::crash_image(directory.path());
                    drop(ledger);
                    directory = image;
                    open(&path)
                }
            };
            prop_assert_eq!(&memory.1, &fold.memory());
            ledger = memory.0;
        }
        ledger.close();
        prop_assert_eq!(open(directory.path()).1, fold.memory());
    }
}
