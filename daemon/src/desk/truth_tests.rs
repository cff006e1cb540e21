//! Fills that are corrected, orders that live twice, differences and what is done about them.

use super::discrepancies::Kind;
use super::effect::{CommandOutcome, Effect};
use super::event::{Command, Event, SessionEvent};
use super::policy::ExternalOrders;
use super::record::{ExecutionRecord, Memory, Record, RememberedExecution};
use super::rig::{AAPL, PLUGIN, Rig, execution, holding, limit_buy, open_order, perm_id, price, told};
use crate::domain::money::{Money, Quantity};
use crate::domain::order::{OrderId, Side};
use crate::domain::report::{
    BrokerOrder, BrokerReport, BrokerStatus, BrokerTruth, Commission, Execution, StatusReport,
};
use crate::domain::time::Timestamp;
use crate::domain::trading_state::TradingState;
use crate::orders::event::OrderEventKind;
use crate::orders::lifecycle::OrderState;
use crate::orders::placement::Placement;
use crate::portfolio::Position;
use crate::risk::denial::DenialCode;

pub(super) fn units(units: i32) -> Quantity {
    Quantity::from_units(units)
}

pub(super) fn commission(exec_id: &str, amount: &str) -> Event {
    Event::Report(BrokerReport::Commission(Commission {
        exec_id: exec_id.into(),
        amount: amount.parse().unwrap(),
        currency: "USD".into(),
    }))
}

pub(super) fn fill(placement: &Placement, exec_id: &str, size: i32, at: &str) -> Execution {
    Execution {
        price: price(at),
        ..execution(placement, exec_id, size)
    }
}

pub(super) fn filled(execution: &Execution) -> Event {
    Event::Report(BrokerReport::Execution(execution.clone()))
}

/// Asks for the truth as time does, and answers with this one.
fn read(rig: &mut Rig, truth: &BrokerTruth) -> Vec<Effect> {
    rig.wait(2);
    rig.command(Command::Reconcile);
    rig.handle(Event::Session(SessionEvent::Truth(Box::new(truth.clone()))))
}

fn alarms(effects: &[Effect]) -> Vec<&'static str> {
    let names = effects.iter().filter_map(|effect| match effect {
        Effect::Alarm { name, .. } => Some(*name),
        _ => None,
    });
    names.collect()
}

fn open_kinds(rig: &Rig) -> Vec<Kind> {
    let snapshot = rig.desk.snapshot(Timestamp::from_nanos(rig.now));
    snapshot.discrepancies.iter().map(|row| row.found.kind).collect()
}

fn denial_of(effects: &[Effect]) -> Option<DenialCode> {
    told(effects).into_iter().find_map(|kind| match kind {
        OrderEventKind::Denied(denial) => Some(denial.code),
        _ => None,
    })
}

pub(super) fn position(rig: &Rig) -> Position {
    rig.desk.portfolio().position(PLUGIN, AAPL)
}

/// What a ledger would hand a new desk after these effects.
pub(super) fn remembered(effects: &[(u64, Effect)]) -> Vec<RememberedExecution> {
    use crate::orders::family;
    let mut rows: Vec<RememberedExecution> = Vec::new();
    let mut costs: Vec<(String, Money)> = Vec::new();
    for (at, effect) in effects {
        match effect {
            Effect::Record(Record::Executed(record)) => {
                let of = family(&record.execution.exec_id).0;
                let same = |row: &&mut RememberedExecution| family(&row.record.execution.exec_id).0 == of;
                match rows.iter_mut().find(same) {
                    Some(row) => row.record = record.clone(),
                    None => rows.push(RememberedExecution {
                        record: record.clone(),
                        recorded: Timestamp::from_nanos(*at),
                        commission: None,
                    }),
                }
            }
            Effect::Record(Record::Commissioned(told)) => costs.push((told.exec_id.clone(), told.amount)),
            _ => {}
        }
    }
    for row in &mut rows {
        let of = family(&row.record.execution.exec_id).0.to_owned();
        let own = costs.iter().filter(|(id, _)| family(id).0 == of);
        row.commission = own.max_by_key(|(id, _)| family(id).1).map(|(_, amount)| *amount);
    }
    rows
}

#[test]
fn a_corrected_fill_takes_the_place_of_the_first_version() {
    let mut rig = Rig::active();
    let placement = rig.placed(1, 10);
    rig.handle(filled(&fill(&placement, "a.01", 10, "100")));
    rig.handle(commission("a.01", "1"));
    assert_eq!(rig.state(placement.order_id), OrderState::Filled);
    let effects = rig.handle(filled(&fill(&placement, "a.02", 8, "99")));
    assert_eq!(alarms(&effects), ["execution_corrected"]);
    let held = position(&rig);
    assert_eq!((held.size, held.average_price()), (units(8), price("99")));
    assert_eq!(held.fees, "1".parse().unwrap());
    let order = rig.desk.orders.get(placement.order_id).unwrap();
    assert_eq!((order.executed, order.state), (units(8), OrderState::Filled));
    assert!(
        order.is_settled(),
        "what was taken back does not come to market again"
    );
    // Told again, and the old version again: nothing.
    for old in ["a.02", "a.01"] {
        assert_eq!(rig.handle(filled(&fill(&placement, old, 10, "100"))), []);
    }
    // The correction's own cost replaces the first one's.
    rig.handle(commission("a.02", "0.8"));
    assert_eq!(position(&rig).fees, "0.8".parse().unwrap());
    assert_eq!(
        rig.wait(20)
            .iter()
            .filter(|effect| **effect == Effect::Reconcile)
            .count(),
        0
    );
}

#[test]
fn profit_is_provisional_until_each_fill_has_told_its_cost() {
    let mut rig = Rig::active();
    let placement = rig.placed(1, 10);
    let waiting =
        |rig: &Rig| rig.desk.snapshot(Timestamp::from_nanos(rig.now)).positions[0].fills_without_commission;
    rig.handle(filled(&execution(&placement, "a.01", 4)));
    rig.handle(filled(&execution(&placement, "b.01", 6)));
    assert_eq!(waiting(&rig), 2);
    rig.handle(commission("a.01", "-0.2"));
    assert_eq!((waiting(&rig), position(&rig).fees), (1, "-0.2".parse().unwrap()));
    rig.handle(commission("b.01", "1"));
    assert_eq!(waiting(&rig), 0);
}

/// An order that the broker shows under another permanent id beside its own.
fn second_life(placement: &Placement) -> BrokerOrder {
    BrokerOrder {
        perm_id: 77,
        quantity: units(20),
        ..open_order(placement, BrokerStatus::Submitted)
    }
}

#[test]
fn an_order_that_lives_twice_is_counted_twice_and_canceled() {
    let mut rig = Rig::active();
    let placement = rig.placed(1, 10);
    let order_id = placement.order_id;
    rig.status(order_id, BrokerStatus::Submitted);
    let seen = rig.handle(Event::Report(BrokerReport::Order(second_life(&placement))));
    assert_eq!(alarms(&seen), ["incarnation_conflict"]);
    let open = |rig: &Rig| rig.desk.orders.open_quantities(PLUGIN, AAPL, None).0;
    assert_eq!(open(&rig), units(30));
    let both = BrokerTruth {
        open_orders: vec![
            open_order(&placement, BrokerStatus::Submitted),
            second_life(&placement),
        ],
        ..BrokerTruth::default()
    };
    let effects = read(&mut rig, &both);
    assert!(effects.contains(&Effect::Cancel { order_id }));
    assert!(open_kinds(&rig).contains(&Kind::IncarnationConflict));
    assert_eq!(
        denial_of(&rig.submit(limit_buy(2, 1))),
        Some(DenialCode::Unreconciled)
    );
    // Both may fill until they are gone, and both fills are the owner's.
    let of_second = Execution {
        perm_id: 77,
        ..execution(&placement, "b.01", 5)
    };
    rig.handle(filled(&execution(&placement, "a.01", 2)));
    rig.handle(filled(&of_second));
    assert_eq!((rig.held(), open(&rig)), (units(7), units(8 + 15)));
    // One of them ends; the order lives on as the other, and its owner is not told of an end.
    let ended = rig.status(order_id, BrokerStatus::Cancelled);
    assert_eq!(told(&ended), []);
    assert_eq!(
        (open(&rig), rig.state(order_id)),
        (units(15), OrderState::PendingCancel)
    );
    let other = Event::Report(BrokerReport::Status(StatusReport {
        order_id,
        status: BrokerStatus::Cancelled,
        filled: units(5),
        remaining: units(15),
        perm_id: 77,
        why_held: None,
    }));
    assert_eq!(told(&rig.handle(other)), [OrderEventKind::Canceled]);
    assert_eq!((open(&rig), rig.held()), (Quantity::ZERO, units(7)));
}

#[test]
fn a_silent_order_is_asked_after_less_and_less_often() {
    let mut rig = Rig::active();
    rig.placed(1, 10);
    let truth = BrokerTruth::default();
    rig.wait(4);
    let effects = rig.wait(2);
    assert!(alarms(&effects).contains(&"order_unacknowledged"), "{effects:?}");
    assert!(effects.contains(&Effect::Reconcile));
    let mut asked = 0;
    let placement = rig.desk.orders.get(OrderId(1)).unwrap().placement.clone();
    let held = BrokerTruth {
        open_orders: vec![open_order(&placement, BrokerStatus::PendingSubmit)],
        ..truth
    };
    rig.handle(Event::Session(SessionEvent::Truth(Box::new(held.clone()))));
    for _ in 0..120 {
        let effects = rig.wait(1);
        assert_eq!(alarms(&effects), [""; 0], "told once");
        if effects.contains(&Effect::Reconcile) {
            asked += 1;
            rig.handle(Event::Session(SessionEvent::Truth(Box::new(held.clone()))));
        }
    }
    assert!((2..=6).contains(&asked), "asked {asked} times in two minutes");
    assert_eq!(rig.state(OrderId(1)), OrderState::PendingNew);
}

#[test]
fn a_cancel_that_is_pending_for_hours_is_not_sent_again() {
    let mut rig = Rig::active();
    let placement = rig.placed(1, 10);
    let order_id = placement.order_id;
    rig.status(order_id, BrokerStatus::Submitted);
    rig.command(Command::CancelOrder { order_id });
    rig.status(order_id, BrokerStatus::PendingCancel);
    let pending = BrokerTruth {
        open_orders: vec![open_order(&placement, BrokerStatus::PendingCancel)],
        ..BrokerTruth::default()
    };
    for _ in 0..20 {
        rig.wait(600);
        let effects = rig.handle(Event::Session(SessionEvent::Truth(Box::new(pending.clone()))));
        assert!(!effects.contains(&Effect::Cancel { order_id }));
    }
    assert_eq!(rig.state(order_id), OrderState::PendingCancel);
}

#[test]
fn a_nameless_execution_waits_until_the_truth_tells_whose_it_is() {
    let mut rig = Rig::active();
    let placement = rig.placed(1, 10);
    let nameless = Execution {
        order_id: OrderId(900),
        order_ref: String::new(),
        perm_id: perm_id(placement.order_id),
        ..execution(&placement, "a.01", 3)
    };
    // The permanent id is not known yet: held back, asked about, counted for nobody.
    rig.handle(filled(&nameless));
    assert_eq!(
        (rig.held(), rig.desk.portfolio().account_net(AAPL)),
        (Quantity::ZERO, Quantity::ZERO)
    );
    // The acknowledgement tells whose it is.
    rig.handle(Event::Report(BrokerReport::Order(open_order(
        &placement,
        BrokerStatus::Submitted,
    ))));
    assert_eq!(rig.held(), units(3));
    // One that nobody explains is counted as done elsewhere, and stands until it is accepted.
    let strange = Execution {
        order_id: OrderId(901),
        perm_id: 5,
        ..nameless
    };
    let strange = Execution {
        exec_id: "z.01".into(),
        ..strange
    };
    rig.handle(filled(&strange));
    let truth = BrokerTruth {
        open_orders: vec![open_order(&placement, BrokerStatus::Submitted)],
        executions: vec![strange],
        positions: vec![holding(6)],
        ..BrokerTruth::default()
    };
    read(&mut rig, &truth);
    assert_eq!(open_kinds(&rig), [Kind::ExecutionUnattributed]);
    assert_eq!(
        (rig.held(), rig.desk.portfolio().account_net(AAPL)),
        (units(3), units(6))
    );
    read(&mut rig, &truth);
    assert_eq!(open_kinds(&rig), [Kind::ExecutionUnattributed]);
    rig.command(Command::AcceptDiscrepancy {
        name: "execution_unattributed:z.01".into(),
        reason: "mine".into(),
    });
    assert_eq!(open_kinds(&rig), []);
}

#[test]
fn a_position_nobody_can_explain_stops_new_risk_there_until_it_is_accepted_by_name() {
    let mut rig = Rig::active();
    let placement = rig.placed(1, 10);
    rig.handle(filled(&execution(&placement, "a.01", 10)));
    let truth = BrokerTruth {
        executions: vec![execution(&placement, "a.01", 10)],
        positions: vec![holding(110)],
        ..BrokerTruth::default()
    };
    let first = read(&mut rig, &truth);
    assert_eq!(alarms(&first), [""; 0], "looked at again before it is told");
    let second = read(&mut rig, &truth);
    assert_eq!(alarms(&second), ["discrepancy"]);
    assert_eq!(rig.desk.trading_state(), TradingState::Active);
    rig.quote("99.99", "100.01");
    assert_eq!(
        denial_of(&rig.submit(limit_buy(2, 1))),
        Some(DenialCode::Unreconciled)
    );
    let sell = crate::domain::order::OrderIntent {
        side: Side::Sell,
        ..limit_buy(3, 5)
    };
    assert_eq!(denial_of(&rig.submit(sell)), None, "a reduction goes");
    let accept = |name: &str| Command::AcceptDiscrepancy {
        name: name.into(),
        reason: "held before".into(),
    };
    let refused = |effects: &[Effect]| {
        effects.iter().any(|effect| {
            matches!(
                effect,
                Effect::Answer {
                    outcome: CommandOutcome::Refused { .. },
                    ..
                }
            )
        })
    };
    assert!(refused(&rig.command(accept("position_mismatch:MSFT"))));
    let effects = rig.command(accept("position_mismatch:AAPL"));
    let records = effects.iter().filter_map(|effect| match effect {
        Effect::Record(Record::Accepted(record)) => Some(record.clone()),
        _ => None,
    });
    let accepted: Vec<_> = records.collect();
    assert_eq!(accepted[0].difference, units(100));
    assert_eq!(denial_of(&rig.submit(limit_buy(4, 1))), None);
    read(&mut rig, &truth);
    assert!(!open_kinds(&rig).contains(&Kind::PositionMismatch));
    // A restart remembers it.
    let record = ExecutionRecord {
        execution: execution(&placement, "a.01", 10),
        plugin: "ema".into(),
    };
    let recorded = Timestamp::from_nanos(1);
    let memory = Memory {
        executions: vec![RememberedExecution {
            record,
            recorded,
            commission: None,
        }],
        accepted,
        ..Memory::default()
    };
    let mut restarted = Rig::new(memory, false);
    restarted.connect(truth);
    assert_eq!(open_kinds(&restarted), []);
}

#[test]
fn what_a_later_reading_explains_is_gone() {
    let mut rig = Rig::active();
    let odd = BrokerTruth {
        positions: vec![holding(7)],
        ..BrokerTruth::default()
    };
    read(&mut rig, &odd);
    read(&mut rig, &odd);
    assert_eq!(open_kinds(&rig), [Kind::ExternalPosition]);
    let effects = read(&mut rig, &BrokerTruth::default());
    assert_eq!(alarms(&effects), ["discrepancy_explained"]);
    assert_eq!(open_kinds(&rig), []);
}

#[test]
fn a_fill_that_came_while_the_truth_was_read_is_no_difference() {
    let mut rig = Rig::active();
    let placement = rig.placed(1, 10);
    rig.status(placement.order_id, BrokerStatus::Submitted);
    rig.wait(2);
    rig.command(Command::Reconcile);
    rig.handle(filled(&execution(&placement, "a.01", 4)));
    let before = BrokerTruth {
        open_orders: vec![open_order(&placement, BrokerStatus::Submitted)],
        ..BrokerTruth::default()
    };
    rig.handle(Event::Session(SessionEvent::Truth(Box::new(before))));
    assert_eq!(open_kinds(&rig), []);
}

#[test]
fn orders_and_fills_of_others_are_counted_and_told() {
    let mut rig = Rig::active();
    let placement = rig.placed(1, 1);
    let manual = BrokerOrder {
        client_id: 0,
        order_id: OrderId(0),
        order_ref: String::new(),
        perm_id: 9,
        quantity: units(4_995),
        ..open_order(&placement, BrokerStatus::Submitted)
    };
    let truth = BrokerTruth {
        open_orders: vec![open_order(&placement, BrokerStatus::Submitted), manual],
        ..BrokerTruth::default()
    };
    let effects = read(&mut rig, &truth);
    assert_eq!(alarms(&effects), ["external_order"]);
    assert_eq!(alarms(&read(&mut rig, &truth)), [""; 0], "told once");
    assert_eq!(
        rig.desk.snapshot(Timestamp::from_nanos(rig.now)).external.len(),
        1
    );
    let mut large = limit_buy(2, 1);
    large.quantity = units(499);
    rig.quote("99.99", "100.01");
    let max = crate::risk::limits::Limits::default().max_position;
    assert!(max < units(6_000), "the limit this test counts on");
    assert_eq!(denial_of(&rig.submit(large)), Some(DenialCode::PositionLimit));
    // A fill by hand is the account's, not the plugin's.
    let by_hand = Execution {
        client_id: 0,
        order_id: OrderId(0),
        order_ref: String::new(),
        perm_id: 9,
        ..execution(&placement, "m.01", 3)
    };
    assert_eq!(alarms(&rig.handle(filled(&by_hand))), ["external_execution"]);
    let liquidated = Execution {
        order_id: OrderId(-1),
        exec_id: "l.01".into(),
        ..by_hand
    };
    assert_eq!(alarms(&rig.handle(filled(&liquidated))), ["liquidation"]);
    assert_eq!(
        (rig.held(), rig.desk.portfolio().account_net(AAPL)),
        (Quantity::ZERO, units(6))
    );
    let truth = BrokerTruth {
        positions: vec![holding(6)],
        ..truth
    };
    read(&mut rig, &truth);
    assert_eq!(open_kinds(&rig), []);
    rig.desk.policy.orders.external = ExternalOrders::Ignore;
    assert_eq!(denial_of(&rig.submit(large_again())), None);
}

fn large_again() -> crate::domain::order::OrderIntent {
    limit_buy(3, 499)
}

#[test]
fn the_truth_is_read_in_time_and_a_failure_stops_new_risk_only() {
    let mut rig = Rig::active();
    rig.wait(2);
    let effects = rig.wait(301);
    assert!(effects.contains(&Effect::Reconcile));
    assert_eq!(rig.desk.trading_state(), TradingState::Active);
    let reason = "the gateway did not finish the list of completed orders".to_owned();
    rig.handle(Event::Session(SessionEvent::TruthFailed { reason }));
    assert_eq!(rig.desk.trading_state(), TradingState::ReduceOnly);
    assert!(rig.wait(2).contains(&Effect::Reconcile));
    let effects = rig.handle(Event::Session(SessionEvent::Truth(Box::default())));
    assert_eq!(rig.desk.trading_state(), TradingState::Active);
    let outcome = effects.iter().find_map(|effect| match effect {
        Effect::Reconciled { cause, outcome, .. } => Some((*cause, *outcome)),
        _ => None,
    });
    assert_eq!(outcome, Some(("retry", "clean")));
}

#[test]
fn nothing_is_called_lost_while_the_gateway_has_lost_ib() {
    let mut rig = Rig::active();
    let placement = rig.placed(1, 10);
    rig.handle(Event::Session(SessionEvent::UpstreamLost));
    for _ in 0..5 {
        rig.wait(20);
        rig.handle(Event::Session(SessionEvent::Truth(Box::default())));
    }
    assert_eq!(rig.state(placement.order_id), OrderState::PendingNew);
}
