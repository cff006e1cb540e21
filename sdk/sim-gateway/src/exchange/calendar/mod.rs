//! When markets are open: every venue's trading days, sessions, holidays and time zone.
//!
//! It never looks at prices or orders, and reads no clock: moments are handed in as Unix seconds.

mod day_rule;
mod schedule;

#[cfg(test)]
mod calendar_tests;

use jiff::ToSpan;
use jiff::civil::{Date, Time};

pub use day_rule::BadDay;
pub(in crate::exchange) use day_rule::DayRule;
pub use schedule::Schedule;
pub(in crate::exchange) use schedule::{Holidays, Interval, Plan};

use super::Exchange;
use super::instrument::InstrumentId;

/// What a market is doing at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Nothing trades.
    Closed,
    /// Open outside regular hours.
    Extended,
    /// Open in regular hours.
    Regular,
}

/// Whose hours the simulated markets keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Hours {
    /// Markets never close; a trading day is a calendar day at the venue.
    #[default]
    Always,
    /// Each market keeps the hours and holidays of its venue.
    Venue,
}

/// A stretch of time in which a market is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TradingSession {
    /// The trading day it counts for; an overnight session opens the evening before.
    pub day: Date,
    /// Unix time it opens, seconds.
    pub open: u64,
    /// Unix time it closes, seconds.
    pub close: u64,
    /// Regular or extended hours.
    pub phase: Phase,
}

impl Exchange {
    /// What a market is doing at a Unix time in seconds.
    #[must_use]
    pub fn phase(&self, id: InstrumentId, unix: u64) -> Phase {
        if self.expiry(id).is_some_and(|expires| unix >= expires) {
            return Phase::Closed;
        }
        match self.config.hours {
            Hours::Always => Phase::Regular,
            Hours::Venue => {
                let session = self.schedule(id).at(unix);
                session.map_or(Phase::Closed, |session| session.phase)
            }
        }
    }

    /// When a market's phase next changes after a Unix time, and to what; `None` when it never does.
    #[must_use]
    pub fn next_change(&self, id: InstrumentId, unix: u64) -> Option<(u64, Phase)> {
        let expiry = self.expiry(id);
        if expiry.is_some_and(|expires| unix >= expires) {
            return None;
        }
        let change = match self.config.hours {
            Hours::Always => None,
            Hours::Venue => self.schedule(id).from(unix).map(|next| {
                let at = if next.open > unix { next.open } else { next.close };
                (at, self.phase(id, at))
            }),
        };
        let end = expiry.map(|expires| (expires, Phase::Closed));
        [change, end].into_iter().flatten().min_by_key(|(at, _)| *at)
    }

    /// The sessions of a market that end after `from` and open before `to`, in order, whole. Neighbours that
    /// touch differ in phase or day.
    #[must_use]
    pub fn sessions(&self, id: InstrumentId, from: u64, to: u64) -> Vec<TradingSession> {
        let end = self.expiry(id).unwrap_or(u64::MAX);
        let schedule = self.schedule(id);
        match self.config.hours {
            Hours::Always => {
                let days = schedule.date(from).series(1.day());
                let days = days.map(|day| around_the_clock(schedule, day));
                days.take_while(|each| each.open < to && each.open < end)
                    .collect()
            }
            Hours::Venue => {
                let all = schedule.sessions(from, to).copied();
                all.take_while(|each| each.open < end).collect()
            }
        }
    }

    /// The trading day running at a Unix time, or the next one where the market is closed.
    #[must_use]
    pub fn trading_day(&self, id: InstrumentId, unix: u64) -> Date {
        let schedule = self.schedule(id);
        let session = match self.config.hours {
            Hours::Always => None,
            Hours::Venue => schedule.from(unix),
        };
        session.map_or_else(|| schedule.date(unix), |session| session.day)
    }

    /// The sessions of one trading day.
    #[must_use]
    pub fn day_sessions(&self, id: InstrumentId, day: Date) -> Vec<TradingSession> {
        match self.config.hours {
            Hours::Always => vec![around_the_clock(self.schedule(id), day)],
            Hours::Venue => self.schedule(id).day(day).to_vec(),
        }
    }

    /// When the running trading day ends, or the next one where this is over: the last close of a session of
    /// at least this phase, later than `unix`. `None` when there is none ahead.
    #[must_use]
    pub fn close_of_day(&self, id: InstrumentId, unix: u64, phase: Phase) -> Option<u64> {
        let ahead = self.sessions(id, unix, unix.saturating_add(20 * DAY));
        let mut fits = ahead.iter().filter(|each| each.phase >= phase);
        let first = fits.next()?;
        let last = fits.take_while(|each| each.day == first.day).last();
        Some(last.unwrap_or(first).close)
    }

    /// When the next session of at least this phase opens at or after a Unix time; the time itself while one
    /// runs. `None` when there is none ahead.
    #[must_use]
    pub fn next_open(&self, id: InstrumentId, unix: u64, phase: Phase) -> Option<u64> {
        let ahead = self.sessions(id, unix, unix.saturating_add(20 * DAY));
        let next = ahead.iter().find(|each| each.phase >= phase)?;
        Some(next.open.max(unix))
    }

    /// The hours a market keeps at its venue, whatever [`Hours`] are in force.
    #[must_use]
    pub fn schedule(&self, id: InstrumentId) -> &Schedule {
        &self.market(id).instrument.schedule
    }

    /// Whose hours are in force.
    #[must_use]
    pub fn hours(&self) -> Hours {
        self.config.hours
    }

    /// The last moment an instrument trades, for those that have one.
    fn expiry(&self, id: InstrumentId) -> Option<u64> {
        let derivation = self.market(id).instrument.derivation?;
        (derivation.expires > 0).then_some(derivation.expires)
    }
}

const DAY: u64 = 86_400;

fn around_the_clock(schedule: &Schedule, day: Date) -> TradingSession {
    let next = day.tomorrow().unwrap_or(day);
    TradingSession {
        day,
        open: schedule.unix(day, Time::midnight()),
        close: schedule.unix(next, Time::midnight()),
        phase: Phase::Regular,
    }
}
