//! Every kind of order, one by one.

use super::{EURO, Scene, buy, key, limit, order, sell};
use crate::exchange::order::{
    Adjustment, Attributes, Distance, Hold, OrderKind, OrderRequest, Side, Status, TimeInForce,
};

#[test]
fn touched_orders_wake_when_the_market_comes_their_way() {
    let mut scene = Scene::new();
    scene.place(1, buy(10, OrderKind::MarketIfTouched { trigger: 22_900 }));
    scene.place(
        2,
        sell(
            10,
            OrderKind::LimitIfTouched {
                trigger: 23_100,
                limit: 23_150,
            },
        ),
    );
    assert_eq!(
        (scene.held(1), scene.held(2)),
        (Some(Hold::Trigger), Some(Hold::Trigger))
    );
    scene.trade(22_900);
    assert_eq!(scene.fills(1), [(23_001, 10)]);
    scene.trade(23_100);
    assert_eq!(
        (scene.status(2), scene.limit_of(2)),
        (Status::Submitted, Some(23_150))
    );
}

#[test]
fn a_stop_limit_rests_at_its_limit_once_awake() {
    let mut scene = Scene::new();
    let (trigger, worst) = (22_900, 22_950);
    scene.place(
        1,
        sell(
            10,
            OrderKind::StopLimit {
                trigger,
                limit: 23_050,
            },
        ),
    );
    scene.place(
        2,
        sell(
            10,
            OrderKind::StopLimit {
                trigger,
                limit: worst,
            },
        ),
    );
    scene.trade(22_900);
    assert_eq!((scene.status(1), scene.fills(1).len()), (Status::Submitted, 0));
    assert_eq!(scene.fills(2), [(22_999, 10)]);
}

#[test]
fn a_trailing_stop_follows_one_way_only() {
    // Side, distance, trades to follow, where the stop then is, and the trade that wakes it.
    let cases = [
        (
            Side::Sell,
            Distance::Amount(100),
            [23_200, 23_150],
            23_100,
            23_100,
        ),
        (Side::Buy, Distance::Amount(100), [22_800, 22_850], 22_900, 22_900),
        (
            Side::Sell,
            Distance::BasisPoints(100),
            [24_000, 23_900],
            23_760,
            23_700,
        ),
    ];
    for (side, by, trades, stop, waking) in cases {
        let mut scene = Scene::new();
        scene.place(1, order(side, 10, OrderKind::Trail { by, stop: None }));
        for price in trades {
            scene.trade(price);
        }
        assert_eq!(scene.stop_of(1), Some(stop), "{side:?} {by:?}");
        assert_eq!(scene.status(1), Status::PreSubmitted);
        scene.trade(waking);
        assert_eq!(scene.status(1), Status::Filled, "{side:?} {by:?}");
    }
}

#[test]
fn a_trailing_limit_wakes_as_a_limit_at_its_offset() {
    let mut scene = Scene::new();
    let kind = OrderKind::TrailLimit {
        by: Distance::Amount(100),
        stop: Some(22_950),
        offset: -60,
    };
    scene.place(1, sell(10, kind));
    assert_eq!(scene.stop_of(1), Some(22_950));
    scene.trade(23_100);
    assert_eq!(scene.stop_of(1), Some(23_000));
    scene.trade(23_000);
    // Sixty beyond the trigger, away from the market for a sale.
    assert_eq!(
        (scene.limit_of(1), scene.status(1)),
        (Some(23_060), Status::Submitted)
    );
}

#[test]
fn market_to_limit_leaves_its_rest_at_the_price_it_traded_at() {
    let mut scene = Scene::new();
    scene.place(1, buy(1_500, OrderKind::MarketToLimit));
    assert_eq!(scene.fills(1), [(23_001, 1_000)]);
    assert_eq!(
        (scene.limit_of(1), scene.status(1)),
        (Some(23_001), Status::Submitted)
    );
    assert_eq!(scene.exchange.market(super::APPLE).top().bid, Some((23_001, 500)));
}

#[test]
fn followers_keep_their_distance_and_never_retreat() {
    let cap = None;
    let mid = OrderKind::PeggedToMidpoint { offset: 0, cap };
    let market = OrderKind::PeggedToMarket { offset: 5, cap };
    let relative = |offset| OrderKind::Relative { offset, cap };
    let capped = OrderKind::Relative {
        offset: Distance::Amount(1),
        cap: Some(23_003),
    };
    // Kind, limit at 22990/23010, limit at 23000/23020.
    let cases = [
        (Side::Buy, mid, 23_000, 23_010),
        (Side::Sell, mid, 23_000, 23_000),
        (Side::Buy, market, 23_005, 23_015),
        (Side::Buy, relative(Distance::Amount(2)), 22_992, 23_002),
        (Side::Sell, relative(Distance::Amount(2)), 23_008, 23_008),
        (Side::Buy, relative(Distance::BasisPoints(1)), 22_992, 23_002),
        (Side::Buy, capped, 22_991, 23_001),
    ];
    for (side, kind, first, second) in cases {
        let mut scene = Scene::new();
        scene.quote(22_990, 23_010, 1_000);
        scene.place(1, order(side, 10, kind));
        assert_eq!(scene.limit_of(1), Some(first), "{side:?} {kind:?}");
        scene.quote(23_000, 23_020, 1_000);
        assert_eq!(scene.limit_of(1), Some(second), "{side:?} {kind:?}");
    }
    let mut scene = Scene::new();
    scene.quote(22_990, 23_010, 1_000);
    scene.place(1, buy(10, capped));
    scene.quote(23_100, 23_120, 1_000);
    assert_eq!(scene.limit_of(1), Some(23_003));
    // The market comes to a pegged order: it stays, and trades at its own price.
    scene.place(2, buy(10, mid));
    scene.quote(22_900, 22_910, 1_000);
    assert_eq!(scene.fills(2), [(23_110, 10)]);
}

#[test]
fn trigger_methods_look_at_what_they_should() {
    let stop = |method| OrderRequest {
        attributes: Attributes {
            trigger_method: method,
            ..Attributes::default()
        },
        ..buy(10, OrderKind::Stop { trigger: 23_050 })
    };
    // Method, and whether it wakes on: one trade, a second trade, one bid, a second bid, a high middle.
    let cases = [
        (0, [true, true, false, false, false]),
        (1, [false, false, false, true, false]),
        (2, [true, true, false, false, false]),
        (3, [false, true, false, false, false]),
        (4, [false, false, true, true, false]),
        (7, [true, true, true, true, false]),
        (8, [false, false, true, true, true]),
    ];
    for (method, wanted) in cases {
        let wakes = |act: fn(&mut Scene)| {
            let mut scene = Scene::new();
            scene.trade(23_000);
            scene.place(1, stop(method));
            act(&mut scene);
            scene.status(1) == Status::Filled
        };
        let trade: fn(&mut Scene) = |scene| scene.trade(23_050);
        let trades: fn(&mut Scene) = |scene| {
            scene.trade(23_050);
            scene.trade(23_051);
        };
        let bid: fn(&mut Scene) = |scene| scene.quote(23_050, 23_060, 1_000);
        let bids: fn(&mut Scene) = |scene| {
            scene.quote(23_050, 23_060, 1_000);
            scene.quote(23_051, 23_060, 1_000);
        };
        let middle: fn(&mut Scene) = |scene| scene.quote(23_049, 23_060, 1_000);
        let woken = [
            wakes(trade),
            wakes(trades),
            wakes(bid),
            wakes(bids),
            wakes(middle),
        ];
        assert_eq!(woken, wanted, "trigger method {method}");
    }
}

#[test]
fn a_stop_on_trades_never_wakes_where_none_print() {
    let mut scene = Scene::new();
    for (id, method) in [(1, 2), (2, 3), (3, 0)] {
        let stop = OrderRequest {
            instrument: EURO,
            attributes: Attributes {
                trigger_method: method,
                ..Attributes::default()
            },
            ..buy(25_000, OrderKind::Stop { trigger: 21_800 })
        };
        scene.place(id, stop);
    }
    scene.quote_in(EURO, 21_900, 21_902, 2_000_000);
    assert_eq!(
        [1, 2, 3].map(|id| scene.status(id)),
        [Status::PreSubmitted, Status::PreSubmitted, Status::Filled]
    );
}

#[test]
fn an_adjusted_stop_becomes_another_kind_on_the_way() {
    let mut scene = Scene::new();
    let into = OrderKind::Trail {
        by: Distance::Amount(50),
        stop: None,
    };
    let attributes = Attributes {
        adjust: Some(Adjustment { at: 23_200, into }),
        ..Attributes::default()
    };
    let stop = sell(10, OrderKind::Stop { trigger: 22_500 });
    scene.place(1, OrderRequest { attributes, ..stop });
    scene.trade(23_199);
    assert_eq!(scene.stop_of(1), Some(22_500));
    scene.trade(23_210);
    assert_eq!(scene.stop_of(1), Some(23_160));
    assert_eq!(scene.exchange.order(key(1)).unwrap().kind, into);
    scene.trade(23_160);
    assert_eq!(scene.status(1), Status::Filled);
}

#[test]
fn kinds_and_prices_can_change_while_the_order_lives() {
    let mut scene = Scene::new();
    scene.place(1, sell(10, OrderKind::Stop { trigger: 22_500 }));
    scene.place(1, sell(20, OrderKind::Stop { trigger: 22_600 }));
    assert_eq!(
        (scene.stop_of(1), scene.held(1)),
        (Some(22_600), Some(Hold::Trigger))
    );
    scene.place(1, sell(20, limit(23_100)));
    assert_eq!((scene.status(1), scene.held(1)), (Status::Submitted, None));
    scene.strike(Side::Sell, 1);
    scene.quote(23_095, 23_105, 5);
    scene.strike(Side::Buy, 5);
    assert_eq!(scene.filled(1), 5);
    let immediate = OrderRequest {
        tif: TimeInForce::Ioc,
        ..sell(20, limit(23_000))
    };
    scene.place(1, immediate);
    assert_eq!((scene.status(1), scene.filled(1)), (Status::Filled, 20));
}
