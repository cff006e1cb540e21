//! One running plugin: its store, its exports, and the one way its code is called.
//!
//! A callback is a transaction. Its requests wait in the store's state and are handed out only when it has
//! returned; a callback that did not return leaves an instance nobody may call again, and everything it asked
//! for dies with it.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;
use std::time::Instant;

use wasmtime::Store;

use super::batch::Batch;
use super::bindings::exports::moored::plugin::lifecycle::{Info, InitError};
use super::bindings::exports::moored::plugin::risk_check::{Decision, Exposure, Proposal};
use super::bindings::moored::plugin::types::Ctx;
use super::blueprint::{Blueprint, Exports, KindExports};
use super::config::Budget;
use super::convert;
use super::engine::ticks;
use super::failure::{Failure, FailureKind, chain};
use super::imports::{Request, State};
use super::limits::Bucket;
use super::metrics::{CallMetrics, Callback};
use super::timers::MAX_TIMERS;
use crate::desk::event::{Event, Feeds};
use crate::domain::instrument::InstrumentId;
use crate::domain::order::Cause;
use crate::domain::time::Timestamp;
use crate::domain::trading_state::TradingState;

/// The trading state is not `active`.
const NOT_ACTIVE: u32 = 1;
/// Quotes or trades were conflated since the last callback.
const CONFLATED: u32 = 1 << 1;
/// Timers are put off this long when the fuel of the second is spent.
const TIMER_PAUSE: std::time::Duration = std::time::Duration::from_millis(10);

thread_local! {
    static IN_GUEST_CALL: Cell<bool> = const { Cell::new(false) };
}

/// Whether this thread is inside a plugin's callback: a panic then is caught and costs that plugin only, so a
/// panic hook that ends the process must ask this first.
pub fn is_in_guest_call() -> bool {
    IN_GUEST_CALL.get()
}

/// Why an instance could not be started.
#[derive(Debug)]
pub enum StartError {
    /// Its `init` does not accept its configuration.
    Config {
        /// The key.
        key: String,
        /// What is wrong with it.
        problem: String,
    },
    /// It failed.
    Failed(Failure),
}

impl From<Failure> for StartError {
    fn from(failure: Failure) -> Self {
        StartError::Failed(failure)
    }
}

impl StartError {
    /// As a failure, for starts after the first: the operator's configuration cannot be refused by then.
    pub fn into_failure(self) -> Failure {
        match self {
            StartError::Config { key, problem } => Failure::new(
                FailureKind::Refused,
                format!("init refused {key:?} in its [plugins.config]: {problem}"),
            ),
            StartError::Failed(failure) => failure,
        }
    }
}

/// One running plugin.
#[derive(Debug)]
pub struct Instance {
    store: Store<State>,
    exports: Exports,
    budget: Budget,
    allowance: Bucket,
    metrics: CallMetrics,
    trading_state: TradingState,
    seq: u64,
    conflated: bool,
    timers_not_before: Timestamp,
    /// The name and version it gave itself.
    pub version: String,
}

/// What a callback is told of its batch.
#[derive(Clone, Copy)]
struct Dispatch {
    callback: Callback,
    at: Timestamp,
    /// Receipt of the newest thing in it, for market data.
    newest: Option<Timestamp>,
}

impl Dispatch {
    const fn new(callback: Callback, at: Timestamp) -> Self {
        Dispatch {
            callback,
            at,
            newest: None,
        }
    }
}

impl Instance {
    /// Makes an instance and runs its `init`. What it asks for there waits for [`Instance::hand_out`].
    pub fn start(
        blueprint: &Blueprint,
        at: Timestamp,
        trading_state: TradingState,
    ) -> Result<Instance, StartError> {
        let budget = blueprint.budget;
        let mut store = blueprint.store();
        prepare(&mut store, &budget, Dispatch::new(Callback::Init, at))
            .map_err(|error| not_started(&error))?;
        let exports = match guarded(|| blueprint.instantiate(&mut store)) {
            Ok(Ok(exports)) => exports,
            Ok(Err(error)) => {
                let refused = store.data().limiter.refused;
                return Err(Failure::of_call(Callback::Init, &error, &budget, refused).into());
            }
            Err(panic) => return Err(Failure::of_panic(Callback::Init, &*panic).into()),
        };
        let mut instance = Instance {
            store,
            exports,
            budget,
            allowance: Bucket::new(budget.fuel_per_second, budget.fuel_per_second),
            metrics: blueprint.shared.metrics.local(),
            trading_state,
            seq: 0,
            conflated: false,
            timers_not_before: Timestamp::NEVER,
            version: String::new(),
        };
        instance.allowance.fill(at);
        let config = blueprint.config.as_str();
        let answer = instance.run(Dispatch::new(Callback::Init, at), |store, exports, ctx| {
            exports.lifecycle.call_init(store, ctx, config)
        })?;
        match answer {
            Ok(Info { name, version }) => {
                instance.version = format!(
                    "{} {}",
                    convert::printable(&name, 64),
                    convert::printable(&version, 32)
                );
                Ok(instance)
            }
            Err(InitError::Config(problem)) => Err(StartError::Config {
                key: convert::printable(&problem.key, 128),
                problem: convert::printable(&problem.problem, 512),
            }),
            Err(InitError::Other(code)) => {
                let reason = format!("init refused to start, with the plugin's own code {code}");
                Err(Failure::new(FailureKind::Refused, reason).into())
            }
        }
    }

    /// Tells a strategy the trading state as it is now.
    pub fn tell_trading_state(&mut self, at: Timestamp, state: TradingState) -> Result<(), Failure> {
        self.trading_state = state;
        let state = convert::trading_state(state);
        self.run(
            Dispatch::new(Callback::TradingState, at),
            |store, exports, ctx| match &exports.of_kind {
                KindExports::Strategy { session, .. } => session.call_on_trading_state(store, ctx, state),
                KindExports::Risk { .. } => Ok(()),
            },
        )
    }

    /// Runs the callbacks a batch calls for: state, orders, gaps, then market data, so that a plugin
    /// knows its fills before it looks at prices. Market data stays in the batch while the fuel of this second is
    /// spent. What returned is handed out even if a later callback fails.
    pub fn serve(&mut self, at: Timestamp, batch: &mut Batch, out: &mut Vec<Event>) -> Result<(), Failure> {
        if let Some(state) = batch.trading_state.take() {
            self.tell_trading_state(at, state)?;
            self.hand_out(None, out);
        }
        if !batch.order_events.is_empty() {
            self.run(Dispatch::new(Callback::OrderEvents, at), |store, exports, ctx| {
                exports
                    .orders
                    .call_on_order_events(store, ctx, &batch.order_events)
            })?;
            batch.order_events.clear();
            self.hand_out(None, out);
        }
        if !batch.gaps.is_empty() {
            self.serve_gaps(at, batch)?;
            self.hand_out(None, out);
        }
        if batch.has_data() && self.has_allowance(at) {
            self.conflated |= std::mem::take(&mut batch.conflated);
            self.serve_trades(at, batch, out)?;
            self.serve_quotes(at, batch, out)?;
        }
        Ok(())
    }

    /// Before the data that came after them, and whatever the fuel of this second: what is computed from data with a hole
    /// is wrong.
    fn serve_gaps(&mut self, at: Timestamp, batch: &mut Batch) -> Result<(), Failure> {
        if let KindExports::Strategy { gaps: Some(_), .. } = &self.exports.of_kind {
            self.run(
                Dispatch::new(Callback::Gaps, at),
                |store, exports, ctx| match &exports.of_kind {
                    KindExports::Strategy { gaps: Some(gaps), .. } => {
                        gaps.call_on_gaps(store, ctx, &batch.gaps)
                    }
                    KindExports::Strategy { .. } | KindExports::Risk { .. } => Ok(()),
                },
            )?;
        }
        batch.gaps.clear();
        Ok(())
    }

    fn serve_trades(
        &mut self,
        at: Timestamp,
        batch: &mut Batch,
        out: &mut Vec<Event>,
    ) -> Result<(), Failure> {
        let Some(newest) = batch.trades.iter().map(|trade| trade.ts).max() else {
            return Ok(());
        };
        let newest = Some(Timestamp::from_nanos(newest));
        let dispatch = Dispatch {
            callback: Callback::Trades,
            at,
            newest,
        };
        self.run(dispatch, |store, exports, ctx| match &exports.of_kind {
            KindExports::Strategy { market, .. } => market.call_on_trades(store, ctx, &batch.trades),
            KindExports::Risk { .. } => Ok(()),
        })?;
        batch.trades.clear();
        self.hand_out(newest, out);
        Ok(())
    }

    fn serve_quotes(
        &mut self,
        at: Timestamp,
        batch: &mut Batch,
        out: &mut Vec<Event>,
    ) -> Result<(), Failure> {
        let Some(newest) = batch.quotes.iter().map(|quote| quote.ts).max() else {
            return Ok(());
        };
        let newest = Some(Timestamp::from_nanos(newest));
        let dispatch = Dispatch {
            callback: Callback::Quotes,
            at,
            newest,
        };
        self.run(dispatch, |store, exports, ctx| match &exports.of_kind {
            KindExports::Strategy { market, .. } => market.call_on_quotes(store, ctx, &batch.quotes),
            KindExports::Risk { .. } => Ok(()),
        })?;
        batch.quotes.clear();
        self.hand_out(newest, out);
        Ok(())
    }

    /// Calls the timers that are due, each once at most.
    pub fn fire_timers(&mut self, at: Timestamp, out: &mut Vec<Event>) -> Result<(), Failure> {
        for _ in 0..MAX_TIMERS {
            if !self.has_allowance(at) {
                self.timers_not_before = at.after(TIMER_PAUSE);
                break;
            }
            let Some((id, scheduled)) = self.store.data_mut().timers.take_due(at) else {
                break;
            };
            self.run(
                Dispatch::new(Callback::Timer, at),
                |store, exports, ctx| match &exports.of_kind {
                    KindExports::Strategy { timer, .. } => {
                        timer.call_on_timer(store, ctx, id, scheduled.nanos())
                    }
                    KindExports::Risk { .. } => Ok(()),
                },
            )?;
            self.hand_out(None, out);
        }
        Ok(())
    }

    /// When a timer is to be called next.
    pub fn next_timer(&self) -> Option<Timestamp> {
        self.store
            .data()
            .timers
            .next()
            .map(|next| next.max(self.timers_not_before))
    }

    /// Asks a risk plugin. Nothing if this is none.
    pub fn check(
        &mut self,
        at: Timestamp,
        proposal: Proposal,
        exposure: Exposure,
    ) -> Result<Option<Decision>, Failure> {
        self.run(
            Dispatch::new(Callback::Check, at),
            |store, exports, ctx| match &exports.of_kind {
                KindExports::Risk { check } => check.call_check(store, ctx, proposal, exposure).map(Some),
                KindExports::Strategy { .. } => Ok(None),
            },
        )
    }

    /// What a risk plugin means by a code.
    pub fn explain(&mut self, at: Timestamp, code: u32) -> Result<String, Failure> {
        self.run(
            Dispatch::new(Callback::Explain, at),
            |store, exports, _| match &exports.of_kind {
                KindExports::Risk { check } => check.call_explain(store, code),
                KindExports::Strategy { .. } => Ok(String::new()),
            },
        )
    }

    /// Lets it say goodbye. A request made in this callback is dropped.
    pub fn stop(&mut self, at: Timestamp) -> Result<(), Failure> {
        self.run(Dispatch::new(Callback::Stop, at), |store, exports, ctx| {
            exports.lifecycle.call_stop(store, ctx)
        })
    }

    /// The requests of the callback that just returned, as events for the desk. `newest` is the receipt of
    /// what it answered.
    pub fn hand_out(&mut self, newest: Option<Timestamp>, out: &mut Vec<Event>) {
        let State { requests, plugin, .. } = self.store.data_mut();
        let plugin = *plugin;
        out.extend(requests.drain(..).map(|request| match request {
            Request::Intent(intent) => Event::Intent {
                intent,
                cause: Cause {
                    tick_received: newest,
                },
            },
            Request::Feeds(instrument, feeds) => Event::Subscription {
                plugin,
                instrument,
                feeds,
            },
        }));
    }

    /// The subscriptions that end with it.
    pub fn unsubscribed(&self, out: &mut Vec<Event>) {
        let state = self.store.data();
        let plugin = state.plugin;
        let ended = |instrument: InstrumentId| Event::Subscription {
            plugin,
            instrument,
            feeds: Feeds::default(),
        };
        out.extend(state.subscribed().map(ended));
    }

    /// Whether the fuel of this second is not spent.
    pub fn has_allowance(&mut self, at: Timestamp) -> bool {
        self.allowance.fill(at);
        self.allowance.has_room()
    }

    /// Hands on what was measured.
    pub fn flush_metrics(&self) {
        self.metrics.flush();
    }

    /// The one way in. Everything a callback may use is set before, everything it used is counted after.
    fn run<R>(
        &mut self,
        dispatch: Dispatch,
        call: impl FnOnce(&mut Store<State>, &Exports, Ctx) -> wasmtime::Result<R>,
    ) -> Result<R, Failure> {
        let ctx = self.ctx(dispatch);
        let began = Instant::now();
        let fuel = prepare(&mut self.store, &self.budget, dispatch).map_err(|error| not_started(&error))?;
        let outcome = guarded(|| call(&mut self.store, &self.exports, ctx));
        let spent = fuel - self.store.get_fuel().unwrap_or(0).min(fuel);
        if dispatch.callback != Callback::Init {
            self.allowance.charge(spent);
        }
        self.metrics.observe(dispatch.callback, began.elapsed(), spent);
        match outcome {
            Ok(Ok(answer)) => {
                let calls = &self.store.data().shared().calls;
                // One writer: the thread that runs the instance.
                calls.store(calls.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
                Ok(answer)
            }
            Ok(Err(error)) => {
                let refused = self.store.data().limiter.refused;
                Err(Failure::of_call(dispatch.callback, &error, &self.budget, refused))
            }
            Err(panic) => Err(Failure::of_panic(dispatch.callback, &*panic)),
        }
    }

    fn ctx(&mut self, dispatch: Dispatch) -> Ctx {
        let lag = dispatch
            .newest
            .map_or(0, |newest| dispatch.at.since(newest).as_nanos());
        let not_active = if self.trading_state == TradingState::Active {
            0
        } else {
            NOT_ACTIVE
        };
        let conflated = if std::mem::take(&mut self.conflated) {
            CONFLATED
        } else {
            0
        };
        let seq = self.seq;
        self.seq += 1;
        Ctx {
            now: dispatch.at.nanos(),
            seq,
            lag_ns: u32::try_from(lag).unwrap_or(u32::MAX),
            bits: not_active | conflated,
        }
    }
}

/// Runs guest code so that a panic of the host in between costs the guest only. What it may have left half
/// done is the store's, which is dropped after it.
fn guarded<R>(call: impl FnOnce() -> R) -> std::thread::Result<R> {
    IN_GUEST_CALL.set(true);
    let outcome = catch_unwind(AssertUnwindSafe(call));
    IN_GUEST_CALL.set(false);
    outcome
}

/// Sets what the callback may use; returns its fuel.
fn prepare(store: &mut Store<State>, budget: &Budget, dispatch: Dispatch) -> wasmtime::Result<u64> {
    let (fuel, deadline) = match dispatch.callback {
        Callback::Init => (budget.init_fuel, budget.init_deadline),
        _ => (budget.fuel_per_call, budget.deadline),
    };
    store.set_fuel(fuel)?;
    store.set_epoch_deadline(ticks(deadline));
    store.data_mut().begin(dispatch.at, deadline);
    Ok(fuel)
}

fn not_started(error: &wasmtime::Error) -> Failure {
    Failure::new(FailureKind::Trap, chain(error))
}
