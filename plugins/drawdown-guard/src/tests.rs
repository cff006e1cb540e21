use moored_plugin::testing::{Desk, RiskBench};
use moored_plugin::{
    Amount, Decision, Exposure, InitError, InstrumentId, OrderKind, Price, Proposal, Quantity, Risk, Side,
};

use super::{DrawdownGuard, LOSS_LIMIT};

const CONFIG: &str = r#"{"loss_limit": 500, "soft_quantity": 50}"#;

fn order(side: Side, quantity: i64) -> Proposal {
    Proposal {
        instrument: InstrumentId(0),
        strategy: 3,
        side,
        kind: OrderKind::Limit,
        replaces: false,
        quantity: Quantity::from_int(quantity),
        price: Price::from_int(10),
    }
}

fn exposure(position: i64, open_sell: i64, day_pnl: i64) -> Exposure {
    Exposure {
        position: Quantity::from_int(position),
        open_sell: Quantity::from_int(open_sell),
        day_pnl: Amount::from_int(day_pnl),
        ..Exposure::default()
    }
}

#[test]
fn verdicts() {
    let fifty = Decision::Shrink(Quantity::from_int(50));
    // order, exposure, verdict
    for (proposal, exposure, verdict) in [
        (order(Side::Buy, 50), exposure(0, 0, 0), Decision::Allow),
        (order(Side::Buy, 51), exposure(0, 0, 0), fifty),
        (order(Side::Buy, 10), exposure(0, 0, -499), Decision::Allow),
        (
            order(Side::Buy, 10),
            exposure(0, 0, -500),
            Decision::Deny(LOSS_LIMIT),
        ),
        // Getting out is always allowed, whatever its size.
        (order(Side::Sell, 80), exposure(80, 0, -900), Decision::Allow),
        // Through zero is not getting out, nor is selling what is on sale already.
        (
            order(Side::Sell, 81),
            exposure(80, 0, -900),
            Decision::Deny(LOSS_LIMIT),
        ),
        (
            order(Side::Sell, 80),
            exposure(80, 1, -900),
            Decision::Deny(LOSS_LIMIT),
        ),
        (order(Side::Buy, 80), exposure(-80, 0, -900), Decision::Allow),
    ] {
        let mut bench = RiskBench::<DrawdownGuard>::start(Desk::default(), CONFIG).unwrap();
        assert_eq!(
            bench.check(&proposal, &exposure),
            verdict,
            "{proposal:?} {exposure:?}"
        );
    }
}

#[test]
fn the_log_tells_a_crossing_once() {
    let mut bench = RiskBench::<DrawdownGuard>::start(Desk::default(), CONFIG).unwrap();
    for (pnl, lines) in [(0, 0), (-500, 1), (-600, 1), (-499, 2), (-501, 3)] {
        bench.check(&order(Side::Buy, 1), &exposure(0, 0, pnl));
        assert_eq!(bench.desk.lines().len(), lines, "at {pnl}");
    }
}

#[test]
fn codes_have_texts() {
    assert!(DrawdownGuard::explain(LOSS_LIMIT).contains("loss_limit"));
    assert!(DrawdownGuard::explain(99).contains("99"));
}

#[test]
fn a_wrong_table_is_named() {
    for (config, key) in [
        (r#"{"loss_limit": -1}"#, "loss_limit"),
        (r#"{"soft_quantity": 0}"#, "soft_quantity"),
    ] {
        match RiskBench::<DrawdownGuard>::start(Desk::default(), config).map(|_| ()) {
            Err(InitError::Config { key: found, .. }) => assert_eq!(found, key),
            other => panic!("{config} gave {other:?}"),
        }
    }
}
