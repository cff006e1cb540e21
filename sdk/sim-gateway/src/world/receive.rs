//! Messages from clients, and the steps they set off.

use std::time::Instant;

use super::{Later, World};
use crate::faults::{Action, End, Fired, FrameFault, Pace, Passing, Rules, nanos};
use crate::gateway::{ConnectionId, Output};
use crate::wire::frame::Inbound;
use crate::wire::ids::{PROTOBUF_OFFSET, request};

const SECOND: u64 = 1_000_000_000;
/// Messages too many that end a connection.
const MOST_WARNINGS: u32 = 3;

impl World {
    /// A whole message was read at `read_at`.
    pub(crate) fn receive(&mut self, from: ConnectionId, message: Inbound, read_at: Instant) {
        let deaf = |connection: &super::Connection| connection.ignored || connection.closing;
        if self.connections.get(&from).is_none_or(deaf) {
            return;
        }
        let now = self.now();
        self.journal.received(from, now, &message);
        self.watch.received(&self.gateway, from, now, &message);
        if let Inbound::Message { id, .. } = &message {
            // Numbers no message has are counted as one, or their variety would take memory.
            let known = if *id <= PROTOBUF_OFFSET { *id } else { 0 };
            *self.received.entry(known).or_default() += 1;
            if *id == request::PLACE_ORDER
                && let Some(probe) = &mut self.probe
            {
                probe.answered(read_at);
            }
        }
        if !self.paced(from, &message, now) {
            return;
        }
        let fired = self.set_off_by(from, &message, now);
        // What the market did before this message is not an answer to it.
        self.gateway.advance(now);
        self.deliver();
        self.act_on(from, message, fired, now);
        let (done, waiting) = (self.now(), self.waiting_bytes());
        self.watch.looked(&self.gateway, done, waiting);
        self.pace.notify_one();
    }

    fn set_off_by(&mut self, from: ConnectionId, message: &Inbound, now: u64) -> Vec<Fired> {
        let Inbound::Message { id, body } = message else {
            return Vec::new();
        };
        let passing = Passing {
            message: *id,
            client: self.gateway.client_of(from),
            symbol: self.gateway.symbol_in(*id, body),
            about: body.request_id(*id),
        };
        self.script.arrived(&passing, now)
    }

    /// Lets the gateway act on a message, with what goes wrong before, with its answers, and after.
    fn act_on(&mut self, from: ConnectionId, message: Inbound, fired: Vec<Fired>, now: u64) {
        let (mut lost, mut twice, mut late) = (false, false, None);
        let (mut answers, mut after) = (Rules::default(), Vec::new());
        for fired in fired {
            match &fired.action {
                Action::Lose => lost = true,
                Action::Duplicate => twice = true,
                Action::Late(by) => late = Some(nanos(*by)),
                Action::Frames(fault @ FrameFault { frames: None, .. }) => {
                    answers.add(&fired.step, fault.clone(), None, None);
                    continue;
                }
                action if action.sets_the_scene() => {
                    self.inflict(fired, Some(from));
                    continue;
                }
                _ => {
                    after.push(fired);
                    continue;
                }
            }
            self.faults.record(
                now,
                Some(&fired.step),
                fired.action.name(),
                format!("{message:?}"),
            );
        }
        match (lost, late, message) {
            (true, _, _) => {}
            (false, Some(by), Inbound::Message { id, body }) => {
                let client = self.gateway.client_of(from).unwrap_or_default();
                self.put_off(now.saturating_add(by), Later::Message { client, id, body });
            }
            (false, _, message) => self.gateway.receive(now, from, message),
        }
        let ends = |fired: &Fired| matches!(fired.action, Action::Disconnect { .. });
        for fired in after.iter().filter(|fired| ends(fired)) {
            self.lose_answers(fired, from);
        }
        if !answers.is_empty() {
            self.tamper(&mut answers, now);
        } else if twice {
            self.deliver_twice();
        }
        self.deliver();
        for fired in after {
            self.inflict(fired, Some(from));
        }
    }

    /// The acknowledgement is lost with the connection.
    fn lose_answers(&mut self, fired: &Fired, from: ConnectionId) {
        if let Action::Disconnect { to, .. } = fired.action {
            let ended = self.meant(to, Some(from));
            let kept = self
                .gateway
                .take_output()
                .into_iter()
                .filter(|output| match output {
                    Output::Frame { to, .. } | Output::Close(to) => !ended.contains(to),
                });
            let kept = kept.collect();
            self.dispatch(kept);
        }
    }

    /// Something happens to all the answers to one message.
    fn tamper(&mut self, answers: &mut Rules, now: u64) {
        for output in self.gateway.take_output() {
            let frame = self.described(output);
            for (wait, frame) in answers.pass(frame, now, self.script.dice(), &mut self.faults) {
                if wait == 0 {
                    self.dispatch(vec![frame.output]);
                } else {
                    self.put_off(now.saturating_add(wait), Later::Frame(frame.output));
                }
            }
        }
        let held = answers.clear().into_iter().map(|frame| frame.output).collect();
        self.dispatch(held);
    }

    /// Keeps a client to the pace in force; false when its message is refused.
    fn paced(&mut self, from: ConnectionId, message: &Inbound, now: u64) -> bool {
        let size = match message {
            Inbound::Message { body, .. } => u64::try_from(body.bytes.len()).unwrap_or(0) + 8,
            _ => 8,
        };
        let Some(connection) = self.connections.get_mut(&from) else {
            return false;
        };
        if let Some(rate) = connection.rate {
            connection.listen_from = now.saturating_add(size * SECOND / rate.max(1));
            self.pace.notify_one();
        }
        match self.pacing {
            Pace::Free => true,
            Pace::Slow(rate) => {
                let pause = SECOND / u64::from(rate.max(1));
                connection.listen_from = connection.listen_from.max(now.saturating_add(pause));
                self.pace.notify_one();
                true
            }
            Pace::Reject(rate) => {
                while connection.recent.front().is_some_and(|at| at + SECOND <= now) {
                    connection.recent.pop_front();
                }
                let count = connection.recent.len() + 1;
                if count <= usize::try_from(rate).unwrap_or(usize::MAX) {
                    connection.recent.push_back(now);
                    return true;
                }
                connection.warned += 1;
                let warned = connection.warned;
                let text = format!(
                    "Max rate of messages per second has been exceeded:max={rate} rec={count} ({warned})"
                );
                self.faults
                    .record(now, None, "pace", format!("100 to connection {}", from.0));
                self.gateway.tell(from, -1, 100, &text);
                self.deliver();
                if warned >= MOST_WARNINGS {
                    self.close(from, End::Rst);
                }
                false
            }
        }
    }
}
