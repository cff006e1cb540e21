//! The memory of one market: what it has shown while somebody looked, the finer the more recent.

use std::collections::VecDeque;

use super::candle::Summary;
use crate::exchange::instrument::{Lots, Ticks};
use crate::exchange::market::Top;

/// Single ticks kept.
const TICKS: usize = 8_192;
/// Seconds, minutes and hours with ticks in them that are kept, the older ones as part of the coarser.
const SECONDS: usize = 3_600;
const MINUTES: usize = 2_880;
const HOURS: usize = 2_048;
/// Stretches of time somebody looked, kept apart.
const STRETCHES: usize = 1_024;

/// One thing that was published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PastTick {
    /// The best prices became these.
    Quote(Top),
    /// A trade.
    Trade(Ticks, Lots),
}

/// What happened from `start` on, and what the quotes were afterwards.
#[derive(Debug, Clone, Copy)]
struct Entry {
    start: u64,
    summary: Summary,
    bid: Option<Ticks>,
    ask: Option<Ticks>,
    /// Whether a stretch begins with it.
    first: bool,
}

/// What a market has shown, in bounded memory. Times are Unix seconds and never go back.
#[derive(Debug, Default)]
pub struct Tape {
    /// When somebody looked: from, and to if it has ended.
    stretches: VecDeque<(u64, Option<u64>)>,
    ticks: VecDeque<(u64, PastTick)>,
    hours: VecDeque<Entry>,
    minutes: VecDeque<Entry>,
    seconds: VecDeque<Entry>,
    /// The second that goes on.
    current: Option<Entry>,
}

impl Tape {
    /// Somebody begins to look at a market that shows this.
    pub fn begin(&mut self, unix: u64, shown: Top, last: Ticks) {
        match self.stretches.back_mut() {
            Some((_, to @ Some(_))) if to.is_some_and(|to| unix <= to) => *to = None,
            Some((_, None)) => return,
            _ => {
                if self.stretches.len() >= STRETCHES {
                    self.stretches.pop_front();
                }
                self.stretches.push_back((unix, None));
                self.finish();
                let (bid, ask) = prices(shown);
                let mut summary = Summary {
                    last: Some(last),
                    ..Summary::default()
                };
                summary.quote(bid, ask);
                self.current = Some(Entry {
                    start: unix,
                    summary,
                    bid,
                    ask,
                    first: true,
                });
                self.keep(unix, PastTick::Quote(shown));
                return;
            }
        }
        self.quote(unix, shown);
    }

    /// Nobody looks any more.
    pub fn end(&mut self, unix: u64) {
        if let Some((from, to @ None)) = self.stretches.back_mut() {
            *to = Some(unix.max(*from + 1));
        }
    }

    /// The best prices or sizes changed.
    pub fn quote(&mut self, unix: u64, shown: Top) {
        if !self.is_open() {
            return;
        }
        let (bid, ask) = prices(shown);
        if let Some(entry) = self.roll(unix) {
            entry.bid = bid;
            entry.ask = ask;
            entry.summary.quote(bid, ask);
        }
        self.keep(unix, PastTick::Quote(shown));
    }

    /// A trade was printed.
    pub fn trade(&mut self, unix: u64, price: Ticks, lots: Lots) {
        if !self.is_open() {
            return;
        }
        if let Some(entry) = self.roll(unix) {
            entry.summary.trade(price, lots);
        }
        self.keep(unix, PastTick::Trade(price, lots));
    }

    /// The part of `from..` up to `to` that lies in or before the next stretch on this tape: where it ends,
    /// and whether the tape knows it.
    pub fn part(&self, from: u64, to: u64) -> (u64, bool) {
        let next = self
            .stretches
            .partition_point(|(_, end)| end.is_some_and(|end| end <= from));
        match self.stretches.get(next) {
            Some((start, end)) if *start <= from => (end.map_or(to, |end| end.min(to)), true),
            Some((start, _)) => ((*start).min(to), false),
            None => (to, false),
        }
    }

    /// What the tape has of `from..to`, all of which is in one stretch.
    pub fn over(&self, from: u64, to: u64) -> Summary {
        let begun = self.stretches.partition_point(|(start, _)| *start <= from);
        let stretch = begun.checked_sub(1).and_then(|at| self.stretches.get(at));
        let since = stretch.map_or(from, |(start, _)| *start);
        let mut summary = Summary::default();
        if let Some(before) = self.before(from).filter(|entry| entry.start >= since) {
            summary.quote(before.bid, before.ask);
            summary.last = before.summary.last;
        }
        for run in [&self.hours, &self.minutes, &self.seconds] {
            let first = run.partition_point(|entry| entry.start < from);
            for entry in run.range(first..).take_while(|entry| entry.start < to) {
                summary = summary.and(&entry.summary);
            }
        }
        match &self.current {
            Some(entry) if (from..to).contains(&entry.start) => summary.and(&entry.summary),
            _ => summary,
        }
    }

    /// The ticks of a second, or `None` when they are no longer on the tape one by one.
    pub fn ticks(&self, unix: u64) -> Option<impl Iterator<Item = PastTick>> {
        let complete = self.ticks.len() < TICKS || self.ticks.front().is_some_and(|(at, _)| *at < unix);
        let first = self.ticks.partition_point(|(at, _)| *at < unix);
        let run = self.ticks.range(first..).take_while(move |(at, _)| *at == unix);
        complete.then(|| run.map(|(_, tick)| *tick))
    }

    fn is_open(&self) -> bool {
        matches!(self.stretches.back(), Some((_, None)))
    }

    /// The last entry that begins before a moment.
    fn before(&self, unix: u64) -> Option<&Entry> {
        let current = self.current.as_ref().filter(|entry| entry.start < unix);
        let last = |run: &'_ VecDeque<Entry>| run.partition_point(|entry| entry.start < unix).checked_sub(1);
        current
            .or_else(|| last(&self.seconds).and_then(|at| self.seconds.get(at)))
            .or_else(|| last(&self.minutes).and_then(|at| self.minutes.get(at)))
            .or_else(|| last(&self.hours).and_then(|at| self.hours.get(at)))
    }

    /// The entry of this second, begun with the quotes before it.
    fn roll(&mut self, unix: u64) -> Option<&mut Entry> {
        let stale = self.current.filter(|entry| entry.start < unix);
        if let Some(Entry {
            summary, bid, ask, ..
        }) = stale
        {
            self.finish();
            let mut begun = Summary {
                last: summary.last,
                ..Summary::default()
            };
            begun.quote(bid, ask);
            self.current = Some(Entry {
                start: unix,
                summary: begun,
                bid,
                ask,
                first: false,
            });
        }
        self.current.as_mut()
    }

    /// Files the current second, and what is older than fits with the coarser.
    fn finish(&mut self) {
        self.seconds.extend(self.current.take());
        if let Some(oldest) = overflow(&mut self.seconds, SECONDS) {
            merge(&mut self.minutes, oldest, 60);
        }
        if let Some(oldest) = overflow(&mut self.minutes, MINUTES) {
            merge(&mut self.hours, oldest, 3_600);
        }
        overflow(&mut self.hours, HOURS);
    }

    fn keep(&mut self, unix: u64, tick: PastTick) {
        if self.ticks.len() >= TICKS {
            self.ticks.pop_front();
        }
        self.ticks.push_back((unix, tick));
    }
}

fn prices(top: Top) -> (Option<Ticks>, Option<Ticks>) {
    (top.bid.map(|(price, _)| price), top.ask.map(|(price, _)| price))
}

fn overflow(run: &mut VecDeque<Entry>, most: usize) -> Option<Entry> {
    (run.len() > most).then(|| run.pop_front()).flatten()
}

/// Adds an entry to the last of a coarser run, or begins the next of it.
fn merge(run: &mut VecDeque<Entry>, entry: Entry, length: u64) {
    let start = entry.start - entry.start % length;
    match run.back_mut() {
        Some(last) if last.start - last.start % length == start && !entry.first => {
            last.summary = last.summary.and(&entry.summary);
            last.bid = entry.bid;
            last.ask = entry.ask;
        }
        _ => run.push_back(entry),
    }
}
