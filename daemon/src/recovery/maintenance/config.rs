//! The `[maintenance]` section, and what cannot work.

use jiff::civil::{Time, Weekday};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::presets::{NEW_YORK, Preset, Region};
use crate::domain::recovery::WindowKind;

/// When trouble is expected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Which publication of IB's reset windows to go by.
    pub preset: Preset,
    /// Which of IB's servers the account logs in to.
    pub region: Region,
    /// The time zone of `auto_restart` and `cold_restart`, by its IANA name: the gateway's own.
    pub time_zone: String,
    /// The time of day (`23:45`) at which the gateway restarts itself, as set in the gateway or in IBC.
    pub auto_restart: Option<String>,
    /// How long before that no order that adds risk may leave; 0 for never.
    pub order_blackout_before_ms: u32,
    /// How long after it, unless a new session stands sooner.
    pub order_blackout_after_ms: u32,
    /// How long the gateway may be gone when it restarts itself.
    pub auto_restart_takes_ms: u32,
    /// The day and time (`Sun 10:00`) of the weekly cold start, as set in IBC or in a timer.
    pub cold_restart: Option<String>,
    /// How long a cold start may take, the second factor included.
    pub cold_restart_takes_ms: u32,
    /// How long after a start that wants a login the gateway is thought to wait for the second factor.
    pub login_wait_after_ms: u32,
    /// How long before the next login the operator is reminded of it, once; 0 for never.
    pub login_reminder_before_ms: u32,
    /// The operator's own windows.
    pub windows: Vec<WindowConfig>,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            preset: Preset::default(),
            region: Region::default(),
            time_zone: NEW_YORK.to_owned(),
            auto_restart: None,
            order_blackout_before_ms: 30_000,
            order_blackout_after_ms: 60_000,
            auto_restart_takes_ms: 300_000,
            cold_restart: None,
            cold_restart_takes_ms: 900_000,
            login_wait_after_ms: 240_000,
            login_reminder_before_ms: 86_400_000,
            windows: Vec::new(),
        }
    }
}

/// One window of the operator's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WindowConfig {
    /// What it is called.
    pub name: String,
    /// Its time zone, by its IANA name.
    pub tz: String,
    /// The days it begins on (`Mon` … `Sun`); every day, if left out.
    #[serde(default)]
    pub days: Vec<String>,
    /// The time of day it begins.
    pub from: String,
    /// The time of day it ends; the next day, if it is not after `from`.
    pub to: String,
    /// What it is for.
    #[serde(default = "user")]
    pub kind: WindowKind,
}

const fn user() -> WindowKind {
    WindowKind::User
}

/// A setting that cannot work.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{key}: {problem}")]
pub struct ConfigProblem {
    /// The setting, within its section.
    pub key: String,
    /// What is wrong with it and what to do.
    pub problem: String,
}

impl ConfigProblem {
    fn new(key: impl Into<String>, problem: String) -> Self {
        ConfigProblem {
            key: key.into(),
            problem,
        }
    }
}

pub(super) fn time_of_day(key: &str, text: &str) -> Result<Time, ConfigProblem> {
    let parsed = text.split_once(':').and_then(|(hour, minute)| {
        let (hour, minute) = (hour.trim().parse().ok()?, minute.trim().parse().ok()?);
        Time::new(hour, minute, 0, 0).ok()
    });
    parsed.ok_or_else(|| ConfigProblem::new(key, format!("{text:?} is not a time of day such as \"23:45\"")))
}

pub(super) fn weekday(key: &str, text: &str) -> Result<Weekday, ConfigProblem> {
    let lower = text.trim().to_ascii_lowercase();
    Ok(match lower.get(..3).unwrap_or_default() {
        "mon" => Weekday::Monday,
        "tue" => Weekday::Tuesday,
        "wed" => Weekday::Wednesday,
        "thu" => Weekday::Thursday,
        "fri" => Weekday::Friday,
        "sat" => Weekday::Saturday,
        "sun" => Weekday::Sunday,
        _ => {
            let problem = format!("{text:?} is not a day such as \"Sun\"");
            return Err(ConfigProblem::new(key, problem));
        }
    })
}

/// `Sun 10:00`.
pub(super) fn day_and_time(key: &str, text: &str) -> Result<(Weekday, Time), ConfigProblem> {
    let Some((day, time)) = text.trim().split_once(' ') else {
        let problem = format!("{text:?} is not a day and a time such as \"Sun 10:00\"");
        return Err(ConfigProblem::new(key, problem));
    };
    Ok((weekday(key, day)?, time_of_day(key, time)?))
}

pub(super) fn zone(key: &str, name: &str) -> Result<TimeZone, ConfigProblem> {
    TimeZone::get(name).map_err(|_| {
        let problem = format!("{name:?} is not a time zone; use an IANA name such as \"America/New_York\"");
        ConfigProblem::new(key, problem)
    })
}
