//! From a configured file to a plugin ready to be started, or a message that says which plugin, what is wrong
//! and what to do.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use wasmtime::Engine;

use super::blueprint::{Blueprint, Parts};
use super::cache::Cache;
use super::config::{Budget, Config, Settings};
use super::failure::chain;
use super::grants::{self, Grants};
use super::imports::Shared;
use super::metrics::Metrics;
use crate::desk::snapshot::SharedView;
use crate::domain::instrument::Instrument;
use crate::domain::plugin::PluginId;
use crate::risk::limits::Grant;

/// The largest component file.
const MAX_COMPONENT: u64 = 64 << 20;
/// How a component begins: the magic number, its version and layer.
const COMPONENT: [u8; 8] = [0, b'a', b's', b'm', 0x0d, 0, 1, 0];
/// How a core module begins.
const MODULE: [u8; 8] = [0, b'a', b's', b'm', 1, 0, 0, 0];

/// Why the plugins cannot be loaded. The daemon does not start with fewer plugins than configured.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The engine cannot be made.
    #[error("the plugin engine cannot start: {0}")]
    Engine(String),
    /// The metrics are taken.
    #[error("the plugins' metrics cannot be registered: {0}")]
    Metrics(#[from] prometheus::Error),
    /// Its entry does not make sense.
    #[error("plugin {plugin:?}: {key} in its [[plugins]] entry: {problem}")]
    Config {
        /// Which plugin.
        plugin: String,
        /// Which key.
        key: &'static str,
        /// What is wrong, and what would be right.
        problem: String,
    },
    /// Its file cannot be read.
    #[error(
        "plugin {plugin:?}: cannot read its component {}: {source}; correct `component` or put the file \
         there",
        path.display()
    )]
    File {
        /// Which plugin.
        plugin: String,
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Its file is no component.
    #[error("plugin {plugin:?}: {} is no WebAssembly component: {problem}", path.display())]
    NotAComponent {
        /// Which plugin.
        plugin: String,
        /// Which file.
        path: PathBuf,
        /// What it is instead.
        problem: String,
    },
    /// It is of another version of the interface.
    #[error(
        "plugin {plugin:?}: its component has {found}, this daemon has {expected}; build it with the SDK of \
         this release"
    )]
    Version {
        /// Which plugin.
        plugin: String,
        /// What it has.
        found: String,
        /// What it should have.
        expected: String,
    },
    /// It is of another world than its kind.
    #[error(
        "plugin {plugin:?}: {} is not of the world {world}: it does not export {missing}; it is {found}",
        path.display()
    )]
    World {
        /// Which plugin.
        plugin: String,
        /// Which file.
        path: PathBuf,
        /// What its kind asks for.
        world: &'static str,
        /// What it lacks.
        missing: String,
        /// What it seems to be.
        found: String,
    },
    /// It wants the system.
    #[error(
        "plugin {plugin:?}: its component imports {import}, and this daemon gives plugins no WASI: no \
         files, no network, no clock; build it for wasm32-unknown-unknown or with WASI stubbed out"
    )]
    Wasi {
        /// Which plugin.
        plugin: String,
        /// What it imports.
        import: String,
    },
    /// It wants something nobody offers.
    #[error("plugin {plugin:?}: its component imports {import}, which this daemon does not have")]
    UnknownImport {
        /// Which plugin.
        plugin: String,
        /// What it imports.
        import: String,
    },
    /// It wants more than it was granted.
    #[error(
        "plugin {plugin:?}: its component imports {thing}, which it is not granted; to grant it, {remedy}"
    )]
    NotGranted {
        /// Which plugin.
        plugin: String,
        /// What it imports.
        thing: String,
        /// The key that would grant it.
        remedy: String,
    },
    /// A function has another type than ours.
    #[error("plugin {plugin:?}: its component does not fit this daemon's interface: {problem}")]
    Interface {
        /// Which plugin.
        plugin: String,
        /// Where it differs.
        problem: String,
    },
    /// Its `init` does not accept its configuration.
    #[error("plugin {plugin:?}: {key:?} in its [plugins.config]: {problem}")]
    Refused {
        /// Which plugin.
        plugin: String,
        /// Which key.
        key: String,
        /// What is wrong with it.
        problem: String,
    },
}

/// What all plugins are loaded with.
pub struct Loader<'a> {
    /// Where things are.
    pub settings: &'a Settings,
    /// The engine.
    pub engine: &'a Engine,
    /// Compiled code.
    pub cache: &'a Cache,
    /// The families of metrics.
    pub metrics: &'a Metrics,
    /// The instruments as configured.
    pub instruments: &'a Arc<[Instrument]>,
    /// Quotes and positions.
    pub view: &'a SharedView,
    /// Where order ids come from.
    pub client_order_ids: &'a Arc<AtomicU64>,
}

/// Whether the entries make sense, by themselves and together.
pub fn check(configs: &[Config]) -> Result<(), LoadError> {
    for (index, config) in configs.iter().enumerate() {
        config.check().map_err(|problem| LoadError::Config {
            plugin: config.name.clone(),
            key: problem.key,
            problem: problem.text,
        })?;
        if configs[..index].iter().any(|other| other.name == config.name) {
            return Err(LoadError::Config {
                plugin: config.name.clone(),
                key: "name",
                problem: "is used twice; each plugin needs a name of its own".to_owned(),
            });
        }
    }
    Ok(())
}

impl Loader<'_> {
    /// Loads one plugin.
    pub fn load(&self, id: PluginId, config: &Config) -> Result<(Blueprint, Grant), LoadError> {
        let path = self.settings.plugin_dir.join(&config.component);
        let bytes = read(&config.name, &path)?;
        let component =
            self.cache
                .compile(self.engine, &bytes)
                .map_err(|error| LoadError::NotAComponent {
                    plugin: config.name.clone(),
                    path: path.clone(),
                    problem: format!(
                        "{}; the file may be damaged, put a whole one there",
                        chain(&error)
                    ),
                })?;
        let (grants, grant) = Grants::resolve(config, self.instruments)?;
        let imports = grants::imports(self.engine, &component);
        let component_type = component.component_type();
        let exports: Vec<String> = component_type
            .exports(self.engine)
            .map(|(name, _)| name.to_owned())
            .collect();
        grants::check(config, &path, &grants, &imports, &exports)?;
        let shared = Arc::new(Shared {
            name: config.name.clone(),
            id,
            grants,
            view: Arc::clone(self.view),
            instruments: Arc::clone(self.instruments),
            client_order_ids: Arc::clone(self.client_order_ids),
            stale_after: self.settings.stale_after,
            metrics: self.metrics.of_plugin(&config.name),
            calls: AtomicU64::new(0),
        });
        let parts = Parts {
            shared,
            kind: config.kind,
            budget: Budget::of(config),
            config: serde_json::Value::Object(config.config.clone()).to_string(),
            imports: imports.into_iter().map(|import| import.name).collect(),
        };
        let blueprint = Blueprint::new(self.engine, &component, parts);
        let blueprint = blueprint.map_err(|error| LoadError::Interface {
            plugin: config.name.clone(),
            problem: chain(&error),
        })?;
        Ok((blueprint, grant))
    }
}

fn read(plugin: &str, path: &Path) -> Result<Vec<u8>, LoadError> {
    let unreadable = |source| LoadError::File {
        plugin: plugin.to_owned(),
        path: path.to_owned(),
        source,
    };
    let not_a_component = |problem: String| LoadError::NotAComponent {
        plugin: plugin.to_owned(),
        path: path.to_owned(),
        problem,
    };
    let length = std::fs::metadata(path).map_err(unreadable)?.len();
    if length > MAX_COMPONENT {
        return Err(not_a_component(format!(
            "it has {length} bytes, and {MAX_COMPONENT} is the most"
        )));
    }
    let bytes = std::fs::read(path).map_err(unreadable)?;
    if bytes.starts_with(&COMPONENT) {
        return Ok(bytes);
    }
    Err(not_a_component(if bytes.starts_with(&MODULE) {
        "it is a core module; make a component of it first, as the plugins' build script does".to_owned()
    } else {
        "it does not begin like one; the file may be damaged or another".to_owned()
    }))
}
