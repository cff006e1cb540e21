//! Order requests: place, change, cancel.

use super::validation::{on, said};
use crate::exchange::{CancelRefusal, Order, OrderKey, OrderRequest, Refusal, Status};
use crate::gateway::{ConnectionId, Gateway, Problem};
use crate::wire::messages::order as wire;

/// An order as its client wrote it, to be echoed with every change of it.
#[derive(Debug, Clone)]
pub(in crate::gateway) struct Ticket {
    pub(in crate::gateway) order: wire::Order,
    pub(in crate::gateway) exchange: String,
}

impl Gateway {
    pub(in crate::gateway) fn place_order(
        &mut self,
        from: ConnectionId,
        client: i32,
        asked: wire::PlaceOrderRequest,
    ) -> Result<(), Problem> {
        self.check_writable()?;
        let id = asked.order_id.unwrap_or(0);
        let shown = OrderKey { client, order: id };
        let key = self.exchange.resolve(shown);
        let known = self.exchange.order(key).is_some();
        let reject = if known {
            None
        } else {
            self.orders.reject_next.take()
        };
        if id <= 0 && !known {
            return Err(Problem::new(10149, format!("Invalid order id: {id}")));
        }
        if !known && id <= self.orders.last_ids.get(&client).copied().unwrap_or(0) {
            return Err(Problem::new(103, "Duplicate order id"));
        }
        if let Some(code) = reject.filter(|code| *code != 201) {
            let text = format!("Order rejected by the fault script with code {code}");
            return Err(Problem::new(code, text));
        }
        let mut understood = self.understand(client, &asked)?;
        let order = asked.order.unwrap_or_default();
        let exchange = asked.contract.and_then(|contract| contract.exchange);
        let ticket = Ticket {
            order,
            exchange: exchange.unwrap_or_default(),
        };
        if on(ticket.order.what_if) {
            self.preview(from, shown, &understood.request, &ticket);
            return Ok(());
        }
        if let Some(order) = self.exchange.order(key) {
            forget_given_group(order, &mut understood.request);
            self.check_revision(order, &understood.request, &ticket)?;
        }
        for note in &understood.notes {
            self.error(from, id, note);
        }
        self.place_understood(shown, understood.request, ticket, reject.is_some())?;
        if id > 0 {
            let last = self.orders.last_ids.entry(client).or_insert(0);
            *last = (*last).max(id);
        }
        Ok(())
    }

    fn place_understood(
        &mut self,
        shown: OrderKey,
        request: OrderRequest,
        ticket: Ticket,
        reject: bool,
    ) -> Result<(), Problem> {
        let key = self.exchange.resolve(shown);
        let crowded = self.is_crowded(key, &request);
        let before = self.orders.tickets.insert(key, ticket);
        if reject {
            self.exchange
                .place_rejected(key, request, "rejected by the fault script");
        } else if crowded {
            let most = self.orders.most_active;
            let reason =
                format!("Maximum of {most} active orders allowed per side on the same contract and account.");
            self.exchange.place_rejected(key, request, &reason);
        } else if let Err(refusal) = self.exchange.place(shown, request) {
            // The order, if there is one, lives on as it was.
            match before {
                Some(before) => self.orders.tickets.insert(key, before),
                None => self.orders.tickets.remove(&key),
            };
            return Err(self.refused(key, &refusal));
        }
        Ok(())
    }

    pub(super) fn check_writable(&self) -> Result<(), Problem> {
        if self.orders.read_only {
            return Err(Problem::invalid(
                "The API interface is currently in Read-Only mode.",
            ));
        }
        Ok(())
    }

    /// IB takes twenty active orders on one side of a contract in an account.
    fn is_crowded(&self, key: OrderKey, request: &OrderRequest) -> bool {
        if self.exchange.order(key).is_some() {
            return false;
        }
        let same = |order: &&Order| {
            order.request.instrument == request.instrument
                && order.request.side == request.side
                && order.request.account == request.account
        };
        let live = self.exchange.live_orders().filter(|order| !order.is_parked());
        live.filter(same).count() >= self.orders.most_active
    }

    /// What of a live order may not be changed.
    fn check_revision(&self, order: &Order, request: &OrderRequest, ticket: &Ticket) -> Result<(), Problem> {
        if !order.is_live() || order.is_parked() {
            return Ok(());
        }
        let was = &order.request;
        if was.instrument != request.instrument || was.side != request.side || was.account != request.account
        {
            return Err(mismatch());
        }
        let before = self.orders.tickets.get(&order.key).map(|ticket| &ticket.order);
        let kind = before.and_then(|before| said(&before.order_type));
        if kind.is_some_and(|kind| Some(kind) != said(&ticket.order.order_type)) {
            let text = "Order modify failed. Cannot change to the new order type.";
            return Err(Problem::new(329, text));
        }
        let (old, new) = (&was.attributes, &request.attributes);
        if old.algorithm.as_ref().map(|each| &each.strategy)
            != new.algorithm.as_ref().map(|each| &each.strategy)
        {
            let text = "Order modify failed. Algorithm cannot be modified.";
            return Err(Problem::new(440, text));
        }
        match (&old.oca, &new.oca) {
            (Some(old), Some(new)) if old.name == new.name && old.rule != new.rule => {
                return Err(Problem::new(10327, "OCA group type revision is not allowed"));
            }
            (Some(old), Some(new)) if old.name != new.name => {
                return Err(Problem::new(10326, "OCA group revision is not allowed"));
            }
            (None, Some(new)) if order.oca.as_ref().is_none_or(|group| group.name != new.name) => {
                return Err(Problem::new(10326, "OCA group revision is not allowed"));
            }
            _ => {}
        }
        if new.parent.is_some() && old.parent != new.parent {
            return Err(Problem::new(10341, "Parent order id cannot be modified"));
        }
        Ok(())
    }

    fn refused(&self, key: OrderKey, refusal: &Refusal) -> Problem {
        let filled = self
            .exchange
            .order(key)
            .is_some_and(|order| order.status == Status::Filled);
        match refusal {
            Refusal::Ended(_) if filled => Problem::new(104, "Can't modify a filled order."),
            Refusal::Ended(_) => Problem::new(103, "Duplicate order id"),
            Refusal::Mismatch(_) => mismatch(),
            Refusal::AlreadyTraded { .. } | Refusal::Margin(_) => {
                Problem::new(201, format!("Order rejected - reason:{refusal}"))
            }
            Refusal::UnknownAccount(_) => Problem::invalid(refusal),
            Refusal::UnknownParent(parent) => {
                Problem::new(135, format!("Can't find order with id = {parent}"))
            }
            Refusal::BeingCancelled(_) => {
                let text = "Unable to modify this order as it is still being processed.";
                Problem::new(2102, text)
            }
        }
    }

    pub(in crate::gateway) fn cancel_order(
        &mut self,
        client: i32,
        asked: &wire::CancelOrderRequest,
    ) -> Result<(), Problem> {
        self.check_writable()?;
        let id = asked.order_id.unwrap_or(0);
        check_cancel(asked.order_cancel.as_ref())?;
        self.exchange
            .cancel(OrderKey { client, order: id })
            .map_err(|refusal| match refusal {
                CancelRefusal::Unknown => {
                    let text = format!("OrderId {id} that needs to be cancelled is not found.");
                    Problem::new(10147, text)
                }
                CancelRefusal::Ended(status) => {
                    let state = status.as_str();
                    let text = format!(
                        "OrderId {id} that needs to be cancelled cannot be cancelled, state: {state}."
                    );
                    Problem::new(10148, text)
                }
            })
    }

    /// Cancels everything, whoever placed it.
    pub(in crate::gateway) fn cancel_everything(
        &mut self,
        asked: &wire::GlobalCancelRequest,
    ) -> Result<(), Problem> {
        self.check_writable()?;
        check_cancel(asked.order_cancel.as_ref())?;
        self.exchange.cancel_all();
        Ok(())
    }
}

/// The group that children of one parent are given is not the client's own, even when it is sent back.
fn forget_given_group(order: &Order, request: &mut OrderRequest) {
    let given = order
        .oca
        .as_ref()
        .filter(|_| order.request.attributes.oca.is_none());
    if let (Some(given), Some(asked)) = (given, &request.attributes.oca)
        && given.name == asked.name
    {
        request.attributes.oca = None;
    }
}

fn mismatch() -> Problem {
    Problem::new(105, "Order being modified does not match original order.")
}

/// What a cancel may say beside the order: when and by whom it was decided.
fn check_cancel(cancel: Option<&wire::OrderCancel>) -> Result<(), Problem> {
    let at = cancel.and_then(|cancel| said(&cancel.manual_order_cancel_time));
    at.map(|at| super::terms::moment(at, None)).transpose().map(drop)
}
