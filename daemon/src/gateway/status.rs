//! What the session publishes of itself: one record, read by whoever holds the receiver.

use std::cell::Cell;
use std::time::Duration;

use tokio::sync::watch;

use super::liveness::{self, Deadlines, Finding};
use crate::clock;
use crate::domain::instrument::InstrumentId;
use crate::domain::session::{SessionPhase, SessionStatus, Subscription};
use crate::domain::time::Timestamp;

/// The record and, beside it, the clocks a tick moves, so that a tick never publishes.
#[derive(Debug)]
pub struct StatusBoard {
    record: watch::Sender<SessionStatus>,
    lines: Vec<Line>,
}

/// One instrument's market data in this session.
#[derive(Debug, Default)]
struct Line {
    requested: Cell<Option<Timestamp>>,
    first_tick: Cell<Option<Timestamp>>,
    last_tick: Cell<Option<Timestamp>>,
}

impl StatusBoard {
    /// Nothing has happened yet.
    pub fn new(address: &str, client_id: i32, instruments: usize) -> Self {
        let subscription = |index| Subscription {
            instrument: InstrumentId(index as u32),
            requested: None,
            first_tick: None,
            last_tick: None,
        };
        let record = SessionStatus {
            phase: SessionPhase::Waiting,
            since: clock::now(),
            address: address.to_owned(),
            client_id,
            server_version: 0,
            accounts: Vec::new(),
            upstream: false,
            upstream_since: None,
            farms: Vec::new(),
            attempts: 0,
            sessions: 0,
            last_error: String::new(),
            last_heartbeat: None,
            proofs: Vec::new(),
            subscriptions: (0..instruments).map(subscription).collect(),
        };
        StatusBoard {
            record: watch::Sender::new(record),
            lines: (0..instruments).map(|_| Line::default()).collect(),
        }
    }

    /// A way to read the record now and whenever it changes.
    pub fn subscribe(&self) -> watch::Receiver<SessionStatus> {
        self.record.subscribe()
    }

    /// Changes the record in place.
    pub fn update(&self, change: impl FnOnce(&mut SessionStatus)) {
        self.record.send_modify(change);
    }

    /// The record's last error, for people.
    pub fn error(&self, text: String) {
        self.update(|record| record.last_error = text);
    }

    /// Attempts since the last time the session was up.
    pub fn attempts(&self) -> u64 {
        self.record.borrow().attempts
    }

    /// Looks for what has outlived its deadline.
    pub fn examine(&self, now: Timestamp, deadlines: Deadlines) -> Option<Finding> {
        liveness::examine(now, &self.record.borrow(), deadlines)
    }

    /// Why there is no session that is up, in words.
    pub fn why_not_up(&self) -> String {
        let record = self.record.borrow();
        let missing: Vec<&str> = record
            .proofs
            .iter()
            .filter(|proof| !proof.held)
            .map(|proof| proof.kind.as_str())
            .collect();
        match (record.last_error.as_str(), record.phase) {
            ("", SessionPhase::Up) => format!("not proved: {}", missing.join(", ")),
            ("", phase) => phase.as_str().to_owned(),
            (error, phase) => format!("{}, {error}", phase.as_str()),
        }
    }

    /// When the last heartbeat was answered.
    pub fn last_heartbeat(&self) -> Option<Timestamp> {
        self.record.borrow().last_heartbeat
    }

    /// Whether the gateway has IB, by its own word.
    pub fn upstream(&self) -> bool {
        self.record.borrow().upstream
    }

    /// The instruments that were asked for longer than `patience` ago and never ticked.
    pub fn silent(&self, now: Timestamp, patience: Duration) -> impl Iterator<Item = InstrumentId> {
        let late = move |line: &Line| {
            line.first_tick.get().is_none()
                && line
                    .requested
                    .get()
                    .is_some_and(|asked| now.since(asked) > patience)
        };
        let lines = self.lines.iter().enumerate();
        lines
            .filter(move |(_, line)| late(line))
            .map(|(index, _)| InstrumentId(index as u32))
    }

    /// An instrument's market data was asked for.
    pub fn requested(&self, instrument: InstrumentId) {
        if let Some(line) = self.lines.get(instrument.index()) {
            line.requested.set(Some(clock::now()));
            self.publish_line(instrument);
        }
    }

    /// A tick came. Costs one store for every tick but the first of a session.
    pub fn ticked(&self, instrument: InstrumentId, at: Timestamp) {
        let Some(line) = self.lines.get(instrument.index()) else {
            return;
        };
        line.last_tick.set(Some(at));
        if line.first_tick.get().is_none() {
            line.first_tick.set(Some(at));
            self.publish_line(instrument);
        }
    }

    /// One instrument's market data ended.
    pub fn forget_subscription(&self, instrument: InstrumentId) {
        if let Some(line) = self.lines.get(instrument.index()) {
            line.forget();
            self.publish_line(instrument);
        }
    }

    /// All market data ended, with the session or by IB.
    pub fn forget_subscriptions(&self) {
        self.lines.iter().for_each(Line::forget);
        self.publish_lines();
    }

    /// How many instruments' market data was asked for in this session, and how many of those have ticked.
    pub fn line_counts(&self) -> (usize, usize) {
        let requested = self.lines.iter().filter(|line| line.requested.get().is_some());
        let ticking = self.lines.iter().filter(|line| line.first_tick.get().is_some());
        (requested.count(), ticking.count())
    }

    /// Copies the clocks into the record; called about once a second.
    pub fn publish_lines(&self) {
        self.record.send_if_modified(|record| {
            let mut changed = false;
            for (line, row) in self.lines.iter().zip(&mut record.subscriptions) {
                let now = line.row(row.instrument);
                changed |= now != *row;
                *row = now;
            }
            changed
        });
    }

    fn publish_line(&self, instrument: InstrumentId) {
        self.update(|record| {
            let line = self.lines.get(instrument.index());
            let row = record.subscriptions.get_mut(instrument.index());
            if let (Some(line), Some(row)) = (line, row) {
                *row = line.row(instrument);
            }
        });
    }
}

impl Line {
    fn forget(&self) {
        self.requested.set(None);
        self.first_tick.set(None);
        self.last_tick.set(None);
    }

    fn row(&self, instrument: InstrumentId) -> Subscription {
        Subscription {
            instrument,
            requested: self.requested.get(),
            first_tick: self.first_tick.get(),
            last_tick: self.last_tick.get(),
        }
    }
}
