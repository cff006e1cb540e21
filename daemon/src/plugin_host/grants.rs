//! What a component imports and exports, measured against what the operator granted and what its kind
//! requires. Everything is decided before any of its code runs; what is not granted is not linked either.

use std::collections::BTreeSet;
use std::path::Path;

use serde::{Deserialize, Serialize};
use wasmtime::Engine;
use wasmtime::component::Component;
use wasmtime::component::types::ComponentItem;

use super::config::Config;
use super::load::LoadError;
use crate::domain::instrument::{Instrument, InstrumentId};
use crate::domain::money::Quantity;
use crate::domain::order::OrderKind;
use crate::domain::plugin::PluginKind;
use crate::risk::limits::{Grant, OrderType};

/// The package every import and export belongs to.
const PACKAGE: &str = "moored:plugin";
/// The version of it that this host speaks.
const VERSION: &str = "0.1.0";
/// Imports that name types only: harmless, and part of the others.
const TYPES_ONLY: [&str; 3] = ["types", "market-types", "order-types"];
/// What a strategy must export.
const STRATEGY_EXPORTS: [&str; 5] = [
    "lifecycle",
    "market-handler",
    "order-handler",
    "timer-handler",
    "session-handler",
];
/// What a risk plugin must export.
const RISK_EXPORTS: [&str; 3] = ["lifecycle", "risk-check", "order-handler"];

/// An interface that can be granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Capability {
    /// What an instrument is. Always granted, and shows only what the grant covers.
    Instruments,
    /// Lines in the daemon's log. Always granted, rate limited.
    Log,
    /// Quotes and trades of the instruments in the grant.
    MarketData,
    /// Sending, changing and canceling orders.
    Orders,
    /// The plugin's own positions.
    Account,
    /// Calls at a time of the plugin's choice.
    Timers,
}

impl Capability {
    const ALL: [Capability; 6] = [
        Capability::Instruments,
        Capability::Log,
        Capability::MarketData,
        Capability::Orders,
        Capability::Account,
        Capability::Timers,
    ];

    /// The interface's name in the WIT package.
    pub const fn as_str(self) -> &'static str {
        match self {
            Capability::Instruments => "instruments",
            Capability::Log => "log",
            Capability::MarketData => "market-data",
            Capability::Orders => "orders",
            Capability::Account => "account",
            Capability::Timers => "timers",
        }
    }

    fn of_interface(interface: &str) -> Option<Capability> {
        Capability::ALL
            .into_iter()
            .find(|capability| capability.as_str() == interface)
    }
}

/// What one plugin may do, in the form host functions ask for it.
#[derive(Debug, Clone)]
pub struct Grants {
    instruments: Vec<bool>,
    order_types: BTreeSet<OrderType>,
    max_quantity: Quantity,
    capabilities: BTreeSet<Capability>,
}

impl Grants {
    /// The grants of a plugin, with the copy that the gate measures by.
    pub fn resolve(config: &Config, instruments: &[Instrument]) -> Result<(Grants, Grant), LoadError> {
        let mut visible = vec![config.kind == PluginKind::Risk; instruments.len()];
        let mut tradable = BTreeSet::new();
        for name in &config.grant.instruments {
            let Some(instrument) = instruments.iter().find(|instrument| &instrument.name == name) else {
                let known: Vec<&str> = instruments
                    .iter()
                    .map(|instrument| instrument.name.as_str())
                    .collect();
                return Err(LoadError::Config {
                    plugin: config.name.clone(),
                    key: "grant.instruments",
                    problem: format!(
                        "{name:?} is no configured instrument (there are: {}); add it under \
                         [[instruments]] or correct the name",
                        known.join(", ")
                    ),
                });
            };
            visible[instrument.id.index()] = true;
            tradable.insert(instrument.id);
        }
        let order_types: BTreeSet<OrderType> = config.grant.order_types.iter().copied().collect();
        let grant = Grant {
            plugin: config.name.clone(),
            instruments: tradable,
            order_types: order_types.clone(),
            max_quantity: config.grant.max_quantity,
            messages_per_second: config.grant.messages_per_second,
        };
        let grants = Grants {
            instruments: visible,
            order_types,
            max_quantity: config.grant.max_quantity,
            capabilities: capabilities(config),
        };
        Ok((grants, grant))
    }

    /// Whether the plugin may see and trade the instrument.
    pub fn covers(&self, instrument: InstrumentId) -> bool {
        self.instruments.get(instrument.index()).copied().unwrap_or(false)
    }

    /// Whether there is such an instrument at all.
    pub fn knows(&self, instrument: InstrumentId) -> bool {
        instrument.index() < self.instruments.len()
    }

    /// How many instruments are configured.
    pub fn instruments(&self) -> usize {
        self.instruments.len()
    }

    /// The instruments it may see, in order.
    pub fn visible(&self) -> impl Iterator<Item = InstrumentId> {
        let covered = self
            .instruments
            .iter()
            .enumerate()
            .filter(|(_, covered)| **covered);
        covered.map(|(index, _)| InstrumentId(index as u32))
    }

    /// Whether it may send this kind of order.
    pub fn covers_kind(&self, kind: OrderKind) -> bool {
        self.order_types.contains(&OrderType::of(kind))
    }

    /// The largest quantity of one order.
    pub const fn max_quantity(&self) -> Quantity {
        self.max_quantity
    }

    /// Whether it may import the interface.
    pub fn allows(&self, capability: Capability) -> bool {
        self.capabilities.contains(&capability)
    }
}

fn capabilities(config: &Config) -> BTreeSet<Capability> {
    let mut set = BTreeSet::from([Capability::Instruments, Capability::Log]);
    if config.kind == PluginKind::Risk {
        return set;
    }
    match &config.grant.capabilities {
        Some(list) => set.extend(list),
        None => {
            set.extend([Capability::MarketData, Capability::Account, Capability::Timers]);
            if !config.grant.order_types.is_empty() {
                set.insert(Capability::Orders);
            }
        }
    }
    set
}

/// One thing a component imports: an interface and the functions it uses of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Import {
    /// As the component names it: `moored:plugin/orders@0.1.0`.
    pub name: String,
    /// The functions, in the component's order.
    pub functions: Vec<String>,
}

/// Everything a component imports.
pub fn imports(engine: &Engine, component: &Component) -> Vec<Import> {
    let component_type = component.component_type();
    let imports = component_type.imports(engine);
    imports
        .map(|(name, item)| {
            let functions = match item.ty {
                ComponentItem::ComponentInstance(instance) => {
                    let exports = instance.exports(engine);
                    exports
                        .filter(|(_, item)| matches!(item.ty, ComponentItem::ComponentFunc(_)))
                        .map(|(name, _)| name.to_owned())
                        .collect()
                }
                _ => Vec::new(),
            };
            Import {
                name: name.to_owned(),
                functions,
            }
        })
        .collect()
}

/// Whether the component is of its kind's world, in our version, and imports nothing that is not granted.
pub fn check(
    config: &Config,
    path: &Path,
    grants: &Grants,
    imports: &[Import],
    exports: &[String],
) -> Result<(), LoadError> {
    for import in imports {
        check_import(config, grants, import)?;
    }
    let required: &[&str] = match config.kind {
        PluginKind::Strategy => &STRATEGY_EXPORTS,
        PluginKind::Risk => &RISK_EXPORTS,
    };
    for interface in required {
        check_export(config, path, interface, exports)?;
    }
    Ok(())
}

/// Takes `moored:plugin/orders@0.1.0` apart; nothing if it belongs to another package.
fn split(name: &str) -> Option<(&str, &str)> {
    let rest = name.strip_prefix(PACKAGE)?.strip_prefix('/')?;
    Some(rest.split_once('@').unwrap_or((rest, "")))
}

/// Before 1.0 the minor number is what must agree; a higher patch may only have added functions.
fn is_our_version(version: &str) -> bool {
    let minor = |text: &str| text.rsplit_once('.').map(|(minor, _)| minor.to_owned());
    minor(version) == minor(VERSION)
}

fn check_import(config: &Config, grants: &Grants, import: &Import) -> Result<(), LoadError> {
    let plugin = || config.name.clone();
    let Some((interface, version)) = split(&import.name) else {
        return Err(if import.name.starts_with("wasi:") {
            LoadError::Wasi {
                plugin: plugin(),
                import: import.name.clone(),
            }
        } else {
            LoadError::UnknownImport {
                plugin: plugin(),
                import: import.name.clone(),
            }
        });
    };
    if !is_our_version(version) {
        return Err(LoadError::Version {
            plugin: plugin(),
            found: import.name.clone(),
            expected: format!("{PACKAGE}/{interface}@{VERSION}"),
        });
    }
    if TYPES_ONLY.contains(&interface) {
        return Ok(());
    }
    let Some(capability) = Capability::of_interface(interface) else {
        return Err(LoadError::UnknownImport {
            plugin: plugin(),
            import: import.name.clone(),
        });
    };
    if !grants.allows(capability) {
        return Err(LoadError::NotGranted {
            plugin: plugin(),
            thing: format!("{PACKAGE}/{interface}"),
            remedy: remedy(config, capability),
        });
    }
    check_functions(config, grants, interface, import)
}

fn remedy(config: &Config, capability: Capability) -> String {
    match (config.kind, capability) {
        (PluginKind::Risk, _) => "a risk plugin cannot be granted it; build it for the world risk".to_owned(),
        (PluginKind::Strategy, Capability::Orders) if config.grant.order_types.is_empty() => {
            "name the kinds of orders under [plugins.grant], for example order_types = [\"limit\"]".to_owned()
        }
        (PluginKind::Strategy, _) => {
            format!(
                "add \"{}\" to capabilities under [plugins.grant]",
                capability.as_str()
            )
        }
    }
}

/// Each kind of order is a function of its own, so that a component shows which it can send.
fn check_functions(
    config: &Config,
    grants: &Grants,
    interface: &str,
    import: &Import,
) -> Result<(), LoadError> {
    let submits = [
        ("submit-market", OrderType::Market, "market"),
        ("submit-limit", OrderType::Limit, "limit"),
        ("submit-stop", OrderType::Stop, "stop"),
        ("submit-stop-limit", OrderType::StopLimit, "stop_limit"),
    ];
    for (function, order_type, key) in submits {
        let imported = import.functions.iter().any(|name| name == function);
        if interface == "orders" && imported && !grants.order_types.contains(&order_type) {
            return Err(LoadError::NotGranted {
                plugin: config.name.clone(),
                thing: format!("{function} of {PACKAGE}/orders"),
                remedy: format!("add \"{key}\" to order_types under [plugins.grant]"),
            });
        }
    }
    Ok(())
}

fn check_export(config: &Config, path: &Path, interface: &str, exports: &[String]) -> Result<(), LoadError> {
    let expected = format!("{PACKAGE}/{interface}@{VERSION}");
    let found = exports.iter().find_map(|name| {
        let (found, version) = split(name)?;
        (found == interface).then_some((name, version))
    });
    match found {
        Some((_, version)) if is_our_version(version) => Ok(()),
        Some((name, _)) => Err(LoadError::Version {
            plugin: config.name.clone(),
            found: name.clone(),
            expected,
        }),
        None => Err(LoadError::World {
            plugin: config.name.clone(),
            path: path.to_owned(),
            world: match config.kind {
                PluginKind::Strategy => "strategy",
                PluginKind::Risk => "risk",
            },
            missing: expected,
            found: world_of(exports),
        }),
    }
}

/// What a component seems to be, for the message that it is not what was expected.
fn world_of(exports: &[String]) -> String {
    let has = |interface: &str| {
        exports
            .iter()
            .any(|name| split(name).is_some_and(|(found, _)| found == interface))
    };
    if has("risk-check") {
        "the world risk (kind = \"risk\")".to_owned()
    } else if has("market-handler") {
        "the world strategy (kind = \"strategy\")".to_owned()
    } else if exports.is_empty() {
        "a component that exports nothing".to_owned()
    } else {
        format!("a component that exports {}", exports.join(", "))
    }
}
