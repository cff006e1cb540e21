//! What an operator, or a scenario, can do to the market: move prices, halt it, fill orders by decree.
//!
//! It never decides when. That is the control socket's and the script's business.

use rust_decimal::Decimal;

use crate::exchange::{Halt, InstrumentId, OrderKey};
use crate::gateway::Gateway;

/// An instrument by its local symbol: `AAPL`, `EUR.USD`.
pub(crate) fn instrument(gateway: &Gateway, symbol: &str) -> Result<InstrumentId, String> {
    let found = gateway
        .exchange()
        .markets()
        .find(|(_, market)| market.instrument.local_symbol == symbol);
    found
        .map(|(id, _)| id)
        .ok_or_else(|| format!("there is no instrument {symbol:?}"))
}

/// Moves a price at once.
pub(crate) fn set_price(gateway: &mut Gateway, symbol: &str, price: Decimal) -> Result<(), String> {
    let id = instrument(gateway, symbol)?;
    let ticks = gateway.exchange().market(id).instrument.ticks(price);
    let ticks = ticks.ok_or_else(|| format!("{price} is not on the tick grid of {symbol}"))?;
    gateway.operate(|exchange| exchange.move_price(id, ticks));
    Ok(())
}

/// Halts a market or lets it trade again, and switches the rules that do so, or that slow questions about
/// the past, on or off.
pub(crate) fn regulate(gateway: &mut Gateway, word: &str, what: &str) -> Result<(), String> {
    if matches!(word, "halt" | "resume") {
        let id = instrument(gateway, what)?;
        gateway.operate(|exchange| match word {
            "halt" => exchange.halt(id, Halt::General),
            _ => exchange.resume(id),
        });
        return Ok(());
    }
    let on = match what {
        "on" => true,
        "off" => false,
        _ => return Err(format!("{word} is on or off, not {what:?}")),
    };
    match word {
        "volatility-halts" => gateway.operate(|exchange| exchange.halt_on_large_moves(on)),
        "history-pacing" => gateway.pace_history(on),
        _ => return Err(format!("there is no command {word:?}")),
    }
    Ok(())
}

/// Fills a live order, of one client or of any, in part or in full.
pub(crate) fn fill(
    gateway: &mut Gateway,
    client: Option<i32>,
    order: i32,
    quantity: Option<Decimal>,
) -> Result<(), String> {
    let exchange = gateway.exchange();
    let asked = |key: OrderKey| key.order == order && client.is_none_or(|id| key.client == id);
    let found = exchange
        .orders()
        .find(|each| each.status.is_live() && asked(each.key));
    let found = found.ok_or_else(|| format!("there is no live order {order}"))?;
    let (key, instrument) = (found.key, &exchange.market(found.request.instrument).instrument);
    let lots = match quantity {
        None => None,
        Some(quantity) => {
            let lots = instrument.lots(quantity);
            Some(lots.ok_or_else(|| format!("{quantity:?} is no quantity"))?)
        }
    };
    let result = gateway.operate(|exchange| exchange.force_fill(key, lots));
    result.map_err(|error| error.to_string())
}
