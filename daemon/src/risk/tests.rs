use super::denial::DenialCode;
use super::limits::{Grant, Limits, OrderType};
use super::verdict::PluginVerdict;
use super::{Exposure, RiskChain, View};
use crate::domain::instrument::{Instrument, InstrumentId, SecurityType};
use crate::domain::money::{Price, Quantity};
use crate::domain::order::{ClientOrderId, OrderIntent, OrderKind, Side, TimeInForce};
use crate::domain::plugin::PluginId;
use crate::domain::quote::Quote;
use crate::domain::time::Timestamp;
use crate::domain::trading_state::TradingState;

const NOW: Timestamp = Timestamp::from_nanos(100_000_000_000);

/// Everything a review depends on; each case changes what it is about.
struct Case {
    intent: OrderIntent,
    instrument: Instrument,
    quote: Option<Quote>,
    exposure: Exposure,
    grant: Grant,
    limits: Limits,
    state: TradingState,
    verdict: PluginVerdict,
}

fn price(text: &str) -> Price {
    text.parse().unwrap()
}

fn units(units: i32) -> Quantity {
    Quantity::from_units(units)
}

fn case() -> Case {
    let instrument = Instrument {
        id: InstrumentId(0),
        name: "AAPL".into(),
        symbol: "AAPL".into(),
        security_type: SecurityType::Stk,
        exchange: "SMART".into(),
        primary_exchange: None,
        currency: "USD".into(),
        expiry: None,
        con_id: Some(265_598),
        tick: price("0.01"),
        multiplier: Quantity::ONE,
        hours: None,
        silent_after: None,
    };
    let quote = Quote {
        bid: Some(price("99.99")),
        ask: Some(price("100.01")),
        received: NOW,
        ..Quote::empty(InstrumentId(0))
    };
    let all = [
        OrderType::Market,
        OrderType::Limit,
        OrderType::Stop,
        OrderType::StopLimit,
    ];
    let grant = Grant {
        plugin: "p".into(),
        instruments: [InstrumentId(0)].into(),
        order_types: all.into(),
        max_quantity: units(500),
        messages_per_second: 10,
    };
    let intent = OrderIntent {
        client_order_id: ClientOrderId(1),
        plugin: PluginId(0),
        instrument: InstrumentId(0),
        side: Side::Buy,
        kind: OrderKind::Limit { limit: price("100") },
        time_in_force: TimeInForce::Day,
        quantity: units(100),
        reduce_only: false,
        tag: 0,
    };
    let exposure = Exposure::default();
    let limits = Limits {
        max_position: units(300),
        ..Limits::default()
    };
    let (state, verdict) = (TradingState::Active, PluginVerdict::Allow);
    Case {
        intent,
        instrument,
        quote: Some(quote),
        exposure,
        grant,
        limits,
        state,
        verdict,
    }
}

fn decide(case: &Case) -> Result<Quantity, DenialCode> {
    let mut chain = RiskChain::new(&case.limits, std::slice::from_ref(&case.grant));
    let view = View {
        at: NOW,
        trading_state: case.state,
        instrument: &case.instrument,
        quote: case.quote.as_ref(),
        exposure: case.exposure,
        grant: &case.grant,
        limits: &case.limits,
        replaces: false,
        unreconciled: false,
    };
    let cleared = chain.review(case.intent, &view).map_err(|denial| denial.code)?;
    let approved = chain
        .conclude(cleared, case.verdict, &view)
        .map_err(|denial| denial.code)?;
    Ok(approved.into_inner().quantity)
}

fn check(change: impl FnOnce(&mut Case), expected: Result<i32, DenialCode>) {
    let mut case = case();
    change(&mut case);
    assert_eq!(decide(&case), expected.map(units));
}

#[test]
fn an_ordinary_order_passes() {
    check(|_| {}, Ok(100));
    check(|case| case.intent.kind = OrderKind::Market, Ok(100));
}

#[test]
fn only_an_active_desk_sends() {
    for state in [
        TradingState::Recovering,
        TradingState::Halted,
        TradingState::Draining,
    ] {
        check(|case| case.state = state, Err(DenialCode::TradingState));
    }
    check(
        |case| case.state = TradingState::ReduceOnly,
        Err(DenialCode::ReduceOnly),
    );
}

#[test]
fn reduce_only_never_widens_or_crosses() {
    let reduce = |position: i32, working: i32, quantity: i32| {
        move |case: &mut Case| {
            case.state = TradingState::ReduceOnly;
            case.intent.side = Side::Sell;
            case.exposure.position = units(position);
            case.exposure.open_sell = units(working);
            case.intent.quantity = units(quantity);
        }
    };
    check(reduce(100, 0, 100), Ok(100));
    check(reduce(100, 0, 101), Err(DenialCode::ReduceOnly));
    check(reduce(100, 1, 100), Err(DenialCode::ReduceOnly));
    check(reduce(-100, 0, 100), Err(DenialCode::ReduceOnly));
    check(reduce(0, 0, 1), Err(DenialCode::ReduceOnly));
}

#[test]
fn the_grant_is_the_whole_world() {
    check(
        |case| case.grant.instruments.clear(),
        Err(DenialCode::InstrumentNotGranted),
    );
    check(
        |case| _ = case.grant.order_types.remove(&OrderType::Limit),
        Err(DenialCode::OrderTypeNotGranted),
    );
    check(
        |case| case.grant.max_quantity = units(99),
        Err(DenialCode::GrantQuantity),
    );
    check(
        |case| case.grant.messages_per_second = 0,
        Err(DenialCode::MessageRate),
    );
}

#[test]
fn the_form_is_the_instruments() {
    check(
        |case| case.intent.quantity = Quantity::ZERO,
        Err(DenialCode::Form),
    );
    check(|case| case.intent.quantity = units(-5), Err(DenialCode::Form));
    check(
        |case| case.intent.quantity = "1.5".parse().unwrap(),
        Err(DenialCode::Form),
    );
    check(
        |case| {
            case.intent.kind = OrderKind::Limit {
                limit: price("100.005"),
            }
        },
        Err(DenialCode::Form),
    );
    check(
        |case| case.instrument.security_type = SecurityType::Ind,
        Err(DenialCode::Form),
    );
    check(
        |case| case.instrument.con_id = None,
        Err(DenialCode::MissingInput),
    );
}

#[test]
fn size_in_shares_and_in_money() {
    check(
        |case| case.limits.max_quantity = units(99),
        Err(DenialCode::MaxQuantity),
    );
    check(
        |case| case.limits.max_notional = "9999".parse().unwrap(),
        Err(DenialCode::MaxNotional),
    );
    check(
        |case| case.limits.max_notional = "10000".parse().unwrap(),
        Ok(100),
    );
    // A market buy is valued at the offer.
    check(
        |case| {
            case.intent.kind = OrderKind::Market;
            case.limits.max_notional = "10000".parse().unwrap();
        },
        Err(DenialCode::MaxNotional),
    );
    check(
        |case| case.instrument.multiplier = units(50),
        Err(DenialCode::MaxNotional),
    );
}

#[test]
fn a_missing_or_old_quote_denies() {
    check(|case| case.quote = None, Err(DenialCode::MissingInput));
    check(
        |case| case.quote.as_mut().unwrap().bid = None,
        Err(DenialCode::MissingInput),
    );
    check(
        |case| case.quote.as_mut().unwrap().received = Timestamp::from_nanos(94_999_999_999),
        Err(DenialCode::StaleData),
    );
    check(
        |case| case.quote.as_mut().unwrap().received = Timestamp::from_nanos(95_000_000_000),
        Ok(100),
    );
}

#[test]
fn prices_stay_in_the_collar() {
    check(
        |case| case.intent.kind = OrderKind::Limit { limit: price("105") },
        Ok(100),
    );
    check(
        |case| {
            case.intent.kind = OrderKind::Limit {
                limit: price("105.01"),
            }
        },
        Err(DenialCode::PriceCollar),
    );
    check(
        |case| {
            case.intent.kind = OrderKind::Limit {
                limit: price("94.99"),
            }
        },
        Err(DenialCode::PriceCollar),
    );
    let far_stop = OrderKind::StopLimit {
        stop: price("110"),
        limit: price("101"),
    };
    check(|case| case.intent.kind = far_stop, Err(DenialCode::PriceCollar));
}

#[test]
fn the_position_limit_counts_what_works() {
    check(|case| case.exposure.position = units(200), Ok(100));
    check(
        |case| case.exposure.position = units(201),
        Err(DenialCode::PositionLimit),
    );
    check(
        |case| case.exposure.open_buy = units(201),
        Err(DenialCode::PositionLimit),
    );
    // Working orders on the other side do not make room.
    check(
        |case| {
            case.exposure.open_buy = units(201);
            case.exposure.open_sell = units(300);
        },
        Err(DenialCode::PositionLimit),
    );
    // Above a lowered limit, the way back is open.
    check(|case| case.exposure.position = units(-400), Ok(100));
    check(
        |case| {
            case.exposure.position = units(-250);
            case.intent.quantity = units(500);
        },
        Ok(500),
    );
}

#[test]
fn risk_plugins_only_narrow() {
    let by = PluginId(1);
    let shrink = |quantity| move |case: &mut Case| case.verdict = PluginVerdict::Shrink { quantity, by };
    check(shrink(units(40)), Ok(40));
    check(shrink(units(100)), Err(DenialCode::RiskPluginFailed));
    check(shrink(units(1000)), Err(DenialCode::RiskPluginFailed));
    check(shrink(Quantity::ZERO), Err(DenialCode::RiskPluginFailed));
    check(shrink(units(-1)), Err(DenialCode::RiskPluginFailed));
    // What is left must still be an order.
    check(shrink("0.5".parse().unwrap()), Err(DenialCode::Form));
    check(
        |case| case.verdict = PluginVerdict::Deny { by, code: 7 },
        Err(DenialCode::RiskPlugin),
    );
    check(
        |case| case.verdict = PluginVerdict::Failed { by },
        Err(DenialCode::RiskPluginFailed),
    );
}

#[test]
fn the_rate_is_counted_in_a_sliding_second() {
    let case = case();
    let mut chain = RiskChain::new(&case.limits, std::slice::from_ref(&case.grant));
    let mut decide = |at: u64| {
        let quote = Quote {
            received: Timestamp::from_nanos(at),
            ..case.quote.unwrap()
        };
        let view = View {
            at: Timestamp::from_nanos(at),
            trading_state: case.state,
            instrument: &case.instrument,
            quote: Some(&quote),
            exposure: case.exposure,
            grant: &case.grant,
            limits: &case.limits,
            replaces: false,
            unreconciled: false,
        };
        let cleared = chain.review(case.intent, &view).map_err(|denial| denial.code)?;
        chain
            .conclude(cleared, PluginVerdict::Allow, &view)
            .map_err(|denial| denial.code)
    };
    let start = 1_000_000_000_000;
    for message in 0..10 {
        assert!(decide(start + message).is_ok());
    }
    assert_eq!(decide(start + 999_999_999).unwrap_err(), DenialCode::MessageRate);
    assert!(decide(start + 1_000_000_000).is_ok());
    assert_eq!(
        decide(start + 1_000_000_000).unwrap_err(),
        DenialCode::MessageRate
    );
}
