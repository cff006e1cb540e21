//! Recovery and maintenance in the words of the API.

use super::convert::instant;
use super::schema;
use crate::domain::recovery::{RecoveryStatus, Rung, RungReport, Step, WindowReport};
use crate::domain::time::Timestamp;

/// What `2fa-wait` is called where a session's phase is shown.
const WAITS_FOR_PERSON: &str = "2fa-wait";

pub(super) fn recovery(status: RecoveryStatus) -> schema::Recovery {
    let (paged_at, paged_reason) = status.paged.unzip();
    let trouble = status.trouble;
    schema::Recovery {
        enabled: status.enabled,
        trouble: trouble
            .as_ref()
            .map_or(String::new(), |trouble| trouble.kind.to_owned()),
        trouble_since_at: trouble.as_ref().and_then(|trouble| instant(trouble.since)),
        trouble_text: trouble.map_or(String::new(), |trouble| trouble.text),
        rung: status.rung.map_or("", Rung::as_str).to_owned(),
        paged_at: paged_at.and_then(instant),
        paged_reason: paged_reason.unwrap_or_default(),
        restraints: status.restraints,
        rungs: status.rungs.into_iter().map(rung).collect(),
        steps: status.steps.into_iter().map(step).collect(),
    }
}

fn rung(report: RungReport) -> schema::RecoveryRung {
    schema::RecoveryRung {
        rung: report.rung.as_str().to_owned(),
        used: report.used,
        cap: report.cap,
        resting_until: report.resting_until.and_then(instant),
        unusable: report.unusable,
    }
}

fn step(step: Step) -> schema::RecoveryStep {
    schema::RecoveryStep {
        at: instant(step.at),
        rung: step.rung.as_str().to_owned(),
        outcome: step.outcome.as_str().to_owned(),
        why: step.why,
        detail: step.detail,
    }
}

pub(super) fn maintenance(now: Timestamp, status: RecoveryStatus) -> schema::Maintenance {
    let calendar = status.maintenance;
    let login = calendar.weekly_login();
    let wait = status.login;
    let window = |report: WindowReport| window(now, report);
    schema::Maintenance {
        active: calendar.active.into_iter().map(window).collect(),
        next: calendar.next.into_iter().map(window).collect(),
        auto_restart_at: calendar.auto_restart.and_then(instant),
        blackout_until: calendar.blackout_until.and_then(instant),
        cold_restart_at: calendar.cold_restart.and_then(instant),
        token_expiry_at: calendar.token_expiry.and_then(instant),
        weekly_login_s: login.map(|login| login.since(now).as_secs_f64()),
        login: wait.as_ref().map_or("", |_| WAITS_FOR_PERSON).to_owned(),
        login_since_at: wait.as_ref().and_then(|wait| instant(wait.since)),
        login_reason: wait.map_or(String::new(), |wait| wait.reason),
    }
}

fn window(now: Timestamp, report: WindowReport) -> schema::MaintenanceWindow {
    schema::MaintenanceWindow {
        name: report.name,
        kind: report.kind.as_str().to_owned(),
        meaning: report.kind.meaning().to_owned(),
        from_at: instant(report.from),
        to_at: instant(report.to),
        begins_in_s: report.from.since(now).as_secs_f64(),
        ends_in_s: report.to.since(now).as_secs_f64(),
    }
}

/// What the phase of the session alone does not say.
pub(super) fn detail(status: &RecoveryStatus) -> String {
    if let Some(wait) = &status.login {
        let since = instant(wait.since).unwrap_or_default();
        return format!("{WAITS_FOR_PERSON} since {since}: {}", wait.reason);
    }
    if let Some((_, why)) = &status.paged {
        return format!("recovery has called the operator: {why}");
    }
    let Some(window) = status.maintenance.active.first() else {
        return String::new();
    };
    let until = instant(window.to).unwrap_or_default();
    format!("maintenance until {until}: {}", window.name)
}
