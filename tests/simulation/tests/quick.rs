//! The quick part: enough runs for every kind of trouble to meet every other, in half a minute.

use std::process::Command;

use simulation::campaign::{self, Plan};
use simulation::generate;
use simulation::trace::Trace;
use simulation::world::{Keep, World};

/// Runs a plan, and fails with a short trace if something is violated.
fn hold(plan: Plan) -> campaign::Report {
    let report = campaign::run(plan);
    if let Some(failure) = &report.failure {
        let shrunk = failure.shrink();
        let text = shrunk.trace.write(Some(&shrunk.violation));
        panic!("seed {} violates {}\n{text}", failure.seed, failure.violation);
    }
    report
}

#[test]
fn nothing_is_violated_in_many_short_runs() {
    let report = hold(Plan::new(1, 100_000));
    assert!(report.orders > 3_000 && report.fills > 3_000, "{report:?}");
}

#[test]
fn nothing_is_violated_in_long_runs() {
    let report = hold(Plan {
        length: 3_000,
        ..Plan::new(1_000_000, 15_000)
    });
    assert!(report.orders > 500, "{report:?}");
}

#[test]
fn the_same_seed_gives_the_same_effects_byte_for_byte() {
    let plan = Plan {
        digest: true,
        ..Plan::new(77, 4_000)
    };
    let (once, again) = (hold(plan), hold(plan));
    assert!(once.digest.is_some());
    assert_eq!(once.digest, again.digest);
    let other = hold(Plan { seed: 78, ..plan });
    assert_ne!(once.digest, other.digest);
}

#[test]
fn the_same_seed_gives_the_same_effects_in_another_process() {
    let said = || {
        let program = Command::new(env!("CARGO_BIN_EXE_simulation"))
            .args(["--seed", "77", "--events", "4000", "--digest"])
            .output()
            .expect("the program runs");
        assert!(program.status.success(), "{program:?}");
        let text = String::from_utf8(program.stdout).expect("it says so in letters");
        let digest = text.lines().find(|line| line.starts_with("digest "));
        digest.expect("it prints the digest").to_owned()
    };
    assert_eq!(said(), said());
}

#[test]
fn a_trace_is_the_run_on_paper() {
    let (making, operations) = generate::run(5, 300);
    let trace = Trace { making, operations };
    let text = trace.write(None);
    assert_eq!(Trace::read(&text).expect("it is readable"), trace);
    let once = World::run(trace.making, &trace.operations, Keep::default());
    let read = Trace::read(&text).expect("it is readable");
    assert_eq!(once, World::run(read.making, &read.operations, Keep::default()));
    let error = Trace::read("{\"seed\":1,\"risk_plugins\":false}\n\"sleep\"").expect_err("there is no sleep");
    assert!(error.to_string().starts_with("line 2"), "{error}");
}
