//! Clocks, times and texts.

use std::io::{Read, Write};
use std::net::TcpStream;

use prost::Message;
use sim_gateway::server::Running;
use sim_gateway::wire::frame;
use sim_gateway::wire::ids::{request, response};
use sim_gateway::wire::messages::account::CancelPnl;
use sim_gateway::wire::messages::execution::ExecutionDetails;
use sim_gateway::wire::messages::session::{CurrentTime, CurrentTimeRequest};

use crate::wire_client::{PATIENCE, market};
use crate::{client, inject, play, start};

/// The second field of the handshake's answer.
fn connection_time(gateway: &Running) -> Vec<u8> {
    let mut stream = TcpStream::connect(gateway.address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(&frame::hello_bytes(213, 226)).unwrap();
    let mut length = [0; 4];
    stream.read_exact(&mut length).unwrap();
    let mut body = vec![0; u32::from_be_bytes(length) as usize];
    stream.read_exact(&mut body).unwrap();
    body.split(|byte| *byte == 0).nth(1).unwrap().to_vec()
}

#[test]
fn the_connection_time_has_many_forms() {
    let gateway = start(&[]);
    assert!(connection_time(&gateway).ends_with(b" UTC"));
    inject(
        &gateway,
        "do = \"connection-time\", zone = \"British Summer Time\"",
    );
    assert!(connection_time(&gateway).ends_with(b" British Summer Time"));
    // Chinese for "China standard time", as a Windows of that language writes it.
    inject(
        &gateway,
        "do = \"connection-time\", zone-hex = \"d6d0b9fab1ead7bccab1bce4\"",
    );
    let time = connection_time(&gateway);
    assert!(std::str::from_utf8(&time).is_err() && time.ends_with(b"\xca\xb1\xbc\xe4"));
    inject(&gateway, "do = \"connection-time\", whole = \"sometime\"");
    assert_eq!(connection_time(&gateway), b"sometime");
    inject(
        &gateway,
        "do = \"connection-time\", zone = \"EST\", offset = \"-5h\"",
    );
    assert!(connection_time(&gateway).ends_with(b":00 EST") || connection_time(&gateway).ends_with(b" EST"));
}

#[test]
fn the_gateways_clock_jumps() {
    let gateway = start(&[]);
    let mut client = client(&gateway, 7);
    let mut time = || {
        client
            .send(request::CURRENT_TIME, &CurrentTimeRequest {})
            .unwrap();
        let body = client.wait_for(response::CURRENT_TIME).unwrap();
        CurrentTime::decode(body.as_slice())
            .unwrap()
            .current_time
            .unwrap()
    };
    let before = time();
    inject(&gateway, "do = \"clock\", jump = \"1h\"");
    assert!((3600..3660).contains(&(time() - before)));
    inject(&gateway, "do = \"clock\", jump = \"-90m\"");
    assert!((-1800..-1740).contains(&(time() - before)));
}

#[test]
fn execution_times_have_many_forms() {
    let gateway = start(&[]);
    let mut client = client(&gateway, 7);
    let mut time = |form: &str, order: i32| {
        inject(&gateway, &format!("do = \"execution-times\", form = \"{form}\""));
        client.place(order, market(10)).unwrap();
        let body = client.wait_for(response::EXECUTION_DETAILS).unwrap();
        let details = ExecutionDetails::decode(body.as_slice()).unwrap();
        details.execution.unwrap().time.unwrap()
    };
    assert!(time("universal", 1).ends_with(" Universal"));
    assert_eq!(time("dashed", 2).find('-'), Some(8));
    assert!(time("epoch", 3).parse::<u64>().is_ok());
    assert!(time("zone", 4).ends_with(" UTC"));
}

#[test]
fn undocumented_texts_are_the_scenarios() {
    let gateway = play("[unknowns.texts]\n10185 = \"nicht abonniert\"\n");
    let mut client = client(&gateway, 7);
    client
        .send(request::CANCEL_PNL, &CancelPnl { req_id: Some(3) })
        .unwrap();
    assert_eq!(
        client.wait_error(10185).unwrap().error_msg.as_deref(),
        Some("nicht abonniert")
    );
}
