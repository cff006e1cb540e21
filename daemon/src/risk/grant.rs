//! What the operator granted this plugin. The host has checked it once; the gate does not take its word.

use super::View;
use super::denial::{Denial, DenialCode};
use super::limits::OrderType;
use crate::domain::order::OrderIntent;

/// Instrument, kind of order and size must all be in the grant.
pub(super) fn check(intent: &OrderIntent, view: &View<'_>) -> Result<(), Denial> {
    let grant = view.grant;
    if !grant.instruments.contains(&intent.instrument) {
        let value = i64::from(intent.instrument.0);
        return Err(Denial::native(DenialCode::InstrumentNotGranted, 0, value));
    }
    if !grant.order_types.contains(&OrderType::of(intent.kind)) {
        let value = i64::from(intent.kind.fix_code());
        return Err(Denial::native(DenialCode::OrderTypeNotGranted, 0, value));
    }
    if intent.quantity > grant.max_quantity {
        let (limit, value) = (grant.max_quantity.nanos(), intent.quantity.nanos());
        return Err(Denial::native(DenialCode::GrantQuantity, limit, value));
    }
    Ok(())
}
