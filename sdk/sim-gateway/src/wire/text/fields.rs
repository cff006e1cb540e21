//! Reading: one field after the other.

/// Why fields are not a message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FieldError {
    /// The message ended before this field, counted from one after the message number.
    #[error("field {0} is missing")]
    Missing(usize),
    /// A field is not what belongs there.
    #[error("field {at} is {found:?}, not {wanted}")]
    Wrong {
        /// Which, counted from one after the message number.
        at: usize,
        /// What stands there.
        found: String,
        /// What should.
        wanted: &'static str,
    },
    /// The message does not exist in this encoding.
    #[error("the message does not exist in the text encoding")]
    Unsupported,
}

/// The fields of one message, read from the front.
#[derive(Debug, Clone)]
pub struct Fields<'a> {
    rest: &'a [u8],
    version: i32,
    at: usize,
}

impl<'a> Fields<'a> {
    /// The fields in `bytes`, written by a client that was told `version`.
    #[must_use]
    pub fn new(bytes: &'a [u8], version: i32) -> Self {
        Self {
            rest: bytes,
            version,
            at: 0,
        }
    }

    /// The server version.
    #[must_use]
    pub fn version(&self) -> i32 {
        self.version
    }

    /// Whether all fields are read.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    fn next(&mut self) -> Result<&'a [u8], FieldError> {
        self.at += 1;
        if self.rest.is_empty() {
            return Err(FieldError::Missing(self.at));
        }
        let end = self.rest.iter().position(|byte| *byte == 0);
        let (field, rest) = match end {
            Some(end) => (self.rest.get(..end), self.rest.get(end + 1..)),
            None => (Some(self.rest), None),
        };
        self.rest = rest.unwrap_or_default();
        Ok(field.unwrap_or_default())
    }

    /// Passes over a field.
    ///
    /// # Errors
    /// When there is none.
    pub fn skip(&mut self) -> Result<(), FieldError> {
        self.next().map(|_| ())
    }

    /// A text; `None` when empty. Bytes that are no UTF-8 are replaced.
    ///
    /// # Errors
    /// When there is no field.
    pub fn text(&mut self) -> Result<Option<String>, FieldError> {
        let field = self.next()?;
        Ok((!field.is_empty()).then(|| String::from_utf8_lossy(field).into_owned()))
    }

    fn parsed<T: std::str::FromStr>(&mut self, wanted: &'static str) -> Result<Option<T>, FieldError> {
        let at = self.at + 1;
        let Some(text) = self.text()? else {
            return Ok(None);
        };
        let wrong = |_| FieldError::Wrong {
            at,
            found: text.chars().take(64).collect(),
            wanted,
        };
        text.trim().parse().map(Some).map_err(wrong)
    }

    /// A whole number; `None` when empty or written as the unset value 2147483647.
    ///
    /// # Errors
    /// When there is no field or it is no such number.
    pub fn integer(&mut self) -> Result<Option<i32>, FieldError> {
        Ok(self.parsed("a whole number")?.filter(|value| *value != i32::MAX))
    }

    /// A price or other fraction; `None` when empty or written as the unset value, the largest double.
    ///
    /// # Errors
    /// When there is no field or it is no number.
    pub fn double(&mut self) -> Result<Option<f64>, FieldError> {
        Ok(self.parsed("a number")?.filter(|value| *value != f64::MAX))
    }

    /// A yes or no, written 1 or 0 and by some clients in words; `None` when empty.
    ///
    /// # Errors
    /// When there is no field or it is neither.
    pub fn flag(&mut self) -> Result<Option<bool>, FieldError> {
        let at = self.at + 1;
        let Some(text) = self.text()? else {
            return Ok(None);
        };
        match text.as_str() {
            "1" | "true" | "True" => Ok(Some(true)),
            "0" | "false" | "False" => Ok(Some(false)),
            _ => Err(FieldError::Wrong {
                at,
                found: text.chars().take(64).collect(),
                wanted: "1 or 0",
            }),
        }
    }
}
