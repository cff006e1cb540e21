//! Is anything allowed to leave at all?

use super::denial::{Denial, DenialCode};
use super::{View, reduces};
use crate::domain::order::OrderIntent;
use crate::domain::trading_state::TradingState;

/// Only an active desk sends; a reduce-only desk, an instrument in which the books differ, or an order that says so itself,
/// must bring the position nearer to zero, counting what already works in that direction.
pub(super) fn check(intent: &OrderIntent, view: &View<'_>) -> Result<(), Denial> {
    let reduce_only = match view.trading_state {
        TradingState::Active => intent.reduce_only || view.unreconciled,
        TradingState::ReduceOnly => true,
        TradingState::Recovering | TradingState::Halted | TradingState::Draining => {
            return Err(Denial::native(
                DenialCode::TradingState,
                0,
                view.trading_state as i64,
            ));
        }
    };
    if !reduce_only {
        return Ok(());
    }
    let exposure = &view.exposure;
    let working = match intent.side {
        crate::domain::order::Side::Buy => exposure.open_buy,
        crate::domain::order::Side::Sell => exposure.open_sell,
    };
    if reduces(intent.side, intent.quantity.plus(working), exposure.position) {
        return Ok(());
    }
    let value = intent.side.signed(intent.quantity).nanos();
    let code = match view.trading_state {
        TradingState::Active if !intent.reduce_only => DenialCode::Unreconciled,
        _ => DenialCode::ReduceOnly,
    };
    Err(Denial::native(code, exposure.position.nanos(), value))
}
