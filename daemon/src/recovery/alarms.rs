//! Alarms told once: a trouble that comes and goes in bursts is one trouble, and one call for the operator.

use std::collections::HashMap;
use std::time::Duration;

use crate::desk::event::{Event, RecoveryEvent};
use crate::domain::time::Timestamp;
use crate::mailbox::ReportSender;

/// What was told, and when it was last so.
#[derive(Debug)]
pub struct Alarms {
    told: HashMap<&'static str, Timestamp>,
    reports: ReportSender,
    calm: Duration,
}

impl Alarms {
    /// An alarm may be told again when it was not so for `calm`.
    pub fn new(reports: ReportSender, calm: Duration) -> Self {
        Alarms {
            told: HashMap::new(),
            reports,
            calm,
        }
    }

    /// It is so now: tells it, unless it was told.
    pub fn raise(&mut self, at: Timestamp, name: &'static str, text: impl FnOnce() -> String) {
        if self.told.insert(name, at).is_none() {
            let text = text();
            self.reports
                .send(Event::Recovery(RecoveryEvent::Alarm { name, text }));
        }
    }

    /// Forgets what has not been so for a while.
    pub fn settle(&mut self, at: Timestamp) {
        let calm = self.calm;
        self.told.retain(|_, last| at.since(*last) < calm);
    }
}
