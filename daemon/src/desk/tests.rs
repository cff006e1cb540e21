mod recovery;

use super::effect::{Effect, Notice};
use super::event::{Command, CommandTicket, Event, Feeds, Requester, SessionEvent};
use super::record::{Memory, Record};
use super::{Desk, Setup};
use crate::domain::instrument::{ContractFacts, Instrument, InstrumentId, SecurityType};
use crate::domain::money::{Price, Quantity};
use crate::domain::order::{
    Cause, ClientOrderId, Intent, OrderId, OrderIntent, OrderKind, ReplaceIntent, Side, TimeInForce,
};
use crate::domain::plugin::PluginId;
use crate::domain::quote::Quote;
use crate::domain::report::{
    BrokerOrder, BrokerReport, BrokerStatus, BrokerTruth, Commission, Execution, OrderError,
    OrderErrorMeaning, StatusReport,
};
use crate::domain::time::Timestamp;
use crate::domain::trading_state::TradingState;
use crate::orders::event::OrderEventKind;
use crate::orders::lifecycle::OrderState;
use crate::orders::placement::Placement;
use crate::risk::denial::DenialCode;
use crate::risk::limits::{Grant, Limits, OrderType};
use crate::risk::verdict::PluginVerdict;

const AAPL: InstrumentId = InstrumentId(0);
const PLUGIN: PluginId = PluginId(0);

/// A desk with one instrument and one plugin, and a clock of its own.
struct Rig {
    desk: Desk,
    now: u64,
}

fn price(text: &str) -> Price {
    text.parse().unwrap()
}

fn setup(risk_plugins: bool) -> Setup {
    let instrument = Instrument {
        id: AAPL,
        name: "AAPL".into(),
        symbol: "AAPL".into(),
        security_type: SecurityType::Stk,
        exchange: "SMART".into(),
        primary_exchange: None,
        currency: "USD".into(),
        expiry: None,
        con_id: None,
        tick: Price::ZERO,
        multiplier: Quantity::ONE,
    };
    let grant = Grant {
        plugin: "ema".into(),
        instruments: [AAPL].into(),
        order_types: [OrderType::Limit, OrderType::Market].into(),
        max_quantity: Quantity::from_units(500),
        messages_per_second: 100,
    };
    let limits = Limits {
        messages_per_second: 1_000,
        ..Limits::default()
    };
    Setup {
        instruments: vec![instrument],
        plugins: vec!["ema".into()],
        grants: vec![grant],
        limits,
        risk_plugins,
    }
}

fn limit_buy(id: u64, units: i32) -> OrderIntent {
    OrderIntent {
        client_order_id: ClientOrderId(id),
        plugin: PLUGIN,
        instrument: AAPL,
        side: Side::Buy,
        kind: OrderKind::Limit { limit: price("100") },
        time_in_force: TimeInForce::Day,
        quantity: Quantity::from_units(units),
        reduce_only: false,
        tag: 9,
    }
}

fn execution(placement: &Placement, id: &str, units: i32) -> Execution {
    Execution {
        exec_id: id.into(),
        order_id: placement.order_id,
        client_id: 7,
        perm_id: 1,
        order_ref: placement.order_ref.clone(),
        con_id: 265_598,
        instrument: Some(AAPL),
        side: placement.side,
        size: Quantity::from_units(units),
        price: price("100"),
        cumulative: Quantity::from_units(units),
        time: String::new(),
    }
}

fn open_order(placement: &Placement, status: BrokerStatus) -> BrokerOrder {
    BrokerOrder {
        order_id: placement.order_id,
        client_id: 7,
        perm_id: 1,
        order_ref: placement.order_ref.clone(),
        con_id: 265_598,
        instrument: Some(AAPL),
        side: placement.side,
        kind: Some(placement.kind),
        time_in_force: Some(placement.time_in_force),
        quantity: placement.quantity,
        filled: None,
        status,
        reason: None,
    }
}

impl Rig {
    fn new(memory: Memory, risk_plugins: bool) -> Self {
        let now = 1_000_000_000_000;
        Rig {
            desk: Desk::new(setup(risk_plugins), memory, Timestamp::from_nanos(now)),
            now,
        }
    }

    /// Connected, reconciled with an empty broker, quoted.
    fn active() -> Self {
        let mut rig = Rig::new(Memory::default(), false);
        rig.connect(BrokerTruth::default());
        rig.quote("99.99", "100.01");
        assert_eq!(rig.desk.trading_state(), TradingState::Active);
        rig
    }

    fn handle(&mut self, event: Event) -> Vec<Effect> {
        self.now += 1_000;
        let mut effects = Vec::new();
        self.desk
            .handle(Timestamp::from_nanos(self.now), event, &mut effects);
        effects
    }

    fn wait(&mut self, seconds: u64) -> Vec<Effect> {
        self.now += seconds * 1_000_000_000;
        self.handle(Event::Clock)
    }

    fn connect(&mut self, truth: BrokerTruth) -> Vec<Effect> {
        let tick = price("0.01");
        let facts = ContractFacts {
            instrument: AAPL,
            con_id: 265_598,
            tick,
            multiplier: Quantity::ONE,
        };
        self.handle(Event::Session(SessionEvent::Resolved(facts)));
        let up = self.handle(Event::Session(SessionEvent::Up {
            next_order_id: 1,
            client_id: 7,
        }));
        assert!(up.contains(&Effect::Reconcile));
        self.handle(Event::Session(SessionEvent::Truth(Box::new(truth))))
    }

    fn quote(&mut self, bid: &str, ask: &str) -> Vec<Effect> {
        let received = Timestamp::from_nanos(self.now);
        let quote = Quote {
            bid: Some(price(bid)),
            ask: Some(price(ask)),
            received,
            ..Quote::empty(AAPL)
        };
        self.handle(Event::Quote(quote))
    }

    fn submit(&mut self, intent: OrderIntent) -> Vec<Effect> {
        self.handle(Event::Intent {
            intent: Intent::Submit(intent),
            cause: Cause { tick_received: None },
        })
    }

    fn placed(&mut self, id: u64, units: i32) -> Placement {
        let effects = self.submit(limit_buy(id, units));
        let placements = effects.iter().filter_map(|effect| match effect {
            Effect::Place(placement) => Some(placement.clone()),
            _ => None,
        });
        let [placement]: [Placement; 1] = placements.collect::<Vec<_>>().try_into().unwrap();
        placement
    }

    fn status(&mut self, order_id: OrderId, status: BrokerStatus) -> Vec<Effect> {
        self.handle(Event::Report(BrokerReport::Status(StatusReport {
            order_id,
            status,
            filled: Quantity::ZERO,
            remaining: Quantity::ZERO,
            perm_id: 1,
            why_held: None,
        })))
    }

    fn command(&mut self, command: Command) -> Vec<Effect> {
        let requester = Requester {
            uid: 1000,
            user: "op".into(),
        };
        self.handle(Event::Command {
            ticket: CommandTicket(1),
            requester,
            command,
        })
    }

    fn state(&self, order_id: OrderId) -> OrderState {
        self.desk.orders.get(order_id).unwrap().state
    }

    fn held(&self) -> Quantity {
        self.desk.portfolio().position(PLUGIN, AAPL).size
    }
}

fn told(effects: &[Effect]) -> Vec<OrderEventKind> {
    let kinds = effects.iter().filter_map(|effect| match effect {
        Effect::Notify {
            notice: Notice::Order(event),
            ..
        } => Some(event.kind.clone()),
        _ => None,
    });
    kinds.collect()
}

fn position(effects: &[Effect], which: impl Fn(&Effect) -> bool) -> usize {
    effects.iter().position(which).unwrap()
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
        panic!("{busy:?}");
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
