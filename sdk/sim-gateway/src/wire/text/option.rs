//! Options as text.

use std::collections::BTreeMap;

use super::contract::read_contract;
use super::{FieldError, Fields, Request, Response, Writer};
use crate::wire::ids::{request, response};
use crate::wire::messages::option::{
    CalculateImpliedVolatilityRequest, CalculateOptionPriceRequest, CancelCalculateImpliedVolatility,
    CancelCalculateOptionPrice, SecDefOptParameter, SecDefOptParameterEnd, SecDefOptParamsRequest,
    TickOptionComputation,
};

/// What stands for a volatility, price or dividend that is not computed.
const NO_PRICE: f64 = -1.0;
/// What stands for a sensitivity that is not computed; -1 is one.
const NO_GREEK: f64 = -2.0;

impl Request for CalculateImpliedVolatilityRequest {
    const ID: u32 = request::CALCULATE_IMPLIED_VOLATILITY;

    fn read(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        fields.skip()?;
        Ok(Self {
            req_id: fields.integer()?,
            contract: Some(read_contract(fields)?),
            option_price: fields.double()?,
            under_price: fields.double()?,
            implied_volatility_options: read_options(fields)?,
        })
    }
}

impl Request for CalculateOptionPriceRequest {
    const ID: u32 = request::CALCULATE_OPTION_PRICE;

    fn read(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        fields.skip()?;
        Ok(Self {
            req_id: fields.integer()?,
            contract: Some(read_contract(fields)?),
            volatility: fields.double()?,
            under_price: fields.double()?,
            option_price_options: read_options(fields)?,
        })
    }
}

/// Options that some clients count first, and others, the official one among them, do not.
fn read_options(fields: &mut Fields<'_>) -> Result<BTreeMap<String, String>, FieldError> {
    fields.may_end();
    let options = fields.tags()?;
    let mut tags = options.iter();
    let count = tags
        .next()
        .filter(|(tag, value)| value.is_empty() && tag.parse::<u32>().is_ok());
    if count.is_some() && tags.next().is_none() {
        return fields.tags();
    }
    Ok(options)
}

impl Request for CancelCalculateImpliedVolatility {
    const ID: u32 = request::CANCEL_CALCULATE_IMPLIED_VOLATILITY;

    fn read(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        fields.skip()?;
        Ok(Self {
            req_id: fields.integer()?,
        })
    }
}

impl Request for CancelCalculateOptionPrice {
    const ID: u32 = request::CANCEL_CALCULATE_OPTION_PRICE;

    fn read(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        fields.skip()?;
        Ok(Self {
            req_id: fields.integer()?,
        })
    }
}

impl Request for SecDefOptParamsRequest {
    const ID: u32 = request::SEC_DEF_OPT_PARAMS;

    fn read(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self {
            req_id: fields.integer()?,
            underlying_symbol: fields.text()?,
            fut_fop_exchange: fields.text()?,
            underlying_sec_type: fields.text()?,
            underlying_con_id: fields.integer()?,
        })
    }
}

impl Response for TickOptionComputation {
    const ID: u32 = response::TICK_OPTION_COMPUTATION;

    fn write(&self, out: &mut Writer<'_>) {
        out.integer_or_zero(self.req_id);
        out.integer_or_zero(self.tick_type);
        out.integer_or_zero(self.tick_attrib);
        out.double(self.implied_vol.unwrap_or(NO_PRICE));
        out.double(self.delta.unwrap_or(NO_GREEK));
        out.double(self.opt_price.unwrap_or(NO_PRICE));
        out.double(self.pv_dividend.unwrap_or(NO_PRICE));
        out.double(self.gamma.unwrap_or(NO_GREEK));
        out.double(self.vega.unwrap_or(NO_GREEK));
        out.double(self.theta.unwrap_or(NO_GREEK));
        out.double(self.und_price.unwrap_or(NO_PRICE));
    }
}

impl Response for SecDefOptParameter {
    const ID: u32 = response::SEC_DEF_OPT_PARAMETER;

    fn write(&self, out: &mut Writer<'_>) {
        out.integer_or_zero(self.req_id);
        out.maybe(self.exchange.as_deref());
        out.integer_or_zero(self.underlying_con_id);
        out.maybe(self.trading_class.as_deref());
        out.maybe(self.multiplier.as_deref());
        out.count(self.expirations.len());
        for expiration in &self.expirations {
            out.text(expiration);
        }
        out.count(self.strikes.len());
        for strike in &self.strikes {
            out.double(*strike);
        }
    }
}

impl Response for SecDefOptParameterEnd {
    const ID: u32 = response::SEC_DEF_OPT_PARAMETER_END;

    fn write(&self, out: &mut Writer<'_>) {
        out.integer_or_zero(self.req_id);
    }
}
