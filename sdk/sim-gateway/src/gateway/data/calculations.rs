//! What an option would cost at a volatility, and which volatility a price stands for, on request.
//!
//! An answer is given once; the request id stays taken until it is cancelled, as on real gateways.

use super::quotes::{CUSTOM_OPTION, computation, unknown_ticker};
use crate::exchange::InstrumentId;
use crate::exchange::model::Greeks;
use crate::gateway::{Class, ConnectionId, Gateway, Problem};
use crate::wire::messages::contract::Contract;
use crate::wire::messages::option as wire;

impl Gateway {
    pub(super) fn calculate_volatility(
        &mut self,
        from: ConnectionId,
        asked: &wire::CalculateImpliedVolatilityRequest,
    ) -> Result<(), Problem> {
        let request = asked.req_id.unwrap_or(0);
        let price = positive(asked.option_price, "option price")?;
        let underlying = positive(asked.under_price, "underlying price")?;
        let id = self.option(asked.contract.as_ref())?;
        let found = self.exchange.option_volatility(id, price, underlying);
        self.answer(from, request, found, price)
    }

    pub(super) fn calculate_price(
        &mut self,
        from: ConnectionId,
        asked: &wire::CalculateOptionPriceRequest,
    ) -> Result<(), Problem> {
        let request = asked.req_id.unwrap_or(0);
        let volatility = positive(asked.volatility, "volatility")?;
        let underlying = positive(asked.under_price, "underlying price")?;
        let id = self.option(asked.contract.as_ref())?;
        let found = self.exchange.option_price(id, volatility, underlying);
        let price = found.map_or(-1.0, |greeks| greeks.price);
        self.answer(from, request, found, price)
    }

    pub(super) fn cancel_volatility(
        &mut self,
        from: ConnectionId,
        asked: &wire::CancelCalculateImpliedVolatility,
    ) -> Result<(), Problem> {
        self.cancel_calculation(from, asked.req_id.unwrap_or(0))
    }

    pub(super) fn cancel_price(
        &mut self,
        from: ConnectionId,
        asked: &wire::CancelCalculateOptionPrice,
    ) -> Result<(), Problem> {
        self.cancel_calculation(from, asked.req_id.unwrap_or(0))
    }

    fn cancel_calculation(&mut self, from: ConnectionId, request: i32) -> Result<(), Problem> {
        let known = self.with_session(from, |session| session.data.calculations.remove(&request))?;
        if known {
            Ok(())
        } else {
            Err(unknown_ticker(request))
        }
    }

    /// The option meant.
    fn option(&mut self, contract: Option<&Contract>) -> Result<InstrumentId, Problem> {
        let id = self.resolve(contract)?;
        if self.exchange.market(id).instrument.kind.is_option() {
            return Ok(id);
        }
        Err(Problem::invalid("The contract is not an option"))
    }

    fn answer(
        &mut self,
        to: ConnectionId,
        request: i32,
        found: Option<Greeks>,
        price: f64,
    ) -> Result<(), Problem> {
        let new = self.with_session(to, |session| session.data.calculations.insert(request))?;
        if !new {
            return Err(Problem::new(
                322,
                "Error processing request.-'bK' : cause - Duplicate ticker id",
            ));
        }
        let message = computation(request, CUSTOM_OPTION, found, Some(price));
        self.send(to, Class::Other, &message);
        Ok(())
    }
}

fn positive(value: Option<f64>, what: &str) -> Result<f64, Problem> {
    let value = value.unwrap_or(0.0);
    if value.is_finite() && value > 0.0 {
        Ok(value)
    } else {
        Err(Problem::invalid(format_args!("Invalid {what} {value}")))
    }
}
