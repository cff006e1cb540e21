use super::effect::Effect;
use super::event::{Event, SessionEvent};
use super::record::{Memory, Record};
use super::rig::{AAPL, PLUGIN, Rig, execution, limit_buy, position, price, told};
use crate::domain::money::{Price, Quantity};
use crate::domain::order::{Cause, ClientOrderId, Intent, ReplaceIntent};
use crate::domain::report::{
    BrokerReport, BrokerStatus, BrokerTruth, Commission, OrderError, OrderErrorMeaning,
};
use crate::domain::trading_state::TradingState;
use crate::orders::event::OrderEventKind;
use crate::orders::lifecycle::OrderState;
use crate::risk::denial::DenialCode;

#[test]
fn without_its_proofs_a_session_lets_out_only_what_reduces() {
    let mut rig = Rig::new(Memory::default(), false);
    rig.connect(BrokerTruth::default());
    rig.quote("99.99", "100.01");
    assert_eq!(rig.desk.trading_state(), TradingState::Active);
    let missing = vec!["clock: two minutes off".to_owned()];
    rig.handle(Event::Session(SessionEvent::Proofs { missing }));
    assert_eq!(rig.desk.trading_state(), TradingState::ReduceOnly);
    assert!(rig.desk.snapshot(crate::domain::time::Timestamp::NEVER).reasons[0].contains("two minutes off"));
    let effects = rig.submit(limit_buy(1, 10));
    assert!(
        matches!(told(&effects)[..], [OrderEventKind::Denied(_)]),
        "{effects:?}"
    );
    rig.handle(Event::Session(SessionEvent::Proofs { missing: Vec::new() }));
    assert_eq!(rig.desk.trading_state(), TradingState::Active);
}

#[test]
fn nothing_leaves_before_the_truth_was_read() {
    let mut rig = Rig::new(Memory::default(), false);
    rig.quote("99.99", "100.01");
    let denied = |effects: &[Effect]| matches!(told(effects)[..], [OrderEventKind::Denied(_)]);
    assert!(denied(&rig.submit(limit_buy(1, 10))));
    rig.handle(Event::Session(SessionEvent::Up {
        next_order_id: 1,
        client_id: 7,
    }));
    assert!(denied(&rig.submit(limit_buy(2, 10))));
    let failed = SessionEvent::TruthFailed {
        reason: "timed out".into(),
    };
    rig.handle(Event::Session(failed));
    assert_eq!(rig.desk.trading_state(), TradingState::Recovering);
    // Unknown is not empty: it is asked again.
    assert!(rig.wait(2).contains(&Effect::Reconcile));
}

#[test]
fn an_order_is_recorded_before_it_is_sent() {
    let mut rig = Rig::active();
    let effects = rig.submit(limit_buy(1, 10));
    let recorded = position(&effects, |effect| {
        matches!(effect, Effect::Record(Record::Placed(_)))
    });
    let sent = position(&effects, |effect| matches!(effect, Effect::Place(_)));
    assert!(recorded < sent);
    assert_eq!(told(&effects), [OrderEventKind::Sent]);
}

#[test]
fn an_order_lives_its_life() {
    let mut rig = Rig::active();
    let placement = rig.placed(1, 10);
    let order_id = placement.order_id;
    assert_eq!(placement.order_ref, "moored:ema:1");
    assert_eq!(
        told(&rig.status(order_id, BrokerStatus::PreSubmitted)),
        [OrderEventKind::Working]
    );
    assert_eq!(told(&rig.status(order_id, BrokerStatus::Submitted)), []);
    let fill = |id, units| Event::Report(BrokerReport::Execution(execution(&placement, id, units)));
    rig.handle(fill("a.01", 4));
    assert_eq!(rig.held(), Quantity::from_units(4));
    // Told twice, counted once.
    assert_eq!(rig.handle(fill("a.01", 4)), []);
    rig.handle(fill("b.01", 6));
    assert_eq!(rig.state(order_id), OrderState::Filled);
    assert_eq!(rig.held(), Quantity::from_units(10));
    let commission = Commission {
        exec_id: "b.01".into(),
        amount: "1".parse().unwrap(),
        currency: "USD".into(),
    };
    let effects = rig.handle(Event::Report(BrokerReport::Commission(commission.clone())));
    assert_eq!(told(&effects), [OrderEventKind::Commissioned(commission.amount)]);
    assert_eq!(
        rig.handle(Event::Report(BrokerReport::Commission(commission))),
        []
    );
    assert_eq!(
        rig.desk.portfolio().position(PLUGIN, AAPL).fees,
        "1".parse().unwrap()
    );
}

#[test]
fn reports_in_any_order_end_in_the_same_state() {
    let mut rig = Rig::active();
    let placement = rig.placed(1, 10);
    let order_id = placement.order_id;
    rig.status(order_id, BrokerStatus::Filled);
    // Said to be filled, not yet by an execution: still exposure, not yet a position.
    let (buy, _) = rig.desk.orders.open_quantities(PLUGIN, AAPL, None);
    assert_eq!((buy, rig.held()), (Quantity::from_units(10), Quantity::ZERO));
    rig.status(order_id, BrokerStatus::Submitted);
    let commission = Commission {
        exec_id: "a.01".into(),
        amount: "1".parse().unwrap(),
        currency: "USD".into(),
    };
    rig.handle(Event::Report(BrokerReport::Commission(commission)));
    rig.handle(Event::Report(BrokerReport::Execution(execution(
        &placement, "a.01", 10,
    ))));
    assert_eq!(rig.state(order_id), OrderState::Filled);
    let held = rig.desk.portfolio().position(PLUGIN, AAPL);
    assert_eq!(
        (held.size, held.fees),
        (Quantity::from_units(10), "1".parse().unwrap())
    );
}

#[test]
fn a_fill_races_a_cancel() {
    let mut rig = Rig::active();
    let placement = rig.placed(1, 10);
    let order_id = placement.order_id;
    rig.status(order_id, BrokerStatus::Submitted);
    let cancel = Intent::Cancel {
        plugin: PLUGIN,
        client_order_id: ClientOrderId(1),
    };
    let effects = rig.handle(Event::Intent {
        intent: cancel,
        cause: Cause { tick_received: None },
    });
    assert!(effects.contains(&Effect::Cancel { order_id }));
    rig.handle(Event::Report(BrokerReport::Execution(execution(
        &placement, "a.01", 3,
    ))));
    assert_eq!(
        told(&rig.status(order_id, BrokerStatus::Cancelled)),
        [OrderEventKind::Canceled]
    );
    rig.handle(Event::Report(BrokerReport::Execution(execution(
        &placement, "b.01", 2,
    ))));
    assert_eq!(
        (rig.state(order_id), rig.held()),
        (OrderState::Canceled, Quantity::from_units(5))
    );
}

#[test]
fn an_error_ends_a_new_order_only_if_it_refuses_it() {
    let mut rig = Rig::active();
    let order_id = rig.placed(1, 10).order_id;
    let error = |meaning| {
        let error = OrderError {
            order_id,
            code: 321,
            text: "no".into(),
            meaning,
        };
        Event::Report(BrokerReport::Error(error))
    };
    rig.handle(error(OrderErrorMeaning::Annotation));
    assert_eq!(rig.state(order_id), OrderState::PendingNew);
    let asked = rig.handle(error(OrderErrorMeaning::Ask));
    assert!(!asked.iter().any(|effect| matches!(effect, Effect::Place(_))));
    rig.handle(error(OrderErrorMeaning::Refused));
    assert_eq!(rig.state(order_id), OrderState::Rejected);
}

#[test]
fn a_refused_change_leaves_the_order_as_it_was() {
    let mut rig = Rig::active();
    let order_id = rig.placed(1, 10).order_id;
    rig.status(order_id, BrokerStatus::Submitted);
    let (quantity, limit) = (Quantity::from_units(20), price("100.01"));
    let replace = ReplaceIntent {
        plugin: PLUGIN,
        client_order_id: ClientOrderId(1),
        quantity,
        limit,
        stop: Price::ZERO,
    };
    let intent = Event::Intent {
        intent: Intent::Replace(replace),
        cause: Cause { tick_received: None },
    };
    assert!(
        rig.handle(intent.clone())
            .iter()
            .any(|effect| matches!(effect, Effect::Replace(_)))
    );
    // At worst the larger quantity may fill while nobody knows.
    assert_eq!(rig.desk.orders.open_quantities(PLUGIN, AAPL, None).0, quantity);
    let busy = rig.handle(intent);
    let [OrderEventKind::ReplaceDenied(denial)] = told(&busy)[..] else {
        panic!("{busy:?}")
    };
    assert_eq!(denial.code, DenialCode::OrderBusy);
    let error = OrderError {
        order_id,
        code: 105,
        text: "no".into(),
        meaning: OrderErrorMeaning::Refused,
    };
    let effects = rig.handle(Event::Report(BrokerReport::Error(error)));
    assert!(matches!(told(&effects)[..], [OrderEventKind::ReplaceRejected(_)]));
    assert_eq!(
        rig.desk.orders.open_quantities(PLUGIN, AAPL, None).0,
        Quantity::from_units(10)
    );
    assert_eq!(rig.state(order_id), OrderState::Working);
}
