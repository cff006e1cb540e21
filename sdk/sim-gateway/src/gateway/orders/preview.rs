//! What-if: what an order would do to its account, without placing it.

use super::frames::{money, size};
use super::placing::Ticket;
use crate::exchange::{Estimate, OrderKey, OrderRequest, Status};
use crate::gateway::values::double;
use crate::gateway::{Class, ConnectionId, Gateway};
use crate::wire::messages::order as wire;

impl Gateway {
    /// Answers with an open order that is none: margins before and after, fees, and a warning where the
    /// account could not carry it.
    pub(in crate::gateway) fn preview(
        &mut self,
        to: ConnectionId,
        key: OrderKey,
        asked: &OrderRequest,
        ticket: &Ticket,
    ) {
        let estimate = self.exchange.estimate(asked);
        let instrument = &self.exchange.market(asked.instrument).instrument;
        let echo = wire::Order {
            client_id: Some(key.client),
            order_id: Some(key.order),
            perm_id: Some(0),
            account: Some(asked.account.clone()),
            total_quantity: size(instrument, asked.quantity),
            ..ticket.order.clone()
        };
        let state = order_state(&estimate, &instrument.currency);
        let message = wire::OpenOrder {
            order_id: Some(key.order),
            contract: Some(self.contract(asked.instrument, Some(&ticket.exchange))),
            order: Some(echo),
            order_state: Some(state),
        };
        self.send(to, Class::Order, &message);
    }
}

fn order_state(estimate: &Estimate, currency: &str) -> wire::OrderState {
    let (before, after) = (estimate.before, estimate.after);
    let change = after - before;
    let (equity_before, equity_after) = (money(estimate.equity_before), money(estimate.equity_after));
    let equity_change = money(estimate.equity_after - estimate.equity_before);
    let short = after.initial > estimate.equity_after;
    let exact = estimate.least_fee == estimate.most_fee;
    let fee = Some(double(estimate.fee));
    let warning = "YOUR ORDER IS NOT ACCEPTED. IN ORDER TO OBTAIN THE DESIRED POSITION YOUR EQUITY WITH LOAN \
                   VALUE MUST EXCEED THE INITIAL MARGIN";
    wire::OrderState {
        status: Some(Status::PreSubmitted.as_str().to_owned()),
        init_margin_before: money(before.initial),
        maint_margin_before: money(before.maintenance),
        equity_with_loan_before: equity_before,
        init_margin_change: money(change.initial),
        maint_margin_change: money(change.maintenance),
        equity_with_loan_change: equity_change,
        init_margin_after: money(after.initial),
        maint_margin_after: money(after.maintenance),
        equity_with_loan_after: equity_after,
        // The rates of this market are the same around the clock.
        init_margin_before_outside_rth: money(before.initial),
        maint_margin_before_outside_rth: money(before.maintenance),
        equity_with_loan_before_outside_rth: equity_before,
        init_margin_change_outside_rth: money(change.initial),
        maint_margin_change_outside_rth: money(change.maintenance),
        equity_with_loan_change_outside_rth: equity_change,
        init_margin_after_outside_rth: money(after.initial),
        maint_margin_after_outside_rth: money(after.maintenance),
        equity_with_loan_after_outside_rth: equity_after,
        commission_and_fees: fee,
        min_commission_and_fees: (!exact).then(|| double(estimate.least_fee)),
        max_commission_and_fees: (!exact).then(|| double(estimate.most_fee)),
        commission_and_fees_currency: Some(currency.to_owned()),
        margin_currency: Some(crate::exchange::BASE_CURRENCY.to_owned()),
        warning_text: short.then(|| warning.to_owned()),
        ..wire::OrderState::default()
    }
}
