//! The node's largest order.

use super::View;
use super::denial::{Denial, DenialCode};
use crate::domain::order::OrderIntent;

/// A fat finger, counted in shares.
pub(super) fn check(intent: &OrderIntent, view: &View<'_>) -> Result<(), Denial> {
    let limit = view.limits.max_quantity;
    if intent.quantity > limit {
        return Err(Denial::native(
            DenialCode::MaxQuantity,
            limit.nanos(),
            intent.quantity.nanos(),
        ));
    }
    Ok(())
}
