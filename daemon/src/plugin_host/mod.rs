//! Floor 6: the edge to the guests. The only module that knows `wasmtime`.
//!
//! Plugins are WebAssembly components of the package in `wit/`. They come from the configuration with their
//! grants; one that imports more than it was granted does not load. Fast ones are called here and now, within
//! a fuel budget and under a watchdog; slow ones have a thread and a mailbox each. A callback is a
//! transaction: what it asked for leaves when it has returned, and is gone if it did not. A plugin that fails
//! is started again after a pause, one that fails in a loop stays out until the operator acts; the others do
//! not notice.
//!
//! Read [`instance`] first (how a guest is called), then [`imports`] (what it can ask for), then [`plugin`]
//! (what happens when it fails).
//!
//! Never: an order that leaves from here (the desk decides), WASI, a guest's word taken for a limit, a wait
//! for a guest's thread on the lane.

mod batch;
#[cfg(test)]
mod batch_tests;
#[cfg(test)]
mod bench;
mod bindings;
mod blueprint;
mod cache;
pub mod config;
mod convert;
#[cfg(test)]
mod convert_tests;
mod engine;
mod failure;
pub mod grants;
#[cfg(test)]
mod grants_tests;
mod imports;
mod instance;
#[cfg(test)]
mod lane_tests;
mod limits;
#[cfg(test)]
mod limits_tests;
pub mod load;
#[cfg(test)]
mod load_tests;
mod metrics;
mod plugin;
#[cfg(test)]
mod risk_tests;
mod slow;
#[cfg(test)]
mod slow_tests;
pub mod supervisor;
#[cfg(test)]
mod supervisor_tests;
mod timers;
#[cfg(test)]
mod timers_tests;
mod watchdog;
#[cfg(test)]
mod watchdog_tests;

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use tokio::sync::watch;

use crate::clock;
use crate::desk::effect::{Notice, Review};
use crate::desk::event::Event;
use crate::desk::snapshot::SharedView;
use crate::domain::instrument::Instrument;
use crate::domain::plugin::{PluginId, PluginKind, PluginStatus};
use crate::domain::time::Timestamp;
use crate::domain::trading_state::TradingState;
use crate::mailbox::IntentSender;
use crate::risk::limits::Grant;
use crate::risk::verdict::PluginVerdict;

use config::{Config, Settings};
use engine::Machine;
use failure::chain;
use instance::StartError;
use load::{LoadError, Loader};
use plugin::{Answer, Plugin};

pub use instance::is_in_guest_call;

/// The status is published at least this often, so that counters in it move.
const STATUS_PERIOD: Duration = Duration::from_millis(500);

/// All plugins. Lives on the lane.
#[derive(Debug)]
pub struct PluginHost {
    plugins: Vec<Plugin>,
    grants: Vec<Grant>,
    /// Which of them are risk plugins, in configured order.
    risk: Vec<usize>,
    trading_state: TradingState,
    /// Events that came up where nobody could take them.
    pending: Vec<Event>,
    status: watch::Sender<Vec<PluginStatus>>,
    published: Timestamp,
    /// Last, because the watchdog must run until the last plugin has stopped.
    _machine: Machine,
}

/// What the operator named cannot be started again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RestartError {
    /// There is no such plugin.
    #[error("no plugin is called {0:?}; the configured ones are: {1}")]
    Unknown(String, String),
    /// It runs.
    #[error("plugin {0:?} is running; there is nothing to restart")]
    Running(String),
}

/// Loads and starts the configured plugins. All of them, or an error that says which cannot be and why.
///
/// What they ask for in their `init` is handed out with the first [`PluginHost::deliver`] or
/// [`PluginHost::maintain`].
pub fn load(
    settings: Settings,
    configs: &[Config],
    instruments: &[Instrument],
    view: SharedView,
    client_order_ids: Arc<AtomicU64>,
    intents: IntentSender,
    registry: &prometheus::Registry,
) -> Result<PluginHost, LoadError> {
    load::check(configs)?;
    let machine = Machine::start().map_err(|error| LoadError::Engine(chain(&error)))?;
    let cache = cache::Cache::open(&settings.cache_dir);
    let metrics = metrics::Metrics::register(registry)?;
    let loader = Loader {
        settings: &settings,
        engine: machine.engine(),
        cache: &cache,
        metrics: &metrics,
        instruments: &instruments.into(),
        view: &view,
        client_order_ids: &client_order_ids,
    };
    let (mut plugins, mut grants, mut pending) = (Vec::new(), Vec::new(), Vec::new());
    for (id, config) in (0..).map(PluginId).zip(configs) {
        let (blueprint, grant) = loader.load(id, config)?;
        let (own_thread, at) = (config.own_thread, clock::now());
        let started = Plugin::start(
            blueprint,
            settings.policy,
            intents.clone(),
            own_thread,
            at,
            &mut pending,
        );
        plugins.push(started.map_err(|error| refused(&config.name, error))?);
        grants.push(grant);
    }
    let is_risk = |index: &usize| {
        plugins
            .get(*index)
            .is_some_and(|plugin| plugin.kind() == PluginKind::Risk)
    };
    let risk = (0..plugins.len()).filter(is_risk).collect();
    let status = watch::Sender::new(plugins.iter().map(Plugin::status).collect());
    Ok(PluginHost {
        plugins,
        grants,
        risk,
        trading_state: TradingState::Recovering,
        pending,
        status,
        published: Timestamp::NEVER,
        _machine: machine,
    })
}

fn refused(plugin: &str, error: StartError) -> LoadError {
    let plugin = plugin.to_owned();
    match error {
        StartError::Config { key, problem } => LoadError::Refused { plugin, key, problem },
        StartError::Failed(failure) => LoadError::Interface {
            plugin,
            problem: failure.reason,
        },
    }
}

impl PluginHost {
    /// What each plugin may do, by [`PluginId`]: the gate measures by it again.
    pub fn grants(&self) -> Vec<Grant> {
        self.grants.clone()
    }

    /// Tells one plugin. Fast: its callbacks run now, and what they asked for is added to `out`. Slow: it is
    /// posted. All quotes of one call go to the plugin as one list, and so do trades and order events.
    pub fn deliver(&mut self, at: Timestamp, plugin: PluginId, notices: &[Notice], out: &mut Vec<Event>) {
        out.append(&mut self.pending);
        for notice in notices {
            if let Notice::TradingState(state) = notice {
                self.trading_state = *state;
            }
        }
        if let Some(plugin) = self.plugins.get_mut(plugin.index()) {
            plugin.deliver(at, notices, out);
        }
    }

    /// Whether orders have to be shown to risk plugins.
    pub const fn has_risk_plugins(&self) -> bool {
        !self.risk.is_empty()
    }

    /// Asks the risk plugins in configured order: the first no counts, else the smallest quantity; each is
    /// asked about what those before it left. One that cannot answer denies.
    pub fn review(&mut self, at: Timestamp, review: &Review) -> PluginVerdict {
        let mut verdict = PluginVerdict::Allow;
        let mut left = review.intent.quantity;
        for &index in &self.risk {
            let Some(plugin) = self.plugins.get_mut(index) else {
                continue;
            };
            let by = plugin.id();
            match plugin.check(at, review, left, &mut self.pending) {
                Answer::Allow => {}
                Answer::Shrink(quantity) => {
                    left = quantity;
                    verdict = PluginVerdict::Shrink { quantity, by };
                }
                Answer::Deny(code) => return PluginVerdict::Deny { by, code },
                Answer::Failed => return PluginVerdict::Failed { by },
            }
        }
        verdict
    }

    /// What a risk plugin means by a code it denied with.
    pub fn explanation(&self, plugin: PluginId, code: u32) -> Option<&str> {
        self.plugins.get(plugin.index())?.explanation(code)
    }

    /// Calls the timers of fast plugins that are due.
    pub fn fire_timers(&mut self, at: Timestamp, out: &mut Vec<Event>) {
        for plugin in &mut self.plugins {
            plugin.fire_timers(at, out);
        }
    }

    /// When the next timer of a fast plugin is due.
    pub fn next_timer(&self) -> Option<Timestamp> {
        self.plugins.iter().filter_map(Plugin::next_timer).min()
    }

    /// What time brings: restarts that are due, data that waited for fuel, reports of slow plugins, metrics.
    /// To be called every 10 to 100 milliseconds.
    pub fn maintain(&mut self, at: Timestamp, out: &mut Vec<Event>) {
        out.append(&mut self.pending);
        for plugin in &mut self.plugins {
            plugin.maintain(at, self.trading_state, out);
        }
        let changed = self.plugins.iter().any(|plugin| plugin.changed);
        if changed || at.since(self.published) >= STATUS_PERIOD {
            self.publish(at);
        }
    }

    fn publish(&mut self, at: Timestamp) {
        self.published = at;
        for plugin in &mut self.plugins {
            plugin.changed = false;
        }
        self.status
            .send_replace(self.plugins.iter().map(Plugin::status).collect());
    }

    /// The operator wants a plugin back that is out or waits: it is started with the next
    /// [`PluginHost::maintain`].
    pub fn restart(&mut self, at: Timestamp, name: &str) -> Result<(), RestartError> {
        let found = self.plugins.iter_mut().find(|plugin| plugin.name() == name);
        let Some(plugin) = found else {
            let names: Vec<&str> = self.plugins.iter().map(Plugin::name).collect();
            return Err(RestartError::Unknown(name.to_owned(), names.join(", ")));
        };
        if plugin.release(at) {
            Ok(())
        } else {
            Err(RestartError::Running(name.to_owned()))
        }
    }

    /// How the plugins are, published by [`PluginHost::maintain`].
    pub fn status(&self) -> watch::Receiver<Vec<PluginStatus>> {
        self.status.subscribe()
    }

    /// Lets each plugin say goodbye and waits for the threads of the slow ones, each no longer than its
    /// deadline allows.
    pub fn stop(mut self) {
        let at = clock::now();
        for plugin in &mut self.plugins {
            plugin.stop(at);
        }
    }
}
