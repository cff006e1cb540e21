//! The order book: priority, quantities, and quotes that cross waiting orders.

use proptest::prelude::*;

use super::book::{Book, Match, Openness};
use super::order::{OrderKey, Side};
use super::process::{DEPTH, HouseQuote};

fn key(order: i32) -> OrderKey {
    OrderKey { client: 1, order }
}

fn quote(bid: i64, ask: i64, lots: i64) -> HouseQuote {
    HouseQuote {
        bid,
        ask,
        step: 1,
        bid_lots: [lots; DEPTH],
        ask_lots: [lots; DEPTH],
    }
}

const OPEN: Openness = Openness {
    hidden: false,
    display: None,
};

/// Everything an arriving order trades, at most `depth` prices deep.
fn take(book: &mut Book, side: Side, limit: Option<i64>, lots: i64, depth: usize) -> Vec<Match> {
    let (mut matches, mut left, mut prices): (Vec<Match>, i64, Vec<i64>) = (Vec::new(), lots, Vec::new());
    while left > 0 {
        let next = book.reachable(side.opposite());
        if next.is_none_or(|price| !prices.contains(&price) && prices.len() == depth) {
            break;
        }
        let Some(each) = book.hit(side, limit, left) else {
            break;
        };
        if !prices.contains(&each.price) {
            prices.push(each.price);
        }
        left -= each.lots;
        // Matches in a row with the same party are one.
        match matches.last_mut() {
            Some(last) if last.maker == each.maker && last.price == each.price => last.lots += each.lots,
            _ => matches.push(each),
        }
    }
    matches
}

/// Replaces other people's quotes; returns what crossed clients' orders.
fn set_house(book: &mut Book, quote: &HouseQuote) -> Vec<(Side, Match)> {
    book.clear_house();
    let mut crossed = Vec::new();
    for (side, price, lots) in quote.levels() {
        let matches = take(book, side, Some(price), lots, usize::MAX);
        let traded: i64 = matches.iter().map(|each| each.lots).sum();
        book.show(side, price, lots - traded);
        crossed.extend(matches.into_iter().map(|each| (side.opposite(), each)));
    }
    book.forget_ahead();
    crossed
}

fn matched(order: Option<i32>, price: i64, lots: i64) -> Match {
    Match {
        maker: order.map(key),
        price,
        lots,
    }
}

fn open_book(lots: i64) -> Book {
    let mut book = Book::default();
    assert!(set_house(&mut book, &quote(100, 102, lots)).is_empty());
    book
}

#[test]
fn the_best_price_goes_first_and_then_the_next() {
    let mut book = open_book(10);
    let matches = take(&mut book, Side::Buy, None, 25, usize::MAX);
    assert_eq!(
        matches,
        [
            matched(None, 102, 10),
            matched(None, 103, 10),
            matched(None, 104, 5)
        ]
    );
    assert_eq!(book.best(Side::Sell), Some((104, 5)));
}

#[test]
fn a_limit_is_never_crossed() {
    let mut book = open_book(10);
    assert_eq!(
        take(&mut book, Side::Buy, Some(102), 25, usize::MAX),
        [matched(None, 102, 10)]
    );
    assert_eq!(take(&mut book, Side::Sell, Some(101), 25, usize::MAX), []);
}

#[test]
fn at_one_price_the_earlier_goes_first() {
    let mut book = open_book(10);
    book.rest(Side::Buy, 100, key(1), 5, OPEN);
    book.rest(Side::Buy, 100, key(2), 5, OPEN);
    let matches = take(&mut book, Side::Sell, None, 17, 1);
    assert_eq!(
        matches,
        [
            matched(None, 100, 10),
            matched(Some(1), 100, 5),
            matched(Some(2), 100, 2)
        ]
    );
    assert_eq!(book.best(Side::Buy), Some((100, 3)));
}

#[test]
fn a_better_price_beats_an_earlier_order() {
    let mut book = open_book(10);
    book.rest(Side::Buy, 100, key(1), 5, OPEN);
    book.rest(Side::Buy, 101, key(2), 5, OPEN);
    assert_eq!(book.best(Side::Buy), Some((101, 5)));
    assert_eq!(
        take(&mut book, Side::Sell, None, 5, usize::MAX),
        [matched(Some(2), 101, 5)]
    );
}

#[test]
fn size_shown_later_queues_behind() {
    let mut book = open_book(10);
    book.rest(Side::Buy, 99, key(1), 5, OPEN);
    // Those ahead leave, others come.
    assert!(set_house(&mut book, &quote(101, 103, 1)).is_empty());
    assert!(set_house(&mut book, &quote(95, 103, 1)).is_empty());
    assert!(set_house(&mut book, &quote(99, 103, 50)).is_empty());
    assert_eq!(
        take(&mut book, Side::Sell, None, 5, usize::MAX),
        [matched(Some(1), 99, 5)]
    );
}

#[test]
fn a_quote_that_crosses_trades_at_the_waiting_price() {
    let mut book = open_book(10);
    book.rest(Side::Buy, 101, key(1), 15, OPEN);
    let crossed = set_house(&mut book, &quote(98, 100, 4));
    let fill = |price| (Side::Buy, matched(Some(1), price, 4));
    assert_eq!(crossed, [fill(101), fill(101)]);
    assert_eq!(book.best(Side::Buy), Some((101, 7)));
    assert_eq!(book.best(Side::Sell), Some((102, 4)));
}

#[test]
fn what_is_taken_out_cannot_trade() {
    let mut book = open_book(10);
    book.rest(Side::Sell, 101, key(1), 5, OPEN);
    book.remove(Side::Sell, 101, key(1));
    assert_eq!(book.best(Side::Sell), Some((102, 10)));
    book.rest(Side::Sell, 101, key(2), 5, OPEN);
    book.shrink(Side::Sell, 101, key(2), 2);
    assert_eq!(book.best(Side::Sell), Some((101, 2)));
}

#[derive(Debug, Clone)]
enum Step {
    Rest { buy: bool, offset: i64, lots: i64 },
    Take { buy: bool, lots: i64 },
    Quote { bid: i64, spread: i64, lots: i64 },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (any::<bool>(), 0_i64..4, 1_i64..50).prop_map(|(buy, offset, lots)| Step::Rest { buy, offset, lots }),
        (any::<bool>(), 1_i64..120).prop_map(|(buy, lots)| Step::Take { buy, lots }),
        (90_i64..110, 1_i64..4, 1_i64..40).prop_map(|(bid, spread, lots)| Step::Quote { bid, spread, lots }),
    ]
}

proptest! {
    #[test]
    fn no_crossing_and_no_trade_beyond_what_is_there(steps in prop::collection::vec(step(), 1..60)) {
        let mut book = open_book(10);
        let mut resting = std::collections::BTreeMap::new();
        for (number, step) in (1..).zip(steps) {
            let fills = match step {
                Step::Rest { buy, offset, lots } => {
                    let side = if buy { Side::Buy } else { Side::Sell };
                    let own = book.best(side).map_or(100, |(price, _)| price);
                    let price = if buy { own - offset } else { own + offset };
                    if book.best(side.opposite()).is_some_and(|(other, _)| side.accepts(other, price)) {
                        // The exchange lets an order rest only after it has taken what it crosses.
                        continue;
                    }
                    book.rest(side, price, key(number), lots, OPEN);
                    resting.insert(key(number), lots);
                    Vec::new()
                }
                Step::Take { buy, lots } => {
                    let side = if buy { Side::Buy } else { Side::Sell };
                    let available = book.available(side, None);
                    let matches = take(&mut book, side, None, lots, usize::MAX);
                    let traded: i64 = matches.iter().map(|each| each.lots).sum();
                    prop_assert_eq!(traded, lots.min(available));
                    matches
                }
                Step::Quote { bid, spread, lots } => {
                    let crossed = set_house(&mut book, &quote(bid, bid + spread, lots));
                    crossed.into_iter().map(|(_, each)| each).collect()
                }
            };
            for each in fills {
                prop_assert!(each.lots > 0);
                if let Some(maker) = each.maker {
                    let left = resting.get_mut(&maker).unwrap();
                    *left -= each.lots;
                    prop_assert!(*left >= 0, "order {:?} traded more than it had", maker);
                }
            }
            if let (Some((bid, _)), Some((ask, _))) = (book.best(Side::Buy), book.best(Side::Sell)) {
                prop_assert!(bid < ask, "crossed: {bid} >= {ask}");
            }
        }
    }
}
