//! Everything that lives on the server's one thread: the gateway, its connections, and what goes wrong.
//!
//! It writes to sockets that can take more and never waits: waiting is for the tasks in `server`.

use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::net::TcpStream;
use tokio::sync::Notify;

use crate::books::Journal;
use crate::clock::Clock;
use crate::faults::{Fault, Script, notice_text};
use crate::gateway::{Class, ConnectionId, Gateway, Output};
use crate::load::Probe;
use crate::outbox::{Counts, Outbox};
use crate::wire::frame::Inbound;
use crate::wire::ids::{PROTOBUF_OFFSET, request};

/// Bytes that may wait for a client while it is still listened to.
const PATIENT_WAITING: usize = 1024 * 1024;

/// One accepted socket.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: Rc<TcpStream>,
    pub(crate) outbox: Outbox,
    /// Wakes the connection's task after something changed that it waits for.
    pub(crate) wake: Rc<Notify>,
    /// No more output is coming; close when it is written.
    closing: bool,
    /// Accepted in silence: whatever it says is ignored.
    ignored: bool,
}

/// What a connection's task should do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    /// The connection is over.
    Stop,
    /// Wait for these to become possible.
    Wait {
        /// Reading.
        read: bool,
        /// Writing.
        write: bool,
    },
}

/// The server's state.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) gateway: Gateway,
    pub(crate) connections: BTreeMap<ConnectionId, Connection>,
    pub(crate) journal: Journal,
    pub(crate) probe: Option<Probe>,
    /// Wakes the pacing task: something may be due earlier than it thinks.
    pub(crate) pace: Rc<Notify>,
    /// Wakes the accepting task: the port is to be closed.
    pub(crate) reopen: Rc<Notify>,
    /// What the last probe measured.
    pub(crate) last_probe: serde_json::Value,
    /// Connections are refused until then.
    pub(crate) refusing: Option<Instant>,
    /// Messages received so far, by their number.
    pub(crate) received: BTreeMap<u32, u64>,
    pub(crate) clock: Clock,
    script: Script,
    next_connection: u64,
    silent: bool,
    muted: bool,
    duplicate_next: bool,
    delay: Duration,
    delayed: VecDeque<(Instant, Output)>,
    finished: Counts,
}

impl World {
    pub(crate) fn new(gateway: Gateway, script: Script, clock: Clock) -> Self {
        Self {
            gateway,
            connections: BTreeMap::new(),
            journal: Journal::default(),
            probe: None,
            pace: Rc::new(Notify::new()),
            reopen: Rc::new(Notify::new()),
            last_probe: serde_json::Value::Null,
            refusing: None,
            received: BTreeMap::new(),
            clock,
            script,
            next_connection: 1,
            silent: false,
            muted: false,
            duplicate_next: false,
            delay: Duration::ZERO,
            delayed: VecDeque::new(),
            finished: Counts::default(),
        }
    }

    /// The logical instant, nanoseconds.
    pub(crate) fn now(&self) -> u64 {
        self.clock.now()
    }

    pub(crate) fn connect(&mut self, stream: Rc<TcpStream>) -> (ConnectionId, Rc<Notify>) {
        let id = ConnectionId(self.next_connection);
        self.next_connection += 1;
        let wake = Rc::new(Notify::new());
        let connection = Connection {
            stream,
            outbox: Outbox::default(),
            wake: Rc::clone(&wake),
            closing: false,
            ignored: self.silent,
        };
        self.connections.insert(id, connection);
        self.gateway.connect(id);
        self.journal.connected(id, self.now());
        (id, wake)
    }

    /// A connection's task has ended.
    pub(crate) fn disconnect(&mut self, id: ConnectionId) {
        if let Some(connection) = self.connections.remove(&id) {
            self.finished = sum(self.finished, connection.outbox.counts());
        }
        self.gateway.disconnect(id);
        let now = self.now();
        self.journal.disconnected(id, now);
        self.pace.notify_one();
    }

    /// Whether a connection's messages are handled: a client that does not read its answers is asked for
    /// no more questions.
    pub(crate) fn listens(&self, id: ConnectionId) -> bool {
        self.connections.get(&id).is_some_and(|connection| {
            !self.muted && !connection.closing && connection.outbox.waiting() < PATIENT_WAITING
        })
    }

    pub(crate) fn next(&self, id: ConnectionId) -> Next {
        let Some(connection) = self.connections.get(&id) else {
            return Next::Stop;
        };
        let waits = connection.outbox.has_pending();
        if connection.closing && !waits {
            return Next::Stop;
        }
        Next::Wait {
            read: self.listens(id),
            write: waits && !self.muted,
        }
    }

    /// A whole message was read at `read_at`.
    pub(crate) fn receive(&mut self, from: ConnectionId, message: Inbound, read_at: Instant) {
        if self
            .connections
            .get(&from)
            .is_none_or(|connection| connection.ignored || connection.closing)
        {
            return;
        }
        let now = self.now();
        self.journal.received(from, now, &message);
        if let Inbound::Message { id, .. } = &message {
            // Numbers no message has are counted as one, or their variety would take memory.
            let known = if *id <= PROTOBUF_OFFSET { *id } else { 0 };
            *self.received.entry(known).or_default() += 1;
        }
        let mut faults = Vec::new();
        if matches!(
            message,
            Inbound::Message {
                id: request::PLACE_ORDER,
                ..
            }
        ) {
            if let Some(probe) = &mut self.probe {
                probe.answered(read_at);
            }
            faults = self.script.order_arrived();
        }
        // What the market did before this message is not an answer to it.
        self.gateway.advance(now);
        self.deliver();
        for fault in &faults {
            if let Fault::Reject(code) = fault {
                self.gateway.reject_next(*code);
            }
        }
        if !faults.contains(&Fault::Lose) {
            self.gateway.receive(now, from, message);
        }
        if faults.contains(&Fault::Drop) {
            self.gateway.take_output();
        }
        if faults.contains(&Fault::Duplicate) {
            self.deliver_twice();
        }
        self.deliver();
        for fault in faults {
            if !matches!(fault, Fault::Reject(_) | Fault::Lose | Fault::Duplicate) {
                self.inflict(fault);
            }
        }
        self.pace.notify_one();
    }

    /// The stream of a connection cannot be followed any further.
    pub(crate) fn malformed(&mut self, id: ConnectionId, why: &str) {
        let now = self.now();
        self.journal.malformed(id, now, why);
        self.close(id);
    }

    /// Writes what waits for a connection.
    pub(crate) fn flush(&mut self, id: ConnectionId) {
        if self.muted {
            return;
        }
        let Some(connection) = self.connections.get_mut(&id) else {
            return;
        };
        if connection.outbox.flush(&connection.stream).is_err() {
            self.close(id);
        }
    }

    /// Lets time pass: markets, timed faults, delayed frames.
    pub(crate) fn advance(&mut self) {
        let now = self.now();
        while let Some(fault) = self.script.due(Duration::from_nanos(now)) {
            self.inflict(fault);
        }
        self.gateway.advance(now);
        self.deliver();
        self.release();
    }

    /// Moves the simulated clock ahead, and everything with it.
    pub(crate) fn step(&mut self, by: Duration) {
        self.clock.step(by);
        self.advance();
        self.pace.notify_one();
    }

    /// Changes how fast the simulated clock runs.
    pub(crate) fn run(&mut self, pace: crate::clock::Pace) {
        self.clock.run(pace);
        self.pace.notify_one();
    }

    /// When [`advance`](Self::advance) next has something to do; `None` while the clock stands still.
    pub(crate) fn next_due(&self) -> Option<Instant> {
        let market = self.clock.when(self.gateway.next_due());
        let script = self.script.next_due().and_then(|due| {
            let due = u64::try_from(due.as_nanos()).unwrap_or(u64::MAX);
            self.clock.when(due)
        });
        let delayed = self.delayed.front().map(|(due, _)| *due);
        market.into_iter().chain(script).chain(delayed).min()
    }

    /// Makes something go wrong, now.
    pub(crate) fn inflict(&mut self, fault: Fault) {
        match fault {
            Fault::Drop => self.drop_all(),
            Fault::Refuse(time) => {
                self.refusing = Some(Instant::now() + time);
                self.reopen.notify_one();
                self.drop_all();
            }
            Fault::Silent(on) => self.silent = on,
            Fault::Mute(on) => {
                self.muted = on;
                self.connections
                    .values()
                    .for_each(|connection| connection.wake.notify_one());
            }
            Fault::Notice(code) => self.gateway.notice(code, notice_text(code)),
            Fault::Reject(code) => self.gateway.reject_next(code),
            Fault::Duplicate => self.duplicate_next = true,
            Fault::Delay(time) => self.delay = time,
            Fault::Garbage => {
                let ids: Vec<ConnectionId> = self.connections.keys().copied().collect();
                for id in ids {
                    self.write(id, Class::Other, GARBAGE);
                    self.flush(id);
                }
            }
            Fault::Version(version) => self.gateway.announce_next(version),
            Fault::Lose => {}
        }
        self.deliver();
        self.pace.notify_one();
    }

    /// Takes the gateway's output to the sockets.
    pub(crate) fn deliver(&mut self) {
        let output = self.gateway.take_output();
        self.dispatch(output);
    }

    fn deliver_twice(&mut self) {
        let doubled = self.gateway.take_output().into_iter().flat_map(|output| {
            let again = matches!(
                output,
                Output::Frame {
                    class: Class::Order,
                    ..
                }
            )
            .then(|| output.clone());
            std::iter::once(output).chain(again)
        });
        let doubled = doubled.collect();
        self.dispatch(doubled);
    }

    fn dispatch(&mut self, output: Vec<Output>) {
        let mut touched = Vec::new();
        for each in output {
            let twice = self.duplicate_next
                && matches!(
                    each,
                    Output::Frame {
                        class: Class::Order,
                        ..
                    }
                );
            if twice {
                self.duplicate_next = false;
            }
            for _ in 0..=usize::from(twice) {
                if self.delay.is_zero() && self.delayed.is_empty() {
                    touched.push(self.carry_out(&each));
                } else {
                    self.delayed
                        .push_back((Instant::now() + self.delay, each.clone()));
                }
            }
        }
        touched.dedup();
        for id in touched {
            self.flush(id);
        }
    }

    fn release(&mut self) {
        let now = Instant::now();
        let mut touched = Vec::new();
        while let Some((_, output)) = self.delayed.pop_front_if(|(due, _)| *due <= now) {
            touched.push(self.carry_out(&output));
        }
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

    fn write(&mut self, to: ConnectionId, class: Class, bytes: &[u8]) {
        let Some(connection) = self.connections.get_mut(&to) else {
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

    fn drop_all(&mut self) {
        let ids: Vec<ConnectionId> = self.connections.keys().copied().collect();
        for id in ids {
            self.close(id);
        }
    }

    /// Closes at once; what waits is lost.
    fn close(&mut self, id: ConnectionId) {
        if let Some(connection) = self.connections.get(&id) {
            connection.wake.notify_one();
        }
        self.disconnect(id);
    }

    /// Bytes that wait for clients to read.
    pub(crate) fn waiting_bytes(&self) -> u64 {
        let waiting = |connection: &Connection| connection.outbox.waiting() as u64;
        self.connections.values().map(waiting).sum()
    }

    /// Counters over all connections, past ones included.
    pub(crate) fn counts(&self) -> Counts {
        let live = self
            .connections
            .values()
            .map(|connection| connection.outbox.counts());
        live.fold(self.finished, sum)
    }
}

fn sum(a: Counts, b: Counts) -> Counts {
    Counts {
        frames: a.frames + b.frames,
        ticks: a.ticks + b.ticks,
        conflated: a.conflated + b.conflated,
        bytes: a.bytes + b.bytes,
        blocked: a.blocked + b.blocked,
    }
}

/// A length no frame can have, and noise.
const GARBAGE: &[u8] = b"\xff\xfe\xfd\xfc\x00\x17\x2a\x99garbage\x00\x01\x02\x80\x81\x82\xc3\x28\xf0\x90";
