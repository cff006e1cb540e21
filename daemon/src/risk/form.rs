//! Is it an order the instrument takes? IB answers a price off the tick with error 110.

use super::View;
use super::denial::{Denial, DenialCode};
use crate::domain::instrument::SecurityType;
use crate::domain::money::Quantity;
use crate::domain::order::OrderIntent;

/// Above zero, whole where the instrument is whole, on the tick, of an instrument that is resolved and tradable.
pub(super) fn check(intent: &OrderIntent, view: &View<'_>) -> Result<(), Denial> {
    let instrument = view.instrument;
    if instrument.con_id.is_none() {
        return Err(Denial::native(
            DenialCode::MissingInput,
            0,
            i64::from(instrument.id.0),
        ));
    }
    let whole_only = !matches!(
        instrument.security_type,
        SecurityType::Crypto | SecurityType::Cash
    );
    let fractional = intent.quantity.nanos() % Quantity::ONE.nanos() != 0;
    let untradable = instrument.security_type == SecurityType::Ind;
    if !intent.quantity.is_positive() || untradable || (whole_only && fractional) {
        return Err(Denial::native(DenialCode::Form, 0, intent.quantity.nanos()));
    }
    let prices = [intent.kind.limit(), intent.kind.stop()];
    match prices
        .into_iter()
        .flatten()
        .find(|price| !price.is_on_tick(instrument.tick))
    {
        Some(price) => Err(Denial::native(
            DenialCode::Form,
            instrument.tick.nanos(),
            price.nanos(),
        )),
        None => Ok(()),
    }
}
