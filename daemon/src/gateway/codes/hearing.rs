//! What is done about every message of IB's, wherever in the daemon it arrives: counted, written to the log, and, where
//! the table says so, told to the operator.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use prometheus::{IntCounterVec, Opts, Registry};
use tracing::{debug, error, info, warn};

use super::action::{About, Action, Severity};
use super::policy::{Policy, RANGES, Ruling, range};
use crate::clock;
use crate::desk::event::SessionEvent;
use crate::domain::proof::ProofKind;
use crate::domain::time::Timestamp;
use crate::gateway::Shared;

/// An alarm that was raised is not raised again so soon; what it says is in the log and in the counts.
const ALARM_EVERY: Duration = Duration::from_secs(60);
/// Unknown codes told apart in the log; a gateway that invents more is not followed.
const STRANGERS_MAX: usize = 256;

/// The policy, and what was heard under it.
#[derive(Debug)]
pub struct Hearing {
    policy: Policy,
    errors: IntCounterVec,
    unknown: IntCounterVec,
    classes: IntCounterVec,
    alarms: RefCell<BTreeMap<&'static str, Timestamp>>,
    strangers: RefCell<BTreeSet<i32>>,
}

impl Hearing {
    /// With nothing heard.
    pub fn register(policy: Policy, registry: &Registry) -> Result<Self, prometheus::Error> {
        let make = |name: &str, help: &str, labels: &[&str]| {
            let made = IntCounterVec::new(Opts::new(name, help), labels)?;
            registry.register(Box::new(made.clone()))?;
            Ok::<_, prometheus::Error>(made)
        };
        let hearing = Hearing {
            errors: make(
                "moored_ib_errors_total",
                "IB's errors and notices; codes that the table does not have are \"other\".",
                &["code", "severity"],
            )?,
            unknown: make(
                "moored_gateway_unknown_codes_total",
                "Codes that the table does not have.",
                &["range"],
            )?,
            classes: make(
                "moored_ib_error_texts_total",
                "Errors whose text says more than their code.",
                &["code", "class"],
            )?,
            policy,
            alarms: RefCell::default(),
            strangers: RefCell::default(),
        };
        for range in RANGES {
            hearing.unknown.with_label_values(&[range]);
        }
        Ok(hearing)
    }

    fn count(&self, code: i32, ruling: &Ruling) {
        let label = if ruling.known {
            code.to_string()
        } else {
            self.unknown.with_label_values(&[range(code)]).inc();
            "other".to_owned()
        };
        let severity = ruling.severity.as_str();
        self.errors.with_label_values(&[label.as_str(), severity]).inc();
        if !ruling.class.is_empty() {
            self.classes
                .with_label_values(&[label.as_str(), ruling.class])
                .inc();
        }
    }

    /// Whether an unknown code has not been seen before.
    fn is_stranger(&self, code: i32) -> bool {
        let mut strangers = self.strangers.borrow_mut();
        strangers.len() < STRANGERS_MAX && strangers.insert(code)
    }

    /// Whether an alarm of this name may be raised now.
    fn may_alarm(&self, name: &'static str, now: Timestamp) -> bool {
        let mut alarms = self.alarms.borrow_mut();
        let due = alarms
            .get(name)
            .is_none_or(|last| now.since(*last) >= ALARM_EVERY);
        if due {
            alarms.insert(name, now);
        }
        due
    }
}

impl Shared {
    /// What a message is taken for, without hearing it: for those that arrive in two places.
    pub(in crate::gateway) fn ruling(&self, about: About, notice: &ibapi::Notice) -> Ruling {
        self.codes.policy.rule(notice.code, &notice.message, about)
    }

    /// Takes in one message of IB's: counts it, logs it, raises its alarm, and says what it is taken for.
    pub(in crate::gateway) fn heard(&self, about: About, notice: &ibapi::Notice) -> Ruling {
        let (code, text) = (notice.code, notice.message.as_str());
        let ruling = self.codes.policy.rule(code, text, about);
        self.codes.count(code, &ruling);
        if !ruling.known && self.codes.is_stranger(code) {
            warn!(code, text, ?about, action = ?ruling.action, "IB sent a code that the table does not have");
        }
        log(about, &ruling, notice);
        if ruling.is_read_only() {
            let fix = "untick \"Read-Only API\" in the gateway's API settings";
            self.disproved(ProofKind::WriteAccess, notice.to_string(), fix);
        }
        if let Some(name) = ruling.alarm {
            self.alarm(name, format!("IB said ({}): {notice}", ruling.severity.as_str()));
        }
        ruling
    }

    /// Tells the operator, at most once a minute under each name.
    pub(in crate::gateway) fn alarm(&self, name: &'static str, text: String) {
        if self.codes.may_alarm(name, clock::now()) {
            self.reports.session(SessionEvent::Alarm { name, text });
        } else {
            debug!(alarm = name, text, "raised less than a minute ago");
        }
    }
}

/// Edges of the session are logged where they are acted on; orders' errors also by the desk, requests' by who asked.
fn log(about: About, ruling: &Ruling, notice: &ibapi::Notice) {
    let edge = matches!(
        ruling.action,
        Action::UpstreamLost
            | Action::UpstreamRestored
            | Action::UpstreamRestoredDataLost
            | Action::FarmUp
            | Action::FarmIdle
            | Action::FarmConnecting
            | Action::FarmBroken
    );
    match (about, ruling.severity) {
        _ if edge => debug!(%notice, "the gateway says"),
        (About::Session, Severity::Info) => info!(%notice, "the gateway says"),
        (About::Session, Severity::Warning) => warn!(%notice, "the gateway warns"),
        (_, Severity::Critical) | (About::Session, Severity::Error) => error!(%notice, "IB reports an error"),
        (About::Order, Severity::Error) => info!(%notice, "an error about an order"),
        _ => debug!(%notice, ?about, "a notice"),
    }
}
