//! The exchange's words into the daemon's, and back.

use moored::domain::instrument::InstrumentId as Known;
use moored::domain::money::{Money, Price, Quantity};
use moored::domain::order::{self as domain, OrderId};
use moored::domain::report::{BrokerStatus, Commission, StatusReport};
use moored::orders::placement::Placement;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use sim_gateway::exchange::{
    Attributes, Execution, InstrumentId, Order, OrderKind, OrderRequest, Side, Status, TimeInForce,
};

use super::{ACCOUNT, INSTRUMENTS};
use crate::operation::Way;

/// Nanos of a price in one cent, the tick of every instrument here.
const CENT: i64 = 10_000_000;
/// Nanos of a quantity in one lot.
const LOT: i64 = 1_000_000_000;

/// A price in cents.
pub const fn price(cents: i64) -> Price {
    Price::from_nanos(cents * CENT)
}

/// A price as cents.
pub const fn cents(price: Price) -> i64 {
    price.nanos() / CENT
}

/// A quantity in lots.
pub const fn quantity(lots: i64) -> Quantity {
    Quantity::from_nanos(lots * LOT)
}

/// A quantity as lots.
pub const fn lots(quantity: Quantity) -> i64 {
    quantity.nanos() / LOT
}

pub(super) const fn side(side: Side) -> domain::Side {
    match side {
        Side::Buy => domain::Side::Buy,
        Side::Sell => domain::Side::Sell,
    }
}

/// A side as the daemon names it.
pub const fn domain_side(way: Way) -> domain::Side {
    match way {
        Way::Buy => domain::Side::Buy,
        Way::Sell => domain::Side::Sell,
    }
}

pub(super) const fn side_of(way: Way) -> Side {
    match way {
        Way::Buy => Side::Buy,
        Way::Sell => Side::Sell,
    }
}

/// The daemon's instrument, if it is one that is configured.
pub(super) fn instrument(id: InstrumentId) -> Option<Known> {
    u32::try_from(id.0).ok().filter(|_| id.0 < INSTRUMENTS).map(Known)
}

pub(super) fn request(placement: &Placement) -> OrderRequest {
    OrderRequest {
        account: ACCOUNT.to_owned(),
        instrument: InstrumentId(placement.instrument.index()),
        side: match placement.side {
            domain::Side::Buy => Side::Buy,
            domain::Side::Sell => Side::Sell,
        },
        quantity: lots(placement.quantity),
        kind: match placement.kind {
            domain::OrderKind::Market => OrderKind::Market,
            domain::OrderKind::Limit { limit } => OrderKind::Limit { limit: cents(limit) },
            domain::OrderKind::Stop { stop } => OrderKind::Stop { trigger: cents(stop) },
            domain::OrderKind::StopLimit { stop, limit } => OrderKind::StopLimit {
                trigger: cents(stop),
                limit: cents(limit),
            },
        },
        tif: match placement.time_in_force {
            domain::TimeInForce::Day => TimeInForce::Day,
            domain::TimeInForce::Gtc => TimeInForce::Gtc,
            domain::TimeInForce::Ioc => TimeInForce::Ioc,
        },
        transmit: true,
        attributes: Attributes::default(),
    }
}

/// `None` for kinds the daemon does not speak.
pub(super) const fn kind(kind: OrderKind) -> Option<domain::OrderKind> {
    Some(match kind {
        OrderKind::Market => domain::OrderKind::Market,
        OrderKind::Limit { limit } => domain::OrderKind::Limit { limit: price(limit) },
        OrderKind::Stop { trigger } => domain::OrderKind::Stop { stop: price(trigger) },
        OrderKind::StopLimit { trigger, limit } => domain::OrderKind::StopLimit {
            stop: price(trigger),
            limit: price(limit),
        },
        _ => return None,
    })
}

pub(super) const fn time_in_force(tif: TimeInForce) -> Option<domain::TimeInForce> {
    match tif {
        TimeInForce::Day => Some(domain::TimeInForce::Day),
        TimeInForce::Gtc => Some(domain::TimeInForce::Gtc),
        TimeInForce::Ioc => Some(domain::TimeInForce::Ioc),
        _ => None,
    }
}

pub(super) const fn status(status: Status) -> BrokerStatus {
    match status {
        Status::PendingSubmit => BrokerStatus::PendingSubmit,
        Status::PreSubmitted => BrokerStatus::PreSubmitted,
        Status::Submitted => BrokerStatus::Submitted,
        Status::PendingCancel => BrokerStatus::PendingCancel,
        Status::Cancelled => BrokerStatus::Cancelled,
        Status::Filled => BrokerStatus::Filled,
        Status::Inactive => BrokerStatus::Inactive,
    }
}

pub(super) fn status_report(order: &Order) -> StatusReport {
    let held = order.why_held();
    StatusReport {
        order_id: OrderId(order.shown.order),
        status: status(order.status),
        filled: quantity(order.filled),
        remaining: quantity(order.remaining()),
        perm_id: order.perm_id,
        why_held: (!held.is_empty()).then(|| held.to_owned()),
    }
}

pub(super) fn commission(execution: &Execution) -> Commission {
    let nanos = execution.fee * Decimal::from(1_000_000_000);
    Commission {
        exec_id: execution.id.clone(),
        amount: Money::from_nanos(nanos.to_i128().unwrap_or(0)),
        currency: "USD".to_owned(),
    }
}
