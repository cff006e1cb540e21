//! The record of everything that went wrong, for tests to compare with what they saw.

use std::collections::VecDeque;

use serde_json::{Value, json};

/// Entries kept; older ones are only counted.
const REMEMBERED: usize = 10_000;

/// One thing that went wrong.
#[derive(Debug)]
struct Entry {
    number: u64,
    at: u64,
    step: Option<String>,
    action: &'static str,
    detail: String,
}

/// Everything that went wrong, in order.
#[derive(Debug, Default)]
pub(crate) struct Log {
    entries: VecDeque<Entry>,
    next: u64,
}

impl Log {
    /// Puts something on record; returns its number, counted from one.
    pub(crate) fn record(
        &mut self,
        at: u64,
        step: Option<&str>,
        action: &'static str,
        detail: impl Into<String>,
    ) -> u64 {
        self.next += 1;
        if self.entries.len() == REMEMBERED {
            self.entries.pop_front();
        }
        self.entries.push_back(Entry {
            number: self.next,
            at,
            step: step.map(str::to_owned),
            action,
            detail: detail.into(),
        });
        self.next
    }

    /// The record, for operators.
    pub(crate) fn json(&self) -> Value {
        let entry = |entry: &Entry| {
            json!({
                "seq": entry.number,
                "at_ns": entry.at,
                "step": entry.step,
                "action": entry.action,
                "detail": entry.detail,
            })
        };
        json!({
            "count": self.next,
            "faults": self.entries.iter().map(entry).collect::<Vec<_>>(),
        })
    }
}
