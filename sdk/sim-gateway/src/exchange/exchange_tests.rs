//! The exchange as a whole: order lives, accounts that add up, and the same seed giving the same market.

use proptest::prelude::*;
use rust_decimal::Decimal;

use super::{
    Attributes, CancelRefusal, Change, Config, Event, Exchange, InstrumentId, OrderKey, OrderKind,
    OrderRequest, Refusal, Side, Status, TimeInForce,
};

const APPLE: InstrumentId = InstrumentId(0);
const EURO: InstrumentId = InstrumentId(5);
const SECOND: u64 = 1_000_000_000;

fn key(order: i32) -> OrderKey {
    OrderKey { client: 1, order }
}

fn buy(quantity: i64, kind: OrderKind) -> OrderRequest {
    OrderRequest {
        account: "DU1234567".to_owned(),
        instrument: APPLE,
        side: Side::Buy,
        quantity,
        kind,
        tif: TimeInForce::Day,
        transmit: true,
        attributes: Attributes::default(),
    }
}

fn limit(limit: i64) -> OrderKind {
    OrderKind::Limit { limit }
}

/// What happened, in short: statuses, `fill`, and changes.
fn story(exchange: &mut Exchange) -> Vec<String> {
    let tell = |event| match event {
        Event::Order {
            change: Change::Rejected { .. },
            ..
        } => Some("Rejected".to_owned()),
        Event::Order { change, order } => Some(format!("{change:?}:{}", order.status.as_str())),
        Event::Execution { order, .. } => Some(format!("fill:{}", order.status.as_str())),
        Event::Quote { .. } | Event::Trade { .. } | Event::Position { .. } => None,
    };
    exchange.take_events().into_iter().filter_map(tell).collect()
}

fn check(request: OrderRequest, wanted: &[&str]) {
    let mut exchange = Exchange::new(Config::default());
    exchange.place(key(1), request).unwrap();
    assert_eq!(story(&mut exchange), wanted);
}

#[test]
fn orders_begin_and_end_as_they_should() {
    let (far, inside) = (20_000, 23_001);
    check(
        buy(10, OrderKind::Market),
        &["Accepted:PreSubmitted", "fill:Filled"],
    );
    check(buy(10, limit(inside)), &["Accepted:PreSubmitted", "fill:Filled"]);
    check(
        buy(10, limit(far)),
        &["Accepted:PreSubmitted", "Working:Submitted"],
    );
    check(
        buy(10, OrderKind::Stop { trigger: 24_000 }),
        &["Accepted:PreSubmitted", "Held:PreSubmitted"],
    );
    // The market already stands where this stop wakes.
    check(
        buy(10, OrderKind::Stop { trigger: 22_000 }),
        &["Accepted:PreSubmitted", "Held:PreSubmitted", "fill:Filled"],
    );
    let immediate = OrderRequest {
        tif: TimeInForce::Ioc,
        ..buy(10, limit(far))
    };
    check(
        immediate,
        &[
            "Accepted:PreSubmitted",
            "CancelPending:PendingCancel",
            "Expired:Cancelled",
        ],
    );
    let all = OrderRequest {
        tif: TimeInForce::Fok,
        ..buy(10_000, limit(inside))
    };
    check(
        all,
        &[
            "Accepted:PreSubmitted",
            "CancelPending:PendingCancel",
            "Expired:Cancelled",
        ],
    );
    check(buy(1_000_000, OrderKind::Market), &["Rejected"]);
    check(
        OrderRequest {
            transmit: false,
            ..buy(10, OrderKind::Market)
        },
        &[],
    );
}

#[test]
fn a_large_market_order_is_filled_in_parts_over_time() {
    let mut exchange = Exchange::new(Config::default());
    exchange.place(key(1), buy(15_000, OrderKind::Market)).unwrap();
    let partly = exchange.order(key(1)).unwrap();
    assert_eq!(partly.status, Status::Submitted);
    assert!(partly.filled > 0 && partly.filled < 15_000);
    exchange.advance(30 * SECOND);
    assert_eq!(exchange.order(key(1)).unwrap().status, Status::Filled);
    let fills = exchange.executions();
    assert!(fills.len() > 5);
    assert_eq!(fills.iter().map(|fill| fill.lots).sum::<i64>(), 15_000);
}

#[test]
fn a_resting_order_is_hit_by_the_market_that_comes_to_it() {
    let mut exchange = Exchange::new(Config::default());
    exchange.place(key(1), buy(300, limit(22_900))).unwrap();
    exchange.move_price(APPLE, 22_800);
    let order = exchange.order(key(1)).unwrap();
    assert_eq!(order.status, Status::Filled);
    // It waited, so it trades at its own price.
    assert!(
        exchange
            .executions()
            .iter()
            .all(|fill| fill.price == 22_900 && fill.maker)
    );
}

#[test]
fn a_stop_sleeps_until_the_last_price_reaches_it() {
    let mut exchange = Exchange::new(Config::default());
    let stop = OrderRequest {
        side: Side::Sell,
        ..buy(100, OrderKind::Stop { trigger: 22_500 })
    };
    exchange.place(key(1), stop).unwrap();
    exchange.move_price(APPLE, 22_501);
    assert_eq!(exchange.order(key(1)).unwrap().status, Status::PreSubmitted);
    exchange.move_price(APPLE, 22_500);
    assert_eq!(exchange.order(key(1)).unwrap().status, Status::Filled);
}

#[test]
fn currencies_have_stops_on_the_quote_and_their_own_tick() {
    let mut exchange = Exchange::new(Config::default());
    let stop = OrderRequest {
        instrument: EURO,
        ..buy(25_000, OrderKind::Stop { trigger: 21_800 })
    };
    exchange.place(key(1), stop).unwrap();
    assert_eq!(exchange.order(key(1)).unwrap().status, Status::PreSubmitted);
    exchange.move_price(EURO, 21_900);
    assert_eq!(exchange.order(key(1)).unwrap().status, Status::Filled);
    assert_eq!(exchange.executions()[0].fee, Decimal::TWO);
    assert!(
        exchange
            .take_events()
            .iter()
            .all(|event| !matches!(event, Event::Trade { .. }))
    );
}

#[test]
fn a_change_keeps_its_place_only_when_it_asks_for_less() {
    let mut exchange = Exchange::new(Config::default());
    let price = 23_000;
    exchange.place(key(1), buy(50, limit(price))).unwrap();
    exchange.place(key(2), buy(50, limit(price))).unwrap();
    exchange.place(key(1), buy(40, limit(price))).unwrap();
    exchange.force_fill(key(2), Some(1)).unwrap();
    let filled = |exchange: &Exchange, order| exchange.order(key(order)).unwrap().filled;
    assert_eq!((filled(&exchange, 1), filled(&exchange, 2)), (0, 1));
    let sell = OrderRequest {
        side: Side::Sell,
        ..buy(40, limit(price))
    };
    exchange.place(key(3), sell).unwrap();
    assert_eq!((filled(&exchange, 1), filled(&exchange, 2)), (40, 1));
}

#[test]
fn impossible_requests_change_nothing() {
    let mut exchange = Exchange::new(Config::default());
    exchange.place(key(1), buy(10, limit(20_000))).unwrap();
    exchange.place(key(2), buy(10, OrderKind::Market)).unwrap();
    let other = OrderRequest {
        side: Side::Sell,
        ..buy(10, limit(20_000))
    };
    assert_eq!(exchange.place(key(1), other), Err(Refusal::Mismatch(1)));
    assert_eq!(
        exchange.place(key(2), buy(20, OrderKind::Market)),
        Err(Refusal::Ended(2))
    );
    let stranger = OrderRequest {
        account: "X".to_owned(),
        ..buy(10, OrderKind::Market)
    };
    assert_eq!(
        exchange.place(key(3), stranger),
        Err(Refusal::UnknownAccount("X".to_owned()))
    );
    assert!(matches!(
        exchange.place(key(1), buy(1_000_000, limit(20_000))),
        Err(Refusal::Margin(_))
    ));
    assert_eq!(exchange.cancel(key(9)), Err(CancelRefusal::Unknown));
    assert_eq!(exchange.cancel(key(2)), Err(CancelRefusal::Ended(Status::Filled)));
    assert_eq!(exchange.order(key(1)).unwrap().request.quantity, 10);
    exchange.cancel(key(1)).unwrap();
    assert_eq!(exchange.order(key(1)).unwrap().status, Status::Cancelled);
}

#[test]
fn day_orders_end_with_the_day_and_others_do_not() {
    let mut exchange = Exchange::new(Config {
        // Ten seconds before midnight in New York.
        epoch: 86_400 * 20_000 + 4 * 3_600 - 10,
        ..Config::default()
    });
    exchange.place(key(1), buy(10, limit(20_000))).unwrap();
    let lasting = OrderRequest {
        tif: TimeInForce::Gtc,
        ..buy(10, limit(20_000))
    };
    exchange.place(key(2), lasting).unwrap();
    exchange.advance(11 * SECOND);
    assert_eq!(exchange.order(key(1)).unwrap().status, Status::Cancelled);
    assert_eq!(exchange.order(key(2)).unwrap().status, Status::Submitted);
}

#[test]
fn fees_follow_the_price_list() {
    let mut exchange = Exchange::new(Config::default());
    exchange.place(key(1), buy(10, limit(23_100))).unwrap();
    exchange.place(key(2), buy(1_000, OrderKind::Market)).unwrap();
    let fees = |order| exchange.order(key(order)).unwrap().fees;
    assert_eq!((fees(1), fees(2)), (Decimal::ONE, Decimal::from(5)));
}

#[test]
fn an_unwatched_market_stands_still_and_a_watched_one_moves() {
    let mut exchange = Exchange::new(Config::default());
    exchange.advance(5 * SECOND);
    assert!(exchange.take_events().is_empty() && exchange.next_due().is_none());
    exchange.watch(APPLE);
    exchange.advance(10 * SECOND);
    assert!(exchange.take_events().len() > 50);
    exchange.unwatch(APPLE);
    exchange.advance(15 * SECOND);
    assert!(exchange.take_events().is_empty());
}

#[test]
fn a_probe_changes_the_bid_and_nothing_else() {
    let mut exchange = Exchange::new(Config::default());
    exchange.watch(APPLE);
    exchange.freeze(APPLE, true);
    let before = exchange.market(APPLE).shown();
    exchange.probe(APPLE);
    let after = exchange.market(APPLE).shown();
    assert_eq!(
        (after.ask, after.bid.map(|(price, _)| price + 1)),
        (before.ask, before.bid.map(|(price, _)| price))
    );
    exchange.place(key(1), buy(10, OrderKind::Market)).unwrap();
    exchange.advance(10 * SECOND);
    assert_eq!(exchange.market(APPLE).shown(), after);
    exchange.probe(APPLE);
    assert_eq!(exchange.market(APPLE).shown(), before);
}

#[derive(Debug, Clone)]
enum Step {
    Place {
        buy: bool,
        euro: bool,
        lots: i64,
        kind: u8,
        offset: i64,
        tif: u8,
    },
    Modify {
        order: i32,
        lots: i64,
        offset: i64,
    },
    Cancel {
        order: i32,
    },
    Fill {
        order: i32,
        lots: i64,
    },
    Pass {
        millis: u64,
    },
    Jump {
        offset: i64,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let place = (
        any::<bool>(),
        any::<bool>(),
        1_i64..3_000,
        0_u8..4,
        -60_i64..60,
        0_u8..4,
    )
        .prop_map(|(buy, euro, lots, kind, offset, tif)| Step::Place {
            buy,
            euro,
            lots,
            kind,
            offset,
            tif,
        });
    let modify = (1_i32..30, 1_i64..3_000, -60_i64..60).prop_map(|(order, lots, offset)| Step::Modify {
        order,
        lots,
        offset,
    });
    prop_oneof![
        4 => place,
        2 => modify,
        1 => (1_i32..30).prop_map(|order| Step::Cancel { order }),
        1 => (1_i32..30, 1_i64..500).prop_map(|(order, lots)| Step::Fill { order, lots }),
        3 => (1_u64..3_000).prop_map(|millis| Step::Pass { millis }),
        1 => (-200_i64..200).prop_map(|offset| Step::Jump { offset }),
    ]
}

fn kind(number: u8, near: i64) -> OrderKind {
    match number {
        0 => OrderKind::Market,
        1 => OrderKind::Limit { limit: near },
        2 => OrderKind::Stop { trigger: near },
        _ => OrderKind::StopLimit {
            trigger: near,
            limit: near + 3,
        },
    }
}

/// Plays steps; returns everything that happened as text.
fn play(seed: u64, steps: &[Step]) -> (Exchange, String) {
    let mut exchange = Exchange::new(Config {
        seed,
        tick_rate: 50,
        ..Config::default()
    });
    exchange.watch(APPLE);
    let mut told = String::new();
    let mut now = 0;
    let mut next = 0;
    for step in steps {
        match step {
            Step::Place {
                buy: long,
                euro,
                lots,
                kind: number,
                offset,
                tif,
            } => {
                next += 1;
                let instrument = if *euro { EURO } else { APPLE };
                let near = exchange.market(instrument).mark() + offset;
                let tif = [
                    TimeInForce::Day,
                    TimeInForce::Gtc,
                    TimeInForce::Ioc,
                    TimeInForce::Fok,
                ][usize::from(*tif)];
                let side = if *long { Side::Buy } else { Side::Sell };
                let order = OrderRequest {
                    instrument,
                    side,
                    tif,
                    ..buy(*lots, kind(*number, near))
                };
                exchange.place(key(next), order).unwrap();
            }
            Step::Modify { order, lots, offset } => {
                let known = exchange.order(key(*order)).map(|order| order.request.clone());
                if let Some(mut request) = known {
                    let near = exchange.market(request.instrument).mark() + offset;
                    request.quantity = *lots;
                    request.kind = match request.kind {
                        OrderKind::Limit { .. } => kind(1, near),
                        OrderKind::Stop { .. } => kind(2, near),
                        OrderKind::StopLimit { .. } => kind(3, near),
                        other => other,
                    };
                    let _ = exchange.place(key(*order), request);
                }
            }
            Step::Cancel { order } => drop(exchange.cancel(key(*order))),
            Step::Fill { order, lots } => drop(exchange.force_fill(key(*order), Some(*lots))),
            Step::Pass { millis } => {
                now += millis * 1_000_000;
                exchange.advance(now);
            }
            Step::Jump { offset } => exchange.move_price(APPLE, exchange.market(APPLE).mark() + offset),
        }
        for event in exchange.take_events() {
            told.push_str(&format!("{event:?}\n"));
        }
    }
    (exchange, told)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn nothing_is_lost_and_nothing_appears(
        seed in any::<u64>(),
        steps in prop::collection::vec(step(), 1..60),
    ) {
        let (exchange, _) = play(seed, &steps);
        for order in exchange.orders() {
            let fills = exchange.executions().iter().filter(|fill| fill.order == order.key);
            let filled: i64 = fills.clone().map(|fill| fill.lots).sum();
            prop_assert_eq!(filled, order.filled);
            prop_assert!(order.filled <= order.request.quantity, "{:?}", order);
            prop_assert_eq!(order.status == Status::Filled, order.remaining() == 0);
            let waits = exchange.market(order.request.instrument).depth(order.request.side);
            if order.status == Status::Submitted && order.active_limit().is_some() {
                let here = waits.iter().find(|(price, _)| Some(*price) == order.active_limit());
                let enough = here.is_some_and(|(_, lots)| *lots >= order.remaining());
                prop_assert!(enough, "{:?} is not in the book", order);
            }
        }
        let account = &exchange.accounts()[0];
        let mut cash = account.opening_cash;
        for fill in exchange.executions() {
            let instrument = &exchange.market(fill.instrument).instrument;
            let bought = instrument.quantity(fill.side.signed(fill.lots));
            cash -= bought * instrument.price(fill.price) + fill.fee;
        }
        prop_assert_eq!(cash, account.cash);
        for (id, position) in account.positions() {
            let fills = exchange.executions().iter().filter(|fill| fill.instrument == id);
            prop_assert_eq!(fills.map(|fill| fill.side.signed(fill.lots)).sum::<i64>(), position.lots);
        }
        let value = exchange.valuation(account);
        let profit = value.realized + value.unrealized;
        let gap = (account.opening_cash + profit - value.equity).abs();
        prop_assert!(gap < Decimal::new(1, 5), "equity and profit differ by {}", gap);
    }

    #[test]
    fn one_seed_is_one_market(seed in any::<u64>(), steps in prop::collection::vec(step(), 1..40)) {
        prop_assert_eq!(play(seed, &steps).1, play(seed, &steps).1);
    }
}
