//! What faults do to connections, to the port, and to the gateway.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Later, World};
use crate::faults::{
    Action, Corruption, Door, End, Fired, FrameFault, Frames, Lifecycle, LifecycleKind, Scenario, Tampering,
    Target, damaged, nanos, notice_text,
};
use crate::gateway::conduct::{Behaviour, Entitlement, Lie};
use crate::gateway::{Class, ConnectionId};
use crate::operator;
use crate::wire::ids::response;

impl World {
    /// Makes something go wrong, now; what comes of it is on record. `sender` is whose message set it off.
    pub(crate) fn inflict(&mut self, fired: Fired, sender: Option<ConnectionId>) {
        let _on_record = self.try_inflict(fired, sender);
    }

    /// The same, for somebody who wants to know what came of it.
    pub(crate) fn try_inflict(
        &mut self,
        fired: Fired,
        sender: Option<ConnectionId>,
    ) -> Result<String, String> {
        let Fired {
            step,
            action,
            lasting,
        } = fired;
        let now = self.now();
        let result = self.carry_out_action(&step, &action, lasting, sender);
        let detail = match &result {
            Ok(detail) => detail.clone(),
            Err(error) => format!("failed: {error}"),
        };
        self.inflicted = self.faults.record(now, Some(&step), action.name(), detail);
        let by_itself = matches!(
            action,
            Action::Refuse(_) | Action::Lifecycle(_) | Action::Frames(_) | Action::Late(_)
        );
        if let (Some(time), false, true) = (lasting, by_itself, result.is_ok()) {
            self.put_off(now.saturating_add(nanos(time)), Later::End { step, action });
        }
        self.deliver();
        self.pace.notify_one();
        result
    }

    /// Sets off a step of the scenario by its name, or one given in its own words: `do = "mute", id = 5`.
    pub(crate) fn inject(&mut self, what: &str) -> Result<Value, String> {
        let now = self.now();
        let fired = if what.contains('=') {
            let text = format!("step = [{{ name = \"operator\", {what} }}]");
            let read = Scenario::parse("inject", &text).map_err(|error| error.what)?;
            let step = read.steps.into_iter().next().ok_or("there is nothing to do")?;
            Fired {
                lasting: step.lasting,
                ..Fired::by("operator", step.action)
            }
        } else {
            let named = self.script.inject(what, now);
            named.ok_or_else(|| {
                let known: Vec<&str> = self.script.names().collect();
                format!("no step is called {what:?}; known: {}", known.join(", "))
            })?
        };
        let detail = self.try_inflict(fired, None)?;
        Ok(json!({ "ok": true, "seq": self.inflicted, "detail": detail }))
    }

    fn carry_out_action(
        &mut self,
        step: &str,
        action: &Action,
        lasting: Option<Duration>,
        sender: Option<ConnectionId>,
    ) -> Result<String, String> {
        let now = self.now();
        match action {
            Action::Disconnect { to, how } => return Ok(self.end_all(*to, *how, sender)),
            Action::Refuse(time) => {
                self.refuse(time.map_or(u64::MAX, |time| now.saturating_add(nanos(time))));
            }
            Action::Door(Door::Open) if self.refusing.is_some() => self.reopen_port(),
            Action::Door(door) => {
                self.door = *door;
                self.reopen.notify_one();
            }
            Action::Freeze { .. }
            | Action::HalfOpen { .. }
            | Action::Backpressure { .. }
            | Action::Dribble { .. } => {
                return Ok(self.hamper(action, sender));
            }
            Action::Corrupt { to, kind } => return Ok(self.corrupt(*to, *kind, sender)),
            Action::Delay(time) => self.delay = nanos(*time),
            Action::Duplicate => self.duplicate_next = true,
            Action::Frames(fault) => {
                let client = sender.and_then(|sender| self.gateway.client_of(sender));
                let until = lasting.map(|time| now.saturating_add(nanos(time)));
                self.rules.add(step, fault.clone(), client, until);
            }
            Action::Notice {
                to,
                code,
                text,
                about,
            } => return Ok(self.give_notice(self.meant(*to, sender), *code, text.as_deref(), *about)),
            Action::Version(version) => self.gateway.announce_next(*version),
            Action::Lose | Action::Late(_) => {
                return Err("only a message can be lost or late; set it off with on = \"…\"".to_owned());
            }
            Action::Pace(pace) => self.pacing = *pace,
            Action::Lifecycle(lifecycle) => return self.restart(*lifecycle),
            Action::Approve => {
                self.approved = Some(true);
                if self.refusing == Some(u64::MAX) {
                    self.reopen_port();
                }
            }
            Action::LinkDown { .. } => {
                self.watch.told(1100);
                return self.gateway.behave(&Behaviour::LinkDown);
            }
            Action::Price { symbol, value } => operator::set_price(&mut self.gateway, symbol, *value)?,
            Action::Fill {
                client,
                order,
                quantity,
            } => operator::fill(&mut self.gateway, *client, *order, *quantity)?,
            Action::Behave(behaviour) => {
                if let Behaviour::LinkUp(code) = behaviour {
                    self.watch.told(*code);
                }
                return self.gateway.behave(behaviour);
            }
            Action::Stop(step) => return self.stop(step),
            Action::Clear => self.clear(),
        }
        Ok(String::new())
    }

    fn give_notice(&mut self, to: Vec<ConnectionId>, code: i32, text: Option<&str>, about: i32) -> String {
        self.watch.told(code);
        for id in &to {
            if self.gateway.client_of(*id).is_some() {
                self.gateway
                    .tell(*id, about, code, text.unwrap_or_else(|| notice_text(code)));
            }
        }
        format!("{code} to {}", listed(&to))
    }

    /// The connections that a target means.
    pub(super) fn meant(&self, to: Target, sender: Option<ConnectionId>) -> Vec<ConnectionId> {
        match to {
            Target::All => self.connections.keys().copied().collect(),
            Target::Sender => sender.into_iter().collect(),
            Target::Client(client) => {
                let clients = self.gateway.clients();
                clients
                    .filter(|(_, each)| *each == client)
                    .map(|(id, _)| id)
                    .collect()
            }
        }
    }

    fn end_all(&mut self, to: Target, how: End, sender: Option<ConnectionId>) -> String {
        let ended = self.meant(to, sender);
        for id in &ended {
            self.close(*id, how);
        }
        listed(&ended)
    }

    fn refuse(&mut self, until: u64) {
        self.refusing = Some(until);
        self.reopen.notify_one();
        self.end_all(Target::All, End::Close, None);
    }

    /// The time of refusing is over, unless a cold start still waits for somebody.
    pub(super) fn reopen_port(&mut self) {
        if self.approved == Some(false) {
            self.refusing = Some(u64::MAX);
            return;
        }
        self.approved = None;
        self.refusing = None;
        self.reopen.notify_one();
    }

    fn restart(&mut self, life: Lifecycle) -> Result<String, String> {
        let now = self.now();
        let up = now.saturating_add(nanos(life.down));
        self.approved = (life.kind == LifecycleKind::Cold).then_some(false);
        self.end_all(Target::All, End::Rst, None);
        self.refuse(up);
        let gone = self.gateway.behave(&Behaviour::Restart)?;
        if life.roll_back != 0 {
            self.gateway.behave(&Behaviour::RollBackIds {
                client: None,
                by: life.roll_back,
            })?;
        }
        if !life.boot.is_zero() {
            self.door = Door::Slam(End::Rst);
            let booted = up.saturating_add(nanos(life.boot));
            self.put_off(booted, Later::Inflict(Action::Door(Door::Open)));
        }
        Ok(format!("{:?}: {gone}", life.kind))
    }

    /// Holds connections up without ending them.
    fn hamper(&mut self, action: &Action, sender: Option<ConnectionId>) -> String {
        let to = match action {
            Action::Freeze { to, on } => {
                if *to == Target::All {
                    self.muted = *on;
                }
                *to
            }
            Action::HalfOpen { to, .. } | Action::Backpressure { to, .. } | Action::Dribble { to, .. } => *to,
            _ => Target::All,
        };
        let hampered = self.meant(to, sender);
        let now = self.now();
        for id in &hampered {
            let Some(connection) = self.connections.get_mut(id) else {
                continue;
            };
            match action {
                Action::Freeze { on, .. } => connection.frozen = *on,
                Action::HalfOpen { .. } => {
                    connection.cut_off = true;
                    connection.ignored = true;
                }
                Action::Backpressure { rate, .. } => connection.rate = Some(*rate).filter(|rate| *rate > 0),
                Action::Dribble { bytes, every, .. } => {
                    connection.dribble = Some((*bytes, nanos(*every))).filter(|(bytes, _)| *bytes > 0);
                }
                _ => {}
            }
            connection.wake.notify_one();
            if let Action::HalfOpen { noticed: true, .. } = action {
                self.gateway.hold_id(now, *id);
                self.gateway.disconnect(*id);
            }
        }
        listed(&hampered)
    }

    fn corrupt(&mut self, to: Target, kind: Corruption, sender: Option<ConnectionId>) -> String {
        self.deliver();
        let hit = self.meant(to, sender);
        for id in &hit {
            let Some(encoding) = self.gateway.encoding(*id) else {
                continue;
            };
            self.write(*id, Class::Other, &damaged(kind, encoding));
            if let Some(connection) = self.connections.get_mut(id) {
                // Without an encoding the outbox cannot mend what is broken on purpose.
                connection.outbox.encoding = None;
            }
            self.flush(*id);
            if kind == Corruption::HalfFrame {
                self.close(*id, End::Fin);
            }
        }
        format!("{kind:?} to {}", listed(&hit))
    }

    /// The time of something that lasts is over.
    pub(super) fn end(&mut self, step: &str, action: &Action) {
        let opposite = match action {
            Action::Door(_) => Some(Action::Door(Door::Open)),
            Action::Freeze { to, on } => Some(Action::Freeze { to: *to, on: !on }),
            Action::HalfOpen { to, .. } => Some(Action::Disconnect {
                to: *to,
                how: End::Rst,
            }),
            Action::Backpressure { to, .. } => Some(Action::Backpressure { to: *to, rate: 0 }),
            Action::Dribble { to, every, .. } => Some(Action::Dribble {
                to: *to,
                bytes: 0,
                every: *every,
            }),
            Action::Delay(_) => Some(Action::Delay(Duration::ZERO)),
            Action::Pace(_) => Some(Action::Pace(crate::faults::Pace::Free)),
            Action::LinkDown { restored } => Some(Action::Behave(Behaviour::LinkUp(*restored))),
            Action::Behave(behaviour) => undone(behaviour).map(Action::Behave),
            _ => None,
        };
        if let Some(action) = opposite {
            self.inflict(Fired::by(&format!("end of {step}"), action), None);
        }
    }

    /// Ends what a step did before its time.
    fn stop(&mut self, step: &str) -> Result<String, String> {
        let held = self.rules.end(step);
        self.emit(held.into_iter().map(|frame| frame.output).collect());
        let ends = |later: &mut Later| matches!(later, Later::End { step: each, .. } if each == step);
        let ended: Vec<_> = self.later.extract_if(.., |_, later| ends(later)).collect();
        for (_, later) in ended {
            if let Later::End { step, action } = later {
                self.end(&step, &action);
            }
        }
        Ok(format!("{step} ended"))
    }

    /// Stops everything that is going wrong.
    fn clear(&mut self) {
        let held = self.rules.clear();
        self.emit(held.into_iter().map(|frame| frame.output).collect());
        self.later
            .retain(|_, later| !matches!(later, Later::End { .. } | Later::Inflict(_)));
        self.door = Door::Open;
        self.approved = None;
        self.reopen_port();
        (self.delay, self.pacing, self.muted) = (0, crate::faults::Pace::Free, false);
        for connection in self.connections.values_mut() {
            (connection.frozen, connection.rate, connection.dribble) = (false, None, None);
            connection.wake.notify_one();
        }
        for behaviour in [
            Behaviour::Honest,
            Behaviour::Release,
            Behaviour::ReadOnly(false),
            Behaviour::Entitle {
                symbol: None,
                entitlement: Entitlement::Live,
            },
            Behaviour::LinkUp(1102),
        ] {
            // None of these can fail.
            let _ = self.gateway.behave(&behaviour);
        }
        self.report_statuses_first();
    }

    /// Where it is not known which comes first, the scenario says so: statuses before their executions.
    pub(super) fn report_statuses_first(&mut self) {
        if self.unknowns.status_before_execution {
            let late = FrameFault {
                frames: Some(Frames {
                    messages: vec![response::EXECUTION_DETAILS],
                    about: None,
                    to: Target::All,
                }),
                what: Tampering::After(response::ORDER_STATUS),
                count: None,
                share: 1.0,
            };
            self.rules.add("unknowns", late, None, None);
        }
    }
}

/// What ends a behaviour.
fn undone(behaviour: &Behaviour) -> Option<Behaviour> {
    Some(match behaviour {
        Behaviour::HoldIds(_) => Behaviour::HoldIds(0),
        Behaviour::ReadOnly(on) => Behaviour::ReadOnly(!on),
        Behaviour::Dialog { .. } => Behaviour::Release,
        Behaviour::SplitPermId(_) => Behaviour::SplitPermId(0),
        Behaviour::Entitle { symbol, .. } => Behaviour::Entitle {
            symbol: symbol.clone(),
            entitlement: Entitlement::Live,
        },
        Behaviour::JumpClock(by) => Behaviour::JumpClock(-by),
        Behaviour::ConnectionTime(_) => Behaviour::ConnectionTime(Default::default()),
        Behaviour::ExecutionTimes(_) => Behaviour::ExecutionTimes(Default::default()),
        Behaviour::Lie(lie) => Behaviour::Lie(Lie {
            left: Some(0),
            ..lie.clone()
        }),
        _ => return None,
    })
}

fn listed(ids: &[ConnectionId]) -> String {
    let numbers: Vec<String> = ids.iter().map(|id| id.0.to_string()).collect();
    format!("connections [{}]", numbers.join(", "))
}
