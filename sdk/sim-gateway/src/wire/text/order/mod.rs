//! Orders as text.
//!
//! Reading what a client places, writing what became of it. It never completes what a client left out; it
//! only writes an absent field the way IB writes one.

mod completed;
mod conditions;
mod open;
mod parts;
mod place;

#[cfg(test)]
mod open_tests;
#[cfg(test)]
mod place_tests;

use super::contract_fields::read_brief;
use super::{FieldError, Fields, Request, Response, Writer};
use crate::wire::ids::{request, response};
use crate::wire::messages::order::{
    AllOpenOrdersRequest, AutoOpenOrdersRequest, CancelOrderRequest, CompletedOrdersEnd,
    CompletedOrdersRequest, ExerciseOptionsRequest, GlobalCancelRequest, OpenOrdersEnd, OpenOrdersRequest,
    OrderBound, OrderCancel, OrderStatus,
};

/// Up to the version before this one orders carry the profile of an advisor, a field IB has given up.
const WITHOUT_PROFILE: i32 = 177;

/// Whether an order of this type is pegged to a benchmark, which adds fields to it.
fn is_pegged_to_benchmark(order_type: Option<&str>) -> bool {
    matches!(order_type, Some("PEG BENCH" | "PEGBENCH"))
}

impl Request for CancelOrderRequest {
    const ID: u32 = request::CANCEL_ORDER;

    fn read(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        fields.skip()?;
        let order_id = fields.integer()?;
        fields.may_end();
        Ok(Self {
            order_id,
            order_cancel: Some(OrderCancel {
                manual_order_cancel_time: fields.text()?,
                ..OrderCancel::default()
            }),
        })
    }
}

impl Request for OpenOrdersRequest {
    const ID: u32 = request::OPEN_ORDERS;

    fn read(_: &mut Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self {})
    }
}

impl Request for AutoOpenOrdersRequest {
    const ID: u32 = request::AUTO_OPEN_ORDERS;

    fn read(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        fields.skip()?;
        Ok(Self {
            auto_bind: fields.flag()?,
        })
    }
}

impl Request for AllOpenOrdersRequest {
    const ID: u32 = request::ALL_OPEN_ORDERS;

    fn read(_: &mut Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self {})
    }
}

impl Request for ExerciseOptionsRequest {
    const ID: u32 = request::EXERCISE_OPTIONS;

    fn read(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        fields.skip()?;
        Ok(Self {
            order_id: fields.integer()?,
            contract: Some(read_brief(fields)?),
            exercise_action: fields.integer()?,
            exercise_quantity: fields.integer()?,
            account: fields.text()?,
            override_system: fields.flag()?,
            ..Self::default()
        })
    }
}

impl Request for GlobalCancelRequest {
    const ID: u32 = request::GLOBAL_CANCEL;

    fn read(_: &mut Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self { order_cancel: None })
    }
}

impl Request for CompletedOrdersRequest {
    const ID: u32 = request::COMPLETED_ORDERS;

    fn read(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self {
            api_only: fields.flag()?,
        })
    }
}

impl Response for OrderStatus {
    const ID: u32 = response::ORDER_STATUS;

    fn write(&self, out: &mut Writer<'_>) {
        out.integer_or_zero(self.order_id);
        out.maybe(self.status.as_deref());
        out.decimal(self.filled.as_deref());
        out.decimal(self.remaining.as_deref());
        out.double_or_zero(self.avg_fill_price);
        out.integer_or_zero(self.perm_id);
        out.integer_or_zero(self.parent_id);
        out.double_or_zero(self.last_fill_price);
        out.integer_or_zero(self.client_id);
        out.maybe(self.why_held.as_deref());
        out.double_or_zero(self.mkt_cap_price);
    }
}

impl Response for OpenOrdersEnd {
    const ID: u32 = response::OPEN_ORDERS_END;

    fn write(&self, out: &mut Writer<'_>) {
        out.integer(1);
    }
}

impl Response for OrderBound {
    const ID: u32 = response::ORDER_BOUND;

    fn write(&self, out: &mut Writer<'_>) {
        out.integer_or_zero(self.perm_id);
        out.integer_or_zero(self.client_id);
        out.integer_or_zero(self.order_id);
    }
}

impl Response for CompletedOrdersEnd {
    const ID: u32 = response::COMPLETED_ORDERS_END;

    fn write(&self, _: &mut Writer<'_>) {}
}
