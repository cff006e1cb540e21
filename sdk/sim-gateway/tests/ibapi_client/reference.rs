//! What there is to trade, where, at which prices, and what options are worth.

use ibapi::contracts::{Contract, OptionRight, SecurityIdType, SecurityType};

use crate::checks::{Checks, Failure, all, ended, ensure, refused};
use crate::desk::{APPLE_ID, Desk, apple};

const SPY_ID: i32 = 756_733;

pub async fn checks(desk: &mut Desk, checks: &mut Checks) {
    for (kind, symbol, exchange, currency, said) in KINDS {
        let wanted = contract(kind.clone(), symbol, exchange, currency);
        checks
            .check(
                &format!("contract_details, {kind:?} {symbol}"),
                details(desk, wanted, said),
            )
            .await;
    }
    checks.check("contract_details, one share", share(desk)).await;
    checks
        .check("contract_details, derivatives", derivatives(desk))
        .await;
    checks.check("contract_details, a bond", bond(desk)).await;
    checks.check("contract_details, none", unknown(desk)).await;
    checks.check("contract_details_stream", streamed(desk)).await;
    checks.check("matching_symbols", symbols(desk)).await;
    checks.check("market_rule", rules(desk)).await;
    checks.check("smart_components", letters(desk)).await;
    checks.check("option_chain", chains(desk)).await;
    checks
        .check(
            "calculate_option_price, calculate_implied_volatility",
            figures(desk),
        )
        .await;
}

type Kind = (
    SecurityType,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
);

/// Type, symbol, exchange and currency to ask for, and the long name to be told.
const KINDS: [Kind; 10] = [
    (SecurityType::Stock, "SAP", "IBIS", "EUR", "SAP SE"),
    (SecurityType::Stock, "7203", "TSEJ", "JPY", "TOYOTA MOTOR CORP"),
    (
        SecurityType::ForexPair,
        "EUR",
        "IDEALPRO",
        "USD",
        "European Monetary Union Euro",
    ),
    (
        SecurityType::ContinuousFuture,
        "ES",
        "CME",
        "USD",
        "E-mini S&P 500",
    ),
    (SecurityType::Index, "SPX", "CBOE", "USD", "S&P 500 Stock Index"),
    (SecurityType::CFD, "AAPL", "SMART", "USD", "Apple Inc"),
    (SecurityType::Warrant, "SAP", "FWB", "EUR", "SAP SE"),
    (SecurityType::Commodity, "XAUUSD", "SMART", "USD", "London Gold"),
    (
        SecurityType::Crypto,
        "BTC",
        "PAXOS",
        "USD",
        "Bitcoin cryptocurrency",
    ),
    (
        SecurityType::MutualFund,
        "VFINX",
        "FUNDSERV",
        "USD",
        "Vanguard 500 Index Fund-INV",
    ),
];

fn contract(kind: SecurityType, symbol: &str, exchange: &str, currency: &str) -> Contract {
    Contract {
        security_type: kind,
        symbol: symbol.into(),
        exchange: exchange.into(),
        currency: currency.into(),
        ..Contract::default()
    }
}

fn calls() -> Contract {
    Contract {
        last_trade_date_or_contract_month: "202612".to_owned(),
        strike: 600.0,
        right: Some(OptionRight::Call),
        multiplier: "100".to_owned(),
        ..contract(SecurityType::Option, "SPY", "SMART", "USD")
    }
}

async fn details(desk: &Desk, wanted: Contract, name: &str) -> Result<(), Failure> {
    let told = desk.client.contract_details(&wanted).await?;
    let one = told.first().ok_or("nothing told")?;
    // The front future is what a continuous one turns out to be.
    let kind = one.contract.security_type == wanted.security_type
        || (wanted.security_type == SecurityType::ContinuousFuture
            && one.contract.security_type == SecurityType::Future);
    let right = kind
        && one.contract.contract_id > 0
        && one.contract.symbol == wanted.symbol
        && one.contract.currency == wanted.currency
        && one.long_name == name
        && one.min_tick > 0.0
        && !one.order_types.is_empty()
        && !one.trading_hours.is_empty();
    ensure(right, one)
}

async fn share(desk: &Desk) -> Result<(), Failure> {
    let told = desk.client.contract_details(&apple()).await?;
    let [one] = &told[..] else {
        return ensure(false, told);
    };
    let right = one.contract.contract_id == APPLE_ID
        && one.contract.primary_exchange.as_str() == "NASDAQ"
        && one.long_name == "APPLE INC"
        && one.industry == "Technology"
        && one.stock_type == "COMMON"
        && one.time_zone_id == "US/Eastern"
        && one.market_rule_ids.len() == one.valid_exchanges.len()
        && one.valid_exchanges.iter().any(|each| each == "SMART")
        && one.min_size.is_some()
        && one
            .sec_id_list
            .iter()
            .any(|each| each.tag == "ISIN" && each.value == "US0378331005");
    ensure(right, one)?;
    let by_isin = Contract {
        security_id_type: Some(SecurityIdType::Isin),
        security_id: "US0378331005".to_owned(),
        exchange: "SMART".into(),
        ..Contract::default()
    };
    let told = desk.client.contract_details(&by_isin).await?;
    ensure(
        told.iter().any(|each| each.contract.contract_id == APPLE_ID),
        told,
    )
}

async fn derivatives(desk: &Desk) -> Result<(), Failure> {
    let future = Contract {
        last_trade_date_or_contract_month: "202612".to_owned(),
        ..contract(SecurityType::Future, "ES", "CME", "USD")
    };
    let told = desk.client.contract_details(&future).await?;
    let [one] = &told[..] else {
        return ensure(false, told);
    };
    let right = one
        .contract
        .last_trade_date_or_contract_month
        .starts_with("20261218")
        && one.contract.multiplier == "50"
        && one.contract_month == "202612"
        && one.under_security_type == "IND";
    ensure(right, one)?;
    let told = desk.client.contract_details(&calls()).await?;
    ensure(!told.is_empty(), "no options")?;
    for one in &told {
        let contract = &one.contract;
        let right = contract.security_type == SecurityType::Option
            && contract.right == Some(OptionRight::Call)
            && (contract.strike - 600.0).abs() < 1e-9
            && contract.last_trade_date_or_contract_month.starts_with("202612")
            && one.under_contract_id == SPY_ID;
        ensure(right, one)?;
    }
    let future_option = Contract {
        last_trade_date_or_contract_month: "202701".to_owned(),
        strike: 70.0,
        right: Some(OptionRight::Put),
        ..contract(SecurityType::FuturesOption, "CL", "NYMEX", "USD")
    };
    let told = desk.client.contract_details(&future_option).await?;
    let right = told.iter().all(|each| each.contract.trading_class == "LO");
    ensure(!told.is_empty() && right, told)
}

async fn bond(desk: &Desk) -> Result<(), Failure> {
    let bond = contract(SecurityType::Bond, "US-T", "SMART", "USD");
    let told = desk.client.contract_details(&bond).await?;
    let note = told.iter().find(|each| each.cusip == "91282CFV8");
    let right = note.is_some_and(|note| {
        (note.coupon - 4.125).abs() < 1e-9
            && note.maturity == "20321115"
            && note.coupon_type == "FIXED"
            && note.ratings == "AA+"
    });
    ensure(told.len() == 2 && right, told)
}

async fn unknown(desk: &Desk) -> Result<(), Failure> {
    let nothing = Contract::stock("NOTHING").build();
    refused(desk.client.contract_details(&nothing).await, 200)
}

async fn streamed(desk: &Desk) -> Result<(), Failure> {
    let wanted = Contract {
        strike: 0.0,
        ..calls()
    };
    let mut stream = desk
        .client
        .contract_details_stream(&wanted)
        .buffer_limit(5000)
        .subscribe()
        .await?;
    let told = all(&mut stream).await?;
    let right = told.iter().all(|each| each.contract.symbol.as_str() == "SPY");
    ensure(told.len() > 50 && right, told.len())?;
    // Of a request that has been answered; it has no answer, and the connection lives on.
    desk.client.cancel_contract_details(1_500_000_001).await?;
    desk.client.server_time().await?;
    Ok(())
}

async fn symbols(desk: &Desk) -> Result<(), Failure> {
    let told = desk.client.matching_symbols("AAP").await?;
    let apple = told.iter().find(|each| each.contract.contract_id == APPLE_ID);
    let right = apple.is_some_and(|each| each.derivative_security_types.iter().any(|kind| kind == "OPT"));
    ensure(right, told)?;
    let told = desk.client.matching_symbols("QQQQQQ").await?;
    ensure(told.is_empty(), told)
}

async fn rules(desk: &Desk) -> Result<(), Failure> {
    let rule = desk.client.market_rule(26).await?;
    let first = rule.price_increments.first();
    let right = rule.market_rule_id == 26
        && first.is_some_and(|each| each.low_edge.abs() < 1e-9 && (each.increment - 0.01).abs() < 1e-9);
    ensure(right, rule)
}

async fn letters(desk: &Desk) -> Result<(), Failure> {
    let told = desk.client.smart_components("9c0001").await?;
    let right = told
        .iter()
        .any(|each| each.exchange == "NASDAQ" && each.exchange_letter.len() == 1);
    ensure(right, told)
}

async fn chains(desk: &Desk) -> Result<(), Failure> {
    let mut chains = desk
        .client
        .option_chain("SPY", SecurityType::Stock, SPY_ID)
        .subscribe()
        .await?;
    let told = all(&mut chains).await?;
    let right = told.iter().all(|each| {
        each.underlying_contract_id == SPY_ID
            && each.multiplier == "100"
            && each.strikes.len() > 40
            && each.expirations.len() > 4
            && each.strikes.is_sorted()
    });
    ensure(right && told.iter().any(|each| each.exchange == "SMART"), &told)?;
    let mut none = desk
        .client
        .option_chain("NOTHING", SecurityType::Stock, 1)
        .subscribe()
        .await?;
    ended(&mut none, 321).await
}

/// What an option is worth at a volatility implies that volatility again.
async fn figures(desk: &Desk) -> Result<(), Failure> {
    let told = desk.client.contract_details(&calls()).await?;
    let option = &told.first().ok_or("no options")?.contract;
    let worth = desk.client.calculate_option_price(option, 0.25, 600.0).await?;
    let price = worth.option_price.unwrap_or_default();
    let delta = worth.delta.unwrap_or_default();
    ensure(price > 1.0 && (0.4..0.7).contains(&delta), &worth)?;
    let implied = desk
        .client
        .calculate_implied_volatility(option, price, 600.0)
        .await?;
    let volatility = implied.implied_volatility.unwrap_or_default();
    ensure((volatility - 0.25).abs() < 0.005, implied)
}
