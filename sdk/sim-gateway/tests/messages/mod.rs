//! The README's tables of messages: which client was seen to send and understand what, and in which test.
//!
//! A cell names the test that proves it. Nothing here is claimed by hand: a test says what its client sent
//! and understood, and its cells must be exactly those. It never says that a message means what it should;
//! that is for the test that names it.
#![allow(dead_code, reason = "every test binary uses what it needs of this")]

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// Set to have the tests write what they saw instead of comparing it.
const WRITE: &str = "SIM_GATEWAY_WRITE_MESSAGES";

/// What a client did, by message number.
#[derive(Debug, Default)]
pub struct Seen {
    pub requests: BTreeSet<u32>,
    pub answers: BTreeSet<u32>,
}

impl Seen {
    /// What a test script's line `messages {"requests": [...], "answers": [...]}` says; `said` is all it said.
    ///
    /// # Panics
    /// When there is no such line.
    pub fn reported(said: &str) -> Self {
        let report = said.lines().find_map(|line| line.strip_prefix("messages "));
        let report: Value = report
            .and_then(|json| serde_json::from_str(json).ok())
            .expect("the script reports its messages");
        Self::of(&report)
    }

    /// What a report says.
    pub fn of(report: &Value) -> Self {
        let numbers = |name: &str| {
            let numbers = report[name].as_array().into_iter().flatten();
            numbers
                .filter_map(|number| u32::try_from(number.as_u64()?).ok())
                .collect()
        };
        Self {
            requests: numbers("requests"),
            answers: numbers("answers"),
        }
    }
}

/// Checks that the README says of `column` what `test` saw, no more and no less.
///
/// # Panics
/// When it does not, with the line to correct.
pub fn prove(column: &str, test: &str, seen: &Seen) {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let before = fs::read_to_string(&readme).expect("the README is there");
    let mut after = String::new();
    let mut table = None;
    let mut at = None;
    for line in before.lines() {
        if let Some(heading) = line.strip_prefix("| | from the client |") {
            table = Some((&seen.requests, numbers("request")));
            at = place(heading, column);
        } else if let Some(heading) = line.strip_prefix("| | to the client |") {
            table = Some((&seen.answers, numbers("response")));
            at = place(heading, column);
        } else if !line.starts_with('|') {
            table = None;
        }
        let row = table
            .as_ref()
            .and_then(|(ids, names)| corrected(line, at, test, ids, names));
        let _ = writeln!(after, "{}", row.as_deref().unwrap_or(line));
    }
    if std::env::var_os(WRITE).is_some() {
        fs::write(&readme, after).expect("the README can be written");
        return;
    }
    for (says, should) in before.lines().zip(after.lines()) {
        assert_eq!(
            says, should,
            "the README says something else of {column} than the test {test} saw; run it with {WRITE}=1 to have \
             the table written"
        );
    }
}

/// Which cell of a heading is the column's.
fn place(heading: &str, column: &str) -> Option<usize> {
    heading.split('|').position(|cell| cell.trim() == column)
}

/// A row as it should be; `None` for a line that is none.
fn corrected(
    line: &str,
    at: Option<usize>,
    test: &str,
    seen: &BTreeSet<u32>,
    names: &[(u32, String)],
) -> Option<String> {
    let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
    let number: u32 = cells.first()?.parse().ok()?;
    let name = names
        .iter()
        .find(|(id, _)| *id == number)
        .map(|(_, name)| name.as_str())?;
    let mut row = format!("| {number} | {name} |");
    for (index, cell) in cells.iter().skip(2).enumerate() {
        let mut tests: BTreeSet<&str> = cell.split(", ").filter(|test| !test.is_empty()).collect();
        if Some(index) == at {
            if seen.contains(&number) {
                tests.insert(test);
            } else {
                tests.remove(test);
            }
        }
        let tests: Vec<&str> = tests.into_iter().collect();
        let _ = match tests.is_empty() {
            true => write!(row, " |"),
            false => write!(row, " {} |", tests.join(", ")),
        };
    }
    Some(row)
}

/// The messages that the simulated gateway knows, from the list in its source.
fn numbers(module: &str) -> Vec<(u32, String)> {
    let ids = include_str!("../../src/wire/ids.rs");
    let start = ids
        .find(&format!("pub mod {module} {{"))
        .expect("the list is there");
    let list = ids.get(start..).unwrap_or_default();
    let list = list.split("\n}").next().unwrap_or_default();
    let constant = |line: &str| {
        let (name, number) = line.trim().strip_prefix("pub const ")?.split_once(": u32 = ")?;
        Some((number.trim_end_matches(';').parse().ok()?, title(name)))
    };
    list.lines().filter_map(constant).collect()
}

/// `MARKET_DATA` as `MarketData`.
fn title(name: &str) -> String {
    let capital = |word: &str| {
        let (first, rest) = word.split_at(1);
        format!("{first}{}", rest.to_lowercase())
    };
    name.split('_').map(capital).collect()
}

/// Checks that the tables have a row for every message and that every test they name is there.
///
/// # Panics
/// When they do not.
pub fn complete() {
    let home = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = fs::read_to_string(home.join("README.md")).expect("the README is there");
    for (module, heading) in [
        ("request", "| | from the client |"),
        ("response", "| | to the client |"),
    ] {
        let from = readme.find(heading).expect("the table is there");
        let table = readme
            .get(from..)
            .unwrap_or_default()
            .split("\n\n")
            .next()
            .unwrap_or_default();
        for (number, name) in numbers(module) {
            let row = format!("| {number} | {name} |");
            assert!(table.contains(&row), "the README has no row {row:?}");
        }
        let rows = table.lines().skip(2).flat_map(|row| row.split('|').skip(3));
        for test in rows
            .flat_map(|cell| cell.split(','))
            .map(str::trim)
            .filter(|test| !test.is_empty())
        {
            let file: PathBuf = home.join("tests").join(format!("{test}.rs"));
            assert!(file.exists(), "the README names {test}, which is no test");
        }
    }
}
