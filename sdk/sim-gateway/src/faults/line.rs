//! The one-line form of a step: `<when> <what>`, with `at=3s` or `order=3` for when, for example `at=5s
//! refuse=2s`, `order=3 reject=201`, `order=4 duplicate`. The same words, without a time, are what an
//! operator types.

use std::str::FromStr;
use std::time::Duration;

use super::action::{Action, Corruption, Door, End, Target};
use super::step::{Passage, Step, Trigger};
use crate::gateway::conduct::Behaviour;
use crate::wire::ids::request;

/// Why a line of the script was not understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScriptError {
    /// It does not begin with a time.
    #[error("a fault starts with at=<time> or order=<number>, as in \"at=3s drop\": {0:?}")]
    When(String),
    /// No such fault.
    #[error(
        "unknown fault {0:?}; known: drop, refuse=2s, silent[=on|off], mute[=on|off], notice=1100, \
         reject[=201], duplicate, delay=50ms, garbage, version=100, lose"
    )]
    Unknown(String),
    /// Its value makes no sense.
    #[error("{value:?} is no value for {name}: {wanted}")]
    Value {
        /// The fault.
        name: String,
        /// What was given.
        value: String,
        /// What it takes.
        wanted: &'static str,
    },
}

impl FromStr for Step {
    type Err = ScriptError;

    fn from_str(line: &str) -> Result<Self, ScriptError> {
        let bad = || ScriptError::When(line.to_owned());
        let (when, what) = line.trim().split_once(char::is_whitespace).ok_or_else(bad)?;
        let trigger = match when.split_once('=').ok_or_else(bad)? {
            ("at", time) => Trigger::At(duration(time, Duration::from_secs(1)).ok_or_else(bad)?),
            ("order", number) => Trigger::On(Passage {
                messages: vec![request::PLACE_ORDER],
                nth: Some(number.parse().map_err(|_| bad())?),
                ..Passage::default()
            }),
            _ => return Err(bad()),
        };
        let mut words = what.trim().splitn(2, ['=', ' ']);
        let name = words.next().unwrap_or_default();
        let action = fault(name, words.next().map(str::trim).unwrap_or_default())?;
        Ok(Step::new(trigger, action))
    }
}

/// Reads one fault: its name and its value, empty for the usual one.
///
/// # Errors
/// When either is not known.
pub fn fault(name: &str, value: &str) -> Result<Action, ScriptError> {
    let wrong = |wanted| ScriptError::Value {
        name: name.to_owned(),
        value: value.to_owned(),
        wanted,
    };
    let code = |usual: Option<i32>| match (value, usual) {
        ("", Some(usual)) => Ok(usual),
        _ => value.parse().map_err(|_| wrong("a number")),
    };
    let time = |unit| duration(value, unit).ok_or_else(|| wrong("a time such as 2s or 50ms"));
    let switch = || match value {
        "" | "on" => Ok(true),
        "off" => Ok(false),
        _ => Err(wrong("on or off")),
    };
    let to = Target::All;
    Ok(match name {
        "drop" => Action::Disconnect { to, how: End::Close },
        "refuse" => Action::Refuse(Some(time(Duration::from_secs(1))?)),
        "silent" => Action::Door(if switch()? { Door::Silent } else { Door::Open }),
        "mute" => Action::Freeze { to, on: switch()? },
        "notice" => Action::Notice {
            to,
            code: code(None)?,
            text: None,
            about: -1,
        },
        "reject" | "reject-next" => Action::Behave(Behaviour::Reject(code(Some(201))?)),
        "duplicate" | "duplicate-next" => Action::Duplicate,
        "delay" => Action::Delay(time(Duration::from_millis(1))?),
        "garbage" => Action::Corrupt {
            to,
            kind: Corruption::Garbage,
        },
        "version" => Action::Version(code(None)?),
        "lose" => Action::Lose,
        _ => return Err(ScriptError::Unknown(name.to_owned())),
    })
}

/// `2s`, `50ms`, `3m`, `1.5h`, or a bare number of `unit`s.
pub(crate) fn duration(text: &str, unit: Duration) -> Option<Duration> {
    const UNITS: [(&str, Duration); 4] = [
        ("ms", Duration::from_millis(1)),
        ("s", Duration::from_secs(1)),
        ("m", Duration::from_secs(60)),
        ("h", Duration::from_secs(3600)),
    ];
    let split = |(suffix, unit): &(&str, Duration)| Some((text.strip_suffix(suffix)?, *unit));
    let (number, unit) = UNITS.iter().find_map(split).unwrap_or((text, unit));
    let number: f64 = number.parse().ok()?;
    (0.0..=86_400_000.0)
        .contains(&number)
        .then(|| unit.mul_f64(number))
}
