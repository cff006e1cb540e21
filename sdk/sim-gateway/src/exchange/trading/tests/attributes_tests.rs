//! What attributes do: how openly an order rests, how much it takes at once, what it waits for.

use std::collections::BTreeMap;

use super::{APPLE, MICROSOFT, Scene, buy, key, limit, sell};
use crate::exchange::order::{
    Algorithm, Attributes, Condition, ConditionTest, Hold, OrderKind, OrderRequest, Side, Status,
};

fn with(request: OrderRequest, change: impl FnOnce(&mut Attributes)) -> OrderRequest {
    let mut request = request;
    change(&mut request.attributes);
    request
}

#[test]
fn an_iceberg_shows_a_part_and_queues_again_for_the_next() {
    let mut scene = Scene::new();
    scene.place(1, with(buy(100, limit(23_000)), |a| a.display = Some(30)));
    scene.place(2, buy(50, limit(23_000)));
    assert_eq!(scene.exchange.market(APPLE).top().bid, Some((23_000, 80)));
    scene.strike(Side::Sell, 40);
    // Thirty of the iceberg, then the order behind it, which now is in front.
    assert_eq!((scene.filled(1), scene.filled(2)), (30, 10));
    scene.strike(Side::Sell, 45);
    assert_eq!((scene.filled(1), scene.filled(2)), (35, 50));
    scene.strike(Side::Sell, 500);
    assert_eq!(scene.status(1), Status::Filled);
}

#[test]
fn a_hidden_order_is_not_seen_but_trades_behind_what_is() {
    let mut scene = Scene::new();
    scene.place(1, with(buy(100, limit(23_000)), |a| a.hidden = true));
    assert_eq!(scene.exchange.market(APPLE).top().bid, Some((22_999, 1_000)));
    scene.place(2, buy(50, limit(23_000)));
    assert_eq!(scene.exchange.market(APPLE).top().bid, Some((23_000, 50)));
    scene.place(3, sell(60, OrderKind::Market));
    assert_eq!((scene.filled(1), scene.filled(2)), (10, 50));
    assert_eq!(scene.fills(3), [(23_000, 50), (23_000, 10)]);
}

#[test]
fn a_discretionary_order_shows_less_than_it_pays() {
    let mut scene = Scene::new();
    scene.place(1, with(buy(10, limit(22_990)), |a| a.discretionary = 5));
    scene.quote(22_994, 22_996, 100);
    assert_eq!((scene.filled(1), scene.status(1)), (0, Status::Submitted));
    scene.quote(22_993, 22_995, 4);
    assert_eq!(scene.fills(1), [(22_995, 4)]);
    let bids = scene.exchange.market(APPLE).depth(Side::Buy);
    assert!(bids.contains(&(22_990, 6 + 4)), "{bids:?}");
}

#[test]
fn some_orders_take_all_or_enough_or_nothing() {
    let mut scene = Scene::new();
    scene.quote(22_999, 23_001, 100);
    scene.place(1, with(buy(150, limit(23_001)), |a| a.all_or_none = true));
    scene.place(2, with(buy(150, limit(23_001)), |a| a.min_quantity = Some(120)));
    assert_eq!((scene.filled(1), scene.filled(2)), (0, 0));
    assert_eq!(
        (scene.status(1), scene.status(2)),
        (Status::Submitted, Status::Submitted)
    );
    scene.quote(22_999, 23_001, 130);
    assert_eq!((scene.filled(1), scene.filled(2)), (0, 130));
    scene.quote(22_999, 23_001, 170);
    assert_eq!(
        (scene.status(1), scene.status(2)),
        (Status::Filled, Status::Filled)
    );
}

#[test]
fn a_post_only_order_never_takes() {
    let mut scene = Scene::new();
    scene.place(1, with(buy(10, limit(23_001)), |a| a.post_only = true));
    scene.place(2, with(buy(10, limit(23_000)), |a| a.post_only = true));
    assert_eq!(
        (scene.status(1), scene.status(2)),
        (Status::Cancelled, Status::Submitted)
    );
    assert!(scene.exchange.order(key(1)).unwrap().reason.is_some());
}

fn condition(test: ConditionTest, and_next: bool) -> Condition {
    Condition { test, and_next }
}

fn above(price: i64) -> ConditionTest {
    ConditionTest::Price {
        instrument: MICROSOFT,
        above: true,
        price,
    }
}

#[test]
fn conditions_wait_for_prices_and_moments_and_trades() {
    let epoch = crate::exchange::Config::default().epoch;
    let later = ConditionTest::Time {
        after: true,
        at: epoch + 60,
    };
    let traded = ConditionTest::Execution {
        symbol: "TSLA".to_owned(),
    };
    let volume = ConditionTest::Volume {
        instrument: MICROSOFT,
        above: true,
        lots: 7,
    };
    let change = ConditionTest::PercentChange {
        instrument: MICROSOFT,
        above: true,
        basis_points: 200,
    };
    let cushion = |percent| ConditionTest::Margin { above: true, percent };
    let price: fn(&mut Scene) = |scene| scene.exchange.move_price(MICROSOFT, 43_000);
    let wait: fn(&mut Scene) = |scene| scene.pass(60);
    let buy_tesla: fn(&mut Scene) = |scene| {
        let tesla = OrderRequest {
            instrument: crate::exchange::InstrumentId(4),
            ..buy(1, OrderKind::Market)
        };
        scene.place(9, tesla);
    };
    let print: fn(&mut Scene) = |scene| {
        scene.exchange.print(MICROSOFT, 42_000, 7);
        scene.exchange.settle(MICROSOFT);
    };
    let nothing: fn(&mut Scene) = |_| {};
    // Conditions, what happens, and whether the order then works.
    let cases = [
        (vec![condition(above(43_000), true)], price, true),
        (vec![condition(above(43_001), true)], price, false),
        (vec![condition(later.clone(), true)], wait, true),
        (vec![condition(later.clone(), true)], price, false),
        (vec![condition(traded, true)], buy_tesla, true),
        (vec![condition(volume, true)], print, true),
        (vec![condition(change, true)], price, true),
        (vec![condition(cushion(50), true)], nothing, true),
        (vec![condition(cushion(101), true)], wait, false),
        (
            vec![condition(above(43_000), true), condition(later.clone(), true)],
            price,
            false,
        ),
        (
            vec![condition(above(43_000), false), condition(later, true)],
            price,
            true,
        ),
    ];
    for (conditions, act, wanted) in cases {
        let mut scene = Scene::new();
        let told = format!("{conditions:?}");
        scene.place(1, with(buy(10, limit(22_000)), |a| a.conditions = conditions));
        act(&mut scene);
        let status = if wanted {
            Status::Submitted
        } else {
            Status::PreSubmitted
        };
        assert_eq!(scene.status(1), status, "{told}");
    }
}

#[test]
fn conditions_can_cancel_instead() {
    let mut scene = Scene::new();
    let test = ConditionTest::Price {
        instrument: APPLE,
        above: false,
        price: 22_900,
    };
    let request = with(buy(10, limit(22_000)), |a| {
        a.conditions = vec![condition(test, true)];
        a.conditions_cancel = true;
    });
    scene.place(1, request);
    assert_eq!(scene.status(1), Status::Submitted);
    scene.trade(22_900);
    assert_eq!(scene.status(1), Status::Cancelled);
}

#[test]
fn an_algorithm_trades_a_slice_at_a_time() {
    for (strategy, seconds) in [("Adaptive", 15), ("Twap", 300), ("Vwap", 300), ("Other", 300)] {
        let mut scene = Scene::new();
        let algorithm = Algorithm {
            strategy: strategy.to_owned(),
            parameters: BTreeMap::new(),
        };
        scene.place(
            1,
            with(buy(900, OrderKind::Market), |a| a.algorithm = Some(algorithm)),
        );
        assert_eq!((scene.status(1), scene.filled(1)), (Status::Submitted, 0));
        scene.pass(seconds / 2);
        let half = scene.filled(1);
        assert!(
            (300..700).contains(&half),
            "{strategy}: {half} after half the time"
        );
        scene.quote(22_999, 23_001, 1_000);
        scene.pass(seconds);
        assert_eq!(scene.status(1), Status::Filled, "{strategy}");
        assert!(scene.fills(1).len() > 2, "{strategy}");
    }
}

#[test]
fn good_after_time_waits() {
    let mut scene = Scene::new();
    let epoch = crate::exchange::Config::default().epoch;
    scene.place(
        1,
        with(buy(10, OrderKind::Market), |a| a.good_after = Some(epoch + 30)),
    );
    assert_eq!(
        (scene.status(1), scene.held(1)),
        (Status::PreSubmitted, Some(Hold::GoodAfter))
    );
    scene.pass(29);
    assert_eq!(scene.filled(1), 0);
    scene.pass(1);
    assert_eq!(scene.status(1), Status::Filled);
}
