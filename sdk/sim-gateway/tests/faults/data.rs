//! Market data without permission, without a link, and without anybody being told.

use prost::Message;
use sim_gateway::server::Running;
use sim_gateway::wire::ids::{request, response};
use sim_gateway::wire::messages::market::{MarketDataType, MarketDataTypeRequest, TickPrice};
use sim_gateway::wire::messages::session::CurrentTimeRequest;

use crate::wire_client::Client;
use crate::{client, eventually, faults, inject, say, start};

fn tick(client: &mut Client) -> TickPrice {
    let body = client.wait_for(response::TICK_PRICE).unwrap();
    TickPrice::decode(body.as_slice()).unwrap()
}

fn data_type(client: &mut Client) -> Option<i32> {
    let body = client.wait_for(response::MARKET_DATA_TYPE).unwrap();
    MarketDataType::decode(body.as_slice()).unwrap().market_data_type
}

/// Whether a move of the price is not told, while the client is answered.
fn shows_nothing(gateway: &Running, client: &mut Client, price: &str) -> bool {
    say(gateway, &format!("price AAPL {price}"));
    client
        .send(request::CURRENT_TIME, &CurrentTimeRequest {})
        .unwrap();
    let mut ticks = 0;
    loop {
        match client.next().unwrap().0 {
            response::CURRENT_TIME => return ticks == 0,
            response::TICK_PRICE | response::TICK_SIZE => ticks += 1,
            _ => {}
        }
    }
}

fn ask_delayed(client: &mut Client) {
    let delayed = MarketDataTypeRequest {
        market_data_type: Some(3),
    };
    client.send(request::MARKET_DATA_TYPE, &delayed).unwrap();
}

fn entitled(gateway: &Running, what: &str) -> Client {
    let client = eventually(|| Client::start(gateway.address, 7).ok()).0;
    inject(
        gateway,
        &format!("do = \"entitle\", of = \"AAPL\", as = \"{what}\", burst = 3"),
    );
    client
}

#[test]
fn each_permission_has_its_answer() {
    let gateway = start(&[]);
    let mut client = entitled(&gateway, "none");
    client.watch(1, "AAPL").unwrap();
    assert_eq!(client.wait_error(354).unwrap().id, Some(1));
    client.watch(2, "MSFT").unwrap();
    assert_eq!(data_type(&mut client), Some(1));
    drop(client);

    let mut client = entitled(&gateway, "delayed");
    ask_delayed(&mut client);
    client.watch(1, "AAPL").unwrap();
    client.wait_error(10167).unwrap();
    while !matches!(tick(&mut client).tick_type, Some(66..=76)) {}
    drop(client);

    let mut client = entitled(&gateway, "unsigned");
    client.watch(1, "AAPL").unwrap();
    client.wait_error(10089).unwrap();
    assert!(shows_nothing(&gateway, &mut client, "210.00"));
    drop(client);

    let mut client = entitled(&gateway, "partial");
    client.watch(1, "AAPL").unwrap();
    client.wait_error(10090).unwrap();
    assert_eq!(tick(&mut client).tick_type, Some(1));
    drop(client);

    let mut client = entitled(&gateway, "competing");
    client.watch(1, "AAPL").unwrap();
    for _ in 0..3 {
        assert_eq!(client.wait_error(10197).unwrap().id, Some(1));
    }
    assert!(shows_nothing(&gateway, &mut client, "220.00"));
}

#[test]
fn permissions_change_under_running_streams() {
    let gateway = start(&[]);
    let mut client = client(&gateway, 7);
    client.watch(1, "AAPL").unwrap();
    assert_eq!(data_type(&mut client), Some(1));
    inject(
        &gateway,
        "do = \"entitle\", as = \"competing\", burst = 2, for = \"100ms\"",
    );
    for _ in 0..2 {
        client.wait_error(10197).unwrap();
    }
    eventually(|| (faults(&gateway, "entitle").len() == 2).then_some(()));
    client.watch(2, "AAPL").unwrap();
    tick(&mut client);
}

#[test]
fn a_lost_link_silences_data_and_an_1101_ends_it() {
    let gateway = start(&[]);
    let mut client = client(&gateway, 7);
    client.watch(1, "AAPL").unwrap();
    tick(&mut client);
    inject(&gateway, "do = \"link-down\"");
    client.wait_error(1100).unwrap();
    assert!(shows_nothing(&gateway, &mut client, "210.00"));
    inject(&gateway, "do = \"link-up\", restored = \"1102\"");
    client.wait_error(1102).unwrap();
    say(&gateway, "price AAPL 220.00");
    tick(&mut client);
    inject(&gateway, "do = \"link-down\"");
    client.wait_error(1100).unwrap();
    inject(&gateway, "do = \"link-up\", restored = \"1101\"");
    client.wait_error(1101).unwrap();
    assert!(shows_nothing(&gateway, &mut client, "230.00"));
    // The id is free again.
    client.watch(1, "AAPL").unwrap();
    tick(&mut client);
}

#[test]
fn the_first_price_is_wrong() {
    let gateway = start(&[]);
    let mut client = client(&gateway, 7);
    inject(
        &gateway,
        "do = \"lie\", field = \"tick-price\", value = 1.5, count = 1",
    );
    client.watch(1, "AAPL").unwrap();
    assert_eq!(tick(&mut client).price, Some(1.5));
    assert!(tick(&mut client).price.unwrap() > 100.0);
}
