//! One wish: the market data of one instrument, whatever session there is. Pure: what happened goes in with its instant,
//! and what is to be asked for again comes out.
//!
//! ```text
//!              ask                     tick
//!   Wanted ──────────▶ Requested ──────────────▶ Fresh ◀── tick ── any of these
//!     ▲                    │  ▲                    │
//!     │ session or         │  └── in doubt ────────┤ quiet too long:
//!     │ subscription lost  ▼                       ▼
//!   any               Refused              market open: Silent ── ask again, alone
//!                     (retried)            market closed: Closed
//! ```
//!
//! Quiet is counted from the latest of: the request, the last tick, the market's opening, the moment its flow came into
//! doubt (1102, a farm's return). Data that may have been missed is told once, when it flows again.

use std::time::Duration;

use super::refusal::{RefusalKind, Refused};
use crate::domain::hours::Openness;
use crate::domain::instrument::InstrumentId;
use crate::domain::stream::{Gap, Refusal, StreamState, Subscription};
use crate::domain::time::Timestamp;

/// The longest pause between two requests of one stream.
const PAUSE_MAX: Duration = Duration::from_secs(600);
/// A stream that was quiet for so long when its farm came back may have been one of that farm's.
const LULL: Duration = Duration::from_secs(5);
/// A stream that ticked this many times its patience after a request was not in vain asked for.
const WORTH: u32 = 10;

/// How patient to be with a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// How long it may be silent in an open market.
    pub silent_after: Duration,
    /// How often a day (UTC) a silent one is asked for again.
    pub rerequests_a_day: u32,
}

/// Why a stream is asked for again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// It fell silent in an open market.
    Silent,
    /// IB said that its data was kept through an outage (1102), and it did not tick again.
    Restored,
    /// A data farm came back, and it did not tick again.
    Farm,
    /// IB said that its data was lost (1101).
    DataLost,
    /// IB had refused or ended it.
    Refused,
    /// IB had refused it because of a competing session.
    Competing,
}

impl Reason {
    /// Every reason, for metrics that show one series each.
    pub const ALL: [Reason; 6] = [
        Reason::Silent,
        Reason::Restored,
        Reason::Farm,
        Reason::DataLost,
        Reason::Refused,
        Reason::Competing,
    ];

    /// In words, for metrics and logs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Reason::Silent => "silent",
            Reason::Restored => "restored",
            Reason::Farm => "farm",
            Reason::DataLost => "data_lost",
            Reason::Refused => "refused",
            Reason::Competing => "competing",
        }
    }
}

/// Whether streams may be asked for again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leave {
    /// Yes.
    Given,
    /// Silence is flagged, but asking would be in vain: another session of the user's has the data.
    Competing,
    /// The gateway has no IB: nothing can tick, so nothing is flagged.
    NoUpstream,
}

/// What a tick brought about, besides its price.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct News {
    /// Data may have been missed before it.
    pub gap: Option<Gap>,
    /// The stream was not fresh before.
    pub fresh: bool,
}

/// The wish. See the module.
#[derive(Debug, Clone)]
pub struct Wish {
    instrument: InstrumentId,
    patience: Patience,
    state: StreamState,
    /// A request is being made.
    asking: bool,
    asked: Option<Timestamp>,
    first_tick: Option<Timestamp>,
    last_tick: Option<Timestamp>,
    /// Since when, and why, its flow must show itself anew.
    doubt: Option<(Timestamp, Reason)>,
    silent: Option<Timestamp>,
    /// The last tick before data may have been missed.
    missed_from: Option<Timestamp>,
    refusal: Option<(Refusal, RefusalKind)>,
    /// Whether the daemon can do without it.
    optional: bool,
    /// Refusals since it last ticked.
    refusals: u32,
    /// Requests in vain since it last was fresh for long.
    streak: u32,
    not_before: Timestamp,
    day: u64,
    today: u32,
    capped: bool,
}

impl Wish {
    /// Wanted, and never asked for.
    pub const fn new(instrument: InstrumentId, patience: Patience, optional: bool) -> Self {
        Wish {
            instrument,
            patience,
            optional,
            state: StreamState::Wanted,
            asking: false,
            asked: None,
            first_tick: None,
            last_tick: None,
            doubt: None,
            silent: None,
            missed_from: None,
            refusal: None,
            refusals: 0,
            streak: 0,
            not_before: Timestamp::NEVER,
            day: 0,
            today: 0,
            capped: false,
        }
    }

    /// Where it stands.
    pub const fn state(&self) -> StreamState {
        self.state
    }

    /// Why IB gives nothing, and what kind of reason that is.
    pub fn refusal(&self) -> Option<(&Refusal, RefusalKind)> {
        self.refusal.as_ref().map(|(refusal, kind)| (refusal, *kind))
    }

    /// When it was last asked for in this session.
    pub const fn asked_at(&self) -> Option<Timestamp> {
        self.asked
    }

    /// Whether it ticked in this session.
    pub const fn has_ticked(&self) -> bool {
        self.first_tick.is_some()
    }

    /// A request is about to be made.
    pub const fn begin(&mut self) {
        self.asking = true;
    }

    /// A stream that is there is about to be replaced by a new request.
    pub fn begin_again(&mut self) {
        self.missed();
        self.asking = true;
        self.doubt = None;
    }

    /// The request was written.
    pub fn asked(&mut self, at: Timestamp) {
        self.asking = false;
        self.asked = Some(at);
        self.refusal = None;
        self.doubt = None;
        self.state = match self.silent {
            Some(_) => StreamState::Silent,
            None => StreamState::Requested,
        };
    }

    /// A tick came.
    pub fn ticked(&mut self, at: Timestamp) -> News {
        self.last_tick = Some(at);
        let settled = self.state == StreamState::Fresh && self.doubt.is_none() && self.missed_from.is_none();
        // What still comes of a stream that is being replaced says nothing of its successor.
        if settled || self.asked.is_none() || self.asking {
            return News::default();
        }
        let fresh = self.state != StreamState::Fresh;
        self.first_tick.get_or_insert(at);
        self.state = StreamState::Fresh;
        self.silent = None;
        self.doubt = None;
        self.refusals = 0;
        let gap = self.missed_from.take().map(|from| Gap {
            instrument: self.instrument,
            from,
            to: at,
        });
        News { gap, fresh }
    }

    /// IB refused it, or ended it.
    pub fn refused(&mut self, at: Timestamp, refused: Refused) {
        self.missed();
        self.asking = false;
        self.asked = None;
        self.silent = None;
        self.doubt = None;
        self.state = StreamState::Refused;
        let retry = refused.kind.pause(self.refusals).map(|pause| at.after(pause));
        self.refusals = self.refusals.saturating_add(1);
        let refusal = Refusal {
            code: refused.code,
            text: refused.text,
            permanent: refused.kind == RefusalKind::Permanent,
            fix: refused.fix,
            retry,
        };
        self.refusal = Some((refusal, refused.kind));
    }

    /// Data may have been missed from the last tick on.
    pub const fn missed(&mut self) {
        if self.missed_from.is_none() {
            self.missed_from = self.last_tick;
        }
    }

    /// The session ended, or IB forgot all subscriptions (1101).
    pub fn lost(&mut self) {
        self.missed();
        self.state = StreamState::Wanted;
        self.asking = false;
        self.asked = None;
        self.first_tick = None;
        self.doubt = None;
        self.silent = None;
        self.refusal = None;
        self.refusals = 0;
        self.streak = 0;
        self.not_before = Timestamp::NEVER;
    }

    /// It should still flow, and must show it. Where IB had refused it, now is the time to ask again.
    pub fn doubted(&mut self, at: Timestamp, why: Reason) {
        if let Some((refusal, kind)) = &mut self.refusal {
            if *kind != RefusalKind::Competing {
                refusal.retry = Some(at);
            }
            return;
        }
        if self.asked.is_none() {
            return;
        }
        // Other farms' streams went on ticking all the while.
        if why == Reason::Restored || self.last_tick.is_some_and(|tick| at.since(tick) > LULL) {
            self.missed();
        }
        self.doubt = Some((at, why));
        self.silent = None;
        self.not_before = Timestamp::NEVER;
        self.state = StreamState::Requested;
    }

    /// Where a competing session was the reason, it is to be asked for now; tells whether it was.
    pub fn compete(&mut self, at: Timestamp) -> bool {
        match &mut self.refusal {
            Some((refusal, RefusalKind::Competing)) => {
                refusal.retry = Some(at);
                true
            }
            _ => false,
        }
    }

    /// What time alone brings about: whether it is to be asked for again now, and why.
    pub fn review(&mut self, at: Timestamp, market: Openness, leave: Leave) -> Option<Reason> {
        if self.asking || leave == Leave::NoUpstream {
            return None;
        }
        if let Some((refusal, kind)) = &self.refusal {
            let due = refusal.retry.is_some_and(|retry| retry <= at);
            return due.then_some(match kind {
                RefusalKind::Competing => Reason::Competing,
                _ => Reason::Refused,
            });
        }
        let asked = self.asked?;
        let ticked = self
            .last_tick
            .filter(|tick| *tick >= asked && self.doubt.is_none());
        let flows = ticked.is_some_and(|tick| at.since(tick) <= self.patience.silent_after);
        let opened = match market {
            Openness::Closed { .. } => {
                self.silent = None;
                self.state = if flows {
                    StreamState::Fresh
                } else {
                    StreamState::Closed
                };
                return None;
            }
            Openness::Open { since, .. } => since,
            Openness::Unknown => Timestamp::NEVER,
        };
        let doubted = self.doubt.map_or(Timestamp::NEVER, |(since, _)| since);
        let heard = self
            .last_tick
            .map_or(Timestamp::NEVER, |tick| tick.min(at))
            .max(asked)
            .max(doubted)
            .max(opened);
        if at.since(heard) <= self.patience.silent_after {
            self.state = match (self.silent, flows) {
                (Some(_), _) => StreamState::Silent,
                (None, true) => StreamState::Fresh,
                (None, false) => StreamState::Requested,
            };
            return None;
        }
        self.silent.get_or_insert(heard);
        self.state = StreamState::Silent;
        if leave == Leave::Given {
            self.due(at, asked)
        } else {
            None
        }
    }

    /// A silent stream is asked for again at once, then with longer and longer pauses, and so many times a day.
    fn due(&mut self, at: Timestamp, asked: Timestamp) -> Option<Reason> {
        if at.day() != self.day {
            self.day = at.day();
            self.today = 0;
        }
        self.capped = self.today >= self.patience.rerequests_a_day;
        if self.capped || at < self.not_before {
            return None;
        }
        if at.since(asked) > self.patience.silent_after * WORTH {
            self.streak = 0;
        }
        let pause = self.patience.silent_after * 2_u32.saturating_pow(self.streak.min(10));
        self.not_before = at.after(pause.min(PAUSE_MAX));
        self.streak += 1;
        self.today += 1;
        Some(self.doubt.map_or(Reason::Silent, |(_, why)| why))
    }

    /// Whether the session may not be called proved because of it.
    pub fn unproved(&self) -> bool {
        match self.state {
            StreamState::Refused => !self.optional,
            StreamState::Silent => !self.optional && self.first_tick.is_none(),
            _ => false,
        }
    }

    /// As it is published.
    pub fn row(&self, market: Openness) -> Subscription {
        Subscription {
            instrument: self.instrument,
            optional: self.optional,
            state: self.state,
            requested: self.asked,
            first_tick: self.first_tick,
            last_tick: self.last_tick,
            silent_since: self.silent,
            silent_after: self.patience.silent_after,
            rerequests: self.today,
            capped: self.capped && self.state == StreamState::Silent,
            refusal: self.refusal.as_ref().map(|(refusal, _)| refusal.clone()),
            market,
        }
    }
}
