//! A contract inside another message: the runs of fields in which requests and answers carry it, beyond
//! those in [`super::contract`].
//!
//! Each function reads or writes one such run and nothing before or after it.

use super::contract::{is_combination, read_contract, read_legs};
use super::{FieldError, Fields, Writer};
use crate::wire::messages::contract::{ComboLeg, Contract, DeltaNeutralContract};

/// Reads the twelve fields and whether expired contracts count too.
pub(super) fn read_with_expired(fields: &mut Fields<'_>) -> Result<Contract, FieldError> {
    let mut contract = read_contract(fields)?;
    contract.include_expired = fields.flag()?;
    Ok(contract)
}

/// Reads the eleven fields of a request that names no primary exchange.
pub(super) fn read_brief(fields: &mut Fields<'_>) -> Result<Contract, FieldError> {
    Ok(Contract {
        con_id: fields.integer()?,
        symbol: fields.text()?,
        sec_type: fields.text()?,
        last_trade_date_or_contract_month: fields.text()?,
        strike: fields.double()?,
        right: fields.text()?,
        multiplier: fields.double()?,
        exchange: fields.text()?,
        currency: fields.text()?,
        local_symbol: fields.text()?,
        trading_class: fields.text()?,
        ..Contract::default()
    })
}

/// Reads the legs of a combination in the short form of a data request, and nothing for anything else.
pub(super) fn read_data_legs(fields: &mut Fields<'_>, contract: &mut Contract) -> Result<(), FieldError> {
    if is_combination(contract) {
        contract.combo_legs = read_legs(fields)?;
    }
    Ok(())
}

/// Reads the legs of a combination in the long form of an order, and after them the price of each; nothing
/// for anything else. Prices beyond the legs are passed over.
pub(super) fn read_order_legs(fields: &mut Fields<'_>, contract: &mut Contract) -> Result<(), FieldError> {
    if !is_combination(contract) {
        return Ok(());
    }
    contract.combo_legs = fields.list(|fields| {
        Ok(ComboLeg {
            con_id: fields.integer()?,
            ratio: fields.integer()?,
            action: fields.text()?,
            exchange: fields.text()?,
            open_close: fields.integer()?,
            short_sales_slot: fields.integer()?,
            designated_location: fields.text()?,
            exempt_code: fields.integer()?,
            per_leg_price: None,
        })
    })?;
    let prices = fields.list(Fields::double)?;
    for (leg, price) in contract.combo_legs.iter_mut().zip(prices) {
        leg.per_leg_price = price;
    }
    Ok(())
}

/// Writes symbol, type, date, strike and right.
pub(super) fn write_instrument(out: &mut Writer<'_>, contract: Option<&Contract>) {
    out.maybe(contract.and_then(|contract| contract.symbol.as_deref()));
    out.maybe(contract.and_then(|contract| contract.sec_type.as_deref()));
    out.maybe(contract.and_then(|contract| contract.last_trade_date_or_contract_month.as_deref()));
    out.double_or_zero(contract.and_then(|contract| contract.strike));
    out.maybe(contract.and_then(|contract| contract.right.as_deref()));
}

/// Writes the legs of an order's contract and the price of each, counted; both counts are zero without any.
/// The prices are left out where no leg has one.
pub(super) fn write_order_legs(out: &mut Writer<'_>, contract: &Contract) {
    let legs = contract.combo_legs.as_slice();
    out.count(legs.len());
    for leg in legs {
        out.integer_or_zero(leg.con_id);
        out.integer_or_zero(leg.ratio);
        out.maybe(leg.action.as_deref());
        out.maybe(leg.exchange.as_deref());
        out.integer_or_zero(leg.open_close);
        out.integer_or_zero(leg.short_sales_slot);
        out.maybe(leg.designated_location.as_deref());
        // -1 stands for "no exemption".
        out.integer(leg.exempt_code.unwrap_or(-1));
    }
    if !legs.iter().any(|leg| leg.per_leg_price.is_some()) {
        out.count(0);
        return;
    }
    out.count(legs.len());
    for leg in legs {
        out.maybe_double(leg.per_leg_price);
    }
}

/// Writes whether there is a delta neutral contract, and it.
pub(super) fn write_delta_neutral(out: &mut Writer<'_>, neutral: Option<&DeltaNeutralContract>) {
    let Some(neutral) = neutral else {
        return out.flag(Some(false));
    };
    out.flag(Some(true));
    out.integer_or_zero(neutral.con_id);
    out.double_or_zero(neutral.delta);
    out.double_or_zero(neutral.price);
}
