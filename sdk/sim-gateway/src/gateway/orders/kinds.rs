//! Order types as the protocol names them, with the prices each one takes.

use rust_decimal::Decimal;

use super::rules;
use super::validation::{Draft, amount};
use crate::exchange::{Distance, Instrument, Kind, OrderKind, OrderRequest, Side, Ticks, TimeInForce};
use crate::gateway::Problem;
use crate::gateway::values::{decimal, double};
use crate::wire::messages::order::Order;

const OFF_GRID: &str = "The price does not conform to the minimum price variation for this contract.";

/// What the exchange makes of an order type.
pub(super) fn order_kind(draft: &Draft<'_>) -> Result<OrderKind, Problem> {
    let opening = draft.tif == "OPG";
    let limit = || price(draft, draft.order.lmt_price, "limit");
    let trigger = || price(draft, draft.order.aux_price, "stop");
    Ok(match draft.kind {
        "MKT" if opening => OrderKind::MarketOnOpen,
        "LMT" if opening => OrderKind::LimitOnOpen { limit: limit()? },
        "MKT" | "MKT PRT" => OrderKind::Market,
        "LMT" => OrderKind::Limit { limit: limit()? },
        "STP" | "STP PRT" => OrderKind::Stop { trigger: trigger()? },
        "STP LMT" => OrderKind::StopLimit {
            trigger: trigger()?,
            limit: limit()?,
        },
        "MIT" => OrderKind::MarketIfTouched { trigger: trigger()? },
        "LIT" => OrderKind::LimitIfTouched {
            trigger: trigger()?,
            limit: limit()?,
        },
        "MOC" => OrderKind::MarketOnClose,
        "LOC" => OrderKind::LimitOnClose { limit: limit()? },
        "MOO" => OrderKind::MarketOnOpen,
        "LOO" => OrderKind::LimitOnOpen { limit: limit()? },
        "MTL" => OrderKind::MarketToLimit,
        "TRAIL" => OrderKind::Trail {
            by: trailing(draft)?,
            stop: starting_stop(draft)?,
        },
        "TRAIL LIMIT" => trailing_limit(draft)?,
        "PEG MKT" => OrderKind::PeggedToMarket {
            offset: offset(draft)?,
            cap: cap(draft)?,
        },
        "PEG MID" | "MIDPRICE" => OrderKind::PeggedToMidpoint {
            offset: if draft.kind == "MIDPRICE" {
                0
            } else {
                offset(draft)?
            },
            cap: cap(draft)?,
        },
        "REL" | "PEG PRIM" => relative(draft)?,
        _ => return Err(rules::unknown_kind()),
    })
}

/// A price the order must have, on the ladder of the exchange it goes to.
pub(super) fn price(draft: &Draft<'_>, written: Option<f64>, name: &str) -> Result<Ticks, Problem> {
    let missing = || Problem::invalid(format_args!("Invalid or missing {name} price"));
    let price = written.and_then(decimal).ok_or_else(missing)?;
    // A combination may be worth nothing, or less.
    if price <= Decimal::ZERO && draft.instrument.kind != Kind::Bag {
        return Err(missing());
    }
    let ticks = signed_ticks(draft.instrument, price)?;
    if !draft.instrument.grid(draft.route).holds(ticks) {
        return Err(Problem::new(110, OFF_GRID));
    }
    Ok(ticks)
}

fn signed_ticks(instrument: &Instrument, price: Decimal) -> Result<Ticks, Problem> {
    if price.is_zero() {
        return Ok(0);
    }
    let ticks = instrument
        .ticks(price.abs())
        .ok_or_else(|| Problem::new(110, OFF_GRID))?;
    Ok(if price.is_sign_negative() { -ticks } else { ticks })
}

/// A distance in ticks; zero when not set.
fn offset(draft: &Draft<'_>) -> Result<Ticks, Problem> {
    amount(draft.order.aux_price).map_or(Ok(0), |offset| signed_ticks(draft.instrument, offset))
}

fn cap(draft: &Draft<'_>) -> Result<Option<Ticks>, Problem> {
    match amount(draft.order.lmt_price) {
        None => Ok(None),
        Some(_) => price(draft, draft.order.lmt_price, "limit").map(Some),
    }
}

fn starting_stop(draft: &Draft<'_>) -> Result<Option<Ticks>, Problem> {
    match amount(draft.order.trail_stop_price) {
        None => Ok(None),
        Some(_) => price(draft, draft.order.trail_stop_price, "trailing stop").map(Some),
    }
}

/// How far a trailing stop trails: an amount or a percentage, and exactly one of them.
fn trailing(draft: &Draft<'_>) -> Result<Distance, Problem> {
    match (
        amount(draft.order.aux_price),
        amount(draft.order.trailing_percent),
    ) {
        (Some(by), None) if by > Decimal::ZERO => signed_ticks(draft.instrument, by).map(Distance::Amount),
        (None, Some(percent)) => basis_points(percent).map(Distance::BasisPoints),
        (Some(_), Some(_)) => Err(Problem::invalid(
            "Either a trailing amount or a trailing percent can be specified, not both",
        )),
        _ => Err(Problem::new(
            158,
            "You must specify an offset amount or a percent offset value.",
        )),
    }
}

fn basis_points(percent: Decimal) -> Result<i64, Problem> {
    let bounds = Decimal::ZERO..=Decimal::ONE_HUNDRED;
    let points = bounds
        .contains(&percent)
        .then(|| i64::try_from((percent * Decimal::ONE_HUNDRED).round()).ok())
        .flatten();
    points
        .filter(|points| *points > 0)
        .ok_or_else(|| Problem::new(159, "The percent offset value must be between 0% and 100%."))
}

/// The limit is given as such, beside the starting stop, or as a distance from the stop.
fn trailing_limit(draft: &Draft<'_>) -> Result<OrderKind, Problem> {
    let (by, stop) = (trailing(draft)?, starting_stop(draft)?);
    let limit = cap(draft)?;
    let offset = match (amount(draft.order.lmt_price_offset), limit, stop) {
        (Some(_), Some(_), _) => {
            let text = "Either a limit price or a limit price offset can be specified, not both";
            return Err(Problem::invalid(text));
        }
        (Some(offset), None, _) => signed_ticks(draft.instrument, offset)?,
        (None, Some(limit), Some(stop)) if draft.side == Side::Buy => limit - stop,
        (None, Some(limit), Some(stop)) => stop - limit,
        (None, Some(_), None) => {
            return Err(Problem::invalid("Invalid or missing trailing stop price"));
        }
        // The limit then is the stop itself.
        (None, None, _) => 0,
    };
    Ok(OrderKind::TrailLimit { by, stop, offset })
}

fn relative(draft: &Draft<'_>) -> Result<OrderKind, Problem> {
    let offset = match amount(draft.order.percent_offset) {
        Some(fraction) => {
            // IB takes a fraction here: 0.01 is one percent.
            let percent = fraction.checked_mul(Decimal::ONE_HUNDRED).unwrap_or(Decimal::MAX);
            Distance::BasisPoints(basis_points(percent)?)
        }
        None => Distance::Amount(offset(draft)?),
    };
    Ok(OrderKind::Relative {
        offset,
        cap: cap(draft)?,
    })
}

/// Where a stop becomes another order, and which (IB's adjustable stops).
pub(super) fn adjustment(draft: &Draft<'_>, into: &str) -> Result<crate::exchange::Adjustment, Problem> {
    let (order, instrument) = (draft.order, draft.instrument);
    let needed = |written: Option<f64>, code: i32, text: &str| {
        amount(written)
            .filter(|price| *price > Decimal::ZERO)
            .and_then(|price| instrument.ticks(price))
            .ok_or_else(|| Problem::new(code, text))
    };
    let at = needed(order.trigger_price, 361, "Invalid trigger price.")?;
    let stop = || needed(order.adjusted_stop_price, 362, "Invalid adjusted stop price.");
    let limit = || {
        needed(
            order.adjusted_stop_limit_price,
            363,
            "Invalid adjusted stop limit price.",
        )
    };
    let into = match into {
        "STP" => OrderKind::Stop { trigger: stop()? },
        "STP LMT" => OrderKind::StopLimit {
            trigger: stop()?,
            limit: limit()?,
        },
        "TRAIL" | "TRAIL LIMIT" => {
            let text = "Invalid adjusted trailing amount.";
            let trailing = order.adjusted_trailing_amount;
            // IB's adjustableTrailingUnit: 0 an amount, 100 a percentage.
            let by = match order.adjustable_trailing_unit.unwrap_or(0) {
                100 => amount(trailing)
                    .and_then(|percent| basis_points(percent).ok())
                    .map(Distance::BasisPoints)
                    .ok_or_else(|| Problem::new(364, text))?,
                _ => Distance::Amount(needed(trailing, 364, text)?),
            };
            let stop = Some(stop()?);
            match into {
                "TRAIL" => OrderKind::Trail { by, stop },
                _ => {
                    let limit = limit()?;
                    let offset = stop.map_or(0, |stop| match draft.side {
                        Side::Buy => limit - stop,
                        Side::Sell => stop - limit,
                    });
                    OrderKind::TrailLimit { by, stop, offset }
                }
            }
        }
        _ => return Err(rules::unknown_kind()),
    };
    Ok(crate::exchange::Adjustment { at, into })
}

/// How a client would have written an order that none wrote: a manual one, or the broker's.
pub(super) fn written(request: &OrderRequest, instrument: &Instrument) -> Order {
    let kind = match request.kind {
        OrderKind::Market | OrderKind::MarketOnOpen => "MKT",
        OrderKind::Limit { .. } | OrderKind::LimitOnOpen { .. } => "LMT",
        OrderKind::Stop { .. } => "STP",
        OrderKind::StopLimit { .. } => "STP LMT",
        OrderKind::Trail { .. } => "TRAIL",
        OrderKind::TrailLimit { .. } => "TRAIL LIMIT",
        OrderKind::MarketIfTouched { .. } => "MIT",
        OrderKind::LimitIfTouched { .. } => "LIT",
        OrderKind::MarketOnClose => "MOC",
        OrderKind::LimitOnClose { .. } => "LOC",
        OrderKind::MarketToLimit => "MTL",
        OrderKind::PeggedToMarket { .. } => "PEG MKT",
        OrderKind::PeggedToMidpoint { .. } => "PEG MID",
        OrderKind::Relative { .. } => "REL",
    };
    let tif = match request.tif {
        TimeInForce::Day => "DAY",
        TimeInForce::Gtc => "GTC",
        TimeInForce::Ioc => "IOC",
        TimeInForce::Fok => "FOK",
        TimeInForce::Gtd(_) => "GTD",
        TimeInForce::Opening => "OPG",
    };
    let action = if request.side == Side::Buy { "BUY" } else { "SELL" };
    let price = |ticks: Option<Ticks>| ticks.map(|ticks| double(instrument.price(ticks)));
    Order {
        action: Some(action.to_owned()),
        order_type: Some(kind.to_owned()),
        tif: Some(tif.to_owned()),
        lmt_price: price(request.kind.limit()),
        aux_price: price(request.kind.trigger()),
        transmit: Some(true),
        ..Order::default()
    }
}
