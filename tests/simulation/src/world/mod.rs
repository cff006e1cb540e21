//! The world between the desk and the exchange: a wire with delays and faults, a daemon that dies, and virtual time.
//!
//! [`World::run`] carries out a list of [`Operation`]s. Between them everything that is due happens in the order of
//! its time; no chance is left. The daemon's own loop (record, then send) is done again in `daemon.rs`, a session's life
//! in `session.rs`, a reading of the truth in `reading.rs`.
//!
//! Never: a real clock, a thread, a file, chance.

mod daemon;
mod operations;
mod reading;
mod rest;
mod session;
mod setup;

use std::collections::{BTreeMap, VecDeque};

use moored::desk::Desk;
use moored::desk::event::Event;
use moored::desk::record::{Memory, Record};
use moored::domain::order::OrderId;
use moored::domain::plugin::Names;
use moored::domain::report::BrokerReport;
use moored::domain::time::Timestamp;
use moored::orders::placement::Placement;
use serde::{Deserialize, Serialize};

use crate::broker::Broker;
use crate::checks::{Violation, Watch};
use crate::digest::Digest;
use crate::ledger::LedgerModel;
use crate::operation::{Operation, Opinion, ReadingFate, ReportFate, UnderWay, WriteFate};

pub use setup::{MAX_POSITION, MESSAGES_PER_SECOND, PLUGINS, instruments, plugins};

/// Unix time of instant zero, seconds.
const EPOCH: u64 = 1_795_000_000;
/// Nanoseconds of a millisecond.
const MS: u64 = 1_000_000;
/// How long anything takes on the wire when nothing is wrong.
const WIRE: u64 = MS;

/// A defect planted in the world, so that it is seen whether the checks find it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Plant {
    /// A late write is carried out twice, the second time under another id.
    LateWritesTwice,
    /// A repeated fill comes under a new execution id.
    RepeatedFillsRenamed,
    /// The ledger loses the last record of a batch when the daemon dies after it.
    LastRecordLost,
    /// Orders leave again after a crash, as a daemon would send them that resends what was not acknowledged.
    ResendAfterCrash,
    /// What fills the desk is told of is a lot more than was traded.
    FillsRounded,
}

/// What a world is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Making {
    /// Seed of the exchange's prices.
    pub seed: u64,
    /// Whether risk plugins are asked.
    pub risk_plugins: bool,
    /// A defect, if one is planted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plant: Option<Plant>,
}

/// What goes to the gateway.
#[derive(Debug, Clone)]
enum Write {
    Place(Placement),
    Cancel(OrderId),
}

/// Something that is due.
#[derive(Debug, Clone)]
enum Due {
    /// A write arrives at the gateway. One of session 0 arrives whatever becomes of the session it was sent in.
    Arrive { session: u32, write: Write },
    /// A report arrives at the daemon.
    Tell { session: u32, report: BrokerReport },
    /// The daemon's own edge says something.
    Hand { session: u32, event: Event },
    /// The daemon notices that the socket is dead.
    Notice { session: u32 },
    /// A session begins.
    Connect,
    /// The daemon starts.
    Start,
    /// The next step of a reading of the truth.
    Read { session: u32 },
    /// The daemon's edge gives a reading up, or hands it over.
    ReadingEnds { session: u32 },
}

/// The socket.
#[derive(Debug, Default)]
struct Link {
    /// Counts the sessions.
    session: u32,
    /// Whether the socket lives.
    alive: bool,
    /// Whether the daemon believes that it lives.
    believed: bool,
    /// Whether the gateway has IB.
    upstream: bool,
    /// Whether the session proves what it has to.
    proves: bool,
}

/// A running daemon.
#[derive(Debug)]
struct Daemon {
    desk: Desk,
    pending: VecDeque<Event>,
    backlog: Vec<Record>,
    /// Until when the ledger cannot be written.
    ledger_fails_until: u64,
    next_clock: u64,
}

/// What is armed, first come first hit.
#[derive(Debug, Default)]
struct Armed {
    writes: VecDeque<WriteFate>,
    reports: VecDeque<ReportFate>,
    readings: VecDeque<ReadingFate>,
    verdicts: VecDeque<Opinion>,
    crash: Option<(u32, UnderWay, u32)>,
}

/// The desk, the exchange and what lies between.
#[derive(Debug)]
pub struct World {
    making: Making,
    now: u64,
    number: u64,
    due: BTreeMap<(u64, u64), Due>,
    broker: Broker,
    daemon: Option<Daemon>,
    ledger: LedgerModel,
    link: Link,
    armed: Armed,
    reading: Option<reading::Reading>,
    watch: Watch,
    quotes: bool,
    /// The highest number a plugin had used when the daemon last started; its host never goes below.
    used_before: u64,
    tickets: u64,
    /// How long after its end a session is followed by the next.
    back_after: u64,
    /// What was last quoted, and in which second.
    shown: BTreeMap<u32, (i64, i64, u64)>,
    events: u64,
    digest: Option<Digest>,
    story: Option<Vec<String>>,
    /// Every batch of records that was made durable, if they are asked for.
    batches: Option<Vec<(Timestamp, Vec<Record>)>>,
    /// Orders sent in this life and not acknowledged, for a planted defect.
    unacknowledged: BTreeMap<i32, Placement>,
}

/// What came of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// What was violated, and after how many operations.
    pub violation: Option<(Violation, usize)>,
    /// Events the desk handled.
    pub events: u64,
    /// Fills the exchange made.
    pub fills: usize,
    /// Orders that left.
    pub orders: usize,
    /// Digest of all effects, if it was asked for.
    pub digest: Option<Digest>,
    /// What happened, line by line, if it was asked for.
    pub story: Vec<String>,
    /// What was made durable batch by batch, if it was asked for, and what the daemon would be handed then.
    pub durable: Option<(Vec<(Timestamp, Vec<Record>)>, Memory)>,
}

/// What of a run is kept.
#[derive(Debug, Clone, Copy, Default)]
pub struct Keep {
    /// A digest of all effects.
    pub digest: bool,
    /// What happened, line by line.
    pub story: bool,
    /// What was made durable.
    pub records: bool,
}

impl World {
    /// Carries out a run, lets the world come to rest, and says what was violated.
    pub fn run(making: Making, operations: &[Operation], keep: Keep) -> Outcome {
        let mut world = World::new(making);
        world.digest = keep.digest.then(Digest::default);
        world.story = keep.story.then(Vec::new);
        world.batches = keep.records.then(Vec::new);
        let mut violation = world.settle_in().err().map(|violation| (violation, 0));
        for (at, operation) in operations.iter().enumerate() {
            if violation.is_some() {
                break;
            }
            world.tell_story(|now| format!("{now} ── {operation:?}"));
            violation = world
                .operate(*operation)
                .err()
                .map(|violation| (violation, at + 1));
        }
        if violation.is_none() {
            let found = world.come_to_rest().err();
            violation = found.map(|violation| (violation, operations.len()));
        }
        Outcome {
            violation,
            events: world.events,
            fills: world.broker.fills(),
            orders: world.watch.placed.len(),
            digest: world.digest,
            story: world.story.unwrap_or_default(),
            durable: world
                .batches
                .map(|batches| (batches, world.ledger.memory(&Names::new(setup::plugins())))),
        }
    }

    fn new(making: Making) -> Self {
        let broker = Broker::new(making.seed, EPOCH);
        World {
            making,
            now: 0,
            number: 0,
            due: BTreeMap::new(),
            broker,
            daemon: None,
            ledger: LedgerModel::default(),
            link: Link {
                upstream: true,
                proves: true,
                ..Link::default()
            },
            armed: Armed::default(),
            reading: None,
            watch: Watch::default(),
            quotes: true,
            used_before: 0,
            tickets: 0,
            back_after: 0,
            shown: BTreeMap::new(),
            events: 0,
            digest: None,
            story: None,
            batches: None,
            unacknowledged: BTreeMap::new(),
        }
    }

    fn settle_in(&mut self) -> Result<(), Violation> {
        self.start()?;
        self.pass(100)
    }

    /// The instant as the daemon's clock shows it.
    fn at(&self) -> Timestamp {
        Timestamp::from_nanos(EPOCH * 1_000_000_000 + self.now)
    }

    fn schedule(&mut self, after: u64, due: Due) {
        self.number += 1;
        self.due.insert((self.now + after, self.number), due);
    }

    /// Lets so many milliseconds pass: whatever is due happens, the daemon's clock ticks, quotes come.
    fn pass(&mut self, ms: u32) -> Result<(), Violation> {
        let until = self.now + u64::from(ms) * MS;
        loop {
            let clock = self.daemon.as_ref().map(|daemon| daemon.next_clock);
            let first = self.due.keys().next().map(|(at, _)| *at);
            let next = match (clock, first) {
                (Some(clock), Some(first)) => clock.min(first),
                (Some(at), None) | (None, Some(at)) => at,
                (None, None) => until,
            };
            if next >= until {
                break;
            }
            self.reach(next);
            if clock.is_some_and(|clock| clock <= next) {
                self.tick(ms)?;
                continue;
            }
            if let Some((_, due)) = self.due.pop_first() {
                self.happen(due)?;
            }
        }
        self.reach(until);
        Ok(())
    }

    /// Moves time on, at the exchange too; what it says is on its way then.
    fn reach(&mut self, now: u64) {
        if now > self.now {
            self.now = now;
            self.broker.advance(now);
            self.collect();
        }
    }

    /// Sends what the broker said on its way.
    fn collect(&mut self) {
        for told in self.broker.take_told() {
            self.tell(told.after, told.report);
        }
    }

    fn tell(&mut self, after: u64, report: BrokerReport) {
        // Nobody is told but over a session, and the gateway hears of nothing while it has no IB.
        if !self.link.alive || !self.link.upstream {
            return;
        }
        let session = self.link.session;
        let report = self.spoil(report);
        let due = |report| Due::Tell { session, report };
        match self.armed.reports.pop_front() {
            None => self.schedule(after + WIRE, due(report)),
            Some(ReportFate::Lost) => {}
            Some(ReportFate::Late(ms)) => self.schedule(after + WIRE + u64::from(ms) * MS, due(report)),
            Some(ReportFate::Twice(ms)) => {
                let again = self.repeated(&report);
                self.schedule(after + WIRE, due(report));
                self.schedule(after + WIRE + u64::from(ms) * MS, due(again));
            }
        }
    }

    /// A planted defect: what fills the desk is told of is more than was traded.
    fn spoil(&self, mut report: BrokerReport) -> BrokerReport {
        if let (Some(Plant::FillsRounded), BrokerReport::Execution(execution)) =
            (self.making.plant, &mut report)
        {
            execution.size = execution.size.plus(moored::domain::money::Quantity::ONE);
        }
        report
    }

    /// The second telling of a report; a planted defect gives a fill another name.
    fn repeated(&self, report: &BrokerReport) -> BrokerReport {
        let mut again = report.clone();
        if let (Some(Plant::RepeatedFillsRenamed), BrokerReport::Execution(execution)) =
            (self.making.plant, &mut again)
        {
            execution.exec_id = format!("again.{}", execution.exec_id);
        }
        again
    }

    fn happen(&mut self, due: Due) -> Result<(), Violation> {
        match due {
            Due::Arrive { write, .. } => self.arrive(write),
            Due::Tell { session, report } if self.hears(session) => self.handle(Event::Report(report))?,
            Due::Hand { session, event } if self.hears(session) => self.handle(event)?,
            Due::Tell { .. } | Due::Hand { .. } => {}
            Due::Notice { session } if session == self.link.session => self.notice("the socket is dead")?,
            Due::Notice { .. } => {}
            Due::Connect => self.connect()?,
            Due::Start => self.start()?,
            Due::Read { session } => self.read_on(session),
            Due::ReadingEnds { session } => self.end_reading(session)?,
        }
        self.collect();
        Ok(())
    }

    /// Whether the daemon takes in what this session brings.
    fn hears(&self, session: u32) -> bool {
        session == self.link.session && self.link.believed
    }

    fn tell_story(&mut self, line: impl FnOnce(String) -> String) {
        let now = self.now;
        if let Some(story) = &mut self.story {
            let at = format!("{:>9}.{:06} s", now / 1_000_000_000, now % 1_000_000_000 / 1_000);
            story.push(line(at));
        }
    }
}
