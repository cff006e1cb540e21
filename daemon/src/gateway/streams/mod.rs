//! Market data as a ledger of wishes: what the daemon wants of each instrument outlives sessions, and each wish knows how
//! far it is fulfilled.
//!
//! | file | what it does |
//! |---|---|
//! | `wish` | one stream: wanted, requested, fresh, silent, closed, refused. Pure |
//! | `refusal` | what IB's codes mean for a stream. Pure |
//! | `hours` | IB's words for a market's hours. Pure |
//! | `keeper` | looks after all of them while there is a session, and asks again for those that need it |
//! | `metrics` | what is counted |
//!
//! A wish is restored by every new session, by 1101 and by the end of a competing session. After 1102 and the return of a
//! data farm each stream must show itself; only those that do not tick within their time are asked for again, alone. A
//! stream that falls silent in an open market is flagged, and asked for again with growing pauses and a daily cap. In a
//! closed market silence is no fault.
//!
//! Never: a request id twice, a storm of requests, a quote from before a gap that looks new.

pub mod hours;
#[cfg(test)]
mod hours_tests;
pub mod keeper;
mod metrics;
pub mod refusal;
mod wish;
#[cfg(test)]
mod wish_tests;

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use tokio::sync::watch;
use tracing::{info, warn};

use super::Config;
use super::contracts::Catalogue;
use crate::clock;
use crate::desk::event::SessionEvent;
use crate::domain::hours::Openness;
use crate::domain::instrument::InstrumentId;
use crate::domain::session::SessionStatus;
use crate::domain::stream::{StreamState, Subscription};
use crate::domain::time::Timestamp;
use crate::mailbox::{QuoteBoard, ReportSender};

use metrics::StreamMetrics;
use refusal::{RefusalKind, Refused};
use wish::{Leave, Patience, Wish};

pub use wish::Reason;

/// The table of wishes, one an instrument. Lives as long as the gateway.
#[derive(Debug)]
pub struct Streams {
    wishes: Vec<RefCell<Wish>>,
    catalogue: Rc<Catalogue>,
    reports: ReportSender,
    quotes: QuoteBoard,
    record: watch::Sender<SessionStatus>,
    metrics: StreamMetrics,
    probe_every: Duration,
    competing: Cell<Option<Competing>>,
    upstream: Cell<bool>,
    /// It was said that many are silent together.
    together: Cell<bool>,
}

/// Another session of the same user has the data.
#[derive(Debug, Clone, Copy)]
struct Competing {
    since: Timestamp,
    /// When one stream is asked for, to see whether it is over.
    probe_at: Timestamp,
}

/// What the streams are made of.
pub struct Parts<'a> {
    /// The gateway's settings.
    pub config: &'a Config,
    /// The instruments.
    pub catalogue: &'a Rc<Catalogue>,
    /// The way to the desk.
    pub reports: &'a ReportSender,
    /// Where ticks go.
    pub quotes: &'a QuoteBoard,
    /// Where the streams are published.
    pub record: watch::Sender<SessionStatus>,
}

impl Streams {
    /// Everything is wanted, nothing asked for.
    pub fn new(parts: Parts<'_>, registry: &prometheus::Registry) -> Result<Self, prometheus::Error> {
        let Parts {
            config, catalogue, ..
        } = parts;
        let wish = |index: usize| {
            let id = InstrumentId(index as u32);
            let own = catalogue.silent_after(id);
            let patience = Patience {
                silent_after: own.unwrap_or_else(|| config.stream_silent_after()),
                rerequests_a_day: config.stream_rerequests_per_day,
            };
            RefCell::new(Wish::new(id, patience, config.is_optional(catalogue.name(id))))
        };
        let streams = Streams {
            wishes: (0..catalogue.len()).map(wish).collect(),
            catalogue: Rc::clone(catalogue),
            reports: parts.reports.clone(),
            quotes: parts.quotes.clone(),
            record: parts.record,
            metrics: StreamMetrics::register(registry)?,
            probe_every: config.competing_probe(),
            competing: Cell::new(None),
            upstream: Cell::new(false),
            together: Cell::new(false),
        };
        streams.publish(clock::now());
        Ok(streams)
    }

    /// A stream is about to be asked for; with a reason, if it was before.
    pub fn begin(&self, id: InstrumentId, again: Option<Reason>) {
        let Some(wish) = self.wishes.get(id.index()) else {
            return;
        };
        let mut wish = wish.borrow_mut();
        let Some(reason) = again else {
            wish.begin();
            return;
        };
        let row = wish.row(Openness::Unknown);
        wish.begin_again();
        // The new stream tells everything again, and what the old one said may be wrong by now.
        self.quotes.renew(id);
        let reason = reason.as_str();
        self.metrics.rerequests.with_label_values(&[reason]).inc();
        let instrument = self.catalogue.name(id);
        let code = row.refusal.map_or(0, |refusal| refusal.code);
        let silent = row.silent_since.map(|since| clock::now().since(since));
        let today = row.rerequests;
        info!(
            instrument,
            reason,
            code,
            ?silent,
            today,
            "market data is asked for again"
        );
    }

    /// A request was written.
    pub fn asked(&self, id: InstrumentId) {
        if let Some(wish) = self.wishes.get(id.index()) {
            wish.borrow_mut().asked(clock::now());
            self.publish_one(id);
        }
    }

    /// A tick came. Costs a store and three comparisons for every tick but the first of a request.
    pub fn ticked(&self, id: InstrumentId, at: Timestamp) {
        let Some(wish) = self.wishes.get(id.index()) else {
            return;
        };
        let news = wish.borrow_mut().ticked(at);
        if let Some(gap) = news.gap {
            let instrument = self.catalogue.name(id);
            let missed = gap.to.since(gap.from);
            info!(
                instrument,
                ?missed,
                "data flows again; what came meanwhile was missed"
            );
            self.metrics.gaps.inc();
            self.reports.session(SessionEvent::Gap(gap));
        }
        if news.fresh {
            let asked = wish.borrow().asked_at();
            let competing = self.competing.get();
            if competing.is_some_and(|competing| asked.is_some_and(|asked| asked >= competing.since)) {
                self.end_competition(at, "market data flows again");
            }
            self.publish_one(id);
        }
    }

    /// IB refused a stream, or ended it.
    pub fn refused(&self, id: InstrumentId, refused: Refused) {
        let Some(wish) = self.wishes.get(id.index()) else {
            return;
        };
        let now = clock::now();
        if refused.kind == RefusalKind::Competing && self.competing.get().is_none() {
            let probe_at = now.after(self.probe_every);
            self.competing.set(Some(Competing { since: now, probe_at }));
            self.metrics.competing.set(1);
            self.record.send_modify(|record| record.competing = Some(now));
            warn!(
                probe_every = ?self.probe_every,
                "another session of the same user has the market data (10197): {}",
                refused.fix
            );
        }
        wish.borrow_mut().refused(now, refused);
        self.publish_one(id);
    }

    fn end_competition(&self, at: Timestamp, why: &str) {
        let Some(competing) = self.competing.take() else {
            return;
        };
        self.metrics.competing.set(0);
        self.record.send_modify(|record| record.competing = None);
        let lasted = at.since(competing.since);
        info!(?lasted, "the competing session is over: {why}");
        for wish in &self.wishes {
            wish.borrow_mut().compete(at);
        }
    }

    /// Ticks of one stream were lost on the way; it goes on.
    pub fn lagged(&self, id: InstrumentId) {
        if let Some(wish) = self.wishes.get(id.index()) {
            wish.borrow_mut().missed();
            self.quotes.doubt(id);
        }
    }

    /// The session ended, or IB forgot all subscriptions (1101).
    pub fn lost(&self) {
        for wish in &self.wishes {
            wish.borrow_mut().lost();
        }
        self.publish(clock::now());
    }

    /// The gateway lost IB, or has it again.
    pub fn upstream(&self, up: bool) {
        self.upstream.set(up);
    }

    /// Every stream should still flow, and must show it (1102, a farm's return).
    pub fn doubted(&self, why: Reason) {
        let now = clock::now();
        for (index, wish) in self.wishes.iter().enumerate() {
            wish.borrow_mut().doubted(now, why);
            if why == Reason::Restored {
                self.quotes.doubt(InstrumentId(index as u32));
            }
        }
        self.publish(now);
    }

    /// What time alone brings about: the streams to be asked for again, and why.
    pub fn review(&self, now: Timestamp) -> Vec<(InstrumentId, Reason)> {
        if self.upstream.get() {
            self.probe(now);
        }
        let leave = match (self.upstream.get(), self.competing.get()) {
            (false, _) => Leave::NoUpstream,
            (true, Some(_)) => Leave::Competing,
            (true, None) => Leave::Given,
        };
        let mut again = Vec::new();
        let (mut silent, mut open) = (0_usize, 0_usize);
        for (index, wish) in self.wishes.iter().enumerate() {
            let id = InstrumentId(index as u32);
            let mut wish = wish.borrow_mut();
            let before = wish.state();
            if let Some(reason) = wish.review(now, self.catalogue.openness(id, now), leave) {
                again.push((id, reason));
            }
            let state = wish.state();
            silent += usize::from(state == StreamState::Silent);
            let live = matches!(
                state,
                StreamState::Silent | StreamState::Fresh | StreamState::Requested
            );
            open += usize::from(live);
            if state == StreamState::Silent && before != StreamState::Silent {
                let instrument = self.catalogue.name(id);
                warn!(instrument, "market data is silent though its market is open");
            }
        }
        self.tell_together(silent, open);
        again
    }

    /// One stream is asked for now and then, to see whether a competing session is over.
    fn probe(&self, now: Timestamp) {
        let Some(competing) = self.competing.get().filter(|competing| now >= competing.probe_at) else {
            return;
        };
        if !self.wishes.iter().any(|wish| wish.borrow_mut().compete(now)) {
            self.end_competition(now, "nothing is refused because of it any more");
            return;
        }
        let probe_at = now.after(self.probe_every);
        self.competing.set(Some(Competing {
            probe_at,
            ..competing
        }));
    }

    /// Several streams silent together are rather one trouble behind them than one each.
    fn tell_together(&self, silent: usize, open: usize) {
        self.metrics.silent.set(silent as i64);
        self.record.send_if_modified(|record| {
            let changed = record.streams_silent != silent;
            record.streams_silent = silent;
            changed
        });
        let together = silent >= 2 && silent * 2 >= open;
        if together && !self.together.replace(together) {
            warn!(
                silent,
                open, "streams are silent together: the trouble is likely the gateway's or IB's, not theirs"
            );
        }
        self.together.set(together);
    }

    /// The instruments without which the session may not be called proved, and why.
    pub fn unproved(&self) -> Vec<String> {
        let mut missing = Vec::new();
        for (index, wish) in self.wishes.iter().enumerate() {
            let wish = wish.borrow();
            if !wish.unproved() {
                continue;
            }
            let name = self.catalogue.name(InstrumentId(index as u32));
            missing.push(match wish.refusal() {
                Some((refusal, _)) if refusal.code != 0 => format!("{name} (refused: {})", refusal.code),
                Some(_) => format!("{name} (refused)"),
                None => format!("{name} (no tick)"),
            });
        }
        missing
    }

    /// How many streams were asked for in this session, and how many of those have ticked.
    pub fn counts(&self) -> (usize, usize) {
        let requested = self
            .wishes
            .iter()
            .filter(|wish| wish.borrow().asked_at().is_some());
        let ticking = self.wishes.iter().filter(|wish| wish.borrow().has_ticked());
        (requested.count(), ticking.count())
    }

    fn row(&self, id: InstrumentId, now: Timestamp) -> Option<Subscription> {
        let wish = self.wishes.get(id.index())?.borrow();
        Some(wish.row(self.catalogue.openness(id, now)))
    }

    fn publish_one(&self, id: InstrumentId) {
        let now = clock::now();
        let Some(row) = self.row(id, now) else { return };
        self.metrics
            .show(self.catalogue.name(id), row.state, row.last_tick, now);
        self.record.send_modify(|record| {
            if let Some(known) = record.subscriptions.get_mut(id.index()) {
                *known = row;
            }
        });
    }

    /// Copies what moves with every tick to where it can be read; called about once a second.
    pub fn publish(&self, now: Timestamp) {
        let ids = (0..self.wishes.len()).map(|index| InstrumentId(index as u32));
        let rows: Vec<_> = ids.filter_map(|id| self.row(id, now)).collect();
        for row in &rows {
            let name = self.catalogue.name(row.instrument);
            self.metrics.show(name, row.state, row.last_tick, now);
        }
        self.record.send_if_modified(|record| {
            let changed = record.subscriptions != rows;
            record.subscriptions = rows;
            changed
        });
    }
}
