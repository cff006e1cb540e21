//! Looks at the session about once a second and does what the ladder says; tells the keeper of the session, the desk, the
//! audit and whoever reads the status.

use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;
use tracing::info;

use super::alarms::Alarms;
use super::audit::Audit;
use super::ibc::{self, IbcCommand};
use super::ladder::{Decision, Ladder, View};
use super::maintenance::{Calendar, Clocks, LoginWatch, Now};
use super::metrics::Metrics;
use super::trouble::{Lasting, Trouble, Watch, describe};
use super::{Config, Links, maintenance, unit};
use crate::clock;
use crate::desk::event::{Event, RecoveryEvent};
use crate::domain::recovery::{RecoveryStatus, Rung, Step, StepOutcome, TroubleReport};
use crate::domain::session::{Obstacle, SessionPhase, SessionStatus};
use crate::domain::time::Timestamp;

/// What a step that takes time came to.
type Ended = Result<String, String>;

/// The driver. See the module.
#[derive(Debug)]
pub struct Driver {
    config: Config,
    calendar: Calendar,
    reminder: Duration,
    links: Links,
    publish: watch::Sender<RecoveryStatus>,
    metrics: Metrics,
    ladder: Ladder,
    watch: Watch,
    login: LoginWatch,
    audit: Audit,
    alarms: Alarms,
    running: Option<(Rung, String, JoinHandle<Ended>)>,
    page: Option<String>,
    unit_restart: Option<Timestamp>,
    sessions: u64,
    session_began: Option<Timestamp>,
    restraints: Vec<String>,
    reminded: Option<Timestamp>,
    in_window: bool,
}

/// What was seen and concluded at one look.
struct Look {
    at: Timestamp,
    session: SessionStatus,
    now: Now,
    clocks: Clocks,
    lasting: Option<Lasting>,
}

impl Driver {
    pub(super) fn new(
        config: Config,
        calendar: Calendar,
        times: &maintenance::Config,
        links: Links,
        publish: watch::Sender<RecoveryStatus>,
        metrics: Metrics,
    ) -> Self {
        let millis = |millis: u32| Duration::from_millis(millis.into());
        let used = |step: &&Step| step.outcome != StepOutcome::Refused;
        let past = links.past.iter().filter(used).map(|step| (step.at, step.rung));
        let ladder = Ladder::new(config.policy(), past);
        let reports = links.reports.clone();
        Driver {
            ladder,
            audit: Audit::new(links.past.clone(), reports.clone(), links.uid),
            alarms: Alarms::new(reports, millis(config.calm_ms)),
            login: LoginWatch::new(
                millis(times.login_wait_after_ms),
                millis(times.cold_restart_takes_ms),
            ),
            reminder: millis(times.login_reminder_before_ms),
            config,
            calendar,
            links,
            publish,
            metrics,
            watch: Watch::default(),
            running: None,
            page: None,
            unit_restart: None,
            sessions: 0,
            session_began: None,
            restraints: Vec::new(),
            reminded: None,
            in_window: false,
        }
    }

    /// Until the session's keeper is gone, or the surrounding task is dropped.
    pub async fn run(mut self) {
        let every = Duration::from_millis(self.config.check_every_ms.into());
        let mut round = tokio::time::interval(every);
        round.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            round.tick().await;
            if self.links.session.has_changed().is_err() {
                return;
            }
            self.conclude().await;
            self.round(clock::now());
        }
    }

    /// A step that took time may have ended.
    async fn conclude(&mut self) {
        let Some((rung, why, task)) = self.running.take_if(|(_, _, task)| task.is_finished()) else {
            return;
        };
        let ended = match task.await {
            Ok(ended) => ended,
            Err(failed) => Err(failed.to_string()),
        };
        self.ended(rung, why, ended);
    }

    fn ended(&mut self, rung: Rung, why: String, ended: Ended) {
        let (outcome, detail) = match ended {
            Ok(detail) => (StepOutcome::Done, detail),
            Err(detail) => {
                self.ladder.failed();
                (StepOutcome::Failed, detail)
            }
        };
        self.note(rung, why, outcome, detail);
    }

    fn note(&mut self, rung: Rung, why: String, outcome: StepOutcome, detail: String) {
        let at = clock::now();
        let step = Step {
            at,
            rung,
            why,
            outcome,
            detail,
        };
        self.audit.note(step, &self.metrics);
    }

    fn round(&mut self, at: Timestamp) {
        let look = self.look(at);
        let view = View {
            at,
            trouble: look.lasting,
            in_window: !look.now.report.active.is_empty(),
            ibc: self.config.ibc.address.is_some(),
            unit: self.config.unit.allow,
            login_expired: self.login.login_expired(&look.clocks),
        };
        if self.config.enabled && self.running.is_none() {
            for decision in self.ladder.decide(&view) {
                self.act(decision, &look);
            }
        }
        self.tell_alarms(&look);
        self.tell_desk(&look);
        self.guide(&look);
        self.publish(&look, &view);
    }

    fn look(&mut self, at: Timestamp) -> Look {
        let session = self.links.session.borrow_and_update().clone();
        let connected = matches!(session.phase, SessionPhase::Proving | SessionPhase::Up);
        if session.sessions != self.sessions {
            self.sessions = session.sessions;
            self.session_began = Some(at);
        }
        let now = self.calendar.at(at, self.session_began.filter(|_| connected));
        let clocks = Clocks {
            cold_restart: now.last_cold_restart,
            token_expiry: now.last_token_expiry,
            unit_restart: self.unit_restart,
        };
        let obstacle = session.failing.map(|failing| failing.obstacle);
        let pending = self.login.look(at, connected, obstacle, &clocks).is_some();
        let in_window = !now.report.active.is_empty();
        let silent_after = self.config.silent_after;
        let lasting = self.watch.look(at, &session, pending, in_window, silent_after);
        Look {
            at,
            session,
            now,
            clocks,
            lasting,
        }
    }

    fn act(&mut self, decision: Decision, look: &Look) {
        let (rung, trouble) = match decision {
            Decision::Over => {
                info!("the trouble is over; recovery starts from the bottom again");
                self.page = None;
                return;
            }
            Decision::Refuse(rung, trouble, refusal) => {
                let why = describe(trouble, &look.session);
                self.note(rung, why, StepOutcome::Refused, refusal.as_str().to_owned());
                return;
            }
            Decision::Take(rung, trouble) => (rung, trouble),
        };
        let why = describe(trouble, &look.session);
        match rung {
            Rung::Rerequest => self.note(
                rung,
                why,
                StepOutcome::Done,
                "the feed asks for them again".to_owned(),
            ),
            Rung::Reopen => {
                self.links.guidance.send_modify(|guidance| {
                    guidance.reopen += 1;
                    guidance.reason.clone_from(&why);
                });
                self.note(
                    rung,
                    why,
                    StepOutcome::Done,
                    "another socket was asked for".to_owned(),
                );
            }
            Rung::ReconnectData => self.start_ibc(rung, why, IbcCommand::ReconnectData),
            Rung::ReconnectAccount => self.start_ibc(rung, why, IbcCommand::ReconnectAccount),
            Rung::Restart => {
                self.watch.forgive_silences();
                self.start_ibc(rung, why, IbcCommand::Restart);
            }
            Rung::RestartUnit => {
                self.watch.forgive_silences();
                self.unit_restart = Some(look.at);
                let config = self.config.unit.clone();
                let task = async move { unit::restart(&config).await.map_err(|error| error.to_string()) };
                self.running = Some((rung, why, tokio::spawn(task)));
            }
            Rung::Page => self.call_operator(look.at, trouble, why),
        }
    }

    fn start_ibc(&mut self, rung: Rung, why: String, command: IbcCommand) {
        // The ladder refuses these rungs where there is no address.
        let Some(address) = self.config.ibc.address else {
            return;
        };
        let timeout = Duration::from_millis(self.config.ibc.timeout_ms.into());
        let task = async move {
            match ibc::give(address, command, timeout).await {
                Ok(said) => Ok(format!("IBC took {}: OK {said}", command.as_str())
                    .trim_end()
                    .to_owned()),
                Err(error) => Err(error.to_string()),
            }
        };
        self.running = Some((rung, why, tokio::spawn(task)));
    }

    fn call_operator(&mut self, at: Timestamp, trouble: Trouble, why: String) {
        let text = format!("nothing more is tried by itself: {why}");
        // These are told as soon as they are seen: by the gateway's edge, and below.
        if !matches!(trouble, Trouble::Competing | Trouble::LoginPending) {
            self.alarms.raise(at, "recovery_paged", || text.clone());
        }
        self.page = Some(why.clone());
        self.note(
            Rung::Page,
            why,
            StepOutcome::Done,
            "the operator was called".to_owned(),
        );
    }

    fn tell_alarms(&mut self, look: &Look) {
        let at = look.at;
        let in_window = !look.now.report.active.is_empty();
        if in_window != self.in_window {
            self.in_window = in_window;
            for window in &look.now.report.active {
                let (name, kind) = (window.name.as_str(), window.kind.as_str());
                info!(name, kind, "maintenance begins: {}", window.kind.meaning());
            }
            if !in_window {
                info!("maintenance is over");
            }
        }
        self.alarms.settle(at);
        let trouble = look.lasting.map(|lasting| lasting.trouble);
        if trouble == Some(Trouble::LoginPending) {
            self.alarms.raise(at, "second_factor", || {
                let text = describe(Trouble::LoginPending, &look.session);
                let why = self.login.waiting().map_or("", |wait| wait.reason.as_str());
                format!("{text}: {why}")
            });
        }
        let refused = look
            .session
            .failing
            .filter(|failing| failing.obstacle == Obstacle::ClientIdInUse);
        if refused.is_some_and(|failing| failing.count >= self.config.client_id_alarm_after) {
            self.alarms.raise(at, "client_id_conflict", || {
                describe(Trouble::ClientIdHeld, &look.session)
            });
        }
        if let Some(login) = look.now.report.weekly_login()
            && !self.reminder.is_zero()
            && login.since(at) <= self.reminder
            && self.reminded != Some(login)
        {
            self.reminded = Some(login);
            let hours = login.since(at).as_secs().div_ceil(3_600);
            self.alarms.raise(at, "weekly_login", || {
                format!(
                    "the gateway's login ends in {hours} h: be there to approve the second factor, or the gateway stays \
                     down"
                )
            });
        }
    }

    fn tell_desk(&mut self, look: &Look) {
        let mut reasons = Vec::new();
        if look.now.report.blackout_until.is_some() {
            reasons.push(
                "order blackout: the gateway restarts itself, and an order written then may be lost"
                    .to_owned(),
            );
        }
        if look.session.competing.is_some() {
            reasons.push(describe(Trouble::Competing, &look.session));
        }
        // What is held back for its own sake is not said twice.
        if let Some(page) = self.page.as_ref().filter(|page| !reasons.contains(page)) {
            reasons.push(format!("recovery has called the operator: {page}"));
        }
        if reasons != self.restraints {
            self.restraints.clone_from(&reasons);
            let event = RecoveryEvent::Restrained { reasons };
            self.links.reports.send(Event::Recovery(event));
        }
    }

    fn guide(&self, look: &Look) {
        let slow = self.login.waiting().is_some() || self.ladder.paged().is_some();
        let pace = match slow {
            true => Duration::from_millis(self.config.slow_retry_ms.into()),
            false => Duration::ZERO,
        };
        let expected = !look.now.report.active.is_empty();
        self.links.guidance.send_if_modified(|guidance| {
            let news = guidance.pace != pace || guidance.expected != expected;
            (guidance.pace, guidance.expected) = (pace, expected);
            news
        });
    }

    fn publish(&self, look: &Look, view: &View) {
        let trouble = look.lasting.map(|lasting| TroubleReport {
            kind: lasting.trouble.as_str(),
            since: lasting.since,
            text: describe(lasting.trouble, &look.session),
        });
        let status = RecoveryStatus {
            enabled: self.config.enabled,
            trouble,
            rung: self.ladder.highest(),
            paged: self.ladder.paged().zip(self.page.clone()),
            rungs: self.ladder.report(view),
            steps: self.audit.steps(),
            login: self.login.waiting().cloned(),
            restraints: self.restraints.clone(),
            maintenance: look.now.report.clone(),
        };
        self.metrics.show(look.at, &status);
        self.publish.send_replace(status);
    }
}
