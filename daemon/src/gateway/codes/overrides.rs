//! What the operator says about a code, in place of the table.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::action::{Action, Severity};
use super::table::Row;

/// Rows the operator changed, by code: `[gateway.error_codes]`.
pub type Overrides = BTreeMap<String, Override>;

/// What is different about one code; what is left out stays as the table says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Override {
    /// What is done. Also turns off what the code's text would decide.
    pub action: Option<Action>,
    /// How it is logged and counted.
    pub severity: Option<Severity>,
    /// Whether it raises an alarm.
    pub alarm: Option<bool>,
}

/// Applies them to the rows.
///
/// # Errors
/// The key and what is wrong with it, in words.
pub fn apply(rows: &mut BTreeMap<i32, Row>, overrides: &Overrides) -> Result<(), String> {
    for (key, changes) in overrides {
        let code: i32 = match key.parse() {
            Ok(code) if code > 0 => code,
            _ => {
                return Err(format!(
                    "{key:?} is not one of IB's error codes; write a number such as \"201\""
                ));
            }
        };
        let mut row = rows.get(&code).copied().unwrap_or(super::policy::UNKNOWN);
        if let Some(action) = changes.action {
            if !action.fits(row.scope) {
                let scope = word(row.scope);
                let action = word(action);
                return Err(format!(
                    "\"{code}\".action: {action} cannot be done about a code of scope {scope}"
                ));
            }
            row.action = action;
        }
        row.severity = changes.severity.unwrap_or(row.severity);
        match changes.alarm {
            Some(true) => row.alarm = row.alarm.or(Some("ib_error")),
            Some(false) => row.alarm = None,
            None => {}
        }
        rows.insert(code, row);
    }
    Ok(())
}

/// Whether the operator decided what is done about a code.
pub fn decided(overrides: &Overrides) -> impl Iterator<Item = i32> {
    let decided = overrides.iter().filter(|(_, changes)| changes.action.is_some());
    decided.filter_map(|(key, _)| key.parse().ok())
}

fn word(value: impl Serialize) -> String {
    serde_json::to_value(value).map_or_else(
        |_| "?".to_owned(),
        |value| value.as_str().unwrap_or("?").to_owned(),
    )
}
