//! Reading: one field after the other.

use std::collections::BTreeMap;

/// What clients write for a quantity they did not set, beside the largest double.
const UNSET_QUANTITIES: [&str; 3] = [
    "2147483647",
    "9223372036854775807",
    "170141183460469231731687303715884105727",
];

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
    may_end: bool,
}

impl<'a> Fields<'a> {
    /// The fields in `bytes`, written by a client that was told `version`.
    #[must_use]
    pub fn new(bytes: &'a [u8], version: i32) -> Self {
        Self {
            rest: bytes,
            version,
            at: 0,
            may_end: false,
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

    /// Says that the message may end here: every field after this reads as empty when it is missing, as
    /// clients older than the field leave it out.
    pub fn may_end(&mut self) {
        self.may_end = true;
    }

    fn next(&mut self) -> Result<&'a [u8], FieldError> {
        self.at += 1;
        if self.rest.is_empty() {
            return if self.may_end {
                Ok(&[])
            } else {
                Err(FieldError::Missing(self.at))
            };
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

    /// A field as `parse` understands it; `None` when empty.
    fn parsed<T>(
        &mut self,
        wanted: &'static str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, FieldError> {
        let Some(text) = self.text()? else {
            return Ok(None);
        };
        match parse(text.trim()) {
            Some(value) => Ok(Some(value)),
            None => Err(self.wrong(&text, wanted)),
        }
    }

    /// Says that the field read last, `text`, is not what belongs there.
    pub(super) fn wrong(&self, text: &str, wanted: &'static str) -> FieldError {
        FieldError::Wrong {
            at: self.at,
            found: text.chars().take(64).collect(),
            wanted,
        }
    }

    /// A whole number; `None` when empty or written as an unset value, 2147483647 or 9223372036854775807.
    ///
    /// # Errors
    /// When there is no field or it is no such number.
    pub fn integer(&mut self) -> Result<Option<i32>, FieldError> {
        let Some(value) = self.long()? else {
            return Ok(None);
        };
        match i32::try_from(value) {
            Ok(i32::MAX) => Ok(None),
            Ok(value) => Ok(Some(value)),
            Err(_) => Err(self.wrong(&value.to_string(), "a whole number of 32 bits")),
        }
    }

    /// A whole number of 64 bits; `None` when empty or written as the unset value 9223372036854775807.
    ///
    /// # Errors
    /// When there is no field or it is no such number.
    pub fn long(&mut self) -> Result<Option<i64>, FieldError> {
        let value = self.parsed("a whole number", |text| text.parse::<i64>().ok())?;
        Ok(value.filter(|value| *value != i64::MAX))
    }

    /// A price or other fraction; `None` when empty or written as the unset value, the largest double.
    /// Clients write infinity as `Infinite` or `Infinity`.
    ///
    /// # Errors
    /// When there is no field or it is no number.
    pub fn double(&mut self) -> Result<Option<f64>, FieldError> {
        let value = self.parsed("a number", |text| match text {
            "Infinite" | "Infinity" => Some(f64::INFINITY),
            _ => text.parse::<f64>().ok().filter(|value| !value.is_nan()),
        })?;
        Ok(value.filter(|value| *value != f64::MAX))
    }

    /// A quantity, kept as text; `None` when empty or written as one of the unset values.
    ///
    /// # Errors
    /// When there is no field or it is no finite number.
    pub fn decimal(&mut self) -> Result<Option<String>, FieldError> {
        let value = self.parsed("a finite number", |text| {
            let number = text.parse::<f64>().ok().filter(|value| value.is_finite())?;
            let unset = number == f64::MAX || UNSET_QUANTITIES.contains(&text);
            Some((!unset).then(|| text.to_owned()))
        })?;
        Ok(value.flatten())
    }

    /// A yes or no, written 1 or 0 and by some clients in words; `None` when empty.
    ///
    /// # Errors
    /// When there is no field or it is neither.
    pub fn flag(&mut self) -> Result<Option<bool>, FieldError> {
        self.parsed("1 or 0", |text| match text {
            "1" | "true" | "True" => Some(true),
            "0" | "false" | "False" => Some(false),
            _ => None,
        })
    }

    /// How many elements follow; none when empty. An element is at least one byte long, so more than there
    /// are bytes left is refused before anything is read or reserved.
    ///
    /// # Errors
    /// When there is no field, it is no number, or so many elements cannot follow.
    pub fn count(&mut self) -> Result<usize, FieldError> {
        let Some(value) = self.integer()? else {
            return Ok(0);
        };
        usize::try_from(value)
            .ok()
            .filter(|count| *count <= self.rest.len())
            .ok_or_else(|| self.wrong(&value.to_string(), "a count of what follows"))
    }

    /// A count and so many elements.
    ///
    /// # Errors
    /// When the count or an element is wrong.
    pub fn list<T>(
        &mut self,
        mut element: impl FnMut(&mut Self) -> Result<T, FieldError>,
    ) -> Result<Vec<T>, FieldError> {
        (0..self.count()?).map(|_| element(self)).collect()
    }

    /// A count and so many pairs of fields, a tag and its value.
    ///
    /// # Errors
    /// When there is no count or a field is missing.
    pub fn tag_pairs(&mut self) -> Result<BTreeMap<String, String>, FieldError> {
        let pairs = self.list(|fields| {
            Ok((
                fields.text()?.unwrap_or_default(),
                fields.text()?.unwrap_or_default(),
            ))
        })?;
        Ok(pairs.into_iter().collect())
    }

    /// Tags in one field, written `tag=value;tag=value;`. A tag without a value has an empty one.
    ///
    /// # Errors
    /// When there is no field.
    pub fn tags(&mut self) -> Result<BTreeMap<String, String>, FieldError> {
        let text = self.text()?.unwrap_or_default();
        let tags = text.split(';').filter(|pair| !pair.is_empty());
        Ok(tags
            .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
            .map(|(tag, value)| (tag.to_owned(), value.to_owned()))
            .collect())
    }
}
