//! Brackets and groups.

use super::{APPLE, Scene, buy, key, limit, sell};
use crate::exchange::Refusal;
use crate::exchange::order::{Attributes, Hold, OcaGroup, OcaRule, OrderKind, OrderRequest, Side, Status};

fn child(parent: i32, request: OrderRequest) -> OrderRequest {
    OrderRequest {
        attributes: Attributes {
            parent: Some(key(parent)),
            ..request.attributes
        },
        ..request
    }
}

fn parked(request: OrderRequest) -> OrderRequest {
    OrderRequest {
        transmit: false,
        ..request
    }
}

/// A parent that waits at `price`, a target and a stop, transmitted with the last.
fn bracket(scene: &mut Scene, price: i64) {
    scene.place(1, parked(buy(100, limit(price))));
    scene.place(2, parked(child(1, sell(100, limit(23_500)))));
    assert_eq!(scene.story(), Vec::<String>::new());
    scene.place(3, child(1, sell(100, OrderKind::Stop { trigger: 22_500 })));
}

#[test]
fn a_bracket_is_transmitted_with_its_last_child_and_waits_for_its_parent() {
    let mut scene = Scene::new();
    bracket(&mut scene, 22_900);
    assert_eq!(
        scene.story(),
        [
            "1 Accepted PreSubmitted",
            "1 Working Submitted",
            "2 Accepted PreSubmitted",
            "2 Held PreSubmitted",
            "3 Accepted PreSubmitted",
            "3 Held PreSubmitted",
        ]
    );
    assert_eq!(scene.held(2), Some(Hold::Child));
    let parent = scene.exchange.order(key(1)).unwrap().perm_id;
    let target = scene.exchange.order(key(2)).unwrap();
    assert_eq!(target.parent_perm_id, parent);
    assert_eq!(
        target.oca.as_ref().map(|oca| oca.name.clone()),
        Some(parent.to_string())
    );
    scene.quote(22_890, 22_895, 100);
    assert_eq!(scene.status(1), Status::Filled);
    assert_eq!(
        (scene.status(2), scene.held(3)),
        (Status::Submitted, Some(Hold::Trigger))
    );
    // The target trades: the stop goes.
    scene.quote(23_500, 23_502, 1_000);
    assert_eq!(
        (scene.status(2), scene.status(3)),
        (Status::Filled, Status::Cancelled)
    );
}

#[test]
fn children_go_with_a_parent_that_has_not_traded() {
    let mut scene = Scene::new();
    bracket(&mut scene, 22_900);
    scene.exchange.cancel(key(1)).unwrap();
    assert_eq!([1, 2, 3].map(|id| scene.status(id)), [Status::Cancelled; 3]);
    let late = child(1, sell(100, limit(23_500)));
    assert_eq!(scene.exchange.place(key(4), late), Err(Refusal::UnknownParent(1)));
}

#[test]
fn a_parent_in_part_releases_its_children_in_part() {
    let mut scene = Scene::new();
    bracket(&mut scene, 22_999);
    // The parent waits behind others at its price.
    scene.strike(Side::Sell, 1_040);
    assert_eq!((scene.filled(1), scene.status(2)), (40, Status::Submitted));
    assert_eq!(scene.exchange.order(key(2)).unwrap().workable(), 40);
    // The target trades what it may: nothing is left for the stop to protect.
    scene.quote(23_500, 23_502, 100);
    assert_eq!(scene.filled(2), 40);
    assert_eq!(
        (scene.held(2), scene.held(3)),
        (Some(Hold::Child), Some(Hold::Child))
    );
    assert_eq!(scene.exchange.order(key(3)).unwrap().request.quantity, 60);
    // The parent goes on, and so may they.
    scene.quote(22_990, 22_992, 1_000);
    assert_eq!(scene.status(1), Status::Filled);
    assert_eq!(scene.exchange.order(key(2)).unwrap().workable(), 60);
    assert_eq!(scene.exchange.order(key(3)).unwrap().workable(), 60);
    assert_eq!(
        (scene.status(2), scene.held(3)),
        (Status::Submitted, Some(Hold::Trigger))
    );
    scene.trade(22_500);
    assert_eq!((scene.filled(3), scene.status(2)), (60, Status::Cancelled));
    assert_eq!(scene.exchange.accounts()[0].position(APPLE).lots, 0);
}

#[test]
fn a_parent_cancelled_in_part_leaves_children_its_part() {
    let mut scene = Scene::new();
    bracket(&mut scene, 22_999);
    scene.strike(Side::Sell, 1_040);
    scene.exchange.cancel(key(1)).unwrap();
    let left = [2, 3].map(|id| scene.exchange.order(key(id)).unwrap().remaining());
    assert_eq!((left, scene.status(2)), ([40, 40], Status::Submitted));
}

#[test]
fn a_child_may_be_changed_without_naming_its_parent_again() {
    let mut scene = Scene::new();
    bracket(&mut scene, 23_001);
    assert_eq!(scene.status(1), Status::Filled);
    let again = child(1, sell(100, limit(23_600)));
    assert_eq!(
        scene.exchange.place(key(2), again),
        Err(Refusal::UnknownParent(1))
    );
    scene.place(2, sell(100, limit(23_600)));
    assert_eq!(
        (scene.limit_of(2), scene.status(2)),
        (Some(23_600), Status::Submitted)
    );
    assert_ne!(scene.exchange.order(key(2)).unwrap().parent_perm_id, 0);
}

#[test]
fn untransmitted_orders_are_silent_and_a_restart_forgets_them() {
    let mut scene = Scene::new();
    scene.place(1, parked(buy(100, limit(22_900))));
    scene.place(2, parked(child(1, sell(100, limit(23_500)))));
    scene.place(3, buy(100, limit(22_900)));
    scene.exchange.forget_untransmitted();
    assert!(scene.exchange.order(key(1)).is_none() && scene.exchange.order(key(2)).is_none());
    assert_eq!(scene.status(3), Status::Submitted);
}

fn grouped(rule: OcaRule, request: OrderRequest) -> OrderRequest {
    let oca = Some(OcaGroup {
        name: "group".to_owned(),
        rule,
    });
    OrderRequest {
        attributes: Attributes {
            oca,
            ..request.attributes
        },
        ..request
    }
}

#[test]
fn groups_do_what_their_rule_says() {
    // Rule, traded of the first in one large trade, sizes wanted and statuses of the others after.
    let (working, gone) = (Status::Submitted, Status::Cancelled);
    let cases = [
        (OcaRule::CancelWithBlock, 25, [100, 50], [gone, gone]),
        (OcaRule::ReduceWithBlock, 25, [75, 37], [working, working]),
        (OcaRule::ReduceWithBlock, 100, [100, 50], [gone, gone]),
        (OcaRule::ReduceWithoutBlock, 25, [75, 37], [working, working]),
    ];
    for (rule, lots, sizes, statuses) in cases {
        let mut scene = Scene::new();
        for (id, quantity, price) in [(1, 100, 23_000), (2, 100, 22_900), (3, 50, 22_800)] {
            scene.place(id, grouped(rule, buy(quantity, limit(price))));
        }
        scene.strike(Side::Sell, lots);
        let found = [2, 3].map(|id| scene.exchange.order(key(id)).unwrap().request.quantity);
        assert_eq!(
            (found, [2, 3].map(|id| scene.status(id))),
            (sizes, statuses),
            "{rule:?}"
        );
    }
}

#[test]
fn only_a_group_without_block_can_trade_twice_at_once() {
    for (rule, both) in [
        (OcaRule::CancelWithBlock, false),
        (OcaRule::ReduceWithBlock, false),
        (OcaRule::ReduceWithoutBlock, true),
    ] {
        let mut scene = Scene::new();
        scene.place(1, grouped(rule, buy(100, limit(23_000))));
        scene.place(2, grouped(rule, buy(100, limit(23_000))));
        // One order large enough for both.
        scene.place(3, sell(200, limit(23_000)));
        assert_eq!(scene.filled(1), 100);
        assert_eq!(scene.filled(2), if both { 100 } else { 0 }, "{rule:?}");
    }
}

#[test]
fn a_switch_cancels_groups_as_one() {
    for (together, wanted) in [(false, Status::Submitted), (true, Status::Cancelled)] {
        let mut scene = Scene::new();
        let mut switches = scene.exchange.switches();
        switches.groups_cancel_together = together;
        scene.exchange.set_switches(switches);
        for id in [1, 2] {
            scene.place(id, grouped(OcaRule::CancelWithBlock, buy(100, limit(22_000))));
        }
        scene.exchange.cancel(key(1)).unwrap();
        assert_eq!(scene.status(2), wanted);
    }
}
