//! What the operator writes about plugins: `[[plugins]]` in the configuration.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::grants::Capability;
use super::supervisor::Policy;
use crate::domain::money::Quantity;
use crate::domain::plugin::PluginKind;
use crate::risk::limits::OrderType;

/// One plugin.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Its name: 1 to 24 of `a-z`, `0-9` and `-`, unique. Orders, metrics and the ledger know the plugin by
    /// it.
    pub name: String,
    /// The component: a file in the plugin folder, or an absolute path.
    pub component: PathBuf,
    /// What it is for.
    pub kind: PluginKind,
    /// Whether it runs on a thread of its own: for plugins that are slow by nature. Costs a hand-over on
    /// every event.
    #[serde(default)]
    pub own_thread: bool,
    /// Fuel of one callback; about a dozen units are a nanosecond of simple code. Default 5,000,000, with a
    /// thread of its own 200,000,000. `init` has ten times as much.
    pub fuel_per_call: Option<u64>,
    /// Fuel of any second, all callbacks together; beyond it market data is conflated until the allowance has
    /// grown again. Default 1,000,000,000. Only for plugins that share the lane.
    pub fuel_per_second: Option<u64>,
    /// How long a callback may run, in milliseconds, before it is stopped whatever its fuel. Default 5, with
    /// a thread of its own 250.
    pub deadline_ms: Option<u64>,
    /// Its memory in MiB. Default 16, with a thread of its own 64.
    pub memory_mib: Option<u32>,
    /// What it may do. Nothing is granted by default.
    #[serde(default)]
    pub grant: GrantConfig,
    /// Its own table, handed to its `init` as JSON.
    #[serde(default)]
    pub config: serde_json::Map<String, serde_json::Value>,
}

/// What one plugin may do: `[plugins.grant]`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct GrantConfig {
    /// Instruments a strategy may see and trade, by the operator's names. A risk plugin sees all.
    pub instruments: Vec<String>,
    /// Kinds of orders a strategy may send; empty for one that must not trade.
    pub order_types: Vec<OrderType>,
    /// Largest quantity of one order.
    pub max_quantity: Quantity,
    /// Orders in any second.
    pub messages_per_second: u32,
    /// Interfaces the component may import besides `types`, `instruments` and `log`. When left out, a
    /// strategy has `market-data`, `account`, `timers`, and `orders` if `order_types` names any; when given,
    /// exactly these.
    pub capabilities: Option<Vec<Capability>>,
}

/// Where plugins and their compiled code are, and how failures are treated.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where relative component paths begin.
    pub plugin_dir: PathBuf,
    /// Where compiled code is kept. Made if missing; must belong to the daemon's user, with no rights for
    /// others.
    pub cache_dir: PathBuf,
    /// From which age on a quote is marked stale for plugins.
    pub stale_after: Duration,
    /// When a plugin that failed is started again, and when no more.
    pub policy: Policy,
}

impl Settings {
    /// Folders, with the defaults for the rest.
    pub fn new(plugin_dir: PathBuf, cache_dir: PathBuf) -> Settings {
        Settings {
            plugin_dir,
            cache_dir,
            stale_after: Duration::from_secs(5),
            policy: Policy::default(),
        }
    }
}

/// Bounds of a plugin's callbacks, with the defaults of its class filled in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// Fuel of one callback.
    pub fuel_per_call: u64,
    /// Fuel of any second; `u64::MAX` for no such bound.
    pub fuel_per_second: u64,
    /// How long a callback may run.
    pub deadline: Duration,
    /// Bytes of memory.
    pub memory: usize,
    /// Core instances in the component: few for one compiled from Rust, many for one that carries an
    /// interpreter.
    pub core_instances: usize,
    /// Fuel of `init`.
    pub init_fuel: u64,
    /// How long `init` may run.
    pub init_deadline: Duration,
}

impl Budget {
    /// The bounds of a plugin.
    pub fn of(config: &Config) -> Budget {
        let slow = config.own_thread;
        let or = |given: Option<u64>, fast_default, slow_default| {
            given.unwrap_or(if slow { slow_default } else { fast_default })
        };
        let fuel_per_call = or(config.fuel_per_call, 5_000_000, 200_000_000);
        let memory_mib = or(config.memory_mib.map(u64::from), 16, 64);
        let deadline = Duration::from_millis(or(config.deadline_ms, 5, 250));
        Budget {
            fuel_per_call,
            fuel_per_second: or(config.fuel_per_second, 1_000_000_000, u64::MAX),
            deadline,
            memory: usize::try_from(memory_mib << 20).unwrap_or(usize::MAX),
            core_instances: if slow { 64 } else { 16 },
            init_fuel: fuel_per_call.saturating_mul(10),
            init_deadline: deadline.saturating_mul(10),
        }
    }
}

/// A key of a plugin's configuration that cannot be, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The key, with dots between tables.
    pub key: &'static str,
    /// What is wrong, and what would be right.
    pub text: String,
}

fn problem(key: &'static str, text: impl Into<String>) -> Result<(), Problem> {
    Err(Problem {
        key,
        text: text.into(),
    })
}

impl Config {
    /// Whether the entry makes sense by itself.
    pub fn check(&self) -> Result<(), Problem> {
        check_name(&self.name)?;
        let risk = self.kind == PluginKind::Risk;
        if risk && self.own_thread {
            return problem(
                "own_thread",
                "a risk plugin answers on the order's path and cannot have its own thread; remove the key",
            );
        }
        if self.own_thread && self.fuel_per_second.is_some() {
            return problem(
                "fuel_per_second",
                "bounds plugins that share the lane; this one has its own thread; remove one of the keys",
            );
        }
        for (key, value) in [
            ("fuel_per_call", self.fuel_per_call),
            ("fuel_per_second", self.fuel_per_second),
            ("deadline_ms", self.deadline_ms),
            ("memory_mib", self.memory_mib.map(u64::from)),
        ] {
            if value == Some(0) {
                return problem(key, "must be above zero; remove the key for the default");
            }
        }
        if self.deadline_ms.is_some_and(|ms| ms > 60_000) {
            return problem("deadline_ms", "must be at most 60000");
        }
        if self.memory_mib.is_some_and(|mib| mib > 4096) {
            return problem("memory_mib", "must be at most 4096");
        }
        self.check_grant(risk)
    }

    fn check_grant(&self, risk: bool) -> Result<(), Problem> {
        let grant = &self.grant;
        let trades = !grant.order_types.is_empty();
        if risk && trades {
            return problem(
                "grant.order_types",
                "a risk plugin cannot send orders; remove the key",
            );
        }
        let list = grant.capabilities.as_deref().unwrap_or_default();
        if risk && !list.is_empty() {
            return problem(
                "grant.capabilities",
                "a risk plugin has instruments and log and can be granted nothing more; remove the key",
            );
        }
        if list.contains(&Capability::Orders) && !trades {
            return problem(
                "grant.order_types",
                "capabilities grants orders, so name the kinds, for example order_types = [\"limit\"]",
            );
        }
        if trades && !grant.max_quantity.is_positive() {
            return problem(
                "grant.max_quantity",
                "a plugin that may send orders needs a largest quantity above zero",
            );
        }
        if trades && grant.messages_per_second == 0 {
            return problem(
                "grant.messages_per_second",
                "a plugin that may send orders needs a rate above zero",
            );
        }
        Ok(())
    }
}

fn check_name(name: &str) -> Result<(), Problem> {
    let fits = (1..=24).contains(&name.len());
    let plain = name
        .bytes()
        .all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-'));
    if !fits || !plain {
        return problem(
            "name",
            format!("{name:?} must be 1 to 24 characters of a-z, 0-9 and -"),
        );
    }
    if name == crate::domain::plugin::OPERATOR_NAME {
        return problem(
            "name",
            "operator is the name of the daemon's own orders; choose another",
        );
    }
    Ok(())
}
