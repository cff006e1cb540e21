//! What the ledger's tests write.

use std::path::{Path, PathBuf};

use prometheus::Registry;

use super::{Config, Ledger, OpenError};
use crate::desk::record::{ExecutionRecord, Memory, OrderStateRecord, Record};
use crate::domain::instrument::{Instrument, InstrumentId, SecurityType};
use crate::domain::money::{Money, Price, Quantity};
use crate::domain::order::{ClientOrderId, OrderId, OrderKind, Side, TimeInForce};
use crate::domain::plugin::PluginId;
use crate::domain::report::{Commission, Execution};
use crate::domain::time::Timestamp;
use crate::orders::lifecycle::OrderState;
use crate::orders::placement::Placement;

pub(super) const NAMES: [&str; 2] = ["AAPL", "EUR.USD"];
pub(super) const PLUGINS: [&str; 2] = ["maker", "watch"];

pub(super) fn at(nanos: u64) -> Timestamp {
    Timestamp::from_nanos(nanos)
}

pub(super) fn instruments(names: &[&str]) -> Vec<Instrument> {
    let named = |(index, name): (usize, &&str)| Instrument {
        id: InstrumentId(index as u32),
        name: (*name).to_owned(),
        symbol: (*name).to_owned(),
        security_type: SecurityType::Stk,
        exchange: "SMART".to_owned(),
        primary_exchange: None,
        currency: "USD".to_owned(),
        expiry: None,
        con_id: None,
        tick: Price::ZERO,
        multiplier: Quantity::ONE,
        hours: None,
        silent_after: None,
    };
    names.iter().enumerate().map(named).collect()
}

pub(super) fn config(directory: &Path) -> Config {
    Config {
        path: directory.join("ledger.db"),
        ..Config::default()
    }
}

pub(super) fn open_with(
    config: &Config,
    names: &[&str],
    plugins: &[&str],
) -> Result<(Ledger, Memory), OpenError> {
    let plugins: Vec<String> = plugins.iter().map(|name| (*name).to_owned()).collect();
    Ledger::open(config, &instruments(names), &plugins, &Registry::new())
}

pub(super) fn open(directory: &Path) -> (Ledger, Memory) {
    open_with(&config(directory), &NAMES, &PLUGINS).expect("opens")
}

/// The directory's files as a crash would leave them: the database first, so that the log has at least what
/// it lacks.
pub(super) fn crash_image(directory: &Path) -> (tempfile::TempDir, PathBuf) {
    let image = tempfile::tempdir().expect("a directory");
    for name in ["ledger.db", "ledger.db-wal"] {
        let from = directory.join(name);
        if from.exists() {
            std::fs::copy(&from, image.path().join(name)).expect("copies");
        }
    }
    let path = image.path().to_owned();
    (image, path)
}

pub(super) fn placement(order_id: i32) -> Placement {
    Placement {
        order_id: OrderId(order_id),
        client_order_id: ClientOrderId(1000 + order_id as u64),
        plugin: PluginId(0),
        plugin_name: PLUGINS[0].to_owned(),
        instrument: InstrumentId(1),
        side: Side::Sell,
        kind: OrderKind::StopLimit {
            stop: Price::from_nanos(1_100_000_000),
            limit: Price::from_nanos(-5),
        },
        time_in_force: TimeInForce::Gtc,
        quantity: Quantity::from_units(20_000),
        order_ref: format!("moored:maker:{order_id}"),
        tag: u64::MAX,
    }
}

pub(super) fn execution(exec_id: &str, order_id: i32) -> ExecutionRecord {
    ExecutionRecord {
        execution: Execution {
            exec_id: exec_id.to_owned(),
            order_id: OrderId(order_id),
            client_id: 7,
            perm_id: 1 << 40,
            order_ref: "moored:maker:1".to_owned(),
            con_id: 265_598,
            instrument: Some(InstrumentId(0)),
            side: Side::Buy,
            size: Quantity::from_units(3),
            price: Price::from_nanos(123_456_789_012),
            cumulative: Quantity::from_units(5),
            time: "20250102 10:00:00 US/Eastern".to_owned(),
        },
        plugin: PLUGINS[0].to_owned(),
    }
}

pub(super) fn commission(exec_id: &str, amount: &str) -> Commission {
    Commission {
        exec_id: exec_id.to_owned(),
        amount: amount.parse::<Money>().expect("an amount"),
        currency: "USD".to_owned(),
    }
}

pub(super) fn state(order_id: i32, state: OrderState) -> Record {
    Record::OrderState(OrderStateRecord {
        order_id: OrderId(order_id),
        state,
        filled: Quantity::from_units(2),
        perm_id: 99,
        reason: Some("because".to_owned()),
    })
}
