//! How many messages may leave, and which: pure, with time handed in.
//!
//! IB counts messages a second and ends sessions that exceed its limit, so the budget is a sliding second: in any second
//! at most `rate` messages leave, whatever was saved before. Within it each lane leaves room for the more urgent ones:
//!
//! ```text
//!   |<------------------------- rate ------------------------->|
//!   |<-------------------- all but cancels ------------>|cancel|
//!   |<------------------ orders ----------------->|low..|      |
//!   |<-- heartbeat … history -->|........orders.........|      |
//! ```
//!
//! Market data and what comes after it are spread over the second besides, so that their bursts never use up at once
//! what a burst of cancels may need a moment later.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

/// What a message is about; the first is the most urgent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lane {
    /// Cancels.
    Cancel,
    /// New orders and changes.
    Order,
    /// Whether the gateway lives, and the way to IB.
    Heartbeat,
    /// The broker's truth, and what a session proves.
    Reconcile,
    /// Market data and account subscriptions.
    Data,
    /// Contract lookups.
    Contracts,
    /// Historical data.
    History,
}

impl Lane {
    /// Every lane, the most urgent first.
    pub const ALL: [Lane; 7] = [
        Lane::Cancel,
        Lane::Order,
        Lane::Heartbeat,
        Lane::Reconcile,
        Lane::Data,
        Lane::Contracts,
        Lane::History,
    ];

    /// Its place among them.
    pub const fn index(self) -> usize {
        self as usize
    }

    /// In words, for metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Lane::Cancel => "cancel",
            Lane::Order => "order",
            Lane::Heartbeat => "heartbeat",
            Lane::Reconcile => "reconcile",
            Lane::Data => "data",
            Lane::Contracts => "contracts",
            Lane::History => "history",
        }
    }

    const fn group(self) -> Group {
        match self {
            Lane::Cancel => Group::Cancels,
            Lane::Order => Group::Orders,
            _ => Group::Rest,
        }
    }

    /// Whether its messages are spread over the second.
    const fn is_spread(self) -> bool {
        matches!(self, Lane::Data | Lane::Contracts | Lane::History)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Group {
    Cancels,
    Orders,
    Rest,
}

/// The length of the window.
pub const SECOND: Duration = Duration::from_secs(1);

/// What left within the last second.
#[derive(Debug)]
pub struct Window {
    rate: usize,
    sent: VecDeque<(Instant, Group)>,
    orders: usize,
    rest: usize,
    /// When the next message that is spread may leave.
    spread: Option<Instant>,
    slow_until: Option<Instant>,
    /// How often the rate is halved meanwhile, and since when so often.
    halvings: u32,
    halved: Option<Instant>,
}

/// The rate is halved no more often than this: an eighth of 45 still brings a session up within a few seconds.
const HALVINGS_MAX: u32 = 3;

/// How many messages of whom a second holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Room {
    all: usize,
    without_cancels: usize,
    orders: usize,
    rest: usize,
}

impl Room {
    const fn of(rate: usize) -> Self {
        let cancels = rate / 11;
        let lower = if rate >= 10 { 2 } else { 0 };
        let orders = rate / 9;
        let without_cancels = rate - cancels;
        Room {
            all: rate,
            without_cancels,
            orders: without_cancels - lower,
            rest: without_cancels - orders,
        }
    }

    /// How many messages that are spread may leave at once, and the pause between the others. Together they never fill
    /// the lanes' part of the second, so that room comes free evenly.
    fn spread(self) -> (u32, Duration) {
        let rest = u32::try_from(self.rest).unwrap_or(1).max(1);
        let burst = (rest / 9).max(1);
        (burst, SECOND / (rest - burst).max(1))
    }
}

impl Window {
    /// `rate` messages in any second, at least one.
    pub fn new(rate: u32) -> Self {
        Window {
            rate: rate.max(1) as usize,
            sent: VecDeque::new(),
            orders: 0,
            rest: 0,
            spread: None,
            slow_until: None,
            halvings: 0,
            halved: None,
        }
    }

    /// Half as many from `now` on, until `until`; half of that again when it is said again of a later second.
    pub fn slow(&mut self, now: Instant, until: Instant) {
        if !self.is_slow(now) {
            self.halvings = 0;
            self.halved = None;
        }
        // One burst is told of many times.
        if self.halved.is_none_or(|halved| halved + SECOND <= now) {
            self.halvings = (self.halvings + 1).min(HALVINGS_MAX);
            self.halved = Some(now);
        }
        self.slow_until = Some(until);
    }

    /// Whether it is slowed down.
    pub fn is_slow(&self, now: Instant) -> bool {
        self.slow_until.is_some_and(|until| now < until)
    }

    fn rate(&self, now: Instant) -> usize {
        if self.is_slow(now) {
            (self.rate >> self.halvings).max(1)
        } else {
            self.rate
        }
    }

    /// How many messages may leave now, if all were cancels.
    pub fn left(&mut self, now: Instant) -> usize {
        self.expire(now);
        self.rate(now).saturating_sub(self.sent.len())
    }

    /// The earliest instant a message of this lane may leave; `now`, or before it, means at once.
    pub fn when(&mut self, lane: Lane, now: Instant) -> Instant {
        self.expire(now);
        let room = Room::of(self.rate(now));
        let mut when = self.freed(now, self.sent.len(), room.all, |_| true);
        if lane == Lane::Cancel {
            return when;
        }
        let others = self.orders + self.rest;
        let not_cancel = |group| group != Group::Cancels;
        when = when.max(self.freed(now, others, room.without_cancels, not_cancel));
        let (used, most) = match lane {
            Lane::Order => (self.orders, room.orders),
            _ => (self.rest, room.rest),
        };
        let same = |group| group == lane.group();
        when = when.max(self.freed(now, used, most, same));
        if lane.is_spread() {
            when = when.max(self.spread_slot(now, room));
        }
        when
    }

    /// A message leaves.
    pub fn take(&mut self, lane: Lane, now: Instant) {
        self.expire(now);
        if lane.is_spread() {
            let room = Room::of(self.rate(now));
            self.spread = Some(self.spread_slot(now, room) + room.spread().1);
        }
        let group = lane.group();
        match group {
            Group::Cancels => {}
            Group::Orders => self.orders += 1,
            Group::Rest => self.rest += 1,
        }
        self.sent.push_back((now, group));
    }

    /// When enough of `used` messages will be older than a second for one more to fit.
    fn freed(&self, now: Instant, used: usize, most: usize, counts: impl Fn(Group) -> bool) -> Instant {
        if used < most {
            return now;
        }
        let mut counted = self.sent.iter().filter(|(_, group)| counts(*group));
        counted.nth(used - most).map_or(now, |(at, _)| *at + SECOND)
    }

    /// Slots lie behind the clock by as much as the burst allows, and those may leave at once.
    fn spread_slot(&self, now: Instant, room: Room) -> Instant {
        let (burst, interval) = room.spread();
        let earliest = now.checked_sub(interval * (burst - 1)).unwrap_or(now);
        self.spread.map_or(earliest, |next| next.max(earliest))
    }

    fn expire(&mut self, now: Instant) {
        while let Some((at, group)) = self.sent.front() {
            if *at + SECOND > now {
                return;
            }
            match group {
                Group::Cancels => {}
                Group::Orders => self.orders -= 1,
                Group::Rest => self.rest -= 1,
            }
            self.sent.pop_front();
        }
    }
}
