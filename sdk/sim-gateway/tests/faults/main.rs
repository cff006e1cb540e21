//! The simulated gateway on real sockets: sessions, every fault, hostile input, load.

mod books;
mod conduct;
mod connections;
mod data;
mod elsewhere;
mod frames;
mod lies;
mod orders;
mod sessions;
#[path = "../wire_client/mod.rs"]
mod wire_client;

use std::time::Instant;

use sim_gateway::faults::Scenario;
use sim_gateway::server::{Options, Running};
use wire_client::{Client, PATIENCE};

fn start(faults: &[&str]) -> Running {
    let faults = faults.iter().map(|line| line.parse().unwrap()).collect();
    Running::start(Options {
        faults,
        ..Options::default()
    })
    .unwrap()
}

/// A gateway with a scenario.
fn play(scenario: &str) -> Running {
    let scenario = Scenario::parse("test", scenario).unwrap();
    Running::start(Options {
        scenario,
        ..Options::default()
    })
    .unwrap()
}

fn say(gateway: &Running, line: &str) -> serde_json::Value {
    let answer = gateway.command(line).unwrap();
    assert!(answer.get("error").is_none(), "{line}: {answer}");
    answer
}

/// Makes something go wrong, in the words of a scenario.
fn inject(gateway: &Running, what: &str) -> serde_json::Value {
    say(gateway, &format!("inject {what}"))
}

/// What is on record of one kind of fault.
fn faults(gateway: &Running, action: &str) -> Vec<serde_json::Value> {
    let record = say(gateway, "faults");
    let all = record["faults"].as_array().unwrap();
    all.iter()
        .filter(|each| each["action"] == action)
        .cloned()
        .collect()
}

/// The verdict on one invariant.
fn invariant(gateway: &Running, number: u32) -> serde_json::Value {
    let report = say(gateway, "invariants");
    let all = report["invariants"].as_array().unwrap();
    assert_eq!(all.len(), 10);
    let found = all.iter().find(|each| each["invariant"] == number);
    found.cloned().unwrap()
}

/// A client of its own on this gateway, started.
fn client(gateway: &Running, id: i32) -> Client {
    Client::start(gateway.address, id).unwrap().0
}

/// Tries until it works, within the deadline.
fn eventually<T>(mut attempt: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(value) = attempt() {
            return value;
        }
        assert!(Instant::now() < deadline, "it never came true");
        std::thread::yield_now();
    }
}

fn order_in_books(gateway: &Running, id: i32) -> serde_json::Value {
    let books = say(gateway, "books");
    let orders = books["orders"].as_array().unwrap();
    orders
        .iter()
        .find(|order| order["order_id"] == id)
        .cloned()
        .unwrap_or_default()
}
