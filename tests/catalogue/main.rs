//! The fault catalogue: one file a row, each run against the real daemon and the real simulated gateway, with the
//! same invariants after each. README.md says how rows are written, which run, and which cannot.
//!
//! `CATALOGUE=all` runs the slow rows too; a row that is asked for by name runs in any case.

mod invariants;
mod look;
mod play;
mod proxy;
#[path = "../suite/rig.rs"]
#[expect(dead_code, reason = "the rig is the suite's: a row needs a part of it")]
mod rig;
mod row;
mod table;

use std::process::ExitCode;
use std::time::Instant;

use libtest_mimic::{Arguments, Failed, Trial};

use row::Row;

/// Rows mostly wait, so more of them than there are cores run at once.
const AT_ONCE: usize = 6;

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    let rows = match row::read_all() {
        Ok(rows) => rows,
        Err(problem) => {
            eprintln!("{problem}");
            return ExitCode::FAILURE;
        }
    };
    let all = std::env::var("CATALOGUE").is_ok_and(|what| what == "all");
    // Who asks for a row by its name wants to see it run.
    let named = arguments.filter.is_some();
    arguments.test_threads.get_or_insert(AT_ONCE);
    let mut trials = vec![
        Trial::test("table_is_true", {
            let rows = rows.clone();
            move || table::check(&rows).map_err(Failed::from)
        }),
        Trial::test("rows_are_numbered", {
            let rows = rows.clone();
            move || row::check(&rows).map_err(Failed::from)
        }),
    ];
    trials.extend(rows.into_iter().map(|row| trial(row, all || named)));
    let begun = Instant::now();
    let conclusion = libtest_mimic::run(&arguments, trials);
    if all {
        let minutes = begun.elapsed().as_secs_f64() / 60.0;
        println!(
            "catalogue: {minutes:.1} minutes, seed {} for each market",
            play::SEED
        );
    }
    conclusion.exit_code()
}

/// A row as a test. One with a gap is known to fail, and its test sees to it that it still does.
fn trial(row: Row, slow_too: bool) -> Trial {
    let skipped = !slow_too && (row.gap.is_some() || !row.quick);
    let kind = row.gap.as_ref().map_or("", |_| "fails");
    let name = row.name.clone();
    let trial = Trial::test(name, move || play::run(&row).map_err(Failed::from));
    trial.with_kind(kind).with_ignored_flag(skipped)
}
