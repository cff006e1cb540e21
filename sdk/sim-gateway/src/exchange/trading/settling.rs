//! After any change of a market: whatever the change woke acts, until nothing does, and the new best
//! prices are published.

use crate::exchange::Exchange;
use crate::exchange::event::Event;
use crate::exchange::instrument::InstrumentId;
use crate::exchange::order::Side;

use super::waiting::pegging::keys;

/// How many markets are settled in one go. What is still restless then goes on with the next move.
const ROUNDS: usize = 256;

impl Exchange {
    /// Settles a market, and others that it stirs.
    pub(in crate::exchange) fn settle(&mut self, id: InstrumentId) {
        self.desk.dirty.insert(id);
        if self.desk.settling {
            return;
        }
        self.desk.settling = true;
        let mut rounds = 0;
        loop {
            self.follow_up();
            let Some(id) = self.desk.dirty.pop_first() else {
                break;
            };
            self.settle_one(id);
            rounds += 1;
            if rounds == ROUNDS {
                self.desk.dirty.clear();
                break;
            }
        }
        self.desk.settling = false;
    }

    /// Does what fills have put off: groups are reduced, and orders that may belong elsewhere go there.
    fn follow_up(&mut self) {
        loop {
            if let Some(reduction) = self.desk.reductions.pop_front() {
                self.reduce_group(reduction);
            } else if let Some(key) = self.desk.reviews.pop_front() {
                self.review(key);
            } else {
                return;
            }
        }
    }

    fn settle_one(&mut self, id: InstrumentId) {
        for key in keys(&self.market(id).orders.sweeping) {
            let side = self.orders.get(&key).map(|order| order.request.side.opposite());
            if side.is_some_and(|side| self.market(id).book.reachable(side).is_some()) {
                self.withdraw(key);
                self.work(key);
            }
        }
        self.work_patient(id);
        self.reprice(id);
        for key in keys(&self.market(id).orders.reaching) {
            self.reach(key);
        }
        self.observe(id);
        loop {
            self.note_quotes(id);
            self.trail(id);
            self.follow_up();
            // Every round has one sleeper less: nothing falls asleep again by itself.
            let Some(key) = self.next_woken(id) else {
                break;
            };
            self.wake(key);
        }
        let market = self.market_mut(id);
        let top = market.top();
        if top != market.shown && !market.frozen {
            market.shown = top;
            self.events.push(Event::Quote { instrument: id });
        }
    }

    /// Orders that wait for enough size look whether it is there.
    fn work_patient(&mut self, id: InstrumentId) {
        for key in keys(&self.market(id).orders.patient) {
            let Some(order) = self.orders.get(&key) else {
                continue;
            };
            let offered = self.market(id).book.available(order.request.side, order.limit);
            if offered > 0 && order.limit.is_some() {
                self.withdraw(key);
                self.work(key);
            }
        }
    }

    fn note_quotes(&mut self, id: InstrumentId) {
        let market = self.market_mut(id);
        let price = |side| market.book.best(side).map(|(price, _)| price);
        let (bid, ask) = (price(Side::Buy), price(Side::Sell));
        market.orders.marks.quoted(bid, ask);
    }
}
