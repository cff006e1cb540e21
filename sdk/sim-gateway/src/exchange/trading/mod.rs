//! What clients can do: place, modify, cancel. And what an operator can: reject, fill.

use rust_decimal::Decimal;

mod matching;

use super::Exchange;
use super::event::Change;
use super::instrument::Lots;
use super::order::{Hold, Order, OrderKey, OrderKind, OrderRequest, Status};
use matching::average_price;

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
    pub fn place(&mut self, key: OrderKey, request: OrderRequest) -> Result<(), Refusal> {
        if self.account(&request.account).is_none() {
            return Err(Refusal::UnknownAccount(request.account));
        }
        match self.orders.get(&key) {
            Some(order) if !order.status.is_live() => Err(Refusal::Ended(key.order)),
            Some(order) => {
                check_change(order, &request)?;
                self.modify(key, request)
            }
            None => {
                let transmit = request.transmit;
                self.insert(key, request);
                if transmit {
                    self.admit(key);
                }
                Ok(())
            }
        }
    }

    /// Takes a new order only to reject it, as a broker would for a reason of its own.
    pub fn place_rejected(&mut self, key: OrderKey, request: OrderRequest, reason: &str) {
        self.insert(key, request);
        self.end(
            key,
            Status::Inactive,
            Change::Rejected {
                reason: reason.to_owned(),
            },
        );
    }

    /// Cancels a live order.
    ///
    /// # Errors
    /// When there is none.
    pub fn cancel(&mut self, key: OrderKey) -> Result<(), CancelRefusal> {
        let order = self.orders.get(&key).ok_or(CancelRefusal::Unknown)?;
        if !order.status.is_live() {
            return Err(CancelRefusal::Ended(order.status));
        }
        let instrument = order.request.instrument;
        self.withdraw(key);
        self.change(key, Status::PendingCancel, Change::CancelPending);
        self.end(key, Status::Cancelled, Change::Cancelled);
        self.settle(instrument);
        Ok(())
    }

    /// Cancels everything that is live, of every client.
    pub fn cancel_all(&mut self) {
        let live = self.orders.values().filter(|order| order.status.is_live());
        let keys: Vec<OrderKey> = live.map(|order| order.key).collect();
        for key in keys {
            // Every one of them was live just now and only cancels happen in between.
            let _ = self.cancel(key);
        }
    }

    /// Fills a live order by decree, `lots` of it or all that remains, at its limit or the market's price.
    ///
    /// # Errors
    /// When there is no such live order.
    pub fn force_fill(&mut self, key: OrderKey, lots: Option<Lots>) -> Result<(), CancelRefusal> {
        let order = self.orders.get(&key).ok_or(CancelRefusal::Unknown)?;
        if !order.status.is_live() {
            return Err(CancelRefusal::Ended(order.status));
        }
        let lots = lots.unwrap_or(order.remaining()).clamp(1, order.remaining());
        let (instrument, price) = (order.request.instrument, self.decreed_price(key));
        self.withdraw(key);
        if let Some(order) = self.orders.get_mut(&key) {
            order.triggered = true;
            order.held = None;
        }
        let price = price.unwrap_or(1);
        self.fill(key, price, lots, true);
        self.print(instrument, price, lots);
        self.work(key);
        self.settle(instrument);
        Ok(())
    }

    fn insert(&mut self, key: OrderKey, request: OrderRequest) {
        self.next_perm_id += 1;
        let order = Order::new(key, self.next_perm_id, request);
        self.orders.insert(key, order);
    }

    /// Lets a transmitted order in, or rejects it.
    fn admit(&mut self, key: OrderKey) {
        let Some(order) = self.orders.get(&key) else {
            return;
        };
        let instrument = order.request.instrument;
        if let Err(reason) = self.check_margin(&order.request, order.request.quantity) {
            self.end(key, Status::Inactive, Change::Rejected { reason });
            return;
        }
        if let Some(order) = self.orders.get_mut(&key) {
            order.held = order.kind.trigger().map(|_| Hold::Trigger);
        }
        self.change(key, Status::PreSubmitted, Change::Accepted);
        self.enter(key);
        self.settle(instrument);
    }

    /// Puts an admitted order where it belongs: asleep, or to work.
    fn enter(&mut self, key: OrderKey) {
        let Some(order) = self.orders.get(&key) else {
            return;
        };
        if order.request.kind.trigger().is_some() {
            let instrument = order.request.instrument;
            self.market_mut(instrument).stops.push(key);
            self.change(key, Status::PreSubmitted, Change::Held);
        } else {
            self.work(key);
        }
    }

    fn modify(&mut self, key: OrderKey, request: OrderRequest) -> Result<(), Refusal> {
        let Some(order) = self.orders.get(&key) else {
            return Ok(());
        };
        if order.status == Status::PendingSubmit {
            let transmit = request.transmit;
            if let Some(order) = self.orders.get_mut(&key) {
                order.request = request;
            }
            if transmit {
                self.admit(key);
            }
            return Ok(());
        }
        let more = request.quantity - order.request.quantity;
        if more > 0 {
            self.check_margin(&request, more).map_err(Refusal::Margin)?;
        }
        let instrument = request.instrument;
        let keeps_place = !order.sleeps() && more <= 0 && order.request.kind == request.kind;
        if keeps_place && matches!(request.kind, OrderKind::Limit { .. }) && order.status == Status::Submitted
        {
            self.shrink(key, request);
            return Ok(());
        }
        self.withdraw(key);
        if let Some(order) = self.orders.get_mut(&key) {
            order.limit = request.kind.limit();
            order.kind = request.kind;
            order.request = request;
            let status = if order.sleeps() {
                Status::PreSubmitted
            } else {
                Status::Submitted
            };
            self.change(key, status, Change::Modified);
        }
        match self.orders.get(&key).is_some_and(Order::sleeps) {
            true => self.market_mut(instrument).stops.push(key),
            false => self.work(key),
        }
        self.settle(instrument);
        Ok(())
    }

    /// Same price, no larger: the order keeps its place in the queue.
    fn shrink(&mut self, key: OrderKey, request: OrderRequest) {
        let (side, limit, instrument) = (request.side, request.kind.limit(), request.instrument);
        let Some(order) = self.orders.get_mut(&key) else {
            return;
        };
        order.request = request;
        let remaining = order.remaining();
        if let Some(price) = limit {
            self.market_mut(instrument)
                .book
                .shrink(side, price, key, remaining);
        }
        self.change(key, Status::Submitted, Change::Modified);
        self.settle(instrument);
    }

    /// Average price of what an order has traded; zero before it has.
    #[must_use]
    pub fn average_fill_price(&self, order: &Order) -> Decimal {
        if order.filled == 0 {
            return Decimal::ZERO;
        }
        average_price(
            self.market(order.request.instrument).instrument.min_tick,
            order.traded,
            order.filled,
        )
    }
}

fn check_change(order: &Order, request: &OrderRequest) -> Result<(), Refusal> {
    let same = order.request.instrument == request.instrument
        && order.request.side == request.side
        && order.request.account == request.account
        && std::mem::discriminant(&order.request.kind) == std::mem::discriminant(&request.kind);
    if !same {
        return Err(Refusal::Mismatch(order.key.order));
    }
    if request.quantity <= order.filled {
        return Err(Refusal::AlreadyTraded {
            order: order.key.order,
            filled: order.filled,
        });
    }
    Ok(())
}
