//! Which windows we are in, which come next, and the daily and weekly moments.

use std::time::Duration;

use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp as Instant, ToSpan};

use super::config::{Config, ConfigProblem, day_and_time, time_of_day, weekday, zone};
use super::presets::{self, NEW_YORK};
use crate::domain::recovery::{MaintenanceReport, WindowKind, WindowReport};
use crate::domain::time::Timestamp;

/// How many of the windows to come are told.
const NEXT: usize = 4;

/// A window that comes again and again.
#[derive(Debug, Clone)]
struct Window {
    name: String,
    kind: WindowKind,
    zone: TimeZone,
    /// The days it begins on; empty for every day.
    days: Vec<Weekday>,
    from: Time,
    end: End,
}

#[derive(Debug, Clone, Copy)]
enum End {
    /// At a time of day, so many midnights later.
    At(Time, i8),
    /// After so long.
    After(Duration),
}

/// The calendar. See the module.
#[derive(Debug, Clone)]
pub struct Calendar {
    windows: Vec<Window>,
    auto_restart: Option<Window>,
    cold_restart: Option<Window>,
    token_expiry: Option<Window>,
    blackout_before: Duration,
    blackout_after: Duration,
}

/// The calendar at a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Now {
    /// What is told of it.
    pub report: MaintenanceReport,
    /// The restart, past or to come, whose order blackout this is.
    pub blackout_for: Option<Timestamp>,
    /// The last weekly cold start.
    pub last_cold_restart: Option<Timestamp>,
    /// When IB last forgot the login.
    pub last_token_expiry: Option<Timestamp>,
}

impl Calendar {
    /// From the configuration.
    ///
    /// # Errors
    /// The setting that cannot work.
    pub fn new(config: &Config) -> Result<Calendar, ConfigProblem> {
        let own_zone = zone("time_zone", &config.time_zone)?;
        let mut windows = Vec::new();
        for published in presets::windows(config.preset, config.region) {
            windows.push(Window {
                name: published.name.to_owned(),
                kind: published.kind,
                zone: zone("preset", published.time_zone)?,
                days: published.days,
                from: published.from,
                end: End::At(published.to, published.midnights),
            });
        }
        for (index, window) in config.windows.iter().enumerate() {
            let key = |name: &str| format!("windows[{index}].{name}");
            let days = window.days.iter().map(|day| weekday(&key("days"), day));
            let from = time_of_day(&key("from"), &window.from)?;
            let to = time_of_day(&key("to"), &window.to)?;
            windows.push(Window {
                name: window.name.clone(),
                kind: window.kind,
                zone: zone(&key("tz"), &window.tz)?,
                days: days.collect::<Result<_, _>>()?,
                from,
                end: End::At(to, i8::from(to <= from)),
            });
        }
        let millis = |millis: u32| Duration::from_millis(millis.into());
        let auto_restart = match &config.auto_restart {
            None => None,
            Some(text) => Some(Window {
                name: "gateway auto-restart".to_owned(),
                kind: WindowKind::AutoRestart,
                zone: own_zone.clone(),
                days: Vec::new(),
                from: time_of_day("auto_restart", text)?,
                end: End::After(millis(config.auto_restart_takes_ms)),
            }),
        };
        let cold_restart = match &config.cold_restart {
            None => None,
            Some(text) => {
                let (day, from) = day_and_time("cold_restart", text)?;
                Some(Window {
                    name: "gateway cold start".to_owned(),
                    kind: WindowKind::ColdRestart,
                    zone: own_zone,
                    days: vec![day],
                    from,
                    end: End::After(millis(config.cold_restart_takes_ms)),
                })
            }
        };
        windows.extend(auto_restart.clone());
        windows.extend(cold_restart.clone());
        Ok(Calendar {
            windows,
            auto_restart,
            cold_restart,
            token_expiry: Some(Window {
                name: "login expiry".to_owned(),
                kind: WindowKind::ColdRestart,
                zone: zone("time_zone", NEW_YORK)?,
                days: vec![Weekday::Sunday],
                from: jiff::civil::time(1, 0, 0, 0),
                end: End::After(Duration::ZERO),
            }),
            blackout_before: millis(config.order_blackout_before_ms),
            blackout_after: millis(config.order_blackout_after_ms),
        })
    }

    /// How things stand at a moment. `session_since` is when the present session began: a session that began after the
    /// restart ends its blackout.
    pub fn at(&self, at: Timestamp, session_since: Option<Timestamp>) -> Now {
        let mut active = Vec::new();
        let mut next = Vec::new();
        for window in &self.windows {
            for occurrence in window.around(at) {
                if occurrence.from > at {
                    next.push(occurrence);
                    break;
                }
                if occurrence.to > at {
                    active.push(occurrence);
                }
            }
        }
        active.sort_by_key(|window| window.to);
        next.sort_by_key(|window| window.from);
        next.truncate(NEXT);
        let blackout = self.blackout(at, session_since);
        let coming = |window: &Option<Window>| window.as_ref().and_then(|window| window.next_start(at));
        let past = |window: &Option<Window>| window.as_ref().and_then(|window| window.last_start(at));
        Now {
            report: MaintenanceReport {
                active,
                next,
                auto_restart: coming(&self.auto_restart),
                blackout_until: blackout.map(|restart| restart.after(self.blackout_after)),
                cold_restart: coming(&self.cold_restart),
                token_expiry: coming(&self.token_expiry),
            },
            blackout_for: blackout,
            last_cold_restart: past(&self.cold_restart),
            last_token_expiry: past(&self.token_expiry),
        }
    }

    /// The restart around which orders that add risk are held back now. An order written while the gateway restarts may
    /// never reach IB, and its id may come again.
    fn blackout(&self, at: Timestamp, session_since: Option<Timestamp>) -> Option<Timestamp> {
        if self.blackout_before.is_zero() {
            return None;
        }
        let restart = self.auto_restart.as_ref()?;
        let last = restart.last_start(at).filter(|last| {
            at.since(*last) < self.blackout_after && session_since.is_none_or(|since| since <= *last)
        });
        let next = restart
            .next_start(at)
            .filter(|next| next.since(at) <= self.blackout_before);
        last.or(next)
    }
}

impl Window {
    /// Its occurrences from the last few days to the week after next, in order.
    fn around(&self, at: Timestamp) -> Vec<WindowReport> {
        let Some(today) = self.date(at) else {
            return Vec::new();
        };
        let mut found: Vec<WindowReport> = (-8..=8)
            .filter_map(|offset: i64| today.checked_add(offset.days()).ok())
            .filter(|date| self.days.is_empty() || self.days.contains(&date.weekday()))
            .filter_map(|date| self.on(date))
            .collect();
        found.sort_by_key(|window| window.from);
        found
    }

    fn on(&self, date: Date) -> Option<WindowReport> {
        let from = self.instant(date, self.from)?;
        let to = match self.end {
            End::After(length) => from.after(length),
            End::At(time, midnights) => {
                self.instant(date.checked_add(i64::from(midnights).days()).ok()?, time)?
            }
        };
        Some(WindowReport {
            name: self.name.clone(),
            kind: self.kind,
            from,
            to,
        })
    }

    fn next_start(&self, at: Timestamp) -> Option<Timestamp> {
        let mut starts = self.around(at).into_iter().map(|window| window.from);
        starts.find(|start| *start > at)
    }

    fn last_start(&self, at: Timestamp) -> Option<Timestamp> {
        let starts = self.around(at).into_iter().map(|window| window.from);
        starts.filter(|start| *start <= at).max()
    }

    fn date(&self, at: Timestamp) -> Option<Date> {
        let instant = Instant::from_nanosecond(i128::from(at.nanos())).ok()?;
        Some(self.zone.to_datetime(instant).date())
    }

    /// A time of day that the change to summer time skips is read as the one an hour later, as the gateway does.
    fn instant(&self, date: Date, time: Time) -> Option<Timestamp> {
        let instant = self.zone.to_timestamp(date.to_datetime(time)).ok()?;
        u64::try_from(instant.as_nanosecond())
            .ok()
            .map(Timestamp::from_nanos)
    }
}
