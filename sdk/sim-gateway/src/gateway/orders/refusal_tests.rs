//! Orders that are refused, with IB's codes, and revisions that are.

use proptest::prelude::*;

use crate::gateway::gateway_tests::{Desk, limit, order};
use crate::wire::messages::order::{Order, OrderCondition};

fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn kind(kind: &str) -> Order {
    Order {
        lmt_price: Some(200.0),
        aux_price: Some(250.0),
        ..order("BUY", kind, 10)
    }
}

/// A change to a good limit order, and the code it is refused with.
type Case = (fn(&mut Order), i32);

#[test]
fn what_an_order_may_not_say_is_refused_with_the_documented_code() {
    refuses(limit(200.0, 10), CASES);
}

const CASES: &[Case] = &[
    (|order| order.lmt_price = Some(200.001), 110),
    (|order| order.lmt_price = None, 321),
    (|order| order.lmt_price = Some(f64::NAN), 321),
    (|order| order.lmt_price = Some(-1.0), 321),
    (|order| order.total_quantity = text("0"), 434),
    (|order| order.total_quantity = text("many"), 434),
    (|order| order.total_quantity = text("1.5"), 10243),
    (|order| order.cash_qty = Some(1000.0), 10244),
    (|order| order.action = text("HOLD"), 321),
    (|order| order.action = text("SSHORT"), 321),
    (|order| order.account = text("U999"), 321),
    (|order| order.order_type = text("SNAP MKT"), 387),
    (|order| order.order_type = text("X"), 387),
    (|order| order.tif = text("GTD"), 334),
    (
        |order| {
            order.tif = text("GTD");
            order.good_till_date = text("20200101 10:00:00 UTC");
        },
        334,
    ),
    (|order| order.tif = text("AUC"), 10052),
    (|order| order.good_after_time = text("tomorrow"), 343),
    (
        |order| order.good_after_time = text("20991231 10:00:00 Mars/Base"),
        336,
    ),
    (|order| order.parent_id = Some(77), 10006),
    (|order| order.discretionary_amt = Some(0.001), 168),
    (|order| order.display_size = Some(10), 10020),
    (
        |order| {
            order.discretionary_amt = Some(0.1);
            order.display_size = Some(5);
        },
        157,
    ),
    (|order| order.min_qty = Some(11), 388),
    (|order| order.min_trade_qty = Some(1), 10302),
    (|order| order.block_order = Some(true), 117),
    (|order| order.trigger_method = Some(5), 146),
    (|order| order.short_sale_slot = Some(1), 348),
    (|order| order.short_sale_slot = Some(2), 352),
    (|order| order.short_sale_slot = Some(3), 347),
    (|order| order.origin = Some(2), 311),
    (|order| order.fa_group = text("All"), 321),
    (|order| order.hedge_type = text("Z"), 10007),
    (|order| order.hedge_type = text("D"), 10340),
    (|order| order.scale_price_increment = Some(0.1), 10340),
    (|order| order.imbalance_only = Some(true), 10342),
    (|order| order.algo_strategy = text("Sorcery"), 439),
    (|order| order.algo_strategy = text("DarkIce"), 442),
    (
        |order| {
            order.outside_rth = Some(true);
            order.allow_pre_open = Some(true);
        },
        437,
    ),
    (
        |order| {
            order.what_if = Some(true);
            order.transmit = None;
        },
        413,
    ),
    (
        |order| {
            order.oca_group = text("x");
            order.oca_type = Some(4);
        },
        10324,
    ),
    (
        |order| {
            order.algo_strategy = text("Adaptive");
            order.algo_params = [("speed".to_owned(), "1".to_owned())].into();
        },
        443,
    ),
    (
        |order| {
            order.algo_strategy = text("Adaptive");
            order.algo_params = [("adaptivePriority".to_owned(), "Lazy".to_owned())].into();
        },
        441,
    ),
    (
        |order| {
            order.conditions = vec![OrderCondition {
                kind: Some(1),
                ..OrderCondition::default()
            }];
        },
        147,
    ),
    (
        |order| {
            order.conditions = vec![OrderCondition {
                kind: Some(1),
                con_id: Some(1),
                price: Some(1.0),
                ..OrderCondition::default()
            }];
        },
        398,
    ),
    (
        |order| {
            order.conditions = vec![OrderCondition {
                kind: Some(2),
                ..OrderCondition::default()
            }];
        },
        402,
    ),
];

#[test]
fn each_order_type_asks_for_its_own_prices() {
    refuses(
        Order {
            aux_price: Some(1.0),
            ..order("SELL", "TRAIL", 10)
        },
        &[
            (|order| order.aux_price = None, 158),
            (|order| order.trailing_percent = Some(1.0), 321),
            (
                |order| {
                    order.aux_price = None;
                    order.trailing_percent = Some(101.0);
                },
                159,
            ),
            (|order| order.tif = text("IOC"), 111),
            (|order| order.trail_stop_price = Some(1.001), 110),
            (
                |order| {
                    order.order_type = text("TRAIL LIMIT");
                    order.lmt_price = Some(200.0);
                },
                321,
            ),
        ],
    );
}

#[test]
fn stops_and_market_orders_have_rules_of_their_own() {
    refuses(
        kind("STP"),
        &[
            (|order| order.aux_price = None, 321),
            (|order| order.adjusted_order_type = text("STP"), 361),
            (
                |order| {
                    order.adjusted_order_type = text("STP");
                    order.trigger_price = Some(240.0);
                },
                362,
            ),
            (
                |order| {
                    order.adjusted_order_type = text("STP LMT");
                    order.trigger_price = Some(240.0);
                    order.adjusted_stop_price = Some(240.0);
                },
                363,
            ),
            (
                |order| {
                    order.adjusted_order_type = text("TRAIL");
                    order.trigger_price = Some(240.0);
                    order.adjusted_stop_price = Some(240.0);
                },
                364,
            ),
            (|order| order.conditions = vec![OrderCondition::default()], 148),
        ],
    );
    refuses(
        kind("MKT"),
        &[
            (|order| order.discretionary_amt = Some(0.1), 325),
            (
                |order| {
                    order.order_type = text("MOC");
                    order.tif = text("GTC");
                },
                113,
            ),
            (
                |order| {
                    order.order_type = text("STP");
                    order.tif = text("OPG");
                },
                111,
            ),
        ],
    );
}

fn refuses(good: Order, cases: &[Case]) {
    let mut desk = Desk::started();
    for (change, code) in cases {
        let mut order = good.clone();
        change(&mut order);
        let about = format!("{order:?}");
        assert_eq!(desk.place(9, order), [format!("error 9 {code}")], "{about}");
    }
    // What was refused has not used up its number.
    assert_eq!(desk.gateway.exchange().orders().count(), 0);
    assert!(desk.place(9, good).len() > 1);
}

#[test]
fn ids_are_used_once_and_an_order_stays_what_it_was() {
    let mut desk = Desk::started();
    desk.place(5, limit(200.0, 10));
    desk.place(6, order("BUY", "MKT", 10));
    let with = |change: fn(&mut Order)| {
        let mut order = limit(200.0, 10);
        change(&mut order);
        order
    };
    let cases = [
        (0, with(|_| ()), -1, 10149),
        (3, with(|_| ()), 3, 103),
        (6, order("BUY", "MKT", 10), 6, 104),
        (5, order("SELL", "MKT", 10), 5, 105),
        (5, kind("STP"), 5, 329),
        (5, with(|order| order.total_quantity = text("99999999")), 5, 201),
        (5, with(|order| order.oca_group = text("x")), 5, 10326),
        (5, with(|order| order.algo_strategy = text("Twap")), 5, 440),
        (5, with(|order| order.lmt_price = Some(0.001)), 5, 110),
        (7, with(|order| order.parent_id = Some(6)), 7, 135),
        (5, with(|order| order.parent_id = Some(5)), 5, 10341),
    ];
    for (id, order, about, code) in cases {
        let told = format!("{order:?}");
        assert_eq!(desk.place(id, order), [format!("error {about} {code}")], "{told}");
    }
    assert_eq!(desk.cancel(77), ["error 77 10147"]);
    assert_eq!(desk.cancel(6), ["error 6 10148"]);
    assert_eq!(desk.gateway.exchange().orders().count(), 2);
}

#[test]
fn twenty_orders_on_a_side_are_enough() {
    let mut desk = Desk::started();
    for id in 1..=20 {
        assert_eq!(desk.place(id, limit(200.0, 1)).len(), 4);
    }
    assert_eq!(
        desk.place(21, limit(200.0, 1)),
        ["error 21 201", "openOrder Inactive", "status Inactive 0/1"]
    );
    desk.cancel(3);
    assert_eq!(desk.place(22, limit(200.0, 1)).len(), 4);
    let other_side = Order {
        lmt_price: Some(300.0),
        ..order("SELL", "LMT", 1)
    };
    assert_eq!(desk.place(23, other_side).len(), 4);
}

#[test]
fn a_read_only_gateway_takes_no_orders() {
    let mut desk = Desk::started();
    desk.place(1, limit(200.0, 10));
    desk.gateway.set_read_only(true);
    assert_eq!(desk.place(2, limit(200.0, 10)), ["error 2 321"]);
    assert_eq!(desk.cancel(1), ["error 1 321"]);
    desk.gateway.set_read_only(false);
    assert_eq!(desk.cancel(1).len(), 3);
}

#[test]
fn what_is_taken_in_spite_of_a_warning_says_so() {
    let mut desk = Desk::started();
    let outside = Order {
        outside_rth: Some(true),
        ..order("BUY", "MKT", 10)
    };
    assert_eq!(
        desk.place(1, outside)[..2],
        ["error 1 2109", "openOrder PreSubmitted"]
    );
    desk.gateway.set_preset_tif(text("GTC"));
    let preset = Order {
        tif: None,
        ..limit(200.0, 10)
    };
    assert_eq!(desk.place(2, preset)[0], "error 2 10349");
}

fn words() -> impl Strategy<Value = Option<String>> {
    let words = [
        "",
        "DAY",
        "GTD",
        "OPG",
        "IOC",
        "x",
        "Adaptive",
        "STP",
        "TRAIL",
        "20991231 10:00:00 UTC",
        "20991231",
        "1",
        "D",
        "99999999999999999999",
    ];
    prop::option::of(prop::sample::select(words.to_vec()).prop_map(str::to_owned))
}

fn number() -> impl Strategy<Value = Option<f64>> {
    prop::option::of(prop_oneof![
        any::<f64>(),
        Just(230.0),
        Just(0.01),
        Just(1e15),
        Just(-1.0)
    ])
}

fn any_order() -> impl Strategy<Value = Order> {
    let kinds = [
        "MKT",
        "LMT",
        "STP",
        "STP LMT",
        "TRAIL",
        "TRAIL LIMIT",
        "MIT",
        "LIT",
        "MOC",
        "LOC",
        "MTL",
        "PEG MKT",
        "PEG MID",
        "REL",
        "MIDPRICE",
        "X",
    ];
    let prices = (number(), number(), number(), number(), number(), number());
    let sizes = ("[0-9.e-]{0,30}", any::<i32>(), any::<i32>(), any::<i32>());
    let flags = prop::array::uniform8(any::<bool>());
    let texts = (words(), words(), words(), words(), words());
    (prop::sample::select(kinds.to_vec()), prices, sizes, flags, texts).prop_map(
        |(kind, prices, (quantity, display, least, parent), flags, texts)| Order {
            lmt_price: prices.0,
            aux_price: prices.1,
            trail_stop_price: prices.2,
            trailing_percent: prices.3,
            discretionary_amt: prices.4,
            cash_qty: prices.5,
            trigger_price: prices.1,
            adjusted_stop_price: prices.0,
            adjusted_trailing_amount: prices.2,
            percent_offset: prices.3,
            total_quantity: Some(quantity),
            display_size: flags[0].then_some(display),
            min_qty: flags[1].then_some(least),
            parent_id: flags[2].then_some(parent % 5),
            hidden: Some(flags[3]),
            outside_rth: Some(flags[4]),
            all_or_none: Some(flags[5]),
            what_if: Some(flags[6]),
            transmit: Some(flags[7]),
            tif: texts.0,
            good_till_date: texts.1,
            good_after_time: texts.2,
            algo_strategy: texts.3,
            adjusted_order_type: texts.4,
            ..order(if flags[0] { "BUY" } else { "SELL" }, kind, 1)
        },
    )
}

proptest! {
    #[test]
    fn any_order_does_no_harm(orders in prop::collection::vec((-2_i32..12, any_order()), 1..12)) {
        let mut desk = Desk::started();
        for (id, order) in orders {
            let silent = !order.transmit.unwrap_or(false);
            let told = desk.place(id, order);
            prop_assert!(silent || !told.is_empty());
            desk.pass(50_000_000);
        }
        let exchange = desk.gateway.exchange();
        let account = &exchange.accounts()[0];
        let value = exchange.valuation(account);
        let gap = account.opening_cash + value.realized + value.unrealized - value.equity;
        prop_assert!(gap.abs() < rust_decimal::Decimal::ONE, "equity and profit differ by {}", gap);
    }
}
