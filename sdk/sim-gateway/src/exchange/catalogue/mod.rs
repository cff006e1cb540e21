//! What the exchange lists: the catalogue file, and the derivatives that follow from it.
//!
//! It never changes once read: what a run adds, such as a chain's contracts, belongs to the exchange.

mod hours;

use std::collections::BTreeMap;
use std::fmt::Display;
use std::sync::{Arc, LazyLock};

use serde::Deserialize;

use super::calendar::Schedule;

/// Why a catalogue cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{entry}: {problem}")]
pub struct Fault {
    /// Which entry of the file, such as `hours.lse`.
    entry: String,
    /// What is wrong with it and what to write instead.
    problem: String,
}

impl Fault {
    fn new(entry: impl Into<String>, problem: impl Display) -> Self {
        Self {
            entry: entry.into(),
            problem: problem.to_string(),
        }
    }
}

/// The file as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    holidays: BTreeMap<String, hours::HolidaysEntry>,
    hours: BTreeMap<String, hours::HoursEntry>,
}

/// Everything a catalogue file says.
#[derive(Debug)]
pub struct Catalogue {
    schedules: BTreeMap<String, Arc<Schedule>>,
}

static BUILT_IN: LazyLock<Arc<Catalogue>> = LazyLock::new(|| {
    let text = include_str!("../../../catalogue.toml");
    #[expect(
        clippy::expect_used,
        reason = "the file is part of the program and a test reads it"
    )]
    Arc::new(Catalogue::read(text).expect("the built-in catalogue is sound"))
});

impl Catalogue {
    /// The catalogue that comes with the program.
    #[must_use]
    pub fn built_in() -> Arc<Self> {
        Arc::clone(&BUILT_IN)
    }

    /// Reads a catalogue file.
    ///
    /// # Errors
    /// When it is no TOML, or an entry makes no sense; the error names the entry and says what to do.
    pub fn read(text: &str) -> Result<Self, Fault> {
        let file: File = toml::from_str(text).map_err(|error| Fault::new("not a catalogue", error))?;
        Ok(Self {
            schedules: hours::schedules(&file.holidays, &file.hours)?,
        })
    }

    /// Hours by their name in the file.
    #[must_use]
    pub fn schedule(&self, name: &str) -> Option<&Arc<Schedule>> {
        self.schedules.get(name)
    }
}
