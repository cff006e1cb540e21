//! Defects planted in the world, to see that the checks find each of them and that what is left of the run is short.

use simulation::campaign::{self, Plan};
use simulation::shrink::Shrunk;
use simulation::trace::Trace;
use simulation::world::{Keep, Plant, World};

/// Runs until the defect is found, makes the failure small, and does it again from paper.
fn found(plant: Plant, invariants: &[&str], most: usize) -> Shrunk {
    let report = campaign::run(Plan {
        plant: Some(plant),
        ..Plan::new(1, 60_000)
    });
    let failure = report
        .failure
        .unwrap_or_else(|| panic!("{plant:?} was not found in {} events", report.events));
    let shrunk = failure.shrink();
    let (name, text) = (shrunk.violation.name, shrunk.trace.write(Some(&shrunk.violation)));
    assert!(invariants.contains(&name), "{plant:?} shows as {name}\n{text}");
    let steps = shrunk.trace.operations.len();
    assert!(
        steps <= most,
        "{plant:?} takes {steps} operations, {most} are enough\n{text}"
    );
    assert!(steps <= failure.trace.operations.len());

    let again = Trace::read(&text).expect("the trace is readable");
    let outcome = World::run(again.making, &again.operations, Keep::default());
    let violated = outcome.violation.map(|(violation, _)| violation);
    assert_eq!(violated.as_ref(), Some(&shrunk.violation), "{text}");

    let sound = simulation::world::Making {
        plant: None,
        ..again.making
    };
    let outcome = World::run(sound, &again.operations, Keep::default());
    assert_eq!(
        outcome.violation, None,
        "without the defect nothing is wrong\n{text}"
    );
    shrunk
}

#[test]
fn a_late_write_carried_out_twice_is_found() {
    found(
        Plant::LateWritesTwice,
        &[
            "orders_disagree",
            "position_limit",
            "exposure_below_truth",
            "two_lives_untold",
        ],
        12,
    );
}

#[test]
fn a_fill_repeated_under_another_id_is_found() {
    found(Plant::RepeatedFillsRenamed, &["fills_counted_once"], 12);
}

#[test]
fn a_record_the_ledger_loses_is_found() {
    // The broker tells the fill again, so that only an order it left open shows the loss: a partial fill must be the last
    // thing before the crash.
    found(
        Plant::LastRecordLost,
        &[
            "ledger_forgets",
            "fills_counted_once",
            "orders_disagree",
            "exposure_below_truth",
        ],
        30,
    );
}

#[test]
fn an_order_sent_again_after_a_crash_is_found() {
    found(
        Plant::ResendAfterCrash,
        &[
            "orders_disagree",
            "position_limit",
            "exposure_below_truth",
            "two_lives_untold",
        ],
        12,
    );
}

#[test]
fn fills_that_are_too_large_are_found() {
    found(Plant::FillsRounded, &["fills_counted_once"], 12);
}
