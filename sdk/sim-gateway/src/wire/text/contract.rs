//! Contracts as text.

use super::{FieldError, Fields, Request, Response, Writer};
use crate::wire::ids::{request, response};
use crate::wire::messages::contract::{
    CancelContractData, ComboLeg, Contract, ContractData, ContractDataEnd, ContractDataRequest,
    ContractDetails, DeltaNeutralContract, MarketRule, MarketRuleRequest, MatchingSymbolsRequest,
    SymbolSamples,
};

/// The twelve fields with which a client describes a contract, identity to trading class.
///
/// Open orders name the right of an instrument that has none `?`, so clients send that back.
pub(super) fn read_contract(fields: &mut Fields<'_>) -> Result<Contract, FieldError> {
    Ok(Contract {
        con_id: fields.integer()?,
        symbol: fields.text()?,
        sec_type: fields.text()?,
        last_trade_date_or_contract_month: fields.text()?,
        strike: fields.double()?,
        right: fields.text()?.filter(|right| right != "?"),
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

impl Request for ContractDataRequest {
    const ID: u32 = request::CONTRACT_DATA;

    fn read(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        fields.skip()?;
        let req_id = fields.integer()?;
        let contract = read_contract(fields)?;
        fields.may_end();
        Ok(Self {
            req_id,
            contract: Some(Contract {
                include_expired: fields.flag()?,
                sec_id_type: fields.text()?,
                sec_id: fields.text()?,
                issuer_id: fields.text()?,
                ..contract
            }),
        })
    }
}

impl Request for MatchingSymbolsRequest {
    const ID: u32 = request::MATCHING_SYMBOLS;

    fn read(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self {
            req_id: fields.integer()?,
            pattern: fields.text()?,
        })
    }
}

impl Request for MarketRuleRequest {
    const ID: u32 = request::MARKET_RULE;

    fn read(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self {
            market_rule_id: fields.integer()?,
        })
    }
}

/// Newer than the text encoding.
impl Request for CancelContractData {
    const ID: u32 = request::CANCEL_CONTRACT_DATA;

    fn read(_: &mut Fields<'_>) -> Result<Self, FieldError> {
        Err(FieldError::Unsupported)
    }
}

/// A bond's answer has a number and fields of its own.
fn is_bond(contract: Option<&Contract>) -> bool {
    contract.is_some_and(|contract| contract.sec_type.as_deref() == Some("BOND"))
}

impl Response for ContractData {
    const ID: u32 = response::CONTRACT_DATA;

    fn id(&self) -> u32 {
        if is_bond(self.contract.as_ref()) {
            response::BOND_CONTRACT_DATA
        } else {
            Self::ID
        }
    }

    fn write(&self, out: &mut Writer<'_>) {
        let contract = self.contract.clone().unwrap_or_default();
        let details = self.contract_details.clone().unwrap_or_default();
        out.integer(self.req_id.unwrap_or(-1));
        if is_bond(Some(&contract)) {
            write_bond(out, &contract, &details);
        } else {
            write_details(out, &contract, &details);
        }
    }
}

fn write_details(out: &mut Writer<'_>, contract: &Contract, details: &ContractDetails) {
    out.maybe(contract.symbol.as_deref());
    out.maybe(contract.sec_type.as_deref());
    out.maybe(contract.last_trade_date_or_contract_month.as_deref());
    out.double_or_zero(contract.strike);
    out.maybe(contract.right.as_deref());
    out.maybe(contract.exchange.as_deref());
    out.maybe(contract.currency.as_deref());
    out.maybe(contract.local_symbol.as_deref());
    out.maybe(details.market_name.as_deref());
    out.maybe(contract.trading_class.as_deref());
    out.integer_or_zero(contract.con_id);
    out.decimal(details.min_tick.as_deref());
    out.maybe_double(contract.multiplier);
    out.maybe(details.order_types.as_deref());
    out.maybe(details.valid_exchanges.as_deref());
    out.integer(details.price_magnifier.unwrap_or(1));
    out.integer_or_zero(details.under_con_id);
    out.escaped(details.long_name.as_deref().unwrap_or_default());
    out.maybe(contract.primary_exch.as_deref());
    out.maybe(details.contract_month.as_deref());
    out.maybe(details.industry.as_deref());
    out.maybe(details.category.as_deref());
    out.maybe(details.subcategory.as_deref());
    out.maybe(details.time_zone_id.as_deref());
    out.maybe(details.trading_hours.as_deref());
    out.maybe(details.liquid_hours.as_deref());
    out.maybe(details.ev_rule.as_deref());
    out.maybe_double(details.ev_multiplier);
    out.tag_pairs(&details.sec_id_list);
    out.integer_or_zero(details.agg_group);
    out.maybe(details.under_symbol.as_deref());
    out.maybe(details.under_sec_type.as_deref());
    out.maybe(details.market_rule_ids.as_deref());
    out.maybe(details.real_expiration_date.as_deref());
    out.maybe(details.stock_type.as_deref());
    write_sizes(out, details);
}

fn write_bond(out: &mut Writer<'_>, contract: &Contract, details: &ContractDetails) {
    out.maybe(contract.symbol.as_deref());
    out.maybe(contract.sec_type.as_deref());
    out.maybe(details.cusip.as_deref());
    out.double_or_zero(details.coupon);
    // The day it matures.
    out.maybe(contract.last_trade_date_or_contract_month.as_deref());
    out.maybe(details.issue_date.as_deref());
    out.maybe(details.ratings.as_deref());
    out.maybe(details.bond_type.as_deref());
    out.maybe(details.coupon_type.as_deref());
    out.flag(details.convertible);
    out.flag(details.callable);
    out.flag(details.puttable);
    out.maybe(details.desc_append.as_deref());
    out.maybe(contract.exchange.as_deref());
    out.maybe(contract.currency.as_deref());
    out.maybe(details.market_name.as_deref());
    out.maybe(contract.trading_class.as_deref());
    out.integer_or_zero(contract.con_id);
    out.decimal(details.min_tick.as_deref());
    out.maybe(details.order_types.as_deref());
    out.maybe(details.valid_exchanges.as_deref());
    out.maybe(details.next_option_date.as_deref());
    out.maybe(details.next_option_type.as_deref());
    out.flag(details.next_option_partial);
    out.maybe(details.bond_notes.as_deref());
    out.maybe(details.long_name.as_deref());
    out.maybe(details.ev_rule.as_deref());
    out.maybe_double(details.ev_multiplier);
    out.tag_pairs(&details.sec_id_list);
    out.integer_or_zero(details.agg_group);
    out.maybe(details.market_rule_ids.as_deref());
    write_sizes(out, details);
}

fn write_sizes(out: &mut Writer<'_>, details: &ContractDetails) {
    out.maybe(details.min_size.as_deref());
    out.maybe(details.size_increment.as_deref());
    out.maybe(details.suggested_size_increment.as_deref());
}

impl Response for ContractDataEnd {
    const ID: u32 = response::CONTRACT_DATA_END;

    fn write(&self, out: &mut Writer<'_>) {
        out.integer(1);
        out.integer(self.req_id.unwrap_or(-1));
    }
}

impl Response for SymbolSamples {
    const ID: u32 = response::SYMBOL_SAMPLES;

    fn write(&self, out: &mut Writer<'_>) {
        out.integer(self.req_id.unwrap_or(-1));
        out.count(self.contract_descriptions.len());
        for sample in &self.contract_descriptions {
            let contract = sample.contract.clone().unwrap_or_default();
            out.integer_or_zero(contract.con_id);
            out.maybe(contract.symbol.as_deref());
            out.maybe(contract.sec_type.as_deref());
            out.maybe(contract.primary_exch.as_deref());
            out.maybe(contract.currency.as_deref());
            out.count(sample.derivative_sec_types.len());
            for sec_type in &sample.derivative_sec_types {
                out.text(sec_type);
            }
            out.maybe(contract.description.as_deref());
            out.maybe(contract.issuer_id.as_deref());
        }
    }
}

impl Response for MarketRule {
    const ID: u32 = response::MARKET_RULE;

    fn write(&self, out: &mut Writer<'_>) {
        out.integer_or_zero(self.market_rule_id);
        out.count(self.price_increments.len());
        for step in &self.price_increments {
            out.double_or_zero(step.low_edge);
            out.double_or_zero(step.increment);
        }
    }
}
