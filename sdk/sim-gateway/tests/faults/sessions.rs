//! Sessions, the one-line faults and operators' commands, hostile input, load.

use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use prost::Message;
use sim_gateway::exchange::Config;
use sim_gateway::server::{Options, Running};
use sim_gateway::wire::frame;
use sim_gateway::wire::ids::{request, response};
use sim_gateway::wire::messages::order::OrderStatus;
use sim_gateway::wire::messages::session::StartApiRequest;

use crate::wire_client::{Client, PATIENCE, market, resting};
use crate::{eventually, order_in_books, say, start};

#[test]
fn an_order_survives_its_connection_and_answers_the_next_one() {
    let gateway = start(&[]);
    let (mut client, next) = Client::start(gateway.address, 7).unwrap();
    assert_eq!(next, 1);
    client.place(1, resting()).unwrap();
    client.wait_status(1, "Submitted").unwrap();
    drop(client);
    let (mut client, next) = eventually(|| Client::start(gateway.address, 7).ok());
    assert_eq!(next, 2);
    say(&gateway, "fill 7:1 40");
    let status = client.wait_status(1, "Submitted").unwrap();
    assert_eq!(
        (status.filled.as_deref(), status.remaining.as_deref()),
        (Some("40"), Some("60"))
    );
}

#[test]
fn a_client_id_in_use_is_refused_and_free_again_afterwards() {
    let gateway = start(&[]);
    let (mut first, _) = Client::start(gateway.address, 7).unwrap();
    let (mut second, _) = Client::greet(gateway.address).unwrap();
    second
        .send(
            request::START_API,
            &StartApiRequest {
                client_id: Some(7),
                ..Default::default()
            },
        )
        .unwrap();
    assert_eq!(second.wait_error(326).unwrap().id, Some(-1));
    assert!(second.ends());
    first.place(1, resting()).unwrap();
    first.wait_status(1, "Submitted").unwrap();
}

#[test]
fn dropped_and_refused_clients_can_come_back() {
    let gateway = start(&[]);
    let (client, _) = Client::start(gateway.address, 7).unwrap();
    say(&gateway, "drop");
    assert!(client.ends());
    let (client, _) = eventually(|| Client::start(gateway.address, 7).ok());
    say(&gateway, "refuse 300ms");
    assert!(client.ends());
    let begun = Instant::now();
    assert!(
        eventually(|| TcpStream::connect(gateway.address).err()).kind()
            == std::io::ErrorKind::ConnectionRefused
    );
    eventually(|| Client::start(gateway.address, 7).ok());
    assert!(begun.elapsed() > Duration::from_millis(100));
}

#[test]
fn silence_before_the_handshake() {
    let gateway = start(&[]);
    say(&gateway, "silent on");
    let mut client = Client::open(gateway.address).unwrap();
    client.write(&frame::hello_bytes(213, 226)).unwrap();
    assert!(client.is_silent(Duration::from_millis(200)));
    say(&gateway, "silent off");
    Client::start(gateway.address, 7).unwrap();
}

#[test]
fn a_mute_connection_catches_up_when_it_ends() {
    let gateway = start(&[]);
    let (mut client, _) = Client::start(gateway.address, 7).unwrap();
    say(&gateway, "mute on");
    client.place(1, resting()).unwrap();
    assert!(client.is_silent(Duration::from_millis(200)));
    assert!(order_in_books(&gateway, 1).is_null());
    say(&gateway, "mute off");
    client.wait_status(1, "Submitted").unwrap();
}

#[test]
fn notices_rejections_and_delays() {
    let gateway = start(&[]);
    let (mut client, _) = Client::start(gateway.address, 7).unwrap();
    for code in [1100, 1101, 1102] {
        say(&gateway, &format!("notice {code}"));
        assert_eq!(client.wait_error(code).unwrap().id, Some(-1));
    }
    say(&gateway, "reject-next");
    client.place(1, resting()).unwrap();
    assert_eq!(client.wait_error(201).unwrap().id, Some(1));
    client.wait_status(1, "Inactive").unwrap();
    say(&gateway, "reject-next 110");
    client.place(2, resting()).unwrap();
    assert_eq!(client.wait_error(110).unwrap().id, Some(2));
    say(&gateway, "delay 150ms");
    let begun = Instant::now();
    client.place(2, resting()).unwrap();
    client.wait_status(2, "Submitted").unwrap();
    assert!(begun.elapsed() >= Duration::from_millis(150));
}

/// How often each status is told until a status of order `last` is seen.
fn statuses(client: &mut Client, last: i32) -> Vec<(i32, String)> {
    let mut seen = Vec::new();
    loop {
        let body = client.wait_for(response::ORDER_STATUS).unwrap();
        let status = OrderStatus::decode(body.as_slice()).unwrap();
        let order = status.order_id.unwrap();
        seen.push((order, status.status.unwrap()));
        if order == last && seen.last().is_some_and(|(_, status)| status == "Submitted") {
            return seen;
        }
    }
}

#[test]
fn scripted_order_faults_hit_the_order_they_name() {
    let gateway = start(&[
        "order=2 reject=201",
        "order=3 duplicate",
        "order=4 lose",
        "order=6 drop",
    ]);
    let (mut client, _) = Client::start(gateway.address, 7).unwrap();
    client.place(1, resting()).unwrap();
    client.wait_status(1, "Submitted").unwrap();
    client.place(2, resting()).unwrap();
    client.wait_status(2, "Inactive").unwrap();
    client.place(3, resting()).unwrap();
    client.place(4, resting()).unwrap();
    client.place(5, resting()).unwrap();
    let seen = statuses(&mut client, 5);
    assert_eq!(seen.iter().filter(|(order, _)| *order == 3).count(), 4);
    assert_eq!(seen.iter().filter(|(order, _)| *order == 4).count(), 0);
    // The sixth is taken, its acknowledgement lost with the connection.
    client.place(6, resting()).unwrap();
    assert!(client.ends());
    assert_eq!(order_in_books(&gateway, 6)["status"], "Submitted");
    assert!(order_in_books(&gateway, 4).is_null());
}

#[test]
fn timed_faults_come_by_themselves() {
    let gateway = start(&["at=300ms notice=1100", "at=400ms drop"]);
    let (mut client, _) = Client::start(gateway.address, 7).unwrap();
    client.wait_error(1100).unwrap();
    assert!(client.ends());
}

#[test]
fn duplicates_garbage_and_low_versions() {
    let gateway = start(&[]);
    let (mut client, _) = Client::start(gateway.address, 7).unwrap();
    say(&gateway, "duplicate-next");
    client.place(1, resting()).unwrap();
    let first = client.wait_for(response::OPEN_ORDER).unwrap();
    assert_eq!(client.next().unwrap(), (response::OPEN_ORDER, first));
    say(&gateway, "garbage");
    assert!(
        eventually(|| client.next().err())
            .to_string()
            .contains("absurd length")
    );
    say(&gateway, "version 150");
    assert_eq!(Client::greet(gateway.address).unwrap().1, 150);
    assert_eq!(Client::greet(gateway.address).unwrap().1, 226);
}

#[test]
fn hostile_input_ends_its_own_connection_only() {
    let gateway = start(&[]);
    let (mut client, _) = Client::start(gateway.address, 7).unwrap();
    let hello = frame::hello_bytes(213, 226);
    let long = [hello.as_slice(), &[0xFF; 64]].concat();
    let short = [hello.as_slice(), &[0, 0, 0, 1, 0]].concat();
    for bytes in [b"GET / HTTP/1.1\r\n\r\n".to_vec(), long, short] {
        let mut raw = TcpStream::connect(gateway.address).unwrap();
        raw.set_read_timeout(Some(PATIENCE)).unwrap();
        raw.write_all(&bytes).unwrap();
        let mut left = Vec::new();
        // Either end is fine: closed, or reset because bytes were left unread.
        let _ = std::io::Read::read_to_end(&mut raw, &mut left);
        assert!(left.len() < 64, "{left:?}");
    }
    let mut half = TcpStream::connect(gateway.address).unwrap();
    half.write_all(&hello[..7]).unwrap();
    client.place(1, resting()).unwrap();
    client.wait_status(1, "Submitted").unwrap();
}

#[test]
fn a_client_that_does_not_read_costs_bounded_memory_and_loses_no_order_frame() {
    let market = Config {
        synthetic: 20,
        ..Config::default()
    };
    let gateway = Running::start(Options {
        market,
        ..Options::default()
    })
    .unwrap();
    let (mut client, _) = Client::start(gateway.address, 7).unwrap();
    for number in 1..=20 {
        client.watch(number, &format!("SYM{number:03}")).unwrap();
    }
    eventually(|| (say(&gateway, "counts")["ticks"].as_u64()? > 140).then_some(()));
    let flood = eventually(|| {
        let flood = say(&gateway, "flood 200000 1");
        (flood["ticks_conflated"].as_u64()? > 0).then_some(flood)
    });
    assert!(flood["ticks_written"].as_u64().unwrap() > 0, "{flood}");
    // While nothing can be written, an order is answered in the queue that never drops.
    client.place(1, resting()).unwrap();
    client.wait_status(1, "Submitted").unwrap();
}

#[test]
fn a_probe_measures_from_the_tick_to_the_order() {
    let market = Config {
        tick_rate: 1,
        ..Config::default()
    };
    let gateway = Running::start(Options {
        market,
        ..Options::default()
    })
    .unwrap();
    let address: SocketAddr = gateway.address;
    let ready = std::sync::Arc::new(std::sync::Barrier::new(2));
    let theirs = std::sync::Arc::clone(&ready);
    let trader = std::thread::spawn(move || {
        let (mut client, next) = Client::start(address, 7).unwrap();
        client.watch(1_000, "AAPL").unwrap();
        // The opening burst ends with the day's volume.
        client.wait_for(response::TICK_SIZE).unwrap();
        theirs.wait();
        for order in next..next + 5 {
            client.wait_for(response::TICK_PRICE).unwrap();
            client.place(order, resting()).unwrap();
        }
        client
    });
    ready.wait();
    let result = say(&gateway, "probe AAPL 5 20");
    drop(trader.join().unwrap());
    let latencies = result["latencies_ns"].as_array().unwrap();
    // An ordinary tick may have come before the market was frozen, and taken one of the five orders.
    assert!(latencies.len() >= 4, "{result}");
    assert!(
        latencies
            .iter()
            .all(|each| (1_000..2_000_000_000).contains(&each.as_u64().unwrap())),
        "{result}"
    );
    assert_eq!(say(&gateway, "latency"), result);
}

#[test]
fn operators_move_prices_and_read_the_books() {
    let gateway = start(&[]);
    let (mut client, _) = Client::start(gateway.address, 7).unwrap();
    client.place(1, resting()).unwrap();
    client.wait_status(1, "Submitted").unwrap();
    say(&gateway, "price AAPL 199.50");
    client.wait_status(1, "Filled").unwrap();
    client.place(2, market(50)).unwrap();
    client.wait_status(2, "Filled").unwrap();
    let books = say(&gateway, "books");
    assert_eq!(books["accounts"][0]["positions"][0]["position"], "150");
    assert_eq!(books["connections"][0]["client_id"], 7);
    assert_eq!(order_in_books(&gateway, 1)["average_price"], "200");
    let error = gateway.command("price NONE 1").unwrap();
    assert!(error["error"].as_str().unwrap().contains("NONE"));
    assert!(gateway.command("nonsense").unwrap().get("error").is_some());
}
