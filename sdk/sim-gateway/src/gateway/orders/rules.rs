//! What an order may not say: each rule with the code and the words IB refuses it with.
//!
//! Codes and texts are those of IB's published message table; where it names none for an attribute,
//! 10340 says that the attribute is not supported.

use super::validation::{Draft, amount, count, on, said};
use crate::exchange::{Kind, Side};
use crate::gateway::Problem;

/// Whether a rule is broken, the code, the text.
type Rule = (bool, i32, &'static str);

pub(super) fn unsupported(attribute: &str) -> Problem {
    let text = format!("The following order attribute is not supported: {attribute}");
    Problem::new(10340, text)
}

pub(super) fn unknown_kind() -> Problem {
    Problem::new(387, "Unsupported order type for this exchange and security type.")
}

/// The first rule an order breaks. It would be worse to take such an order and leave the wish out.
pub(super) fn check(draft: &Draft<'_>) -> Result<(), Problem> {
    let broken = combinations(draft)
        .into_iter()
        .chain(classes(draft))
        .chain(sizes_and_prices(draft))
        .chain(sales_and_accounts(draft))
        .find(|(broken, _, _)| *broken);
    if let Some((_, code, text)) = broken {
        return Err(Problem::new(code, text));
    }
    match missing_features(draft).into_iter().find(|(wanted, _)| *wanted) {
        Some((_, attribute)) => Err(unsupported(attribute)),
        None => Ok(()),
    }
}

/// Kinds, times in force and flags that do not go together.
fn combinations(draft: &Draft<'_>) -> Vec<Rule> {
    let order = draft.order;
    let closing = matches!(draft.kind, "MOC" | "LOC");
    let immediate = matches!(draft.tif, "IOC" | "FOK");
    let waits = matches!(
        draft.kind,
        "TRAIL" | "TRAIL LIMIT" | "MIT" | "LIT" | "MOO" | "LOO"
    );
    let bag = draft.instrument.kind == Kind::Bag;
    vec![
        (
            on(order.what_if) && !on(order.transmit),
            413,
            "What-if order should have the transmit flag set to true.",
        ),
        (
            on(order.what_if) && bag && draft.route == "SMART",
            360,
            "No whatif check support for smart combo order.",
        ),
        (
            closing && draft.tif != "DAY",
            113,
            "The Tif option should be set to DAY for MOC and LOC orders.",
        ),
        (
            (immediate && waits) || (draft.tif == "OPG" && !matches!(draft.kind, "MKT" | "LMT")),
            111,
            "The TIF (Tif type) and the order type are incompatible.",
        ),
    ]
}

/// Kinds, groups and conditions that an asset class or another attribute rules out.
fn classes(draft: &Draft<'_>) -> Vec<Rule> {
    let order = draft.order;
    let bag = draft.instrument.kind == Kind::Bag;
    let oca = said(&order.oca_group).is_some();
    let trigger = order.trigger_method.unwrap_or(0);
    let conditional = matches!(draft.kind, "LMT" | "MKT" | "REL" | "MIDPRICE");
    vec![
        (
            matches!(draft.kind, "REL" | "PEG PRIM") && draft.instrument.kind != Kind::Stock,
            114,
            "Relative orders are valid for stocks only.",
        ),
        (
            matches!(draft.kind, "PEG MKT" | "PEG MID" | "MIDPRICE")
                && !draft.instrument.kind.prints_trades(),
            342,
            "Pegged order is not supported on this exchange.",
        ),
        (
            !matches!(trigger, 0..=4 | 7 | 8 | i32::MAX),
            146,
            "Invalid trigger method.",
        ),
        (
            on(order.outside_rth) && on(order.allow_pre_open),
            437,
            "Order can have only one flag Outside RTH or Allow PreOpen.",
        ),
        (
            oca && bag && matches!(order.oca_type, Some(1 | 2)),
            359,
            "Combo order only supports reduce on fill without block(OCA).",
        ),
        (
            oca && !matches!(order.oca_type.unwrap_or(0), 0..=3),
            10324,
            "Invalid parameters for OCA group for exchange. Overfill Protection is implied.",
        ),
        (
            !order.conditions.is_empty() && !conditional,
            148,
            "Conditional submission of orders is supported for Limit, Market, MidPrice, Relative and Snap \
             order types only.",
        ),
        (
            bag && said(&order.good_after_time).is_some(),
            349,
            "Generic combo does not support \"Good After\" attribute.",
        ),
    ]
}

fn sizes_and_prices(draft: &Draft<'_>) -> Vec<Rule> {
    let order = draft.order;
    let (kind, discretionary) = (draft.instrument.kind, amount(order.discretionary_amt));
    let displayed = count(order.display_size);
    let total: f64 = order
        .total_quantity
        .as_deref()
        .and_then(|text| text.parse().ok())
        .unwrap_or(0.0);
    vec![
        (
            discretionary.is_some() && displayed.is_some(),
            157,
            "An order can be EITHER Iceberg or Discretionary. Please remove either the Discretionary amount \
             or the Display size.",
        ),
        (
            displayed.is_some_and(|size| f64::from(size) >= total && total > 0.0),
            10020,
            "Display size should be smaller than order size.",
        ),
        (
            discretionary.is_some() && !(draft.kind == "LMT" && matches!(kind, Kind::Stock | Kind::Option)),
            325,
            "Discretionary orders are not supported for this combination of exchange and order type.",
        ),
        (
            discretionary.is_some_and(|by| draft.instrument.ticks(by).is_none()),
            168,
            "Discretionary amount does not conform to the minimum price variation for this contract.",
        ),
        (
            on(order.hidden) && !matches!(kind, Kind::Stock | Kind::Option),
            152,
            "The \"hidden\" order attribute may not be specified for this order.",
        ),
        (
            on(order.block_order) && total < 50.0,
            117,
            "The block order size must be at least 50.",
        ),
        (
            count(order.min_qty).is_some_and(|least| least < 0 || f64::from(least) > total),
            388,
            "Order size is smaller than the minimum requirement.",
        ),
        (
            count(order.min_trade_qty).is_some(),
            10302,
            "Min trade trade quantity is not allowed for this order",
        ),
        (
            kind == Kind::Fund && draft.side == Side::Buy && amount(order.cash_qty).is_none(),
            427,
            "Mutual Fund order requires monetary value to be specified.",
        ),
        (
            kind == Kind::Fund && draft.side == Side::Sell && amount(order.cash_qty).is_some(),
            428,
            "Mutual Fund Sell order requires shares to be specified.",
        ),
        (
            kind == Kind::Crypto
                && draft.side == Side::Buy
                && draft.kind == "MKT"
                && amount(order.cash_qty).is_none(),
            10289,
            "You must set Cash Quantity for this order",
        ),
    ]
}

fn sales_and_accounts(draft: &Draft<'_>) -> Vec<Rule> {
    let order = draft.order;
    let slot = count(order.short_sale_slot);
    let located = said(&order.designated_location).is_some();
    let allocated = [&order.fa_group, &order.fa_method, &order.fa_percentage]
        .into_iter()
        .any(|field| said(field).is_some());
    vec![
        (
            slot.is_some_and(|slot| !matches!(slot, 1 | 2)),
            347,
            "Short sale slot value must be 1 (broker holds shares) or 2 (delivered from elsewhere).",
        ),
        (
            slot == Some(2) && !located,
            352,
            "Short sale slot value of 2 (delivered from elsewhere) requires location.",
        ),
        (
            slot == Some(1) && located,
            353,
            "Short sale slot value of 1 requires no location be specified.",
        ),
        (
            slot.is_some(),
            348,
            "Order not a short sale - type must be SSHORT to specify short sale slot.",
        ),
        (
            !matches!(order.origin.unwrap_or(0), 0 | 1 | i32::MAX),
            311,
            "The origin is invalid.",
        ),
        (
            allocated,
            321,
            "Error validating request.-'bF' : cause - Financial Advisor fields should not be specified for a \
             non-FA account",
        ),
        (
            on(order.imbalance_only),
            10342,
            "The 'ImbalanceOnly' order attribute may not be specified for this order.",
        ),
        (
            said(&order.hedge_type).is_some_and(|kind| !matches!(kind, "D" | "B" | "F" | "P")),
            10007,
            "Invalid hedge type.",
        ),
    ]
}

/// Attributes that IB knows and this market does not honour.
fn missing_features(draft: &Draft<'_>) -> Vec<(bool, &'static str)> {
    let order = draft.order;
    vec![
        (said(&order.hedge_type).is_some(), "hedgeType"),
        (
            amount(order.scale_price_increment).is_some(),
            "scalePriceIncrement",
        ),
        (count(order.scale_init_level_size).is_some(), "scaleInitLevelSize"),
        (said(&order.scale_table).is_some(), "scaleTable"),
        (
            said(&order.delta_neutral_order_type).is_some_and(|kind| kind != "None"),
            "deltaNeutralOrderType",
        ),
        (on(order.block_order), "blockOrder"),
        (on(order.randomize_size), "randomizeSize"),
        (on(order.randomize_price), "randomizePrice"),
        (count(order.duration).is_some(), "duration"),
        (count(order.post_to_ats).is_some(), "postToAts"),
        (count(order.min_compete_size).is_some(), "minCompeteSize"),
        (said(&order.active_start_time).is_some(), "activeStartTime"),
        (said(&order.active_stop_time).is_some(), "activeStopTime"),
        (said(&order.auto_cancel_date).is_some(), "autoCancelDate"),
        (on(order.include_overnight), "includeOvernight"),
        (on(order.is_oms_container), "isOmsContainer"),
        (on(order.auto_cancel_parent), "autoCancelParent"),
    ]
}

/// What a client is told of an order that is taken nevertheless.
pub(super) fn notes(draft: &Draft<'_>) -> Vec<Problem> {
    let order = draft.order;
    let smart_stock = draft.instrument.kind == Kind::Stock && draft.route == "SMART";
    let rules: [Rule; 2] = [
        (
            (on(order.sweep_to_fill) || count(order.display_size).is_some()) && !smart_stock,
            131,
            "The sweep-to-fill flag and display size are only valid for US stocks routed through SMART, and \
             will be ignored.",
        ),
        (
            ignores_outside_hours(draft),
            2109,
            "Order Event Warning: Attribute 'Outside Regular Trading Hours' is ignored based on the order \
             type and destination. PlaceOrder is now being processed.",
        ),
    ];
    let told = rules.into_iter().filter(|(told, _, _)| *told);
    told.map(|(_, code, text)| Problem::new(code, text)).collect()
}

/// Whether an order asks to work outside regular hours though its kind cannot.
pub(super) fn ignores_outside_hours(draft: &Draft<'_>) -> bool {
    on(draft.order.outside_rth)
        && (matches!(draft.kind, "MKT" | "MOC" | "LOC" | "MOO" | "LOO" | "MTL") || draft.tif == "OPG")
}
