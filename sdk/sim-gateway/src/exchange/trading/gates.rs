//! The gates before the market: whether an order may work now, and what it waits for if not.

use crate::exchange::Exchange;
use crate::exchange::calendar::Phase;
use crate::exchange::event::Change;
use crate::exchange::order::{Hold, Order, OrderKey, OrderKind, Place, Side, Status, TimeInForce};

use super::desk::LocateHold;

impl Exchange {
    /// What keeps an order out of its market at this moment.
    pub(super) fn gate(&self, order: &Order) -> Option<Hold> {
        match order.held {
            // Only a person, or the order's client, lifts these.
            Some(Hold::Dialog | Hold::Deactivated) => return order.held,
            Some(Hold::Locate) if self.lacks_shares(order) => return order.held,
            _ => {}
        }
        let attributes = &order.request.attributes;
        if order.workable() == 0 {
            return Some(Hold::Child);
        }
        if attributes.good_after.is_some_and(|at| self.unix_now() < at) {
            return Some(Hold::GoodAfter);
        }
        if !attributes.conditions.is_empty() && !attributes.conditions_cancel && !order.met {
            return Some(Hold::Conditions);
        }
        if self.lacks_shares(order) {
            return Some(Hold::Locate);
        }
        if is_for_auction(order) {
            return Some(Hold::Auction);
        }
        if needs_trigger(order.kind) && !order.triggered {
            return Some(Hold::Trigger);
        }
        (!self.is_open_for(order)).then_some(Hold::Session)
    }

    /// Whether the market is open, in hours in which the order wants to trade.
    pub(super) fn is_open_for(&self, order: &Order) -> bool {
        match self.phase(order.request.instrument, self.unix_now()) {
            Phase::Closed => false,
            Phase::Extended => order.request.attributes.outside_rth,
            Phase::Regular => true,
        }
    }

    fn lacks_shares(&self, order: &Order) -> bool {
        if self.desk.switches.locate == LocateHold::Off || order.request.side == Side::Buy {
            return false;
        }
        let account = self.account(&order.request.account);
        let held = account.map_or(0, |account| account.position(order.request.instrument).lots);
        held < order.remaining()
    }

    /// Puts an order where it belongs now, if that is elsewhere than where it is.
    pub(super) fn review(&mut self, key: OrderKey) {
        let Some(order) = self.orders.get(&key).filter(|order| order.is_live()) else {
            return;
        };
        if order.is_parked() || order.status == Status::PendingCancel {
            return;
        }
        if self.review_conditions(key) {
            return;
        }
        let Some(order) = self.orders.get(&key) else {
            return;
        };
        let hold = self.gate(order);
        match hold {
            Some(_) if hold == order.held => {}
            Some(hold) => {
                self.withdraw(key);
                self.hold(key, hold);
            }
            None if order.held.is_some() || order.place == Place::Nowhere => {
                self.desk.dirty.insert(order.request.instrument);
                self.work(key);
            }
            None => self.grow(key),
        }
    }

    /// Keeps an order out of the market, and says so.
    pub(super) fn hold(&mut self, key: OrderKey, hold: Hold) {
        let inactive = self.desk.switches.locate == LocateHold::Inactive;
        if let Some(order) = self.orders.get_mut(&key) {
            order.held = Some(hold);
        }
        if hold == Hold::Trigger {
            self.fall_asleep(key);
        }
        self.change(key, held_status(hold, inactive), Change::Held);
    }

    /// Puts an order among the sleepers of its market.
    pub(super) fn fall_asleep(&mut self, key: OrderKey) {
        let turn = self.desk.next_turn();
        let Some(order) = self.orders.get_mut(&key) else {
            return;
        };
        (order.place, order.turn) = (Place::Asleep, turn);
        let id = order.request.instrument;
        self.market_mut(id).orders.asleep.insert((turn, key));
        self.start_trail(key);
    }

    /// Takes an order out of book and lists, wherever it waits.
    pub(super) fn withdraw(&mut self, key: OrderKey) {
        let Some(order) = self.orders.get_mut(&key) else {
            return;
        };
        let (id, side) = (order.request.instrument, order.request.side);
        let (place, turn) = (order.place, order.turn);
        order.place = Place::Nowhere;
        if place == Place::Nowhere {
            return;
        }
        let market = &mut self.markets[id.0];
        let orders = &mut market.orders;
        match place {
            Place::Asleep => drop(orders.asleep.remove(&(turn, key))),
            Place::Sweeping => drop(orders.sweeping.remove(&(turn, key))),
            Place::Patient => drop(orders.patient.remove(&(turn, key))),
            Place::Sliced => {
                orders.sliced.remove(&key);
                self.desk.slicings.remove(&key);
            }
            Place::Resting(price) => {
                orders.resting.remove(&key);
                market.book.remove(side, price, key);
                self.desk.dirty.insert(id);
            }
            Place::Nowhere => {}
        }
        let orders = &mut self.markets[id.0].orders;
        orders.following.remove(&(turn, key));
        orders.reaching.remove(&(turn, key));
    }
}

/// How an order that is held looks.
pub(super) fn held_status(hold: Hold, locate_inactive: bool) -> Status {
    match hold {
        Hold::Dialog => Status::PendingSubmit,
        Hold::Deactivated => Status::Inactive,
        Hold::Locate if locate_inactive => Status::Inactive,
        _ => Status::PreSubmitted,
    }
}

/// Whether an order of this kind sleeps until the market reaches a price.
pub(super) fn needs_trigger(kind: OrderKind) -> bool {
    kind.trigger().is_some() || matches!(kind, OrderKind::Trail { .. } | OrderKind::TrailLimit { .. })
}

/// Whether an order trades in an auction only.
pub(super) fn is_for_auction(order: &Order) -> bool {
    is_auction_kind(order.kind) || order.request.tif == TimeInForce::Opening
}

/// Whether a kind of order trades in an auction only.
pub(super) fn is_auction_kind(kind: OrderKind) -> bool {
    matches!(
        kind,
        OrderKind::MarketOnClose
            | OrderKind::LimitOnClose { .. }
            | OrderKind::MarketOnOpen
            | OrderKind::LimitOnOpen { .. }
    )
}
