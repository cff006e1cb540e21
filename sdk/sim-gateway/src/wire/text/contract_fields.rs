//! A contract inside another message: the runs of fields in which requests and answers carry it.
//!
//! Each function reads or writes one such run and nothing before or after it.

use super::{FieldError, Fields, Writer};
use crate::wire::messages::contract::{ComboLeg, Contract, DeltaNeutralContract};

/// Reads the twelve fields that most requests carry.
///
/// # Errors
/// When one is missing or is not what it should be.
pub(super) fn read_full(fields: &mut Fields<'_>) -> Result<Contract, FieldError> {
    let mut contract = read_front(fields)?;
    contract.exchange = fields.text()?;
    contract.primary_exch = fields.text()?;
    read_back(fields, contract)
}

/// Reads the eleven fields of a request that names no primary exchange.
///
/// # Errors
/// When one is missing or is not what it should be.
pub(super) fn read_brief(fields: &mut Fields<'_>) -> Result<Contract, FieldError> {
    let mut contract = read_front(fields)?;
    contract.exchange = fields.text()?;
    read_back(fields, contract)
}

/// Reads the twelve fields and whether expired contracts count too.
///
/// # Errors
/// When one is missing or is not what it should be.
pub(super) fn read_with_expired(fields: &mut Fields<'_>) -> Result<Contract, FieldError> {
    let mut contract = read_full(fields)?;
    contract.include_expired = fields.flag()?;
    Ok(contract)
}

fn read_front(fields: &mut Fields<'_>) -> Result<Contract, FieldError> {
    Ok(Contract {
        con_id: fields.integer()?,
        symbol: fields.text()?,
        sec_type: fields.text()?,
        last_trade_date_or_contract_month: fields.text()?,
        strike: fields.double()?,
        right: fields.text()?,
        multiplier: fields.double()?,
        ..Contract::default()
    })
}

fn read_back(fields: &mut Fields<'_>, mut contract: Contract) -> Result<Contract, FieldError> {
    contract.currency = fields.text()?;
    contract.local_symbol = fields.text()?;
    contract.trading_class = fields.text()?;
    Ok(contract)
}

/// Whether the contract is a combination, which is when a request carries legs at all.
pub(super) fn is_combination(contract: &Contract) -> bool {
    contract.sec_type.as_deref() == Some("BAG")
}

/// Reads the legs of a combination in the short form of a data request, and nothing for anything else.
///
/// # Errors
/// When a field is missing or is not what it should be.
pub(super) fn read_legs(fields: &mut Fields<'_>, contract: &mut Contract) -> Result<(), FieldError> {
    if !is_combination(contract) {
        return Ok(());
    }
    for _ in 0..fields.integer()?.unwrap_or_default() {
        contract.combo_legs.push(read_leg(fields)?);
    }
    Ok(())
}

/// Reads the legs of a combination in the long form of an order, and nothing for anything else. The prices
/// of the legs, which follow them, are read by [`read_leg_prices`].
///
/// # Errors
/// When a field is missing or is not what it should be.
pub(super) fn read_order_legs(fields: &mut Fields<'_>, contract: &mut Contract) -> Result<(), FieldError> {
    if !is_combination(contract) {
        return Ok(());
    }
    for _ in 0..fields.integer()?.unwrap_or_default() {
        let mut leg = read_leg(fields)?;
        leg.open_close = fields.integer()?;
        leg.short_sales_slot = fields.integer()?;
        leg.designated_location = fields.text()?;
        leg.exempt_code = fields.integer()?;
        contract.combo_legs.push(leg);
    }
    Ok(())
}

/// Reads the price of each leg of a combination into its legs, and nothing for anything else. Prices beyond
/// the legs are passed over.
///
/// # Errors
/// When a field is missing or is not what it should be.
pub(super) fn read_leg_prices(fields: &mut Fields<'_>, contract: &mut Contract) -> Result<(), FieldError> {
    if !is_combination(contract) {
        return Ok(());
    }
    let mut legs = contract.combo_legs.iter_mut();
    for _ in 0..fields.integer()?.unwrap_or_default() {
        let price = fields.double()?;
        if let Some(leg) = legs.next() {
            leg.per_leg_price = price;
        }
    }
    Ok(())
}

fn read_leg(fields: &mut Fields<'_>) -> Result<ComboLeg, FieldError> {
    Ok(ComboLeg {
        con_id: fields.integer()?,
        ratio: fields.integer()?,
        action: fields.text()?,
        exchange: fields.text()?,
        ..ComboLeg::default()
    })
}

/// Reads the contract that keeps a combination or an order delta neutral, where there is one.
///
/// # Errors
/// When a field is missing or is not what it should be.
pub(super) fn read_delta_neutral(
    fields: &mut Fields<'_>,
) -> Result<Option<DeltaNeutralContract>, FieldError> {
    if fields.flag()? != Some(true) {
        return Ok(None);
    }
    Ok(Some(DeltaNeutralContract {
        con_id: fields.integer()?,
        delta: fields.double()?,
        price: fields.double()?,
    }))
}

/// Writes the eleven fields of positions, orders and executions; all empty or zero without a contract.
pub(super) fn write_brief(out: &mut Writer<'_>, contract: Option<&Contract>) {
    write_front(out, contract);
    out.maybe(contract.and_then(|contract| contract.exchange.as_deref()));
    out.maybe(contract.and_then(|contract| contract.currency.as_deref()));
    out.maybe(contract.and_then(|contract| contract.local_symbol.as_deref()));
    out.maybe(contract.and_then(|contract| contract.trading_class.as_deref()));
}

/// Writes the number, symbol, type, date, strike, right and multiplier, which open every longer run.
pub(super) fn write_front(out: &mut Writer<'_>, contract: Option<&Contract>) {
    out.integer(contract.and_then(|contract| contract.con_id).unwrap_or_default());
    write_instrument(out, contract);
    match contract.and_then(|contract| contract.multiplier) {
        Some(multiplier) => out.integer(multiplier),
        None => out.text(""),
    }
}

/// Writes symbol, type, date, strike and right.
pub(super) fn write_instrument(out: &mut Writer<'_>, contract: Option<&Contract>) {
    out.maybe(contract.and_then(|contract| contract.symbol.as_deref()));
    out.maybe(contract.and_then(|contract| contract.sec_type.as_deref()));
    out.maybe(contract.and_then(|contract| contract.last_trade_date_or_contract_month.as_deref()));
    out.integer(contract.and_then(|contract| contract.strike).unwrap_or_default());
    out.maybe(contract.and_then(|contract| contract.right.as_deref()));
}

/// Writes the legs of an order's contract and the price of each, counted; both counts are zero without any.
/// The prices are left out where no leg has one.
pub(super) fn write_order_legs(out: &mut Writer<'_>, contract: Option<&Contract>) {
    let legs = contract
        .map(|contract| contract.combo_legs.as_slice())
        .unwrap_or_default();
    out.integer(legs.len());
    for leg in legs {
        out.integer(leg.con_id.unwrap_or_default());
        out.integer(leg.ratio.unwrap_or_default());
        out.maybe(leg.action.as_deref());
        out.maybe(leg.exchange.as_deref());
        out.integer(leg.open_close.unwrap_or_default());
        out.integer(leg.short_sales_slot.unwrap_or_default());
        out.maybe(leg.designated_location.as_deref());
        // -1 stands for "no exemption".
        out.integer(leg.exempt_code.unwrap_or(-1));
    }
    if !legs.iter().any(|leg| leg.per_leg_price.is_some()) {
        out.integer(0);
        return;
    }
    out.integer(legs.len());
    for leg in legs {
        match leg.per_leg_price {
            Some(price) => out.integer(price),
            None => out.text(""),
        }
    }
}

/// Writes whether there is a delta neutral contract, and it.
pub(super) fn write_delta_neutral(out: &mut Writer<'_>, neutral: Option<&DeltaNeutralContract>) {
    let Some(neutral) = neutral else {
        return out.integer(0);
    };
    out.integer(1);
    out.integer(neutral.con_id.unwrap_or_default());
    out.integer(neutral.delta.unwrap_or_default());
    out.integer(neutral.price.unwrap_or_default());
}
