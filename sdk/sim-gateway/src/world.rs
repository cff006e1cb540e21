//! Everything that lives on the server's one thread: the gateway, its connections, and what goes wrong.
//!
//! It writes to sockets that can take more and never waits: waiting is for the tasks in `server`.

mod inflict;
mod receive;
mod traffic;

use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::net::TcpStream;
use tokio::sync::Notify;

use crate::books::Journal;
use crate::clock::Clock;
use crate::faults::{
    Action, Door, End, Fired, Log, Pace, Rules, Scenario, Script, Trigger, Unknowns, nanos, next_window,
};
use crate::gateway::conduct::Settings;
use crate::gateway::{ConnectionId, Gateway, Output};
use crate::invariants::Watch;
use crate::load::Probe;
use crate::outbox::{Counts, Outbox};
use crate::wire::Body;

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
    /// Accepted in silence, or cut off since: whatever it says is ignored.
    ignored: bool,
    /// Cut off: nothing is written to it any more.
    cut_off: bool,
    /// Neither read nor written.
    frozen: bool,
    /// Bytes a second that are read of it.
    rate: Option<u64>,
    /// It is not listened to until then, logical nanoseconds.
    listen_from: u64,
    /// Bytes written at a time, and the pause after them.
    dribble: Option<(usize, u64)>,
    /// Nothing is written to it until then, logical nanoseconds.
    write_from: u64,
    /// When its newest messages came, for pacing.
    recent: std::collections::VecDeque<u64>,
    /// How often it was told that it says too much.
    warned: u32,
}

/// Something to do later.
#[derive(Debug)]
enum Later {
    /// The end of what a step did.
    End { step: String, action: Action },
    /// A step of a fault that has several.
    Inflict(Action),
    /// A message to be acted on, whoever is there by then.
    Message { client: i32, id: u32, body: Body },
    /// A frame that leaves late.
    Frame(Output),
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
    /// Connections are refused until then, logical nanoseconds.
    pub(crate) refusing: Option<u64>,
    /// What becomes of new connections.
    pub(crate) door: Door,
    /// What went wrong so far.
    pub(crate) faults: Log,
    /// What the invariants need to have seen.
    pub(crate) watch: Watch,
    /// Messages received so far, by their number.
    pub(crate) received: BTreeMap<u32, u64>,
    pub(crate) clock: Clock,
    script: Script,
    unknowns: Unknowns,
    rules: Rules,
    pacing: Pace,
    later: BTreeMap<(u64, u64), Later>,
    put_off: u64,
    next_connection: u64,
    muted: bool,
    duplicate_next: bool,
    /// Everything leaves this much later, nanoseconds.
    delay: u64,
    /// When the last frame so delayed leaves: no later one may overtake it.
    delayed_until: u64,
    /// A cold start that waits for the second factor, and whether that has come.
    approved: Option<bool>,
    /// A step that a frame set off is at work; frames of its own set off none.
    at_work: bool,
    /// The number on record of what was inflicted last.
    inflicted: u64,
    finished: Counts,
}

impl World {
    pub(crate) fn new(mut gateway: Gateway, scenario: Scenario, seed: u64, clock: Clock) -> Self {
        let Scenario {
            seed: own,
            unknowns,
            mut steps,
        } = scenario;
        let epoch = i64::try_from(gateway.exchange().unix_seconds(0)).unwrap_or_default();
        let vintage = unknowns.reset_windows;
        let due = |trigger: &Trigger| match trigger {
            Trigger::At(at) => Some(nanos(*at)),
            Trigger::Window(region) => {
                let (begin, _) = next_window(vintage, *region, epoch)?;
                let seconds = u64::try_from(begin - epoch).unwrap_or_default();
                Some(seconds.saturating_mul(1_000_000_000))
            }
            _ => None,
        };
        for step in &mut steps {
            if let (Trigger::Window(region), None) = (&step.trigger, step.lasting) {
                let window = next_window(vintage, *region, epoch);
                step.lasting =
                    window.and_then(|(_, length)| Some(Duration::from_secs(length.try_into().ok()?)));
            }
        }
        let script = Script::new(steps, own.unwrap_or(seed), due);
        gateway.assume(Settings {
            id_hold: nanos(unknowns.client_id_hold),
            busy_says_why: unknowns.busy_client_id_says_why,
            corrections_are_deltas: unknowns.corrections == crate::faults::Corrections::Delta,
            restored_keeps_streams: unknowns.restored_keeps_streams,
            resubmit: unknowns.maintain_and_resubmit,
            resubmit_stale: unknowns.resubmit_stale,
            texts: unknowns.texts.clone(),
        });
        let mut world = Self {
            gateway,
            connections: BTreeMap::new(),
            journal: Journal::default(),
            probe: None,
            pace: Rc::new(Notify::new()),
            reopen: Rc::new(Notify::new()),
            last_probe: serde_json::Value::Null,
            refusing: None,
            door: Door::Open,
            faults: Log::default(),
            watch: Watch::default(),
            received: BTreeMap::new(),
            clock,
            script,
            rules: Rules::default(),
            pacing: Pace::Free,
            later: BTreeMap::new(),
            put_off: 0,
            next_connection: 1,
            muted: false,
            duplicate_next: false,
            delay: 0,
            delayed_until: 0,
            approved: None,
            at_work: false,
            inflicted: 0,
            finished: Counts::default(),
            unknowns,
        };
        world.report_statuses_first();
        world
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
            ignored: self.door == Door::Silent,
            cut_off: false,
            frozen: false,
            rate: None,
            listen_from: 0,
            dribble: None,
            write_from: 0,
            recent: std::collections::VecDeque::new(),
            warned: 0,
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
        let now = self.now();
        self.gateway.hold_id(now, id);
        self.gateway.disconnect(id);
        self.journal.disconnected(id, now);
        self.watch.disconnected(id);
        self.pace.notify_one();
    }

    /// Whether a connection's messages are handled: a client that does not read its answers is asked for
    /// no more questions.
    pub(crate) fn listens(&self, id: ConnectionId) -> bool {
        let now = self.now();
        self.connections.get(&id).is_some_and(|connection| {
            !self.muted
                && !connection.frozen
                && !connection.closing
                && connection.listen_from <= now
                && connection.outbox.waiting() < PATIENT_WAITING
        })
    }

    /// Whether a connection may be written to.
    fn speaks(&self, connection: &Connection) -> bool {
        !self.muted && !connection.frozen && connection.write_from <= self.now()
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
            write: waits && self.speaks(connection),
        }
    }

    /// Lets time pass: markets, what steps and faults have put off.
    pub(crate) fn advance(&mut self) {
        let now = self.now();
        while let Some(fired) = self.script.due(now) {
            self.inflict(fired, None);
        }
        self.gateway.advance(now);
        self.deliver();
        self.catch_up(now);
        if self.refusing.is_some_and(|until| until <= now) {
            self.reopen_port();
        }
        for connection in self.connections.values() {
            let due = |from: u64| from != 0 && from <= now;
            if due(connection.listen_from) || due(connection.write_from) {
                connection.wake.notify_one();
            }
        }
        for connection in self.connections.values_mut() {
            for from in [&mut connection.listen_from, &mut connection.write_from] {
                if *from <= now {
                    *from = 0;
                }
            }
        }
    }

    /// Does what was put off until now.
    fn catch_up(&mut self, now: u64) {
        let freed = self.rules.expire(now);
        self.emit(freed.into_iter().map(|frame| frame.output).collect());
        while let Some(first) = self.later.first_entry() {
            if first.key().0 > now {
                break;
            }
            match first.remove() {
                Later::End { step, action } => self.end(&step, &action),
                Later::Inflict(action) => {
                    self.inflict(Fired::by("a fault's next part", action), None);
                }
                Later::Message { client, id, body } => {
                    self.gateway.receive_late(now, client, id, &body);
                    self.faults.record(
                        now,
                        None,
                        "late",
                        format!("message {id} of client {client} acted on"),
                    );
                    self.deliver();
                }
                Later::Frame(output) => self.emit(vec![output]),
            }
        }
    }

    fn put_off(&mut self, until: u64, what: Later) {
        self.put_off += 1;
        self.later.insert((until, self.put_off), what);
        self.pace.notify_one();
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
        let waits = |connection: &Connection| {
            let both = [connection.listen_from, connection.write_from];
            both.into_iter().filter(|from| *from != 0).min()
        };
        let connections = self.connections.values().filter_map(waits).min();
        let own = [
            self.script.next_due(),
            self.later.first_key_value().map(|((at, _), _)| *at),
            self.rules.next_due(),
            self.refusing.filter(|until| *until != u64::MAX),
            connections,
        ];
        let first = own.into_iter().flatten().fold(self.gateway.next_due(), u64::min);
        self.clock.when(first)
    }

    /// The stream of a connection cannot be followed any further.
    pub(crate) fn malformed(&mut self, id: ConnectionId, why: &str) {
        let now = self.now();
        self.journal.malformed(id, now, why);
        self.close(id, End::Close);
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
