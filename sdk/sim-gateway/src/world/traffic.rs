//! Frames on their way from the gateway to the sockets, and what faults make of them.

use tokio::net::TcpStream;

use super::{Later, World};
use crate::faults::{Action, End, Fired, Frame, Passing, Rules};
use crate::gateway::{Class, ConnectionId, Output, frame_subject};
use crate::wire::Encoding;

impl World {
    /// Takes the gateway's output to the sockets.
    pub(crate) fn deliver(&mut self) {
        let output = self.gateway.take_output();
        self.dispatch(output);
    }

    /// The same, every frame about orders twice.
    pub(super) fn deliver_twice(&mut self) {
        let twice = |output: &Output| {
            matches!(
                output,
                Output::Frame {
                    class: Class::Order,
                    ..
                }
            )
        };
        let doubled = self.gateway.take_output().into_iter().flat_map(|output| {
            let again = twice(&output).then(|| output.clone());
            std::iter::once(output).chain(again)
        });
        let doubled = doubled.collect();
        self.dispatch(doubled);
    }

    /// Takes frames to the sockets, past everything that may happen to them on the way.
    pub(super) fn dispatch(&mut self, output: Vec<Output>) {
        let watched = self.script.looks_at_frames();
        if self.rules.is_empty() && !watched && !self.duplicate_next && self.delay == 0 {
            let now = self.now();
            if self.delayed_until <= now {
                self.emit(output);
                return;
            }
        }
        let mut ready = Vec::new();
        for each in output {
            let Output::Frame { class, .. } = &each else {
                self.emit(std::mem::take(&mut ready));
                self.postpone(each, 0, &mut ready);
                continue;
            };
            let order = *class == Class::Order;
            for frame in self.pass(each, watched, &mut ready) {
                let twice = order && std::mem::take(&mut self.duplicate_next);
                for _ in 0..=usize::from(twice) {
                    self.postpone(frame.1.output.clone(), frame.0, &mut ready);
                }
            }
        }
        self.emit(ready);
    }

    /// What becomes of one frame: nothing, itself, or several, each with its delay.
    fn pass(&mut self, output: Output, watched: bool, ready: &mut Vec<Output>) -> Vec<(u64, Frame)> {
        let now = self.now();
        let frame = self.described(output);
        let mut leaving = vec![(0, frame)];
        if watched && !self.at_work {
            let passing = leaving.first().map(|(_, frame)| Passing {
                message: frame.message,
                client: frame.client,
                symbol: None,
                about: frame.about,
            });
            let fired = self.script.leaving(&passing.unwrap_or_default(), now);
            if !fired.is_empty() {
                // What was said before is said before anything goes wrong.
                self.emit(std::mem::take(ready));
            }
            for fired in fired {
                leaving = self.set_off_by_frame(fired, leaving, now);
            }
        }
        let (rules, script, log) = (&mut self.rules, &mut self.script, &mut self.faults);
        let passed = leaving.into_iter().flat_map(|(wait, frame)| {
            let passed = rules.pass(frame, now, script.dice(), log);
            passed.into_iter().map(move |(more, frame)| (wait + more, frame))
        });
        passed.collect()
    }

    /// A frame has set a step off: it happens to the frame itself, or before it is sent.
    fn set_off_by_frame(&mut self, fired: Fired, frames: Vec<(u64, Frame)>, now: u64) -> Vec<(u64, Frame)> {
        let sender = frames.first().map(|(_, frame)| match &frame.output {
            Output::Frame { to, .. } | Output::Close(to) => *to,
        });
        match &fired.action {
            Action::Frames(fault) if fault.frames.is_none() => {
                let mut alone = Rules::default();
                alone.add(&fired.step, fault.clone(), None, None);
                let dice = self.script.dice();
                let mut leaving = Vec::new();
                for (wait, frame) in frames {
                    let passed = alone.pass(frame, now, dice, &mut self.faults);
                    leaving.extend(passed.into_iter().map(|(more, frame)| (wait + more, frame)));
                }
                leaving
            }
            _ => {
                self.at_work = true;
                self.inflict(fired, sender);
                self.at_work = false;
                frames
            }
        }
    }

    pub(super) fn described(&self, output: Output) -> Frame {
        let (to, message, bytes) = match &output {
            Output::Frame { to, id, bytes, .. } => (*to, *id, bytes.as_slice()),
            Output::Close(to) => (*to, u32::MAX, &[][..]),
        };
        let encoding = self.gateway.encoding(to);
        Frame {
            message,
            client: self.gateway.client_of(to),
            about: encoding.and_then(|encoding| frame_subject(encoding, message, bytes)),
            text: matches!(encoding, Some(Encoding::Text(_))),
            output,
        }
    }

    /// Sends at once, or puts off what is late or must not overtake what is.
    fn postpone(&mut self, output: Output, wait: u64, ready: &mut Vec<Output>) {
        let now = self.now();
        if self.delay > 0 || self.delayed_until > now {
            self.delayed_until = self.delayed_until.max(now.saturating_add(self.delay));
            self.put_off(self.delayed_until.saturating_add(wait), Later::Frame(output));
        } else if wait > 0 {
            self.put_off(now.saturating_add(wait), Later::Frame(output));
        } else {
            ready.push(output);
        }
    }

    /// Hands frames to the sockets, past everything that could happen to them.
    pub(super) fn emit(&mut self, output: Vec<Output>) {
        let mut touched: Vec<ConnectionId> = output.iter().map(|each| self.carry_out(each)).collect();
        touched.dedup();
        for id in touched {
            self.flush(id);
        }
    }

    fn carry_out(&mut self, output: &Output) -> ConnectionId {
        match output {
            Output::Frame { to, class, id, bytes } => {
                let now = self.now();
                self.journal.sent(*to, now, *class, *id);
                self.write(*to, *class, bytes);
                *to
            }
            Output::Close(id) => {
                if let Some(connection) = self.connections.get_mut(id) {
                    connection.closing = true;
                    connection.wake.notify_one();
                }
                *id
            }
        }
    }

    pub(super) fn write(&mut self, to: ConnectionId, class: Class, bytes: &[u8]) {
        let Some(connection) = self.connections.get_mut(&to).filter(|each| !each.cut_off) else {
            return;
        };
        connection.outbox.encoding = self.gateway.encoding(to);
        let was_waiting = connection.outbox.has_pending();
        if connection.outbox.push(class, bytes).is_err() {
            self.malformed(to, "does not read: too much waits for it");
        } else if !was_waiting {
            connection.wake.notify_one();
        }
    }

    /// Writes what waits for a connection.
    pub(crate) fn flush(&mut self, id: ConnectionId) {
        let now = self.now();
        if !self
            .connections
            .get(&id)
            .is_some_and(|connection| self.speaks(connection))
        {
            return;
        }
        let Some(connection) = self.connections.get_mut(&id) else {
            return;
        };
        let written = match connection.dribble {
            None => connection.outbox.flush(&connection.stream),
            Some((bytes, pause)) => {
                let written = connection.outbox.flush_some(&connection.stream, bytes);
                if connection.outbox.has_pending() {
                    connection.write_from = now.saturating_add(pause);
                    self.pace.notify_one();
                }
                written
            }
        };
        if written.is_err() {
            self.close(id, End::Close);
        }
    }

    /// Ends a connection that was never served.
    pub(crate) fn slam(&mut self, stream: &TcpStream, how: End) {
        let now = self.now();
        self.faults
            .record(now, None, "accept-close", "a new connection was closed");
        end_stream(stream, how);
    }

    /// Ends a connection; what waits is lost.
    pub(super) fn close(&mut self, id: ConnectionId, how: End) {
        if let Some(connection) = self.connections.get(&id) {
            end_stream(&connection.stream, how);
            connection.wake.notify_one();
        }
        self.disconnect(id);
    }
}

/// Sees to it that the client sees this end when the socket is closed, which it soon is.
fn end_stream(stream: &TcpStream, how: End) {
    match how {
        End::Close => {}
        End::Rst => {
            // A socket that is gone already cannot be reset.
            let _ = stream.set_zero_linger();
        }
        End::Fin => {
            // What is unread when a socket closes makes a reset of its end.
            let mut unread = [0; 4096];
            while stream.try_read(&mut unread).is_ok_and(|count| count > 0) {}
            let descriptor = std::os::fd::AsRawFd::as_raw_fd(stream);
            let _ = nix::sys::socket::shutdown(descriptor, nix::sys::socket::Shutdown::Write);
        }
    }
}
