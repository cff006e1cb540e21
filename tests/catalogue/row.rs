//! How a row is written: see README.md.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;

use crate::rig::repository;

/// Deadlines short enough to watch, for rows that say nothing else.
const IMPATIENT: &str = "handshake_timeout_ms = 1000\nrequest_timeout_ms = 2000\nheartbeat_interval_ms = 300\n\
                         heartbeat_timeout_ms = 700\nbackoff_max_ms = 500\n";

/// One row of the catalogue.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// `g1_009_half_open_socket`: the group, the number and the name of its file.
    #[serde(skip)]
    pub name: String,
    /// `g1/009-half-open-socket.toml`.
    #[serde(skip)]
    pub file: String,
    /// Its number in the catalogue.
    pub row: u32,
    /// What happens, in a few words.
    pub title: String,
    /// How the row brings it about, and what it wants to see.
    pub reproduces: String,
    /// Whether it is one of those that every `cargo test` runs.
    #[serde(default)]
    pub quick: bool,
    /// What the daemon lacks, so that the row fails.
    pub gap: Option<String>,
    #[serde(default)]
    pub market: MarketPlan,
    #[serde(default)]
    pub daemon: DaemonPlan,
    /// What is done and seen, in order.
    pub play: Vec<Entry>,
    #[serde(default)]
    pub recovery: Recovery,
}

/// The simulated gateway of a row.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MarketPlan {
    /// More of its options.
    pub options: Vec<String>,
    /// A scenario in its own words.
    pub scenario: String,
    /// Whether the daemon reaches it through a proxy of ours.
    pub proxy: bool,
    /// Whether it runs only when `gateway = "start"` says so.
    pub later: bool,
}

/// The daemon of a row.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DaemonPlan {
    /// Lines of `[gateway]`; impatient ones if there are none.
    pub session: String,
    /// More lines of `[gateway]`, beside the impatient ones.
    pub also: String,
    /// Other tables of the configuration.
    pub more: String,
    /// What is traded.
    pub instruments: Vec<String>,
    /// The steps of its plugin.
    pub steps: Vec<toml::Table>,
    /// Whether it runs only when `daemon = "start"` says so.
    pub later: bool,
    /// The trading state that is awaited before the play; empty for none.
    pub until: String,
}

impl Default for DaemonPlan {
    fn default() -> Self {
        DaemonPlan {
            session: IMPATIENT.to_owned(),
            also: String::new(),
            more: String::new(),
            instruments: vec!["AAPL".to_owned()],
            steps: Vec::new(),
            later: false,
            until: "active".to_owned(),
        }
    }
}

/// What must be so in the end.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Recovery {
    /// The trading state that is awaited once all faults are cleared.
    pub state: String,
    /// Whether the daemon is killed and started again, and must satisfy the invariants once more.
    pub kill: bool,
    /// Invariants that this row breaks by itself.
    pub allowed: Vec<Allowed>,
}

impl Default for Recovery {
    fn default() -> Self {
        Recovery {
            state: "active".to_owned(),
            kill: false,
            allowed: Vec::new(),
        }
    }
}

/// An invariant that a row breaks by itself.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Allowed {
    pub invariant: u32,
    pub because: String,
}

/// Something that is done, or something that is awaited.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Entry {
    /// A command to the simulated gateway.
    pub say: Option<String>,
    /// A fault, in the words of a scenario's step.
    pub inject: Option<String>,
    /// A cue for the plugin's steps.
    pub cue: Option<u32>,
    /// `pass`, `stall`, `deaf`, `cut` or `refuse`.
    pub proxy: Option<String>,
    /// `start`, `kill`, `forget` (killed, and its ledger removed) or `end`.
    pub daemon: Option<String>,
    /// `start` or `kill`.
    pub gateway: Option<String>,
    /// A path of the admin API, and its body.
    pub post: Option<String>,
    pub body: Option<Value>,
    /// A wait for nothing, and why there is nothing to wait for.
    pub pause_ms: Option<u64>,
    pub because: Option<String>,

    /// Where to look: a path of the admin API, a metric, the log, or an answer of the simulated gateway.
    pub api: Option<String>,
    pub metric: Option<String>,
    pub log: Option<String>,
    pub books: Option<String>,
    pub told: Option<String>,
    /// What of it: a path of fields, and rows with these values.
    pub path: Option<String>,
    #[serde(rename = "where")]
    pub only: Option<serde_json::Map<String, Value>>,
    pub field: Option<String>,

    /// What it must be.
    pub is: Option<Value>,
    pub is_not: Option<Value>,
    pub contains: Option<String>,
    pub lacks: Option<String>,
    pub at_least: Option<f64>,
    pub at_most: Option<f64>,
    pub count: Option<usize>,
    /// More than what was remembered under this name.
    pub more_than: Option<String>,
    /// What it is called in later entries: `{name}`.
    pub remember: Option<String>,
    /// How long it may take, and how long it must stay so.
    pub within_s: Option<u64>,
    pub holds_ms: Option<u64>,
    /// How long it may have taken since the last thing that was done.
    pub took_ms: Option<u64>,
}

/// The folder of the catalogue.
pub fn folder() -> PathBuf {
    repository().join("tests/catalogue")
}

/// Every row there is, in order.
pub fn read_all() -> Result<Vec<Row>, String> {
    let mut rows = Vec::new();
    for group in ["g1", "g2", "g3", "g4"] {
        let entries = std::fs::read_dir(folder().join(group)).map_err(|error| format!("{group}: {error}"))?;
        for entry in entries {
            let path = entry.map_err(|error| error.to_string())?.path();
            rows.push(read(group, &path)?);
        }
    }
    rows.sort_by(|one, other| (one.row, &one.file).cmp(&(other.row, &other.file)));
    Ok(rows)
}

fn read(group: &str, path: &Path) -> Result<Row, String> {
    let wrong = |what: String| format!("{}: {what}", path.display());
    let text = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
    let mut row: Row = toml::from_str(&text).map_err(|error| wrong(error.to_string()))?;
    let stem = path
        .file_stem()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    row.name = format!("{group}_{}", stem.replace('-', "_"));
    row.file = format!("{group}/{stem}.toml");
    Ok(row)
}

/// Whether files are where their numbers say, and entries say one thing each.
pub fn check(rows: &[Row]) -> Result<(), String> {
    for row in rows {
        let group = match row.row {
            1..=48 => "g1",
            49..=101 => "g2",
            102..=123 => "g3",
            124..=130 => "g4",
            other => return Err(format!("{}: there is no row {other}", row.file)),
        };
        if !row.file.starts_with(&format!("{group}/{:03}-", row.row)) {
            return Err(format!("{}: row {} belongs elsewhere", row.file, row.row));
        }
        if row
            .recovery
            .allowed
            .iter()
            .any(|allowed| allowed.because.is_empty())
        {
            return Err(format!(
                "{}: an invariant is allowed to break without a because",
                row.file
            ));
        }
        for (number, entry) in row.play.iter().enumerate() {
            let verbs = entry.acts() + entry.looks();
            if verbs != 1 {
                return Err(format!(
                    "{}: entry {} of the play says {verbs} things, not one",
                    row.file,
                    number + 1
                ));
            }
            if entry.pause_ms.is_some() && entry.because.is_none() {
                return Err(format!(
                    "{}: entry {}: a pause needs because",
                    row.file,
                    number + 1
                ));
            }
        }
    }
    Ok(())
}

impl Entry {
    fn acts(&self) -> usize {
        let given = [
            self.say.is_some(),
            self.inject.is_some(),
            self.cue.is_some(),
            self.proxy.is_some(),
            self.daemon.is_some(),
            self.gateway.is_some(),
            self.post.is_some(),
            self.pause_ms.is_some(),
        ];
        given.into_iter().filter(|given| *given).count()
    }

    /// How many places it looks at.
    pub fn looks(&self) -> usize {
        let given = [
            self.api.is_some(),
            self.metric.is_some(),
            self.log.is_some(),
            self.books.is_some(),
            self.told.is_some(),
        ];
        given.into_iter().filter(|given| *given).count()
    }
}
