//! One plausible moment of a daemon that trades, for the tests of this folder.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::desk::snapshot::{FillRow, OrderRow, PluginTally, PositionRow, Snapshot};
use crate::domain::hours::Openness;
use crate::domain::instrument::{Instrument, InstrumentId, SecurityType};
use crate::domain::money::{Money, Price, Quantity};
use crate::domain::order::{ClientOrderId, OrderId, OrderKind, Side, TimeInForce};
use crate::domain::plugin::{PluginId, PluginKind, PluginState, PluginStatus};
use crate::domain::proof::{Proof, ProofKind};
use crate::domain::quote::Quote;
use crate::domain::recovery::{
    MaintenanceReport, RecoveryStatus, Rung, RungReport, Step, StepOutcome, WindowKind, WindowReport,
};
use crate::domain::report::{AccountValue, Execution};
use crate::domain::session::{Farm, FarmKind, FarmState, SessionPhase, SessionStatus};
use crate::domain::stream::{StreamState, Subscription};
use crate::domain::time::Timestamp;
use crate::domain::trading_state::{Latch, TradingState};
use crate::orders::lifecycle::OrderState;
use crate::orders::placement::Placement;
use crate::portfolio::Position;
use crate::risk::denial::DenialCode;

const ID: InstrumentId = InstrumentId(0);

fn price(text: &str) -> Price {
    text.parse().unwrap()
}

fn instrument() -> Instrument {
    Instrument {
        id: ID,
        name: "AAPL".to_owned(),
        symbol: "AAPL".to_owned(),
        security_type: SecurityType::Stk,
        exchange: "SMART".to_owned(),
        primary_exchange: Some("NASDAQ".to_owned()),
        currency: "USD".to_owned(),
        expiry: None,
        con_id: Some(265_598),
        tick: price("0.01"),
        multiplier: Quantity::ONE,
        hours: None,
        silent_after: None,
    }
}

fn order(number: i32, state: OrderState, at: Timestamp) -> OrderRow {
    OrderRow {
        placement: Placement {
            order_id: OrderId(number),
            client_order_id: ClientOrderId(number as u64),
            plugin: PluginId(0),
            plugin_name: "maker".to_owned(),
            instrument: ID,
            side: Side::Buy,
            kind: OrderKind::Limit {
                limit: price("189.45"),
            },
            time_in_force: TimeInForce::Day,
            quantity: Quantity::from_units(100),
            order_ref: format!("maker:{number}"),
            tag: 7,
        },
        state,
        filled: if state.is_final() {
            Quantity::from_units(100)
        } else {
            Quantity::ZERO
        },
        perm_id: i64::from(number) + 1_000,
        reason: None,
        accepted: at,
        changed: at,
    }
}

fn execution() -> Execution {
    Execution {
        exec_id: "0000e0d5.01".to_owned(),
        order_id: OrderId(11),
        client_id: 1,
        perm_id: 1_011,
        order_ref: "maker:11".to_owned(),
        con_id: 265_598,
        instrument: Some(ID),
        side: Side::Buy,
        size: Quantity::from_units(100),
        price: price("189.45"),
        cumulative: Quantity::from_units(100),
        time: "20260105 10:00:00 US/Eastern".to_owned(),
    }
}

/// A desk that is active, with one live order, one filled one and its fill.
pub(super) fn snapshot(at: Timestamp) -> Snapshot {
    let execution = execution();
    let tally = PluginTally {
        intents: 5,
        orders: 2,
        fills: 1,
        denials: BTreeMap::from([(DenialCode::PriceCollar, 3)]),
        day_pnl: Money::from_nanos(12_340_000_000),
        total_pnl: Money::from_nanos(-1_500_000_000),
        fills_without_commission: 0,
    };
    let mut position = Position::default();
    position.size = Quantity::from_units(100);
    Snapshot {
        at,
        trading_state: TradingState::Active,
        reasons: Vec::new(),
        ledger_error: String::new(),
        latch: Latch::Running,
        latch_reason: String::new(),
        reconciled_at: Some(at),
        instruments: vec![(
            instrument(),
            Quote {
                bid: Some(price("189.44")),
                ask: Some(price("189.46")),
                bid_size: Quantity::from_units(300),
                ask_size: Quantity::from_units(200),
                received: at,
                ..Quote::empty(ID)
            },
        )],
        orders: vec![
            order(11, OrderState::Filled, at),
            order(12, OrderState::Working, at),
        ],
        fills: vec![FillRow {
            execution,
            plugin: "maker".to_owned(),
            commission: Some(Money::from_nanos(1_000_000_000)),
            at,
        }],
        positions: vec![PositionRow {
            plugin: "maker".to_owned(),
            instrument: ID,
            position,
            unrealized: Some(Money::ZERO),
            fills_without_commission: 0,
        }],
        broker_positions: Vec::new(),
        external_orders: 0,
        external: Vec::new(),
        discrepancies: Vec::new(),
        incarnation_conflicts: 0,
        fills_recovered: 0,
        account: vec![AccountValue {
            account: "DU1".to_owned(),
            tag: "NetLiquidation".to_owned(),
            value: "1000000.00".to_owned(),
            currency: "USD".to_owned(),
        }],
        plugins: BTreeMap::from([("maker".to_owned(), tally)]),
        ticks: 4_200,
    }
}

/// A session that is up.
pub(super) fn session(at: Timestamp) -> SessionStatus {
    SessionStatus {
        phase: SessionPhase::Up,
        since: at,
        address: "127.0.0.1:4002".to_owned(),
        client_id: 1,
        server_version: 213,
        accounts: vec!["DU1".to_owned()],
        upstream: true,
        upstream_since: Some(at),
        farms: vec![Farm {
            name: "usfarm".to_owned(),
            kind: FarmKind::MarketData,
            state: FarmState::Idle,
            since: at,
            notices: 2,
        }],
        attempts: 0,
        sessions: 1,
        last_error: String::new(),
        last_heartbeat: Some(at),
        failing: None,
        silences: 0,
        proofs: ProofKind::ALL
            .map(|kind| Proof {
                held: true,
                proved: Some(at),
                fix: String::new(),
                ..Proof::missing(kind)
            })
            .to_vec(),
        subscriptions: vec![Subscription {
            instrument: ID,
            optional: false,
            state: StreamState::Fresh,
            requested: Some(at),
            first_tick: Some(at.after(Duration::from_millis(3))),
            last_tick: Some(at),
            silent_since: None,
            silent_after: Duration::from_secs(30),
            rerequests: 0,
            capped: false,
            refusal: None,
            market: Openness::Unknown,
        }],
        competing: None,
        streams_silent: 0,
    }
}

/// One strategy that runs.
pub(super) fn plugins() -> Vec<PluginStatus> {
    vec![PluginStatus {
        name: "maker".to_owned(),
        kind: PluginKind::Strategy,
        version: "market-maker 0.1.0".to_owned(),
        own_thread: false,
        state: PluginState::Running,
        imports: vec!["moored:plugin/orders".to_owned()],
        calls: 4_200,
        failures: 0,
        restarts: 0,
        last_failure: String::new(),
    }]
}

/// Recovery after one step, in the night's window.
pub(super) fn recovery(at: Timestamp) -> RecoveryStatus {
    let window = |name: &str, kind, from: u64, to: u64| WindowReport {
        name: name.to_owned(),
        kind,
        from: at.after(Duration::from_secs(from)),
        to: at.after(Duration::from_secs(to)),
    };
    RecoveryStatus {
        enabled: true,
        rung: Some(Rung::ReconnectData),
        steps: vec![Step {
            at,
            rung: Rung::ReconnectData,
            why: "data farms are broken: usfarm".to_owned(),
            outcome: StepOutcome::Done,
            detail: "IBC took RECONNECTDATA: OK".to_owned(),
        }],
        rungs: vec![RungReport {
            rung: Rung::Restart,
            used: 1,
            cap: 3,
            resting_until: Some(at.after(Duration::from_secs(60))),
            unusable: String::new(),
        }],
        maintenance: MaintenanceReport {
            active: vec![window("IB server reset", WindowKind::Reset, 0, 600)],
            next: vec![window(
                "IB weekend maintenance",
                WindowKind::Weekend,
                7_200,
                9_000,
            )],
            token_expiry: Some(at.after(Duration::from_secs(90_000))),
            ..MaintenanceReport::default()
        },
        ..RecoveryStatus::default()
    }
}
