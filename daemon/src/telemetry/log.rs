//! Where log lines go: the journal with their fields when systemd started us, readable lines on stderr otherwise.

use std::io::IsTerminal;
use std::os::unix::fs::MetadataExt;

use serde::{Deserialize, Serialize};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use super::line::Line;

/// The `[log]` section of the configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Which events: a level (`info`), or targets with theirs (`info,moored::gateway=debug`).
    pub level: String,
    /// How they are written.
    pub format: Format,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            level: "info".to_owned(),
            format: Format::Auto,
        }
    }
}

/// How events are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// To the journal if stderr goes there, else as text.
    Auto,
    /// To the journal, with every field of an event as one of its own.
    Journald,
    /// As lines for people, on stderr.
    Text,
    /// As one JSON object a line, on stderr.
    Json,
}

/// Why logging cannot be set up as configured.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The level is not one.
    #[error("log.level = {level:?} is not a level or a list of target=level: {error}")]
    Level {
        /// As configured.
        level: String,
        /// Where it is wrong.
        error: tracing_subscriber::filter::ParseError,
    },
    /// The journal cannot be reached.
    #[error("log.format = \"journald\", but the journal cannot be reached: {0}; use \"auto\" or \"text\"")]
    Journal(std::io::Error),
    /// Logging was set up already.
    #[error("logging was set up twice")]
    Twice,
}

/// Sets up logging for the whole process. Call it once.
pub fn init(config: &Config) -> Result<(), LogError> {
    let filter = filter(&config.level)?;
    let format = match config.format {
        Format::Auto if stderr_is_the_journal() => Format::Journald,
        Format::Auto => Format::Text,
        format => format,
    };
    let registry = tracing_subscriber::registry().with(filter);
    let layer = tracing_subscriber::fmt::layer()
        .with_ansi(false)
        .with_writer(std::io::stderr);
    let installed = match format {
        Format::Journald => {
            let journal = tracing_journald::layer();
            match journal {
                Ok(journal) => registry.with(journal.with_field_prefix(None)).try_init(),
                // Asked for by nobody in words: lines on stderr reach the journal too, without their fields.
                Err(_) if config.format == Format::Auto => registry
                    .with(layer.event_format(Line { colours: false }))
                    .try_init(),
                Err(error) => return Err(LogError::Journal(error)),
            }
        }
        Format::Json => registry.with(layer.json()).try_init(),
        Format::Text | Format::Auto => {
            let colours = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
            registry.with(layer.event_format(Line { colours })).try_init()
        }
    };
    installed.map_err(|_| LogError::Twice)
}

/// The client of the TWS API says again what the gateway module says of every notice, once for each repetition: that is
/// left out, and otherwise only its warnings are news, unless the configuration names it.
const QUIET: &str = "ibapi=warn,ibapi::messages=off";

/// The events of a level, or of targets with theirs.
fn filter(level: &str) -> Result<EnvFilter, LogError> {
    EnvFilter::builder()
        .parse(format!("{QUIET},{level}"))
        .map_err(|error| LogError::Level {
            level: level.to_owned(),
            error,
        })
}

/// systemd says in `JOURNAL_STREAM` which file the journal's end is; stderr may have been redirected since.
fn stderr_is_the_journal() -> bool {
    let Some(stream) = std::env::var_os("JOURNAL_STREAM") else {
        return false;
    };
    let Ok(stderr) = std::fs::metadata("/proc/self/fd/2") else {
        return false;
    };
    stream.to_str() == Some(format!("{}:{}", stderr.dev(), stderr.ino()).as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_checked() {
        for level in ["info", "warn,moored::gateway=debug", "off"] {
            assert!(filter(level).is_ok(), "{level}");
        }
        let error = filter("info,moored=loud").unwrap_err().to_string();
        assert!(
            error.contains("log.level") && error.contains("moored=loud"),
            "{error}"
        );
    }

    #[test]
    fn the_configuration_refuses_unknown_words() {
        assert!(toml::from_str::<Config>("format = \"journald\"").is_ok());
        assert!(toml::from_str::<Config>("format = \"syslog\"").is_err());
        assert!(toml::from_str::<Config>("levels = \"info\"").is_err());
    }
}
