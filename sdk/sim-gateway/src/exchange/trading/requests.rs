//! What clients can do: place, modify, cancel. And what an operator can: reject, fill.

use crate::exchange::Exchange;
use crate::exchange::calendar::Phase;
use crate::exchange::event::Change;
use crate::exchange::instrument::{Lots, Ticks};
use crate::exchange::order::{Hold, Order, OrderKey, OrderRequest, Origin, Place, Status, TimeInForce};

use super::gates::{held_status, is_auction_kind, is_for_auction, needs_trigger};

/// Why an order or a change to one was not taken. Nothing has changed then.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The id belongs to an order that has ended.
    #[error("order {0} is known and has ended")]
    Ended(i32),
    /// A change would turn the order into another one.
    #[error("order {0} is for another instrument, side or account")]
    Mismatch(i32),
    /// A change asks for no more than has already traded.
    #[error("order {order} has already traded {filled}")]
    AlreadyTraded {
        /// The order.
        order: i32,
        /// Lots traded.
        filled: Lots,
    },
    /// The account does not exist.
    #[error("there is no account {0}")]
    UnknownAccount(String),
    /// The account cannot carry a larger order.
    #[error("{0}")]
    Margin(String),
    /// The parent does not exist, or has ended.
    #[error("can't find order with id = {0}")]
    UnknownParent(i32),
    /// The order is being cancelled.
    #[error("order {0} is being cancelled")]
    BeingCancelled(i32),
}

/// Why a cancel was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CancelRefusal {
    /// This client has no such order.
    #[error("not found")]
    Unknown,
    /// It ended before.
    #[error("cannot be cancelled, state: {}", .0.as_str())]
    Ended(Status),
}

impl Exchange {
    /// Takes a new order, or a changed version of a live one with the same key.
    ///
    /// # Errors
    /// See [`Refusal`]. A new order beyond the account's means is taken and then rejected, with an event.
    pub fn place(&mut self, shown: OrderKey, request: OrderRequest) -> Result<(), Refusal> {
        if self.account(&request.account).is_none() {
            return Err(Refusal::UnknownAccount(request.account));
        }
        let key = self.resolve(shown);
        let instrument = request.instrument;
        self.look(instrument);
        match self.orders.get(&key) {
            Some(order) if !order.is_live() => return Err(Refusal::Ended(shown.order)),
            Some(order) => {
                check_change(order, &request)?;
                self.check_parent(order.request.attributes.parent, &request)?;
                self.modify(key, request)?;
            }
            None => {
                self.check_parent(None, &request)?;
                let transmit = request.transmit;
                self.insert(key, request);
                if transmit {
                    self.transmit(key);
                }
            }
        }
        self.settle(instrument);
        Ok(())
    }

    /// Takes a new order only to reject it, as a broker would for a reason of its own.
    pub fn place_rejected(&mut self, key: OrderKey, request: OrderRequest, reason: &str) {
        self.insert(key, request);
        let reason = reason.to_owned();
        self.end(key, Status::Inactive, Change::Rejected { reason });
    }

    /// Cancels a live order. In a closed market with late cancels the order stays pending until it opens.
    ///
    /// # Errors
    /// When there is none.
    pub fn cancel(&mut self, shown: OrderKey) -> Result<(), CancelRefusal> {
        self.cancel_key(self.resolve(shown))
    }

    fn cancel_key(&mut self, key: OrderKey) -> Result<(), CancelRefusal> {
        let order = self.orders.get(&key).ok_or(CancelRefusal::Unknown)?;
        if !order.is_live() {
            return Err(CancelRefusal::Ended(order.status));
        }
        let instrument = order.request.instrument;
        let closed = self.phase(instrument, self.unix_now()) == Phase::Closed;
        let group = if self.desk.switches.groups_cancel_together {
            self.others(key)
        } else {
            Vec::new()
        };
        for key in std::iter::once(key).chain(group) {
            self.withdraw(key);
            self.change(key, Status::PendingCancel, Change::CancelPending);
            if !(closed && self.desk.switches.late_cancels) {
                self.end(key, Status::Cancelled, Change::Cancelled);
            }
        }
        self.settle(instrument);
        Ok(())
    }

    /// Cancels everything that is live, of every client.
    pub fn cancel_all(&mut self) {
        for key in self.desk.live.clone() {
            // One that has ended meanwhile, a child perhaps, needs no cancel.
            let _ = self.cancel_key(key);
        }
    }

    /// Fills a live order by decree, `lots` of it or all that remains, at its limit or the market's price.
    ///
    /// # Errors
    /// When there is no such live order.
    pub fn force_fill(&mut self, shown: OrderKey, lots: Option<Lots>) -> Result<(), CancelRefusal> {
        let key = self.resolve(shown);
        let price = self.decreed_price(key).unwrap_or(1);
        self.force_fill_at(key, lots, price)
    }

    /// As [`force_fill`](Self::force_fill), at a price of the operator's choice.
    ///
    /// # Errors
    /// When there is no such live order.
    pub fn force_fill_at(
        &mut self,
        shown: OrderKey,
        lots: Option<Lots>,
        price: Ticks,
    ) -> Result<(), CancelRefusal> {
        let key = self.resolve(shown);
        let order = self.orders.get(&key).ok_or(CancelRefusal::Unknown)?;
        if !order.is_live() {
            return Err(CancelRefusal::Ended(order.status));
        }
        let lots = lots.unwrap_or(order.remaining()).clamp(1, order.remaining());
        let instrument = order.request.instrument;
        if order.is_parked() {
            self.transmit(key);
        }
        self.withdraw(key);
        let Some(order) = self.orders.get_mut(&key).filter(|order| order.is_live()) else {
            return Ok(());
        };
        let lots = lots.min(order.remaining());
        order.triggered = true;
        // A decree knows no parents.
        order.released = Lots::MAX;
        self.fill(key, price, lots, true);
        self.print(instrument, price, lots);
        self.review(key);
        self.settle(instrument);
        Ok(())
    }

    /// Forgets orders that were never transmitted, as a gateway that restarts does.
    pub fn forget_untransmitted(&mut self) {
        for key in self.desk.live.clone() {
            if self.orders.get(&key).is_some_and(Order::is_parked) {
                self.retire(key);
                self.orders.remove(&key);
                self.desk.children.remove(&key);
                for children in self.desk.children.values_mut() {
                    children.retain(|each| *each != key);
                }
            }
        }
    }

    /// Every order that can still trade, untransmitted ones included.
    pub fn live_orders(&self) -> impl Iterator<Item = &Order> {
        self.desk.live.iter().filter_map(|key| self.orders.get(key))
    }

    /// The exchange's key of the order that a client knows by these ids.
    #[must_use]
    pub fn resolve(&self, shown: OrderKey) -> OrderKey {
        self.desk.aliases.get(&shown).copied().unwrap_or(shown)
    }

    /// The order with this key of the exchange's, as executions name it. It differs from
    /// [`order`](Self::order) when a newer order goes by the same shown ids.
    #[must_use]
    pub fn order_of_key(&self, key: OrderKey) -> Option<&Order> {
        self.orders.get(&key)
    }

    fn check_parent(&self, before: Option<OrderKey>, request: &OrderRequest) -> Result<(), Refusal> {
        let Some(parent) = request.attributes.parent else {
            return Ok(());
        };
        let known = self
            .orders
            .get(&self.resolve(parent))
            .filter(|order| order.is_live());
        if known.is_none() || before.is_some_and(|before| before != parent) {
            return Err(Refusal::UnknownParent(parent.order));
        }
        Ok(())
    }

    pub(super) fn insert(&mut self, key: OrderKey, request: OrderRequest) {
        self.next_perm_id += 1;
        let parent = request.attributes.parent;
        let order = Order::new(key, self.next_perm_id, request);
        self.orders.insert(key, order);
        self.desk.live.insert(key);
        if let Some(parent) = parent {
            self.adopt(key, self.resolve(parent));
        }
    }

    /// Transmits an order, and with a child the family.
    pub(super) fn transmit(&mut self, key: OrderKey) {
        for member in self.family(key) {
            if let Some(order) = self.orders.get_mut(&member) {
                order.request.transmit = true;
            }
            // An earlier member that was refused took the others with it.
            if self.orders.get(&member).is_some_and(|order| order.is_live()) {
                self.admit(member);
            }
        }
    }

    /// Lets a transmitted order in, or rejects it.
    fn admit(&mut self, key: OrderKey) {
        let now = self.now;
        let Some(order) = self.orders.get_mut(&key) else {
            return;
        };
        order.placed_at = now;
        let (request, manual) = (order.request.clone(), order.origin != Origin::Client);
        if let Err(reason) = self.check_margin(key, &request, request.quantity) {
            self.end(key, Status::Inactive, Change::Rejected { reason });
            return;
        }
        self.market_mut(request.instrument).orders.live.insert(key);
        self.join_group(key);
        self.observe_for(key);
        if self.desk.switches.dialogs && !manual {
            self.hold(key, Hold::Dialog);
            return;
        }
        self.enter(key);
    }

    /// Puts an admitted order where it belongs: to work, or to wait for what holds it.
    pub(super) fn enter(&mut self, key: OrderKey) {
        self.arm(key);
        self.review_conditions(key);
        let Some(order) = self.orders.get(&key).filter(|order| order.is_live()) else {
            return;
        };
        let hold = self.gate(order);
        if let Some(order) = self.orders.get_mut(&key) {
            order.held = hold;
        }
        self.change(key, Status::PreSubmitted, Change::Accepted);
        match hold {
            Some(hold) => self.hold(key, hold),
            None => self.work(key),
        }
    }

    fn modify(&mut self, key: OrderKey, request: OrderRequest) -> Result<(), Refusal> {
        let Some(order) = self.orders.get(&key) else {
            return Ok(());
        };
        if order.is_parked() {
            let transmit = request.transmit;
            self.rewrite(key, request);
            if transmit {
                self.transmit(key);
            }
            return Ok(());
        }
        let more = request.quantity - order.request.quantity;
        let keeps_place = keeps_place(order, &request);
        if more > 0 {
            self.check_margin(key, &request, more).map_err(Refusal::Margin)?;
        }
        if self.desk.switches.split_next {
            self.split(key, request);
        } else if keeps_place {
            self.rewrite(key, request);
            self.trim(key);
            self.arm(key);
            self.change(key, Status::Submitted, Change::Modified);
        } else {
            self.withdraw(key);
            self.rewrite(key, request);
            self.arm(key);
            self.replace(key);
        }
        Ok(())
    }

    /// Puts a changed order where its new version belongs.
    fn replace(&mut self, key: OrderKey) {
        self.review_conditions(key);
        let Some(order) = self.orders.get(&key).filter(|order| order.is_live()) else {
            return;
        };
        let hold = self.gate(order);
        let inactive = order.status == Status::Inactive;
        let status = hold.map_or(Status::Submitted, |hold| held_status(hold, inactive));
        if let Some(order) = self.orders.get_mut(&key) {
            order.held = hold;
        }
        self.change(key, status, Change::Modified);
        match hold {
            Some(Hold::Trigger) => self.fall_asleep(key),
            Some(_) => {}
            None => self.work(key),
        }
    }

    /// Writes a new version of an order over the old one; what has happened to it stays.
    fn rewrite(&mut self, key: OrderKey, request: OrderRequest) {
        let Some(order) = self.orders.get_mut(&key) else {
            return;
        };
        if order.request.kind != request.kind {
            let same = std::mem::discriminant(&order.request.kind) == std::mem::discriminant(&request.kind);
            let retriggers = order.request.kind.trigger() != request.kind.trigger() || !same;
            order.triggered &= !retriggers;
            order.adjusted = false;
            order.followed = false;
            order.kind = request.kind;
            order.stop = request.kind.trigger();
            order.limit = request.kind.limit();
        }
        if order.request.attributes.conditions != request.attributes.conditions {
            order.met = false;
        }
        order.request = OrderRequest {
            transmit: order.request.transmit || request.transmit,
            ..request
        };
        self.observe_for(key);
    }

    /// The price at which an order would be filled by decree: its limit, or the market's price.
    fn decreed_price(&self, key: OrderKey) -> Option<Ticks> {
        let order = self.orders.get(&key)?;
        let mark = self.market(order.request.instrument).mark();
        Some(order.limit.unwrap_or(mark))
    }
}

/// Whether a change leaves an order its place in the queue: same price, no larger, as open as before.
fn keeps_place(order: &Order, request: &OrderRequest) -> bool {
    let (old, new) = (&order.request.attributes, &request.attributes);
    let plain = order.kind == order.request.kind && order.kind == request.kind;
    matches!(order.place, Place::Resting(_))
        && plain
        && request.quantity <= order.request.quantity
        && old == new
        && !matches!(
            request.tif,
            TimeInForce::Ioc | TimeInForce::Fok | TimeInForce::Opening
        )
}

fn check_change(order: &Order, request: &OrderRequest) -> Result<(), Refusal> {
    let auction = is_auction_kind(request.kind) || request.tif == TimeInForce::Opening;
    let (old, new) = (&order.request.attributes, &request.attributes);
    let same = order.request.instrument == request.instrument
        && order.request.side == request.side
        && order.request.account == request.account
        && is_for_auction(order) == auction
        && old.algorithm == new.algorithm
        && old.oca == new.oca
        && !(order.triggered && needs_trigger(request.kind) && !needs_trigger(order.request.kind));
    if !same {
        return Err(Refusal::Mismatch(order.key.order));
    }
    if order.status == Status::PendingCancel {
        return Err(Refusal::BeingCancelled(order.key.order));
    }
    if request.quantity <= order.filled {
        return Err(Refusal::AlreadyTraded {
            order: order.key.order,
            filled: order.filled,
        });
    }
    Ok(())
}
