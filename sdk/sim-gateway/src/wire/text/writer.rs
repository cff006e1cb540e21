//! Writing: one field after the other.

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

    /// A whole number.
    pub fn integer(&mut self, value: impl Display) {
        // A growing buffer cannot fail to take it.
        let _ = write!(self.out, "{value}\0");
    }
}
