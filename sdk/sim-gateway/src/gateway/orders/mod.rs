//! Orders: placing, changing, cancelling, and the lists of them and of what they traded.
//!
//! Never: matching. What an order does in the market is the exchange's business.

mod attributes;
mod exercise;
mod fills;
mod frames;
mod kinds;
mod lists;
mod placing;
mod preview;
mod rules;
mod terms;
mod validation;

#[cfg(test)]
mod class_tests;
#[cfg(test)]
mod order_tests;
#[cfg(test)]
mod refusal_tests;
#[cfg(test)]
mod sequence_tests;

use std::collections::BTreeMap;

use super::session::decode;
use super::{ConnectionId, Gateway, Problem};
use crate::exchange::{Event, OrderKey, Origin};
use crate::wire::Body;
use crate::wire::ids::request;

use placing::Ticket;

/// Active orders IB takes on one side of a contract in an account.
const MOST_ACTIVE: usize = 20;
/// How late the report of a fill's cost comes, nanoseconds at least and at most.
const COMMISSION_DELAY: (u64, u64) = (20_000_000, 200_000_000);

/// What the gateway itself knows of orders.
#[derive(Debug)]
pub(super) struct State {
    /// Highest order id each client has used.
    pub(super) last_ids: BTreeMap<i32, i32>,
    /// Orders as their clients wrote them.
    tickets: BTreeMap<OrderKey, Ticket>,
    /// The code to reject the next new order with.
    reject_next: Option<i32>,
    /// The client that hears of everybody's orders.
    master: Option<i32>,
    /// Whether client 0 gets manual orders bound as they come.
    auto_bind: bool,
    /// Whether orders are refused altogether.
    read_only: bool,
    /// The time in force of orders that name none, when a preset says so.
    preset_tif: Option<String>,
    commission_delay: (u64, u64),
    most_active: usize,
}

impl Default for State {
    fn default() -> Self {
        Self {
            last_ids: BTreeMap::new(),
            tickets: BTreeMap::new(),
            reject_next: None,
            master: None,
            auto_bind: false,
            read_only: false,
            preset_tif: None,
            commission_delay: COMMISSION_DELAY,
            most_active: MOST_ACTIVE,
        }
    }
}

/// Something to do later about an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Job {
    /// Report what an execution cost.
    Commission {
        /// The execution's id.
        execution: String,
        /// Whether its order is complete with it.
        complete: bool,
    },
}

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
            request::CANCEL_ORDER => self.cancel_order(client, &decode(body)?),
            request::GLOBAL_CANCEL => self.cancel_everything(&decode(body)?),
            request::OPEN_ORDERS => self.open_orders(from, Some(client)),
            request::ALL_OPEN_ORDERS => self.open_orders(from, None),
            request::AUTO_OPEN_ORDERS => self.auto_open_orders(from, client, &decode(body)?),
            request::COMPLETED_ORDERS => self.completed_orders(from, &decode(body)?),
            request::EXERCISE_OPTIONS => self.exercise_options(client, decode(body)?),
            request::EXECUTIONS => self.list_executions(from, decode(body)?),
            _ => return Ok(None),
        }
        .map(Some)
    }

    /// Tells clients what happened to their orders.
    pub(super) fn order_event(&mut self, event: &Event) {
        match event {
            Event::Order { change, order } => {
                self.publish_change(change, order);
                let unbound = order.origin == Origin::Manual && order.shown.order == 0;
                if unbound && self.orders.auto_bind && self.connection_of(0).is_some() {
                    self.exchange.bind_manual();
                }
            }
            Event::Execution { execution, order } => self.publish_execution(execution, order),
            _ => {}
        }
    }

    /// Does what was put off.
    pub(super) fn order_job(&mut self, job: Job) {
        match job {
            Job::Commission { execution, complete } => self.report_commission(&execution, complete),
        }
    }

    /// Rejects the next new order with this code, whatever it is.
    pub fn reject_next(&mut self, code: i32) {
        self.orders.reject_next = Some(code);
    }

    /// Lets one client hear of everybody's orders and executions, as IB's "Master API client ID" does.
    pub fn set_master_client(&mut self, client: Option<i32>) {
        self.orders.master = client;
    }

    /// Refuses orders, changes and cancels, as IB's "Read-Only API" does.
    pub fn set_read_only(&mut self, read_only: bool) {
        self.orders.read_only = read_only;
    }

    /// Gives orders that name no time in force this one, and says so, as an order preset does.
    pub fn set_preset_tif(&mut self, tif: Option<String>) {
        self.orders.preset_tif = tif;
    }

    /// What a gateway that restarts loses: orders that were never transmitted.
    pub fn restart(&mut self) {
        self.exchange.forget_untransmitted();
        let exchange = &self.exchange;
        self.orders
            .tickets
            .retain(|key, _| exchange.order(*key).is_some());
        self.publish();
    }

    /// Sets a client's next order id back by so many, as a gateway that lost its settings does.
    pub fn roll_back_ids(&mut self, client: i32, by: i32) {
        if let Some(last) = self.orders.last_ids.get_mut(&client) {
            *last = last.saturating_sub(by).max(0);
        }
    }

    /// What the client wrote into an order for its own use.
    #[must_use]
    pub fn order_ref(&self, key: OrderKey) -> Option<&str> {
        self.orders.tickets.get(&key)?.order.order_ref.as_deref()
    }
}
