//! What time does to orders: they expire, their moment comes, markets open and close, a new day begins.

use crate::exchange::calendar::Phase;
use crate::exchange::event::Change;
use crate::exchange::instrument::InstrumentId;
use crate::exchange::order::{Order, OrderKey, Place, Status, TimeInForce};
use crate::exchange::{Exchange, SECOND};

use super::desk::Alarm;
use super::gates::is_for_auction;
use super::waiting::auctions::is_for_opening;
use super::waiting::pegging::keys;

impl Exchange {
    /// Unix time now, in seconds.
    pub(in crate::exchange) fn unix_now(&self) -> u64 {
        self.unix_seconds(self.now)
    }

    /// Lets everything happen that is due until a logical instant, in the order in which it is due.
    pub(in crate::exchange) fn ring(&mut self, to: u64) {
        let until = self.unix_seconds(to);
        while let Some((at, alarm)) = self.desk.alarms.first().copied() {
            if at > until {
                return;
            }
            self.desk.alarms.pop_first();
            let instant = at.saturating_sub(self.config.epoch).saturating_mul(SECOND);
            self.now = self.now.max(instant.min(to));
            self.sound(alarm);
        }
    }

    /// Sets an alarm, in the future even when its moment is past.
    pub(super) fn set_alarm(&mut self, at: u64, alarm: Alarm) {
        self.desk.alarms.insert((at, alarm));
    }

    fn sound(&mut self, alarm: Alarm) {
        let key = match alarm {
            Alarm::Phase(id) => return self.change_phase(id),
            Alarm::Close(key) | Alarm::Expire(key) => key,
            Alarm::Open(key) | Alarm::Slice(key) | Alarm::Review(key) => key,
        };
        let Some(order) = self.orders.get(&key).filter(|order| order.is_live()) else {
            return;
        };
        let id = order.request.instrument;
        self.look(id);
        match alarm {
            Alarm::Expire(_) => self.expire(key),
            Alarm::Close(_) | Alarm::Open(_) => self.auction(key),
            Alarm::Slice(_) => self.slice(key),
            Alarm::Review(_) => {
                self.review(key);
                self.set_margin_alarm(key);
            }
            Alarm::Phase(_) => {}
        }
        self.settle(id);
    }

    /// Sets the alarms of an order that was admitted or changed.
    pub(super) fn arm(&mut self, key: OrderKey) {
        let Some(order) = self.orders.get(&key) else {
            return;
        };
        let id = order.request.instrument;
        let expires = self.expiry_of(order);
        let good_after = order.request.attributes.good_after;
        let auction = is_for_auction(order);
        let before = order.expires;
        if let Some(at) = before.filter(|_| before != expires) {
            self.desk.alarms.remove(&(at, Alarm::Expire(key)));
        }
        if let Some(order) = self.orders.get_mut(&key) {
            order.expires = expires;
        }
        if let Some(at) = expires {
            self.set_alarm(at, Alarm::Expire(key));
        }
        if let Some(at) = good_after {
            self.set_alarm(at, Alarm::Review(key));
        }
        if auction {
            self.set_auction_alarm(key);
        }
        self.set_time_alarms(key);
        self.set_margin_alarm(key);
        self.set_phase_alarm(id);
    }

    /// When an order ends by itself, Unix seconds. Day orders end with the venue's day: with its regular
    /// hours, unless they work outside them. Orders for the opening live to see it.
    fn expiry_of(&self, order: &Order) -> Option<u64> {
        let last_phase = match order.request.attributes.outside_rth {
            true => Phase::Extended,
            false => Phase::Regular,
        };
        match order.request.tif {
            TimeInForce::Gtd(at) => Some(at),
            TimeInForce::Gtc | TimeInForce::Opening => None,
            TimeInForce::Day | TimeInForce::Ioc | TimeInForce::Fok => {
                let opening = is_for_opening(order);
                let close = self.close_of_day(order.request.instrument, self.unix_now(), last_phase);
                close.filter(|_| !opening)
            }
        }
    }

    fn expire(&mut self, key: OrderKey) {
        let due = |order: &&Order| order.expires.is_some_and(|at| at <= self.unix_now());
        if self.orders.get(&key).filter(due).is_some() {
            self.end(key, Status::Cancelled, Change::Expired);
        }
    }

    /// Sees to it that the orders of a market hear of its opening and closing.
    fn set_phase_alarm(&mut self, id: InstrumentId) {
        if self.market(id).orders.phase_alarm.is_some() {
            return;
        }
        let at = self.next_change(id, self.unix_now()).map(|(at, _)| at);
        self.market_mut(id).orders.phase_alarm = at;
        if let Some(at) = at {
            self.set_alarm(at, Alarm::Phase(id));
        }
    }

    /// A market opens or closes: cancels that were pending are made, and orders go to work or are held.
    fn change_phase(&mut self, id: InstrumentId) {
        self.market_mut(id).orders.phase_alarm = None;
        self.look(id);
        let open = self.phase(id, self.unix_now()) != Phase::Closed;
        let orders = &self.market(id).orders;
        // Those that wait in the market keep their turns among each other.
        let mut waiting = keys(&orders.sweeping);
        waiting.extend(keys(&orders.patient));
        let mut others: Vec<(u64, OrderKey)> = orders
            .live
            .iter()
            .filter(|key| !waiting.contains(key))
            .map(|key| (self.orders.get(key).map_or(0, |order| order.turn), *key))
            .collect();
        others.sort_unstable();
        waiting.extend(others.into_iter().map(|(_, key)| key));
        if !waiting.is_empty() {
            self.set_phase_alarm(id);
        }
        for key in waiting {
            let status = self.orders.get(&key).map(|order| order.status);
            if status == Some(Status::PendingCancel) && open {
                self.end(key, Status::Cancelled, Change::Cancelled);
            } else {
                self.review(key);
            }
        }
        self.settle(id);
    }

    /// Forgets what the indexes know of an order that has ended.
    pub(super) fn retire(&mut self, key: OrderKey) {
        self.leave_group(key);
        self.stop_observing(key);
        self.desk.live.remove(&key);
        self.desk.slicings.remove(&key);
        if let Some(order) = self.orders.get_mut(&key) {
            debug_assert_eq!(order.place, Place::Nowhere);
            let id = order.request.instrument;
            if let Some(at) = order.expires.take() {
                self.desk.alarms.remove(&(at, Alarm::Expire(key)));
            }
            self.markets[id.0].orders.live.remove(&key);
        }
    }

    /// A new accounting day: today's profit starts from nothing.
    pub(in crate::exchange) fn end_day(&mut self) {
        self.start_accounting_day();
    }
}
