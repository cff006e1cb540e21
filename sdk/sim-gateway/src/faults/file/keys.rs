//! The keys of one step, taken out one by one, so that what is left is unknown.

use std::str::FromStr;
use std::time::Duration;

use rust_decimal::Decimal;
use toml::{Spanned, Value};

use super::{ScenarioError, Table, line_of};
use crate::faults::action::Target;
use crate::faults::line::duration;

/// The keys of one step.
pub(super) struct Keys<'a> {
    file: &'a str,
    text: &'a str,
    start: usize,
    table: Table,
}

impl<'a> Keys<'a> {
    pub(super) fn new(file: &'a str, text: &'a str, table: Spanned<Table>) -> Self {
        let start = table.span().start;
        Self {
            file,
            text,
            start,
            table: table.into_inner(),
        }
    }

    /// A complaint about the step as a whole.
    pub(super) fn complaint(&self, what: impl Into<String>) -> ScenarioError {
        self.at(self.start, what)
    }

    fn at(&self, place: usize, what: impl Into<String>) -> ScenarioError {
        ScenarioError {
            file: self.file.to_owned(),
            line: line_of(self.text, place),
            what: what.into(),
        }
    }

    fn take<T>(
        &mut self,
        key: &str,
        wanted: &str,
        read: impl FnOnce(&Value) -> Option<T>,
    ) -> Result<Option<T>, ScenarioError> {
        let found = self.table.keys().find(|each| each.get_ref() == key).cloned();
        let Some((at, value)) =
            found.and_then(|found| Some((found.span().start, self.table.remove(&found)?)))
        else {
            return Ok(None);
        };
        let value = value.into_inner();
        match read(&value) {
            Some(read) => Ok(Some(read)),
            None => Err(self.at(at, format!("{key} = {value} makes no sense; give {wanted}"))),
        }
    }

    /// Whether a key is there, and nobody has taken it yet.
    pub(super) fn has(&self, key: &str) -> bool {
        self.table.keys().any(|each| each.get_ref() == key)
    }

    /// A key that has to be there.
    pub(super) fn need<T>(&self, key: &str, what: &str, value: Option<T>) -> Result<T, ScenarioError> {
        value.ok_or_else(|| self.complaint(format!("{what} needs {key}; add it")))
    }

    pub(super) fn text(&mut self, key: &str) -> Result<Option<String>, ScenarioError> {
        self.take(key, "a text in quotes", |value| value.as_str().map(str::to_owned))
    }

    /// A text, or a number or switch as text.
    pub(super) fn anything(&mut self, key: &str) -> Result<Option<String>, ScenarioError> {
        self.take(key, "a text or a number", |value| match value {
            Value::String(text) => Some(text.clone()),
            Value::Integer(_) | Value::Float(_) | Value::Boolean(_) => Some(value.to_string()),
            _ => None,
        })
    }

    pub(super) fn flag(&mut self, key: &str) -> Result<Option<bool>, ScenarioError> {
        self.take(key, "true or false", Value::as_bool)
    }

    pub(super) fn number(&mut self, key: &str) -> Result<Option<i32>, ScenarioError> {
        self.take(key, "a whole number", |value| {
            value.as_integer().and_then(|number| i32::try_from(number).ok())
        })
    }

    /// A whole number from one up.
    pub(super) fn whole(&mut self, key: &str) -> Result<Option<u32>, ScenarioError> {
        self.take(key, "a whole number, 1 or more", |value| {
            let number = value.as_integer().and_then(|number| u32::try_from(number).ok());
            number.filter(|number| *number > 0)
        })
    }

    pub(super) fn probability(&mut self, key: &str) -> Result<Option<f64>, ScenarioError> {
        self.take(key, "a probability from 0.0 to 1.0", |value| {
            let number = match value {
                Value::Float(number) => *number,
                Value::Integer(0) => 0.0,
                Value::Integer(1) => 1.0,
                _ => return None,
            };
            (0.0..=1.0).contains(&number).then_some(number)
        })
    }

    pub(super) fn time(&mut self, key: &str) -> Result<Option<Duration>, ScenarioError> {
        self.take(
            key,
            "a time such as \"2s\", \"50ms\", \"3m\" or \"1h\"",
            |value| value.as_str().and_then(with_unit),
        )
    }

    /// A time that may be negative, in milliseconds.
    pub(super) fn signed_time(&mut self, key: &str) -> Result<Option<i64>, ScenarioError> {
        self.take(key, "a time such as \"1h\" or \"-30m\"", |value| {
            let text = value.as_str()?;
            let (sign, text) = text.strip_prefix('-').map_or((1, text), |text| (-1, text));
            let millis = i64::try_from(with_unit(text)?.as_millis()).ok()?;
            Some(sign * millis)
        })
    }

    pub(super) fn decimal(&mut self, key: &str) -> Result<Option<Decimal>, ScenarioError> {
        self.take(key, "a number such as 199.5", |value| match value {
            Value::String(text) => Decimal::from_str(text).ok(),
            Value::Integer(number) => Some(Decimal::from(*number)),
            Value::Float(number) => Decimal::from_str(&number.to_string()).ok(),
            _ => None,
        })
    }

    /// One of several words.
    pub(super) fn choice<T: Copy>(
        &mut self,
        key: &str,
        choices: &[(&str, T)],
    ) -> Result<Option<T>, ScenarioError> {
        let words: Vec<&str> = choices.iter().map(|(word, _)| *word).collect();
        self.take(key, &format!("one of {}", words.join(", ")), |value| {
            let word = value.as_str()?;
            choices
                .iter()
                .find(|(each, _)| *each == word)
                .map(|(_, choice)| *choice)
        })
    }

    /// Messages: a name, a number, or a list of them; `"*"` for any.
    pub(super) fn messages(
        &mut self,
        key: &str,
        number: impl Fn(&str) -> Option<u32>,
    ) -> Result<Option<Vec<u32>>, ScenarioError> {
        let wanted = "the name or number of a message such as \"placeOrder\" or \"orderStatus\", a list of \
                      them, or \"*\"";
        self.take(key, wanted, |value| {
            let one = |value: &Value| match value {
                Value::String(name) => number(name),
                Value::Integer(id) => number(&id.to_string()),
                _ => None,
            };
            match value {
                Value::String(any) if any == "*" => Some(Vec::new()),
                Value::Array(list) => list.iter().map(one).collect(),
                single => Some(vec![one(single)?]),
            }
        })
    }

    /// Whose connections: `"all"`, `"sender"`, or a client id.
    pub(super) fn target(&mut self) -> Result<Target, ScenarioError> {
        let found = self.take("to", "\"all\", \"sender\" or a client id", |value| match value {
            Value::Integer(client) => Some(Target::Client(i32::try_from(*client).ok()?)),
            Value::String(word) if word == "all" => Some(Target::All),
            Value::String(word) if word == "sender" => Some(Target::Sender),
            _ => None,
        })?;
        Ok(found.unwrap_or(Target::All))
    }

    /// Complains about the first key that nobody took.
    pub(super) fn nothing_left(&self, what: &str) -> Result<(), ScenarioError> {
        match self.table.keys().min_by_key(|key| key.span().start) {
            None => Ok(()),
            Some(key) => Err(self.at(
                key.span().start,
                format!(
                    "{:?} is no key of a step that does {what:?}; take it out",
                    key.get_ref()
                ),
            )),
        }
    }
}

fn with_unit(text: &str) -> Option<Duration> {
    text.ends_with(|last: char| last.is_ascii_alphabetic())
        .then(|| duration(text, Duration::ZERO))
        .flatten()
}
