//! A desk with one instrument and one plugin, for its tests.

use super::effect::{Effect, Notice};
use super::event::{Command, CommandTicket, Event, Requester, SessionEvent};
use super::record::Memory;
use super::{Desk, Setup};
use crate::domain::instrument::{ContractFacts, Instrument, InstrumentId, SecurityType};
use crate::domain::money::{Price, Quantity};
use crate::domain::order::{
    Cause, ClientOrderId, Intent, OrderId, OrderIntent, OrderKind, Side, TimeInForce,
};
use crate::domain::plugin::PluginId;
use crate::domain::quote::Quote;
use crate::domain::report::{
    BrokerOrder, BrokerPosition, BrokerReport, BrokerStatus, BrokerTruth, Execution, StatusReport,
};
use crate::domain::time::Timestamp;
use crate::domain::trading_state::TradingState;
use crate::orders::event::OrderEventKind;
use crate::orders::lifecycle::OrderState;
use crate::orders::placement::Placement;
use crate::risk::limits::{Grant, Limits, OrderType};

pub(super) const AAPL: InstrumentId = InstrumentId(0);
pub(super) const PLUGIN: PluginId = PluginId(0);

/// A desk with one instrument and one plugin, and a clock of its own.
pub(super) struct Rig {
    pub(super) desk: Desk,
    pub(super) now: u64,
}

pub(super) fn price(text: &str) -> Price {
    text.parse().unwrap()
}

pub(super) fn setup(risk_plugins: bool) -> Setup {
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
        hours: None,
        silent_after: None,
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
        policy: super::policy::Policy::default(),
    }
}

pub(super) fn limit_buy(id: u64, units: i32) -> OrderIntent {
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

/// The permanent id that the broker of these tests gives an order.
pub(super) fn perm_id(order_id: OrderId) -> i64 {
    1_000 + i64::from(order_id.0)
}

/// What the account holds of the one instrument.
pub(super) fn holding(size: i32) -> BrokerPosition {
    BrokerPosition {
        account: "DU1".into(),
        con_id: 265_598,
        symbol: "AAPL".into(),
        instrument: Some(AAPL),
        size: Quantity::from_units(size),
        average_cost: price("100"),
    }
}

pub(super) fn execution(placement: &Placement, id: &str, units: i32) -> Execution {
    Execution {
        exec_id: id.into(),
        order_id: placement.order_id,
        client_id: 7,
        perm_id: perm_id(placement.order_id),
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

pub(super) fn open_order(placement: &Placement, status: BrokerStatus) -> BrokerOrder {
    BrokerOrder {
        order_id: placement.order_id,
        client_id: 7,
        perm_id: perm_id(placement.order_id),
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
    pub(super) fn new(memory: Memory, risk_plugins: bool) -> Self {
        let now = 1_000_000_000_000;
        Rig {
            desk: Desk::new(setup(risk_plugins), memory, Timestamp::from_nanos(now)),
            now,
        }
    }

    /// Connected, reconciled with an empty broker, quoted.
    pub(super) fn active() -> Self {
        let mut rig = Rig::new(Memory::default(), false);
        rig.connect(BrokerTruth::default());
        rig.quote("99.99", "100.01");
        assert_eq!(rig.desk.trading_state(), TradingState::Active);
        rig
    }

    pub(super) fn handle(&mut self, event: Event) -> Vec<Effect> {
        self.now += 1_000;
        let mut effects = Vec::new();
        self.desk
            .handle(Timestamp::from_nanos(self.now), event, &mut effects);
        effects
    }

    pub(super) fn wait(&mut self, seconds: u64) -> Vec<Effect> {
        self.now += seconds * 1_000_000_000;
        self.handle(Event::Clock)
    }

    pub(super) fn connect(&mut self, truth: BrokerTruth) -> Vec<Effect> {
        let tick = price("0.01");
        let facts = ContractFacts {
            instrument: AAPL,
            con_id: 265_598,
            tick,
            multiplier: Quantity::ONE,
            hours: None,
        };
        self.handle(Event::Session(SessionEvent::Resolved(facts)));
        let up = self.handle(Event::Session(SessionEvent::Up {
            next_order_id: 1,
            client_id: 7,
        }));
        assert!(up.contains(&Effect::Reconcile));
        self.handle(Event::Session(SessionEvent::Proofs { missing: Vec::new() }));
        self.handle(Event::Session(SessionEvent::Truth(Box::new(truth))))
    }

    pub(super) fn quote(&mut self, bid: &str, ask: &str) -> Vec<Effect> {
        let received = Timestamp::from_nanos(self.now);
        let quote = Quote {
            bid: Some(price(bid)),
            ask: Some(price(ask)),
            received,
            ..Quote::empty(AAPL)
        };
        self.handle(Event::Quote(quote))
    }

    pub(super) fn submit(&mut self, intent: OrderIntent) -> Vec<Effect> {
        self.handle(Event::Intent {
            intent: Intent::Submit(intent),
            cause: Cause { tick_received: None },
        })
    }

    pub(super) fn placed(&mut self, id: u64, units: i32) -> Placement {
        let effects = self.submit(limit_buy(id, units));
        let placements = effects.iter().filter_map(|effect| match effect {
            Effect::Place(placement) => Some(placement.clone()),
            _ => None,
        });
        let [placement]: [Placement; 1] = placements.collect::<Vec<_>>().try_into().unwrap();
        placement
    }

    pub(super) fn status(&mut self, order_id: OrderId, status: BrokerStatus) -> Vec<Effect> {
        self.handle(Event::Report(BrokerReport::Status(StatusReport {
            order_id,
            status,
            filled: Quantity::ZERO,
            remaining: Quantity::ZERO,
            perm_id: perm_id(order_id),
            why_held: None,
        })))
    }

    pub(super) fn command(&mut self, command: Command) -> Vec<Effect> {
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

    pub(super) fn state(&self, order_id: OrderId) -> OrderState {
        self.desk.orders.get(order_id).unwrap().state
    }

    pub(super) fn held(&self) -> Quantity {
        self.desk.portfolio().position(PLUGIN, AAPL).size
    }
}

pub(super) fn told(effects: &[Effect]) -> Vec<OrderEventKind> {
    let kinds = effects.iter().filter_map(|effect| match effect {
        Effect::Notify {
            notice: Notice::Order(event),
            ..
        } => Some(event.kind.clone()),
        _ => None,
    });
    kinds.collect()
}

pub(super) fn position(effects: &[Effect], which: impl Fn(&Effect) -> bool) -> usize {
    effects.iter().position(which).unwrap()
}
