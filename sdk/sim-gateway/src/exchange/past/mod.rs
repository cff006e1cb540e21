//! What markets did before: as their tapes have it where somebody looked, and as their fair value had it
//! everywhere else, back to the beginning of time.
//!
//! It never changes anything: whoever asks about the past gets the same answer as the next one, and no
//! market moves for it.

mod candle;
mod synthetic;
mod tape;

#[cfg(test)]
mod past_tests;
#[cfg(test)]
mod tape_tests;

use std::collections::BTreeMap;

pub use candle::{Candle, Summary};
pub use tape::PastTick;
pub(super) use tape::Tape;

use super::calendar::{Phase, TradingSession};
use super::instrument::{InstrumentId, Kind, Ticks};
use super::prices::fair::FairPath;
use super::{DAY, Exchange, SECOND};

/// Days to look back for a session: no venue is shut for longer.
const LONGEST_BREAK: u64 = 12 * DAY;

/// A look at the past. It is cheapest to ask it about neighbouring times.
#[derive(Debug)]
pub struct Past<'a> {
    exchange: &'a Exchange,
    /// Paths of instruments that have one, with their value at the exchange's start.
    paths: BTreeMap<InstrumentId, (FairPath, f64)>,
}

impl Exchange {
    /// A look at the past.
    #[must_use]
    pub fn past(&self) -> Past<'_> {
        Past {
            exchange: self,
            paths: BTreeMap::new(),
        }
    }

    /// When the trading day that runs, or the last one, began: Unix time in seconds.
    #[must_use]
    pub fn day_start(&self, id: InstrumentId, unix: u64) -> u64 {
        let sessions = self.sessions(id, unix.saturating_sub(LONGEST_BREAK), unix + 1);
        let day = sessions.last().map(|last| last.day);
        let first = sessions.iter().find(|each| Some(each.day) == day);
        first.map_or(unix - unix % DAY, |first| first.open)
    }

    /// The first moment there are prices of an instrument: Unix time in seconds.
    #[must_use]
    pub fn begins(&self, id: InstrumentId) -> u64 {
        let instrument = &self.market(id).instrument;
        let years = |count: u64| count * 365 * DAY + count / 4 * DAY;
        let number = u64::from(instrument.con_id.unsigned_abs());
        let own = match (instrument.derivation, instrument.kind) {
            // Contracts are listed some years before they end, and none only today.
            (Some(derivation), kind)
                if derivation.expires > 0 && (kind == Kind::Future || kind.is_option()) =>
            {
                let listed = derivation.expires.saturating_sub(years(3));
                listed.min(self.config.epoch.saturating_sub(30 * DAY))
            }
            // Something between 1991 and 2015, never the same for all.
            _ => years(21 + number % 25) + number % 251 * DAY,
        };
        let listed = match instrument.derivation {
            Some(derivation) => own.max(self.begins(derivation.underlying)),
            None => own,
        };
        let from = listed - listed % DAY;
        let first = self.sessions(id, from, from + LONGEST_BREAK);
        first.first().map_or(from, |first| first.open.max(from))
    }

    /// The sessions of a market in `from..to`, cut to it; only regular ones if wanted.
    #[must_use]
    pub fn open_hours(&self, id: InstrumentId, from: u64, to: u64, regular: bool) -> Vec<TradingSession> {
        let mut sessions = self.sessions(id, from, to);
        sessions.retain(|each| each.phase == Phase::Regular || !regular);
        for each in &mut sessions {
            each.open = each.open.max(from);
            each.close = each.close.min(to);
        }
        sessions
    }
}

impl Past<'_> {
    /// Where the past ends: the second after the running one.
    #[must_use]
    pub fn end(&self) -> u64 {
        self.exchange.config.epoch + self.exchange.now / SECOND + 1
    }

    /// What happened in `from..to` while the market was open, in regular hours only if wanted.
    pub fn open_summary(&mut self, id: InstrumentId, from: u64, to: u64) -> Summary {
        let mut summary = Summary::default();
        for session in self.exchange.open_hours(id, from, to.min(self.end()), false) {
            summary = summary.and(&self.summary(id, session.open, session.close));
        }
        summary
    }

    /// What happened in `from..to`, during which the market was open.
    pub fn summary(&mut self, id: InstrumentId, from: u64, to: u64) -> Summary {
        let to = to.min(self.end());
        let (mut at, mut summary) = (from, Summary::default());
        while at < to {
            let (until, taped) = self.exchange.market(id).tape.part(at, to);
            let part = if taped {
                self.exchange.market(id).tape.over(at, until)
            } else {
                // The running second has not happened where nobody looks.
                self.synthetic(id, at, until.min(self.end() - 1))
            };
            summary = summary.and(&part);
            at = until.max(at + 1);
        }
        summary
    }

    /// The ticks of one second in which the market was open, oldest first.
    pub fn ticks(&mut self, id: InstrumentId, unix: u64) -> Vec<PastTick> {
        if unix >= self.end() {
            return Vec::new();
        }
        let tape = &self.exchange.market(id).tape;
        let (_, taped) = tape.part(unix, unix + 1);
        if !taped {
            return if unix + 1 < self.end() {
                self.synthetic_ticks(id, unix)
            } else {
                Vec::new()
            };
        }
        match tape.ticks(unix) {
            Some(ticks) => ticks.collect(),
            None => synthetic::spread_out(&tape.over(unix, unix + 1)),
        }
    }

    /// The last price before a moment, of the session before it.
    pub fn close_before(&mut self, id: InstrumentId, unix: u64) -> Option<Ticks> {
        let before = self
            .exchange
            .open_hours(id, unix.saturating_sub(LONGEST_BREAK), unix, false);
        let end = before.last()?.close;
        let summary = self.summary(id, end - 1, end);
        let quoted = summary.middle.map(|middle| middle.close / 2);
        summary
            .trades
            .map(|trades| trades.close)
            .or(summary.last)
            .or(quoted)
    }
}
