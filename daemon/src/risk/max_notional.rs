//! The node's largest order, counted in money.

use super::denial::{Denial, DenialCode};
use super::{View, valuation_price};
use crate::domain::order::OrderIntent;

/// Valued at its limit, else its stop, else the quote's far side; with none of them it cannot be valued, so it is denied.
pub(super) fn check(intent: &OrderIntent, view: &View<'_>) -> Result<(), Denial> {
    let Some(price) = valuation_price(intent, view.quote) else {
        return Err(Denial::native(DenialCode::MissingInput, 0, 0));
    };
    let notional = price.notional(intent.quantity, view.instrument.multiplier).abs();
    let limit = view.limits.max_notional;
    if notional > limit {
        let (limit, value) = (limit.nanos_saturating(), notional.nanos_saturating());
        return Err(Denial::native(DenialCode::MaxNotional, limit, value));
    }
    Ok(())
}
