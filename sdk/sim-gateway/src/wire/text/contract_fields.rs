//! A contract inside another message: the runs of fields in which requests and answers carry it, beyond
//! those in [`super::contract`].
//!
//! Each function reads or writes one such run and nothing before or after it.

use super::contract::{is_combination, read_contract, read_legs};
use super::{FieldError, Fields, Writer};
use crate::wire::messages::contract::Contract;

/// Reads the twelve fields and whether expired contracts count too.
pub(super) fn read_with_expired(fields: &mut Fields<'_>) -> Result<Contract, FieldError> {
    let mut contract = read_contract(fields)?;
    contract.include_expired = fields.flag()?;
    Ok(contract)
}

/// Reads the legs of a combination in the short form of a data request, and nothing for anything else.
pub(super) fn read_data_legs(fields: &mut Fields<'_>, contract: &mut Contract) -> Result<(), FieldError> {
    if is_combination(contract) {
        contract.combo_legs = read_legs(fields)?;
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
