//! What holds whatever is asked of the exchange, in whatever order.

use std::collections::BTreeMap;

use proptest::prelude::*;
use rust_decimal::Decimal;

use super::{APPLE, EURO, MICROSOFT, key};
use crate::exchange::order::{
    Adjustment, Algorithm, Attributes, Condition, ConditionTest, Distance, OcaGroup, OcaRule, OrderKind,
    OrderRequest, Side, Status, TimeInForce,
};
use crate::exchange::{Config, Exchange, LocateHold, Part, Switches};

/// One thing that happens; numbers are taken modulo what there is.
#[derive(Debug, Clone)]
enum Step {
    Place(Wish),
    Modify(i32, Wish),
    Cancel(i32),
    Fill(i32, i64),
    Pass(u64),
    Jump(i64),
    Switch(u8),
    Outside(u8, i64),
    Correct(usize, i64),
    Activate(i32, bool),
}

/// An order to be.
#[derive(Debug, Clone)]
struct Wish {
    side: bool,
    market: u8,
    lots: i64,
    kind: u8,
    near: i64,
    offset: i64,
    tif: u8,
    parent: u8,
    group: u8,
    extra: u8,
    transmit: bool,
}

fn wish() -> impl Strategy<Value = Wish> {
    let terms = (
        any::<bool>(),
        0_u8..4,
        1_i64..800,
        0_u8..18,
        -60_i64..60,
        -20_i64..20,
    );
    let rest = (0_u8..8, 0_u8..12, 0_u8..12, 0_u8..24, 0_u8..8);
    (terms, rest).prop_map(
        |((side, market, lots, kind, near, offset), (tif, parent, group, extra, transmit))| Wish {
            side,
            market,
            lots,
            kind,
            near,
            offset,
            tif,
            parent,
            group,
            extra,
            transmit: transmit > 0,
        },
    )
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => wish().prop_map(Step::Place),
        2 => (1_i32..40, wish()).prop_map(|(id, wish)| Step::Modify(id, wish)),
        2 => (1_i32..40).prop_map(Step::Cancel),
        1 => (1_i32..40, 1_i64..500).prop_map(|(id, lots)| Step::Fill(id, lots)),
        5 => (1_u64..20_000).prop_map(Step::Pass),
        1 => (40_000_000_u64..90_000_000).prop_map(Step::Pass),
        2 => (-200_i64..200).prop_map(Step::Jump),
        1 => any::<u8>().prop_map(Step::Switch),
        1 => (any::<u8>(), 1_i64..300).prop_map(|(what, lots)| Step::Outside(what, lots)),
        1 => (any::<usize>(), -5_i64..5).prop_map(|(which, by)| Step::Correct(which, by)),
        1 => (1_i32..40, any::<bool>()).prop_map(|(id, on)| Step::Activate(id, on)),
    ]
}

fn kind(number: u8, near: i64, offset: i64) -> OrderKind {
    let cap = (offset > 10).then_some(near);
    let by = if offset % 2 == 0 {
        Distance::Amount(offset.abs() + 1)
    } else {
        Distance::BasisPoints(offset.abs() * 5)
    };
    let stop = (offset > 0).then_some(near);
    match number {
        0 => OrderKind::Market,
        1..4 => OrderKind::Limit { limit: near },
        4 => OrderKind::Stop { trigger: near },
        5 => OrderKind::StopLimit {
            trigger: near,
            limit: near + offset,
        },
        6 => OrderKind::Trail { by, stop },
        7 => OrderKind::TrailLimit { by, stop, offset },
        8 => OrderKind::MarketIfTouched { trigger: near },
        9 => OrderKind::LimitIfTouched {
            trigger: near,
            limit: near + offset,
        },
        10 => OrderKind::MarketOnClose,
        11 => OrderKind::LimitOnClose { limit: near },
        12 => OrderKind::MarketOnOpen,
        13 => OrderKind::LimitOnOpen { limit: near },
        14 => OrderKind::MarketToLimit,
        15 => OrderKind::PeggedToMarket { offset, cap },
        16 => OrderKind::PeggedToMidpoint { offset, cap },
        _ => OrderKind::Relative { offset: by, cap },
    }
}

fn extras(attributes: &mut Attributes, wish: &Wish, now: u64) {
    let test = match wish.offset.rem_euclid(6) {
        0 => ConditionTest::Price {
            instrument: MICROSOFT,
            above: wish.side,
            price: 42_000 + wish.near,
        },
        1 => ConditionTest::Time {
            after: wish.side,
            at: now + 5,
        },
        2 => ConditionTest::Margin {
            above: wish.side,
            percent: 50,
        },
        3 => ConditionTest::Execution {
            symbol: "MSFT".to_owned(),
        },
        4 => ConditionTest::Volume {
            instrument: APPLE,
            above: wish.side,
            lots: 500,
        },
        _ => ConditionTest::PercentChange {
            instrument: EURO,
            above: wish.side,
            basis_points: wish.near,
        },
    };
    match wish.extra {
        0 => attributes.display = Some(1 + wish.lots / 5),
        1 => attributes.hidden = true,
        2 => attributes.discretionary = wish.offset.abs(),
        3 => attributes.all_or_none = true,
        4 => attributes.min_quantity = Some(1 + wish.lots / 2),
        5 => attributes.post_only = true,
        6 => attributes.outside_rth = true,
        7 => attributes.good_after = Some(now + wish.lots.unsigned_abs() / 20),
        8 => attributes.trigger_method = [1, 2, 3, 4, 7, 8][wish.offset.rem_euclid(6) as usize],
        9 | 10 => {
            attributes.conditions = vec![Condition { test, and_next: true }];
            attributes.conditions_cancel = wish.extra == 10;
            attributes.conditions_ignore_rth = wish.side;
        }
        11 => {
            let into = kind(wish.offset.rem_euclid(18) as u8, wish.near + 23_000, wish.offset);
            attributes.adjust = Some(Adjustment {
                at: 23_000 + wish.near,
                into,
            });
        }
        12 => {
            let strategy = ["Adaptive", "Twap", "Vwap"][wish.offset.rem_euclid(3) as usize].to_owned();
            let parameters = BTreeMap::new();
            attributes.algorithm = Some(Algorithm { strategy, parameters });
        }
        _ => {}
    }
}

fn request(exchange: &Exchange, wish: &Wish, next: i32) -> OrderRequest {
    let instrument = [APPLE, APPLE, MICROSOFT, EURO][usize::from(wish.market)];
    let near = exchange.market(instrument).mark() + wish.near;
    let now = exchange.unix_now();
    let mut attributes = Attributes {
        parent: (wish.parent < 3 && next > 1).then(|| key(next - 1 - i32::from(wish.parent))),
        oca: [
            OcaRule::CancelWithBlock,
            OcaRule::ReduceWithBlock,
            OcaRule::ReduceWithoutBlock,
        ]
        .get(usize::from(wish.group))
        .map(|rule| OcaGroup {
            name: format!("group {}", wish.group),
            rule: *rule,
        }),
        ..Attributes::default()
    };
    extras(&mut attributes, wish, now);
    OrderRequest {
        account: "DU1234567".to_owned(),
        instrument,
        side: if wish.side { Side::Buy } else { Side::Sell },
        quantity: wish.lots,
        kind: kind(wish.kind, near, wish.offset),
        tif: [
            TimeInForce::Day,
            TimeInForce::Gtc,
            TimeInForce::Gtc,
            TimeInForce::Gtc,
            TimeInForce::Ioc,
            TimeInForce::Fok,
            TimeInForce::Gtd(now + 10),
            TimeInForce::Opening,
        ][usize::from(wish.tif)],
        transmit: wish.transmit,
        attributes,
    }
}

fn outside(exchange: &mut Exchange, what: u8, lots: i64) {
    let (account, mark) = ("DU1234567", exchange.market(APPLE).mark());
    match what % 6 {
        0 => drop(exchange.bind_manual()),
        1 => drop(exchange.fill_external(account, APPLE, Side::Sell, lots, mark + 1)),
        2 => drop(exchange.liquidate(account, APPLE, Some(lots))),
        3 => drop(exchange.assign(account, MICROSOFT, lots - 150, 42_000)),
        4 => exchange.forget_untransmitted(),
        _ => {
            let wish = Wish {
                side: true,
                market: 0,
                lots,
                kind: 1,
                near: -10,
                offset: 0,
                tif: 1,
                parent: 9,
                group: 9,
                extra: 20,
                transmit: true,
            };
            let request = request(exchange, &wish, 1);
            exchange.place_external(request);
        }
    }
}

fn switches(number: u8) -> Switches {
    Switches {
        late_cancels: number & 1 != 0,
        dialogs: number & 6 == 6,
        locate: match number >> 5 {
            0 => LocateHold::Inactive,
            1 => LocateHold::PreSubmitted,
            _ => LocateHold::Off,
        },
        split_next: number & 24 == 24,
        groups_cancel_together: number & 2 != 0,
    }
}

/// Plays steps, checks what must hold after each, and returns everything that happened as text.
fn play(seed: u64, steps: &[Step]) -> (Exchange, String) {
    let mut exchange = Exchange::new(Config {
        seed,
        tick_rate: 5,
        cash: 10_000_000.into(),
        ..Config::default()
    });
    exchange.watch(APPLE);
    let (mut told, mut next, mut now) = (String::new(), 0, 0);
    for step in steps {
        match step {
            Step::Place(wish) => {
                next += 1;
                let request = request(&exchange, wish, next);
                let _ = exchange.place(key(next), request);
            }
            Step::Modify(id, wish) => {
                let known = exchange.order(key(*id)).map(|order| order.request.clone());
                if let Some(known) = known {
                    let asked = request(&exchange, wish, *id);
                    let changed = OrderRequest {
                        instrument: known.instrument,
                        side: known.side,
                        attributes: known.attributes,
                        ..asked
                    };
                    let _ = exchange.place(key(*id), changed);
                }
            }
            Step::Cancel(id) => drop(exchange.cancel(key(*id))),
            Step::Fill(id, lots) => drop(exchange.force_fill(key(*id), Some(*lots))),
            Step::Pass(millis) => {
                now += millis * 1_000_000;
                // Long stretches pass without a market's moves, so that they are cheap.
                if *millis > 1_000_000 {
                    exchange.ring(now);
                    exchange.now = now;
                    exchange.next_step = now + 1;
                } else {
                    exchange.advance(now);
                }
            }
            Step::Jump(by) => exchange.move_price(APPLE, exchange.market(APPLE).mark() + by),
            Step::Switch(number) => exchange.set_switches(switches(*number)),
            Step::Outside(what, lots) => outside(&mut exchange, *what, *lots),
            Step::Correct(which, by) => {
                let count = exchange.executions().len();
                let found = exchange.executions().get(which % count.max(1));
                if let Some((id, price)) = found.map(|each| (each.id.clone(), each.price)) {
                    let _ = exchange.correct_execution(&id, Some(price + by), None);
                }
            }
            Step::Activate(id, on) => match on {
                true => drop(exchange.activate(key(*id))),
                false => drop(exchange.deactivate(key(*id))),
            },
        }
        for event in exchange.take_events() {
            told.push_str(&format!("{event:?}\n"));
        }
        check_book(&exchange);
    }
    (exchange, told)
}

/// Nothing that a book holds is ended, and no book is crossed by what it shows.
fn check_book(exchange: &Exchange) {
    for id in [APPLE, MICROSOFT, EURO] {
        let market = exchange.market(id);
        let (bid, ask) = (market.top().bid, market.top().ask);
        if let (Some((bid, _)), Some((ask, _))) = (bid, ask) {
            assert!(bid < ask, "crossed: {bid} {ask}");
        }
        for key in &market.orders.resting {
            let order = exchange.order_of_key(*key).unwrap();
            assert!(order.is_live() && order.held.is_none(), "{order:?}");
            let price = order.limit.unwrap();
            let size = market.book.size_of(order.request.side, price, order.key);
            assert_eq!(size, order.workable(), "{order:?}");
        }
    }
}

/// The decrees of operators ignore limits; all other fills keep within them.
fn within_limit(exchange: &Exchange, steps: &[Step]) {
    let decreed = |step: &Step| matches!(step, Step::Fill(..) | Step::Outside(..) | Step::Correct(..));
    let changed = |step: &Step| matches!(step, Step::Modify(..));
    if steps.iter().any(|step| decreed(step) || changed(step)) {
        return;
    }
    for fill in exchange.executions() {
        let order = exchange.order_of_key(fill.order).unwrap();
        if let (Some(limit), None) = (order.request.kind.limit(), order.request.attributes.adjust) {
            let beyond = order.request.attributes.discretionary;
            let limit = limit + order.request.side.signed(beyond);
            assert!(fill.side.accepts(fill.price, limit), "{fill:?} of {order:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn sums_are_right_and_limits_are_kept(
        seed in any::<u64>(),
        steps in prop::collection::vec(step(), 1..70),
    ) {
        let (exchange, _) = play(seed, &steps);
        within_limit(&exchange, &steps);
        for order in exchange.orders() {
            let fills = exchange.executions().iter().filter(|fill| fill.order == order.key);
            let counted = fills.filter(|fill| fill.correction == 0 && !matches!(fill.part, Part::Leg(_)));
            prop_assert_eq!(counted.map(|fill| fill.lots).sum::<i64>(), order.filled);
            prop_assert!(order.filled <= order.request.quantity, "{:?}", order);
            prop_assert_eq!(order.status == Status::Filled, order.remaining() == 0, "{:?}", order);
            prop_assert_eq!(order.ended_at.is_some(), !order.is_live(), "{:?}", order);
            prop_assert_eq!(exchange.live_orders().any(|live| live.key == order.key), order.is_live());
        }
        let account = &exchange.accounts()[0];
        let value = exchange.valuation(account);
        let gap = (account.opening_cash + value.realized + value.unrealized - value.equity).abs();
        prop_assert!(gap < Decimal::new(1, 5), "equity and profit differ by {}", gap);
    }

    #[test]
    fn groups_with_block_never_trade_more_than_one_of_them_would(
        rule in 0_usize..2,
        sizes in prop::collection::vec((1_i64..300, -20_i64..20, any::<bool>()), 2..6),
        strikes in prop::collection::vec((any::<bool>(), 1_i64..400, -30_i64..30), 1..20),
    ) {
        let rule = [OcaRule::CancelWithBlock, OcaRule::ReduceWithBlock][rule];
        let mut exchange = Exchange::new(Config { cash: 1_000_000_000.into(), ..Config::default() });
        for (id, (lots, near, stop)) in (1..).zip(&sizes) {
            let oca = Some(OcaGroup { name: "one".to_owned(), rule });
            // None trades before all are there: a group that is through is not one to join.
            let (mark, away) = (exchange.market(APPLE).mark(), near.abs() + 5);
            let kind = match stop {
                true => OrderKind::Stop { trigger: mark + away },
                false => OrderKind::Limit { limit: mark - away },
            };
            let attributes = Attributes { oca, ..Attributes::default() };
            let request = OrderRequest { attributes, ..super::buy(*lots, kind) };
            exchange.place(key(id), request).unwrap();
        }
        for (side, lots, jump) in strikes {
            exchange.strike(APPLE, if side { Side::Buy } else { Side::Sell }, lots);
            exchange.settle(APPLE);
            exchange.move_price(APPLE, exchange.market(APPLE).mark() + jump);
        }
        // Every order counts by the share of its own size that it has traded.
        let mut shares = Decimal::ZERO;
        let mut traded = 0;
        for (id, (lots, ..)) in (1..).zip(&sizes) {
            let order = exchange.order(key(id)).unwrap();
            shares += Decimal::from(order.filled) / Decimal::from(*lots);
            traded += usize::from(order.filled > 0);
        }
        prop_assert!(shares <= Decimal::new(1_000_001, 6), "{shares}");
        prop_assert!(rule == OcaRule::ReduceWithBlock || traded <= 1);
    }

    #[test]
    fn one_seed_and_the_same_steps_are_the_same_market(
        seed in any::<u64>(),
        steps in prop::collection::vec(step(), 1..40),
    ) {
        prop_assert_eq!(play(seed, &steps).1, play(seed, &steps).1);
    }
}
