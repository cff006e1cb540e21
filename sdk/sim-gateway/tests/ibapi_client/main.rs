//! The simulated gateway against `ibapi`, the Rust client: its calls, and what each must be told.
//!
//! Each subject has a gateway and a client of its own, all at the same time. A subject goes on after a failure,
//! so that one run shows everything that is wrong.

mod account;
mod checks;
mod data;
mod desk;
mod history;
#[path = "../messages/mod.rs"]
mod messages;
mod orders;
mod reference;
mod session;
mod wire;

use std::thread;

use checks::Checks;
use desk::Desk;
use messages::Seen;
use sim_gateway::server::Options;

/// One subject from its connection to its end, on a thread of its own.
fn subject(
    name: &'static str,
    options: Options,
    client: i32,
    all: impl AsyncFn(&mut Desk, &mut Checks),
) -> (Seen, Vec<String>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime can be had");
    runtime.block_on(async {
        let mut checks = Checks::new(name);
        let mut desk = Desk::open(options, client).await.expect("the client connects");
        all(&mut desk, &mut checks).await;
        checks.check("disconnect", desk.leave()).await;
        let seen = desk.seen();
        tokio::task::spawn_blocking(move || drop(desk))
            .await
            .expect("the gateway ends");
        (seen, checks.failures())
    })
}

/// The market all of them begin with: ten in the morning in New York, on a Wednesday.
fn options() -> Options {
    let mut options = Options::default();
    options.market.epoch = desk::EPOCH;
    options.market.tick_rate = 50;
    options
}

fn advisor() -> Options {
    let mut options = options();
    options.market.advisor = true;
    options
}

#[test]
fn the_rust_client_is_told_what_it_should_be() {
    let outcomes: Vec<(Seen, Vec<String>)> = thread::scope(|scope| {
        let running = [
            scope.spawn(|| subject("session", options(), 7, session::checks)),
            scope.spawn(|| subject("advisor", advisor(), 7, session::advisor_checks)),
            scope.spawn(|| subject("reference", options(), 7, reference::checks)),
            scope.spawn(|| subject("data", options(), 7, data::checks)),
            scope.spawn(|| subject("history", options(), 7, history::checks)),
            // Only client 0 may bind other people's orders.
            scope.spawn(|| subject("orders", options(), 0, orders::checks)),
            scope.spawn(|| subject("account", options(), 7, account::checks)),
        ];
        running
            .into_iter()
            .map(|each| each.join().expect("the subject comes to its end"))
            .collect()
    });
    let mut all = Seen::default();
    let mut failures = Vec::new();
    for (seen, failed) in outcomes {
        all.requests.extend(seen.requests);
        all.answers.extend(seen.answers);
        failures.extend(failed);
    }
    assert!(
        failures.is_empty(),
        "the Rust client was told something else:\n{}",
        failures.join("\n")
    );
    messages::prove("ibapi for Rust, protobuf", "ibapi_client", &all);
}
