//! A completed order.

use super::parts::{
    write_allocation, write_benchmark_and_conditions, write_box, write_clearing_and_algorithm,
    write_combination, write_hedge, write_mid_offsets, write_order_contract, write_scale, write_terms,
    write_volatility,
};
use crate::wire::encoding::Response;
use crate::wire::ids::response;
use crate::wire::messages::order::{CompletedOrder, Order, OrderState};
use crate::wire::text::Writer;

impl Response for CompletedOrder {
    const ID: u32 = response::COMPLETED_ORDER;

    fn write(&self, out: &mut Writer<'_>) {
        let contract = self.contract.clone().unwrap_or_default();
        let order = self.order.clone().unwrap_or_default();
        let state = self.order_state.clone().unwrap_or_default();
        write_order_contract(out, &contract);
        write_terms(out, &order);
        write_identity(out, &order);
        write_allocation(out, &order);
        write_box(out, &order);
        write_quantities(out, &order);
        write_volatility(out, &order, false);
        write_combination(out, &contract, &order);
        write_scale(out, &order);
        write_hedge(out, &order);
        write_clearing_and_algorithm(out, &contract, &order);
        out.maybe(state.status.as_deref());
        write_benchmark_and_conditions(out, &order);
        write_outcome(out, &order, &state);
        write_mid_offsets(out, &order);
    }
}

fn write_identity(out: &mut Writer<'_>, order: &Order) {
    out.integer_or_zero(order.perm_id);
    out.flag(order.outside_rth);
    out.flag(order.hidden);
    out.double_or_zero(order.discretionary_amt);
    out.maybe(order.good_after_time.as_deref());
}

fn write_quantities(out: &mut Writer<'_>, order: &Order) {
    out.flag(order.sweep_to_fill);
    out.flag(order.all_or_none);
    out.maybe_integer(order.min_qty);
    out.integer_or_zero(order.oca_type);
    out.integer_or_zero(order.trigger_method);
}

fn write_outcome(out: &mut Writer<'_>, order: &Order, state: &OrderState) {
    out.double_or_unset(order.trail_stop_price);
    out.double_or_unset(order.lmt_price_offset);
    out.double_or_zero(order.cash_qty);
    out.flag(order.dont_use_auto_price_for_hedge);
    out.flag(order.is_oms_container);
    out.maybe(order.auto_cancel_date.as_deref());
    out.decimal(order.filled_quantity.as_deref());
    out.integer_or_unset(order.ref_futures_con_id);
    out.flag(order.auto_cancel_parent);
    out.maybe(order.shareholder.as_deref());
    out.flag(order.imbalance_only);
    out.integer_or_zero(order.route_marketable_to_bbo);
    // Written so when there is no parent.
    out.integer(order.parent_perm_id.unwrap_or(i64::MAX));
    out.maybe(state.completed_time.as_deref());
    out.maybe(state.completed_status.as_deref());
}
