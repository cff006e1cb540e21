//! Faults of sockets, of the port, and of whole gateways.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use prost::Message;
use sim_gateway::wire::frame;
use sim_gateway::wire::ids::{request, response};
use sim_gateway::wire::messages::order::Order;
use sim_gateway::wire::messages::session::{CurrentTimeRequest, ErrorMessage, StartApiRequest};

use crate::wire_client::{Client, PATIENCE, resting};
use crate::{client, eventually, faults, inject, order_in_books, play, say, start};

/// Reads on until the connection ends; how it did.
fn end_of(mut client: Client) -> ErrorKind {
    loop {
        if let Err(error) = client.next() {
            return error.kind();
        }
    }
}

fn ask_time(client: &mut Client) {
    client
        .send(request::CURRENT_TIME, &CurrentTimeRequest {})
        .unwrap();
}

fn start_api(client: &mut Client, id: i32) {
    let start = StartApiRequest {
        client_id: Some(id),
        ..Default::default()
    };
    client.send(request::START_API, &start).unwrap();
}

#[test]
fn connections_end_as_asked_and_only_those_asked_for() {
    let gateway = start(&[]);
    let (first, second, mut third) = (client(&gateway, 1), client(&gateway, 2), client(&gateway, 3));
    inject(&gateway, "do = \"fin\", to = 1");
    assert_eq!(end_of(first), ErrorKind::UnexpectedEof);
    inject(&gateway, "do = \"rst\", to = 2");
    assert_eq!(end_of(second), ErrorKind::ConnectionReset);
    ask_time(&mut third);
    third.wait_for(response::CURRENT_TIME).unwrap();
    assert_eq!(faults(&gateway, "rst").len(), 1);
}

#[test]
fn a_reset_at_an_exact_frame_loses_that_frame() {
    let gateway = play("[[step]]\nbefore = \"orderStatus\"\nnth = 3\ndo = \"rst\"\nto = \"sender\"\n");
    let mut client = client(&gateway, 7);
    client.place(1, resting()).unwrap();
    client.wait_status(1, "Submitted").unwrap();
    client.place(2, resting()).unwrap();
    assert_eq!(end_of(client), ErrorKind::ConnectionReset);
    assert_eq!(order_in_books(&gateway, 2)["status"], "Submitted");
}

#[test]
fn a_half_open_connection_swallows_everything_until_it_is_reset() {
    let gateway = start(&[]);
    let mut client = client(&gateway, 7);
    inject(&gateway, "do = \"half-open\", to = 7, for = \"400ms\"");
    client.place(1, resting()).unwrap();
    assert!(client.is_silent(Duration::from_millis(150)));
    assert!(order_in_books(&gateway, 1).is_null());
    let (mut again, _) = Client::greet(gateway.address).unwrap();
    start_api(&mut again, 7);
    again.wait_error(326).unwrap();
    assert_eq!(end_of(client), ErrorKind::ConnectionReset);
    eventually(|| Client::start(gateway.address, 7).ok());
}

#[test]
fn new_connections_are_slammed_wedged_or_served() {
    let gateway = start(&[]);
    inject(&gateway, "do = \"accept-close\", how = \"fin\"");
    assert!(Client::greet(gateway.address).is_err());
    inject(&gateway, "do = \"wedge\"");
    let mut waiting = Client::open(gateway.address).unwrap();
    waiting.write(&frame::hello_bytes(213, 226)).unwrap();
    assert!(waiting.is_silent(Duration::from_millis(150)));
    assert_eq!(say(&gateway, "books")["connections"].as_array().unwrap().len(), 0);
    inject(&gateway, "do = \"open\"");
    assert!(!waiting.is_silent(PATIENCE));
    client(&gateway, 7);
    inject(&gateway, "do = \"accept-silent\", for = \"100ms\"");
    eventually(|| {
        let mut late = Client::open(gateway.address).ok()?;
        late.write(&frame::hello_bytes(213, 226)).ok()?;
        (!late.is_silent(Duration::from_millis(50))).then_some(())
    });
}

#[test]
fn one_client_freezes_and_thaws_while_the_other_is_served() {
    let gateway = start(&[]);
    let (mut cold, mut warm) = (client(&gateway, 1), client(&gateway, 2));
    inject(&gateway, "do = \"freeze\", to = 1");
    cold.place(1, resting()).unwrap();
    warm.place(2, resting()).unwrap();
    warm.wait_status(2, "Submitted").unwrap();
    assert!(cold.is_silent(Duration::from_millis(100)));
    assert!(order_in_books(&gateway, 1).is_null());
    inject(&gateway, "do = \"thaw\", to = 1");
    cold.wait_status(1, "Submitted").unwrap();
}

#[test]
fn a_gateway_that_reads_slowly_answers_slowly() {
    let gateway = start(&[]);
    let mut client = client(&gateway, 7);
    for slow in [
        "do = \"backpressure\", rate = 100",
        "do = \"pace\", mode = \"slow\", rate = 20",
    ] {
        inject(&gateway, slow);
        let begun = Instant::now();
        for _ in 0..6 {
            ask_time(&mut client);
        }
        for _ in 0..6 {
            client.wait_for(response::CURRENT_TIME).unwrap();
        }
        assert!(
            begun.elapsed() >= Duration::from_millis(240),
            "{slow}: {:?}",
            begun.elapsed()
        );
        inject(&gateway, "do = \"clear\"");
    }
}

#[test]
fn frames_arrive_byte_by_byte() {
    let gateway = start(&[]);
    let mut stream = TcpStream::connect(gateway.address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(&frame::hello_bytes(213, 226)).unwrap();
    let mut length = [0; 4];
    stream.read_exact(&mut length).unwrap();
    let mut version = vec![0; u32::from_be_bytes(length) as usize];
    stream.read_exact(&mut version).unwrap();
    inject(&gateway, "do = \"dribble\", bytes = 1, pause = \"5ms\"");
    let mut hello = Vec::new();
    let start = StartApiRequest {
        client_id: Some(7),
        ..Default::default()
    };
    frame::protobuf(&mut hello, request::START_API, &start);
    stream.write_all(&hello).unwrap();
    let mut reads = Vec::new();
    let mut bytes = [0; 64];
    while reads.iter().sum::<usize>() < 40 {
        reads.push(stream.read(&mut bytes).unwrap());
    }
    assert!(reads.len() > 20, "{reads:?}");
}

#[test]
fn every_kind_of_damage_reaches_the_client() {
    let gateway = start(&[]);
    let hit = |kind: &str| {
        let client = eventually(|| Client::start(gateway.address, 7).ok()).0;
        inject(&gateway, &format!("do = \"corrupt\", kind = \"{kind}\""));
        client
    };
    for kind in ["garbage", "bad-length"] {
        let error = hit(kind).next().unwrap_err();
        assert!(error.to_string().contains("absurd length"), "{kind}: {error}");
    }
    assert_eq!(
        hit("half-frame").next().unwrap_err().kind(),
        ErrorKind::UnexpectedEof
    );
    assert_eq!(hit("unknown-message").next().unwrap().0, 199);
    let (number, text) = hit("wrong-encoding").next().unwrap();
    assert_eq!(number, u32::from_be_bytes(*b"4\x002\0") - 200);
    assert!(text.ends_with(b"usfarm\0"));
    let (number, bytes) = hit("not-utf8").next().unwrap();
    assert_eq!(number, response::ERROR);
    assert!(ErrorMessage::decode(bytes.as_slice()).is_err());
    let (number, bytes) = hit("multiple-of-4096").next().unwrap();
    assert_eq!((number, bytes.len()), (response::ERROR, 4096 - 8));
}

#[test]
fn a_dead_clients_id_stays_busy_for_a_time() {
    let gateway = play("[unknowns]\nclient_id_hold = \"300ms\"\n");
    drop(client(&gateway, 7));
    let refused = eventually(|| {
        let (mut client, _) = Client::greet(gateway.address).ok()?;
        start_api(&mut client, 7);
        client.wait_error(326).ok()
    });
    assert_eq!(refused.id, Some(-1));
    eventually(|| Client::start(gateway.address, 7).ok());
    let gateway = play("[unknowns]\nbusy_client_id_says_why = false\n");
    let _first = client(&gateway, 7);
    let (mut second, _) = Client::greet(gateway.address).unwrap();
    start_api(&mut second, 7);
    assert!(second.next().is_err());
}

#[test]
fn a_restart_loses_what_was_never_transmitted_and_rolls_ids_back() {
    let gateway = start(&[]);
    let mut before = client(&gateway, 7);
    for id in 1..=5 {
        before.place(id, resting()).unwrap();
        before.wait_status(id, "Submitted").unwrap();
    }
    let untransmitted = Order {
        transmit: Some(false),
        ..resting()
    };
    before.place(6, untransmitted).unwrap();
    eventually(|| (!order_in_books(&gateway, 6).is_null()).then_some(()));
    let restart = "do = \"lifecycle\", kind = \"restart\", for = \"200ms\", boot = \"200ms\", rollback = 4";
    inject(&gateway, restart);
    assert_eq!(end_of(before), ErrorKind::ConnectionReset);
    let refused = eventually(|| TcpStream::connect(gateway.address).err());
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
    let (_, next) = eventually(|| Client::start(gateway.address, 7).ok());
    assert_eq!(next, 3);
    assert!(order_in_books(&gateway, 6).is_null());
    assert_eq!(order_in_books(&gateway, 5)["status"], "Submitted");
    assert!(!faults(&gateway, "open").is_empty());
}

#[test]
fn a_cold_start_waits_for_somebody() {
    let gateway = play("[[step]]\nname = \"tap\"\ndo = \"approve\"\n");
    inject(&gateway, "do = \"lifecycle\", kind = \"cold\", for = \"1ms\"");
    eventually(|| TcpStream::connect(gateway.address).err());
    for _ in 0..20 {
        assert!(TcpStream::connect(gateway.address).is_err());
    }
    inject(&gateway, "tap");
    eventually(|| Client::start(gateway.address, 7).ok());
}

#[test]
fn the_third_message_too_many_ends_the_connection() {
    let gateway = start(&[]);
    let mut client = client(&gateway, 7);
    inject(&gateway, "do = \"pace\", mode = \"reject\", rate = 5");
    for _ in 0..8 {
        ask_time(&mut client);
    }
    for _ in 0..3 {
        let refused = client.wait_error(100).unwrap();
        assert!(refused.error_msg.unwrap().contains("max=5 rec=6"));
    }
    assert_eq!(end_of(client), ErrorKind::ConnectionReset);
    assert_eq!(faults(&gateway, "pace").len(), 4);
}
