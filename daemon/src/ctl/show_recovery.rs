//! Recovery and maintenance as people read them.

use super::number::{date_time, duration, or_dash};
use super::show::Lines;
use super::table::{Table, clean};
use crate::admin::schema::{Maintenance, MaintenanceWindow, Recovery};

pub(super) fn recovery(recovery: &Recovery) -> Lines {
    let mut lines = Vec::new();
    let state = if recovery.enabled {
        "on"
    } else {
        "off (recovery.enabled)"
    };
    lines.push(format!("ladder      {state}"));
    lines.push(match recovery.trouble.as_str() {
        "" => "trouble     none".to_owned(),
        trouble => format!(
            "trouble     {trouble} since {}: {}",
            date_time(recovery.trouble_since_at.as_ref()),
            clean(&recovery.trouble_text)
        ),
    });
    if recovery.paged_at.is_some() {
        lines.push(format!(
            "CALLED YOU  {}: {}",
            date_time(recovery.paged_at.as_ref()),
            clean(&recovery.paged_reason)
        ));
    }
    for restraint in &recovery.restraints {
        lines.push(format!("reduce only {}", clean(restraint)));
    }
    lines.push(String::new());
    let mut rungs = Table::new(&["RUNG", ">USED 24H", ">CAP", "RESTS UNTIL", "CANNOT BE USED"]);
    for rung in &recovery.rungs {
        let cap = if rung.rung == "page" {
            "-".to_owned()
        } else {
            rung.cap.to_string()
        };
        rungs.row([
            rung.rung.clone(),
            rung.used.to_string(),
            cap,
            date_time(rung.resting_until.as_ref()),
            or_dash(Some(rung.unusable.clone()).filter(|text| !text.is_empty())),
        ]);
    }
    lines.extend(rungs.lines());
    lines.push(String::new());
    if recovery.steps.is_empty() {
        lines.push("no step was taken".to_owned());
        return lines;
    }
    let mut steps = Table::new(&["WHEN", "RUNG", "OUTCOME", "WHY", "DETAIL"]);
    for step in &recovery.steps {
        steps.row([
            date_time(step.at.as_ref()),
            step.rung.clone(),
            step.outcome.clone(),
            step.why.clone(),
            step.detail.clone(),
        ]);
    }
    lines.extend(steps.lines());
    lines
}

pub(super) fn maintenance(maintenance: &Maintenance) -> Lines {
    let mut lines: Lines = maintenance.active.iter().map(now).collect();
    if lines.is_empty() {
        lines.push("now           no maintenance".to_owned());
    }
    if !maintenance.login.is_empty() {
        let since = date_time(maintenance.login_since_at.as_ref());
        let reason = clean(&maintenance.login_reason);
        lines.push(format!("{:<12}  since {since}: {reason}", maintenance.login));
    }
    if maintenance.blackout_until.is_some() {
        let until = date_time(maintenance.blackout_until.as_ref());
        lines.push(format!(
            "blackout      orders that add risk are held back until {until}"
        ));
    }
    lines.push(format!(
        "auto-restart  {}",
        configured(maintenance.auto_restart_at.as_ref(), "maintenance.auto_restart")
    ));
    lines.push(format!(
        "cold start    {}",
        configured(maintenance.cold_restart_at.as_ref(), "maintenance.cold_restart")
    ));
    lines.push(format!(
        "login ends    {}",
        date_time(maintenance.token_expiry_at.as_ref())
    ));
    if let Some(seconds) = maintenance.weekly_login_s {
        lines.push(format!(
            "be there in   {}, to approve the second factor",
            duration(seconds)
        ));
    }
    lines.push(String::new());
    let mut table = Table::new(&["NEXT", "KIND", "BEGINS", ">IN", ">FOR", "MEANS"]);
    for window in &maintenance.next {
        table.row([
            window.name.clone(),
            window.kind.clone(),
            date_time(window.from_at.as_ref()),
            duration(window.begins_in_s),
            duration(window.ends_in_s - window.begins_in_s),
            window.meaning.clone(),
        ]);
    }
    lines.extend(table.lines());
    lines
}

fn configured(at: Option<&String>, key: &str) -> String {
    at.map_or_else(|| format!("not configured ({key})"), |at| date_time(Some(at)))
}

fn now(window: &MaintenanceWindow) -> String {
    format!(
        "now           {} ({}) for another {}: {}",
        clean(&window.name),
        window.kind,
        duration(window.ends_in_s),
        window.meaning
    )
}
