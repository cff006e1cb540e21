//! The daemon around the desk: its loop, in which what must be remembered is durable before anything of the same
//! handling is sent; its death at any step of that; and its start from what the ledger holds.

use std::collections::VecDeque;

use moored::desk::Desk;
use moored::desk::effect::{Effect, Review};
use moored::desk::event::{Event, SessionEvent};
use moored::desk::record::Record;
use moored::domain::order::OrderId;
use moored::domain::plugin::{Names, PluginId};
use moored::domain::report::BrokerReport;
use moored::orders::placement::Placement;
use moored::risk::denial::DenialCode;
use moored::risk::verdict::PluginVerdict;

use super::{Daemon, Due, MS, Plant, WIRE, World, Write, setup};
use crate::checks::events::Scene;
use crate::checks::{Violation, owner};
use crate::operation::{Opinion, UnderWay, WriteFate};

/// How often time alone is told to the desk.
const CLOCK: u64 = 100 * MS;
/// The same while nothing is looked at closely.
const CLOCK_AT_LEISURE: u64 = 1_000 * MS;
/// How long a plain start takes until the session begins.
const TO_CONNECT: u64 = 20 * MS;

impl World {
    /// Hands the desk an event, and all that follows from it at once.
    pub(super) fn handle(&mut self, event: Event) -> Result<(), Violation> {
        if let Some(daemon) = &mut self.daemon {
            daemon.pending.push_back(event);
        }
        while let Some(event) = self.daemon.as_mut().and_then(|daemon| daemon.pending.pop_front()) {
            self.handle_one(&event)?;
        }
        Ok(())
    }

    fn handle_one(&mut self, event: &Event) -> Result<(), Violation> {
        let Some(mut daemon) = self.daemon.take() else {
            return Ok(());
        };
        self.now += 1_000;
        if !matches!(event, Event::Quote(_) | Event::Clock) {
            self.events += 1;
            self.tell_story(|now| format!("{now}    → {}", brief(event)));
        }
        self.acknowledge(event);
        self.watch.told(event, &self.broker);
        let before = daemon.desk.trading_state();
        let mut effects = Vec::new();
        daemon.desk.handle(self.at(), event.clone(), &mut effects);
        if let Some(digest) = &mut self.digest {
            effects.iter().for_each(|effect| digest.take(effect));
        }
        for effect in &effects {
            if !matches!(effect, Effect::Notify { .. } | Effect::TickToOrder { .. }) {
                self.tell_story(|now| format!("{now}      {effect:?}"));
            }
        }
        self.daemon = Some(daemon);
        let records: Vec<Record> = effects.iter().filter_map(record).collect();
        if self.step_dies() {
            return Ok(());
        }
        let durable = self.remember(records)?;
        let checked = self.look(|watch, scene| watch.check(event, before, &effects, scene));
        checked?;
        for effect in effects {
            if matches!(effect, Effect::Record(_)) {
                continue;
            }
            if self.step_dies() {
                return Ok(());
            }
            self.perform(effect, durable)?;
        }
        Ok(())
    }

    /// Shows the world to the checks.
    pub(super) fn look<T>(
        &mut self,
        check: impl FnOnce(&mut crate::checks::Watch, &Scene<'_>) -> Result<T, Violation>,
    ) -> Result<(), Violation> {
        let Some(daemon) = &self.daemon else {
            return Ok(());
        };
        let plugins = setup::plugins();
        let under_way = self.due.values().filter_map(|due| match due {
            Due::Arrive {
                write: Write::Place(placement),
                ..
            } => Some(placement),
            _ => None,
        });
        let scene = Scene {
            desk: &daemon.desk,
            plugins: &plugins,
            broker: &self.broker,
            ledger: &self.ledger,
            durable: daemon.backlog.is_empty(),
            under_way: under_way.chain(&self.broker.held).collect(),
            now: self.now,
        };
        check(&mut self.watch, &scene).map(drop)
    }

    /// Makes records durable and says whether they are.
    fn remember(&mut self, records: Vec<Record>) -> Result<bool, Violation> {
        let at = self.at();
        let Some(daemon) = &mut self.daemon else {
            return Ok(false);
        };
        if records.is_empty() {
            return Ok(daemon.backlog.is_empty());
        }
        let failing = self.now < daemon.ledger_fails_until;
        if daemon.backlog.is_empty() && !failing {
            let refused = |error: crate::ledger::Refused| Violation::new("record_refused", error.to_string());
            self.ledger.append(at, &records).map_err(refused)?;
            if let Some(batches) = &mut self.batches {
                batches.push((at, records));
            }
            return Ok(true);
        }
        if daemon.backlog.is_empty() {
            let reason = "the disk is full".to_owned();
            daemon.pending.push_front(Event::LedgerFailed { reason });
        }
        let kept = records
            .into_iter()
            .filter(|record| !matches!(record, Record::Denied { .. }));
        daemon.backlog.extend(kept);
        Ok(false)
    }

    fn perform(&mut self, effect: Effect, durable: bool) -> Result<(), Violation> {
        match effect {
            Effect::Place(placement) | Effect::Replace(placement) if !durable => {
                self.not_sent(placement.order_id, DenialCode::LedgerUnavailable);
            }
            Effect::Place(placement) => {
                self.watch.place(&placement)?;
                self.unacknowledged
                    .insert(placement.order_id.0, placement.clone());
                self.send(Write::Place(placement));
            }
            Effect::Replace(placement) => self.send(Write::Place(placement)),
            Effect::Cancel { order_id } => self.send(Write::Cancel(order_id)),
            Effect::Review(review) => self.review(&review),
            Effect::Reconcile => self.begin_reading(),
            _ => {}
        }
        Ok(())
    }

    fn not_sent(&mut self, order_id: OrderId, code: DenialCode) {
        if let Some(daemon) = &mut self.daemon {
            daemon.pending.push_back(Event::NotSent { order_id, code });
        }
    }

    fn review(&mut self, review: &Review) {
        let (by, intent) = (PluginId(0), &review.intent);
        let half = crate::broker::words::quantity(crate::broker::words::lots(intent.quantity) / 2);
        let verdict = match self.armed.verdicts.pop_front() {
            None => PluginVerdict::Allow,
            Some(Opinion::Deny) => PluginVerdict::Deny { by, code: 1 },
            Some(Opinion::Halve) => PluginVerdict::Shrink { quantity: half, by },
            Some(Opinion::Widen) => {
                let quantity = intent.quantity.plus(intent.quantity);
                PluginVerdict::Shrink { quantity, by }
            }
            Some(Opinion::Fail) => PluginVerdict::Failed { by },
        };
        let client_order_id = intent.client_order_id;
        if let Some(daemon) = &mut self.daemon {
            daemon.pending.push_front(Event::Verdict {
                client_order_id,
                verdict,
            });
        }
    }

    /// Puts a write on the wire, as the fate that is armed will have it.
    pub(super) fn send(&mut self, write: Write) {
        let (session, order_id) = (self.link.session, order_of(&write));
        if !self.link.believed {
            return self.write_failed(order_id, "there is no session; nothing was written");
        }
        let fate = self.armed.writes.pop_front();
        let arrives = self.link.alive;
        let arrive = |write| Due::Arrive { session, write };
        match fate {
            // What is written into a dead socket is gone.
            None if !arrives => {}
            None => self.schedule(WIRE, arrive(write)),
            Some(WriteFate::Lost) => {}
            Some(WriteFate::Late(ms)) => {
                let arrive = |write| Due::Arrive { session: 0, write };
                let twin = twin(&write).filter(|_| self.making.plant == Some(Plant::LateWritesTwice));
                self.schedule(WIRE + u64::from(ms) * MS, arrive(write));
                if let Some(twin) = twin {
                    self.schedule(2 * WIRE + u64::from(ms) * MS, arrive(twin));
                }
            }
            Some(WriteFate::Failed { arrives: true }) if arrives => {
                self.schedule(WIRE, arrive(write));
                self.write_failed(order_id, "connection reset");
            }
            Some(WriteFate::Failed { .. }) => self.write_failed(order_id, "connection reset"),
            Some(WriteFate::Busy) => match write {
                Write::Place(_) => self.not_sent(order_id, DenialCode::GatewayBusy),
                Write::Cancel(_) => self.write_failed(order_id, "the way out was full"),
            },
        }
    }

    fn write_failed(&mut self, order_id: OrderId, reason: &str) {
        if let Some(daemon) = &mut self.daemon {
            let reason = reason.to_owned();
            daemon.pending.push_back(Event::WriteFailed { order_id, reason });
        }
    }

    /// What is done again and again whatever happens.
    pub(super) fn tick(&mut self, ms: u32) -> Result<(), Violation> {
        let (at, now) = (self.at(), self.now);
        let Some(daemon) = &mut self.daemon else {
            return Ok(());
        };
        daemon.next_clock = now + if ms > 2_000 { CLOCK_AT_LEISURE } else { CLOCK };
        let mut recovered = false;
        if !daemon.backlog.is_empty() && now >= daemon.ledger_fails_until {
            let backlog = std::mem::take(&mut daemon.backlog);
            let refused = |error: crate::ledger::Refused| Violation::new("record_refused", error.to_string());
            self.ledger.append(at, &backlog).map_err(refused)?;
            if let Some(batches) = &mut self.batches {
                batches.push((at, backlog));
            }
            recovered = true;
        }
        if recovered {
            self.handle(Event::LedgerRecovered)?;
        }
        self.handle(Event::Clock)?;
        self.quote_all()
    }

    /// Whether the daemon dies at this step.
    fn step_dies(&mut self) -> bool {
        let Some((steps, writes, back)) = self.armed.crash else {
            return false;
        };
        if steps > 0 {
            self.armed.crash = Some((steps - 1, writes, back));
            return false;
        }
        self.armed.crash = None;
        self.die(writes, back);
        true
    }

    /// The daemon is gone, and its socket with it.
    pub(super) fn die(&mut self, writes: UnderWay, back: u32) {
        self.tell_story(|now| format!("{now}    † the daemon dies"));
        if self.making.plant == Some(Plant::LastRecordLost) {
            self.ledger.lose_last();
        }
        self.daemon = None;
        self.end_session(writes);
        self.schedule(u64::from(back) * MS, Due::Start);
    }

    /// The daemon starts from what the ledger holds.
    pub(super) fn start(&mut self) -> Result<(), Violation> {
        if self.daemon.is_some() {
            return Ok(());
        }
        let setup = setup::setup(self.making.risk_plugins);
        let memory = self.ledger.memory(&Names::new(setup.plugins.clone()));
        self.watch.started(&memory.executions);
        self.used_before = memory.highest_client_order_id;
        self.tell_story(|now| format!("{now}    * the daemon starts"));
        self.daemon = Some(Daemon {
            desk: Desk::new(setup, memory, self.at()),
            pending: VecDeque::new(),
            backlog: Vec::new(),
            ledger_fails_until: 0,
            next_clock: self.now + CLOCK,
        });
        self.schedule(TO_CONNECT, Due::Connect);
        self.look(|watch, scene| watch.check(&Event::Clock, scene.desk.trading_state(), &[], scene))
    }

    /// A planted defect: what was not acknowledged when the daemon died is sent again.
    pub(super) fn resend(&mut self) {
        let again = std::mem::take(&mut self.unacknowledged);
        if self.making.plant != Some(Plant::ResendAfterCrash) {
            return;
        }
        for placement in again.into_values() {
            if let Some(twin) = twin(&Write::Place(placement)) {
                self.send(twin);
            }
        }
    }

    fn acknowledge(&mut self, event: &Event) {
        let known = match event {
            Event::Report(BrokerReport::Status(status)) => Some(status.order_id),
            Event::Report(BrokerReport::Order(order)) => Some(order.order_id),
            Event::Report(BrokerReport::Error(error)) => Some(error.order_id),
            Event::NotSent { order_id, .. } => Some(*order_id),
            _ => None,
        };
        if let Some(order_id) = known {
            self.unacknowledged.remove(&order_id.0);
        }
    }
}

fn record(effect: &Effect) -> Option<Record> {
    match effect {
        Effect::Record(record) => Some(record.clone()),
        _ => None,
    }
}

const fn order_of(write: &Write) -> OrderId {
    match write {
        Write::Place(placement) => placement.order_id,
        Write::Cancel(order_id) => *order_id,
    }
}

/// The same order under another id, as a broker that takes it for a new one has it.
fn twin(write: &Write) -> Option<Write> {
    let Write::Place(placement) = write else {
        return None;
    };
    let order_id = OrderId(placement.order_id.0 + 1_000_000);
    Some(Write::Place(Placement {
        order_id,
        ..placement.clone()
    }))
}

/// An event in a line.
fn brief(event: &Event) -> String {
    match event {
        Event::Session(SessionEvent::Truth(truth)) => {
            let of = |order_ref: &str| owner(order_ref).map(|(_, number)| number);
            let open: Vec<_> = truth
                .open_orders
                .iter()
                .map(|order| (of(&order.order_ref), order.status))
                .collect();
            format!(
                "truth: open {open:?}, {} completed, {} executions",
                truth.completed_orders.len(),
                truth.executions.len()
            )
        }
        event => format!("{event:?}"),
    }
}
