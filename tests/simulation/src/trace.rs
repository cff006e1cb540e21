//! A run on paper: `#` lines for people, one line of JSON for what the world is made of, one for each operation.

use std::fmt::Write;

use crate::checks::Violation;
use crate::operation::Operation;
use crate::world::Making;

/// A run that can be done again.
#[derive(Debug, Clone, PartialEq)]
pub struct Trace {
    /// What the world is made of.
    pub making: Making,
    /// What is done to it.
    pub operations: Vec<Operation>,
}

/// A trace that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error(
    "line {line} of the trace cannot be read: {reason}; see the operations in tests/simulation/src/operation.rs"
)]
pub struct Unreadable {
    line: usize,
    reason: String,
}

impl Trace {
    /// On paper, with what it violates.
    pub fn write(&self, violation: Option<&Violation>) -> String {
        let mut text = String::new();
        let json = |value: serde_json::Result<String>| value.unwrap_or_else(|error| format!("# {error}"));
        // Writing into a string cannot fail.
        if let Some(violation) = violation {
            let _ = writeln!(text, "# {violation}");
        }
        let _ = writeln!(
            text,
            "# {} operations; do it again: simulation replay FILE",
            self.operations.len()
        );
        let _ = writeln!(text, "{}", json(serde_json::to_string(&self.making)));
        for operation in &self.operations {
            let _ = writeln!(text, "{}", json(serde_json::to_string(operation)));
        }
        text
    }

    /// From paper.
    pub fn read(text: &str) -> Result<Trace, Unreadable> {
        let numbered = text.lines().enumerate().map(|(at, line)| (at + 1, line.trim()));
        let mut lines = numbered.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
        let unreadable = |line: usize, error: serde_json::Error| Unreadable {
            line,
            reason: error.to_string(),
        };
        let Some((line, first)) = lines.next() else {
            return Err(Unreadable {
                line: 1,
                reason: "it is empty".to_owned(),
            });
        };
        let making = serde_json::from_str(first).map_err(|error| unreadable(line, error))?;
        let operations = lines
            .map(|(line, text)| serde_json::from_str(text).map_err(|error| unreadable(line, error)))
            .collect::<Result<_, _>>()?;
        Ok(Trace { making, operations })
    }
}
