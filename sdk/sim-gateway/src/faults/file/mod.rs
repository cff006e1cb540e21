//! Scenario files: TOML, strict, with the line in every complaint.
//!
//! Never: what an action does. This only reads.

mod actions;
mod behaviours;
mod keys;
mod unknowns;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use serde::Deserialize;
use toml::{Spanned, Value};

use super::step::{Passage, Region, Step, Trigger};
use super::{request_number, response_number};
use keys::Keys;
pub use unknowns::{Corrections, Unknowns};

/// A scenario file, read.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Scenario {
    /// What chance is drawn from; the market's seed when absent.
    pub seed: Option<u64>,
    /// How things are that nobody knows.
    pub unknowns: Unknowns,
    /// What happens.
    pub steps: Vec<Step>,
}

/// Why a scenario was not understood, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {what}")]
pub struct ScenarioError {
    /// The file.
    pub file: String,
    /// The line, counted from one.
    pub line: usize,
    /// What is wrong there, and what to do.
    pub what: String,
}

/// The keys of one step, each with its place.
type Table = BTreeMap<Spanned<String>, Spanned<Value>>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    seed: Option<u64>,
    #[serde(default)]
    unknowns: Unknowns,
    #[serde(default)]
    step: Vec<Spanned<Table>>,
}

impl Scenario {
    /// Reads a scenario file.
    ///
    /// # Errors
    /// When it cannot be read or understood.
    pub fn load(path: &Path) -> Result<Self, ScenarioError> {
        let file = path.display().to_string();
        let text = std::fs::read_to_string(path).map_err(|error| ScenarioError {
            file: file.clone(),
            line: 0,
            what: format!("cannot be read: {error}"),
        })?;
        Self::parse(&file, &text)
    }

    /// Reads a scenario from text; `file` is what complaints call it.
    ///
    /// # Errors
    /// When it cannot be understood.
    pub fn parse(file: &str, text: &str) -> Result<Self, ScenarioError> {
        let read: File = toml::from_str(text).map_err(|error| ScenarioError {
            file: file.to_owned(),
            line: error.span().map_or(1, |span| line_of(text, span.start)),
            what: format!("{}; see \"Faults\" in the README", error.message().trim()),
        })?;
        let mut steps = Vec::new();
        for table in read.step {
            let line = line_of(text, table.span().start);
            steps.push((line, step(Keys::new(file, text, table))?));
        }
        check_names(file, &steps)?;
        Ok(Self {
            seed: read.seed,
            unknowns: read.unknowns,
            steps: steps.into_iter().map(|(_, step)| step).collect(),
        })
    }
}

fn line_of(text: &str, at: usize) -> usize {
    let before = text.as_bytes().get(..at).unwrap_or_default();
    before.iter().filter(|byte| **byte == b'\n').count() + 1
}

/// A step that waits for another must name one that is there, and no two steps have one name.
fn check_names(file: &str, steps: &[(usize, Step)]) -> Result<(), ScenarioError> {
    let complaint = |line: usize, what: String| ScenarioError {
        file: file.to_owned(),
        line,
        what,
    };
    let mut names = BTreeSet::new();
    for (line, step) in steps {
        if let Some(name) = step.name.as_deref()
            && !names.insert(name)
        {
            let what = format!("another step is called {name:?}; give this one another name");
            return Err(complaint(*line, what));
        }
    }
    for (line, step) in steps {
        if let Trigger::After { step: awaited, .. } = &step.trigger
            && !names.contains(awaited.as_str())
        {
            let what = format!("it waits for {awaited:?}, and none is called that; give that step name");
            return Err(complaint(*line, format!("{what} = {awaited:?}")));
        }
    }
    Ok(())
}

fn step(mut keys: Keys<'_>) -> Result<Step, ScenarioError> {
    let name = keys.text("name")?;
    let trigger = trigger(&mut keys, name.is_some())?;
    let chance = keys.probability("chance")?.unwrap_or(1.0);
    let times = keys.whole("times")?;
    let every = keys.time("every")?;
    let lasting = keys.time("for")?;
    let (what, action) = actions::action(&mut keys, lasting)?;
    keys.nothing_left(&what)?;
    let by_time = matches!(
        trigger,
        Trigger::At(_) | Trigger::After { .. } | Trigger::Window(_)
    );
    if every.is_some() && !by_time {
        return Err(keys.complaint("every goes with at, after or window; use nth or times with messages"));
    }
    Ok(Step {
        name,
        chance,
        times: times.or(by_time.then_some(1).filter(|_| every.is_none())),
        every,
        lasting,
        action,
        trigger,
    })
}

fn trigger(keys: &mut Keys<'_>, named: bool) -> Result<Trigger, ScenarioError> {
    let mut found = Vec::new();
    if let Some(at) = keys.time("at")? {
        found.push(Trigger::At(at));
    }
    if let Some(messages) = keys.messages("on", request_number)? {
        found.push(Trigger::On(passage(keys, messages)?));
    }
    if let Some(messages) = keys.messages("before", response_number)? {
        found.push(Trigger::Before(passage(keys, messages)?));
    }
    if let Some(step) = keys.text("after")? {
        let wait = keys.time("wait")?.unwrap_or(Duration::ZERO);
        found.push(Trigger::After { step, wait });
    }
    let regions = [
        ("north-america", Region::NorthAmerica),
        ("europe", Region::Europe),
        ("asia", Region::Asia),
    ];
    if let Some(region) = keys.choice("window", &regions)? {
        found.push(Trigger::Window(region));
    }
    match found.len() {
        0 if named => Ok(Trigger::Command),
        0 => Err(keys.complaint(
            "nothing sets this step off; give it at = \"5s\", on = \"placeOrder\", before = \"orderStatus\", \
             after = \"a step\", window = \"europe\", or a name for inject",
        )),
        1 => Ok(found.remove(0)),
        _ => Err(keys
            .complaint("more than one thing sets this step off; leave one of at, on, before, after, window")),
    }
}

fn passage(keys: &mut Keys<'_>, messages: Vec<u32>) -> Result<Passage, ScenarioError> {
    Ok(Passage {
        messages,
        nth: keys.whole("nth")?.map(u64::from),
        client: keys.number("client")?,
        symbol: keys.text("symbol")?,
        about: keys.number("id")?,
    })
}
