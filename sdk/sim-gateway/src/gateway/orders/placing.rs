//! Order requests: place, modify, cancel, and the lists of open and completed orders and of executions.

use crate::exchange::{CancelRefusal, Execution, OrderKey, Refusal, Side, Status};
use crate::gateway::{Class, ConnectionId, Gateway, Problem, values as text};
use crate::wire::messages::execution as fills;
use crate::wire::messages::order as wire;

const DAY: u64 = 86_400;

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
        let id = asked.order_id.unwrap_or(0);
        let key = OrderKey { client, order: id };
        let known = self.exchange.order(key).is_some();
        let reject = if known {
            None
        } else {
            self.orders.reject_next.take()
        };
        if id <= 0 {
            return Err(Problem::new(10149, format!("Invalid order id: {id}")));
        }
        if !known && id <= self.orders.last_ids.get(&client).copied().unwrap_or(0) {
            return Err(Problem::new(103, "Duplicate order id"));
        }
        if let Some(code) = reject.filter(|code| *code != 201) {
            return Err(Problem::new(
                code,
                format!("Order rejected by the fault script with code {code}"),
            ));
        }
        let request = self.understand(&asked)?;
        let order = asked.order.unwrap_or_default();
        let exchange = asked
            .contract
            .and_then(|contract| contract.exchange)
            .unwrap_or_default();
        let ticket = Ticket { order, exchange };
        if ticket.order.what_if.unwrap_or(false) {
            self.preview(from, key, &request, &ticket);
            return Ok(());
        }
        let before = self.orders.tickets.insert(key, ticket);
        if reject.is_some() {
            self.exchange
                .place_rejected(key, request, "rejected by the fault script");
        } else if let Err(refusal) = self.exchange.place(key, request) {
            // The order, if there is one, lives on as it was.
            match before {
                Some(before) => self.orders.tickets.insert(key, before),
                None => self.orders.tickets.remove(&key),
            };
            return Err(self.refused(key, &refusal));
        }
        let last = self.orders.last_ids.entry(client).or_insert(0);
        *last = (*last).max(id);
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
            Refusal::Mismatch(_) => Problem::new(105, "Order being modified does not match original order."),
            Refusal::AlreadyTraded { .. } | Refusal::Margin(_) => {
                Problem::new(201, format!("Order rejected - reason:{refusal}"))
            }
            Refusal::UnknownAccount(_) => Problem::invalid(refusal),
            Refusal::UnknownParent(parent) => {
                Problem::new(135, format!("Can't find order with id = {parent}"))
            }
            Refusal::BeingCancelled(_) => Problem::new(
                2102,
                "Unable to modify this order as it is still being processed.",
            ),
        }
    }

    pub(in crate::gateway) fn cancel_order(
        &mut self,
        from: ConnectionId,
        client: i32,
        asked: &wire::CancelOrderRequest,
    ) -> Result<(), Problem> {
        let id = asked.order_id.unwrap_or(0);
        match self.exchange.cancel(OrderKey { client, order: id }) {
            Ok(()) => {}
            Err(CancelRefusal::Unknown) => {
                let text = format!("OrderId {id} that needs to be cancelled is not found.");
                self.error(from, id, &Problem::new(10147, text));
            }
            Err(CancelRefusal::Ended(status)) => {
                let state = status.as_str();
                let text =
                    format!("OrderId {id} that needs to be cancelled cannot be cancelled, state: {state}.");
                self.error(from, id, &Problem::new(10148, text));
            }
        }
        Ok(())
    }

    /// The open orders of one client, or of all.
    pub(in crate::gateway) fn open_orders(
        &mut self,
        to: ConnectionId,
        client: Option<i32>,
    ) -> Result<(), Problem> {
        let open = self.exchange.orders().filter(|order| order.status.is_live());
        let mine = open.filter(|order| client.is_none_or(|client| order.key.client == client));
        for order in mine.cloned().collect::<Vec<_>>() {
            self.send_open_order(to, &order, false);
            self.send_status(to, &order);
        }
        self.send(to, Class::Order, &wire::OpenOrdersEnd {});
        Ok(())
    }

    pub(in crate::gateway) fn auto_open_orders(
        &mut self,
        to: ConnectionId,
        client: i32,
        asked: &wire::AutoOpenOrdersRequest,
    ) -> Result<(), Problem> {
        if client != 0 && asked.auto_bind.unwrap_or(false) {
            let text =
                "Only API connections with clientId set to 0 can set the auto bind TWS orders property.";
            return Err(Problem::new(327, text));
        }
        // There are no manual orders here, so there is nothing to bind.
        self.open_orders(to, Some(client))
    }

    /// Today's ended orders. All of them came through the API, so `apiOnly` leaves none out.
    pub(in crate::gateway) fn completed_orders(&mut self, to: ConnectionId) -> Result<(), Problem> {
        let today = self.today();
        let ended = self.exchange.orders().filter(|order| {
            order
                .ended_at
                .is_some_and(|at| self.exchange.unix_seconds(at) / DAY == today)
        });
        for order in ended.cloned().collect::<Vec<_>>() {
            self.send_completed_order(to, &order);
        }
        self.send(to, Class::Order, &wire::CompletedOrdersEnd {});
        Ok(())
    }

    pub(in crate::gateway) fn list_executions(
        &mut self,
        to: ConnectionId,
        asked: fills::ExecutionRequest,
    ) -> Result<(), Problem> {
        let filter = asked.execution_filter.unwrap_or_default();
        let request = asked.req_id.unwrap_or(-1);
        let wanted = self
            .exchange
            .executions()
            .iter()
            .filter(|execution| self.passes(execution, &filter));
        for execution in wanted.cloned().collect::<Vec<_>>() {
            self.send_execution(to, request, &execution);
            self.send_commission(to, &execution);
        }
        let end = fills::ExecutionDetailsEnd {
            req_id: Some(request),
        };
        self.send(to, Class::Order, &end);
        Ok(())
    }

    fn passes(&self, execution: &Execution, filter: &fills::ExecutionFilter) -> bool {
        let said = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        let instrument = &self.exchange.market(execution.instrument).instrument;
        let at = self.exchange.unix_seconds(execution.at);
        let side = if execution.side == Side::Buy {
            ["BUY", "BOT"]
        } else {
            ["SELL", "SLD"]
        };
        let days =
            u64::try_from(filter.last_n_days.filter(|days| *days != i32::MAX).unwrap_or(0)).unwrap_or(0);
        let dates = filter
            .specific_dates
            .iter()
            .map(|date| date.to_string())
            .collect::<Vec<_>>();
        let recent = if dates.is_empty() {
            at / DAY + days.max(1) > self.today()
        } else {
            dates.contains(&text::day(at))
        };
        recent
            && filter
                .client_id
                .is_none_or(|id| id == 0 || id == i32::MAX || id == execution.order.client)
            && said(&filter.acct_code).is_none_or(|account| account == execution.account)
            && said(&filter.symbol).is_none_or(|symbol| symbol == instrument.symbol)
            && said(&filter.sec_type).is_none_or(|kind| kind == instrument.kind.sec_type())
            && said(&filter.exchange).is_none_or(|exchange| exchange == self.routed_to(execution.order))
            && said(&filter.side).is_none_or(|asked| side.contains(&asked.to_uppercase().as_str()))
            && said(&filter.time)
                .is_none_or(|since| text::dashed_timestamp(at) >= since.trim().replacen(' ', "-", 1))
    }

    /// Where an order was sent.
    pub(in crate::gateway) fn routed_to(&self, key: OrderKey) -> String {
        self.orders
            .tickets
            .get(&key)
            .map(|ticket| ticket.exchange.clone())
            .unwrap_or_default()
    }

    /// What the client wrote into an order for its own use.
    #[must_use]
    pub fn order_ref(&self, key: OrderKey) -> Option<&str> {
        self.orders.tickets.get(&key)?.order.order_ref.as_deref()
    }

    fn today(&self) -> u64 {
        self.exchange.unix_seconds(self.exchange.now()) / DAY
    }
}
