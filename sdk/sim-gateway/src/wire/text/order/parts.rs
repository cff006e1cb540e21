//! What open and completed orders have in common.

use super::conditions::write_condition;
use super::{WITHOUT_PROFILE, is_pegged_to_benchmark};
use crate::wire::messages::contract::Contract;
use crate::wire::messages::order::Order;
use crate::wire::text::Writer;
use crate::wire::text::contract::write_contract;
use crate::wire::text::contract_fields::{write_delta_neutral, write_order_legs};

/// The contract of an order, in which an instrument without a right has the right `?`.
pub(super) fn write_order_contract(out: &mut Writer<'_>, contract: &Contract) {
    let right = contract.right.clone().filter(|right| !right.is_empty());
    write_contract(
        out,
        &Contract {
            right: Some(right.unwrap_or_else(|| "?".to_owned())),
            ..contract.clone()
        },
    );
}

/// An order type, `None` when there is none.
pub(super) fn or_none(order_type: Option<&str>) -> &str {
    order_type
        .filter(|order_type| !order_type.is_empty())
        .unwrap_or("None")
}

/// From the action to the client's reference.
pub(super) fn write_terms(out: &mut Writer<'_>, order: &Order) {
    out.maybe(order.action.as_deref());
    out.decimal(order.total_quantity.as_deref());
    out.maybe(order.order_type.as_deref());
    out.double_or_zero(order.lmt_price);
    out.double_or_zero(order.aux_price);
    out.maybe(order.tif.as_deref());
    out.maybe(order.oca_group.as_deref());
    out.maybe(order.account.as_deref());
    out.maybe(order.open_close.as_deref());
    out.integer_or_zero(order.origin);
    out.maybe(order.order_ref.as_deref());
}

/// From the advisor's group to the settling firm's short sale.
pub(super) fn write_allocation(out: &mut Writer<'_>, order: &Order) {
    out.maybe(order.fa_group.as_deref());
    out.maybe(order.fa_method.as_deref());
    out.maybe(order.fa_percentage.as_deref());
    if out.version() < WITHOUT_PROFILE {
        out.text("");
    }
    out.maybe(order.model_code.as_deref());
    out.maybe(order.good_till_date.as_deref());
    out.maybe(order.rule80_a.as_deref());
    out.maybe_double(order.percent_offset);
    out.maybe(order.settling_firm.as_deref());
    out.integer_or_zero(order.short_sale_slot);
    out.maybe(order.designated_location.as_deref());
    out.integer(order.exempt_code.unwrap_or(-1));
}

/// The prices of box and volatility orders, and the size shown.
pub(super) fn write_box(out: &mut Writer<'_>, order: &Order) {
    out.maybe_double(order.starting_price);
    out.maybe_double(order.stock_ref_price);
    out.maybe_double(order.delta);
    out.maybe_double(order.stock_range_lower);
    out.maybe_double(order.stock_range_upper);
    out.integer_or_unset(order.display_size);
}

/// A volatility order. A completed one says less of its hedge.
pub(super) fn write_volatility(out: &mut Writer<'_>, order: &Order, is_open: bool) {
    out.maybe_double(order.volatility);
    out.integer_or_zero(order.volatility_type);
    // IB says so when there is none, and the fields below follow all the same.
    out.text(or_none(order.delta_neutral_order_type.as_deref()));
    out.maybe_double(order.delta_neutral_aux_price);
    out.integer_or_zero(order.delta_neutral_con_id);
    if is_open {
        out.maybe(order.delta_neutral_settling_firm.as_deref());
        out.maybe(order.delta_neutral_clearing_account.as_deref());
        out.maybe(order.delta_neutral_clearing_intent.as_deref());
        out.text(order.delta_neutral_open_close.as_deref().unwrap_or("?"));
    }
    out.flag(order.delta_neutral_short_sale);
    out.integer_or_zero(order.delta_neutral_short_sale_slot);
    out.maybe(order.delta_neutral_designated_location.as_deref());
    out.flag(order.continuous_update);
    out.integer_or_zero(order.reference_price_type);
    out.maybe_double(order.trail_stop_price);
    out.maybe_double(order.trailing_percent);
}

/// The legs of a combination, their prices and its routing.
pub(super) fn write_combination(out: &mut Writer<'_>, contract: &Contract, order: &Order) {
    out.maybe(contract.combo_legs_descrip.as_deref());
    write_order_legs(out, contract);
    out.tag_pairs(&order.smart_combo_routing_params);
}

/// A scaled order.
pub(super) fn write_scale(out: &mut Writer<'_>, order: &Order) {
    out.integer_or_unset(order.scale_init_level_size);
    out.integer_or_unset(order.scale_subs_level_size);
    out.maybe_double(order.scale_price_increment);
    if order.scale_price_increment.is_some_and(|step| step > 0.0) {
        out.maybe_double(order.scale_price_adjust_value);
        out.maybe_integer(order.scale_price_adjust_interval);
        out.maybe_double(order.scale_profit_offset);
        out.flag(order.scale_auto_reset);
        out.maybe_integer(order.scale_init_position);
        out.maybe_integer(order.scale_init_fill_qty);
        out.flag(order.scale_random_percent);
    }
}

/// What the order hedges.
pub(super) fn write_hedge(out: &mut Writer<'_>, order: &Order) {
    let hedge = order.hedge_type.as_deref().unwrap_or_default();
    out.text(hedge);
    if !hedge.is_empty() {
        out.maybe(order.hedge_param.as_deref());
    }
}

/// From who clears the order to whether it was solicited.
pub(super) fn write_clearing_and_algorithm(out: &mut Writer<'_>, contract: &Contract, order: &Order) {
    out.maybe(order.clearing_account.as_deref());
    out.maybe(order.clearing_intent.as_deref());
    out.flag(order.not_held);
    write_delta_neutral(out, contract.delta_neutral_contract.as_ref());
    let strategy = order.algo_strategy.as_deref().unwrap_or_default();
    out.text(strategy);
    if !strategy.is_empty() {
        out.tag_pairs(&order.algo_params);
    }
    out.flag(order.solicited);
}

/// Randomness, the benchmark an order is pegged to, and its conditions.
pub(super) fn write_benchmark_and_conditions(out: &mut Writer<'_>, order: &Order) {
    out.flag(order.randomize_size);
    out.flag(order.randomize_price);
    if is_pegged_to_benchmark(order.order_type.as_deref()) {
        out.integer_or_zero(order.reference_contract_id);
        out.flag(order.is_pegged_change_amount_decrease);
        out.double_or_zero(order.pegged_change_amount);
        out.double_or_zero(order.reference_change_amount);
        out.maybe(order.reference_exchange_id.as_deref());
    }
    out.count(order.conditions.len());
    for condition in &order.conditions {
        write_condition(out, condition);
    }
    if !order.conditions.is_empty() {
        out.flag(order.conditions_ignore_rth);
        out.flag(order.conditions_cancel_order);
    }
}

/// The pegs to the best price and to the middle, of every order.
pub(super) fn write_mid_offsets(out: &mut Writer<'_>, order: &Order) {
    out.maybe_integer(order.min_trade_qty);
    out.maybe_integer(order.min_compete_size);
    out.maybe_double(order.compete_against_best_offset);
    out.maybe_double(order.mid_offset_at_whole);
    out.maybe_double(order.mid_offset_at_half);
}
