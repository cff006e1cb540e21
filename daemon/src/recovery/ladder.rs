//! THE LADDER: which step, when. Pure: the moment and what is known of the session are handed in, steps come out.
//!
//! ```text
//!  page ─────────────────────────────── stays until the trouble is over
//!  restart_unit    allowed by policy, D-Bus
//!  restart         IBC, the login still good
//!  reconnect_account  IBC
//!  reconnect_data     IBC          ── nothing above this line within a maintenance window
//!  reopen
//!  rerequest
//! ```
//!
//! One **episode** lasts from the first trouble until there has been none for a while. Within it each rung is used at most
//! once, bottom up along the [route](super::trouble::Trouble::route) of the present trouble, and each gets its time to
//! help before the next. A rung that may not be used *yet* (too early, cooling down, within a window) holds the ladder;
//! one that cannot be used *at all* (no cap left, not configured, pointless) is passed over. So it ends, if nothing
//! helps, at the operator: for each trouble once. Another trouble meanwhile still gets the rungs that are left.

use std::collections::VecDeque;
use std::time::Duration;

use super::trouble::{Lasting, Trouble};
use crate::domain::recovery::{Rung, RungReport};
use crate::domain::time::Timestamp;

/// Caps count uses within this long.
const DAY: Duration = Duration::from_secs(86_400);

/// The limits of one rung.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// How long the trouble must have lasted.
    pub after: Duration,
    /// How long the rung rests after a use.
    pub cool_down: Duration,
    /// How often it may be used within any 24 hours.
    pub per_day: u32,
    /// How long it is given to help.
    pub settle: Duration,
}

/// What the ladder goes by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// By [`Rung::index`].
    pub limits: [Limits; Rung::ALL.len()],
    /// How long there must be no trouble for an episode to be over.
    pub calm: Duration,
}

impl Policy {
    const fn of(&self, rung: Rung) -> &Limits {
        &self.limits[rung.index()]
    }
}

/// What is known at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct View {
    /// When.
    pub at: Timestamp,
    /// The trouble, if there is one.
    pub trouble: Option<Lasting>,
    /// Whether we are in a maintenance window.
    pub in_window: bool,
    /// Whether IBC's command port is configured.
    pub ibc: bool,
    /// Whether the policy allows to restart the unit.
    pub unit: bool,
    /// Whether a restart of the gateway would ask for the second factor.
    pub login_expired: bool,
}

/// Why a rung is not used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// Within a maintenance window.
    Window,
    /// It was used not long ago.
    CoolingDown,
    /// It was used as often as it may be.
    Capped,
    /// `[recovery.ibc]` is not set.
    NoIbc,
    /// `[recovery.unit]` does not allow it.
    NotAllowed,
    /// The login has expired: the restart would stop at the second factor.
    Pointless,
}

impl Refusal {
    /// In words.
    pub const fn as_str(self) -> &'static str {
        match self {
            Refusal::Window => "not within a maintenance window",
            Refusal::CoolingDown => "it was used not long ago and rests",
            Refusal::Capped => "it was used as often as it may be within a day",
            Refusal::NoIbc => "recovery.ibc.address is not set",
            Refusal::NotAllowed => "recovery.unit.allow is off",
            Refusal::Pointless => {
                "the login expired on Sunday 01:00 New York time: a restart would stop at the second factor"
            }
        }
    }

    /// Whether the rung may be used later, so that the ladder waits for it.
    const fn holds(self) -> bool {
        matches!(self, Refusal::Window | Refusal::CoolingDown)
    }
}

/// What the ladder says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Do this now.
    Take(Rung, Trouble),
    /// It would be this one's turn, and it is not used.
    Refuse(Rung, Trouble, Refusal),
    /// There has been no trouble for long enough.
    Over,
}

#[derive(Debug)]
struct Episode {
    used: [bool; Rung::ALL.len()],
    /// The troubles the operator was called for.
    called: [bool; Trouble::ALL.len()],
    refused: [Option<Refusal>; Rung::ALL.len()],
    settled_at: Timestamp,
    calm_since: Option<Timestamp>,
}

/// The ladder. See the module.
#[derive(Debug)]
pub struct Ladder {
    policy: Policy,
    uses: [VecDeque<Timestamp>; Rung::ALL.len()],
    episode: Option<Episode>,
    paged: Option<Timestamp>,
}

impl Ladder {
    /// With the steps of the last day, so that a restart of the daemon lifts no cap.
    pub fn new(policy: Policy, past: impl IntoIterator<Item = (Timestamp, Rung)>) -> Self {
        let mut uses: [VecDeque<Timestamp>; Rung::ALL.len()] = Default::default();
        for (at, rung) in past {
            uses[rung.index()].push_back(at);
        }
        Ladder {
            policy,
            uses,
            episode: None,
            paged: None,
        }
    }

    /// Since when the operator is called.
    pub const fn paged(&self) -> Option<Timestamp> {
        self.paged
    }

    /// The highest rung used in this episode.
    pub fn highest(&self) -> Option<Rung> {
        let episode = self.episode.as_ref()?;
        let used = |rung: &Rung| episode.used[rung.index()];
        Rung::ALL.into_iter().rev().find(used)
    }

    /// What to do now: at most one step, and what is refused on the way to it, each refusal told once.
    pub fn decide(&mut self, view: &View) -> Vec<Decision> {
        let Some(lasting) = view.trouble else {
            return self.calm(view.at).into_iter().collect();
        };
        let episode = self.episode.get_or_insert(Episode {
            used: [false; Rung::ALL.len()],
            called: [false; Trouble::ALL.len()],
            refused: [None; Rung::ALL.len()],
            settled_at: Timestamp::NEVER,
            calm_since: None,
        });
        episode.calm_since = None;
        let mut decisions = Vec::new();
        let trouble = lasting.trouble;
        if episode.called[trouble as usize] || view.at < episode.settled_at {
            return decisions;
        }
        for &rung in trouble.route() {
            let index = rung.index();
            if rung != Rung::Page && episode.used[index] {
                continue;
            }
            if !is_due(self.policy.of(rung), rung, &lasting, view.at) {
                return decisions;
            }
            match objection(self.policy.of(rung), &self.uses[index], rung, view) {
                Some(refusal) => {
                    if episode.refused[index].replace(refusal) != Some(refusal) {
                        decisions.push(Decision::Refuse(rung, trouble, refusal));
                    }
                    if refusal.holds() {
                        return decisions;
                    }
                }
                None => {
                    episode.used[index] = true;
                    episode.settled_at = view.at.after(self.policy.of(rung).settle);
                    self.uses[index].push_back(view.at);
                    while self.uses[index]
                        .front()
                        .is_some_and(|use_| view.at.since(*use_) >= DAY)
                    {
                        self.uses[index].pop_front();
                    }
                    if rung == Rung::Page {
                        episode.called[trouble as usize] = true;
                        self.paged.get_or_insert(view.at);
                    }
                    decisions.push(Decision::Take(rung, trouble));
                    return decisions;
                }
            }
        }
        decisions
    }

    /// The step could not be done: the next one need not wait for it to help.
    pub fn failed(&mut self) {
        if let Some(episode) = &mut self.episode {
            episode.settled_at = Timestamp::NEVER;
        }
    }

    /// How each rung stands.
    pub fn report(&self, view: &View) -> Vec<RungReport> {
        let report = |rung: Rung| {
            let limits = self.policy.of(rung);
            let uses = &self.uses[rung.index()];
            let resting = uses.back().map(|last| last.after(limits.cool_down));
            let unusable = standing_refusal(rung, view).map_or("", Refusal::as_str);
            RungReport {
                rung,
                used: within_a_day(uses, view.at),
                cap: limits.per_day,
                resting_until: resting.filter(|until| *until > view.at),
                unusable: unusable.to_owned(),
            }
        };
        Rung::ALL.map(report).to_vec()
    }

    fn calm(&mut self, at: Timestamp) -> Option<Decision> {
        let episode = self.episode.as_mut()?;
        let since = *episode.calm_since.get_or_insert(at);
        if at.since(since) < self.policy.calm {
            return None;
        }
        self.episode = None;
        self.paged = None;
        Some(Decision::Over)
    }
}

/// Whether the trouble has lasted long enough for a rung. What lasts within a window is not counted for what may not be
/// done within one.
fn is_due(limits: &Limits, rung: Rung, lasting: &Lasting, at: Timestamp) -> bool {
    if rung == Rung::Page && lasting.trouble.pages_at_once() {
        return true;
    }
    let since = if rung > Rung::Reopen {
        lasting.since_outside
    } else {
        lasting.since
    };
    at.since(since) >= limits.after
}

fn objection(limits: &Limits, uses: &VecDeque<Timestamp>, rung: Rung, view: &View) -> Option<Refusal> {
    if let Some(refusal) = standing_refusal(rung, view) {
        return Some(refusal);
    }
    if rung > Rung::Reopen && view.in_window {
        return Some(Refusal::Window);
    }
    // A call for help is never the one too many.
    if rung != Rung::Page && within_a_day(uses, view.at) >= limits.per_day {
        return Some(Refusal::Capped);
    }
    let rested = uses
        .back()
        .is_none_or(|last| view.at.since(*last) >= limits.cool_down);
    (!rested && rung != Rung::Page).then_some(Refusal::CoolingDown)
}

/// What time does not change.
const fn standing_refusal(rung: Rung, view: &View) -> Option<Refusal> {
    match rung {
        Rung::ReconnectData | Rung::ReconnectAccount | Rung::Restart if !view.ibc => Some(Refusal::NoIbc),
        Rung::Restart if view.login_expired => Some(Refusal::Pointless),
        Rung::RestartUnit if !view.unit => Some(Refusal::NotAllowed),
        _ => None,
    }
}

fn within_a_day(uses: &VecDeque<Timestamp>, at: Timestamp) -> u32 {
    let recent = uses.iter().filter(|use_| at.since(**use_) < DAY).count();
    u32::try_from(recent).unwrap_or(u32::MAX)
}
