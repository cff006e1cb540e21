//! Orders as frames, in the sequences real gateways were seen to send.

use rust_decimal::Decimal;

use super::kinds;
use crate::exchange::{Change, Hold, Instrument, OcaRule, Order, OrderKind, Phase, Side, Status, Ticks};
use crate::gateway::values::{double, timestamp, written};
use crate::gateway::{Class, ConnectionId, Gateway, Problem};
use crate::wire::messages::order as wire;

impl Gateway {
    /// Tells of a change that is no trade.
    pub(in crate::gateway) fn publish_change(&mut self, change: &Change, order: &Order) {
        let owner = self.owner(order);
        let problem = self.problem_with(change, order);
        let rejected = matches!(change, Change::Rejected { .. });
        if let (Some(to), Some(problem), true) = (owner, &problem, rejected) {
            self.error(to, order.shown.order, problem);
        }
        for to in self.audience(order) {
            let ends = matches!(
                change,
                Change::CancelPending | Change::Cancelled | Change::Expired
            );
            if !ends {
                self.send_open_order(to, order, false);
            }
            self.send_status(to, order);
            if *change == Change::Bound {
                let bound = wire::OrderBound {
                    perm_id: Some(order.perm_id),
                    client_id: Some(order.shown.client),
                    order_id: Some(order.shown.order),
                };
                self.send(to, Class::Order, &bound);
            }
        }
        if let (Some(to), Some(problem), false) = (owner, &problem, rejected) {
            self.error(to, order.shown.order, problem);
        }
    }

    /// The message that goes with a change, if any: why an order was refused, withdrawn or held.
    fn problem_with(&self, change: &Change, order: &Order) -> Option<Problem> {
        match change {
            Change::Rejected { reason } => {
                Some(Problem::new(201, format!("Order rejected - reason:{reason}")))
            }
            Change::Cancelled | Change::Expired => {
                let reason = order.reason.as_deref().unwrap_or_default();
                Some(Problem::new(202, format!("Order Canceled - reason:{reason}")))
            }
            Change::Held if order.held == Some(Hold::Locate) => {
                Some(Problem::new(404, "Order held while securities are located."))
            }
            Change::Held if order.held == Some(Hold::Session) => Some(self.waits_for_session(order)),
            _ => None,
        }
    }

    /// What is to be said of an order outside its market's hours: when it will go there.
    fn waits_for_session(&self, order: &Order) -> Problem {
        let id = order.request.instrument;
        let instrument = &self.exchange.market(id).instrument;
        let action = if order.request.side == Side::Buy {
            "BUY"
        } else {
            "SELL"
        };
        let size = written(instrument.quantity(order.request.quantity));
        let phase = match order.request.attributes.outside_rth {
            true => Phase::Extended,
            false => Phase::Regular,
        };
        let now = self.exchange.unix_seconds(self.exchange.now());
        let opens = self.exchange.next_open(id, now, phase);
        let opens = opens.map_or_else(|| "the market opens".to_owned(), timestamp);
        let text = format!(
            "Order Message:\n{action} {size} {} {}\nWarning: Your order will not be placed at the exchange \
             until {opens}.",
            instrument.local_symbol, instrument.primary_exchange
        );
        Problem::new(399, text)
    }

    pub(in crate::gateway) fn send_open_order(&mut self, to: ConnectionId, order: &Order, with_fees: bool) {
        let mut state = wire::OrderState {
            status: Some(order.status.as_str().to_owned()),
            reject_reason: order.reason.clone(),
            ..wire::OrderState::default()
        };
        let instrument = &self.exchange.market(order.request.instrument).instrument;
        if with_fees {
            state.commission_and_fees = Some(double(order.fees));
            state.commission_and_fees_currency = Some(instrument.currency.clone());
        }
        let message = wire::OpenOrder {
            order_id: Some(order.shown.order),
            contract: Some(self.contract(
                order.request.instrument,
                Some(&self.routed_to(order.key, order.shown, order.request.instrument)),
            )),
            order: Some(self.echo(order)),
            order_state: Some(state),
        };
        self.send(to, Class::Order, &message);
    }

    /// The order as its client wrote it, with what the gateway fills in.
    fn echo(&self, order: &Order) -> wire::Order {
        let instrument = &self.exchange.market(order.request.instrument).instrument;
        let ticket = match self.ticket(order.key, order.shown) {
            Some(ticket) => ticket.order.clone(),
            None => kinds::written(&order.request, instrument),
        };
        let at = |ticks: Ticks| Some(double(instrument.price(ticks)));
        let (oca_group, oca_type) = match &order.oca {
            Some(group) => (Some(group.name.clone()), Some(oca_type(group.rule))),
            None => (
                ticket.oca_group.clone(),
                Some(ticket.oca_type.filter(|kind| *kind != 0).unwrap_or(3)),
            ),
        };
        let trails = matches!(order.kind, OrderKind::Trail { .. } | OrderKind::TrailLimit { .. });
        // A price that follows the market is shown as it stands; any other as it was asked.
        let follows = trails || order.limit != order.request.kind.limit();
        let limit = order.limit.filter(|_| follows).and_then(at);
        let stop = order.stop.filter(|_| trails).and_then(at);
        wire::Order {
            client_id: Some(order.shown.client),
            order_id: Some(order.shown.order),
            perm_id: Some(order.perm_id),
            parent_id: Some(ticket.parent_id.unwrap_or(0)),
            parent_perm_id: (order.parent_perm_id != 0).then_some(order.parent_perm_id),
            account: Some(order.request.account.clone()),
            tif: Some(self.shown_tif(&ticket)),
            total_quantity: Some(written(instrument.quantity(order.request.quantity))),
            lmt_price: limit.or(ticket.lmt_price).or(Some(0.0)),
            aux_price: ticket.aux_price.or(Some(0.0)),
            trail_stop_price: stop.or(ticket.trail_stop_price),
            oca_group,
            oca_type,
            ..ticket
        }
    }

    fn shown_tif(&self, ticket: &wire::Order) -> String {
        let preset = self.orders.preset_tif.clone();
        let written = ticket.tif.clone().filter(|tif| !tif.is_empty());
        written.or(preset).unwrap_or_else(|| "DAY".to_owned())
    }

    pub(in crate::gateway) fn send_status(&mut self, to: ConnectionId, order: &Order) {
        let instrument = &self.exchange.market(order.request.instrument).instrument;
        let ticket = self.ticket(order.key, order.shown);
        let message = wire::OrderStatus {
            order_id: Some(order.shown.order),
            status: Some(order.status.as_str().to_owned()),
            filled: Some(written(instrument.quantity(order.filled))),
            remaining: Some(written(instrument.quantity(order.remaining()))),
            avg_fill_price: Some(double(self.exchange.average_fill_price(order))),
            perm_id: Some(order.perm_id),
            parent_id: Some(ticket.and_then(|ticket| ticket.order.parent_id).unwrap_or(0)),
            last_fill_price: Some(double(instrument.price(order.last_fill))),
            client_id: Some(order.shown.client),
            why_held: Some(if order.is_live() { order.why_held() } else { "" }.to_owned()),
            mkt_cap_price: Some(0.0),
        };
        self.send(to, Class::Order, &message);
    }

    pub(in crate::gateway) fn send_completed_order(&mut self, to: ConnectionId, order: &Order) {
        let instrument = &self.exchange.market(order.request.instrument).instrument;
        let filled = written(instrument.quantity(order.filled));
        let left = written(instrument.quantity(order.remaining()));
        let currency = instrument.currency.clone();
        let at = self.exchange.unix_seconds(order.ended_at.unwrap_or_default());
        let outcome = match order.status {
            Status::Filled => format!("Filled Size: {filled}"),
            Status::Inactive => order.reason.clone().unwrap_or_default(),
            _ => order
                .reason
                .clone()
                .unwrap_or_else(|| "Cancelled by Trader".to_owned()),
        };
        let mut echo = self.echo(order);
        // A completed order has no order id, and its total is what was left unfilled.
        echo.order_id = Some(0);
        echo.total_quantity = Some(left);
        echo.filled_quantity = Some(filled);
        let message = wire::CompletedOrder {
            contract: Some(self.contract(
                order.request.instrument,
                Some(&self.routed_to(order.key, order.shown, order.request.instrument)),
            )),
            order: Some(echo),
            order_state: Some(wire::OrderState {
                status: Some(order.status.as_str().to_owned()),
                completed_time: Some(timestamp(at)),
                completed_status: Some(outcome),
                commission_and_fees: (order.filled > 0).then(|| double(order.fees)),
                commission_and_fees_currency: (order.filled > 0).then_some(currency),
                ..wire::OrderState::default()
            }),
        };
        self.send(to, Class::Order, &message);
    }
}

fn oca_type(rule: OcaRule) -> i32 {
    match rule {
        OcaRule::CancelWithBlock => 1,
        OcaRule::ReduceWithBlock => 2,
        OcaRule::ReduceWithoutBlock => 3,
    }
}

/// An amount of money as a message carries it.
pub(super) fn money(value: Decimal) -> Option<f64> {
    Some(double(value.round_dp(2)))
}

/// A size as a message carries it.
pub(super) fn size(instrument: &Instrument, lots: i64) -> Option<String> {
    Some(written(instrument.quantity(lots)))
}
