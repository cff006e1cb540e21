//! An open order.

use super::parts::{
    or_none, write_allocation, write_benchmark_and_conditions, write_box, write_clearing_and_algorithm,
    write_combination, write_hedge, write_mid_offsets, write_order_contract, write_scale, write_terms,
    write_volatility,
};
use crate::wire::encoding::Response;
use crate::wire::ids::response;
use crate::wire::messages::order::{OpenOrder, Order, OrderState};
use crate::wire::text::Writer;

impl Response for OpenOrder {
    const ID: u32 = response::OPEN_ORDER;

    fn write(&self, out: &mut Writer<'_>) {
        let contract = self.contract.clone().unwrap_or_default();
        let order = self.order.clone().unwrap_or_default();
        out.integer_or_zero(self.order_id);
        write_order_contract(out, &contract);
        write_terms(out, &order);
        write_identity(out, &order);
        write_allocation(out, &order);
        // The auction strategy, which IB has given up.
        out.text("0");
        write_box(out, &order);
        write_quantities(out, &order);
        write_volatility(out, &order, true);
        // Basis points and their type, which IB has given up.
        out.text("");
        out.text("");
        write_combination(out, &contract, &order);
        write_scale(out, &order);
        write_hedge(out, &order);
        out.flag(order.opt_out_smart_routing);
        write_clearing_and_algorithm(out, &contract, &order);
        out.flag(order.what_if);
        write_state(out, &self.order_state.clone().unwrap_or_default());
        write_benchmark_and_conditions(out, &order);
        write_adjustment(out, &order);
        write_newer(out, &order);
        write_mid_offsets(out, &order);
    }
}

fn write_identity(out: &mut Writer<'_>, order: &Order) {
    out.integer_or_zero(order.client_id);
    out.integer_or_zero(order.perm_id);
    out.flag(order.outside_rth);
    out.flag(order.hidden);
    out.double_or_zero(order.discretionary_amt);
    out.maybe(order.good_after_time.as_deref());
    // How shares were once spread over an advisor's accounts.
    out.text("");
}

fn write_quantities(out: &mut Writer<'_>, order: &Order) {
    out.flag(order.block_order);
    out.flag(order.sweep_to_fill);
    out.flag(order.all_or_none);
    out.maybe_integer(order.min_qty);
    out.integer_or_zero(order.oca_type);
    // Electronic trade only, firm quote only and price cap, which IB has given up.
    out.text("0");
    out.text("0");
    out.text("");
    out.integer_or_zero(order.parent_id);
    out.integer_or_zero(order.trigger_method);
}

fn write_state(out: &mut Writer<'_>, state: &OrderState) {
    out.maybe(state.status.as_deref());
    out.double_or_unset(state.init_margin_before);
    out.double_or_unset(state.maint_margin_before);
    out.double_or_unset(state.equity_with_loan_before);
    out.double_or_unset(state.init_margin_change);
    out.double_or_unset(state.maint_margin_change);
    out.double_or_unset(state.equity_with_loan_change);
    out.double_or_unset(state.init_margin_after);
    out.double_or_unset(state.maint_margin_after);
    out.double_or_unset(state.equity_with_loan_after);
    out.maybe_double(state.commission_and_fees);
    out.maybe_double(state.min_commission_and_fees);
    out.maybe_double(state.max_commission_and_fees);
    out.maybe(state.commission_and_fees_currency.as_deref());
    out.maybe(state.warning_text.as_deref());
}

fn write_adjustment(out: &mut Writer<'_>, order: &Order) {
    out.text(or_none(order.adjusted_order_type.as_deref()));
    out.double_or_unset(order.trigger_price);
    out.double_or_unset(order.trail_stop_price);
    out.double_or_unset(order.lmt_price_offset);
    out.double_or_unset(order.adjusted_stop_price);
    out.double_or_unset(order.adjusted_stop_limit_price);
    out.double_or_unset(order.adjusted_trailing_amount);
    out.integer_or_zero(order.adjustable_trailing_unit);
}

fn write_newer(out: &mut Writer<'_>, order: &Order) {
    let tier = order.soft_dollar_tier.clone().unwrap_or_default();
    out.maybe(tier.name.as_deref());
    out.maybe(tier.value.as_deref());
    out.maybe(tier.display_name.as_deref());
    out.double_or_zero(order.cash_qty);
    out.flag(order.dont_use_auto_price_for_hedge);
    out.flag(order.is_oms_container);
    out.flag(order.discretionary_up_to_limit_price);
    out.integer_or_zero(order.use_price_mgmt_algo);
    out.maybe_integer(order.duration);
    out.maybe_integer(order.post_to_ats);
    out.flag(order.auto_cancel_parent);
}
