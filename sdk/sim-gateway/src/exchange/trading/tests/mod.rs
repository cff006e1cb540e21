//! How orders behave, subject by subject, and what holds whatever is asked of them.

mod attributes_tests;
mod families_tests;
mod kinds_tests;
mod outside_tests;
mod properties_tests;
mod time_tests;

use crate::exchange::instrument::{InstrumentId, Leg};
use crate::exchange::order::{Attributes, OrderKey, OrderKind, OrderRequest, Side, Status, TimeInForce};
use crate::exchange::process::{DEPTH, HouseQuote};
use crate::exchange::{Change, Config, Event, Exchange, Hours};

const APPLE: InstrumentId = InstrumentId(0);
const MICROSOFT: InstrumentId = InstrumentId(1);
const EURO: InstrumentId = InstrumentId(5);

fn key(order: i32) -> OrderKey {
    OrderKey { client: 1, order }
}

fn order(side: Side, quantity: i64, kind: OrderKind) -> OrderRequest {
    OrderRequest {
        account: "DU1234567".to_owned(),
        instrument: APPLE,
        side,
        quantity,
        kind,
        tif: TimeInForce::Day,
        transmit: true,
        attributes: Attributes::default(),
    }
}

fn buy(quantity: i64, kind: OrderKind) -> OrderRequest {
    order(Side::Buy, quantity, kind)
}

fn sell(quantity: i64, kind: OrderKind) -> OrderRequest {
    order(Side::Sell, quantity, kind)
}

fn limit(limit: i64) -> OrderKind {
    OrderKind::Limit { limit }
}

/// An exchange whose markets move only as a test says.
struct Scene {
    exchange: Exchange,
}

impl Scene {
    /// Apple is quoted 22999 to 23001, a thousand each price.
    fn new() -> Self {
        Self::at(Config::default().epoch)
    }

    fn at(epoch: u64) -> Self {
        Self::keeping(Hours::Always, epoch)
    }

    fn keeping(hours: Hours, epoch: u64) -> Self {
        let mut scene = Self {
            exchange: Exchange::new(Config {
                epoch,
                hours,
                cash: 1_000_000_000.into(),
                ..Config::default()
            }),
        };
        // A market that somebody watches is left as the test made it.
        for id in [APPLE, MICROSOFT, EURO] {
            scene.exchange.watch(id);
        }
        scene.quote(22_999, 23_001, 1_000);
        scene
    }

    /// Other people's quotes in Apple.
    fn quote(&mut self, bid: i64, ask: i64, lots: i64) {
        self.quote_in(APPLE, bid, ask, lots);
    }

    fn quote_in(&mut self, id: InstrumentId, bid: i64, ask: i64, lots: i64) {
        let quote = HouseQuote {
            bid,
            ask,
            step: 1,
            bid_lots: [lots; DEPTH],
            ask_lots: [lots; DEPTH],
        };
        self.exchange.requote(id, quote);
        self.exchange.settle(id);
    }

    /// A trade among other people in Apple.
    fn trade(&mut self, price: i64) {
        self.exchange.print(APPLE, price, 1);
        self.exchange.settle(APPLE);
    }

    /// Somebody sells or buys so much at the best price.
    fn strike(&mut self, side: Side, lots: i64) {
        self.exchange.strike(APPLE, side, lots);
        self.exchange.settle(APPLE);
    }

    fn place(&mut self, id: i32, request: OrderRequest) {
        self.exchange.place(key(id), request).unwrap();
    }

    /// Lets so many seconds pass, without moves of any market.
    fn pass(&mut self, seconds: u64) {
        let to = self.exchange.now() + seconds * 1_000_000_000;
        self.exchange.ring(to);
        self.exchange.now = to;
    }

    fn status(&self, id: i32) -> Status {
        self.exchange.order(key(id)).unwrap().status
    }

    fn filled(&self, id: i32) -> i64 {
        self.exchange.order(key(id)).unwrap().filled
    }

    fn held(&self, id: i32) -> Option<crate::exchange::Hold> {
        self.exchange.order(key(id)).unwrap().held
    }

    fn limit_of(&self, id: i32) -> Option<i64> {
        self.exchange.order(key(id)).unwrap().limit
    }

    fn stop_of(&self, id: i32) -> Option<i64> {
        self.exchange.order(key(id)).unwrap().stop
    }

    /// Price and size of an order's fills.
    fn fills(&self, id: i32) -> Vec<(i64, i64)> {
        let fills = self.exchange.executions().iter();
        let mine = fills.filter(|fill| fill.order == self.exchange.resolve(key(id)));
        mine.map(|fill| (fill.price, fill.lots)).collect()
    }

    /// What happened since the last call, in short: order, change or fill, status.
    fn story(&mut self) -> Vec<String> {
        let tell = |event| match event {
            Event::Order {
                change: Change::Rejected { .. },
                order,
            } => Some(format!("{} Rejected", order.shown.order)),
            Event::Order { change, order } => Some(format!(
                "{} {change:?} {}",
                order.shown.order,
                order.status.as_str()
            )),
            Event::Execution { order, .. } => {
                Some(format!("{} fill {}", order.shown.order, order.status.as_str()))
            }
            Event::Quote { .. } | Event::Trade { .. } | Event::Position { .. } => None,
        };
        self.exchange.take_events().into_iter().filter_map(tell).collect()
    }

    /// Turns one market into a combination: one Apple long against two Microsoft short.
    fn combine(&mut self, id: InstrumentId) {
        let instrument = &mut self.exchange.market_mut(id).instrument;
        instrument.kind = crate::exchange::Kind::Bag;
        instrument.legs = vec![
            Leg {
                instrument: APPLE,
                ratio: 1,
                side: Side::Buy,
            },
            Leg {
                instrument: MICROSOFT,
                ratio: 2,
                side: Side::Sell,
            },
        ];
    }
}
