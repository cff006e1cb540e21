//! What the session publishes of itself: one record, read by whoever holds the receiver.

use tokio::sync::watch;

use super::liveness::{self, Deadlines, Finding};
use crate::clock;
use crate::domain::session::{SessionPhase, SessionStatus};
use crate::domain::time::Timestamp;

/// The record. What a tick moves is with the streams, so that a tick never publishes.
#[derive(Debug)]
pub struct StatusBoard {
    record: watch::Sender<SessionStatus>,
}

impl StatusBoard {
    /// Nothing has happened yet.
    pub fn new(address: &str, client_id: i32) -> Self {
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
            failing: None,
            silences: 0,
            proofs: Vec::new(),
            competing: None,
            streams_silent: 0,
            subscriptions: Vec::new(),
        };
        StatusBoard {
            record: watch::Sender::new(record),
        }
    }

    /// For those that publish a part of the record themselves.
    pub fn sender(&self) -> watch::Sender<SessionStatus> {
        self.record.clone()
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
}
