//! Reads the table of codes that is compiled in.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::value::{Error as WordError, StrDeserializer};

use super::action::{Action, Scope, Severity};

/// The rows, as shipped.
const TABLE: &str = include_str!("table.tsv");

/// One code's row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// Whom it concerns.
    pub scope: Scope,
    /// How bad it is.
    pub severity: Severity,
    /// What is done.
    pub action: Action,
    /// Whether what it names ends by it.
    pub terminates: Terminates,
    /// The alarm it raises.
    pub alarm: Option<&'static str>,
}

/// Whether what a code names ends by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Terminates {
    /// It ends.
    Yes,
    /// It goes on.
    No,
    /// A new order ends; a live one that was to be changed goes on.
    NewOnly,
    /// Nobody knows.
    Maybe,
    /// The session ends.
    Session,
}

/// A row of the table that cannot be read: a mistake in this program.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the built-in table of error codes, line {line}: {problem}")]
pub struct TableError {
    /// Where.
    pub line: usize,
    /// What is wrong with it.
    pub problem: String,
}

/// All rows, by code.
pub fn rows() -> Result<BTreeMap<i32, Row>, TableError> {
    parse(TABLE)
}

/// Reads a table; see its head for the columns.
pub fn parse(text: &'static str) -> Result<BTreeMap<i32, Row>, TableError> {
    let mut rows = BTreeMap::new();
    for (index, line) in text.lines().enumerate() {
        if line.starts_with('#') || line.trim().is_empty() {
            continue;
        }
        let wrong = |problem: String| TableError {
            line: index + 1,
            problem,
        };
        let columns: Vec<&'static str> = line.split('\t').collect();
        let [scope, severity, action, terminates, alarm, codes] = columns.as_slice() else {
            return Err(wrong(format!("{} columns, not 6", columns.len())));
        };
        let row = Row {
            scope: word(scope).map_err(wrong)?,
            severity: word(severity).map_err(wrong)?,
            action: word(action).map_err(wrong)?,
            terminates: word(terminates).map_err(wrong)?,
            alarm: (*alarm != "-").then_some(*alarm),
        };
        for part in codes.split_whitespace() {
            let range = part.split_once('-').unwrap_or((part, part));
            let (Ok(first), Ok(last)) = (range.0.parse::<i32>(), range.1.parse::<i32>()) else {
                return Err(wrong(format!("{part:?} is no code and no range of codes")));
            };
            for code in first..=last {
                if rows.insert(code, row).is_some() {
                    return Err(wrong(format!("{code} stands in two rows")));
                }
            }
        }
    }
    Ok(rows)
}

/// One of an enum's words, as serde knows them.
fn word<T: for<'de> Deserialize<'de>>(text: &str) -> Result<T, String> {
    let word: StrDeserializer<'_, WordError> = StrDeserializer::new(text);
    T::deserialize(word).map_err(|error| error.to_string())
}
