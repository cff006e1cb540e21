//! How much one plugin may hold of one instrument.

use super::View;
use super::denial::{Denial, DenialCode};
use crate::domain::order::{OrderIntent, Side};

/// The position if this order and all that already works on its side, here and by others' hands, were filled. An order
/// that only brings a position nearer to zero passes even above the limit: a lowered limit must not lock anyone in.
pub(super) fn check(intent: &OrderIntent, view: &View<'_>) -> Result<(), Denial> {
    let exposure = &view.exposure;
    let own = match intent.side {
        Side::Buy => exposure.position.plus(exposure.open_buy).plus(intent.quantity),
        Side::Sell => exposure.position.minus(exposure.open_sell).minus(intent.quantity),
    };
    let worst = match intent.side {
        Side::Buy => own.plus(exposure.external_buy),
        Side::Sell => own.minus(exposure.external_sell),
    };
    let limit = view.limits.max_position;
    let widens = own.abs() > exposure.position.abs();
    if widens && worst.abs() > limit {
        return Err(Denial::native(
            DenialCode::PositionLimit,
            limit.nanos(),
            worst.nanos(),
        ));
    }
    Ok(())
}
