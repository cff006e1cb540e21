use core::time::Duration;

use moored_plugin::testing::{Bench, Desk, Request};
use moored_plugin::{
    HostError, InitError, InstrumentId, OrderChange, OrderId, Price, Quantity, Side, Ticket, TradingState,
};

use super::EmaCross;

const A: InstrumentId = InstrumentId(0);

fn bench(config: &str) -> Bench<EmaCross> {
    Bench::start(Desk::with_stocks(&["A", "B"]), config)
        .map(|(bench, _)| bench)
        .unwrap()
}

/// Quotes a line from `from` to `to`, and gives the first request with the desk's time a second on at each
/// quote.
fn walk(bench: &mut Bench<EmaCross>, from: i32, to: i32) -> Vec<Request> {
    let cents: Vec<i32> = if from < to {
        (from..=to).collect()
    } else {
        (to..=from).rev().collect()
    };
    for cent in cents {
        bench.desk.advance(Duration::from_secs(1));
        let bid = f64::from(cent) / 100.0;
        let requests = bench.quote(A, bid, bid + 0.02);
        if !requests.is_empty() {
            return requests;
        }
    }
    Vec::new()
}

fn limit(requests: &[Request]) -> (OrderId, Ticket, Price) {
    match requests {
        [Request::Limit(id, ticket, price)] => (*id, *ticket, *price),
        other => panic!("one limit order was expected, not {other:?}"),
    }
}

#[test]
fn enters_with_the_trend_and_reverses_with_it() {
    let mut bench = bench(r#"{"symbols": ["A"], "fast": 2, "slow": 6, "quantity": 5}"#);
    let (id, ticket, price) = limit(&walk(&mut bench, 1000, 1020));
    assert_eq!((ticket.side, ticket.quantity), (Side::Buy, Quantity::from_int(5)));
    assert!(price > Price::from_f64(10.0).unwrap());
    assert_eq!(
        walk(&mut bench, 1020, 990),
        [],
        "a second order while the first is under way"
    );
    assert_eq!(bench.fill(id, ticket, price), []);
    let (_, ticket, _) = limit(&walk(&mut bench, 990, 950));
    assert_eq!(
        (ticket.side, ticket.quantity),
        (Side::Sell, Quantity::from_int(10))
    );
}

#[test]
fn nothing_leaves_while_trading_is_not_active() {
    let mut bench = bench(r#"{"fast": 2, "slow": 6}"#);
    bench.trading_state(TradingState::ReduceOnly);
    assert_eq!(walk(&mut bench, 1000, 1040), []);
    bench.trading_state(TradingState::Active);
    assert_eq!(limit(&walk(&mut bench, 1040, 1060)).1.side, Side::Buy);
}

#[test]
fn a_refusal_is_tried_again_later() {
    let mut bench = bench(r#"{"fast": 2, "slow": 6, "interval_ms": 1000}"#);
    let (id, _, _) = limit(&walk(&mut bench, 1000, 1020));
    bench.event(
        id,
        0,
        OrderChange::Denied {
            code: 1,
            limit: 0,
            value: 1,
        },
    );
    assert_eq!(walk(&mut bench, 1020, 1028), [], "again within ten intervals");
    let (id, _, _) = limit(&walk(&mut bench, 1028, 1040));
    bench.event(id, 0, OrderChange::Unknown);
    assert_eq!(
        walk(&mut bench, 1040, 1070),
        [],
        "sent again while its fate is unknown"
    );
    bench.event(id, 0, OrderChange::Canceled);
    bench.desk.refuse(Some(HostError::NotGranted));
    assert_eq!(walk(&mut bench, 1070, 1075), []);
    assert_eq!(bench.desk.lines().len(), 2);
}

#[test]
fn a_long_gap_begins_the_averages_anew_and_a_short_one_does_not() {
    for (seconds, orders) in [(5, true), (500, false)] {
        let mut bench = bench(r#"{"fast": 2, "slow": 6, "gap_reset_ms": 10000}"#);
        assert_eq!(walk(&mut bench, 1000, 1003), []);
        bench.gap(A, Duration::from_secs(seconds));
        // Six quotes in all, of which four came before the gap.
        assert_eq!(!walk(&mut bench, 1004, 1006).is_empty(), orders, "{seconds} s");
        bench.gap(InstrumentId(9), Duration::from_secs(seconds));
    }
}

#[test]
fn market_orders_when_asked_for() {
    let mut bench = bench(r#"{"fast": 2, "slow": 6, "order": "market"}"#);
    assert!(matches!(walk(&mut bench, 1000, 1020)[..], [Request::Market(..)]));
}

#[test]
fn a_wrong_table_is_named() {
    for (config, key) in [
        (r#"{"fast": 9, "slow": 9}"#, "slow"),
        (r#"{"fast": 0}"#, "fast"),
        (r#"{"quantity": -1}"#, "quantity"),
        (r#"{"symbols": ["C"]}"#, "symbols"),
        (r#"{"fasst": 1}"#, "fasst"),
    ] {
        let refused = Bench::<EmaCross>::start(Desk::with_stocks(&["A", "B"]), config);
        match refused.map(|_| ()) {
            Err(InitError::Config { key: found, .. }) => assert_eq!(found, key),
            other => panic!("{config} gave {other:?}"),
        }
    }
}
