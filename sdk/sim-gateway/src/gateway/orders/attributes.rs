//! Everything an order says beyond its type, size and time in force.

use rust_decimal::Decimal;

use super::validation::{Draft, amount, count, on, said};
use super::{kinds, rules, terms};
use crate::exchange::{
    Algorithm, Attributes, Condition, ConditionTest, InstrumentId, Lots, OcaGroup, OcaRule, OrderKey,
};
use crate::gateway::values::decimal;
use crate::gateway::{Gateway, Problem};
use crate::wire::messages::order::{Order, OrderCondition};

/// Algorithms that slice orders here, with the parameters each one knows.
const HONOURED: [(&str, &[&str]); 3] = [
    ("Adaptive", &["adaptivePriority"]),
    (
        "Twap",
        &[
            "strategyType",
            "startTime",
            "endTime",
            "allowPastEndTime",
            "catchUp",
        ],
    ),
    (
        "Vwap",
        &[
            "maxPctVol",
            "startTime",
            "endTime",
            "allowPastEndTime",
            "noTakeLiq",
            "speedUp",
        ],
    ),
];

/// Algorithms IB has beside them.
const KNOWN: [&str; 12] = [
    "ArrivalPx",
    "DarkIce",
    "PctVol",
    "AD",
    "MinImpact",
    "BalanceImpactRisk",
    "ClosePx",
    "PctVolPx",
    "PctVolSz",
    "PctVolTm",
    "Inline",
    "FoxRiver",
];

/// Reads them all; what does not fit is refused.
pub(super) fn attributes(
    gateway: &Gateway,
    draft: &Draft<'_>,
    client: i32,
    quantity: Lots,
) -> Result<Attributes, Problem> {
    let (order, instrument) = (draft.order, draft.instrument);
    let lots = |size: i32| instrument.lots(Decimal::from(size));
    let discretionary = amount(order.discretionary_amt).and_then(|by| instrument.ticks(by));
    let adjusted = said(&order.adjusted_order_type).filter(|kind| *kind != "None");
    let good_after = said(&order.good_after_time).map(|text| terms::moment(text, None));
    Ok(Attributes {
        parent: parent(gateway, order, client)?,
        oca: said(&order.oca_group).map(|name| OcaGroup {
            name: name.to_owned(),
            rule: match order.oca_type {
                Some(1) => OcaRule::CancelWithBlock,
                Some(2) => OcaRule::ReduceWithBlock,
                _ => OcaRule::ReduceWithoutBlock,
            },
        }),
        display: count(order.display_size).and_then(lots),
        hidden: on(order.hidden),
        discretionary: discretionary.unwrap_or(0),
        all_or_none: on(order.all_or_none),
        min_quantity: count(order.min_qty)
            .and_then(lots)
            .map(|least| least.min(quantity)),
        outside_rth: on(order.outside_rth) && !rules::ignores_outside_hours(draft),
        good_after: good_after.transpose()?,
        trigger_method: trigger_method(order),
        conditions: conditions(gateway, order)?,
        conditions_cancel: on(order.conditions_cancel_order),
        conditions_ignore_rth: on(order.conditions_ignore_rth),
        adjust: adjusted.map(|into| kinds::adjustment(draft, into)).transpose()?,
        algorithm: algorithm(draft)?,
        post_only: on(order.post_only),
    })
}

fn trigger_method(order: &Order) -> u8 {
    count(order.trigger_method)
        .and_then(|method| u8::try_from(method).ok())
        .unwrap_or(0)
}

/// The parent must be known and must not have ended; IB finds a filled one no more either.
fn parent(gateway: &Gateway, order: &Order, client: i32) -> Result<Option<OrderKey>, Problem> {
    let Some(id) = order.parent_id.filter(|id| *id != 0 && *id != i32::MAX) else {
        return Ok(None);
    };
    let key = OrderKey { client, order: id };
    let parent = gateway.exchange.order(key);
    let parent = parent.ok_or_else(|| Problem::new(10006, "Missing parent order."))?;
    if !parent.is_live() {
        return Err(Problem::new(135, format!("Can't find order with id = {id}")));
    }
    if parent.request.attributes.all_or_none && !on(order.all_or_none) {
        let text = "Child has to be AON if parent order is AON";
        return Err(Problem::new(10236, text));
    }
    Ok(Some(key))
}

fn conditions(gateway: &Gateway, order: &Order) -> Result<Vec<Condition>, Problem> {
    let read = |condition: &OrderCondition| {
        Ok(Condition {
            test: condition_test(gateway, condition)?,
            and_next: on(condition.is_conjunction_connection),
        })
    };
    order.conditions.iter().map(read).collect()
}

fn condition_test(gateway: &Gateway, condition: &OrderCondition) -> Result<ConditionTest, Problem> {
    let above = on(condition.is_more);
    let incomplete = || Problem::new(147, "The conditional contract info is incomplete.");
    Ok(match condition.kind.unwrap_or(0) {
        1 => {
            let id = watched(gateway, condition)?;
            let instrument = &gateway.exchange.market(id).instrument;
            let price = condition.price.and_then(decimal).ok_or_else(incomplete)?;
            // A condition may name a price between two ticks: the next one within decides.
            let ticks = price.checked_div(instrument.min_tick).ok_or_else(incomplete)?;
            let ticks = if above { ticks.ceil() } else { ticks.floor() };
            ConditionTest::Price {
                instrument: id,
                above,
                price: i64::try_from(ticks).map_err(|_| incomplete())?,
            }
        }
        3 => ConditionTest::Time {
            after: above,
            at: terms::moment(said(&condition.time).ok_or_else(incomplete)?, None)?,
        },
        4 => ConditionTest::Margin {
            above,
            percent: condition.percent.unwrap_or(0),
        },
        5 => ConditionTest::Execution {
            symbol: said(&condition.symbol).ok_or_else(incomplete)?.to_owned(),
        },
        6 => {
            let id = watched(gateway, condition)?;
            let instrument = &gateway.exchange.market(id).instrument;
            let volume = Decimal::from(condition.volume.unwrap_or(0));
            ConditionTest::Volume {
                instrument: id,
                above,
                lots: instrument.lots(volume).ok_or_else(incomplete)?,
            }
        }
        7 => {
            let percent = condition
                .change_percent
                .and_then(decimal)
                .ok_or_else(incomplete)?;
            let points = percent.checked_mul(Decimal::ONE_HUNDRED).ok_or_else(incomplete)?;
            ConditionTest::PercentChange {
                instrument: watched(gateway, condition)?,
                above,
                basis_points: i64::try_from(points.round()).map_err(|_| incomplete())?,
            }
        }
        _ => return Err(Problem::new(402, "Conditions are not allowed for this contract.")),
    })
}

fn watched(gateway: &Gateway, condition: &OrderCondition) -> Result<InstrumentId, Problem> {
    let id = condition
        .con_id
        .filter(|id| *id != 0)
        .ok_or_else(|| Problem::new(147, "The conditional contract info is incomplete."))?;
    let found = gateway
        .exchange
        .markets()
        .find(|(_, market)| market.instrument.con_id == id);
    found
        .map(|(id, _)| id)
        .ok_or_else(|| Problem::new(398, format!("{id} cannot be used as a condition trigger.")))
}

fn algorithm(draft: &Draft<'_>) -> Result<Option<Algorithm>, Problem> {
    let order = draft.order;
    let Some(strategy) = said(&order.algo_strategy) else {
        return Ok(None);
    };
    let Some((_, parameters)) = HONOURED.iter().find(|(name, _)| *name == strategy) else {
        return Err(match KNOWN.contains(&strategy) {
            true => Problem::new(442, "Specified algorithm is not allowed for this order."),
            false => Problem::new(439, "Order processing failed. Algorithm definition not found."),
        });
    };
    if !matches!(draft.kind, "MKT" | "LMT") {
        return Err(Problem::new(
            442,
            "Specified algorithm is not allowed for this order.",
        ));
    }
    for (name, value) in &order.algo_params {
        if !parameters.contains(&name.as_str()) {
            let text = "Order processing failed. Unknown algo attribute.";
            return Err(Problem::new(443, text));
        }
        if !is_valid(name, value) {
            let text = format!("Algo attributes validation failed: {name} = {value}");
            return Err(Problem::new(441, text));
        }
    }
    Ok(Some(Algorithm {
        strategy: strategy.to_owned(),
        parameters: order.algo_params.clone(),
    }))
}

fn is_valid(name: &str, value: &str) -> bool {
    match name {
        "adaptivePriority" => ["Urgent", "Normal", "Patient", "Critical"].contains(&value),
        "strategyType" => [
            "Marketable",
            "Matching Midpoint",
            "Matching Same Side",
            "Matching Last",
        ]
        .contains(&value),
        "maxPctVol" => value
            .parse::<f64>()
            .is_ok_and(|share| (0.01..=0.5).contains(&share)),
        "startTime" | "endTime" => value.is_empty() || is_clock(value) || terms::moment(value, None).is_ok(),
        _ => matches!(value, "0" | "1" | "true" | "false" | ""),
    }
}

/// `hh:mm:ss`, with or without a zone.
fn is_clock(value: &str) -> bool {
    let clock = value.split_whitespace().next().unwrap_or_default();
    let parts: Vec<Option<u32>> = clock.split(':').map(|part| part.parse().ok()).collect();
    matches!(parts.as_slice(), [Some(0..=23), Some(0..=59), Some(0..=59)])
}
