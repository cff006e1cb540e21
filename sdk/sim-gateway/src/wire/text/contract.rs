//! Contracts as text.

use super::{FieldError, Fields, Request, Response, Writer};
use crate::wire::ids::{request, response};
use crate::wire::messages::contract::{
    CancelContractData, ComboLeg, Contract, ContractData, ContractDataEnd, ContractDataRequest,
    DeltaNeutralContract, MarketRule, MarketRuleRequest, MatchingSymbolsRequest, SymbolSamples,
};

/// The twelve fields with which a client describes a contract, identity to trading class.
pub(super) fn read_contract(fields: &mut Fields<'_>) -> Result<Contract, FieldError> {
    Ok(Contract {
        con_id: fields.integer()?,
        symbol: fields.text()?,
        sec_type: fields.text()?,
        last_trade_date_or_contract_month: fields.text()?,
        strike: fields.double()?,
        right: fields.text()?,
        multiplier: fields.double()?,
        exchange: fields.text()?,
        primary_exch: fields.text()?,
        currency: fields.text()?,
        local_symbol: fields.text()?,
        trading_class: fields.text()?,
        ..Contract::default()
    })
}

/// Whether `contract` is a combination, of which a request lists the legs.
pub(super) fn is_combination(contract: &Contract) -> bool {
    contract.sec_type.as_deref() == Some("BAG")
}

/// The legs of a combination as requests for data list them, four fields each.
pub(super) fn read_legs(fields: &mut Fields<'_>) -> Result<Vec<ComboLeg>, FieldError> {
    fields.list(|fields| {
        Ok(ComboLeg {
            con_id: fields.integer()?,
            ratio: fields.integer()?,
            action: fields.text()?,
            exchange: fields.text()?,
            ..ComboLeg::default()
        })
    })
}

/// Whether there is a delta neutral contract, and it.
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

/// The eleven fields with which orders, executions and positions name their contract: those of
/// [`read_contract`] without the primary exchange.
pub(super) fn write_contract(out: &mut Writer<'_>, contract: &Contract) {
    out.integer_or_zero(contract.con_id);
    out.maybe(contract.symbol.as_deref());
    out.maybe(contract.sec_type.as_deref());
    out.maybe(contract.last_trade_date_or_contract_month.as_deref());
    out.double_or_zero(contract.strike);
    out.maybe(contract.right.as_deref());
    out.maybe_double(contract.multiplier);
    out.maybe(contract.exchange.as_deref());
    out.maybe(contract.currency.as_deref());
    out.maybe(contract.local_symbol.as_deref());
    out.maybe(contract.trading_class.as_deref());
}

super::pending_request!(ContractDataRequest, CONTRACT_DATA);
super::pending_request!(MatchingSymbolsRequest, MATCHING_SYMBOLS);
super::pending_request!(MarketRuleRequest, MARKET_RULE);
super::pending_request!(CancelContractData, CANCEL_CONTRACT_DATA);
super::pending_response!(ContractData, CONTRACT_DATA);
super::pending_response!(ContractDataEnd, CONTRACT_DATA_END);
super::pending_response!(SymbolSamples, SYMBOL_SAMPLES);
super::pending_response!(MarketRule, MARKET_RULE);
