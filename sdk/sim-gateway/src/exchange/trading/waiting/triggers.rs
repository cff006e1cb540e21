//! What wakes sleeping orders: trigger methods, trailing stops, and stops that turn into something else.

use crate::exchange::Exchange;
use crate::exchange::event::Change;
use crate::exchange::instrument::{InstrumentId, Kind, Ticks};
use crate::exchange::market::Market;
use crate::exchange::order::{Order, OrderKey, OrderKind, Place, Side};

use super::pegging::keys;
use crate::exchange::trading::gates::needs_trigger;

impl Exchange {
    /// The next sleeper, by turn, that wakes at the market's prices.
    pub(in crate::exchange::trading) fn next_woken(&self, id: InstrumentId) -> Option<OrderKey> {
        let market = self.market(id);
        let woken = |(_, key): &&(u64, OrderKey)| {
            self.orders
                .get(key)
                .is_some_and(|order| is_reached(market, order) && self.is_open_for(order))
        };
        market.orders.asleep.iter().find(woken).map(|(_, key)| *key)
    }

    /// Wakes a sleeper.
    pub(in crate::exchange::trading) fn wake(&mut self, key: OrderKey) {
        self.withdraw(key);
        if let Some(order) = self.orders.get_mut(&key) {
            order.triggered = true;
            if let (OrderKind::TrailLimit { offset, .. }, Some(stop)) = (order.kind, order.stop) {
                order.limit = Some(stop.saturating_add(order.request.side.signed(offset)));
            }
        }
        self.work(key);
    }

    /// A trailing stop that falls asleep finds its place behind the market.
    pub(in crate::exchange::trading) fn start_trail(&mut self, key: OrderKey) {
        let Some(order) = self.orders.get(&key) else {
            return;
        };
        let id = order.request.instrument;
        self.note_mark(id);
        self.trail_one(key);
    }

    /// Makes sure that a trade price is known before the first trade that orders see.
    fn note_mark(&mut self, id: InstrumentId) {
        let market = self.market_mut(id);
        let price = |side| market.book.best(side).map(|(price, _)| price);
        let (bid, ask, last) = (price(Side::Buy), price(Side::Sell), market.session.last);
        let prints = market.instrument.kind.prints_trades();
        let marks = &mut market.orders.marks;
        marks.quoted(bid, ask);
        if prints && marks.last[0].is_none() {
            marks.last[0] = Some(last);
        }
    }

    /// Trailing stops follow the market, and stops that turn into something else at a price do.
    pub(in crate::exchange::trading) fn trail(&mut self, id: InstrumentId) {
        if self.market(id).orders.asleep.is_empty() {
            return;
        }
        self.note_mark(id);
        let orders = &mut self.market_mut(id).orders;
        // Many sleepers wake at one price: the others need not look again at what they have seen.
        if orders.trailed == Some((orders.marks, orders.asleep.last().copied())) {
            return;
        }
        orders.trailed = Some((orders.marks, orders.asleep.last().copied()));
        for key in keys(&self.market(id).orders.asleep) {
            self.trail_one(key);
            self.adjust(key);
        }
    }

    fn trail_one(&mut self, key: OrderKey) {
        let Some(order) = self.orders.get(&key) else {
            return;
        };
        let (by, start) = match order.kind {
            OrderKind::Trail { by, stop } | OrderKind::TrailLimit { by, stop, .. } => (by, stop),
            _ => return,
        };
        let side = order.request.side;
        let market = self.market(order.request.instrument);
        let followed = watched(market, order, side == Side::Buy);
        let behind = followed.map(|price| price.saturating_add(side.signed(by.from(price))));
        let closer = |a: Ticks, b: Ticks| if side == Side::Buy { a.min(b) } else { a.max(b) };
        let before = order.stop.or(start);
        let stop = match (before, behind) {
            (Some(before), Some(behind)) => Some(closer(before, behind)),
            (before, behind) => before.or(behind),
        };
        if let Some(order) = self.orders.get_mut(&key) {
            order.stop = stop;
        }
    }

    /// Turns a stop into what it was to become, when the market has gone far enough its way.
    fn adjust(&mut self, key: OrderKey) {
        let Some(order) = self.orders.get(&key) else {
            return;
        };
        let Some(adjustment) = order.request.attributes.adjust.filter(|_| !order.adjusted) else {
            return;
        };
        let side = order.request.side;
        let market = self.market(order.request.instrument);
        let far = watched(market, order, side == Side::Sell).is_some_and(|price| match side {
            Side::Sell => price >= adjustment.at,
            Side::Buy => price <= adjustment.at,
        });
        if !far {
            return;
        }
        let status = order.status;
        if let Some(order) = self.orders.get_mut(&key) {
            order.adjusted = true;
            order.kind = adjustment.into;
            order.stop = adjustment.into.trigger();
            order.limit = adjustment.into.limit();
        }
        self.trail_one(key);
        self.change(key, status, Change::Modified);
        if !needs_trigger(adjustment.into) {
            self.withdraw(key);
            self.desk.reviews.push_back(key);
        }
    }
}

/// Whether a sleeper's trigger is reached.
fn is_reached(market: &Market, order: &Order) -> bool {
    let Some(trigger) = order.stop.filter(|_| order.place == Place::Asleep) else {
        return false;
    };
    let touched = matches!(
        order.kind,
        OrderKind::MarketIfTouched { .. } | OrderKind::LimitIfTouched { .. }
    );
    let rising = (order.request.side == Side::Buy) != touched;
    watched(market, order, rising).is_some_and(|price| match rising {
        true => price >= trigger,
        false => price <= trigger,
    })
}

/// The price that an order's trigger method compares, for a trigger that is reached from below (`rising`)
/// or from above. IB: quotes count by the bid when rising and by the ask when falling; "double" methods
/// want two prices in a row. `None` when the market has no such price: the order never wakes.
fn watched(market: &Market, order: &Order, rising: bool) -> Option<Ticks> {
    let marks = &market.orders.marks;
    let quotes = if rising { marks.bid } else { marks.ask };
    let later = |a: Ticks, b: Ticks| if rising { a.min(b) } else { a.max(b) };
    let sooner = |a: Ticks, b: Ticks| if rising { a.max(b) } else { a.min(b) };
    let both = |[a, b]: [Option<Ticks>; 2]| a.zip(b).map(|(a, b)| later(a, b));
    let prints = market.instrument.kind.prints_trades();
    let last = marks.last.map(|last| last.filter(|_| prints));
    match order.request.attributes.trigger_method {
        1 => both(quotes),
        2 => last[0],
        3 => both(last),
        4 => quotes[0],
        7 => match (last[0], quotes[0]) {
            (Some(last), Some(quote)) => Some(sooner(last, quote)),
            (last, quote) => last.or(quote),
        },
        8 => marks.bid[0].zip(marks.ask[0]).map(|(bid, ask)| bid.midpoint(ask)),
        // IB's default: double quotes for options, the last trade elsewhere, quotes where none print.
        _ if matches!(market.instrument.kind, Kind::Option | Kind::FutureOption) => both(quotes),
        _ if prints => last[0],
        _ => quotes[0],
    }
}
