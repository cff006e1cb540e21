//! The opening and closing auctions: everything that may trade there does, at one price.

use crate::exchange::Exchange;
use crate::exchange::calendar::Phase;
use crate::exchange::event::Change;
use crate::exchange::order::{Hold, Order, OrderKey, OrderKind, Status, TimeInForce};

use crate::exchange::trading::desk::Alarm;

impl Exchange {
    /// Sets the alarm for the auction an order waits for: the close of the running or next day, or the
    /// next opening.
    pub(in crate::exchange::trading) fn set_auction_alarm(&mut self, key: OrderKey) {
        let Some(order) = self.orders.get(&key) else {
            return;
        };
        let (id, now) = (order.request.instrument, self.unix_now());
        let close = self.close_of_day(id, now, Phase::Regular);
        let (at, alarm) = if is_for_opening(order) {
            let from = match self.phase(id, now) {
                Phase::Regular => close.unwrap_or(now),
                Phase::Closed | Phase::Extended => now,
            };
            (self.next_open(id, from, Phase::Regular), Alarm::Open(key))
        } else {
            (close, Alarm::Close(key))
        };
        if let Some(at) = at.filter(|at| *at > now) {
            self.set_alarm(at, alarm);
        }
    }

    /// The auction an order waits for takes place: it trades in full at the market's price, or not at
    /// all when that is beyond its limit.
    pub(in crate::exchange::trading) fn auction(&mut self, key: OrderKey) {
        let Some(order) = self.orders.get(&key) else {
            return;
        };
        if order.held != Some(Hold::Auction) {
            // Something else holds it, a parent perhaps; there may be a next time.
            self.set_auction_alarm(key);
            return;
        }
        let (id, side, lots) = (order.request.instrument, order.request.side, order.workable());
        let price = self.market(id).mark();
        if order.limit.is_none_or(|limit| side.accepts(price, limit)) && lots > 0 {
            self.fill(key, price, lots, false);
            self.print(id, price, lots);
        }
        if self.orders.get(&key).is_some_and(Order::is_live) {
            self.end(key, Status::Cancelled, Change::Expired);
        }
    }
}

/// Whether an order trades in the opening auction only.
pub(in crate::exchange::trading) fn is_for_opening(order: &Order) -> bool {
    order.request.tif == TimeInForce::Opening
        || matches!(
            order.kind,
            OrderKind::MarketOnOpen | OrderKind::LimitOnOpen { .. }
        )
}
