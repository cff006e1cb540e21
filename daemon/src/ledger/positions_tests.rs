//! What a start comes to is the same whether it reads all fills or a checkpoint and the fills after it, whatever was told
//! late, twice or corrected; and what is deleted for its age was in a backup and stays in the sums.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use proptest::prelude::*;
use rusqlite::Connection;

use super::samples::{PLUGINS, at, commission, config, execution, open, placement, state};
use super::{Ledger, positions, prune};
use crate::desk::record::{Memory, Record};
use crate::domain::instrument::InstrumentId;
use crate::domain::money::{Money, Price, Quantity};
use crate::domain::order::Side;
use crate::domain::plugin::PluginId;
use crate::domain::time::Timestamp;
use crate::orders::lifecycle::OrderState;
use crate::portfolio::{Portfolio, PortfolioFill, Position};

const SECOND: u64 = 1_000_000_000;

fn owner(name: &str) -> PluginId {
    match PLUGINS.iter().position(|known| *known == name) {
        Some(index) => PluginId(index as u16),
        None => PluginId::EXTERNAL,
    }
}

/// What a desk makes of a memory.
fn holdings(memory: &Memory) -> BTreeMap<(PluginId, InstrumentId), Position> {
    let mut portfolio = Portfolio::default();
    for held in &memory.positions {
        portfolio.restore(owner(&held.plugin), held.instrument, held.position, Quantity::ONE);
    }
    for remembered in &memory.executions {
        let execution = &remembered.record.execution;
        let (plugin, at) = (owner(&remembered.record.plugin), remembered.recorded);
        let Some(instrument) = execution.instrument else {
            continue;
        };
        portfolio.apply_fill(PortfolioFill {
            plugin,
            instrument,
            side: execution.side,
            size: execution.size,
            price: execution.price,
            multiplier: Quantity::ONE,
            at,
        });
        if let Some(fee) = remembered.commission {
            portfolio.apply_fee(plugin, instrument, fee, at);
        }
    }
    let all = portfolio.positions();
    all.map(|(plugin, instrument, position)| ((plugin, instrument), *position))
        .collect()
}

/// Something that happens to a ledger.
#[derive(Debug, Clone)]
enum Step {
    Told(Record),
    Covered(u64),
    Restarted,
}

fn fill() -> impl Strategy<Value = Record> {
    (1..12_u32, 1..4_u32, any::<bool>(), 1..50_i32, 1..900_i64).prop_map(
        |(family, revision, buy, size, price)| {
            let mut told = execution(&format!("00025b49.{family:02}.01.{revision:02}"), 1);
            // A fill keeps its owner and its instrument, whatever else of it is corrected.
            told.plugin = if family % 5 == 0 {
                ""
            } else {
                PLUGINS[family as usize % 2]
            }
            .to_owned();
            told.execution.instrument = Some(InstrumentId(family / 3 % 2));
            told.execution.side = if buy { Side::Buy } else { Side::Sell };
            told.execution.size = Quantity::from_units(size);
            told.execution.price = Price::from_nanos(price * 1_000_000_000);
            Record::Executed(told)
        },
    )
}

fn step() -> impl Strategy<Value = Step> {
    let cost = (1..12_u32, 1..4_u32, 1..500_i32).prop_map(|(family, revision, cents)| {
        let id = format!("00025b49.{family:02}.01.{revision:02}");
        Record::Commissioned(commission(&id, &format!("{}.{:02}", cents / 100, cents % 100)))
    });
    prop_oneof![
        6 => fill().prop_map(Step::Told),
        3 => cost.prop_map(Step::Told),
        3 => (0..8_u64).prop_map(Step::Covered),
        1 => Just(Step::Restarted),
    ]
}

fn other(directory: &Path) -> Connection {
    Connection::open(config(directory).path).expect("opens")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn a_checkpoint_and_the_fills_after_it_are_all_fills(steps in prop::collection::vec(step(), 1..60)) {
        let (directory, reference) = (tempfile::tempdir().expect("one"), tempfile::tempdir().expect("two"));
        let (mut ledger, _) = open(directory.path());
        let (mut plain, _) = open(reference.path());
        for (second, step) in steps.iter().enumerate() {
            let now = at((second as u64 + 1) * SECOND);
            match step {
                Step::Told(record) => {
                    ledger.append(now, std::slice::from_ref(record)).expect("appends");
                    plain.append(now, std::slice::from_ref(record)).expect("appends");
                }
                Step::Covered(age) => {
                    let age = Duration::from_secs(*age);
                    positions::cover(&mut other(directory.path()), &ledger.covering, age).expect("covers");
                }
                Step::Restarted => {
                    drop(ledger);
                    ledger = open(directory.path()).0;
                }
            }
        }
        drop((ledger, plain));
        let (kept, all) = (open(directory.path()).1, open(reference.path()).1);
        prop_assert!(all.positions.is_empty());
        prop_assert_eq!(holdings(&kept), holdings(&all));
    }
}

fn bought(ledger: &mut Ledger, family: u32, now: Timestamp) {
    let told = execution(&format!("0000abcd.{family:02}.01.01"), 1);
    ledger.append(now, &[Record::Executed(told)]).expect("appends");
}

#[test]
fn a_start_reads_a_checkpoint_and_recalls_what_it_did_not_read() {
    let directory = tempfile::tempdir().expect("a directory");
    let (mut ledger, _) = open(directory.path());
    (1..=20).for_each(|family| bought(&mut ledger, family, at(u64::from(family) * SECOND)));
    let age = Duration::from_secs(5);
    assert!(positions::cover(&mut other(directory.path()), &ledger.covering, age).expect("covers"));
    assert!(!positions::cover(&mut other(directory.path()), &ledger.covering, age).expect("nothing new"));
    assert!(ledger.recall("0000abcd.01.01.01").is_none(), "this one was read");
    drop(ledger);
    let (mut ledger, memory) = open(directory.path());
    assert_eq!((memory.executions.len(), memory.positions.len()), (6, 1));
    assert_eq!(memory.positions[0].position.size, Quantity::from_units(3 * 14));
    let known = ledger.recall("0000abcd.01.01.02").expect("an old one");
    assert_eq!(known.record.execution.exec_id, "0000abcd.01.01.01");
    assert!(ledger.recall("0000abcd.01.01.01").is_none(), "once");
    assert!(ledger.recall("0000abcd.20.01.01").is_none(), "this one was read");
    assert!(ledger.recall("0000abcd.99.01.01").is_none(), "a new one");
    // Its correction takes the checkpoint away: the next start counts all of them again.
    let mut told = execution("0000abcd.01.01.02", 1);
    told.execution.size = Quantity::from_units(1);
    ledger
        .append(at(30 * SECOND), &[Record::Executed(told)])
        .expect("appends");
    drop(ledger);
    let (_, memory) = open(directory.path());
    assert_eq!((memory.executions.len(), memory.positions.len()), (20, 0));
    let held = holdings(&memory);
    assert_eq!(
        held.values().next().expect("one").size,
        Quantity::from_units(3 * 19 + 1)
    );
}

#[test]
fn old_rows_go_when_a_backup_has_them_and_their_sum_stays() {
    let directory = tempfile::tempdir().expect("a directory");
    let (mut ledger, _) = open(directory.path());
    for id in 1..=20 {
        let now = at(id as u64 * SECOND);
        ledger
            .append(
                now,
                &[Record::Placed(placement(id)), state(id, OrderState::Filled)],
            )
            .expect("appends");
        bought(&mut ledger, id as u32, now);
        let cost = commission(&format!("0000abcd.{id:02}.01.01"), "0.5");
        ledger
            .append(now, &[Record::Commissioned(cost)])
            .expect("appends");
    }
    let mut connection = other(directory.path());
    let before = holdings(&open_copy(directory.path()));
    positions::cover(&mut connection, &ledger.covering, Duration::from_secs(5)).expect("covers");
    let age = Duration::from_secs(10);
    assert_eq!(
        prune::prune(&mut connection, &ledger.covering, age).expect("prunes"),
        0,
        "no backup has them"
    );
    let backup = directory.path().join("copy.db");
    ledger
        .backups(&config(directory.path()))
        .create(Some(&backup), at(20 * SECOND))
        .expect("a backup");
    // Nine fills and nine orders are older than ten seconds.
    assert_eq!(
        prune::prune(&mut connection, &ledger.covering, age).expect("prunes"),
        18
    );
    assert_eq!(
        prune::prune(&mut connection, &ledger.covering, age).expect("again"),
        0
    );
    let rows = |sql: &str| {
        connection
            .query_row(sql, [], |row| row.get::<_, i64>(0))
            .expect("counts")
    };
    assert_eq!(rows("SELECT COUNT(*) FROM executions"), 11);
    assert_eq!(rows("SELECT COUNT(*) FROM commissions"), 11);
    assert_eq!(rows("SELECT MIN(order_id) FROM orders"), 10);
    assert_eq!(rows("SELECT MIN(order_id) FROM order_events"), 10);
    drop(ledger);
    let (_, memory) = open(directory.path());
    assert_eq!(holdings(&memory), before);
    assert_eq!(memory.highest_order_id, 20);
    let fees: Money = before
        .values()
        .map(|position| position.fees)
        .fold(Money::ZERO, Money::plus);
    assert_eq!(fees, "10".parse().expect("money"));
}

/// What a start on a copy of this ledger would remember.
fn open_copy(directory: &Path) -> Memory {
    let (_image, path) = super::samples::crash_image(directory);
    open(&path).1
}
