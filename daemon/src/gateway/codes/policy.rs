//! The table with the operator's changes, and what it says of one message.

use std::collections::{BTreeMap, BTreeSet};

use super::action::{About, Action, Scope, Severity};
use super::overrides::{self, Overrides};
use super::table::{self, Row, TableError, Terminates};
use super::texts;

/// The row of a code nobody listed, before it is known whom the message is about.
pub(super) const UNKNOWN: Row = Row {
    scope: Scope::Any,
    severity: Severity::Warning,
    action: Action::Note,
    terminates: Terminates::Maybe,
    alarm: None,
};

/// Why there is no policy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// The built-in table.
    #[error(transparent)]
    Table(#[from] TableError),
    /// What the operator changed.
    #[error("error_codes: {0}")]
    Overrides(String),
}

/// What is done about each code.
#[derive(Debug, Clone)]
pub struct Policy {
    rows: BTreeMap<i32, Row>,
    /// Codes whose action the operator chose: their texts decide nothing.
    decided: BTreeSet<i32>,
}

/// What one message is taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ruling {
    /// How bad it is.
    pub severity: Severity,
    /// What is done.
    pub action: Action,
    /// The alarm to raise.
    pub alarm: Option<&'static str>,
    /// What its text says, for those whose text was read; else empty.
    pub class: &'static str,
    /// Whether the table has the code.
    pub known: bool,
    /// Whether the operator chose what is done.
    pub decided: bool,
}

impl Ruling {
    /// Whether it says that the gateway takes no orders at all.
    pub fn is_read_only(&self) -> bool {
        self.class == texts::READ_ONLY_CLASS
    }
}

impl Policy {
    /// The table, with these changes.
    pub fn new(overrides: &Overrides) -> Result<Self, PolicyError> {
        let mut rows = table::rows()?;
        overrides::apply(&mut rows, overrides).map_err(PolicyError::Overrides)?;
        Ok(Policy {
            rows,
            decided: overrides::decided(overrides).collect(),
        })
    }

    /// What a message is taken for.
    pub fn rule(&self, code: i32, text: &str, about: About) -> Ruling {
        let row = self.rows.get(&code).copied();
        let known = row.is_some();
        let mut row = row.unwrap_or_else(|| unlisted(code, about));
        // A request's or the session's code on an order's id: somebody is confused, and the order may live.
        let orders = matches!(row.scope, Scope::Order | Scope::Any);
        if about == About::Order && !orders && row.action != Action::Note && !self.decided.contains(&code) {
            row.action = Action::Ask;
        }
        let mut ruling = Ruling {
            severity: row.severity,
            action: row.action,
            alarm: row.alarm,
            class: "",
            known,
            decided: self.decided.contains(&code),
        };
        if ruling.decided {
            return ruling;
        }
        if let Some(reading) = texts::read(code, text) {
            ruling.action = reading.action.unwrap_or(ruling.action);
            ruling.severity = reading.severity.unwrap_or(ruling.severity);
            ruling.alarm = reading.alarm.or(ruling.alarm);
            ruling.class = reading.class;
        }
        // Edges of the session and of farms keep their meaning; nothing there ends by a warning.
        if texts::is_warning(text) && matches!(ruling.action, Action::Refuse | Action::Ask | Action::Retry) {
            ruling.action = Action::Note;
            ruling.severity = ruling.severity.min(Severity::Warning);
        }
        ruling
    }
}

/// A code nobody listed is treated by its range and by whom it is about.
fn unlisted(code: i32, about: About) -> Row {
    let warning_band = (2100..=2199).contains(&code);
    let (action, severity) = match about {
        _ if warning_band => (Action::Note, Severity::Warning),
        About::Session => (Action::Note, Severity::Warning),
        About::Request => (Action::Refuse, Severity::Error),
        About::Order => (Action::Ask, Severity::Error),
    };
    Row {
        action,
        severity,
        ..UNKNOWN
    }
}

/// The range an unknown code is counted under.
pub const fn range(code: i32) -> &'static str {
    match code {
        i32::MIN..=0 => "below_1",
        1..=99 => "1_99",
        100..=499 => "100_499",
        500..=599 => "500_599",
        600..=1_099 => "600_1099",
        1_100..=1_999 => "1100_1999",
        2_000..=2_099 => "2000_2099",
        2_100..=2_199 => "2100_2199",
        2_200..=9_999 => "2200_9999",
        10_000.. => "10000_up",
    }
}

/// All ranges, so that each series exists from the start.
pub const RANGES: [&str; 10] = [
    "below_1",
    "1_99",
    "100_499",
    "500_599",
    "600_1099",
    "1100_1999",
    "2000_2099",
    "2100_2199",
    "2200_9999",
    "10000_up",
];
