//! Writing: one field after the other.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::io::Write;

/// Appends fields to a frame.
#[derive(Debug)]
pub struct Writer<'a> {
    out: &'a mut Vec<u8>,
    version: i32,
}

impl<'a> Writer<'a> {
    /// Fields at the end of `out`, for a client that was told `version`.
    #[must_use]
    pub fn new(out: &'a mut Vec<u8>, version: i32) -> Self {
        Self { out, version }
    }

    /// The server version.
    #[must_use]
    pub fn version(&self) -> i32 {
        self.version
    }

    /// A text; a NUL in it, which would end the field early, is left out.
    pub fn text(&mut self, text: &str) {
        self.out.extend(text.bytes().filter(|byte| *byte != 0));
        self.out.push(0);
    }

    /// An optional text, empty when absent.
    pub fn maybe(&mut self, text: Option<&str>) {
        self.text(text.unwrap_or_default());
    }

    /// A text in the seven bits some fields have: anything else, and the backslash, is written as an escape
    /// that clients undo.
    pub fn escaped(&mut self, text: &str) {
        let escaped: String = text
            .chars()
            .map(|char| match char {
                '\\' => "\\\\".to_owned(),
                char if char.is_ascii() => char.to_string(),
                char if u32::from(char) <= 0xffff => format!("\\u{:04x}", u32::from(char)),
                char => format!("\\U{:08x}", u32::from(char)),
            })
            .collect();
        self.text(&escaped);
    }

    /// A whole number.
    pub fn integer(&mut self, value: impl Display) {
        // A growing buffer cannot fail to take it.
        let _ = write!(self.out, "{value}\0");
    }

    /// A whole number, empty when absent.
    pub fn maybe_integer(&mut self, value: Option<impl Display>) {
        match value {
            Some(value) => self.integer(value),
            None => self.text(""),
        }
    }

    /// A whole number, 0 when absent.
    pub fn integer_or_zero(&mut self, value: Option<impl Display>) {
        match value {
            Some(value) => self.integer(value),
            None => self.text("0"),
        }
    }

    /// A whole number, 2147483647 when absent, where IB writes an unset one so.
    pub fn integer_or_unset(&mut self, value: Option<i32>) {
        self.integer(value.unwrap_or(i32::MAX));
    }

    /// A price or other fraction.
    pub fn double(&mut self, value: f64) {
        if value == f64::MAX {
            self.text("1.7976931348623157E308");
        } else if value.is_infinite() {
            self.text(if value > 0.0 { "Infinity" } else { "-Infinity" });
        } else {
            self.integer(value);
        }
    }

    /// A price or other fraction, empty when absent.
    pub fn maybe_double(&mut self, value: Option<f64>) {
        match value {
            Some(value) => self.double(value),
            None => self.text(""),
        }
    }

    /// A price or other fraction, 0 when absent.
    pub fn double_or_zero(&mut self, value: Option<f64>) {
        self.double(value.unwrap_or_default());
    }

    /// A price or other fraction, the largest double when absent, where IB writes an unset one so.
    pub fn double_or_unset(&mut self, value: Option<f64>) {
        self.double(value.unwrap_or(f64::MAX));
    }

    /// A quantity, 0 when absent.
    pub fn decimal(&mut self, value: Option<&str>) {
        self.text(value.filter(|value| !value.is_empty()).unwrap_or("0"));
    }

    /// A yes or no as 1 or 0; absent is no.
    pub fn flag(&mut self, value: Option<bool>) {
        self.text(if value == Some(true) { "1" } else { "0" });
    }

    /// How many elements follow.
    pub fn count(&mut self, count: usize) {
        self.integer(count);
    }

    /// A count and so many pairs of fields, a tag and its value.
    pub fn tag_pairs(&mut self, tags: &BTreeMap<String, String>) {
        self.count(tags.len());
        for (tag, value) in tags {
            self.text(tag);
            self.text(value);
        }
    }

    /// Tags in one field, written `tag=value;tag=value;`.
    pub fn tags(&mut self, tags: &BTreeMap<String, String>) {
        let text: String = tags
            .iter()
            .map(|(tag, value)| format!("{tag}={value};"))
            .collect();
        self.text(&text);
    }
}
