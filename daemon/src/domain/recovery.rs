//! What is done about a session that is in trouble, as whoever does it publishes it; and what it asks of the gateway.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::time::Timestamp;

/// One step of the recovery ladder. Each costs more than the one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rung {
    /// A mute subscription is asked for again; the feed does it, the ladder counts.
    Rerequest,
    /// The API socket is closed and opened.
    Reopen,
    /// IBC's `RECONNECTDATA`: the gateway reconnects to the data farms.
    ReconnectData,
    /// IBC's `RECONNECTACCOUNT`: the gateway reconnects to the login server.
    ReconnectAccount,
    /// IBC's `RESTART`: the gateway starts again without a login.
    Restart,
    /// The gateway's systemd unit is restarted: a cold start, which may want the second factor.
    RestartUnit,
    /// Nothing more is tried; the operator is called.
    Page,
}

impl Rung {
    /// From the bottom to the top.
    pub const ALL: [Rung; 7] = [
        Rung::Rerequest,
        Rung::Reopen,
        Rung::ReconnectData,
        Rung::ReconnectAccount,
        Rung::Restart,
        Rung::RestartUnit,
        Rung::Page,
    ];

    /// In words, for metrics, logs and the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Rung::Rerequest => "rerequest",
            Rung::Reopen => "reopen",
            Rung::ReconnectData => "reconnect_data",
            Rung::ReconnectAccount => "reconnect_account",
            Rung::Restart => "restart",
            Rung::RestartUnit => "restart_unit",
            Rung::Page => "page",
        }
    }

    /// From its words.
    pub fn parse(text: &str) -> Option<Rung> {
        Rung::ALL.into_iter().find(|rung| rung.as_str() == text)
    }

    /// Its number, from 1 at the bottom.
    pub const fn number(self) -> u8 {
        self as u8 + 1
    }

    /// Its place in [`Rung::ALL`].
    pub const fn index(self) -> usize {
        self as usize
    }
}

/// What came of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepOutcome {
    /// It was done.
    Done,
    /// It was tried and could not be done.
    Failed,
    /// It was not tried: a cap, a window, the policy.
    Refused,
}

impl StepOutcome {
    /// Every outcome.
    pub const ALL: [StepOutcome; 3] = [StepOutcome::Done, StepOutcome::Failed, StepOutcome::Refused];

    /// In words, for metrics, logs and the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            StepOutcome::Done => "done",
            StepOutcome::Failed => "failed",
            StepOutcome::Refused => "refused",
        }
    }
}

/// One entry of the audit: a step that was taken or refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// When.
    pub at: Timestamp,
    /// Which.
    pub rung: Rung,
    /// Against what, in words.
    pub why: String,
    /// Whether it was done.
    pub outcome: StepOutcome,
    /// What was answered, or why it was refused.
    pub detail: String,
}

/// What is wrong now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TroubleReport {
    /// Its stable name.
    pub kind: &'static str,
    /// Since when.
    pub since: Timestamp,
    /// In words.
    pub text: String,
}

/// How one rung stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RungReport {
    /// Which.
    pub rung: Rung,
    /// Times it was used in the last 24 hours.
    pub used: u32,
    /// How often it may be used in 24 hours.
    pub cap: u32,
    /// Until when it rests; `None` if it does not.
    pub resting_until: Option<Timestamp>,
    /// Why it cannot be used at all; empty if it can.
    pub unusable: String,
}

/// What kind of maintenance a window is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WindowKind {
    /// IB's servers are reset, every night.
    Reset,
    /// The gateway restarts itself, once a day, without a login.
    AutoRestart,
    /// IB's long maintenance at the weekend.
    Weekend,
    /// The gateway is started from cold, once a week, and wants the second factor.
    ColdRestart,
    /// The operator's own.
    User,
}

impl WindowKind {
    /// Every kind, for metrics that show one series each.
    pub const ALL: [WindowKind; 5] = [
        WindowKind::Reset,
        WindowKind::AutoRestart,
        WindowKind::Weekend,
        WindowKind::ColdRestart,
        WindowKind::User,
    ];

    /// In words.
    pub const fn as_str(self) -> &'static str {
        match self {
            WindowKind::Reset => "reset",
            WindowKind::AutoRestart => "autorestart",
            WindowKind::Weekend => "weekend",
            WindowKind::ColdRestart => "coldrestart",
            WindowKind::User => "user",
        }
    }

    /// What it means for the one who watches.
    pub const fn meaning(self) -> &'static str {
        match self {
            WindowKind::Reset => {
                "IB resets its servers: the gateway may lose IB and its farms for seconds to minutes"
            }
            WindowKind::AutoRestart => "the gateway restarts itself: its port closes for up to two minutes",
            WindowKind::Weekend => "IB's weekend maintenance: login and orders may not work at all",
            WindowKind::ColdRestart => {
                "the gateway starts from cold: somebody must approve the second factor"
            }
            WindowKind::User => "the operator's own window",
        }
    }
}

/// A stretch of time in which trouble is expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WindowReport {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub kind: WindowKind,
    /// When it begins.
    pub from: Timestamp,
    /// When it ends.
    pub to: Timestamp,
}

/// The gateway waits for a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoginWait {
    /// Since when it is thought so.
    pub since: Timestamp,
    /// Why it is thought so.
    pub reason: String,
}

/// The maintenance calendar at a moment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MaintenanceReport {
    /// The windows we are in.
    pub active: Vec<WindowReport>,
    /// The next ones, soonest first.
    pub next: Vec<WindowReport>,
    /// The gateway's next restart by itself.
    pub auto_restart: Option<Timestamp>,
    /// Until when orders that add risk are held back; `None` while they are not.
    pub blackout_until: Option<Timestamp>,
    /// The gateway's next weekly cold start, where one is configured.
    pub cold_restart: Option<Timestamp>,
    /// When IB next forgets the login (Sunday 01:00 in New York).
    pub token_expiry: Option<Timestamp>,
}

impl MaintenanceReport {
    /// When a person is next needed to log in: the cold start, or else the end of the login.
    pub fn weekly_login(&self) -> Option<Timestamp> {
        self.cold_restart.or(self.token_expiry)
    }
}

/// Everything about recovery, as it is now.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RecoveryStatus {
    /// Whether the ladder may act at all.
    pub enabled: bool,
    /// What is wrong now, if anything is.
    pub trouble: Option<TroubleReport>,
    /// The highest rung used against the present trouble.
    pub rung: Option<Rung>,
    /// Since when the operator is called, and why.
    pub paged: Option<(Timestamp, String)>,
    /// How each rung stands.
    pub rungs: Vec<RungReport>,
    /// The latest steps taken and refused, oldest first.
    pub steps: Vec<Step>,
    /// The gateway waits for the second factor.
    pub login: Option<LoginWait>,
    /// Why orders that add risk are held back.
    pub restraints: Vec<String>,
    /// The calendar.
    pub maintenance: MaintenanceReport,
}

/// What recovery asks of the keeper of the session.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Guidance {
    /// Grows each time the socket is to be closed and opened.
    pub reopen: u64,
    /// Why it should be.
    pub reason: String,
    /// No attempt may follow another sooner than this.
    pub pace: Duration,
    /// The session may be lost without a warning: that is expected now.
    pub expected: bool,
}
