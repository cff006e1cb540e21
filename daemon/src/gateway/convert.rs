//! Every conversion between `ibapi`'s types and ours. Pure, and the only place with floats: IB's wire has doubles where
//! we have decimals, so numbers are rounded to the nearest 1e-9 here and nowhere else.
//!
//! Sentinels: IB sends the largest double for "unset"; −1 (or 0) with no size is "no bid" or "no offer".

use ibapi::contracts::tick_types::TickType;
use ibapi::contracts::{Contract, ContractDetails, SecurityType as IbSecurityType};
use ibapi::market_data::MarketDataType as IbMarketDataType;
use ibapi::market_data::realtime::TickTypes;
use ibapi::orders::{
    Action, ExecutionData, ExecutionSide, Order, OrderData, OrderStatus, OrderStatusKind,
    TimeInForce as IbTimeInForce,
};

use crate::domain::instrument::{ContractFacts, Instrument, InstrumentId, SecurityType};
use crate::domain::money::{Money, NANO, Price, Quantity};
use crate::domain::order::{OrderId, OrderKind, Side, TimeInForce};
use crate::domain::quote::Tick;
use crate::domain::report::{
    AccountValue, BrokerOrder, BrokerPosition, BrokerStatus, Commission, Execution, StatusReport,
};
use crate::orders::placement::Placement;

/// The nearest whole number of 1e-9, or nothing where IB's number is unset, not a number, or beyond our range.
pub fn nanos(value: f64) -> Option<i64> {
    const NANO_F64: f64 = NANO as f64;
    if !value.is_finite() || value.abs() >= 9.2e9 {
        return None;
    }
    if value.abs() < 1e6 {
        // Below 1e15 nanos the errors of the double and of the product together stay under a quarter of a nano.
        return Some((value * NANO_F64).round() as i64);
    }
    // Above, the shortest decimal that reads back as this double is what IB meant.
    let text = value.abs().to_string();
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let whole: i64 = whole.parse().ok()?;
    let kept: String = fraction.chars().chain("000000000".chars()).take(9).collect();
    let round_up = fraction.as_bytes().get(9).is_some_and(|digit| *digit >= b'5');
    let magnitude = whole.checked_mul(NANO)?.checked_add(kept.parse::<i64>().ok()?)?;
    let magnitude = magnitude.checked_add(i64::from(round_up))?;
    Some(if value < 0.0 { -magnitude } else { magnitude })
}

/// The double nearest to that many 1e-9.
pub fn float(nanos: i64) -> f64 {
    // Both sides are exact below 2^53, so the quotient is the double nearest to the decimal.
    if nanos.unsigned_abs() < 1 << 53 {
        return nanos as f64 / NANO as f64;
    }
    let text = Price::from_nanos(nanos).to_string();
    text.parse().unwrap_or(nanos as f64 / NANO as f64)
}

/// A price, if it is one.
pub fn price(value: f64) -> Option<Price> {
    nanos(value).map(Price::from_nanos)
}

/// A quantity; nothing where IB says none.
pub fn quantity(value: f64) -> Quantity {
    Quantity::from_nanos(nanos(value).unwrap_or(0))
}

/// An instrument as IB's lookup wants it: by its id once that is known, and by its description until then.
pub fn contract(instrument: &Instrument) -> Contract {
    Contract {
        contract_id: instrument.con_id.unwrap_or(0),
        symbol: instrument.symbol.as_str().into(),
        security_type: security_type(instrument.security_type),
        last_trade_date_or_contract_month: instrument.expiry.clone().unwrap_or_default(),
        exchange: instrument.exchange.as_str().into(),
        currency: instrument.currency.as_str().into(),
        primary_exchange: instrument.primary_exchange.as_deref().unwrap_or("").into(),
        ..Contract::default()
    }
}

/// IB's name for a security type.
pub const fn security_type(ours: SecurityType) -> IbSecurityType {
    match ours {
        SecurityType::Stk => IbSecurityType::Stock,
        SecurityType::Cash => IbSecurityType::ForexPair,
        SecurityType::Fut => IbSecurityType::Future,
        SecurityType::Ind => IbSecurityType::Index,
        SecurityType::Crypto => IbSecurityType::Crypto,
    }
}

/// Whether a contract IB speaks of fits an instrument's description. Exchange is left out: orders and holdings carry
/// where they were routed, or nothing.
pub fn describes(contract: &Contract, instrument: &Instrument) -> bool {
    let expiry_fits = || match &instrument.expiry {
        Some(expiry) => contract
            .last_trade_date_or_contract_month
            .starts_with(expiry.as_str()),
        None => true,
    };
    contract.symbol.as_str() == instrument.symbol
        && contract.security_type == security_type(instrument.security_type)
        && contract.currency.as_str() == instrument.currency
        && expiry_fits()
}

/// What contract details say; `None` where they make no sense.
pub fn contract_facts(instrument: InstrumentId, details: &ContractDetails) -> Option<ContractFacts> {
    let multiplier = details.contract.multiplier.trim();
    let multiplier = match multiplier {
        "" | "0" => Quantity::ONE,
        text => text.parse().ok()?,
    };
    (details.contract.contract_id > 0 && multiplier.is_positive()).then_some(ContractFacts {
        instrument,
        con_id: details.contract.contract_id,
        tick: price(details.min_tick)?,
        multiplier,
        // Read beside: what cannot be read there must be told by name.
        hours: None,
    })
}

/// An order as it is written. Every field IB could take from a preset is said explicitly.
pub fn order(placement: Placement, account: &str) -> Order {
    let order_type = match placement.kind {
        OrderKind::Market => "MKT",
        OrderKind::Limit { .. } => "LMT",
        OrderKind::Stop { .. } => "STP",
        OrderKind::StopLimit { .. } => "STP LMT",
    };
    Order {
        order_id: placement.order_id.0,
        action: match placement.side {
            Side::Buy => Action::Buy,
            Side::Sell => Action::Sell,
        },
        total_quantity: float(placement.quantity.nanos()),
        order_type: order_type.to_owned(),
        limit_price: placement.kind.limit().map(|limit| float(limit.nanos())),
        aux_price: placement.kind.stop().map(|stop| float(stop.nanos())),
        tif: match placement.time_in_force {
            TimeInForce::Day => IbTimeInForce::Day,
            TimeInForce::Gtc => IbTimeInForce::GoodTillCanceled,
            TimeInForce::Ioc => IbTimeInForce::ImmediateOrCancel,
        },
        order_ref: placement.order_ref,
        account: account.to_owned(),
        outside_rth: false,
        transmit: true,
        ..Order::default()
    }
}

/// A status, unless it is one nobody has heard of.
pub const fn status(kind: &OrderStatusKind) -> Option<BrokerStatus> {
    Some(match kind {
        OrderStatusKind::ApiPending => BrokerStatus::ApiPending,
        OrderStatusKind::PendingSubmit => BrokerStatus::PendingSubmit,
        OrderStatusKind::PendingCancel => BrokerStatus::PendingCancel,
        OrderStatusKind::PreSubmitted => BrokerStatus::PreSubmitted,
        OrderStatusKind::Submitted => BrokerStatus::Submitted,
        OrderStatusKind::ApiCancelled => BrokerStatus::ApiCancelled,
        OrderStatusKind::Cancelled => BrokerStatus::Cancelled,
        OrderStatusKind::Filled => BrokerStatus::Filled,
        OrderStatusKind::Inactive => BrokerStatus::Inactive,
        OrderStatusKind::Unknown(_) => return None,
    })
}

/// `orderStatus`; `None` if its status is unknown.
pub fn status_report(told: OrderStatus) -> Option<StatusReport> {
    Some(StatusReport {
        order_id: OrderId(told.order_id),
        status: status(&told.status)?,
        filled: quantity(told.filled),
        remaining: quantity(told.remaining),
        perm_id: told.perm_id,
        why_held: some_text(told.why_held),
    })
}

/// `openOrder`, with the instrument it is about, if that is one of ours.
pub fn broker_order(told: OrderData, instrument: Option<InstrumentId>) -> BrokerOrder {
    let OrderData {
        order_id,
        contract,
        order,
        order_state,
    } = told;
    // Live by being listed, whatever its status is called.
    let status = status(&order_state.status).unwrap_or(BrokerStatus::Inactive);
    BrokerOrder {
        order_id: OrderId(if order_id > 0 { order_id } else { order.order_id }),
        client_id: order.client_id,
        perm_id: order.perm_id,
        con_id: contract.contract_id,
        instrument,
        side: side(order.action),
        kind: kind(&order),
        time_in_force: time_in_force(&order.tif),
        quantity: quantity(order.total_quantity),
        filled: None,
        status,
        reason: some_text(order_state.reject_reason).or(some_text(order_state.warning_text)),
        order_ref: order.order_ref,
    }
}

/// `completedOrder`: it names no order id, and its total is what was left unfilled.
pub fn completed_order(told: OrderData, instrument: Option<InstrumentId>) -> BrokerOrder {
    let filled = quantity(told.order.filled_quantity);
    let left = quantity(told.order.total_quantity);
    let told_status = status(&told.order_state.status);
    let reason = [
        &told.order_state.completed_status,
        &told.order_state.reject_reason,
    ];
    let reason = reason.into_iter().find(|text| !text.is_empty()).cloned();
    let ended = match told_status {
        Some(status) => status,
        None if filled.is_positive() && left.is_zero() => BrokerStatus::Filled,
        None => BrokerStatus::Cancelled,
    };
    BrokerOrder {
        quantity: filled.plus(left),
        filled: Some(filled),
        status: ended,
        reason,
        ..broker_order(told, instrument)
    }
}

/// `execDetails`. A combination is told once as a whole and once for each leg: the legs count, so the whole is in no
/// instrument.
pub fn execution(told: ExecutionData, instrument: Option<InstrumentId>) -> Option<Execution> {
    let ExecutionData {
        contract, execution, ..
    } = told;
    let instrument = instrument.filter(|_| contract.security_type != IbSecurityType::Spread);
    Some(Execution {
        price: price(execution.price)?,
        exec_id: execution.execution_id,
        order_id: OrderId(execution.order_id),
        client_id: execution.client_id,
        perm_id: execution.perm_id,
        order_ref: execution.order_reference,
        con_id: contract.contract_id,
        instrument,
        side: match execution.side {
            ExecutionSide::Bought => Side::Buy,
            ExecutionSide::Sold => Side::Sell,
        },
        size: quantity(execution.shares),
        cumulative: quantity(execution.cumulative_quantity),
        time: execution.time,
    })
}

/// `commissionAndFeesReport`; `None` while IB has not counted it: the largest double, or exactly −1, mean pending. Any other
/// negative amount is a rebate.
pub fn commission(told: ibapi::orders::CommissionReport) -> Option<Commission> {
    const PENDING: i64 = -NANO;
    let amount = nanos(told.commission).filter(|amount| *amount != PENDING)?;
    Some(Commission {
        amount: Money::from_nanos(i128::from(amount)),
        exec_id: told.execution_id,
        currency: told.currency,
    })
}

/// `position`.
pub fn position(told: ibapi::accounts::Position, instrument: Option<InstrumentId>) -> BrokerPosition {
    BrokerPosition {
        account: told.account,
        con_id: told.contract.contract_id,
        symbol: told.contract.symbol.to_string(),
        instrument,
        size: quantity(told.position),
        average_cost: price(told.average_cost).unwrap_or(Price::ZERO),
    }
}

/// One row of the account summary.
pub fn account_value(told: ibapi::accounts::AccountSummary) -> AccountValue {
    AccountValue {
        account: told.account,
        tag: told.tag,
        value: told.value,
        currency: told.currency,
    }
}

/// A tick, if it is one we use: best bid and offer, last sale, and whether all of it is delayed.
pub fn tick(told: &TickTypes) -> Option<Tick> {
    match told {
        TickTypes::PriceSize(tick) => price_tick(tick.price_tick_type, tick.price, Some(tick.size)),
        TickTypes::Price(tick) => price_tick(tick.tick_type, tick.price, None),
        TickTypes::Size(tick) => size_tick(tick.tick_type, tick.size),
        TickTypes::MarketDataType(kind) => Some(Tick::Delayed(matches!(
            kind,
            IbMarketDataType::Delayed | IbMarketDataType::DelayedFrozen
        ))),
        _ => None,
    }
}

fn price_tick(kind: TickType, value: f64, size: Option<f64>) -> Option<Tick> {
    let size = size.map(quantity);
    let nothing = value == -1.0 || value == 0.0;
    let quoted = || {
        // A spread may really be bid at −1; then somebody bids for some size.
        let withdrawn = nothing && !size.is_some_and(Quantity::is_positive);
        if withdrawn {
            Some(None)
        } else {
            price(value).map(Some)
        }
    };
    match kind {
        TickType::Bid | TickType::DelayedBid => Some(Tick::Bid(quoted()?, size)),
        TickType::Ask | TickType::DelayedAsk => Some(Tick::Ask(quoted()?, size)),
        TickType::Last | TickType::DelayedLast => {
            let last = quoted()??;
            Some(Tick::Last(last, size.filter(|size| size.is_positive())))
        }
        _ => None,
    }
}

fn size_tick(kind: TickType, value: f64) -> Option<Tick> {
    let size = Quantity::from_nanos(nanos(value)?);
    match kind {
        TickType::BidSize | TickType::DelayedBidSize => Some(Tick::BidSize(size)),
        TickType::AskSize | TickType::DelayedAskSize => Some(Tick::AskSize(size)),
        TickType::LastSize | TickType::DelayedLastSize if size.is_positive() => Some(Tick::LastSize(size)),
        _ => None,
    }
}

const fn side(action: Action) -> Side {
    match action {
        Action::Buy => Side::Buy,
        Action::Sell | Action::SellShort | Action::SellLong => Side::Sell,
    }
}

fn kind(order: &Order) -> Option<OrderKind> {
    let limit = || order.limit_price.and_then(price);
    let stop = || order.aux_price.and_then(price);
    match order.order_type.as_str() {
        "MKT" => Some(OrderKind::Market),
        "LMT" => Some(OrderKind::Limit { limit: limit()? }),
        "STP" => Some(OrderKind::Stop { stop: stop()? }),
        "STP LMT" => Some(OrderKind::StopLimit {
            stop: stop()?,
            limit: limit()?,
        }),
        _ => None,
    }
}

const fn time_in_force(told: &IbTimeInForce) -> Option<TimeInForce> {
    match told {
        IbTimeInForce::Day => Some(TimeInForce::Day),
        IbTimeInForce::GoodTillCanceled => Some(TimeInForce::Gtc),
        IbTimeInForce::ImmediateOrCancel => Some(TimeInForce::Ioc),
        _ => None,
    }
}

fn some_text(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}
