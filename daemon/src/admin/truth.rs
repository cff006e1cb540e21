//! The comparison with the broker's truth in the words of the API: differences, and orders that others made. Pure.

use super::convert::{Names, instant};
use super::schema;
use crate::desk::discrepancies::Discrepancy;
use crate::desk::origin;
use crate::domain::plugin::EXTERNAL_NAME;
use crate::domain::report::BrokerOrder;
use crate::domain::time::Timestamp;
use crate::orders::lifecycle::OrderState;

pub(super) fn discrepancy(now: Timestamp, row: &Discrepancy, names: Names<'_>) -> schema::Discrepancy {
    let found = &row.found;
    schema::Discrepancy {
        name: row.name.clone(),
        kind: found.kind.as_str().to_owned(),
        instrument: found.instrument.map(|id| names.name(id)),
        owner: found.owner.clone(),
        detail: found.detail.clone(),
        difference: (!found.difference.is_zero()).then(|| found.difference.to_string()),
        fix: found.kind.fix().to_owned(),
        first_seen_at: instant(row.first_seen),
        last_seen_at: instant(row.last_seen),
        age_s: now.since(row.first_seen).as_secs_f64(),
        confirmed: row.confirmed,
        accepted_by: row.accepted.as_ref().map(|accepted| accepted.user.clone()),
        accepted_reason: row.accepted.as_ref().map(|accepted| accepted.reason.clone()),
    }
}

/// An order that others made, beside ours in the list.
pub(super) fn external_order(row: &BrokerOrder, names: Names<'_>) -> schema::Order {
    let elsewhere = || format!("contract {}", row.con_id);
    let state = OrderState::from_broker(row.status);
    schema::Order {
        order_id: row.order_id.0,
        perm_id: row.perm_id,
        client_order_id: 0,
        plugin: EXTERNAL_NAME.to_owned(),
        origin: origin(row.client_id),
        instrument: row.instrument.map_or_else(elsewhere, |id| names.name(id)),
        side: row.side.as_str().to_owned(),
        kind: row.kind.map_or("other", |kind| kind.as_str()).to_owned(),
        limit: row
            .kind
            .and_then(|kind| kind.limit())
            .map(|price| price.to_string()),
        stop: row
            .kind
            .and_then(|kind| kind.stop())
            .map(|price| price.to_string()),
        time_in_force: row.time_in_force.map_or("other", |held| held.as_str()).to_owned(),
        quantity: row.quantity.to_string(),
        filled: row.filled.unwrap_or_default().to_string(),
        state: state.as_str().to_owned(),
        live: !state.is_final(),
        reason: row.reason.clone(),
        order_ref: row.order_ref.clone(),
        accepted_at: None,
        changed_at: None,
    }
}
