//! Orders that do not reach the exchange, or not as they were meant: dialogs, read-only, a lost link, changes
//! that become orders of their own.

use crate::exchange::OrderKey;
use crate::gateway::session::decode;
use crate::gateway::{Class, ConnectionId, Gateway, Problem};
use crate::wire::Body;
use crate::wire::ids::request;
use crate::wire::messages::order::{
    CancelOrderRequest, OpenOrder, Order, OrderState, OrderStatus, PlaceOrderRequest,
};

/// A dialog in which orders wait.
#[derive(Debug)]
pub(super) struct Dialog {
    /// How many more it stops.
    left: Option<u32>,
    /// Whether they are forgotten when it goes away.
    forget: bool,
}

impl Dialog {
    pub(super) fn new(left: Option<u32>, forget: bool) -> Self {
        Self { left, forget }
    }
}

/// An order message that waits.
#[derive(Debug)]
pub(super) struct Held {
    client: i32,
    /// The message's number: an order or a cancel.
    id: u32,
    order: i32,
    body: Body,
    /// Whether it waits for the link, and not in a dialog.
    for_link: bool,
}

impl Gateway {
    /// Stops order messages that are not to reach the exchange now.
    pub(super) fn keeps_order(
        &mut self,
        from: ConnectionId,
        client: i32,
        id: u32,
        body: &Body,
    ) -> Result<Option<()>, Problem> {
        let read_only = self.conduct.read_only;
        match id {
            request::PLACE_ORDER | request::CANCEL_ORDER | request::GLOBAL_CANCEL if read_only => {
                let text = "The API interface is currently in Read-Only mode.";
                Err(Problem::invalid(text))
            }
            // As seen: it never answers.
            request::COMPLETED_ORDERS if read_only => Ok(Some(())),
            request::PLACE_ORDER => self.keeps_placed(from, client, body),
            request::CANCEL_ORDER => self.keeps_cancel(from, client, body),
            request::OPEN_ORDERS | request::ALL_OPEN_ORDERS => {
                self.list_held(from, (id == request::OPEN_ORDERS).then_some(client));
                Ok(None)
            }
            _ => Ok(None),
        }
    }

    fn keeps_placed(&mut self, from: ConnectionId, client: i32, body: &Body) -> Result<Option<()>, Problem> {
        let state = &self.conduct;
        if !state.link_down && state.dialog.is_none() && state.splits == 0 {
            return Ok(None);
        }
        let asked: PlaceOrderRequest = decode(body)?;
        let order = asked.order_id.unwrap_or(0);
        let known = self.exchange.order(OrderKey { client, order });
        let live = known.is_some_and(|order| order.status.is_live());
        let known = known.is_some();
        if asked
            .order
            .as_ref()
            .is_some_and(|order| order.what_if.unwrap_or(false))
        {
            return Ok(None);
        }
        if live && self.conduct.splits > 0 {
            // The exchange makes an order of its own of it.
            self.conduct.splits -= 1;
            let mut switches = self.exchange.switches();
            switches.split_next = true;
            self.exchange.set_switches(switches);
            return Ok(None);
        }
        let held = |for_link| Held {
            client,
            id: request::PLACE_ORDER,
            order,
            body: body.clone(),
            for_link,
        };
        if self.conduct.link_down {
            if self.conduct.settings.resubmit {
                self.conduct.held.push(held(true));
                self.acknowledge(from, client, &asked);
            }
            return Ok(Some(()));
        }
        let last = self.orders.last_ids.entry(client).or_insert(0);
        let waits = |each: &Held| (each.client, each.order, each.for_link) == (client, order, false);
        match &mut self.conduct.dialog {
            // A change of an order in the dialog changes what the dialog shows.
            Some(_) if self.conduct.held.iter().any(waits) => {
                self.conduct
                    .held
                    .retain(|each| (each.client, each.order) != (client, order));
                self.conduct.held.push(held(false));
            }
            Some(dialog) if !known && order > *last && dialog.left != Some(0) => {
                dialog.left = dialog.left.map(|left| left - 1);
                *last = order;
                self.conduct.held.push(held(false));
            }
            _ => return Ok(None),
        }
        self.acknowledge(from, client, &asked);
        Ok(Some(()))
    }

    /// A held order has no permanent id and goes no further than `PendingSubmit`.
    fn acknowledge(&mut self, to: ConnectionId, client: i32, asked: &PlaceOrderRequest) {
        let order = asked.order.clone().unwrap_or_default();
        let status = OrderStatus {
            order_id: asked.order_id,
            status: Some("PendingSubmit".to_owned()),
            filled: Some("0".to_owned()),
            remaining: order.total_quantity.clone(),
            avg_fill_price: Some(0.0),
            perm_id: Some(0),
            parent_id: order.parent_id.or(Some(0)),
            last_fill_price: Some(0.0),
            client_id: Some(client),
            why_held: Some(String::new()),
            mkt_cap_price: Some(0.0),
        };
        let open = OpenOrder {
            order_id: asked.order_id,
            contract: asked.contract.clone(),
            order: Some(Order {
                client_id: Some(client),
                order_id: asked.order_id,
                perm_id: Some(0),
                ..order
            }),
            order_state: Some(OrderState {
                status: Some("PendingSubmit".to_owned()),
                ..OrderState::default()
            }),
        };
        self.send(to, Class::Order, &open);
        self.send(to, Class::Order, &status);
    }

    fn keeps_cancel(&mut self, from: ConnectionId, client: i32, body: &Body) -> Result<Option<()>, Problem> {
        if !self.conduct.link_down && self.conduct.held.is_empty() {
            return Ok(None);
        }
        let order = decode::<CancelOrderRequest>(body)?.order_id.unwrap_or(0);
        let waits = |held: &Held| (held.client, held.order, held.id) == (client, order, request::PLACE_ORDER);
        let found = self.conduct.held.iter().position(waits);
        if let Some(found) = found.filter(|_| self.exchange.order(OrderKey { client, order }).is_none()) {
            self.conduct.held.remove(found);
            let status = OrderStatus {
                order_id: Some(order),
                status: Some("ApiCancelled".to_owned()),
                filled: Some("0".to_owned()),
                perm_id: Some(0),
                client_id: Some(client),
                ..OrderStatus::default()
            };
            self.send(from, Class::Order, &status);
            return Ok(Some(()));
        }
        if self.conduct.link_down {
            self.conduct.held.push(Held {
                client,
                id: request::CANCEL_ORDER,
                order,
                body: body.clone(),
                for_link: true,
            });
            return Ok(Some(()));
        }
        Ok(None)
    }

    fn list_held(&mut self, to: ConnectionId, client: Option<i32>) {
        let placed = |held: &&Held| {
            held.id == request::PLACE_ORDER && client.is_none_or(|client| held.client == client)
        };
        let held: Vec<(i32, PlaceOrderRequest)> = self
            .conduct
            .held
            .iter()
            .filter(placed)
            .filter_map(|held| Some((held.client, held.body.read().ok()?)))
            .collect();
        for (client, asked) in held {
            self.acknowledge(to, client, &asked);
        }
    }

    /// Somebody answers the dialog: its orders go on, or are forgotten.
    pub(super) fn release(&mut self) -> String {
        let forget = self.conduct.dialog.take().is_some_and(|dialog| dialog.forget);
        let held = std::mem::take(&mut self.conduct.held);
        let (linked, released): (Vec<_>, Vec<_>) = held.into_iter().partition(|held| held.for_link);
        self.conduct.held = linked;
        let count = released.len();
        if forget {
            return format!("{count} orders forgotten");
        }
        for held in released {
            // Its id was taken when it was held; others may have come since.
            let last = self.orders.last_ids.insert(held.client, held.order - 1);
            self.on_behalf(held.client, held.id, &held.body);
            let highest = last.unwrap_or(0).max(held.order);
            self.orders.last_ids.insert(held.client, highest);
        }
        self.publish();
        format!("{count} orders released")
    }

    /// The link is back: what was kept for it is sent.
    pub(super) fn resubmit(&mut self) -> usize {
        let held = std::mem::take(&mut self.conduct.held);
        let (linked, others): (Vec<_>, Vec<_>) = held.into_iter().partition(|held| held.for_link);
        self.conduct.held = others;
        let (now, stale) = (self.written_now(), self.conduct.settings.resubmit_stale);
        let fresh = linked.into_iter().filter(|held| stale || !is_past(held, &now));
        let fresh: Vec<Held> = fresh.collect();
        let count = fresh.len();
        for held in fresh {
            self.on_behalf(held.client, held.id, &held.body);
        }
        self.publish();
        count
    }
}

/// Whether an order's good-till date, `20260413 15:27:04` in front, has passed.
fn is_past(held: &Held, now: &str) -> bool {
    let asked = held.body.read::<PlaceOrderRequest>().ok();
    let date = asked
        .and_then(|asked| asked.order?.good_till_date)
        .map(|date| date.replacen('-', " ", 1));
    let (date, now) = (date.as_deref().and_then(|date| date.get(..17)), now.get(..17));
    date.zip(now).is_some_and(|(date, now)| date < now)
}
