//! An order as a client places it.

use super::conditions::read_condition;
use super::{WITHOUT_PROFILE, is_pegged_to_benchmark};
use crate::wire::encoding::Request;
use crate::wire::ids::request;
use crate::wire::messages::contract::Contract;
use crate::wire::messages::order::{Order, PlaceOrderRequest, SoftDollarTier};
use crate::wire::text::contract::{is_combination, read_contract, read_delta_neutral};
use crate::wire::text::contract_fields::read_order_legs;
use crate::wire::text::{FieldError, Fields};

impl Request for PlaceOrderRequest {
    const ID: u32 = request::PLACE_ORDER;

    fn read(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        let order_id = fields.integer()?;
        let mut contract = read_contract(fields)?;
        contract.sec_id_type = fields.text()?;
        contract.sec_id = fields.text()?;
        let mut order = Order::default();
        read_terms(fields, &mut order)?;
        if is_combination(&contract) {
            read_order_legs(fields, &mut contract)?;
            order.smart_combo_routing_params = fields.tag_pairs()?;
        }
        read_times_and_shares(fields, &mut order)?;
        read_prices(fields, &mut order)?;
        read_volatility(fields, &mut order)?;
        read_scale(fields, &mut order)?;
        read_hedge_and_clearing(fields, &mut order)?;
        contract.delta_neutral_contract = read_delta_neutral(fields)?;
        read_algorithm(fields, &mut order)?;
        read_conditions(fields, &mut order)?;
        read_adjustment(fields, &mut order)?;
        fields.may_end();
        read_newer(fields, &mut order)?;
        read_mid_offsets(fields, &contract, &mut order)?;
        Ok(Self {
            order_id,
            contract: Some(contract),
            order: Some(order),
            attached_orders: None,
        })
    }
}

/// A type that open orders say as `None` when there is none, so that clients send it back.
fn order_type(fields: &mut Fields<'_>) -> Result<(Option<String>, bool), FieldError> {
    let text = fields.text()?;
    let written = text.is_some();
    Ok((text.filter(|text| text != "None"), written))
}

fn read_terms(fields: &mut Fields<'_>, order: &mut Order) -> Result<(), FieldError> {
    order.action = fields.text()?;
    order.total_quantity = fields.decimal()?;
    order.order_type = fields.text()?;
    order.lmt_price = fields.double()?;
    order.aux_price = fields.double()?;
    order.tif = fields.text()?;
    order.oca_group = fields.text()?;
    order.account = fields.text()?;
    order.open_close = fields.text()?;
    order.origin = fields.integer()?;
    order.order_ref = fields.text()?;
    order.transmit = fields.flag()?;
    order.parent_id = fields.integer()?;
    order.block_order = fields.flag()?;
    order.sweep_to_fill = fields.flag()?;
    order.display_size = fields.integer()?;
    order.trigger_method = fields.integer()?;
    order.outside_rth = fields.flag()?;
    order.hidden = fields.flag()?;
    Ok(())
}

fn read_times_and_shares(fields: &mut Fields<'_>, order: &mut Order) -> Result<(), FieldError> {
    // How shares were once spread over an advisor's accounts.
    fields.skip()?;
    order.discretionary_amt = fields.double()?;
    order.good_after_time = fields.text()?;
    order.good_till_date = fields.text()?;
    order.fa_group = fields.text()?;
    order.fa_method = fields.text()?;
    order.fa_percentage = fields.text()?;
    if fields.version() < WITHOUT_PROFILE {
        fields.skip()?;
    }
    order.model_code = fields.text()?;
    order.short_sale_slot = fields.integer()?;
    order.designated_location = fields.text()?;
    order.exempt_code = fields.integer()?;
    order.oca_type = fields.integer()?;
    order.rule80_a = fields.text()?;
    order.settling_firm = fields.text()?;
    Ok(())
}

fn read_prices(fields: &mut Fields<'_>, order: &mut Order) -> Result<(), FieldError> {
    order.all_or_none = fields.flag()?;
    order.min_qty = fields.integer()?;
    order.percent_offset = fields.double()?;
    // Electronic trade only, firm quote only, price cap, auction strategy: IB has given them up.
    for _ in 0..4 {
        fields.skip()?;
    }
    order.starting_price = fields.double()?;
    order.stock_ref_price = fields.double()?;
    order.delta = fields.double()?;
    order.stock_range_lower = fields.double()?;
    order.stock_range_upper = fields.double()?;
    order.override_percentage_constraints = fields.flag()?;
    Ok(())
}

fn read_volatility(fields: &mut Fields<'_>, order: &mut Order) -> Result<(), FieldError> {
    order.volatility = fields.double()?;
    order.volatility_type = fields.integer()?;
    let (hedge, written) = order_type(fields)?;
    order.delta_neutral_order_type = hedge;
    order.delta_neutral_aux_price = fields.double()?;
    if written {
        order.delta_neutral_con_id = fields.integer()?;
        order.delta_neutral_settling_firm = fields.text()?;
        order.delta_neutral_clearing_account = fields.text()?;
        order.delta_neutral_clearing_intent = fields.text()?;
        order.delta_neutral_open_close = fields.text()?.filter(|text| text != "?");
        order.delta_neutral_short_sale = fields.flag()?;
        order.delta_neutral_short_sale_slot = fields.integer()?;
        order.delta_neutral_designated_location = fields.text()?;
    }
    order.continuous_update = fields.flag()?;
    order.reference_price_type = fields.integer()?;
    order.trail_stop_price = fields.double()?;
    order.trailing_percent = fields.double()?;
    Ok(())
}

fn read_scale(fields: &mut Fields<'_>, order: &mut Order) -> Result<(), FieldError> {
    order.scale_init_level_size = fields.integer()?;
    order.scale_subs_level_size = fields.integer()?;
    order.scale_price_increment = fields.double()?;
    if order.scale_price_increment.is_some_and(|step| step > 0.0) {
        order.scale_price_adjust_value = fields.double()?;
        order.scale_price_adjust_interval = fields.integer()?;
        order.scale_profit_offset = fields.double()?;
        order.scale_auto_reset = fields.flag()?;
        order.scale_init_position = fields.integer()?;
        order.scale_init_fill_qty = fields.integer()?;
        order.scale_random_percent = fields.flag()?;
    }
    order.scale_table = fields.text()?;
    order.active_start_time = fields.text()?;
    order.active_stop_time = fields.text()?;
    Ok(())
}

fn read_hedge_and_clearing(fields: &mut Fields<'_>, order: &mut Order) -> Result<(), FieldError> {
    order.hedge_type = fields.text()?;
    if order.hedge_type.is_some() {
        order.hedge_param = fields.text()?;
    }
    order.opt_out_smart_routing = fields.flag()?;
    order.clearing_account = fields.text()?;
    order.clearing_intent = fields.text()?;
    order.not_held = fields.flag()?;
    Ok(())
}

fn read_algorithm(fields: &mut Fields<'_>, order: &mut Order) -> Result<(), FieldError> {
    order.algo_strategy = fields.text()?;
    if order.algo_strategy.is_some() {
        order.algo_params = fields.tag_pairs()?;
    }
    order.algo_id = fields.text()?;
    order.what_if = fields.flag()?;
    order.order_misc_options = fields.tags()?;
    order.solicited = fields.flag()?;
    order.randomize_size = fields.flag()?;
    order.randomize_price = fields.flag()?;
    if is_pegged_to_benchmark(order.order_type.as_deref()) {
        order.reference_contract_id = fields.integer()?;
        order.is_pegged_change_amount_decrease = fields.flag()?;
        order.pegged_change_amount = fields.double()?;
        order.reference_change_amount = fields.double()?;
        order.reference_exchange_id = fields.text()?;
    }
    Ok(())
}

fn read_conditions(fields: &mut Fields<'_>, order: &mut Order) -> Result<(), FieldError> {
    order.conditions = fields.list(read_condition)?;
    if !order.conditions.is_empty() {
        order.conditions_ignore_rth = fields.flag()?;
        order.conditions_cancel_order = fields.flag()?;
    }
    Ok(())
}

fn read_adjustment(fields: &mut Fields<'_>, order: &mut Order) -> Result<(), FieldError> {
    order.adjusted_order_type = order_type(fields)?.0;
    order.trigger_price = fields.double()?;
    order.lmt_price_offset = fields.double()?;
    order.adjusted_stop_price = fields.double()?;
    order.adjusted_stop_limit_price = fields.double()?;
    order.adjusted_trailing_amount = fields.double()?;
    order.adjustable_trailing_unit = fields.integer()?;
    Ok(())
}

fn read_newer(fields: &mut Fields<'_>, order: &mut Order) -> Result<(), FieldError> {
    order.ext_operator = fields.text()?;
    let tier = SoftDollarTier {
        name: fields.text()?,
        value: fields.text()?,
        display_name: None,
    };
    order.soft_dollar_tier = Some(tier).filter(|tier| *tier != SoftDollarTier::default());
    order.cash_qty = fields.double()?;
    order.mifid2_decision_maker = fields.text()?;
    order.mifid2_decision_algo = fields.text()?;
    order.mifid2_execution_trader = fields.text()?;
    order.mifid2_execution_algo = fields.text()?;
    order.dont_use_auto_price_for_hedge = fields.flag()?;
    order.is_oms_container = fields.flag()?;
    order.discretionary_up_to_limit_price = fields.flag()?;
    order.use_price_mgmt_algo = fields.flag()?.map(i32::from);
    order.duration = fields.integer()?;
    order.post_to_ats = fields.integer()?;
    order.auto_cancel_parent = fields.flag()?;
    order.advanced_error_override = fields.text()?;
    order.manual_order_time = fields.text()?;
    Ok(())
}

/// What the pegs to the best price and to the middle add.
fn read_mid_offsets(
    fields: &mut Fields<'_>,
    contract: &Contract,
    order: &mut Order,
) -> Result<(), FieldError> {
    if contract.exchange.as_deref() == Some("IBKRATS") {
        order.min_trade_qty = fields.integer()?;
    }
    let offsets = match order.order_type.as_deref() {
        Some("PEG BEST" | "PEGBEST") => {
            order.min_compete_size = fields.integer()?;
            order.compete_against_best_offset = fields.double()?;
            // Up to the middle is written as infinity.
            order.compete_against_best_offset == Some(f64::INFINITY)
        }
        Some("PEG MID" | "PEGMID") => true,
        _ => false,
    };
    if offsets {
        order.mid_offset_at_whole = fields.double()?;
        order.mid_offset_at_half = fields.double()?;
    }
    Ok(())
}
