//! Faults of frames on their way to clients, and what sets them off.

use std::time::{Duration, Instant};

use prost::Message;
use sim_gateway::wire::ids::{request, response};
use sim_gateway::wire::messages::order::OrderStatus;
use sim_gateway::wire::messages::session::{CurrentTime, CurrentTimeRequest};

use crate::wire_client::{Client, market, resting};
use crate::{client, eventually, faults, inject, play, say, start};

/// The next frame of any of these messages.
fn next_of(client: &mut Client, wanted: &[u32]) -> u32 {
    loop {
        let (id, _) = client.next().unwrap();
        if wanted.contains(&id) {
            return id;
        }
    }
}

fn ask_time(client: &mut Client) {
    client
        .send(request::CURRENT_TIME, &CurrentTimeRequest {})
        .unwrap();
}

#[test]
fn so_many_frames_are_dropped_and_the_next_come() {
    let gateway = start(&[]);
    let mut client = client(&gateway, 7);
    inject(
        &gateway,
        "do = \"drop-frames\", frames = \"orderStatus\", count = 2",
    );
    client.place(1, resting()).unwrap();
    client.place(2, resting()).unwrap();
    let body = client.wait_for(response::ORDER_STATUS).unwrap();
    assert_eq!(OrderStatus::decode(body.as_slice()).unwrap().order_id, Some(2));
    assert_eq!(faults(&gateway, "drop-frames").len(), 3);
}

#[test]
fn the_same_seed_drops_the_same_frames() {
    let dropped = || {
        let gateway = play("seed = 42\n");
        let mut client = client(&gateway, 7);
        inject(
            &gateway,
            "do = \"drop-frames\", frames = \"orderStatus\", share = 0.5",
        );
        for id in 1..=12 {
            client.place(id, resting()).unwrap();
        }
        eventually(|| (say(&gateway, "books")["orders"].as_array()?.len() == 12).then_some(()));
        let details = faults(&gateway, "drop-frames");
        details
            .iter()
            .map(|each| each["detail"].to_string())
            .collect::<Vec<_>>()
    };
    let (first, second) = (dropped(), dropped());
    assert!((4..24).contains(&first.len()), "{first:?}");
    assert_eq!(first, second);
}

#[test]
fn frames_come_twice_late_and_with_more_in_them() {
    let gateway = start(&[]);
    let mut client = client(&gateway, 7);
    inject(
        &gateway,
        "do = \"duplicate-frames\", frames = \"currentTime\", copies = 2, count = 1",
    );
    ask_time(&mut client);
    for _ in 0..3 {
        client.wait_for(response::CURRENT_TIME).unwrap();
    }
    inject(
        &gateway,
        "do = \"extra-fields\", frames = \"currentTime\", count = 1",
    );
    ask_time(&mut client);
    let body = client.wait_for(response::CURRENT_TIME).unwrap();
    assert!(body.ends_with(b"new"));
    assert!(
        CurrentTime::decode(body.as_slice())
            .unwrap()
            .current_time
            .is_some()
    );
    inject(
        &gateway,
        "do = \"delay-frames\", by = \"150ms\", frames = \"currentTime\", count = 1",
    );
    let begun = Instant::now();
    ask_time(&mut client);
    client.place(1, resting()).unwrap();
    // The order's answers overtake what is late.
    let wanted = [response::CURRENT_TIME, response::OPEN_ORDER];
    assert_eq!(next_of(&mut client, &wanted), response::OPEN_ORDER);
    client.wait_for(response::CURRENT_TIME).unwrap();
    assert!(begun.elapsed() >= Duration::from_millis(150));
}

#[test]
fn a_status_overtakes_its_execution() {
    let check = |gateway: &sim_gateway::server::Running| {
        let mut client = client(gateway, 7);
        client.place(1, market(10)).unwrap();
        client.wait_status(1, "PreSubmitted").unwrap();
        let wanted = [response::ORDER_STATUS, response::EXECUTION_DETAILS];
        assert_eq!(next_of(&mut client, &wanted), response::ORDER_STATUS);
        assert_eq!(next_of(&mut client, &wanted), response::EXECUTION_DETAILS);
    };
    check(&play("[unknowns]\nstatus_before_execution = true\n"));
    let gateway = start(&[]);
    inject(
        &gateway,
        "do = \"reorder-frames\", frames = \"execDetails\", until = \"orderStatus\"",
    );
    check(&gateway);
}

#[test]
fn frames_are_shuffled_and_none_is_lost() {
    let gateway = start(&[]);
    let mut client = client(&gateway, 7);
    inject(
        &gateway,
        "do = \"reorder-frames\", frames = [\"openOrder\", \"orderStatus\"], group = 2",
    );
    client.place(1, resting()).unwrap();
    let wanted = [response::OPEN_ORDER, response::ORDER_STATUS];
    let seen: Vec<u32> = (0..4).map(|_| next_of(&mut client, &wanted)).collect();
    let turned = [wanted[1], wanted[0], wanted[1], wanted[0]];
    assert_eq!(seen, turned);
}

#[test]
fn one_subscription_is_mute_and_the_others_go_on() {
    let gateway = start(&[]);
    let mut client = client(&gateway, 7);
    client.watch(1, "AAPL").unwrap();
    client.watch(2, "MSFT").unwrap();
    inject(
        &gateway,
        "do = \"mute\", about = 1, frames = [\"tickPrice\", \"tickSize\", \"tickString\"]",
    );
    let muted = eventually(|| faults(&gateway, "drop-frames").get(1).cloned());
    assert!(muted["detail"].as_str().unwrap().contains("about 1"), "{muted}");
    ask_time(&mut client);
    client.wait_for(response::CURRENT_TIME).unwrap();
    for _ in 0..10 {
        let body = client.wait_for(response::TICK_PRICE).unwrap();
        assert_eq!(body[1], 2, "the request id of a tick");
    }
    inject(&gateway, "do = \"mute\"");
    ask_time(&mut client);
    // What was on its way before may still come.
    eventually(|| {
        client
            .is_silent(Duration::from_millis(200))
            .then_some(())
            .or_else(|| {
                let _ = client.next();
                None
            })
    });
}

#[test]
fn steps_follow_messages_commands_and_each_other() {
    let gateway = play(
        r#"
        [[step]]
        name = "third"
        on = "placeOrder"
        nth = 3
        client = 7
        symbol = "AAPL"
        do = "notice"
        code = 1100

        [[step]]
        after = "third"
        wait = "50ms"
        every = "20ms"
        times = 3
        do = "notice"
        code = 1102
        text = "back again"
        "#,
    );
    let (mut other, mut client) = (client(&gateway, 8), client(&gateway, 7));
    other.place(1, resting()).unwrap();
    for id in 1..=3 {
        client.place(id, resting()).unwrap();
    }
    client.wait_error(1100).unwrap();
    for _ in 0..3 {
        assert_eq!(
            client.wait_error(1102).unwrap().error_msg.as_deref(),
            Some("back again")
        );
    }
    let record = say(&gateway, "faults");
    let all = record["faults"].as_array().unwrap();
    assert_eq!(all.len(), 4);
    assert_eq!((&all[0]["seq"], &all[0]["step"]), (&1.into(), &"third".into()));
    assert!(
        all.windows(2)
            .all(|pair| pair[0]["at_ns"].as_u64() < pair[1]["at_ns"].as_u64())
    );
    inject(&gateway, "third");
    client.wait_error(1100).unwrap();
    let unknown = gateway.command("inject fourth").unwrap();
    assert!(
        unknown["error"].as_str().unwrap().contains("known: third"),
        "{unknown}"
    );
}

#[test]
fn the_answers_to_one_message_are_what_a_nameless_fault_is_about() {
    let gateway = play("[[step]]\non = \"placeOrder\"\nnth = 2\ndo = \"drop-frames\"\n");
    let mut client = client(&gateway, 7);
    for id in 1..=3 {
        client.place(id, resting()).unwrap();
    }
    client.wait_status(1, "Submitted").unwrap();
    let body = client.wait_for(response::ORDER_STATUS).unwrap();
    assert_eq!(OrderStatus::decode(body.as_slice()).unwrap().order_id, Some(3));
}
