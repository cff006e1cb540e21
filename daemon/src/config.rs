//! The configuration: a record of the parts' own, in layers: defaults, the file, `conf.d/*.toml` beside it in the order of
//! their names, the environment (`MOORED__GATEWAY__ADDRESS`). A later layer wins.
//!
//! Never: a value that a part could check itself, a default that hides a mistake. An unknown key is an error that names
//! the file, the key and the nearest known one.

use std::path::{Path, PathBuf};
use std::time::Duration;

use figment::Figment;
use figment::providers::{Env, Format, Toml};
use serde::Deserialize;

use crate::desk::policy::{OrdersConfig, ReconciliationConfig};
use crate::domain::instrument::{Instrument, InstrumentId, SecurityType};
use crate::domain::money::{Price, Quantity};
use crate::risk::limits::Limits;
use crate::{admin, gateway, ledger, plugin_host, recovery, telemetry};

#[cfg(test)]
mod tests;

/// Where variables of the environment begin.
const ENV_PREFIX: &str = "MOORED__";

/// Everything the operator says.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The session to the IB Gateway.
    pub gateway: gateway::Config,
    /// What may be done about a session in trouble.
    pub recovery: recovery::Config,
    /// When trouble is expected.
    pub maintenance: recovery::maintenance::Config,
    /// What is quoted and may be traded.
    pub instruments: Vec<InstrumentConfig>,
    /// The node's limits.
    pub risk: Limits,
    /// Where plugins' components are, unless they name an absolute path.
    pub plugin_dir: PathBuf,
    /// Where compiled plugins are kept. Whoever can write there runs code in this process.
    pub cache_dir: PathBuf,
    /// The plugins; risk plugins are asked in this order.
    pub plugins: Vec<plugin_host::config::Config>,
    /// What is done about orders that others made.
    pub orders: OrdersConfig,
    /// How often ours is compared with the broker's truth.
    pub reconciliation: ReconciliationConfig,
    /// The durable memory.
    pub ledger: ledger::Config,
    /// The admin socket.
    pub admin: admin::Config,
    /// What is logged, and how.
    pub log: telemetry::log::Config,
    /// Where metrics are read.
    pub metrics: telemetry::exporter::Config,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            gateway: gateway::Config::default(),
            recovery: recovery::Config::default(),
            maintenance: recovery::maintenance::Config::default(),
            instruments: Vec::new(),
            risk: Limits::default(),
            plugin_dir: PathBuf::from("/usr/lib/moored/plugins"),
            cache_dir: PathBuf::from("/var/cache/moored"),
            plugins: Vec::new(),
            orders: OrdersConfig::default(),
            reconciliation: ReconciliationConfig::default(),
            ledger: ledger::Config::default(),
            admin: admin::Config::default(),
            log: telemetry::log::Config::default(),
            metrics: telemetry::exporter::Config::default(),
        }
    }
}

/// One instrument, as the operator names it. What is left out is what a US stock has.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InstrumentConfig {
    /// Its name here, unique: what grants, commands and dashboards call it.
    pub name: String,
    /// IB's symbol; the name, if left out.
    pub symbol: Option<String>,
    /// IB's security type.
    #[serde(default = "stock")]
    pub security_type: SecurityType,
    /// Where orders are routed.
    #[serde(default = "smart")]
    pub exchange: String,
    /// The listing exchange, where the symbol alone is ambiguous.
    pub primary_exchange: Option<String>,
    /// The currency of its price.
    #[serde(default = "dollar")]
    pub currency: String,
    /// `YYYYMM` or `YYYYMMDD` of a future.
    pub expiry: Option<String>,
    /// How long its market data may be silent in an open market, in place of gateway.stream_silent_after_ms: for what
    /// ticks rarely.
    pub silent_after_ms: Option<u32>,
}

fn stock() -> SecurityType {
    SecurityType::Stk
}

fn smart() -> String {
    "SMART".to_owned()
}

fn dollar() -> String {
    "USD".to_owned()
}

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file is not there or cannot be read.
    #[error("{path}: cannot be read: {source}; name another with --config")]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A key nobody knows.
    #[error("{origin}: unknown key `{key}`{}", hint.as_ref().map(|hint| format!("; did you mean `{hint}`?")).unwrap_or_default())]
    UnknownKey {
        /// Which file or variable.
        origin: String,
        /// The key, with the tables it is in.
        key: String,
        /// The nearest known key.
        hint: Option<String>,
    },
    /// A value that is not of its key's kind, or text that is not TOML.
    #[error("{origin}: {problem}")]
    Malformed {
        /// Which file or variable.
        origin: String,
        /// Which key, what was found and what was expected.
        problem: String,
    },
    /// A value that a part cannot work with.
    #[error("{origin}: `{key}`: {problem}")]
    Invalid {
        /// The file the daemon was started with.
        origin: String,
        /// Which key.
        key: String,
        /// Why not, and what would do.
        problem: String,
    },
}

impl Config {
    /// Reads all layers and checks what they add up to.
    pub fn load(path: &Path) -> Result<Config, ConfigError> {
        let unreadable = |source| ConfigError::Unreadable {
            path: path.to_owned(),
            source,
        };
        std::fs::metadata(path).map_err(unreadable)?;
        let mut files = vec![path.to_owned()];
        files.extend(fragments(path)?);
        let mut figment = Figment::new();
        for file in &files {
            let text = std::fs::read_to_string(file).map_err(|source| ConfigError::Unreadable {
                path: file.clone(),
                source,
            })?;
            // Parsed on its own first, so that a mistake names its file and line.
            if let Err(error) = toml::from_str::<toml::Table>(&text) {
                let origin = file.display().to_string();
                return Err(ConfigError::Malformed {
                    origin,
                    problem: error.to_string(),
                });
            }
            figment = figment.merge(Toml::string(&text));
        }
        let figment = figment.merge(Env::prefixed(ENV_PREFIX).split("__"));
        let config: Config = figment.extract().map_err(|error| explain(error, &files))?;
        config.check(path)?;
        Ok(config)
    }

    /// The instruments, in the order of the configuration; what IB knows of them comes with the session.
    pub fn instruments(&self) -> Vec<Instrument> {
        self.instruments
            .iter()
            .enumerate()
            .map(|(index, config)| config.build(index))
            .collect()
    }

    fn check(&self, path: &Path) -> Result<(), ConfigError> {
        let invalid = |key: String, problem: String| {
            Err(ConfigError::Invalid {
                origin: path.display().to_string(),
                key,
                problem,
            })
        };
        if self.instruments.is_empty() {
            let problem = "nothing to trade; name at least one, such as `[[instruments]] name = \"AAPL\"`";
            return invalid("instruments".into(), problem.into());
        }
        for (index, instrument) in self.instruments.iter().enumerate() {
            if instrument.name.is_empty() || instrument.name.chars().any(char::is_control) {
                return invalid(
                    format!("instruments[{index}].name"),
                    "a name needs printable text".into(),
                );
            }
            if self.instruments[..index]
                .iter()
                .any(|earlier| earlier.name == instrument.name)
            {
                let problem = format!("{:?} is named twice", instrument.name);
                return invalid(format!("instruments[{index}].name"), problem);
            }
        }
        for (index, instrument) in self.instruments.iter().enumerate() {
            let silent = instrument.silent_after_ms;
            if silent.is_some_and(|silent| !(10..=86_400_000).contains(&silent)) {
                return invalid(
                    format!("instruments[{index}].silent_after_ms"),
                    "must be between 10 and 86400000 milliseconds (a day)".into(),
                );
            }
        }
        if self.risk.messages_per_second == 0 || self.risk.messages_per_second > 50 {
            let problem = "between 1 and 50: IB disconnects clients that send more".to_owned();
            return invalid("risk.messages_per_second".into(), problem);
        }
        let every = self.reconciliation.every_ms;
        if every != 0 && every < 5_000 {
            let problem =
                "0 (never without a cause) or at least 5000: each reading takes the gateway some requests";
            return invalid("reconciliation.every_ms".into(), problem.into());
        }
        if !(100..=600_000).contains(&self.reconciliation.settle_ms) {
            let problem =
                "must be between 100 and 600000 milliseconds: too short takes a late order for lost";
            return invalid("reconciliation.settle_ms".into(), problem.into());
        }
        if let Err(problem) = self.gateway.check() {
            return invalid(format!("gateway.{}", problem.key), problem.problem);
        }
        if let Err((key, problem)) = self.recovery.check() {
            return invalid(format!("recovery.{key}"), problem);
        }
        if let Err(problem) = recovery::maintenance::Calendar::new(&self.maintenance) {
            return invalid(format!("maintenance.{}", problem.key), problem.problem);
        }
        Ok(())
    }
}

impl InstrumentConfig {
    fn build(&self, index: usize) -> Instrument {
        Instrument {
            id: InstrumentId(u32::try_from(index).unwrap_or(u32::MAX)),
            name: self.name.clone(),
            symbol: self.symbol.clone().unwrap_or_else(|| self.name.clone()),
            security_type: self.security_type,
            exchange: self.exchange.clone(),
            primary_exchange: self.primary_exchange.clone(),
            currency: self.currency.clone(),
            expiry: self.expiry.clone(),
            con_id: None,
            tick: Price::ZERO,
            multiplier: Quantity::ONE,
            hours: None,
            silent_after: self.silent_after_ms.map(|ms| Duration::from_millis(ms.into())),
        }
    }
}

/// The files of `conf.d` beside the main file, in the order of their names.
fn fragments(path: &Path) -> Result<Vec<PathBuf>, ConfigError> {
    let folder = path.parent().unwrap_or(Path::new(".")).join("conf.d");
    let entries = match std::fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(source) => return Err(ConfigError::Unreadable { path: folder, source }),
    };
    let mut files = Vec::new();
    for entry in entries {
        let file = entry
            .map_err(|source| ConfigError::Unreadable {
                path: folder.clone(),
                source,
            })?
            .path();
        if file.extension().is_some_and(|extension| extension == "toml") {
            files.push(file);
        }
    }
    files.sort();
    Ok(files)
}

/// Turns the reader's error into one that says where: which file or variable has the key.
fn explain(error: figment::Error, files: &[PathBuf]) -> ConfigError {
    let mut keys: Vec<String> = error.path.clone();
    if let figment::error::Kind::UnknownField(name, known) = &error.kind {
        if keys.last() != Some(name) {
            keys.push(name.clone());
        }
        let hint = nearest(name, known);
        return ConfigError::UnknownKey {
            origin: origin(&keys, files),
            key: keys.join("."),
            hint,
        };
    }
    let at = if keys.is_empty() {
        String::new()
    } else {
        format!("`{}`: ", keys.join("."))
    };
    ConfigError::Malformed {
        origin: origin(&keys, files),
        problem: format!("{at}{}", error.kind),
    }
}

/// The last layer that has the key: the one whose value counted.
fn origin(keys: &[String], files: &[PathBuf]) -> String {
    let variable = format!("{ENV_PREFIX}{}", keys.join("__").to_uppercase());
    if std::env::vars_os().any(|(name, _)| name.eq_ignore_ascii_case(&variable)) {
        return variable;
    }
    let holds = |file: &&PathBuf| {
        let text = std::fs::read_to_string(file).unwrap_or_default();
        toml::from_str::<toml::Value>(&text).is_ok_and(|table| find(&table, keys))
    };
    let found = files.iter().rev().find(holds).or(files.first());
    found.map_or_else(|| "the environment".to_owned(), |file| file.display().to_string())
}

fn find(value: &toml::Value, keys: &[String]) -> bool {
    let Some((first, rest)) = keys.split_first() else {
        return true;
    };
    match value {
        toml::Value::Table(table) => table.get(first).is_some_and(|inner| find(inner, rest)),
        toml::Value::Array(items) => match first.parse::<usize>() {
            Ok(index) => items.get(index).is_some_and(|inner| find(inner, rest)),
            Err(_) => items.iter().any(|inner| find(inner, keys)),
        },
        _ => false,
    }
}

/// The known key most like an unknown one, if any is like it at all.
fn nearest(unknown: &str, known: &[&str]) -> Option<String> {
    let scored = known
        .iter()
        .map(|candidate| (strsim::jaro_winkler(unknown, candidate), *candidate));
    let best = scored.max_by(|left, right| left.0.total_cmp(&right.0))?;
    (best.0 > 0.7).then(|| best.1.to_owned())
}
