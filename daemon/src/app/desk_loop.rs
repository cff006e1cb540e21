//! THE LOOP: next event → desk → ledger → effects. It runs on the lane, with the gateway's tasks and the fast plugins, so
//! a tick becomes an order without a hand-over.
//!
//! Three rules. What must be remembered is durable before anything of the same handling is sent. What a plugin wants is
//! handled before anything else that waits. A plugin is called at most once a turn, so that two of them, or one with
//! itself, cannot keep the lane from the rest.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use prometheus::Histogram;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, MissedTickBehavior};

use crate::admin::PluginRestart;
use crate::admin::events::EventLog;
use crate::clock;
use crate::crash_point::{self, Step};
use crate::desk::Desk;
use crate::desk::effect::{CommandOutcome, Effect, Notice};
use crate::desk::event::{CommandTicket, Event, SessionEvent};
use crate::desk::record::Record;
use crate::desk::snapshot::{SharedView, Snapshot};
use crate::domain::order::{ClientOrderId, OrderId};
use crate::domain::plugin::{Names, PluginId};
use crate::domain::time::Timestamp;
use crate::gateway::{Busy, GatewayHandle};
use crate::ledger::Ledger;
use crate::mailbox::{Inbox, Letter, QuoteBoard};
use crate::orders::event::OrderEventKind;
use crate::plugin_host::PluginHost;
use crate::risk::denial::DenialCode;

use super::crash_steps;
use super::metrics::Metrics;

/// Letters taken in before plugins are called: enough to batch a burst, few enough to stay prompt.
const LETTERS_A_TURN: usize = 64;
/// How often time alone is told to the desk, and the snapshot published.
const TICK: Duration = Duration::from_millis(100);
/// How long the last reports may take to arrive when the daemon stops.
const LAST_REPORTS: Duration = Duration::from_millis(300);

/// Everything the loop owns.
pub struct DeskLoop {
    pub(super) desk: Desk,
    pub(super) names: Names,
    pub(super) ledger: Ledger,
    pub(super) host: PluginHost,
    pub(super) gateway: GatewayHandle,
    pub(super) inbox: Inbox,
    pub(super) quotes: QuoteBoard,
    pub(super) view: SharedView,
    pub(super) restarts: mpsc::Receiver<PluginRestart>,
    pub(super) records: mpsc::Receiver<Record>,
    pub(super) publish: watch::Sender<Arc<Snapshot>>,
    pub(super) metrics: Metrics,
    pub(super) events: EventLog,
    /// Grows with every turn; what feeds the service manager's watchdog reads it.
    pub(super) turns: Arc<AtomicU64>,
    pub(super) state: LoopState,
}

/// What the loop keeps between turns.
#[derive(Default)]
pub(super) struct LoopState {
    answers: BTreeMap<CommandTicket, oneshot::Sender<CommandOutcome>>,
    tickets: u64,
    /// What happened inside a turn and is handled next.
    pub(super) pending: VecDeque<Event>,
    effects: Vec<Effect>,
    pub(super) records: Vec<Record>,
    doing: Vec<Effect>,
    /// What each plugin is told at the end of the turn.
    notices: Vec<Vec<Notice>>,
    outputs: Vec<Event>,
    /// What the ledger could not take; empty while it works.
    pub(super) backlog: Vec<Record>,
    /// The desk was told that the ledger cannot be written.
    pub(super) ledger_failed: bool,
    pub(super) positions_changed: bool,
    /// The trading state changed: whoever looks should see it now.
    publish_now: bool,
    /// When orders were accepted that the broker has not acknowledged.
    accepted: HashMap<ClientOrderId, Timestamp>,
    latencies: BTreeMap<PluginId, Histogram>,
}

impl DeskLoop {
    /// Turns until told to stop, then drains.
    pub async fn run(mut self, mut stop: oneshot::Receiver<()>) {
        self.state.notices = vec![Vec::new(); self.names.ids().count()];
        for plugin in self.names.ids() {
            let histogram = self
                .metrics
                .tick_to_order
                .with_label_values(&[self.names.plugin(plugin)]);
            self.state.latencies.insert(plugin, histogram);
        }
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Skip);
        self.share_instruments();
        loop {
            let timer = self
                .host
                .next_timer()
                .map(|due| Instant::now() + due.since(clock::now()));
            let waiting = self.state.notices.iter().any(|notices| !notices.is_empty());
            tokio::select! {
                biased;
                _ = &mut stop => break,
                _ = tick.tick() => self.housekeeping(),
                Some(restart) = self.restarts.recv() => self.restart(restart),
                Some(record) = self.records.recv() => self.record(record),
                () = sleep_until(timer), if timer.is_some() => self.timers(),
                letter = self.inbox.next() => self.letters(letter),
                () = std::future::ready(()), if waiting => {}
            }
            self.tell_plugins();
            if self.state.publish_now {
                self.publish_snapshot(clock::now());
            }
            self.turns.fetch_add(1, Ordering::Relaxed);
            // The gateway's tasks share this thread: what was just accepted is written now.
            tokio::task::yield_now().await;
        }
        self.drain().await;
    }

    fn letters(&mut self, first: Letter) {
        let mut letter = first;
        for _ in 0..LETTERS_A_TURN {
            self.letter(letter);
            match self.inbox.try_next() {
                Some(next) => letter = next,
                None => return,
            }
        }
        self.letter(letter);
    }

    fn letter(&mut self, letter: Letter) {
        match letter {
            Letter::Event(event) => self.handle(event),
            Letter::Command(letter) => {
                self.state.tickets += 1;
                let ticket = CommandTicket(self.state.tickets);
                self.state.answers.insert(ticket, letter.answer);
                let (requester, command) = (letter.requester, letter.command);
                self.handle(Event::Command {
                    ticket,
                    requester,
                    command,
                });
            }
            Letter::Market { quote, trade } => {
                if let Some(quote) = quote {
                    self.share_quote(quote);
                    self.handle(Event::Quote(quote));
                }
                if let Some(trade) = trade {
                    self.handle(Event::Trade(trade));
                }
            }
        }
    }

    /// Handles one event and all that follows from it at once.
    pub(super) fn handle(&mut self, event: Event) {
        self.state.pending.push_back(event);
        self.handle_pending();
    }

    fn handle_pending(&mut self) {
        while let Some(event) = self.state.pending.pop_front() {
            let resolved = matches!(event, Event::Session(SessionEvent::Resolved(_)));
            let at = clock::now();
            let mut effects = std::mem::take(&mut self.state.effects);
            let passage = crash_steps::received(&event);
            self.recall(&event);
            self.desk.handle(at, event, &mut effects);
            passage.applied(&effects);
            self.perform(at, &mut effects);
            passage.performed();
            self.state.effects = effects;
            if resolved {
                self.share_instruments();
            }
        }
    }

    fn perform(&mut self, at: Timestamp, effects: &mut Vec<Effect>) {
        let mut doing = std::mem::take(&mut self.state.doing);
        for effect in effects.drain(..) {
            match effect {
                Effect::Record(record) => self.state.records.push(record),
                other => doing.push(other),
            }
        }
        let durable = self.remember(at);
        for effect in doing.drain(..) {
            self.perform_one(at, effect, durable);
        }
        self.state.doing = doing;
    }

    fn perform_one(&mut self, at: Timestamp, effect: Effect, durable: bool) {
        match effect {
            Effect::Record(_) => {}
            Effect::Place(placement) | Effect::Replace(placement) if !durable => {
                let event = Event::NotSent {
                    order_id: placement.order_id,
                    code: DenialCode::LedgerUnavailable,
                };
                self.state.pending.push_back(event);
            }
            Effect::Place(placement) => {
                self.state.accepted.insert(placement.client_order_id, at);
                let order_id = placement.order_id;
                let flattens = placement.plugin == PluginId::OPERATOR;
                if flattens {
                    crash_point::reach(Step::FlattenUnwritten);
                }
                let sent = self.gateway.place(placement);
                if flattens {
                    crash_point::reach(Step::FlattenWritten);
                }
                self.check_sent(order_id, sent);
            }
            Effect::Replace(placement) => {
                let order_id = placement.order_id;
                let sent = self.gateway.replace(placement);
                self.check_sent(order_id, sent);
            }
            Effect::Cancel { order_id } => self.cancel(at, order_id),
            Effect::Review(review) => {
                let client_order_id = review.intent.client_order_id;
                let verdict = self.host.review(at, &review);
                self.state.pending.push_front(Event::Verdict {
                    client_order_id,
                    verdict,
                });
            }
            Effect::Notify { plugin, notice } => self.note(at, plugin, notice),
            Effect::Reconcile => self.gateway.reconcile(),
            Effect::Reconciled { cause, outcome, took } => {
                self.metrics.truth.reading(cause, outcome, took);
            }
            Effect::Answer { ticket, outcome } => {
                if let Some(answer) = self.state.answers.remove(&ticket) {
                    // Whoever asked may have gone; what was ordered is done all the same.
                    let _gone = answer.send(outcome);
                }
            }
            Effect::StateChanged { from, to, reason } => {
                let text = format!("{} → {}: {reason}", from.as_str(), to.as_str());
                self.state.publish_now = true;
                tracing::info!(
                    from = from.as_str(),
                    to = to.as_str(),
                    reason,
                    "trading state changed"
                );
                self.events.push(at, "state", text);
            }
            Effect::Alarm { name, text } => self.alarm(at, name, &text),
            Effect::TickToOrder { plugin, latency } => {
                if let Some(histogram) = self.state.latencies.get(&plugin) {
                    histogram.observe(latency.as_secs_f64());
                }
            }
        }
    }

    /// A way out that is full is a refusal: the order certainly did not leave.
    fn check_sent(&mut self, order_id: OrderId, sent: Result<(), Busy>) {
        if sent.is_err() {
            self.state.pending.push_back(Event::NotSent {
                order_id,
                code: DenialCode::GatewayBusy,
            });
        }
    }

    fn cancel(&mut self, at: Timestamp, order_id: OrderId) {
        if self.gateway.cancel(order_id).is_err() {
            let text = format!("order {}: the way out is full; it is canceled again", order_id.0);
            self.alarm(at, "cancel_delayed", &text);
            let reason = "the way out was full".to_owned();
            self.state
                .pending
                .push_back(Event::WriteFailed { order_id, reason });
        }
    }

    /// Keeps a notice for the end of the turn, and shows people what is worth showing.
    fn note(&mut self, at: Timestamp, plugin: PluginId, notice: Notice) {
        if let Notice::Order(event) = &notice {
            let name = self.names.plugin(plugin);
            let id = event.client_order_id.0;
            match &event.kind {
                OrderEventKind::Working => {
                    if let Some(accepted) = self.state.accepted.remove(&event.client_order_id) {
                        self.metrics.order_ack.observe(at.since(accepted).as_secs_f64());
                    }
                }
                OrderEventKind::Filled(fill) => {
                    let text = format!(
                        "{name}: order {id} {} {} at {}, {} left",
                        fill.side.as_str(),
                        fill.size,
                        fill.price,
                        fill.leaves
                    );
                    self.events.push(at, "fill", text);
                }
                OrderEventKind::Denied(denial) | OrderEventKind::ReplaceDenied(denial) => {
                    self.state.accepted.remove(&event.client_order_id);
                    let text = format!("{name}: order {id} denied: {}", denial.code.as_str());
                    self.events.push(at, "denial", text);
                }
                OrderEventKind::Rejected(rejection) => {
                    self.state.accepted.remove(&event.client_order_id);
                    let text = format!(
                        "{name}: order {id} rejected: {} {}",
                        rejection.code, rejection.text
                    );
                    tracing::warn!(
                        plugin = name,
                        order = id,
                        code = rejection.code,
                        rejection.text,
                        "order rejected"
                    );
                    self.events.push(at, "rejection", text);
                }
                OrderEventKind::Canceled => {
                    self.state.accepted.remove(&event.client_order_id);
                }
                _ => {}
            }
        }
        if let Some(notices) = self.state.notices.get_mut(plugin.index()) {
            notices.push(notice);
        }
    }

    /// Calls each plugin that has something to be told, once, and handles what it wants.
    fn tell_plugins(&mut self) {
        if self.state.positions_changed {
            self.state.positions_changed = false;
            self.share_positions();
        }
        for index in 0..self.state.notices.len() {
            if self.state.notices[index].is_empty() {
                continue;
            }
            let mut notices = std::mem::take(&mut self.state.notices[index]);
            let plugin = PluginId(index as u16);
            self.host
                .deliver(clock::now(), plugin, &notices, &mut self.state.outputs);
            notices.clear();
            crash_point::reach(Step::PluginsTold);
            // What it causes while being handled goes to the next turn; the buffer is kept.
            self.take_outputs();
            let caused = std::mem::replace(&mut self.state.notices[index], notices);
            self.state.notices[index].extend(caused);
        }
    }

    fn take_outputs(&mut self) {
        let mut outputs = std::mem::take(&mut self.state.outputs);
        self.state.pending.extend(outputs.drain(..));
        self.state.outputs = outputs;
        self.handle_pending();
    }

    fn timers(&mut self) {
        self.host.fire_timers(clock::now(), &mut self.state.outputs);
        self.take_outputs();
    }

    /// What is done ten times a second whatever happens.
    fn housekeeping(&mut self) {
        let at = clock::now();
        self.look_after_ledger(at);
        self.handle(Event::Clock);
        self.host.maintain(at, &mut self.state.outputs);
        self.take_outputs();
        self.publish_snapshot(at);
        let (_, conflated) = self.quotes.totals();
        self.metrics
            .show_depths(self.inbox.reports_waiting(), self.quotes.depth(), conflated);
        let turns = self.turns.load(Ordering::Relaxed);
        self.metrics
            .turns
            .inc_by(turns.saturating_sub(self.metrics.turns.get()));
    }

    fn publish_snapshot(&mut self, at: Timestamp) {
        self.state.publish_now = false;
        let snapshot = self.desk.snapshot(at);
        self.metrics.show(&snapshot);
        self.publish.send_replace(Arc::new(snapshot));
    }

    /// What others than the desk did.
    fn record(&mut self, record: Record) {
        self.state.records.push(record);
        self.remember(clock::now());
    }

    fn restart(&mut self, restart: PluginRestart) {
        let at = clock::now();
        let outcome = match self.host.restart(at, &restart.plugin) {
            Ok(()) => CommandOutcome::Done {
                message: format!("{} is being started", restart.plugin),
            },
            Err(error) => CommandOutcome::Refused {
                message: error.to_string(),
            },
        };
        let said = match &outcome {
            CommandOutcome::Done { message } | CommandOutcome::Refused { message } => message.clone(),
        };
        self.state.records.push(Record::Admin {
            requester: restart.requester,
            action: "plugin_restart",
            detail: restart.plugin,
            outcome: said,
        });
        self.remember(at);
        let _gone = restart.answer.send(outcome);
    }

    pub(super) fn alarm(&self, at: Timestamp, name: &'static str, text: &str) {
        tracing::warn!(alarm = name, "{text}");
        self.metrics.alarm(name);
        self.events.push(at, "alarm", format!("{name}: {text}"));
    }

    fn share_quote(&self, quote: crate::domain::quote::Quote) {
        let mut view = self
            .view
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(slot) = view.quotes.get_mut(quote.instrument.index()) {
            *slot = Some(quote);
        }
    }

    fn share_positions(&self) {
        let mut view = self
            .view
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        for (plugin, instrument, position) in self.desk.portfolio().positions() {
            view.positions.insert((plugin, instrument), *position);
        }
    }

    fn share_instruments(&self) {
        let mut view = self
            .view
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        view.instruments = self.desk.instruments().to_vec();
    }

    /// The end: nothing new leaves, what the broker still says is taken in, the ledger is closed.
    async fn drain(mut self) {
        self.handle(Event::Drain);
        self.tell_plugins();
        let until = Instant::now() + LAST_REPORTS;
        while let Ok(letter) = tokio::time::timeout_at(until, self.inbox.next()).await {
            self.letters(letter);
        }
        let DeskLoop {
            mut desk,
            mut ledger,
            host,
            gateway,
            mut inbox,
            publish,
            state,
            ..
        } = self;
        gateway.stop().await;
        crash_point::reach(Step::GatewayStopped);
        let mut last = state.backlog;
        while let Some(letter) = inbox.try_next() {
            let Letter::Event(event) = letter else { continue };
            let mut effects = Vec::new();
            desk.handle(clock::now(), event, &mut effects);
            last.extend(effects.into_iter().filter_map(|effect| match effect {
                Effect::Record(record) => Some(record),
                _ => None,
            }));
        }
        if let Err(error) = ledger.append(clock::now(), &last) {
            let lost = last.len();
            tracing::error!(lost, %error, "the last records were not written; the broker still has what they say");
        }
        crash_point::reach(Step::LastRecorded);
        host.stop();
        publish.send_replace(Arc::new(desk.snapshot(clock::now())));
        ledger.close();
        crash_point::reach(Step::LedgerClosed);
    }
}

/// Never, if there is nothing to wait for; the branch is off then.
async fn sleep_until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}
