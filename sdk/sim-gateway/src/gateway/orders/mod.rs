//! Orders: placing, changing, cancelling, and the lists of them and of what they traded.
//!
//! Never: matching. What an order does in the market is the exchange's business.

mod messages;
mod placing;
mod validation;

#[cfg(test)]
mod order_tests;

use std::collections::BTreeMap;

use super::session::decode;
use super::{ConnectionId, Gateway, Problem};
use crate::exchange::{Event, OrderKey};
use crate::wire::Body;
use crate::wire::ids::request;

use placing::Ticket;

/// What the gateway itself knows of orders.
#[derive(Debug, Default)]
pub(super) struct State {
    /// Highest order id each client has used.
    pub(super) last_ids: BTreeMap<i32, i32>,
    /// Orders as their clients wrote them.
    tickets: BTreeMap<OrderKey, Ticket>,
    /// The code to reject the next new order with.
    reject_next: Option<i32>,
}

/// Something to do later about an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Job {}

impl Gateway {
    /// Answers a request about orders; `None` when it is about something else.
    pub(super) fn order_request(
        &mut self,
        from: ConnectionId,
        client: i32,
        id: u32,
        body: &Body,
    ) -> Result<Option<()>, Problem> {
        match id {
            request::PLACE_ORDER => self.place_order(from, client, decode(body)?),
            request::CANCEL_ORDER => self.cancel_order(from, client, &decode(body)?),
            request::GLOBAL_CANCEL => {
                self.exchange.cancel_all();
                Ok(())
            }
            request::OPEN_ORDERS => self.open_orders(from, Some(client)),
            request::ALL_OPEN_ORDERS => self.open_orders(from, None),
            request::AUTO_OPEN_ORDERS => self.auto_open_orders(from, client, &decode(body)?),
            request::COMPLETED_ORDERS => self.completed_orders(from),
            request::EXECUTIONS => self.list_executions(from, decode(body)?),
            _ => return Ok(None),
        }
        .map(Some)
    }

    /// Tells clients what happened to their orders.
    pub(super) fn order_event(&mut self, event: &Event) {
        match event {
            Event::Order { change, order } => self.publish_change(change, order),
            Event::Execution { execution, order } => self.publish_execution(execution, order),
            Event::Quote { .. } | Event::Trade { .. } | Event::Position { .. } => {}
        }
    }

    /// Does what was put off.
    pub(super) fn order_job(&mut self, job: Job) {
        match job {}
    }

    /// Rejects the next new order with this code, whatever it is.
    pub fn reject_next(&mut self, code: i32) {
        self.orders.reject_next = Some(code);
    }
}
