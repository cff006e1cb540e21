//! Whether the daemon would trade now, as a list of named conditions, each with how long it has been so, why, and what
//! to do. Pure: everything it judges is handed to it.

use std::time::Duration;

use super::streams;
use crate::desk::snapshot::Snapshot;
use crate::domain::plugin::{PluginState, PluginStatus};
use crate::domain::proof::Proof;
use crate::domain::recovery::{RecoveryStatus, Rung};
use crate::domain::session::{SessionPhase, SessionStatus};
use crate::domain::time::Timestamp;
use crate::domain::trading_state::{Latch, TradingState};

/// The desk publishes itself at least once a second; five missed ones mean that it is stuck.
pub const DESK_STUCK_AFTER: Duration = Duration::from_secs(5);

/// One thing that must be so before orders can leave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// Its stable name.
    pub name: &'static str,
    /// Whether it is so.
    pub ok: bool,
    /// How long it has been as it is, or how old what it was judged by is, where that is known.
    pub age: Option<Duration>,
    /// Why, for people.
    pub reason: String,
    /// What to do; empty when it is so.
    pub fix: String,
}

impl Condition {
    fn met(name: &'static str, age: Option<Duration>, reason: impl Into<String>) -> Self {
        Condition {
            name,
            ok: true,
            age,
            reason: reason.into(),
            fix: String::new(),
        }
    }

    fn unmet(
        name: &'static str,
        age: Option<Duration>,
        reason: impl Into<String>,
        fix: impl Into<String>,
    ) -> Self {
        Condition {
            name,
            ok: false,
            age,
            reason: reason.into(),
            fix: fix.into(),
        }
    }
}

/// Every condition, in the order in which one should look at them.
pub fn assess(
    now: Timestamp,
    snapshot: &Snapshot,
    session: &SessionStatus,
    plugins: &[PluginStatus],
) -> Vec<Condition> {
    let mut conditions = vec![desk(now, snapshot), session_up(now, session)];
    // Without a session there is nothing to prove it with; that it is missing is said above.
    if matches!(session.phase, SessionPhase::Proving | SessionPhase::Up) {
        conditions.extend(proofs(now, session));
        conditions.push(streams::condition(now, snapshot, session));
    }
    conditions.extend([
        reconciled(now, snapshot),
        books(now, snapshot),
        ledger(now, snapshot),
        plugins_running(plugins),
        trading(snapshot),
    ]);
    conditions
}

/// Whether the desk's loop turns. What [`assess`] begins with, and all that liveness asks.
pub fn desk(now: Timestamp, snapshot: &Snapshot) -> Condition {
    let age = now.since(snapshot.at);
    if age <= DESK_STUCK_AFTER {
        return Condition::met("desk", Some(age), "the desk's loop turns");
    }
    let reason = format!("the desk has not published itself for {}", seconds(age));
    let fix = "nothing of what is shown is newer than that; `journalctl -u moored` says what it did last, and \
               `systemctl restart moored` starts it with its memory";
    Condition::unmet("desk", Some(age), reason, fix)
}

fn session_up(now: Timestamp, session: &SessionStatus) -> Condition {
    const NAME: &str = "session";
    let age = Some(now.since(session.since));
    let address = &session.address;
    let doing = match session.phase {
        SessionPhase::Up => return Condition::met(NAME, age, format!("up to {address}")),
        SessionPhase::Waiting => "waiting before the next attempt to connect to",
        SessionPhase::Connecting => "connecting to",
        SessionPhase::Proving => "connected, reading the broker's truth from",
        SessionPhase::Closed => "closed, because the daemon stops:",
    };
    let mut reason = format!("{doing} {address}");
    if !session.last_error.is_empty() {
        reason = format!("{reason}; last error: {}", session.last_error);
    }
    let fix = "check that the gateway runs, is logged in and accepts API connections on that address; \
               moored keeps trying by itself";
    Condition::unmet(NAME, age, reason, fix)
}

/// What the session proved about itself, each with the age of its proof; one condition while there is no session.
pub fn proofs(now: Timestamp, session: &SessionStatus) -> Vec<Condition> {
    let condition = |proof: &Proof| Condition {
        name: proof.kind.as_str(),
        ok: proof.held,
        age: proof.proved.map(|at| now.since(at)),
        reason: proof.reason.clone(),
        fix: proof.fix.clone(),
    };
    session.proofs.iter().map(condition).collect()
}

fn reconciled(now: Timestamp, snapshot: &Snapshot) -> Condition {
    const NAME: &str = "reconciled";
    let age = snapshot.reconciled_at.map(|at| now.since(at));
    let fix = "it is done by itself once the session is up; `moorctl reconcile` asks for it again";
    if snapshot.reconciled_at.is_none() {
        return Condition::unmet(NAME, None, "the broker's truth was never read", fix);
    }
    if snapshot.trading_state == TradingState::Recovering {
        let reason = with_reasons("what the broker holds is not known", snapshot);
        return Condition::unmet(NAME, age, reason, fix);
    }
    Condition::met(NAME, age, "ours agreed with the broker's truth")
}

/// Whether ours and the broker's books agree, or an operator has taken the difference as it is.
fn books(now: Timestamp, snapshot: &Snapshot) -> Condition {
    const NAME: &str = "books";
    let open = snapshot.discrepancies.iter();
    let open: Vec<_> = open.filter(|row| row.accepted.is_none()).collect();
    let Some(oldest) = open.iter().map(|row| now.since(row.first_seen)).max() else {
        return Condition::met(NAME, None, "ours and the broker's books agree");
    };
    let names: Vec<&str> = open.iter().map(|row| row.name.as_str()).collect();
    let fix = "`moorctl discrepancies list` says what is on either side and what to do; no new risk is taken in these \
               instruments until it is explained, or accepted with `moorctl discrepancies accept NAME --reason …`";
    Condition::unmet(NAME, Some(oldest), names.join(", "), fix)
}

fn ledger(now: Timestamp, snapshot: &Snapshot) -> Condition {
    const NAME: &str = "ledger";
    let age = Some(now.since(snapshot.at));
    match snapshot.ledger_error.as_str() {
        "" => Condition::met(NAME, age, "the last record was written"),
        error => {
            let fix = "free disk space, check the directory's rights; moored tries again by itself, and nothing is lost \
                       that the broker has";
            Condition::unmet(NAME, age, format!("the ledger cannot be written: {error}"), fix)
        }
    }
}

fn plugins_running(plugins: &[PluginStatus]) -> Condition {
    const NAME: &str = "plugins";
    let out: Vec<String> = plugins
        .iter()
        .filter(|plugin| plugin.state != PluginState::Running)
        .map(|plugin| match plugin.last_failure.as_str() {
            "" => format!("{} is {}", plugin.name, plugin.state.as_str()),
            failure => format!("{} is {}: {failure}", plugin.name, plugin.state.as_str()),
        })
        .collect();
    if out.is_empty() {
        let reason = match plugins.len() {
            0 => "no plugin is configured".to_owned(),
            count => format!("all {count} running"),
        };
        return Condition::met(NAME, None, reason);
    }
    let fix = "a restarting one comes back by itself; a quarantined one with `moorctl plugins restart NAME`, once \
               its failure is understood";
    Condition::unmet(NAME, None, out.join("; "), fix)
}

fn trading(snapshot: &Snapshot) -> Condition {
    const NAME: &str = "trading";
    let fix = match snapshot.trading_state {
        TradingState::Active => return Condition::met(NAME, None, "active"),
        TradingState::Halted => "`moorctl resume --reason …` once the cause is gone",
        TradingState::ReduceOnly => "see to the conditions above that are not met",
        TradingState::Recovering => "wait for the session and its reconciliation: the conditions above",
        TradingState::Draining => "the daemon is stopping: start it again",
    };
    let what = match snapshot.latch {
        Latch::Running => snapshot.trading_state.as_str().to_owned(),
        // The reasons say it already.
        latch if snapshot.latch_reason.is_empty() || !snapshot.reasons.is_empty() => {
            latch.as_str().to_owned()
        }
        latch => format!("{} ({})", latch.as_str(), snapshot.latch_reason),
    };
    Condition::unmet(NAME, None, with_reasons(&what, snapshot), fix)
}

/// Whether recovery still tries by itself, and what the calendar holds back.
pub fn recovery(now: Timestamp, status: &RecoveryStatus) -> [Condition; 3] {
    let ladder = match (&status.paged, &status.trouble) {
        (Some((since, why)), _) => {
            let reason = format!("recovery has called the operator: {why}");
            let fix = "see to the cause; `moorctl recovery show` lists what was tried. It starts again by itself once \
                       the trouble is over";
            Condition::unmet("recovery", Some(now.since(*since)), reason, fix)
        }
        (None, Some(trouble)) => {
            let rung = status.rung.map_or("nothing yet", Rung::as_str);
            let reason = format!("{}: {}; tried: {rung}", trouble.kind, trouble.text);
            Condition::met("recovery", Some(now.since(trouble.since)), reason)
        }
        (None, None) => Condition::met("recovery", None, "no trouble"),
    };
    let login = match &status.login {
        Some(wait) => {
            let fix = "approve the second factor at the gateway";
            let reason = format!("2fa-wait: {}", wait.reason);
            Condition::unmet("login", Some(now.since(wait.since)), reason, fix)
        }
        None => {
            let left = status.maintenance.weekly_login().map(|login| login.since(now));
            let hours = left.map_or(0, |left| left.as_secs() / 3_600);
            Condition::met("login", None, format!("good for another {hours} h"))
        }
    };
    let calendar = &status.maintenance;
    let maintenance = match (calendar.blackout_until, calendar.active.first()) {
        (Some(until), _) => {
            let left = seconds(until.since(now));
            let reason = "the gateway restarts itself: orders that add risk are held back";
            let fix = format!("wait at most {left}: it ends with the new session");
            Condition::unmet("maintenance", None, reason, fix)
        }
        (None, Some(window)) => {
            let left = seconds(window.to.since(now));
            let reason = format!("{} for another {left}: {}", window.name, window.kind.meaning());
            Condition::met("maintenance", Some(now.since(window.from)), reason)
        }
        (None, None) => Condition::met("maintenance", None, "no window"),
    };
    [ladder, login, maintenance]
}

fn with_reasons(what: &str, snapshot: &Snapshot) -> String {
    if snapshot.reasons.is_empty() {
        return what.to_owned();
    }
    format!("{what}: {}", snapshot.reasons.join("; "))
}

fn seconds(age: Duration) -> String {
    format!("{:.1} s", age.as_secs_f64())
}
