//! The plugin's own table of the daemon's configuration, and how to say what is wrong with it.

use core::fmt;

use serde::de::DeserializeOwned;

use crate::order::HostError;

/// Why a plugin does not start. The daemon shows it to the operator beside the plugin's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InitError {
    /// A key of the plugin's table is missing, unknown or has a value that cannot work.
    Config {
        /// The key, with dots between tables; empty when it is the table as a whole.
        key: String,
        /// What is wrong, and what would be right.
        problem: String,
    },
    /// A reason of the plugin's own.
    Other(u32),
}

impl InitError {
    /// A problem with `key`.
    pub fn config(key: impl Into<String>, problem: impl fmt::Display) -> Self {
        Self::Config {
            key: key.into(),
            problem: problem.to_string(),
        }
    }
}

impl fmt::Display for InitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Config { key, problem } if key.is_empty() => write!(f, "configuration: {problem}"),
            Self::Config { key, problem } => write!(f, "configuration, {key}: {problem}"),
            Self::Other(code) => write!(f, "the plugin's own reason, code {code}"),
        }
    }
}

impl core::error::Error for InitError {}

impl From<HostError> for InitError {
    fn from(error: HostError) -> Self {
        Self::config(
            "",
            format_args!("the host refused a request of the plugin at its start: {error}"),
        )
    }
}

/// Reads the table. An empty text is an empty table.
///
/// # Errors
/// Names the key that is missing, unknown or of the wrong type.
pub fn parse<C: DeserializeOwned>(json: &str) -> Result<C, InitError> {
    let json = if json.trim().is_empty() { "{}" } else { json };
    let mut reader = serde_json::Deserializer::from_str(json);
    serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().to_string();
        let problem = error.into_inner().to_string();
        let key = if path == "." {
            quoted_name(&problem).unwrap_or_default()
        } else {
            path
        };
        // serde_json says where in the JSON; the operator wrote TOML.
        let problem = problem.split(" at line ").next().unwrap_or_default();
        InitError::config(key, problem)
    })
}

/// A missing key has no path of its own: serde names it between backticks in the message.
fn quoted_name(problem: &str) -> Option<String> {
    let (_, rest) = problem.split_once('`')?;
    let (name, _) = rest.split_once('`')?;
    problem.starts_with("missing field").then(|| name.to_owned())
}

#[cfg(test)]
#[path = "config_tests.rs"]
mod tests;
