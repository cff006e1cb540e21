//! The README's tables of messages: which client was seen to send and understand what, and in which test.
//!
//! A cell names the test that proves it. Nothing here is claimed by hand: a test says what its client sent
//! and understood, and its cells must be exactly those. It never says that a message means what it should;
//! that is for the test that names it.
#![allow(dead_code, reason = "every test binary uses what it needs of this")]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// Set to have the tests write what they saw instead of comparing it.
const WRITE: &str = "SIM_GATEWAY_WRITE_MESSAGES";

/// How the tables' headings begin.
const REQUESTS: &str = "| | from the client |";
const ANSWERS: &str = "| | to the client |";

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
    let mut table: Option<Table> = None;
    for line in before.lines() {
        if let Some(table) = &mut table
            && table.take(line)
        {
            continue;
        }
        if let Some(table) = table.take() {
            table.write(&mut after);
        }
        let _ = writeln!(after, "{line}");
        if let Some(heading) = line.strip_prefix(REQUESTS) {
            table = Some(Table::new(heading, "request", column, test, &seen.requests));
        } else if let Some(heading) = line.strip_prefix(ANSWERS) {
            table = Some(Table::new(heading, "response", column, test, &seen.answers));
        }
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

/// One of the tables while it is read, and what its column should say.
struct Table<'a> {
    columns: usize,
    /// Which cell of a row is the column's.
    at: Option<usize>,
    test: &'a str,
    seen: &'a BTreeSet<u32>,
    rows: BTreeMap<u32, (String, Vec<BTreeSet<String>>)>,
}

impl<'a> Table<'a> {
    fn new(heading: &str, module: &str, column: &str, test: &'a str, seen: &'a BTreeSet<u32>) -> Self {
        let columns: Vec<&str> = heading.trim_matches('|').split('|').map(str::trim).collect();
        let empty = vec![BTreeSet::new(); columns.len()];
        let row = |(number, name)| (number, (name, empty.clone()));
        Self {
            columns: columns.len(),
            at: columns.iter().position(|known| *known == column),
            test,
            seen,
            rows: numbers(module).into_iter().map(row).collect(),
        }
    }

    /// Takes in a line of the table; false when it is none.
    fn take(&mut self, line: &str) -> bool {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        if !line.starts_with('|') {
            return false;
        }
        let number = cells.first().and_then(|number| number.parse().ok());
        let row = number.and_then(|number: u32| self.rows.get_mut(&number));
        if let Some((_, tests)) = row {
            for (cell, tests) in cells.iter().skip(2).zip(tests) {
                let named = cell.split(", ").filter(|test| !test.is_empty());
                tests.extend(named.map(str::to_owned));
            }
        }
        true
    }

    /// Writes the table as it should be.
    fn write(mut self, out: &mut String) {
        let _ = writeln!(out, "|---|---|{}", "---|".repeat(self.columns));
        for (number, (name, cells)) in &mut self.rows {
            if let Some(cell) = self.at.and_then(|at| cells.get_mut(at)) {
                if self.seen.contains(number) {
                    cell.insert(self.test.to_owned());
                } else {
                    cell.remove(self.test);
                }
            }
            let _ = write!(out, "| {number} | {name} |");
            for cell in cells {
                let tests: Vec<&str> = cell.iter().map(String::as_str).collect();
                let space = if tests.is_empty() { "" } else { " " };
                let _ = write!(out, "{space}{} |", tests.join(", "));
            }
            out.push('\n');
        }
    }
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
    for (module, heading) in [("request", REQUESTS), ("response", ANSWERS)] {
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
            let folder = home.join("tests").join(test).join("main.rs");
            assert!(
                file.exists() || folder.exists(),
                "the README names {test}, which is no test"
            );
        }
    }
}
