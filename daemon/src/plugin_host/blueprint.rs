//! A plugin ready to be started: its component, linked with what it was granted and nothing else.

use std::sync::Arc;

use wasmtime::component::{Component, HasSelf, InstancePre, Linker};
use wasmtime::{Engine, Store};

use super::bindings::exports::moored::plugin::{
    gap_handler, lifecycle, market_handler, order_handler, risk_check, session_handler, timer_handler,
};
use super::bindings::moored::plugin as wire;
use super::config::Budget;
use super::grants::{Capability, Grants};
use super::imports::{Shared, State};
use super::limits::MemoryLimiter;
use crate::domain::plugin::PluginKind;

/// Handles one component may hold. The WIT package has no resources.
const COMPONENT_HANDLES: usize = 64;

/// A plugin ready to be started, any number of times.
pub struct Blueprint {
    /// What its instances share.
    pub shared: Arc<Shared>,
    /// What it is for.
    pub kind: PluginKind,
    /// Its bounds.
    pub budget: Budget,
    /// Its own configuration, as JSON.
    pub config: String,
    /// What its component imports.
    pub imports: Vec<String>,
    pre: InstancePre<State>,
    indices: Indices,
}

/// Where a component's exports are.
struct Indices {
    lifecycle: lifecycle::GuestIndices,
    orders: order_handler::GuestIndices,
    of_kind: KindIndices,
}

enum KindIndices {
    Strategy(
        market_handler::GuestIndices,
        timer_handler::GuestIndices,
        session_handler::GuestIndices,
        Option<gap_handler::GuestIndices>,
    ),
    Risk(risk_check::GuestIndices),
}

/// The exports of one instance.
pub struct Exports {
    /// Start and stop.
    pub lifecycle: lifecycle::Guest,
    /// Order events.
    pub orders: order_handler::Guest,
    /// Those of its kind.
    pub of_kind: KindExports,
}

/// The exports only one kind has.
pub enum KindExports {
    /// Of a strategy.
    Strategy {
        /// Quotes and trades.
        market: market_handler::Guest,
        /// Timers.
        timer: timer_handler::Guest,
        /// Trading states.
        session: session_handler::Guest,
        /// Gaps in its data, if it wants to know of them.
        gaps: Option<gap_handler::Guest>,
    },
    /// Of a risk plugin.
    Risk {
        /// The verdict.
        check: risk_check::Guest,
    },
}

impl std::fmt::Debug for Exports {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Exports")
    }
}

impl std::fmt::Debug for Blueprint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Blueprint")
            .field("shared", &self.shared)
            .field("kind", &self.kind)
            .finish()
    }
}

/// Links what was granted. What was not granted is not there to be called, whatever the checks before missed.
fn link(engine: &Engine, grants: &Grants) -> wasmtime::Result<Linker<State>> {
    type Own = HasSelf<State>;
    let mut linker = Linker::new(engine);
    wire::types::add_to_linker::<_, Own>(&mut linker, |state| state)?;
    wire::market_types::add_to_linker::<_, Own>(&mut linker, |state| state)?;
    wire::order_types::add_to_linker::<_, Own>(&mut linker, |state| state)?;
    if grants.allows(Capability::Instruments) {
        wire::instruments::add_to_linker::<_, Own>(&mut linker, |state| state)?;
    }
    if grants.allows(Capability::Log) {
        wire::log::add_to_linker::<_, Own>(&mut linker, |state| state)?;
    }
    if grants.allows(Capability::MarketData) {
        wire::market_data::add_to_linker::<_, Own>(&mut linker, |state| state)?;
    }
    if grants.allows(Capability::Orders) {
        wire::orders::add_to_linker::<_, Own>(&mut linker, |state| state)?;
    }
    if grants.allows(Capability::Account) {
        wire::account::add_to_linker::<_, Own>(&mut linker, |state| state)?;
    }
    if grants.allows(Capability::Timers) {
        wire::timers::add_to_linker::<_, Own>(&mut linker, |state| state)?;
    }
    Ok(linker)
}

/// The export that plugins from before it do not have.
const GAP_HANDLER: &str = "moored:plugin/gap-handler@0.1.0";

impl Indices {
    fn gaps(pre: &InstancePre<State>) -> wasmtime::Result<Option<gap_handler::GuestIndices>> {
        if pre.component().get_export_index(None, GAP_HANDLER).is_none() {
            return Ok(None);
        }
        gap_handler::GuestIndices::new(pre).map(Some)
    }

    fn find(kind: PluginKind, pre: &InstancePre<State>) -> wasmtime::Result<Indices> {
        let of_kind = match kind {
            PluginKind::Strategy => KindIndices::Strategy(
                market_handler::GuestIndices::new(pre)?,
                timer_handler::GuestIndices::new(pre)?,
                session_handler::GuestIndices::new(pre)?,
                Indices::gaps(pre)?,
            ),
            PluginKind::Risk => KindIndices::Risk(risk_check::GuestIndices::new(pre)?),
        };
        Ok(Indices {
            lifecycle: lifecycle::GuestIndices::new(pre)?,
            orders: order_handler::GuestIndices::new(pre)?,
            of_kind,
        })
    }
}

/// What a blueprint is made of, besides the component.
pub struct Parts {
    /// What the instances will share.
    pub shared: Arc<Shared>,
    /// What it is for.
    pub kind: PluginKind,
    /// Its bounds.
    pub budget: Budget,
    /// Its own configuration, as JSON.
    pub config: String,
    /// What its component imports.
    pub imports: Vec<String>,
}

impl Blueprint {
    /// Links the component. Fails if a function has another type than ours.
    pub fn new(engine: &Engine, component: &Component, parts: Parts) -> wasmtime::Result<Blueprint> {
        let linker = link(engine, &parts.shared.grants)?;
        let pre = linker.instantiate_pre(component)?;
        let indices = Indices::find(parts.kind, &pre)?;
        let Parts {
            shared,
            kind,
            budget,
            config,
            imports,
        } = parts;
        Ok(Blueprint {
            shared,
            kind,
            budget,
            config,
            imports,
            pre,
            indices,
        })
    }

    /// An empty store with this plugin's bounds.
    pub fn store(&self) -> Store<State> {
        let limiter = MemoryLimiter::new(self.budget.memory, self.budget.core_instances);
        let state = State::new(Arc::clone(&self.shared), limiter);
        let mut store = Store::new(self.pre.engine(), state);
        store.limiter(|state| &mut state.limiter);
        // What a component hands over in one call is copied first and cut after, and it cannot hand over more
        // than it has.
        store.set_hostcall_fuel(self.budget.memory);
        store.set_max_component_handles(COMPONENT_HANDLES);
        store.epoch_deadline_callback(|mut context| Ok(context.data_mut().watchdog.passed()));
        store
    }

    /// An instance in that store.
    pub fn instantiate(&self, store: &mut Store<State>) -> wasmtime::Result<Exports> {
        let instance = self.pre.instantiate(&mut *store)?;
        let of_kind = match &self.indices.of_kind {
            KindIndices::Strategy(market, timer, session, gaps) => KindExports::Strategy {
                market: market.load(&mut *store, &instance)?,
                timer: timer.load(&mut *store, &instance)?,
                session: session.load(&mut *store, &instance)?,
                gaps: match gaps {
                    Some(gaps) => Some(gaps.load(&mut *store, &instance)?),
                    None => None,
                },
            },
            KindIndices::Risk(check) => KindExports::Risk {
                check: check.load(&mut *store, &instance)?,
            },
        };
        Ok(Exports {
            lifecycle: self.indices.lifecycle.load(&mut *store, &instance)?,
            orders: self.indices.orders.load(&mut *store, &instance)?,
            of_kind,
        })
    }
}
