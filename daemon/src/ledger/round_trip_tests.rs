//! Every kind of record, written and read back after a restart.

use super::samples::{self, at, commission, execution, open, placement, state};
use super::{AppendErrorKind, Page};
use crate::desk::event::Requester;
use crate::desk::record::{Memory, OrderStateRecord, Record, RememberedExecution, RememberedOrder};
use crate::domain::money::Quantity;
use crate::domain::order::{ClientOrderId, OrderId, OrderKind, Side, TimeInForce};
use crate::domain::plugin::PluginId;
use crate::domain::trading_state::Latch;
use crate::orders::lifecycle::OrderState;
use crate::risk::denial::{Denial, DenialCode};

const ALL: Page = Page {
    limit: 100,
    before: None,
};

/// What a ledger with these batches in it hands back after a restart.
fn remembered(batches: &[&[Record]]) -> Memory {
    let directory = tempfile::tempdir().expect("a directory");
    let (mut ledger, empty) = open(directory.path());
    assert_eq!(empty, Memory::default());
    for (index, batch) in batches.iter().enumerate() {
        ledger.append(at(index as u64 + 1), batch).expect("appends");
    }
    let (_image, crashed) = samples::crash_image(directory.path());
    ledger.close();
    assert!(
        !directory.path().join("ledger.db-wal").exists(),
        "close leaves no log"
    );
    let memory = open(directory.path()).1;
    assert_eq!(open(&crashed).1, memory, "a crash remembers what a close does");
    memory
}

#[test]
fn an_open_order_comes_back_as_it_was_last_sent() {
    let mut changed = placement(7);
    changed.quantity = Quantity::from_units(9);
    changed.kind = OrderKind::Market;
    let memory = remembered(&[
        &[Record::Placed(placement(7)), Record::Placed(placement(5))],
        &[Record::Replaced(changed.clone())],
        &[state(7, OrderState::Working), state(5, OrderState::Canceled)],
        &[Record::CancelRequested { order_id: OrderId(7) }],
    ]);
    let expected = RememberedOrder {
        placement: changed,
        state: OrderState::Working,
        filled: Quantity::from_units(2),
        perm_id: 99,
        cancel_requested: true,
    };
    assert_eq!(memory.open_orders, vec![expected]);
    assert_eq!(
        (memory.highest_order_id, memory.highest_client_order_id),
        (7, 1007)
    );
}

#[test]
fn every_word_of_an_order_survives() {
    let price = crate::domain::money::Price::from_nanos(i64::MIN);
    let kinds = [
        OrderKind::Market,
        OrderKind::Limit { limit: price },
        OrderKind::Stop { stop: price },
        OrderKind::StopLimit {
            stop: price,
            limit: price,
        },
    ];
    let times = [TimeInForce::Day, TimeInForce::Gtc, TimeInForce::Ioc];
    let mut records = Vec::new();
    let mut expected = Vec::new();
    for kind in kinds {
        for time_in_force in times {
            for side in [Side::Buy, Side::Sell] {
                for order_state in OrderState::ALL {
                    let mut placed = placement(expected.len() as i32 + records.len() as i32 + 1);
                    (placed.kind, placed.time_in_force, placed.side) = (kind, time_in_force, side);
                    let id = placed.order_id.0;
                    records.push(Record::Placed(placed.clone()));
                    records.push(state(id, order_state));
                    // Called filled, of which its executions tell a part only.
                    if !order_state.is_final() || order_state == OrderState::Filled {
                        expected.push((placed, order_state));
                    }
                }
            }
        }
    }
    let memory = remembered(&[&records]);
    let found = memory
        .open_orders
        .into_iter()
        .map(|order| (order.placement, order.state));
    assert_eq!(found.collect::<Vec<_>>(), expected);
}

#[test]
fn an_order_filled_without_its_executions_is_not_forgotten_for_a_day() {
    let day = 24 * 60 * 60 * 1_000_000_000;
    let filled = |id, units| {
        Record::OrderState(OrderStateRecord {
            order_id: OrderId(id),
            state: OrderState::Filled,
            filled: Quantity::from_units(units),
            perm_id: 0,
            reason: None,
        })
    };
    let placed = |id| Record::Placed(placement(id));
    let directory = tempfile::tempdir().expect("a directory");
    let mut ledger = open(directory.path()).0;
    ledger.append(at(1), &[placed(1), filled(1, 0)]).expect("appends");
    let today = [placed(2), filled(2, 0), placed(3), filled(3, 20_000)];
    ledger.append(at(1 + day), &today).expect("appends");
    ledger.close();
    let orders = open(directory.path()).1.open_orders;
    let ids: Vec<i32> = orders.iter().map(|order| order.placement.order_id.0).collect();
    assert_eq!(ids, [2]);
}

#[test]
fn an_execution_told_twice_is_one() {
    let again = execution("0001.5f.01.01", 1);
    let memory = remembered(&[
        &[Record::Commissioned(commission("0001.5f.01.01", "1.5"))],
        &[
            Record::Executed(again.clone()),
            Record::Executed(execution("other", 1)),
        ],
        &[Record::Executed(again.clone())],
        &[Record::Commissioned(commission("0001.5f.01.01", "-1.000000001"))],
    ]);
    let expected = [(again, Some("-1.000000001")), (execution("other", 1), None)];
    let expected = expected.map(|(record, amount)| RememberedExecution {
        record,
        recorded: at(2),
        commission: amount.map(|amount| amount.parse().expect("an amount")),
    });
    assert_eq!(memory.executions, expected);
}

#[test]
fn a_later_telling_cannot_take_the_owner_or_the_instrument_away() {
    let known = execution("a.01", 1);
    let mut bare = known.clone();
    bare.plugin = String::new();
    bare.execution.instrument = None;
    for order in [[&known, &bare], [&bare, &known]] {
        let memory = remembered(
            &order
                .map(|record| vec![Record::Executed(record.clone())])
                .each_ref()
                .map(Vec::as_slice),
        );
        assert_eq!(memory.executions.len(), 1);
        assert_eq!(memory.executions[0].record, known);
    }
}

#[test]
fn a_correction_takes_the_place_of_what_it_corrects_in_any_order() {
    for ids in [
        ["a.b.01", "a.b.02"],
        ["a.b.02", "a.b.01"],
        ["a.b.09", "a.b.10"],
        ["a.b.10", "a.b.09"],
    ] {
        let records = ids.map(|id| Record::Executed(execution(id, 1)));
        let memory = remembered(&[&records[..1], &records[1..]]);
        let left: Vec<_> = memory
            .executions
            .iter()
            .map(|fill| fill.record.execution.exec_id.as_str())
            .collect();
        let newest = if ids.contains(&"a.b.02") {
            "a.b.02"
        } else {
            "a.b.10"
        };
        assert_eq!(left, [newest]);
    }
    let unrelated = [
        "a.b", "a.c", "plain", "a.b.x1", "a.b.x2", "a.b.1", "a.b.002", "a.", "b.",
    ];
    let records = unrelated.map(|id| Record::Executed(execution(id, 1)));
    assert_eq!(remembered(&[&records]).executions.len(), unrelated.len());
}

#[test]
fn both_rows_of_a_correction_are_kept() {
    let directory = tempfile::tempdir().expect("a directory");
    let (mut ledger, _) = open(directory.path());
    let records = ["a.01", "a.02"].map(|id| Record::Executed(execution(id, 1)));
    ledger.append(at(1), &records).expect("appends");
    let rows = ledger.reader().executions(ALL).expect("reads");
    let rows: Vec<_> = rows
        .iter()
        .map(|row| (row.exec_id.as_str(), row.superseded))
        .collect();
    assert_eq!(rows, [("a.02", false), ("a.01", true)]);
}

#[test]
fn the_latch_holds_its_last_position() {
    let latched = |latch, reason: &str| Record::Latched {
        latch,
        reason: reason.to_owned(),
    };
    assert_eq!(remembered(&[]).latch, None);
    let memory = remembered(&[
        &[latched(Latch::Killed, "fire"), latched(Latch::Running, "")],
        &[latched(Latch::Halted, "it's \"odd\" ☂")],
    ]);
    assert_eq!(memory.latch, Some((Latch::Halted, "it's \"odd\" ☂".to_owned())));
}

/// Some of everything.
fn eventful_day() -> Vec<Record> {
    let denial = |code, by| Record::Denied {
        client_order_id: ClientOrderId(u64::MAX),
        plugin: "maker".to_owned(),
        denial: Denial {
            code,
            limit: i64::MIN,
            value: i64::MAX,
            by,
        },
    };
    let admin = Record::Admin {
        requester: Requester {
            uid: u32::MAX,
            user: "ann".to_owned(),
        },
        action: "halt",
        detail: "feed looks wrong".to_owned(),
        outcome: "done".to_owned(),
    };
    vec![
        denial(DenialCode::RiskPlugin, Some(PluginId(1))),
        denial(DenialCode::Form, None),
        admin,
        Record::Placed(placement(1)),
        Record::Placed(placement(2)),
        Record::CancelRequested { order_id: OrderId(1) },
        state(1, OrderState::Canceled),
        Record::Executed(execution("a.01", 1)),
        Record::Commissioned(commission("a.01", "0.35")),
    ]
}

#[test]
fn people_can_read_what_happened() {
    let directory = tempfile::tempdir().expect("a directory");
    let (mut ledger, _) = open(directory.path());
    ledger.append(at(42), &eventful_day()).expect("appends");
    let reader = ledger.reader();
    let denials = reader.denials(ALL).expect("reads");
    let found: Vec<_> = denials
        .iter()
        .map(|row| (row.reason.as_str(), row.code, row.denied_by.as_deref()))
        .collect();
    assert_eq!(found, [("form", 30, None), ("risk_plugin", 80, Some("watch"))]);
    assert_eq!((denials[0].limit_value, denials[0].value), (i64::MIN, i64::MAX));
    assert_eq!(denials[0].client_order_id, u64::MAX);
    let actions = reader.admin_actions(ALL).expect("reads");
    assert_eq!(
        (
            actions[0].uid,
            actions[0].user.as_str(),
            actions[0].action.as_str()
        ),
        (u32::MAX, "ann", "halt")
    );
    let orders = reader.orders(ALL).expect("reads");
    assert_eq!(orders.iter().map(|row| row.order_id).collect::<Vec<_>>(), [2, 1]);
    assert_eq!(
        (orders[1].state.as_str(), orders[1].reason.as_deref()),
        ("canceled", Some("because"))
    );
    assert_eq!((orders[1].accepted_at, orders[1].tag), (at(42), u64::MAX));
    let before = Page {
        limit: 1,
        before: Some(2),
    };
    assert_eq!(reader.orders(before).expect("reads")[0].order_id, 1);
    let events = reader.order_events(1).expect("reads");
    let events: Vec<_> = events
        .iter()
        .map(|row| (row.number, row.event.as_str()))
        .collect();
    assert_eq!(events, [(1, "placed"), (2, "cancel_requested"), (3, "state")]);
    let executions = reader.executions(ALL).expect("reads");
    assert_eq!(executions[0].commission.as_deref(), Some("0.35"));
    assert_eq!(executions[0].instrument.as_deref(), Some("AAPL"));
}

#[test]
fn a_placement_written_again_changes_nothing_and_an_id_used_twice_is_refused() {
    let directory = tempfile::tempdir().expect("a directory");
    let (mut ledger, _) = open(directory.path());
    let records = [
        Record::Placed(placement(1)),
        state(1, OrderState::Working),
        Record::Placed(placement(2)),
    ];
    ledger.append(at(1), &records).expect("appends");
    ledger
        .append(at(2), &[Record::Placed(placement(1))])
        .expect("a repeat");

    let mut same_order_id = placement(1);
    same_order_id.client_order_id = ClientOrderId(5);
    let mut nowhere = placement(4);
    nowhere.instrument = crate::domain::instrument::InstrumentId(2);
    for wrong in [same_order_id, nowhere] {
        let batch = [Record::Placed(placement(9)), Record::Placed(wrong)];
        let error = ledger.append(at(3), &batch).expect_err("refused");
        assert_eq!(error.kind, AppendErrorKind::Invalid, "{error}");
    }
    let mut dear = commission("a", "1");
    dear.amount = crate::domain::money::Money::from_nanos(i128::MAX);
    let error = ledger
        .append(at(3), &[Record::Commissioned(dear)])
        .expect_err("refused");
    assert_eq!(error.kind, AppendErrorKind::Invalid);
    drop(ledger);
    let (_, memory) = open(directory.path());
    let states: Vec<_> = memory
        .open_orders
        .iter()
        .map(|order| (order.placement.order_id.0, order.state))
        .collect();
    assert_eq!(states, [(1, OrderState::Working), (2, OrderState::PendingNew)]);
    assert_eq!(memory.open_orders[0].placement, placement(1));
}

#[test]
fn the_marks_are_of_all_orders_that_ever_were_but_not_of_the_desk_s_own_numbers() {
    let numbered = |order_id, client_order_id| {
        let mut placed = placement(order_id);
        placed.client_order_id = ClientOrderId(client_order_id);
        Record::Placed(placed)
    };
    let ended = [numbered(3, 800), numbered(2, 7), state(3, OrderState::Rejected)];
    let desk = [numbered(4, ClientOrderId::FIRST_OF_DESK), numbered(5, u64::MAX)];
    for batches in [[&ended[..], &[]], [&ended[..], &desk[..]]] {
        let memory = remembered(&[batches[0], batches[1], &[state(2, OrderState::Filled)]]);
        let highest = 3 + batches[1].len() as i32;
        assert_eq!(
            (memory.highest_order_id, memory.highest_client_order_id),
            (highest, 800)
        );
    }
    let memory = remembered(&[&desk]);
    assert_eq!((memory.highest_order_id, memory.highest_client_order_id), (5, 0));
}

#[test]
fn a_correction_inherits_the_commission_until_it_has_its_own() {
    let fills = ["a.01", "a.02"].map(|id| Record::Executed(execution(id, 1)));
    let first = Record::Commissioned(commission("a.01", "1"));
    let second = Record::Commissioned(commission("a.02", "2"));
    for (told, amount) in [
        (vec![first.clone()], "1"),
        (vec![second.clone(), first], "2"),
        (vec![second], "2"),
    ] {
        let memory = remembered(&[&fills, &told]);
        assert_eq!(memory.executions.len(), 1);
        assert_eq!(memory.executions[0].commission, amount.parse().ok());
    }
}

#[test]
fn names_outlive_a_change_of_the_configuration() {
    let directory = tempfile::tempdir().expect("a directory");
    let config = samples::config(directory.path());
    let (mut ledger, _) = open(directory.path());
    let mut by_operator = placement(2);
    (by_operator.plugin, by_operator.plugin_name) = (PluginId::OPERATOR, "operator".to_owned());
    let records = [
        Record::Placed(placement(1)),
        Record::Placed(by_operator),
        Record::Executed(execution("a.01", 1)),
    ];
    ledger.append(at(1), &records).expect("appends");
    ledger.close();

    let (ledger, memory) =
        samples::open_with(&config, &["X", "EUR.USD", "AAPL"], &["watch", "maker"]).expect("opens");
    let owners: Vec<_> = memory
        .open_orders
        .iter()
        .map(|order| order.placement.plugin)
        .collect();
    assert_eq!(owners, [PluginId(1), PluginId::OPERATOR]);
    assert_eq!(memory.open_orders[0].placement.instrument.0, 1);
    assert_eq!(
        memory.executions[0].record.execution.instrument.map(|id| id.0),
        Some(2)
    );
    ledger.close();

    let (ledger, memory) = samples::open_with(&config, &["EUR.USD"], &[]).expect("opens");
    assert_eq!(memory.open_orders[0].placement.plugin, PluginId::GONE);
    assert_eq!(memory.open_orders[0].placement.plugin_name, "maker");
    assert!(memory.executions.is_empty(), "AAPL is not configured");
    assert_eq!(
        ledger.reader().executions(ALL).expect("reads").len(),
        1,
        "but its fill is kept"
    );
    ledger.close();

    let error = samples::open_with(&config, &["AAPL"], &["maker"]).expect_err("an open order");
    let text = error.to_string();
    assert!(
        text.contains("order 1 of plugin maker is open in EUR.USD"),
        "{text}"
    );
}

#[test]
fn an_empty_batch_is_free() {
    let directory = tempfile::tempdir().expect("a directory");
    let (mut ledger, _) = open(directory.path());
    std::fs::remove_file(directory.path().join("ledger.db")).expect("removes");
    ledger.place.look();
    ledger.append(at(1), &[]).expect("nothing to write");
    ledger
        .append(at(1), &[state(1, OrderState::Lost)])
        .expect_err("something to write");
}
