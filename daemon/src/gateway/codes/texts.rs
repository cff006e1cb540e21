//! Where the number is not enough and IB's text decides. Texts may come in the gateway's language or in strange
//! bytes: what is not recognised leaves the table's row as it is.

use super::action::{Action, Severity};

/// What a text says beyond its code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// What is done, if not what the row says.
    pub action: Option<Action>,
    /// How bad it is, if not as the row says.
    pub severity: Option<Severity>,
    /// The alarm, if not the row's.
    pub alarm: Option<&'static str>,
    /// The kind of text, for metrics and people.
    pub class: &'static str,
}

const fn class(class: &'static str) -> Reading {
    Reading {
        action: None,
        severity: None,
        alarm: None,
        class,
    }
}

const fn acts(class: &'static str, action: Action, severity: Severity) -> Reading {
    Reading {
        action: Some(action),
        severity: Some(severity),
        alarm: None,
        class,
    }
}

const fn alarms(class: &'static str, alarm: &'static str, severity: Severity) -> Reading {
    Reading {
        action: None,
        severity: Some(severity),
        alarm: Some(alarm),
        class,
    }
}

/// Part of a text in lower case, and what it says.
type Rule = (&'static str, Reading);

/// Historical data.
const HISTORY: &[Rule] = &[
    (
        "pacing violation",
        acts("pacing", Action::SlowDown, Severity::Warning),
    ),
    ("returned no data", acts("no_data", Action::Note, Severity::Info)),
    (
        "query cancelled",
        acts("cancel_confirmed", Action::Note, Severity::Info),
    ),
    ("connected from a different ip", COMPETING),
    (
        "invalid step",
        acts("bad_request", Action::Refuse, Severity::Error),
    ),
    (
        "invalid duration",
        acts("bad_request", Action::Refuse, Severity::Error),
    ),
    (
        "time length exceed",
        acts("bad_request", Action::Refuse, Severity::Error),
    ),
    (
        "no market data permissions",
        acts("no_permission", Action::Refuse, Severity::Error),
    ),
    (
        "no historical market data for",
        acts("no_permission", Action::Refuse, Severity::Error),
    ),
];

const COMPETING: Reading = Reading {
    action: Some(Action::Competing),
    severity: Some(Severity::Critical),
    alarm: Some("competing_session"),
    class: "competing_session",
};

/// Why an order was refused; for metrics only: none of them may be tried again by itself.
const REFUSAL: &[Rule] = &[
    ("margin", class("margin")),
    ("both sides", class("both_sides")),
    ("lgsz", class("size")),
    ("large", class("size")),
    ("exchange is closed", class("closed")),
    ("minimum price variation", class("tick")),
    ("exceed the", class("limit")),
    ("price", class("price")),
];

/// Why an order was canceled.
const CANCELED: &[Rule] = &[
    ("too far", class("price")),
    ("expired", class("expired")),
    ("margin", class("margin")),
    ("price", class("price")),
];

const READ_ONLY: &[Rule] = &[(
    "read-only",
    alarms("read_only", "api_read_only", Severity::Critical),
)];

const TOO_MANY: &[Rule] = &[
    (
        "simultaneous api historical",
        acts("too_many", Action::SlowDown, Severity::Warning),
    ),
    (
        "maximum number of account summary",
        acts("too_many", Action::SlowDown, Severity::Warning),
    ),
    ("duplicate", acts("duplicate_id", Action::Retry, Severity::Error)),
];

const ORDER_MESSAGE: &[Rule] = &[
    (
        "will not be placed at the exchange until",
        acts("queued", Action::Note, Severity::Info),
    ),
    ("rejected", acts("rejected", Action::Ask, Severity::Warning)),
];

/// IB's ladder before it liquidates. Its own words are the only thing that tells the steps apart.
const MARGIN: &[Rule] = &[
    (
        "urgent",
        alarms(MARGIN_URGENT, "margin_urgent", Severity::Critical),
    ),
    (
        "regulation t",
        alarms("margin_deficit", "margin_deficit", Severity::Error),
    ),
    (
        "special memorandum",
        alarms("margin_deficit", "margin_deficit", Severity::Error),
    ),
    ("alert", alarms("margin_alert", "margin_alert", Severity::Warning)),
];

/// The class of a margin notice after which IB may liquidate at any moment.
pub const MARGIN_URGENT: &str = "margin_urgent";
/// The class of an error that says that the gateway takes no orders.
pub const READ_ONLY_CLASS: &str = "read_only";

/// Reads a text, if its code has texts worth reading.
pub fn read(code: i32, text: &str) -> Option<Reading> {
    let rules = match code {
        162 => HISTORY,
        201 => REFUSAL,
        202 => CANCELED,
        321 => READ_ONLY,
        322 => TOO_MANY,
        399 => ORDER_MESSAGE,
        2148 => MARGIN,
        _ => return None,
    };
    let text = text.to_lowercase();
    let found = rules.iter().find(|(part, _)| text.contains(part));
    found.map(|(_, reading)| *reading)
}

/// Whether a text calls itself a warning: then what it is about goes on, whatever the code.
pub fn is_warning(text: &str) -> bool {
    text.trim_start().starts_with("Warning")
}

/// The farm a notice names, after its last colon (`Market data farm connection is OK:usfarm`). At most 32 plain
/// characters, because it becomes a metric's label.
pub fn farm_name(text: &str) -> String {
    plain(text.rsplit(':').next().unwrap_or_default())
}

/// The farms that 1102 names as working (`… All data farms are connected: usfarm; ushmds; secdefil.`).
pub fn farms_connected(text: &str) -> Vec<String> {
    const BEFORE: &str = "all data farms are connected:";
    let Some(at) = text.to_ascii_lowercase().find(BEFORE) else {
        return Vec::new();
    };
    let list = text.get(at + BEFORE.len()..).unwrap_or_default();
    let names = list.split([';', ',']).map(plain);
    names.filter(|name| !name.is_empty()).collect()
}

fn plain(name: &str) -> String {
    let fits = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    let name: String = name.chars().filter(fits).take(32).collect();
    name.trim_end_matches('.').to_owned()
}
