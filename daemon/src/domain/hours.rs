//! When a market is open, as far as IB has told. A few days at most are known at a time; beyond them nothing is, and what
//! is not known counts as open, because then silence is reported instead of excused.

use super::time::Timestamp;

/// From an opening to its close.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interval {
    /// The first instant at which it is open.
    pub open: Timestamp,
    /// The first instant at which it is not.
    pub close: Timestamp,
}

/// The openings of a few days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calendar {
    /// In order, apart from each other.
    intervals: Vec<Interval>,
    from: Timestamp,
    until: Timestamp,
}

/// The hours of an instrument.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hours {
    /// The market's time zone, as IB names it.
    pub zone: String,
    /// When orders can trade at all, early and late sessions included.
    pub trading: Calendar,
    /// The regular session: when data is expected to flow.
    pub liquid: Calendar,
}

/// Whether a market is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Openness {
    /// It is.
    Open {
        /// Since when.
        since: Timestamp,
        /// When it closes.
        until: Timestamp,
    },
    /// It is not.
    Closed {
        /// When it opens, if that is known.
        until: Option<Timestamp>,
    },
    /// Nobody has told.
    #[default]
    Unknown,
}

impl Openness {
    /// In words, for metrics, logs and the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Openness::Open { .. } => "open",
            Openness::Closed { .. } => "closed",
            Openness::Unknown => "unknown",
        }
    }
}

impl Calendar {
    /// From intervals in any order, known for all instants from `from` until `until`. Those that touch become one;
    /// those that end before they begin are left out.
    pub fn new(mut intervals: Vec<Interval>, from: Timestamp, until: Timestamp) -> Self {
        intervals.retain(|each| each.open < each.close);
        intervals.sort_by_key(|each| each.open);
        let mut joined: Vec<Interval> = Vec::with_capacity(intervals.len());
        for each in intervals {
            match joined.last_mut() {
                Some(last) if each.open <= last.close => last.close = last.close.max(each.close),
                _ => joined.push(each),
            }
        }
        let first = joined.first().map_or(from, |each| each.open.min(from));
        let last = joined.last().map_or(until, |each| each.close.max(until));
        Calendar {
            intervals: joined,
            from: first,
            until: last,
        }
    }

    /// The openings, in order.
    pub fn intervals(&self) -> &[Interval] {
        &self.intervals
    }

    /// The first instant of which nothing is known any more.
    pub const fn known_until(&self) -> Timestamp {
        self.until
    }

    /// Whether it is open at an instant.
    pub fn at(&self, at: Timestamp) -> Openness {
        if at < self.from || at >= self.until {
            return Openness::Unknown;
        }
        let next = self.intervals.partition_point(|each| each.close <= at);
        match self.intervals.get(next) {
            Some(each) if each.open <= at => Openness::Open {
                since: each.open,
                until: each.close,
            },
            Some(each) => Openness::Closed {
                until: Some(each.open),
            },
            None => Openness::Closed { until: None },
        }
    }

    /// The next opening after an instant, if it is known.
    pub fn next_open(&self, at: Timestamp) -> Option<Timestamp> {
        let next = self.intervals.partition_point(|each| each.open <= at);
        self.intervals.get(next).map(|each| each.open)
    }

    /// The next close after an instant, if it is known: of the session that runs, else of the next one.
    pub fn next_close(&self, at: Timestamp) -> Option<Timestamp> {
        let next = self.intervals.partition_point(|each| each.close <= at);
        self.intervals.get(next).map(|each| each.close)
    }
}

impl Hours {
    /// The next close of the regular session, if it is known.
    pub fn next_close(&self, at: Timestamp) -> Option<Timestamp> {
        self.liquid.next_close(at)
    }

    /// The next opening of the regular session, if it is known.
    pub fn next_open(&self, at: Timestamp) -> Option<Timestamp> {
        self.liquid.next_open(at)
    }
}
