//! What a desk makes of a ledger and a broker that were cut off from each other in the middle of something.

use super::{PLUGIN, Rig, execution, open_order};
use crate::desk::effect::{CommandOutcome, Effect};
use crate::desk::event::Command;
use crate::desk::record::{Memory, Record, RememberedOrder};
use crate::domain::money::Quantity;
use crate::domain::order::{ClientOrderId, OrderId};
use crate::domain::report::{BrokerOrder, BrokerStatus, BrokerTruth};
use crate::domain::trading_state::{Latch, TradingState};
use crate::orders::lifecycle::OrderState;
use crate::orders::placement::Placement;

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
