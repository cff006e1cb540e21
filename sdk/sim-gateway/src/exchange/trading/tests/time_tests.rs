//! What time does: expiry, auctions, and the end of the day.

use super::{Scene, buy, key, limit, sell};
use crate::exchange::Hours;
use crate::exchange::order::{Attributes, Hold, OrderKind, OrderRequest, Status, TimeInForce};

/// Ten minutes before the day ends in New York, where markets never close.
const EVENING: u64 = 86_400 * 20_000 + 4 * 3_600 - 600;

fn lasting(tif: TimeInForce, request: OrderRequest) -> OrderRequest {
    OrderRequest { tif, ..request }
}

#[test]
fn orders_last_as_long_as_they_say() {
    let mut scene = Scene::at(EVENING);
    let far = || buy(10, limit(20_000));
    scene.place(1, far());
    scene.place(2, lasting(TimeInForce::Gtc, far()));
    scene.place(3, lasting(TimeInForce::Gtd(EVENING + 60), far()));
    scene.place(4, lasting(TimeInForce::Gtd(EVENING + 6_000), far()));
    scene.place(5, lasting(TimeInForce::Gtd(EVENING + 30), far()));
    scene.place(5, lasting(TimeInForce::Gtd(EVENING + 90), far()));
    scene.pass(60);
    let statuses = |scene: &Scene| [1, 2, 3, 4, 5].map(|id| scene.status(id));
    let (on, off) = (Status::Submitted, Status::Cancelled);
    assert_eq!(statuses(&scene), [on, on, off, on, on]);
    scene.pass(30);
    assert_eq!(statuses(&scene), [on, on, off, on, off]);
    scene.pass(600);
    assert_eq!(statuses(&scene), [off, on, off, on, off]);
    scene.pass(6_000);
    assert_eq!(statuses(&scene), [off, on, off, off, off]);
}

#[test]
fn the_closing_auction_comes_before_the_opening_one() {
    let mut scene = Scene::at(EVENING);
    scene.place(1, buy(10, OrderKind::MarketOnClose));
    scene.place(2, buy(10, OrderKind::LimitOnClose { limit: 22_999 }));
    scene.place(3, buy(10, OrderKind::LimitOnClose { limit: 23_010 }));
    scene.place(4, sell(10, OrderKind::MarketOnOpen));
    scene.place(5, sell(10, OrderKind::LimitOnOpen { limit: 23_200 }));
    scene.place(6, lasting(TimeInForce::Opening, buy(10, limit(23_300))));
    assert_eq!(
        [1, 2, 3, 4, 5, 6].map(|id| scene.held(id)),
        [Some(Hold::Auction); 6]
    );
    scene.trade(23_010);
    scene.pass(599);
    assert_eq!([1, 2, 3, 4, 5, 6].map(|id| scene.filled(id)), [0; 6]);
    scene.story();
    scene.pass(1);
    assert_eq!(
        (scene.fills(1), scene.fills(3)),
        (vec![(23_010, 10)], vec![(23_010, 10)])
    );
    assert_eq!(
        (scene.status(2), scene.status(5)),
        (Status::Cancelled, Status::Cancelled)
    );
    assert_eq!(
        (scene.status(4), scene.fills(6)),
        (Status::Filled, vec![(23_010, 10)])
    );
    let story = scene.story();
    assert_eq!(story.first().map(String::as_str), Some("1 fill Filled"));
    assert_eq!(story.last().map(String::as_str), Some("6 fill Filled"));
}

#[test]
fn an_auction_order_can_be_withdrawn_and_cannot_turn_into_another_kind() {
    let mut scene = Scene::at(EVENING);
    scene.place(1, buy(10, OrderKind::LimitOnClose { limit: 23_010 }));
    assert!(scene.exchange.place(key(1), buy(10, limit(23_010))).is_err());
    scene.place(1, buy(20, OrderKind::LimitOnClose { limit: 23_020 }));
    assert_eq!(
        (scene.held(1), scene.limit_of(1)),
        (Some(Hold::Auction), Some(23_020))
    );
    scene.exchange.cancel(key(1)).unwrap();
    scene.pass(700);
    assert_eq!((scene.status(1), scene.filled(1)), (Status::Cancelled, 0));
}

/// Ten minutes before the regular close of a Friday in New York.
const FRIDAY: u64 = 86_400 * 20_000 + 20 * 3_600 - 600;
const HOUR: u64 = 3_600;

fn outside(request: OrderRequest) -> OrderRequest {
    OrderRequest {
        attributes: Attributes {
            outside_rth: true,
            ..request.attributes
        },
        ..request
    }
}

#[test]
fn orders_keep_the_hours_of_their_venue() {
    let mut scene = Scene::keeping(Hours::Venue, FRIDAY);
    let gtc = |request| lasting(TimeInForce::Gtc, request);
    scene.place(1, buy(10, limit(22_000)));
    scene.place(2, outside(buy(10, limit(22_000))));
    scene.place(3, gtc(buy(10, limit(22_000))));
    scene.place(4, gtc(buy(10, OrderKind::Stop { trigger: 23_100 })));
    scene.place(5, gtc(outside(buy(10, OrderKind::Stop { trigger: 23_100 }))));
    scene.place(6, buy(10, OrderKind::MarketOnClose));
    scene.pass(600);
    // The regular session is over; the extended one has begun.
    assert_eq!(
        (scene.status(1), scene.status(6)),
        (Status::Cancelled, Status::Filled)
    );
    assert_eq!(
        (scene.status(2), scene.status(3)),
        (Status::Submitted, Status::PreSubmitted)
    );
    assert_eq!(scene.held(3), Some(Hold::Session));
    scene.trade(23_100);
    assert_eq!(
        (scene.held(4), scene.status(5)),
        (Some(Hold::Trigger), Status::Filled)
    );
    scene.place(7, buy(10, OrderKind::Market));
    scene.place(8, outside(buy(10, limit(23_200))));
    assert_eq!(
        (scene.held(7), scene.status(8)),
        (Some(Hold::Session), Status::Filled)
    );
    scene.pass(4 * HOUR);
    assert_eq!(scene.status(2), Status::Cancelled);
    // Monday, half an hour before the regular session, and its beginning.
    scene.pass(61 * HOUR);
    assert_eq!(
        (scene.held(3), scene.held(7)),
        (Some(Hold::Session), Some(Hold::Session))
    );
    scene.story();
    scene.pass(HOUR / 2);
    assert_eq!(
        (scene.status(3), scene.status(7)),
        (Status::Submitted, Status::Filled)
    );
    scene.trade(23_100);
    assert_eq!(scene.status(4), Status::Filled);
}

#[test]
fn a_late_cancel_waits_for_the_market_to_open() {
    let mut scene = Scene::keeping(Hours::Venue, FRIDAY);
    let mut switches = scene.exchange.switches();
    switches.late_cancels = true;
    scene.exchange.set_switches(switches);
    for id in [1, 2] {
        scene.place(id, lasting(TimeInForce::Gtc, buy(10, limit(22_000))));
    }
    scene.exchange.cancel(key(1)).unwrap();
    scene.pass(5 * HOUR);
    scene.exchange.cancel(key(2)).unwrap();
    assert_eq!(
        (scene.status(1), scene.status(2)),
        (Status::Cancelled, Status::PendingCancel)
    );
    assert!(scene.exchange.place(key(2), buy(10, limit(22_000))).is_err());
    scene.pass(50 * HOUR);
    assert_eq!(scene.status(2), Status::PendingCancel);
    scene.pass(8 * HOUR);
    assert_eq!(scene.status(2), Status::Cancelled);
}

#[test]
fn an_order_for_the_opening_placed_by_night_trades_in_the_morning() {
    let mut scene = Scene::keeping(Hours::Venue, FRIDAY);
    scene.pass(5 * HOUR);
    scene.place(1, buy(10, OrderKind::MarketOnOpen));
    scene.place(2, buy(10, OrderKind::MarketOnClose));
    scene.pass(60 * HOUR + HOUR / 2);
    assert_eq!((scene.filled(1), scene.filled(2)), (0, 0));
    scene.pass(HOUR / 2);
    assert_eq!(
        (scene.status(1), scene.held(2)),
        (Status::Filled, Some(Hold::Auction))
    );
    scene.pass(7 * HOUR);
    assert_eq!(scene.status(2), Status::Filled);
}
