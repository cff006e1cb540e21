//! The book as clients rebuild it from messages is the book.

use proptest::prelude::*;
use prost::Message;

use super::rows::{Operation, Row, changes};
use crate::exchange::{Lots, Side, Ticks};
use crate::gateway::data::Entitlement;
use crate::gateway::data::data_tests::told;
use crate::gateway::gateway_tests::{Desk, apple, limit, order};
use crate::gateway::{ConnectionId, Output};
use crate::wire::ids::{request, response};
use crate::wire::messages::contract::Contract;
use crate::wire::messages::depth::{CancelMarketDepth, MarketDepth, MarketDepthL2, MarketDepthRequest};

const ME: ConnectionId = ConnectionId(1);
const SECOND: u64 = 1_000_000_000;

fn book(request: i32, exchange: &str, rows: i32) -> MarketDepthRequest {
    MarketDepthRequest {
        req_id: Some(request),
        contract: Some(Contract {
            exchange: Some(exchange.to_owned()),
            ..apple()
        }),
        num_rows: Some(rows),
        is_smart_depth: Some(exchange == "SMART"),
        ..Default::default()
    }
}

/// What a client makes of the messages: bids and asks, as price, size and venue.
#[derive(Debug, Default)]
struct Rebuilt {
    sides: [Vec<(String, String, String)>; 2],
}

impl Rebuilt {
    fn read(&mut self, frames: &[Output], request: i32) {
        for frame in frames {
            let Output::Frame { id, bytes, .. } = frame else {
                continue;
            };
            let (about, data) = match *id {
                response::MARKET_DEPTH => {
                    let message = MarketDepth::decode(&bytes[8..]).unwrap();
                    (message.req_id, message.market_depth_data)
                }
                response::MARKET_DEPTH_L2 => {
                    let message = MarketDepthL2::decode(&bytes[8..]).unwrap();
                    (message.req_id, message.market_depth_data)
                }
                _ => continue,
            };
            if about != Some(request) {
                continue;
            }
            let data = data.unwrap();
            let side = &mut self.sides[usize::try_from(data.side.unwrap()).unwrap()];
            let at = usize::try_from(data.position.unwrap()).unwrap();
            let row = (
                data.price.unwrap().to_string(),
                data.size.unwrap(),
                data.market_maker.unwrap_or_default(),
            );
            match data.operation.unwrap() {
                0 => side.insert(at, row),
                1 => side[at] = row,
                _ => drop(side.remove(at)),
            }
        }
    }

    /// Price and size, added up by price, best first.
    fn levels(&self, side: Side) -> Vec<(String, i64)> {
        let mut levels: Vec<(String, i64)> = Vec::new();
        for (price, size, _) in &self.sides[usize::from(side == Side::Buy)] {
            let size = size.parse::<i64>().unwrap();
            match levels.last_mut() {
                Some((known, sum)) if known == price => *sum += size,
                _ => levels.push((price.clone(), size)),
            }
        }
        levels
    }
}

fn real_levels(desk: &Desk, side: Side) -> Vec<(String, i64)> {
    let market = desk.gateway.exchange().markets().next().unwrap().1;
    let levels = market.depth(side).into_iter();
    levels
        .map(|(price, lots)| (market.instrument.price(price).to_string(), lots))
        .collect()
}

#[test]
fn a_book_is_refused_where_there_is_none() {
    let mut desk = Desk::started();
    let start = |desk: &mut Desk, message: &MarketDepthRequest| {
        told(&desk.frames_to(ME, request::MARKET_DEPTH, message))
    };
    let plain = MarketDepthRequest {
        is_smart_depth: Some(false),
        ..book(1, "SMART", 5)
    };
    assert_eq!(start(&mut desk, &plain), ["error 10092"]);
    assert_eq!(start(&mut desk, &book(1, "SMART", 0)), ["error 321"]);
    assert_eq!(
        start(&mut desk, &book(1, "SMART", 5))[..2],
        ["error 2152", "message 13"]
    );
    assert_eq!(start(&mut desk, &book(1, "SMART", 5)), ["error 322"]);
    assert_eq!(start(&mut desk, &book(2, "NASDAQ", 5))[0], "message 12");
    assert_eq!(start(&mut desk, &book(3, "NASDAQ", 5))[0], "message 12");
    assert_eq!(start(&mut desk, &book(4, "NASDAQ", 5)), ["error 309"]);
    let stop = CancelMarketDepth {
        req_id: Some(2),
        is_smart_depth: None,
    };
    assert_eq!(
        told(&desk.frames_to(ME, request::CANCEL_MARKET_DEPTH, &stop)),
        [""; 0]
    );
    assert_eq!(
        told(&desk.frames_to(ME, request::CANCEL_MARKET_DEPTH, &stop)),
        ["error 310"]
    );
    desk.gateway.entitle(None, Entitlement::None);
    assert_eq!(told(&desk.frames_after(0)), ["error 354", "error 354"]);
    assert_eq!(start(&mut desk, &book(4, "NASDAQ", 5)), ["error 354"]);
    assert_eq!(desk.frames_after(30 * SECOND), []);
}

#[test]
fn a_reset_book_is_told_anew_and_a_halted_one_ends() {
    let mut desk = Desk::started();
    let mut rebuilt = Rebuilt::default();
    rebuilt.read(
        &desk.frames_to(ME, request::MARKET_DEPTH, &book(1, "NASDAQ", 10)),
        1,
    );
    let before = rebuilt.sides.clone();
    desk.gateway.reset_depth(Some("AAPL"));
    let frames = desk.frames_after(0);
    assert_eq!(told(&frames)[0], "error 317");
    let mut again = Rebuilt::default();
    again.read(&frames, 1);
    assert_eq!(again.sides, before);
    desk.gateway.halt_depth(None);
    assert_eq!(told(&desk.frames_after(0)), ["error 316"]);
    assert_eq!(desk.frames_after(30 * SECOND), []);
}

#[test]
fn a_resting_order_is_in_the_book_that_others_see() {
    let mut desk = Desk::started();
    let mut rebuilt = Rebuilt::default();
    rebuilt.read(
        &desk.frames_to(ME, request::MARKET_DEPTH, &book(1, "NASDAQ", 10)),
        1,
    );
    let price = 229.5;
    desk.gateway.take_output();
    let place = crate::wire::messages::order::PlaceOrderRequest {
        order_id: Some(9),
        contract: Some(apple()),
        order: Some(limit(price, 77)),
        attached_orders: None,
    };
    rebuilt.read(&desk.frames_to(ME, request::PLACE_ORDER, &place), 1);
    let shown = rebuilt.levels(Side::Buy);
    assert!(shown.contains(&("229.5".to_owned(), 77)), "{shown:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn the_book_rebuilt_from_messages_is_the_book(
        steps in prop::collection::vec((0_u64..400, 0_u32..4, 1_i32..900, -30_i32..30), 1..25),
        rows in 1_i32..12,
    ) {
        let mut desk = Desk::started();
        let (mut plain, mut smart) = (Rebuilt::default(), Rebuilt::default());
        let mut read = |frames: &[Output]| {
            plain.read(frames, 1);
            smart.read(frames, 2);
            (
                [plain.levels(Side::Buy), plain.levels(Side::Sell)],
                [smart.levels(Side::Buy), smart.levels(Side::Sell)],
                smart.sides.iter().map(Vec::len).max().unwrap_or(0),
            )
        };
        let mut frames = desk.frames_to(ME, request::MARKET_DEPTH, &book(1, "NASDAQ", rows));
        frames.extend(desk.frames_to(ME, request::MARKET_DEPTH, &book(2, "SMART", 100)));
        read(&frames);
        for (number, (millis, what, quantity, distance)) in (1..).zip(steps) {
            let mut frames = desk.frames_after(millis * 1_000_000);
            let price = 230.0 + f64::from(distance) / 100.0;
            let order = if what == 0 { order("SELL", "MKT", quantity) } else { limit(price, quantity) };
            let place = crate::wire::messages::order::PlaceOrderRequest {
                order_id: Some(number),
                contract: Some(apple()),
                order: Some(order),
                attached_orders: None,
            };
            frames.extend(desk.frames_to(ME, request::PLACE_ORDER, &place));
            let (plain, smart, longest) = read(&frames);
            let real = [real_levels(&desk, Side::Buy), real_levels(&desk, Side::Sell)];
            prop_assert!(longest <= 100);
            prop_assert_eq!(&smart, &real);
            let most = usize::try_from(rows).unwrap_or(0);
            let first = real.map(|levels| levels.into_iter().take(most).collect::<Vec<_>>());
            prop_assert_eq!(&plain, &first);
        }
    }

    #[test]
    fn changes_lead_from_any_rows_to_any_others(
        told in prop::collection::btree_map(0_i64..20, 1_i64..4, 0..9),
        now in prop::collection::btree_map(0_i64..20, 1_i64..4, 0..9),
    ) {
        let rows = |levels: &std::collections::BTreeMap<Ticks, Lots>| -> Vec<Row> {
            let row = |(price, lots): (&Ticks, &Lots)| (*price, *lots);
            let rows = levels.iter().map(row);
            rows.map(|(price, lots)| Row { price, lots, venue: String::new() }).collect()
        };
        let (told, now) = (rows(&told), rows(&now));
        let most = told.len().max(now.len());
        let mut client = told.clone();
        for change in changes(&told, &now) {
            match change.operation {
                Operation::Insert => client.insert(change.position, change.row),
                Operation::Update => client[change.position] = change.row,
                Operation::Delete => drop(client.remove(change.position)),
            }
            prop_assert!(client.len() <= most);
        }
        prop_assert_eq!(client, now);
    }
}
