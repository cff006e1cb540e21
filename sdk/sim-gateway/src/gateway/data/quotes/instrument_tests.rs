//! What is special about options, contracts for difference, bonds, indices and funds.

use prost::Message;

use crate::gateway::data::Entitlement;
use crate::gateway::data::data_tests::{ask, prefer, told, watch};
use crate::gateway::gateway_tests::{Desk, apple};
use crate::gateway::{ConnectionId, Output};
use crate::wire::ids::{request, response};
use crate::wire::messages::contract::Contract;
use crate::wire::messages::depth::MarketDepthRequest;
use crate::wire::messages::market;
use crate::wire::messages::option::{
    CalculateImpliedVolatilityRequest, CalculateOptionPriceRequest, CancelCalculateImpliedVolatility,
    TickOptionComputation,
};

const ME: ConnectionId = ConnectionId(1);
const SECOND: u64 = 1_000_000_000;

fn call() -> Contract {
    Contract {
        sec_type: Some("OPT".to_owned()),
        last_trade_date_or_contract_month: Some("20261218".to_owned()),
        strike: Some(230.0),
        right: Some("C".to_owned()),
        ..apple()
    }
}

fn computations(frames: &[Output]) -> Vec<TickOptionComputation> {
    let named = frames.iter().filter_map(|each| match each {
        Output::Frame { id, bytes, .. } if *id == response::TICK_OPTION_COMPUTATION => {
            TickOptionComputation::decode(&bytes[8..]).ok()
        }
        _ => None,
    });
    named.collect()
}

#[test]
fn an_option_comes_with_what_its_prices_stand_for() {
    let mut desk = Desk::started();
    let frames = desk.frames_to(ME, request::MARKET_DATA, &watch(1, call()));
    let found = computations(&frames);
    let fields: Vec<i32> = found.iter().map(|each| each.tick_type()).collect();
    assert!(
        fields.starts_with(&[10, 11]) && fields.ends_with(&[13]),
        "{fields:?}"
    );
    let model = found.last().unwrap();
    assert!((0.05..1.5).contains(&model.implied_vol()), "{model:?}");
    assert!(
        (0.1..0.9).contains(&model.delta()) && model.gamma() > 0.0,
        "{model:?}"
    );
    assert!(
        model.vega() > 0.0 && model.theta() < 0.0 && model.und_price() > 100.0,
        "{model:?}"
    );
    let later = computations(&desk.frames_after(60 * SECOND));
    assert!(!later.is_empty());
    desk.gateway.entitle(None, Entitlement::Delayed);
    prefer(&mut desk, 3);
    let frames = desk.frames_to(ME, request::MARKET_DATA, &watch(2, call()));
    assert!(
        computations(&frames)
            .iter()
            .all(|each| (80..=83).contains(&each.tick_type()))
    );
}

#[test]
fn calculations_lead_from_volatility_to_price_and_back() {
    let mut desk = Desk::started();
    let price = CalculateOptionPriceRequest {
        req_id: Some(1),
        contract: Some(call()),
        volatility: Some(0.3),
        under_price: Some(230.0),
        ..Default::default()
    };
    let found = computations(&desk.frames_to(ME, request::CALCULATE_OPTION_PRICE, &price)).remove(0);
    assert_eq!((found.req_id(), found.tick_type()), (1, 53));
    let volatility = CalculateImpliedVolatilityRequest {
        req_id: Some(2),
        contract: Some(call()),
        option_price: Some(found.opt_price()),
        under_price: Some(230.0),
        ..Default::default()
    };
    let id = request::CALCULATE_IMPLIED_VOLATILITY;
    let back = computations(&desk.frames_to(ME, id, &volatility)).remove(0);
    assert!((back.implied_vol() - 0.3).abs() < 1e-6, "{back:?}");
    assert_eq!(told(&desk.frames_to(ME, id, &volatility)), ["error 322"]);
    let stop = CancelCalculateImpliedVolatility { req_id: Some(2) };
    let cancel = request::CANCEL_CALCULATE_IMPLIED_VOLATILITY;
    assert_eq!(told(&desk.frames_to(ME, cancel, &stop)), [""; 0]);
    assert_eq!(told(&desk.frames_to(ME, cancel, &stop)), ["error 300"]);
    let impossible = CalculateImpliedVolatilityRequest {
        option_price: Some(1e6),
        ..volatility.clone()
    };
    let none = computations(&desk.frames_to(ME, id, &impossible)).remove(0);
    assert_eq!((none.implied_vol(), none.delta()), (-1.0, -2.0));
    let stock = CalculateImpliedVolatilityRequest {
        req_id: Some(3),
        contract: Some(apple()),
        ..volatility
    };
    assert_eq!(told(&desk.frames_to(ME, id, &stock)), ["error 321"]);
}

#[test]
fn a_request_for_a_cfd_is_sent_on_to_its_underlying() {
    let mut desk = Desk::started();
    let cfd = || Contract {
        sec_type: Some("CFD".to_owned()),
        ..apple()
    };
    assert_eq!(ask(&mut desk, &watch(1, cfd())), ["message 91"]);
    let depth = MarketDepthRequest {
        req_id: Some(2),
        contract: Some(cfd()),
        is_smart_depth: Some(true),
        ..Default::default()
    };
    assert_eq!(
        told(&desk.frames_to(ME, request::MARKET_DEPTH, &depth)),
        ["message 92"]
    );
    desk.gateway.data_rules_mut().reroute_cfds = false;
    assert_eq!(
        ask(&mut desk, &watch(1, cfd()))[..3],
        ["parameters", "kind 1", "price 1"]
    );
}

#[test]
fn a_bond_comes_with_its_yields_and_an_index_without_quotes() {
    let mut desk = Desk::started();
    let of = |sec_type: &str, symbol: &str, exchange: &str| Contract {
        symbol: Some(symbol.to_owned()),
        sec_type: Some(sec_type.to_owned()),
        exchange: Some(exchange.to_owned()),
        ..Contract::default()
    };
    let bond = ask(&mut desk, &watch(1, of("BOND", "912810TV0", "SMART")));
    assert!(
        bond.contains(&"price 50".to_owned()) && bond.contains(&"price 51".to_owned()),
        "{bond:?}"
    );
    let index = ask(&mut desk, &watch(2, of("IND", "SPX", "CBOE")));
    assert!(
        !index.contains(&"price 1".to_owned()) && index.contains(&"price 4".to_owned()),
        "{index:?}"
    );
    let fund = market::MarketDataRequest {
        generic_tick_list: Some("mdoff,576,577,578,614,623".to_owned()),
        ..watch(
            3,
            Contract {
                symbol: Some("SPY".to_owned()),
                ..apple()
            },
        )
    };
    let values: Vec<String> = (92..100).map(|field| format!("price {field}")).collect();
    let mut told = ask(&mut desk, &fund).split_off(2);
    told.sort();
    assert_eq!(told, values);
}
