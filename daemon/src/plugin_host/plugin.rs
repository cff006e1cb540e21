//! One configured plugin: where it runs, how it is, and what happens when it fails.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::batch::{Adding, Batch};
use super::bindings::exports::moored::plugin::risk_check::Decision;
use super::blueprint::Blueprint;
use super::convert;
use super::failure::{Failure, FailureKind};
use super::instance::{Instance, StartError};
use super::slow::{Report, Worker};
use super::supervisor::{Policy, Severity, Supervisor};
use crate::desk::effect::{Notice, Review};
use crate::desk::event::Event;
use crate::domain::money::Quantity;
use crate::domain::plugin::{PluginId, PluginKind, PluginState, PluginStatus};
use crate::domain::time::Timestamp;
use crate::domain::trading_state::TradingState;
use crate::mailbox::IntentSender;

/// Explanations kept of one risk plugin.
const MAX_EXPLANATIONS: usize = 64;
/// The longest explanation, in bytes.
const EXPLANATION: usize = 256;

/// Where a plugin runs.
#[derive(Debug)]
enum Seat {
    /// On the lane; empty while it is down.
    Lane(Option<Box<Instance>>),
    /// On a thread of its own.
    Thread {
        worker: Worker,
        /// Whether the thread was told to start an instance and has not reported yet.
        starting: bool,
    },
}

/// One configured plugin.
#[derive(Debug)]
pub struct Plugin {
    blueprint: Arc<Blueprint>,
    seat: Seat,
    supervisor: Supervisor,
    batch: Batch,
    explanations: BTreeMap<u32, String>,
    version: String,
    failures: u64,
    restarts: u64,
    last_failure: String,
    /// Whether its status changed since it was last published.
    pub changed: bool,
}

/// What one risk plugin said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// Go on.
    Allow,
    /// Go on with less.
    Shrink(Quantity),
    /// No.
    Deny(u32),
    /// It could not answer.
    Failed,
}

impl Plugin {
    /// Starts a plugin for the first time. One that refuses its configuration is an error; one that fails is
    /// started again like one that fails later.
    pub fn start(
        blueprint: Blueprint,
        policy: Policy,
        intents: IntentSender,
        own_thread: bool,
        at: Timestamp,
        out: &mut Vec<Event>,
    ) -> Result<Plugin, StartError> {
        let blueprint = Arc::new(blueprint);
        let (instance, failure) = match begin(&blueprint, at, TradingState::Recovering, out) {
            Ok(instance) => (Some(Box::new(instance)), None),
            Err(StartError::Failed(failure)) => (None, Some(failure)),
            Err(refused @ StartError::Config { .. }) => return Err(refused),
        };
        let version = instance
            .as_ref()
            .map(|instance| instance.version.clone())
            .unwrap_or_default();
        let seat = if own_thread {
            let worker = Worker::spawn(&blueprint, instance, intents).map_err(|error| {
                let reason = format!("cannot have a thread: {error}");
                Failure::new(FailureKind::Trap, reason)
            })?;
            Seat::Thread {
                worker,
                starting: false,
            }
        } else {
            Seat::Lane(instance)
        };
        let mut plugin = Plugin {
            blueprint,
            seat,
            supervisor: Supervisor::new(policy),
            batch: Batch::default(),
            explanations: BTreeMap::new(),
            version,
            failures: 0,
            restarts: 0,
            last_failure: String::new(),
            changed: true,
        };
        plugin.blueprint.shared.metrics.show(PluginState::Running);
        if let Some(failure) = failure {
            plugin.failed(at, &failure, Severity::Start, out);
        }
        Ok(plugin)
    }

    /// What it is for.
    pub fn kind(&self) -> PluginKind {
        self.blueprint.kind
    }

    /// Its place.
    pub fn id(&self) -> PluginId {
        self.blueprint.shared.id
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.blueprint.shared.name
    }

    /// Tells it, or posts to it. A plugin that is down is told nothing: when it is back it asks for what it
    /// needs.
    pub fn deliver(&mut self, at: Timestamp, notices: &[Notice], out: &mut Vec<Event>) {
        match &mut self.seat {
            Seat::Lane(None) => {}
            Seat::Lane(Some(instance)) => {
                // Data that will wait for fuel waits as the latest of each instrument.
                let served_now = !self.batch.has_data() && instance.has_allowance(at);
                let adding = if served_now {
                    Adding::All
                } else {
                    Adding::LatestWins
                };
                for notice in notices {
                    if self.batch.add(at, notice, adding) {
                        self.blueprint.shared.metrics.conflated.inc();
                    }
                }
                self.serve(at, out);
            }
            Seat::Thread { worker, .. } => {
                if self.supervisor.state() == PluginState::Running && worker.post(at, notices).is_err() {
                    let reason = "it leaves its order events unread: its mailbox is full";
                    self.failed(
                        at,
                        &Failure::new(FailureKind::Mailbox, reason),
                        Severity::Overrun,
                        out,
                    );
                }
            }
        }
    }

    fn serve(&mut self, at: Timestamp, out: &mut Vec<Event>) {
        let Seat::Lane(Some(instance)) = &mut self.seat else {
            return;
        };
        if let Err(failure) = instance.serve(at, &mut self.batch, out) {
            self.failed(at, &failure, Severity::Callback, out);
        }
    }

    /// Calls its timers that are due, if it runs on the lane.
    pub fn fire_timers(&mut self, at: Timestamp, out: &mut Vec<Event>) {
        let Seat::Lane(Some(instance)) = &mut self.seat else {
            return;
        };
        if let Err(failure) = instance.fire_timers(at, out) {
            self.failed(at, &failure, Severity::Callback, out);
        }
    }

    /// When the next of its timers is due, if it runs on the lane.
    pub fn next_timer(&self) -> Option<Timestamp> {
        match &self.seat {
            Seat::Lane(Some(instance)) => instance.next_timer(),
            Seat::Lane(None) | Seat::Thread { .. } => None,
        }
    }

    /// Asks a risk plugin about an order of which `quantity` is left.
    pub fn check(
        &mut self,
        at: Timestamp,
        review: &Review,
        quantity: Quantity,
        out: &mut Vec<Event>,
    ) -> Answer {
        let Seat::Lane(Some(instance)) = &mut self.seat else {
            return Answer::Failed;
        };
        let (proposal, exposure) = (convert::proposal(review, quantity), convert::exposure(review));
        match instance.check(at, proposal, exposure) {
            Ok(Some(Decision::Allow)) => Answer::Allow,
            Ok(Some(Decision::Shrink(nanos))) if (1..quantity.nanos()).contains(&nanos) => {
                Answer::Shrink(Quantity::from_nanos(nanos))
            }
            Ok(Some(Decision::Shrink(nanos))) => {
                let reason = format!(
                    "check shrank {quantity} to {}, which is not above zero and below it",
                    Quantity::from_nanos(nanos)
                );
                self.note(&Failure::new(FailureKind::Answer, reason));
                Answer::Failed
            }
            Ok(Some(Decision::Deny(code))) => {
                self.explain(at, code, out);
                Answer::Deny(code)
            }
            Ok(None) => Answer::Failed,
            Err(failure) => {
                self.failed(at, &failure, Severity::Callback, out);
                Answer::Failed
            }
        }
    }

    /// Asks once what a code means, for the log.
    fn explain(&mut self, at: Timestamp, code: u32, out: &mut Vec<Event>) {
        if self.explanations.contains_key(&code) || self.explanations.len() >= MAX_EXPLANATIONS {
            return;
        }
        let Seat::Lane(Some(instance)) = &mut self.seat else {
            return;
        };
        match instance.explain(at, code) {
            Ok(text) => {
                let text = convert::printable(&text, EXPLANATION);
                tracing::info!(target: "plugin", plugin = self.name(), code, "denies with this code: {text}");
                self.explanations.insert(code, text);
            }
            // The verdict stands; the instance is lost like after any other failure.
            Err(failure) => self.failed(at, &failure, Severity::Callback, out),
        }
    }

    /// What a risk plugin means by a code, if it ever denied with it.
    pub fn explanation(&self, code: u32) -> Option<&str> {
        self.explanations.get(&code).map(String::as_str)
    }

    /// What time brings: reports of its thread, a start that is due, data that waited for fuel.
    pub fn maintain(&mut self, at: Timestamp, trading_state: TradingState, out: &mut Vec<Event>) {
        self.collect(at, out);
        if self.supervisor.is_due(at) {
            self.begin_start(at, trading_state, out);
        }
        if self.batch.has_data() {
            self.serve(at, out);
        }
        if let Seat::Lane(Some(instance)) = &self.seat {
            instance.flush_metrics();
        }
    }

    fn collect(&mut self, at: Timestamp, out: &mut Vec<Event>) {
        let Seat::Thread { worker, starting } = &mut self.seat else {
            return;
        };
        let reports = worker.reports();
        if !reports.is_empty() {
            *starting = false;
        }
        for report in reports {
            // What the lane has given up on has nothing to say.
            if self.supervisor.state() == PluginState::Quarantined {
                continue;
            }
            match report {
                Report::Started { version } => self.started(version),
                Report::NotStarted(failure) => self.failed(at, &failure, Severity::Start, out),
                Report::Failed(failure) => {
                    let severity = match failure.kind {
                        FailureKind::Intents => Severity::Overrun,
                        _ => Severity::Callback,
                    };
                    self.failed(at, &failure, severity, out);
                }
            }
        }
    }

    fn begin_start(&mut self, at: Timestamp, trading_state: TradingState, out: &mut Vec<Event>) {
        match &mut self.seat {
            Seat::Thread { starting: true, .. } => {}
            Seat::Thread { worker, starting } => {
                *starting = true;
                worker.start(trading_state);
            }
            Seat::Lane(slot) => match begin(&self.blueprint, at, trading_state, out) {
                Ok(instance) => {
                    let version = instance.version.clone();
                    *slot = Some(Box::new(instance));
                    self.started(version);
                }
                Err(error) => self.failed(at, &error.into_failure(), Severity::Start, out),
            },
        }
    }

    fn started(&mut self, version: String) {
        self.supervisor.started();
        self.version = version;
        self.restarts += 1;
        self.changed = true;
        let metrics = &self.blueprint.shared.metrics;
        metrics.restarts.inc();
        metrics.show(PluginState::Running);
        tracing::info!(target: "plugin", plugin = self.name(), "runs again");
    }

    /// Counts a failure.
    fn note(&mut self, failure: &Failure) {
        self.failures += 1;
        self.changed = true;
        self.last_failure.clone_from(&failure.reason);
        self.blueprint.shared.metrics.failed(failure.kind.as_str());
    }

    /// The instance is lost: nothing it asked for in the failed callback is done, and the desk is told.
    fn failed(&mut self, at: Timestamp, failure: &Failure, severity: Severity, out: &mut Vec<Event>) {
        match &mut self.seat {
            Seat::Lane(slot) => {
                if let Some(instance) = slot.take() {
                    instance.flush_metrics();
                    instance.unsubscribed(out);
                }
            }
            Seat::Thread { worker, starting } => {
                *starting = false;
                if severity == Severity::Overrun {
                    worker.discard();
                }
            }
        }
        self.batch.clear();
        self.note(failure);
        let state = self.supervisor.failed(at, severity);
        self.blueprint.shared.metrics.show(state);
        let (plugin, reason) = (self.name(), failure.reason.as_str());
        match self.supervisor.due() {
            Some(due) => {
                let pause = due.since(at);
                tracing::warn!(target: "plugin", plugin, "failed; started again in {pause:?}: {reason}");
            }
            None => {
                tracing::error!(target: "plugin", plugin, "stays out until restarted by hand: {reason}");
            }
        }
        out.push(Event::PluginFailed {
            plugin: self.id(),
            quarantined: state == PluginState::Quarantined,
            reason: failure.reason.clone(),
        });
    }

    /// The operator wants it back. False if it runs.
    pub fn release(&mut self, at: Timestamp) -> bool {
        let released = self.supervisor.release(at);
        if released {
            self.changed = true;
            self.blueprint.shared.metrics.show(self.supervisor.state());
        }
        released
    }

    /// How it is.
    pub fn status(&self) -> PluginStatus {
        PluginStatus {
            name: self.name().to_owned(),
            kind: self.kind(),
            version: self.version.clone(),
            own_thread: matches!(self.seat, Seat::Thread { .. }),
            state: self.supervisor.state(),
            imports: self.blueprint.imports.clone(),
            calls: self.blueprint.shared.calls.load(Ordering::Relaxed),
            failures: self.failures,
            restarts: self.restarts,
            last_failure: self.last_failure.clone(),
        }
    }

    /// Lets it say goodbye, or has its thread do so.
    pub fn stop(&mut self, at: Timestamp) {
        match &mut self.seat {
            Seat::Lane(slot) => {
                if let Some(mut instance) = slot.take()
                    && let Err(failure) = instance.stop(at)
                {
                    let plugin = self.name();
                    tracing::warn!(target: "plugin", plugin, "while stopping: {}", failure.reason);
                }
            }
            Seat::Thread { worker, .. } => worker.begin_stop(),
        }
    }
}

/// An instance that has run its `init` and knows the trading state. What it asked for there is in `out`; if
/// it failed, nothing is.
fn begin(
    blueprint: &Blueprint,
    at: Timestamp,
    trading_state: TradingState,
    out: &mut Vec<Event>,
) -> Result<Instance, StartError> {
    let before = out.len();
    let begun = Instance::start(blueprint, at, trading_state).and_then(|mut instance| {
        instance.hand_out(None, out);
        instance.tell_trading_state(at, trading_state)?;
        instance.hand_out(None, out);
        Ok(instance)
    });
    if begun.is_err() {
        out.truncate(before);
    }
    begun
}
