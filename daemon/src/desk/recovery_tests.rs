use super::effect::{CommandOutcome, Effect};
use super::event::{Command, Event, Feeds, SessionEvent};
use super::record::{ExecutionRecord, Memory, Record, RememberedExecution, RememberedOrder};
use super::rig::{AAPL, PLUGIN, Rig, execution, holding, limit_buy, open_order, price, told};
use crate::domain::money::{Price, Quantity};
use crate::domain::order::{Cause, ClientOrderId, Intent, OrderId, ReplaceIntent, Side};
use crate::domain::plugin::PluginId;
use crate::domain::report::{BrokerOrder, BrokerReport, BrokerStatus, BrokerTruth, Execution};
use crate::domain::time::Timestamp;
use crate::domain::trading_state::{Latch, TradingState};
use crate::orders::event::OrderEventKind;
use crate::orders::lifecycle::OrderState;
use crate::orders::placement::Placement;
use crate::risk::verdict::PluginVerdict;

#[test]
fn a_write_into_a_dying_socket_is_unknown_until_the_truth_says() {
    let mut rig = Rig::active();
    let (arrived, lost) = (rig.placed(1, 10), rig.placed(2, 5));
    for order_id in [arrived.order_id, lost.order_id] {
        rig.handle(Event::WriteFailed {
            order_id,
            reason: "broken pipe".into(),
        });
        assert_eq!(rig.state(order_id), OrderState::Unknown);
    }
    rig.handle(Event::Session(SessionEvent::Down {
        reason: "lost".into(),
    }));
    let truth = || BrokerTruth {
        open_orders: vec![open_order(&arrived, BrokerStatus::Submitted)],
        ..BrokerTruth::default()
    };
    rig.connect(truth());
    assert_eq!(rig.state(arrived.order_id), OrderState::Working);
    assert_eq!(rig.state(lost.order_id), OrderState::Unknown);
    // Absence counts the second time, well after the first.
    assert!(rig.wait(11).contains(&Effect::Reconcile));
    rig.handle(Event::Session(SessionEvent::Truth(Box::new(truth()))));
    assert_eq!(rig.state(lost.order_id), OrderState::Lost);
    assert_eq!(rig.state(arrived.order_id), OrderState::Working);
}

#[test]
fn an_order_sent_while_the_truth_was_read_is_not_judged_by_it() {
    let mut rig = Rig::active();
    rig.wait(2);
    rig.command(Command::Reconcile);
    let placement = rig.placed(1, 10);
    rig.status(placement.order_id, BrokerStatus::Submitted);
    rig.handle(Event::Session(SessionEvent::Truth(Box::default())));
    assert_eq!(rig.state(placement.order_id), OrderState::Working);
}

#[test]
fn a_restart_finds_orders_and_fills_again() {
    let mut before = Rig::active();
    let placement = before.placed(5, 10);
    let remembered = RememberedOrder {
        placement: placement.clone(),
        state: OrderState::PendingNew,
        filled: Quantity::ZERO,
        perm_id: 0,
        cancel_requested: false,
    };
    let memory = Memory {
        open_orders: vec![remembered],
        highest_order_id: 41,
        ..Memory::default()
    };
    let mut rig = Rig::new(memory, false);
    let truth = BrokerTruth {
        open_orders: vec![open_order(&placement, BrokerStatus::Submitted)],
        executions: vec![execution(&placement, "a.01", 3)],
        positions: vec![holding(3)],
        ..BrokerTruth::default()
    };
    rig.connect(truth);
    rig.quote("99.99", "100.01");
    assert_eq!(
        (rig.state(placement.order_id), rig.held()),
        (OrderState::Working, Quantity::from_units(3))
    );
    assert_eq!(rig.placed(6, 1).order_id, OrderId(42));
}

#[test]
fn an_order_the_ledger_forgot_is_adopted() {
    let placement = Rig::active().placed(77, 10);
    let mut rig = Rig::new(Memory::default(), false);
    let open = open_order(&placement, BrokerStatus::Submitted);
    let foreign = BrokerOrder {
        order_ref: "mine".into(),
        perm_id: 4,
        order_id: OrderId(900),
        ..open.clone()
    };
    let effects = rig.connect(BrokerTruth {
        open_orders: vec![open, foreign],
        ..BrokerTruth::default()
    });
    assert!(
        effects
            .iter()
            .any(|effect| matches!(effect, Effect::Record(Record::Placed(_))))
    );
    assert_eq!(
        rig.desk.orders.owned(PLUGIN, ClientOrderId(77)).unwrap().state,
        OrderState::Working
    );
    assert_eq!(rig.desk.external_orders, 1);
}

#[test]
fn an_order_that_has_ended_is_not_adopted() {
    let placement = Rig::active().placed(77, 10);
    let mut rig = Rig::new(Memory::default(), false);
    let effects = rig.connect(BrokerTruth {
        open_orders: vec![open_order(&placement, BrokerStatus::Filled)],
        ..BrokerTruth::default()
    });
    assert!(
        !effects.iter().any(|effect| matches!(effect, Effect::Record(_))),
        "{effects:?}"
    );
    assert_eq!(rig.desk.external_orders, 0);
    assert_eq!(rig.desk.live_orders(), 0);
}

#[test]
fn halt_and_kill_are_latched_and_survive_a_restart() {
    let mut rig = Rig::active();
    let placement = rig.placed(1, 10);
    rig.status(placement.order_id, BrokerStatus::Submitted);
    let effects = rig.command(Command::Halt {
        reason: "feed".into(),
        cancel_orders: false,
    });
    assert!(effects.contains(&Effect::Record(Record::Latched {
        latch: Latch::Halted,
        reason: "feed".into()
    })));
    assert_eq!(rig.desk.trading_state(), TradingState::Halted);
    assert_eq!(rig.state(placement.order_id), OrderState::Working);
    let memory = Memory {
        latch: Some((Latch::Halted, "feed".into())),
        ..Memory::default()
    };
    let mut restarted = Rig::new(memory, false);
    restarted.connect(BrokerTruth::default());
    assert_eq!(restarted.desk.trading_state(), TradingState::Halted);
    restarted.command(Command::Resume {
        reason: "fixed".into(),
    });
    assert_eq!(restarted.desk.trading_state(), TradingState::Active);
    let again = restarted.command(Command::Resume {
        reason: "fixed".into(),
    });
    let refused = |effect: &Effect| {
        matches!(
            effect,
            Effect::Answer {
                outcome: CommandOutcome::Refused { .. },
                ..
            }
        )
    };
    assert!(again.iter().any(refused));
}

#[test]
fn a_kill_cancels_then_flattens_once() {
    let mut rig = Rig::active();
    let filled = rig.placed(1, 10);
    rig.handle(Event::Report(BrokerReport::Execution(execution(
        &filled, "a.01", 10,
    ))));
    let working = rig.placed(2, 5);
    rig.status(working.order_id, BrokerStatus::Submitted);
    let effects = rig.command(Command::Kill {
        reason: "enough".into(),
    });
    assert!(effects.contains(&Effect::Cancel {
        order_id: working.order_id
    }));
    let flattening = |effects: &[Effect]| {
        let placed = effects.iter().filter_map(|effect| match effect {
            Effect::Place(placement) => Some(placement.clone()),
            _ => None,
        });
        placed.collect::<Vec<_>>()
    };
    // Not while something may still fill.
    assert_eq!(flattening(&effects), []);
    let effects = rig.status(working.order_id, BrokerStatus::Cancelled);
    let [order] = &flattening(&effects)[..] else {
        panic!("{effects:?}")
    };
    assert_eq!(
        (order.side, order.quantity, order.plugin),
        (Side::Sell, Quantity::from_units(10), PluginId::OPERATOR)
    );
    assert_eq!(flattening(&rig.wait(1)), []);
    rig.handle(Event::Report(BrokerReport::Execution(execution(
        order, "c.01", 10,
    ))));
    assert_eq!(rig.desk.portfolio().net(AAPL), Quantity::ZERO);
    assert_eq!(flattening(&rig.wait(60)), []);
}

#[test]
fn risk_plugins_are_asked_and_their_failure_denies() {
    let mut rig = Rig::new(Memory::default(), true);
    rig.connect(BrokerTruth::default());
    rig.quote("99.99", "100.01");
    let asked = rig.submit(limit_buy(1, 10));
    assert!(matches!(asked[..], [Effect::Review(_)]));
    let verdict = |verdict| Event::Verdict {
        client_order_id: ClientOrderId(1),
        verdict,
    };
    let by = PluginId(1);
    let effects = rig.handle(verdict(PluginVerdict::Failed { by }));
    assert!(matches!(told(&effects)[..], [OrderEventKind::Denied(denial)] if denial.by == Some(by)));
    // Answered once is answered.
    let again = rig.handle(verdict(PluginVerdict::Allow));
    assert!(!again.iter().any(|effect| matches!(effect, Effect::Place(_))));
    rig.submit(limit_buy(2, 10));
    let quantity = Quantity::from_units(4);
    let shrunk = Event::Verdict {
        client_order_id: ClientOrderId(2),
        verdict: PluginVerdict::Shrink { quantity, by },
    };
    assert_eq!(
        told(&rig.handle(shrunk)),
        [OrderEventKind::Reduced(quantity), OrderEventKind::Sent]
    );
}

#[test]
fn a_ledger_that_cannot_be_written_stops_new_risk_and_not_cancels() {
    let mut rig = Rig::active();
    let order_id = rig.placed(1, 10).order_id;
    rig.status(order_id, BrokerStatus::Submitted);
    rig.handle(Event::LedgerFailed {
        reason: "disk full".into(),
    });
    assert_eq!(rig.desk.trading_state(), TradingState::ReduceOnly);
    assert!(matches!(
        told(&rig.submit(limit_buy(2, 1)))[..],
        [OrderEventKind::Denied(_)]
    ));
    let effects = rig.command(Command::CancelOrder { order_id });
    assert!(effects.contains(&Effect::Cancel { order_id }));
    rig.handle(Event::LedgerRecovered);
    assert_eq!(rig.desk.trading_state(), TradingState::Active);
}

#[test]
fn a_quarantined_plugin_loses_its_orders_and_its_data() {
    let mut rig = Rig::active();
    let feeds = Feeds {
        quotes: true,
        trades: false,
    };
    rig.handle(Event::Subscription {
        plugin: PLUGIN,
        instrument: AAPL,
        feeds,
    });
    assert_eq!(rig.quote("99.98", "100.01").len(), 1);
    // The same again is no news.
    assert_eq!(rig.quote("99.98", "100.01").len(), 0);
    let order_id = rig.placed(1, 10).order_id;
    let failed = Event::PluginFailed {
        plugin: PLUGIN,
        quarantined: true,
        reason: "trap".into(),
    };
    assert!(rig.handle(failed).contains(&Effect::Cancel { order_id }));
    assert_eq!(rig.quote("99.97", "100.01"), []);
}

/// A desk that remembers one order of that many units, standing there, of which no fill is known.
fn remembers(units: i32, state: OrderState) -> (Rig, Placement) {
    let placement = Rig::active().placed(5, units);
    let remembered = RememberedOrder {
        placement: placement.clone(),
        state,
        filled: Quantity::ZERO,
        perm_id: 0,
        cancel_requested: false,
    };
    let memory = Memory {
        open_orders: vec![remembered],
        highest_order_id: placement.order_id.0,
        ..Memory::default()
    };
    (Rig::new(memory, false), placement)
}

/// The broker says that it was filled whole, as an order of that many units.
fn filled(placement: &Placement, units: i32) -> BrokerTruth {
    let completed = BrokerOrder {
        quantity: Quantity::from_units(units),
        filled: Some(Quantity::from_units(units)),
        ..open_order(placement, BrokerStatus::Filled)
    };
    BrokerTruth {
        completed_orders: vec![completed],
        executions: vec![execution(placement, "a.01", units)],
        positions: vec![holding(units)],
        ..BrokerTruth::default()
    }
}

fn check_settled(rig: &mut Rig, placement: &Placement, units: i32) {
    let order = rig.desk.orders.get(placement.order_id).unwrap();
    let executed = Quantity::from_units(units);
    assert_eq!((order.state, order.executed), (OrderState::Filled, executed));
    assert!(order.is_settled());
    for _ in 0..10 {
        let effects = rig.wait(1);
        assert!(!effects.contains(&Effect::Reconcile), "it is still asked about");
    }
}

#[test]
fn a_larger_size_that_never_left_does_not_hold_a_filled_order_open() {
    let (mut rig, placement) = remembers(15, OrderState::Working);
    rig.connect(filled(&placement, 10));
    check_settled(&mut rig, &placement, 10);
}

#[test]
fn executions_that_came_after_the_word_filled_are_counted_after_a_restart() {
    let (mut rig, placement) = remembers(10, OrderState::Filled);
    let effects = rig.connect(filled(&placement, 10));
    let recorded = effects.iter().any(|effect| {
        matches!(effect, Effect::Record(Record::OrderState(record))
            if record.order_id == placement.order_id && record.filled == Quantity::from_units(10))
    });
    assert!(recorded, "{effects:?}");
    check_settled(&mut rig, &placement, 10);
}

/// Found by the simulation: three operations, a correction and a fill read in one truth.
#[test]
fn a_fill_read_together_with_a_correction_counts_once() {
    let mut rig = Rig::active();
    let (corrected, missed) = (rig.placed(1, 100), rig.placed(2, 100));
    let first = execution(&corrected, "a.01.01", 100);
    rig.handle(Event::Report(BrokerReport::Execution(first)));
    rig.handle(Event::Session(SessionEvent::Down {
        reason: "lost".into(),
    }));
    rig.connect(BrokerTruth {
        executions: vec![
            execution(&corrected, "a.01.02", 98),
            execution(&missed, "b.01.01", 100),
        ],
        ..BrokerTruth::default()
    });
    assert_eq!(rig.held(), Quantity::from_units(198));
}

/// Found by the simulation: an order that a change in an outage gave a second life, which had filled before a restart.
#[test]
fn what_another_life_filled_leaves_the_order_open_after_a_restart() {
    let mut before = Rig::active();
    let placement = before.placed(5, 100);
    let own = open_order(&placement, BrokerStatus::Submitted).perm_id;
    let elsewhere = Execution {
        perm_id: own + 1,
        ..execution(&placement, "a.01.01", 100)
    };
    let remembered = RememberedOrder {
        placement: placement.clone(),
        state: OrderState::Working,
        filled: Quantity::from_units(100),
        perm_id: own,
        cancel_requested: false,
    };
    let record = ExecutionRecord {
        execution: elsewhere.clone(),
        plugin: "ema".into(),
    };
    let memory = Memory {
        open_orders: vec![remembered],
        executions: vec![RememberedExecution {
            record,
            recorded: Timestamp::from_nanos(1),
            commission: None,
        }],
        highest_order_id: placement.order_id.0,
        highest_client_order_id: 5,
        ..Memory::default()
    };
    let mut rig = Rig::new(memory, false);
    rig.connect(BrokerTruth {
        open_orders: vec![open_order(&placement, BrokerStatus::Submitted)],
        executions: vec![elsewhere],
        ..BrokerTruth::default()
    });
    assert_eq!(rig.held(), Quantity::from_units(100));
    let (buy, _) = rig.desk.orders().open_quantities(PLUGIN, AAPL, None);
    assert_eq!(buy, Quantity::from_units(100));
}

/// Found by the simulation: a reading of the truth overtook a change, which then arrived all the same.
#[test]
fn a_change_given_up_for_lost_counts_once_the_broker_shows_it() {
    let mut rig = Rig::active();
    let placement = rig.placed(5, 100);
    rig.status(placement.order_id, BrokerStatus::Submitted);
    rig.handle(Event::Intent {
        intent: Intent::Replace(ReplaceIntent {
            plugin: PLUGIN,
            client_order_id: placement.client_order_id,
            quantity: Quantity::from_units(300),
            limit: price("100"),
            stop: Price::ZERO,
        }),
        cause: Cause { tick_received: None },
    });
    rig.wait(2);
    rig.command(Command::Reconcile);
    rig.handle(Event::Session(SessionEvent::Truth(Box::new(BrokerTruth {
        open_orders: vec![open_order(&placement, BrokerStatus::Submitted)],
        ..BrokerTruth::default()
    }))));
    let open = |rig: &Rig| rig.desk.orders().open_quantities(PLUGIN, AAPL, None).0;
    assert_eq!(open(&rig), Quantity::from_units(100));
    let shown = BrokerOrder {
        quantity: Quantity::from_units(300),
        ..open_order(&placement, BrokerStatus::Submitted)
    };
    rig.handle(Event::Report(BrokerReport::Order(shown)));
    assert_eq!(open(&rig), Quantity::from_units(300));
}
