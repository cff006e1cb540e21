//! What comes from outside the API, and the operator's switches.

use rust_decimal::Decimal;

use super::{APPLE, MICROSOFT, Scene, buy, key, limit, sell};
use crate::exchange::order::{Hold, OrderKey, OrderKind, OrderRequest, Origin, Side, Status};
use crate::exchange::{Event, InstrumentId, LocateHold, Part, Switches};

const ACCOUNT: &str = "DU1234567";

fn switch(scene: &mut Scene, change: impl FnOnce(&mut Switches)) {
    let mut switches = scene.exchange.switches();
    change(&mut switches);
    scene.exchange.set_switches(switches);
}

fn position(scene: &Scene, id: InstrumentId) -> i64 {
    scene.exchange.accounts()[0].position(id).lots
}

#[test]
fn a_manual_order_has_no_id_until_client_zero_binds_it() {
    let mut scene = Scene::new();
    let inside = scene.exchange.place_external(buy(10, limit(22_000)));
    let order = scene.exchange.order(inside).unwrap();
    let nobody = OrderKey { client: 0, order: 0 };
    assert_eq!(
        (order.shown, order.origin, order.perm_id > 0),
        (nobody, Origin::Manual, true)
    );
    let perm_id = order.perm_id;
    assert_eq!(scene.exchange.bind_manual(), [inside]);
    assert_eq!(scene.exchange.bind_manual(), []);
    let bound = OrderKey { client: 0, order: -1 };
    let order = scene.exchange.order(bound).unwrap();
    assert_eq!((order.shown, order.perm_id), (bound, perm_id));
    scene.exchange.place(bound, buy(20, limit(22_100))).unwrap();
    scene.exchange.cancel(bound).unwrap();
    assert_eq!(
        scene.story(),
        [
            "0 Accepted PreSubmitted",
            "0 Working Submitted",
            "-1 Bound Submitted",
            "-1 Modified Submitted",
            "-1 CancelPending PendingCancel",
            "-1 Cancelled Cancelled",
        ]
    );
}

#[test]
fn others_fill_liquidate_and_assign() {
    let mut scene = Scene::new();
    let theirs = scene
        .exchange
        .fill_external(ACCOUNT, APPLE, Side::Buy, 100, 22_950);
    assert_eq!(scene.exchange.order(theirs).unwrap().shown.order, 0);
    assert_eq!(position(&scene, APPLE), 100);
    let forced = scene.exchange.liquidate(ACCOUNT, APPLE, Some(40)).unwrap();
    let fill = scene.exchange.executions().last().unwrap().clone();
    assert_eq!((fill.order, fill.shown.client, fill.shown.order), (forced, 0, -1));
    assert!(fill.liquidation && fill.side == Side::Sell && fill.price == 22_999);
    assert_eq!(scene.exchange.liquidate(ACCOUNT, MICROSOFT, None), None);
    scene.exchange.take_events();
    let fills = scene.exchange.executions().len();
    assert!(scene.exchange.assign(ACCOUNT, APPLE, -60, 23_000));
    assert!(!scene.exchange.assign("nobody", APPLE, -60, 23_000));
    assert_eq!(
        (position(&scene, APPLE), scene.exchange.executions().len()),
        (0, fills)
    );
    let told = scene.exchange.take_events();
    assert!(matches!(
        &told[..],
        [Event::Position {
            instrument: APPLE,
            ..
        }]
    ));
}

#[test]
fn a_correction_replaces_an_execution_and_puts_the_account_right() {
    let mut scene = Scene::new();
    scene.place(1, buy(10, OrderKind::Market));
    let first = scene.exchange.executions()[0].clone();
    let cash = |scene: &Scene| scene.exchange.accounts()[0].cash;
    let before = cash(&scene);
    let id = scene
        .exchange
        .correct_execution(&first.id, Some(22_901), None)
        .unwrap();
    assert_eq!(id, first.id.replace(".01.01", ".01.02"));
    assert_eq!(cash(&scene) - before, Decimal::from(10));
    let order = scene.exchange.order(key(1)).unwrap();
    assert_eq!(scene.exchange.average_fill_price(order), Decimal::new(22_901, 2));
    assert!(
        scene
            .exchange
            .correct_execution(&first.id, None, Some(5))
            .is_err()
    );
    assert!(scene.exchange.correct_execution(&id, None, Some(11)).is_err());
    // A bust: the position goes, what the order filled stays.
    let bust = scene.exchange.correct_execution(&id, None, Some(0)).unwrap();
    assert!(bust.ends_with(".03"));
    assert_eq!((position(&scene, APPLE), scene.filled(1)), (0, 10));
    let live: Vec<_> = scene
        .exchange
        .executions()
        .iter()
        .filter(|each| !each.superseded)
        .collect();
    assert_eq!((live.len(), live[0].lots), (1, 0));
}

#[test]
fn a_dialog_keeps_new_orders_until_it_is_answered() {
    let mut scene = Scene::new();
    switch(&mut scene, |switches| switches.dialogs = true);
    scene.place(1, buy(10, OrderKind::Market));
    scene.pass(60);
    assert_eq!(
        (scene.status(1), scene.held(1)),
        (Status::PendingSubmit, Some(Hold::Dialog))
    );
    switch(&mut scene, |switches| switches.dialogs = false);
    assert_eq!(scene.status(1), Status::Filled);
}

#[test]
fn a_short_sale_waits_for_shares() {
    for (hold, status) in [
        (LocateHold::Inactive, Status::Inactive),
        (LocateHold::PreSubmitted, Status::PreSubmitted),
    ] {
        let mut scene = Scene::new();
        switch(&mut scene, |switches| switches.locate = hold);
        scene.place(1, buy(10, OrderKind::Market));
        scene.place(2, sell(10, OrderKind::Market));
        scene.place(3, sell(10, OrderKind::Market));
        assert_eq!((scene.status(2), scene.status(3)), (Status::Filled, status));
        let order = scene.exchange.order(key(3)).unwrap();
        assert!(order.is_live() && order.why_held() == "locate");
        switch(&mut scene, |switches| switches.locate = LocateHold::Off);
        assert_eq!(scene.status(3), Status::Filled);
    }
}

#[test]
fn an_order_can_be_taken_out_of_the_market_and_put_back() {
    let mut scene = Scene::new();
    scene.place(1, buy(10, limit(23_000)));
    assert!(scene.exchange.deactivate(key(1)));
    scene.place(2, sell(10, limit(23_000)));
    assert_eq!((scene.status(1), scene.filled(1)), (Status::Inactive, 0));
    assert!(scene.exchange.order(key(1)).unwrap().is_live());
    assert!(scene.exchange.activate(key(1)));
    assert!(!scene.exchange.activate(key(1)));
    assert_eq!(scene.status(1), Status::Filled);
    assert!(!scene.exchange.deactivate(key(1)));
}

#[test]
fn a_split_change_leaves_two_live_orders_under_one_id() {
    let mut scene = Scene::new();
    scene.place(1, buy(10, limit(22_000)));
    let old = scene.exchange.order(key(1)).unwrap().perm_id;
    switch(&mut scene, |switches| switches.split_next = true);
    scene.place(1, buy(10, limit(22_500)));
    let live: Vec<(i32, i64)> = scene
        .exchange
        .live_orders()
        .map(|order| (order.shown.order, order.perm_id))
        .collect();
    assert_eq!(live, [(1, old + 1), (1, old)]);
    // The id stands for the newer one; the older can only be reached with everything else.
    scene.exchange.cancel(key(1)).unwrap();
    let left: Vec<i64> = scene.exchange.live_orders().map(|order| order.perm_id).collect();
    assert_eq!(left, [old]);
    scene.exchange.cancel_all();
    assert_eq!(scene.exchange.live_orders().count(), 0);
}

#[test]
fn a_combination_trades_as_one_and_is_held_as_its_legs() {
    let mut scene = Scene::new();
    let bag = InstrumentId(3);
    scene.combine(bag);
    // Apple at 230 against two Microsoft at 420: a negative price.
    scene.quote_in(bag, -61_010, -60_990, 100);
    let order = OrderRequest {
        instrument: bag,
        ..buy(10, limit(-60_980))
    };
    scene.place(1, order);
    let fills: Vec<_> = scene.exchange.executions().to_vec();
    let told: Vec<_> = fills
        .iter()
        .map(|fill| (fill.part, fill.side, fill.lots))
        .collect();
    assert_eq!(
        told,
        [
            (Part::Combination, Side::Buy, 10),
            (Part::Leg(0), Side::Buy, 10),
            (Part::Leg(1), Side::Sell, 20),
        ]
    );
    assert_eq!(fills[0].price, -60_990);
    assert_eq!(fills[1].price - 2 * fills[2].price, -60_990);
    let segments = [0, 1, 2].map(|index: usize| fills[index].id.split('.').count());
    assert_eq!(segments, [4, 5, 5]);
    let held = [APPLE, MICROSOFT, bag].map(|id| position(&scene, id));
    assert_eq!(held, [10, -20, 0]);
    let order = scene.exchange.order(key(1)).unwrap();
    assert_eq!((order.status, order.filled), (Status::Filled, 10));
    assert_eq!(scene.exchange.average_fill_price(order), Decimal::new(-60_990, 2));
}
