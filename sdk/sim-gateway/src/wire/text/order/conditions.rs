//! The conditions of an order.

use super::{FieldError, Fields, Writer};
use crate::wire::messages::order::OrderCondition;

const PRICE: i32 = 1;
const TIME: i32 = 3;
const MARGIN: i32 = 4;
const EXECUTION: i32 = 5;
const VOLUME: i32 = 6;
const PERCENT_CHANGE: i32 = 7;

/// One condition: its kind, how it joins the next, and fields that depend on the kind.
pub(super) fn read_condition(fields: &mut Fields<'_>) -> Result<OrderCondition, FieldError> {
    let kind = fields.integer()?;
    let known = kind.filter(|kind| matches!(*kind, PRICE | TIME..=PERCENT_CHANGE));
    let Some(kind) = known else {
        let text = kind.map(|kind| kind.to_string()).unwrap_or_default();
        return Err(fields.wrong(&text, "a kind of condition"));
    };
    let mut condition = OrderCondition {
        kind: Some(kind),
        is_conjunction_connection: Some(fields.text()?.as_deref() == Some("a")),
        ..OrderCondition::default()
    };
    if kind == EXECUTION {
        condition.sec_type = fields.text()?;
        condition.exchange = fields.text()?;
        condition.symbol = fields.text()?;
        return Ok(condition);
    }
    condition.is_more = fields.flag()?;
    match kind {
        TIME => condition.time = fields.text()?,
        MARGIN => condition.percent = fields.integer()?,
        VOLUME => condition.volume = fields.integer()?,
        PERCENT_CHANGE => condition.change_percent = fields.double()?,
        _ => condition.price = fields.double()?,
    }
    if matches!(kind, PRICE | VOLUME | PERCENT_CHANGE) {
        condition.con_id = fields.integer()?;
        condition.exchange = fields.text()?;
    }
    if kind == PRICE {
        condition.trigger_method = fields.integer()?;
    }
    Ok(condition)
}

/// Writes what [`read_condition`] reads.
pub(super) fn write_condition(out: &mut Writer<'_>, condition: &OrderCondition) {
    let kind = condition.kind.unwrap_or(PRICE);
    out.integer(kind);
    out.text(if condition.is_conjunction_connection == Some(true) {
        "a"
    } else {
        "o"
    });
    if kind == EXECUTION {
        out.maybe(condition.sec_type.as_deref());
        out.maybe(condition.exchange.as_deref());
        out.maybe(condition.symbol.as_deref());
        return;
    }
    out.flag(condition.is_more);
    match kind {
        TIME => out.maybe(condition.time.as_deref()),
        MARGIN => out.integer_or_zero(condition.percent),
        VOLUME => out.integer_or_zero(condition.volume),
        PERCENT_CHANGE => out.double_or_zero(condition.change_percent),
        _ => out.double_or_zero(condition.price),
    }
    if matches!(kind, PRICE | VOLUME | PERCENT_CHANGE) {
        out.integer_or_zero(condition.con_id);
        out.maybe(condition.exchange.as_deref());
    }
    if kind == PRICE {
        out.integer_or_zero(condition.trigger_method);
    }
}
