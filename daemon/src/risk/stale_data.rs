//! No order on an old picture of the market.

use super::View;
use super::denial::{Denial, DenialCode};
use crate::domain::order::OrderIntent;

/// There must be a quote with both sides, and it must be young.
pub(super) fn check(_intent: &OrderIntent, view: &View<'_>) -> Result<(), Denial> {
    let Some(quote) = view.quote.filter(|quote| quote.mid().is_some()) else {
        return Err(Denial::native(DenialCode::MissingInput, 0, 0));
    };
    let age = view.at.since(quote.received);
    let limit = view.limits.stale_after();
    if age > limit {
        let nanos = |duration: std::time::Duration| i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX);
        return Err(Denial::native(DenialCode::StaleData, nanos(limit), nanos(age)));
    }
    Ok(())
}
