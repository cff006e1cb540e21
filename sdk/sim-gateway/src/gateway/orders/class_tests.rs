//! Orders for other asset classes than stocks, and for closed markets.

use super::sequence_tests::{ME, bodies, text};
use crate::exchange::{Config, Hours, OrderKey};
use crate::gateway::gateway_tests::{Desk, limit, order};
use crate::gateway::{Gateway, Output};
use crate::wire::ids::{request, response};
use crate::wire::messages::contract::{ComboLeg, Contract};
use crate::wire::messages::execution as fills;
use crate::wire::messages::order::{OpenOrder, Order, OrderStatus, PlaceOrderRequest};
use crate::wire::messages::session::ErrorMessage;

fn contract(symbol: &str, kind: &str, exchange: &str) -> Contract {
    Contract {
        symbol: text(symbol),
        sec_type: text(kind),
        exchange: text(exchange),
        currency: text("USD"),
        ..Contract::default()
    }
}

fn place(desk: &mut Desk, id: i32, contract: Contract, order: Order) -> Vec<Output> {
    let place = PlaceOrderRequest {
        order_id: Some(id),
        contract: Some(contract),
        order: Some(order),
        attached_orders: None,
    };
    desk.frames(request::PLACE_ORDER, &place)
}

#[test]
fn a_combination_is_told_as_one_and_leg_by_leg() {
    let mut desk = Desk::started();
    let leg = |con_id: i32, action: &str| ComboLeg {
        con_id: Some(con_id),
        ratio: Some(1),
        action: text(action),
        exchange: text("SMART"),
        ..ComboLeg::default()
    };
    let bag = Contract {
        combo_legs: vec![leg(265_598, "BUY"), leg(272_093, "SELL")],
        ..contract("AAPL,MSFT", "BAG", "SMART")
    };
    let limit = Order {
        lmt_price: Some(-500.0),
        ..order("BUY", "LMT", 10)
    };
    let told = place(&mut desk, 1, bag, limit);
    let opened: Vec<OpenOrder> = bodies(&told, ME, response::OPEN_ORDER);
    let shown = opened[0].contract.clone().unwrap();
    assert_eq!((shown.sec_type, shown.combo_legs.len()), (text("BAG"), 2));
    assert_eq!(opened[0].order.clone().unwrap().lmt_price, Some(-500.0));
    desk.gateway
        .operate(|exchange| exchange.force_fill(OrderKey { client: 7, order: 1 }, None))
        .unwrap();
    let told = desk.gateway.take_output();
    let fills: Vec<fills::ExecutionDetails> = bodies(&told, ME, response::EXECUTION_DETAILS);
    let kinds: Vec<String> = fills
        .iter()
        .filter_map(|each| each.contract.clone()?.sec_type)
        .collect();
    assert_eq!(kinds, ["BAG", "STK", "STK"]);
    let sides: Vec<String> = fills
        .iter()
        .filter_map(|each| each.execution.clone()?.side)
        .collect();
    assert_eq!(sides, ["BOT", "BOT", "SLD"]);
    let states: Vec<OrderStatus> = bodies(&told, ME, response::ORDER_STATUS);
    assert_eq!(states.len(), 1);
    // The legs cost something, the combination as such does not.
    let late = desk.pass(1_000_000_000);
    assert_eq!(
        late.iter().filter(|told| *told == "commission").count(),
        2,
        "{late:?}"
    );
    let account = &desk.gateway.exchange().accounts()[0];
    assert_eq!(account.positions().filter(|(_, each)| each.lots != 0).count(), 2);
}

#[test]
fn an_order_for_a_closed_market_says_when_it_will_go_there() {
    let mut desk = Desk::new();
    // A Saturday noon in New York.
    let closed = Config {
        hours: Hours::Venue,
        epoch: 1_795_280_400,
        ..Config::default()
    };
    desk.gateway = Gateway::new(closed, 226);
    desk.join(ME, 7);
    let told = desk.frames_of_order(1, limit(200.0, 10));
    let errors: Vec<ErrorMessage> = bodies(&told, ME, response::ERROR);
    let warning = errors[0].error_msg.clone().unwrap();
    assert_eq!(errors[0].error_code, Some(399));
    assert!(
        warning.contains("will not be placed at the exchange until 20261123 14:30:00"),
        "{warning}"
    );
    let states: Vec<OrderStatus> = bodies(&told, ME, response::ORDER_STATUS);
    assert_eq!(states.last().unwrap().status, text("PreSubmitted"));
}

#[test]
fn other_asset_classes_have_rules_of_their_own() {
    let mut desk = Desk::started();
    let euro = || contract("EUR", "CASH", "IDEALPRO");
    let coin = || contract("BTC", "CRYPTO", "PAXOS");
    let relative = || Order {
        aux_price: Some(0.01),
        ..order("BUY", "REL", 20_000)
    };
    let hidden = || Order {
        hidden: Some(true),
        lmt_price: Some(1.0),
        ..order("BUY", "LMT", 20_000)
    };
    let cases = [
        (euro(), relative(), 114),
        (euro(), order("BUY", "PEG MID", 20_000), 342),
        (euro(), hidden(), 152),
        (coin(), order("BUY", "MKT", 1), 10289),
        (
            coin(),
            Order {
                cash_qty: Some(1000.0),
                ..order("BUY", "MKT", 1)
            },
            10293,
        ),
        (contract("SPX", "IND", "CBOE"), order("BUY", "MKT", 1), 412),
    ];
    for (contract, order, code) in cases {
        let told = place(&mut desk, 1, contract, order);
        let errors: Vec<ErrorMessage> = bodies(&told, ME, response::ERROR);
        assert_eq!(
            errors.iter().map(|each| each.error_code).collect::<Vec<_>>(),
            [Some(code)]
        );
    }
    let cash = Order {
        cash_qty: Some(1000.0),
        total_quantity: None,
        tif: text("IOC"),
        ..order("BUY", "MKT", 1)
    };
    let told = place(&mut desk, 1, coin(), cash);
    let errors: Vec<ErrorMessage> = bodies(&told, ME, response::ERROR);
    assert_eq!(errors, []);
    assert!(!bodies::<fills::ExecutionDetails>(&told, ME, response::EXECUTION_DETAILS).is_empty());
}
