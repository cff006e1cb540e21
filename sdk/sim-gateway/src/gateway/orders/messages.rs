//! Orders and executions as frames, in the sequences real gateways were seen to send.

use rust_decimal::Decimal;

use super::placing::Ticket;
use crate::exchange::{Change, Execution, Order, OrderKey, OrderRequest, Side, Status};
use crate::gateway::values::{double, timestamp, written};
use crate::gateway::{Class, ConnectionId, Gateway, Problem};
use crate::wire::messages::execution as fills;
use crate::wire::messages::order as wire;

impl Gateway {
    /// Tells an order's owner of a change that is no trade.
    pub(in crate::gateway) fn publish_change(&mut self, change: &Change, order: &Order) {
        let Some(to) = self.connection_of(order.key.client) else {
            return;
        };
        match change {
            Change::Accepted | Change::Held | Change::Working | Change::Modified | Change::Bound => {
                self.send_open_order(to, order, false);
                self.send_status(to, order);
            }
            Change::CancelPending => self.send_status(to, order),
            Change::Cancelled | Change::Expired => {
                self.send_status(to, order);
                self.error(
                    to,
                    order.key.order,
                    &Problem::new(202, "Order Canceled - reason:"),
                );
            }
            Change::Rejected { reason } => {
                let text = format!("Order rejected - reason:{reason}");
                self.error(to, order.key.order, &Problem::new(201, text));
                self.send_open_order(to, order, false);
                self.send_status(to, order);
            }
        }
    }

    /// Tells an order's owner of a fill: execution, the order as it is now, and what the fill cost.
    pub(in crate::gateway) fn publish_execution(&mut self, execution: &Execution, order: &Order) {
        let Some(to) = self.connection_of(order.key.client) else {
            return;
        };
        self.send_execution(to, -1, execution);
        self.send_open_order(to, order, false);
        self.send_status(to, order);
        if order.status == Status::Filled {
            self.send_open_order(to, order, true);
        }
        self.send_commission(to, execution);
    }

    pub(in crate::gateway) fn send_open_order(&mut self, to: ConnectionId, order: &Order, with_fees: bool) {
        let mut state = wire::OrderState {
            status: Some(order.status.as_str().to_owned()),
            reject_reason: order.reason.clone(),
            ..wire::OrderState::default()
        };
        if with_fees {
            state.commission_and_fees = Some(double(order.fees));
            state.commission_and_fees_currency = Some("USD".to_owned());
        }
        let message = wire::OpenOrder {
            order_id: Some(order.key.order),
            contract: Some(self.contract(order.request.instrument, Some(&self.routed_to(order.key)))),
            order: Some(self.echo(order)),
            order_state: Some(state),
        };
        self.send(to, Class::Order, &message);
    }

    /// The order as its client wrote it, with what the gateway adds.
    fn echo(&self, order: &Order) -> wire::Order {
        let ticket = self
            .orders
            .tickets
            .get(&order.key)
            .map(|ticket| ticket.order.clone())
            .unwrap_or_default();
        let instrument = &self.exchange.market(order.request.instrument).instrument;
        wire::Order {
            client_id: Some(order.key.client),
            order_id: Some(order.key.order),
            perm_id: Some(order.perm_id),
            parent_id: Some(0),
            account: Some(order.request.account.clone()),
            tif: Some(
                ticket
                    .tif
                    .clone()
                    .filter(|tif| !tif.is_empty())
                    .unwrap_or_else(|| "DAY".to_owned()),
            ),
            total_quantity: Some(written(instrument.quantity(order.request.quantity))),
            ..ticket
        }
    }

    pub(in crate::gateway) fn send_status(&mut self, to: ConnectionId, order: &Order) {
        let instrument = &self.exchange.market(order.request.instrument).instrument;
        let message = wire::OrderStatus {
            order_id: Some(order.key.order),
            status: Some(order.status.as_str().to_owned()),
            filled: Some(written(instrument.quantity(order.filled))),
            remaining: Some(written(instrument.quantity(order.remaining()))),
            avg_fill_price: Some(double(self.exchange.average_fill_price(order))),
            perm_id: Some(order.perm_id),
            parent_id: Some(0),
            last_fill_price: Some(double(instrument.price(order.last_fill))),
            client_id: Some(order.key.client),
            why_held: Some(order.why_held().to_owned()),
            mkt_cap_price: Some(0.0),
        };
        self.send(to, Class::Order, &message);
    }

    pub(in crate::gateway) fn send_completed_order(&mut self, to: ConnectionId, order: &Order) {
        let instrument = &self.exchange.market(order.request.instrument).instrument;
        let filled = written(instrument.quantity(order.filled));
        let left = written(instrument.quantity(order.remaining()));
        let at = self.exchange.unix_seconds(order.ended_at.unwrap_or_default());
        let outcome = match order.status {
            Status::Filled => format!("Filled Size: {filled}"),
            Status::Inactive => order.reason.clone().unwrap_or_default(),
            _ => "Cancelled by Trader".to_owned(),
        };
        let mut echo = self.echo(order);
        // A completed order has no order id, and its total is what was left unfilled.
        echo.order_id = Some(0);
        echo.total_quantity = Some(left);
        echo.filled_quantity = Some(filled);
        let message = wire::CompletedOrder {
            contract: Some(self.contract(order.request.instrument, Some(&self.routed_to(order.key)))),
            order: Some(echo),
            order_state: Some(wire::OrderState {
                status: Some(order.status.as_str().to_owned()),
                completed_time: Some(timestamp(at)),
                completed_status: Some(outcome),
                commission_and_fees: (order.filled > 0).then(|| double(order.fees)),
                commission_and_fees_currency: (order.filled > 0).then(|| "USD".to_owned()),
                ..wire::OrderState::default()
            }),
        };
        self.send(to, Class::Order, &message);
    }

    pub(in crate::gateway) fn send_execution(
        &mut self,
        to: ConnectionId,
        request: i32,
        execution: &Execution,
    ) {
        let exchange = self.routed_to(execution.order);
        let instrument = &self.exchange.market(execution.instrument).instrument;
        let ticket = self.orders.tickets.get(&execution.order);
        let message = fills::ExecutionDetails {
            req_id: Some(request),
            contract: Some(self.contract(execution.instrument, Some(&exchange))),
            execution: Some(fills::Execution {
                order_id: Some(execution.order.order),
                exec_id: Some(execution.id.clone()),
                time: Some(timestamp(self.exchange.unix_seconds(execution.at))),
                acct_number: Some(execution.account.clone()),
                exchange: Some(exchange),
                side: Some(if execution.side == Side::Buy { "BOT" } else { "SLD" }.to_owned()),
                shares: Some(written(instrument.quantity(execution.lots))),
                price: Some(double(instrument.price(execution.price))),
                perm_id: Some(execution.perm_id),
                client_id: Some(execution.order.client),
                is_liquidation: Some(false),
                cum_qty: Some(written(instrument.quantity(execution.cumulative))),
                avg_price: Some(double(execution.average_price)),
                order_ref: ticket.and_then(|ticket| ticket.order.order_ref.clone()),
                model_code: Some(String::new()),
                last_liquidity: Some(if execution.maker { 1 } else { 2 }),
                is_price_revision_pending: Some(false),
                ..fills::Execution::default()
            }),
        };
        self.send(to, Class::Order, &message);
    }

    pub(in crate::gateway) fn send_commission(&mut self, to: ConnectionId, execution: &Execution) {
        let message = fills::CommissionAndFeesReport {
            exec_id: Some(execution.id.clone()),
            commission_and_fees: Some(double(execution.fee)),
            currency: Some("USD".to_owned()),
            // An opening trade realises nothing, which this encoding says by leaving the field out.
            realized_pnl: execution.realized.map(double),
            bond_yield: None,
            yield_redemption_date: None,
        };
        self.send(to, Class::Order, &message);
    }

    /// What an order would do to its account, without placing it.
    pub(in crate::gateway) fn preview(
        &mut self,
        to: ConnectionId,
        key: OrderKey,
        asked: &OrderRequest,
        ticket: &Ticket,
    ) {
        let estimate = self.exchange.estimate(asked);
        let instrument = &self.exchange.market(asked.instrument).instrument;
        let amount = |value: Decimal| Some(double(value.round_dp(2)));
        let state = wire::OrderState {
            status: Some(Status::PreSubmitted.as_str().to_owned()),
            init_margin_before: amount(estimate.margin_before),
            maint_margin_before: amount(estimate.margin_before),
            equity_with_loan_before: amount(estimate.equity_before),
            init_margin_change: amount(estimate.margin_after - estimate.margin_before),
            maint_margin_change: amount(estimate.margin_after - estimate.margin_before),
            equity_with_loan_change: amount(-estimate.fee),
            init_margin_after: amount(estimate.margin_after),
            maint_margin_after: amount(estimate.margin_after),
            equity_with_loan_after: amount(estimate.equity_before - estimate.fee),
            commission_and_fees: Some(double(estimate.fee)),
            commission_and_fees_currency: Some("USD".to_owned()),
            margin_currency: Some("USD".to_owned()),
            ..wire::OrderState::default()
        };
        let echo = wire::Order {
            client_id: Some(key.client),
            order_id: Some(key.order),
            perm_id: Some(0),
            account: Some(asked.account.clone()),
            total_quantity: Some(written(instrument.quantity(asked.quantity))),
            ..ticket.order.clone()
        };
        let message = wire::OpenOrder {
            order_id: Some(key.order),
            contract: Some(self.contract(asked.instrument, Some(&ticket.exchange))),
            order: Some(echo),
            order_state: Some(state),
        };
        self.send(to, Class::Order, &message);
    }
}
