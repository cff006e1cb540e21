//! No price far from the market: the collar of MiFID II RTS 6 art. 15(1)(a) and SEC rule 15c3-5(c)(1)(ii).

use super::View;
use super::denial::{Denial, DenialCode};
use crate::domain::order::OrderIntent;

/// Limit and stop must be within the collar around the last mid. A market order has no price of its own.
pub(super) fn check(intent: &OrderIntent, view: &View<'_>) -> Result<(), Denial> {
    let Some(mid) = view.quote.and_then(crate::domain::quote::Quote::mid) else {
        return Err(Denial::native(DenialCode::MissingInput, 0, 0));
    };
    let width = mid.parts_per_million(view.limits.price_collar_ppm);
    let prices = [intent.kind.limit(), intent.kind.stop()];
    match prices
        .into_iter()
        .flatten()
        .map(|price| price.distance(mid))
        .find(|far| *far > width)
    {
        Some(far) => Err(Denial::native(
            DenialCode::PriceCollar,
            width.nanos(),
            far.nanos(),
        )),
        None => Ok(()),
    }
}
