use core::time::Duration;

use moored_plugin::testing::{Bench, Desk, Request};
use moored_plugin::{
    InitError, InstrumentId, OrderChange, OrderId, Position, Price, Quantity, Side, Ticket, TradingState,
};

use super::TwoSidedQuoter;

const A: InstrumentId = InstrumentId(0);

fn bench() -> Bench<TwoSidedQuoter> {
    let config =
        r#"{"quantity": 10, "max_position": 20, "spread_ticks": 4, "skew_ticks": 4, "interval_ms": 250}"#;
    Bench::start(Desk::with_stocks(&["A"]), config)
        .map(|(bench, _)| bench)
        .unwrap()
}

fn price(value: f64) -> Price {
    Price::from_f64(value).unwrap()
}

/// A quote a second after the last.
fn quote(bench: &mut Bench<TwoSidedQuoter>, bid: f64, ask: f64) -> Vec<Request> {
    bench.desk.advance(Duration::from_secs(1));
    bench.quote(A, bid, ask)
}

/// A bench with both sides working around 10.01.
fn quoting() -> Bench<TwoSidedQuoter> {
    let mut bench = bench();
    let ticket = |side| Ticket::new(side, A, Quantity::from_int(10));
    assert_eq!(
        quote(&mut bench, 10.00, 10.02),
        [
            Request::Limit(OrderId(1), ticket(Side::Buy), price(9.99)),
            Request::Limit(OrderId(2), ticket(Side::Sell), price(10.03)),
        ]
    );
    assert_eq!(
        quote(&mut bench, 10.10, 10.12),
        [],
        "moved what is not working yet"
    );
    for id in [1, 2] {
        bench.event(OrderId(id), 0, OrderChange::Working);
    }
    bench
}

#[test]
fn quotes_follow_the_mid() {
    let mut bench = quoting();
    assert_eq!(quote(&mut bench, 10.00, 10.02), [], "moved without need");
    let ten = Quantity::from_int(10);
    let moved = |id, to| Request::Replace(OrderId(id), ten, price(to), Price::ZERO);
    assert_eq!(
        quote(&mut bench, 10.02, 10.04),
        [moved(1, 10.01), moved(2, 10.05)]
    );
    assert_eq!(quote(&mut bench, 10.06, 10.08), [], "asked twice");
    bench.event(OrderId(1), 0, OrderChange::Replaced(ten));
    bench.event(
        OrderId(2),
        0,
        OrderChange::ReplaceDenied {
            code: 1,
            limit: 0,
            value: 0,
        },
    );
    bench.desk.advance(Duration::from_secs(3));
    assert_eq!(
        quote(&mut bench, 10.02, 10.04),
        [moved(2, 10.05)],
        "only the refused one is still wrong"
    );
}

#[test]
fn inventory_leans_and_limits() {
    let mut bench = quoting();
    let bought = Ticket::buy(A, Quantity::from_int(10));
    bench.fill(OrderId(1), bought, price(9.99));
    let requests = quote(&mut bench, 10.00, 10.02);
    // Half full: both sides two ticks lower, and the ask stays a tick above the bid of the market.
    assert_eq!(
        requests,
        [
            Request::Limit(OrderId(3), bought, price(9.97)),
            Request::Replace(OrderId(2), Quantity::from_int(10), price(10.01), Price::ZERO),
        ]
    );
    bench.event(OrderId(3), 0, OrderChange::Working);
    bench.event(OrderId(2), 0, OrderChange::Replaced(Quantity::from_int(10)));
    bench.desk.set_position(
        A,
        Position {
            size: Quantity::from_int(20),
            ..Position::default()
        },
    );
    assert!(quote(&mut bench, 10.00, 10.02).contains(&Request::Cancel(OrderId(3))));
}

#[test]
fn quotes_are_taken_back() {
    let both = [Request::Cancel(OrderId(1)), Request::Cancel(OrderId(2))];
    let mut bench = quoting();
    assert_eq!(bench.timer(1), [], "the market is not quiet yet");
    bench.desk.advance(Duration::from_secs(3));
    assert_eq!(bench.timer(1), both);
    assert_eq!(bench.timer(1), [], "asked twice");

    let mut bench = quoting();
    assert_eq!(bench.trading_state(TradingState::ReduceOnly), both);
    bench.event(OrderId(1), 0, OrderChange::Canceled);
    assert_eq!(quote(&mut bench, 10.00, 10.02), [], "quoted while reducing only");
    assert_eq!(bench.stop(), [Request::CancelAll]);
}

#[test]
fn a_refusal_waits() {
    let mut bench = quoting();
    bench.event(
        OrderId(1),
        0,
        OrderChange::Rejected {
            code: 201,
            text: "no".into(),
        },
    );
    assert_eq!(quote(&mut bench, 10.00, 10.02), [], "again within ten intervals");
    bench.desk.advance(Duration::from_secs(2));
    assert_eq!(quote(&mut bench, 10.00, 10.02).len(), 1);
    bench.event(OrderId(3), 0, OrderChange::Unknown);
    bench.desk.advance(Duration::from_secs(9));
    assert_eq!(
        quote(&mut bench, 10.00, 10.02),
        [],
        "sent again while its fate is unknown"
    );
}

#[test]
fn a_wrong_table_is_named() {
    for (config, key) in [
        (r#"{"quantity": 0}"#, "quantity"),
        (r#"{"max_position": 1}"#, "max_position"),
        (r#"{"spread_ticks": -1}"#, "spread_ticks"),
        (r#"{"requote_ticks": 0}"#, "requote_ticks"),
        (r#"{"quiet_ms": 1}"#, "quiet_ms"),
    ] {
        match Bench::<TwoSidedQuoter>::start(Desk::with_stocks(&["A"]), config).map(|_| ()) {
            Err(InitError::Config { key: found, .. }) => assert_eq!(found, key),
            other => panic!("{config} gave {other:?}"),
        }
    }
}
