//! What the user may see of which instrument, and what a request for market data becomes because of it.

use std::collections::BTreeMap;

use super::quotes::Feed;
use crate::gateway::Problem;

/// What the user's market data subscriptions allow for an instrument.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Entitlement {
    /// Everything, as it happens.
    #[default]
    Live,
    /// Nothing live; delayed data for those who ask for it (10167), else 10168.
    Delayed,
    /// Nothing at all: 354.
    None,
    /// Nothing at all, and delayed data is not enabled: 10168.
    NotEnabled,
    /// The API itself lacks a subscription (10089): silence live, delayed data for those who ask for it.
    ApiSubscription,
    /// Part of the data is missing (10090); the rest is live.
    Partly,
    /// Part of the data needs another subscription (10091): the rest is live, or delayed for those who ask
    /// for it.
    PartlyDelayed,
    /// The user is logged in elsewhere, where the data goes: 10197.
    CompetingSession,
}

/// What a client asked to see, with message 59.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Preference {
    #[default]
    Live,
    Frozen,
    Delayed,
    DelayedFrozen,
}

impl Preference {
    /// From the protocol's number.
    pub(super) fn of(number: i32) -> Option<Self> {
        Some(match number {
            1 => Self::Live,
            2 => Self::Frozen,
            3 => Self::Delayed,
            4 => Self::DelayedFrozen,
            _ => return None,
        })
    }

    fn takes_delayed(self) -> bool {
        matches!(self, Self::Delayed | Self::DelayedFrozen)
    }

    fn takes_frozen(self) -> bool {
        matches!(self, Self::Frozen | Self::DelayedFrozen)
    }
}

/// What a request becomes: the feed it gets and a warning that goes with it, or its refusal.
pub(super) type Grant = Result<(Feed, Option<Problem>), Problem>;

impl Entitlement {
    /// What somebody with this preference gets of a market that is `open` or not.
    pub(super) fn grant(self, preference: Preference, open: bool) -> Grant {
        let live = if !open && preference.takes_frozen() {
            Feed::Frozen
        } else {
            Feed::Live
        };
        let delayed = if !open && preference == Preference::DelayedFrozen {
            Feed::DelayedFrozen
        } else {
            Feed::Delayed
        };
        let warned = |feed, problem| Ok((feed, Some(problem)));
        match self {
            Self::Live => Ok((live, None)),
            Self::Delayed if preference.takes_delayed() => warned(delayed, displaying_delayed()),
            Self::ApiSubscription if preference.takes_delayed() => warned(delayed, api_subscription()),
            Self::ApiSubscription => warned(Feed::Silent, api_subscription()),
            Self::Partly => warned(live, partly()),
            Self::PartlyDelayed if preference.takes_delayed() => warned(delayed, partly_delayed()),
            Self::PartlyDelayed => warned(live, partly_delayed()),
            Self::None => Err(not_subscribed()),
            Self::Delayed | Self::NotEnabled => Err(not_enabled()),
            Self::CompetingSession => Err(competing()),
        }
    }

    /// Whether the book may be shown; depth has no delayed form.
    pub(super) fn grant_depth(self) -> Result<(), Problem> {
        match self {
            Self::Live | Self::Partly | Self::PartlyDelayed => Ok(()),
            Self::CompetingSession => Err(competing()),
            Self::Delayed | Self::None | Self::NotEnabled | Self::ApiSubscription => Err(not_subscribed()),
        }
    }
}

fn displaying_delayed() -> Problem {
    Problem::new(
        10167,
        "Requested market data is not subscribed. Displaying delayed market data.",
    )
}

fn not_subscribed() -> Problem {
    Problem::new(354, "Requested market data is not subscribed.")
}

fn not_enabled() -> Problem {
    Problem::new(
        10168,
        "Requested market data is not subscribed. Delayed market data is not enabled.",
    )
}

fn api_subscription() -> Problem {
    Problem::new(
        10089,
        "Requested market data requires additional subscription for API. See link in 'Market Data Connections' \
         dialog for more details. Delayed market data is available.",
    )
}

fn partly() -> Problem {
    Problem::new(
        10090,
        "Part of requested market data is not subscribed. Subscription-independent ticks are still active.",
    )
}

fn partly_delayed() -> Problem {
    Problem::new(
        10091,
        "Part of requested market data requires additional subscription for API. See link in 'Market Data \
         Connections' dialog for more details. Delayed market data is available.",
    )
}

fn competing() -> Problem {
    Problem::new(10197, "No market data during competing live session")
}

/// What the user may see, by symbol.
#[derive(Debug, Clone, Default)]
pub struct Entitlements {
    default: Entitlement,
    by_symbol: BTreeMap<String, Entitlement>,
}

impl Entitlements {
    /// Changes it for one symbol, or, without one, for everything, forgetting exceptions made before.
    pub fn set(&mut self, symbol: Option<&str>, entitlement: Entitlement) {
        match symbol {
            Some(symbol) => {
                self.by_symbol.insert(symbol.to_owned(), entitlement);
            }
            None => {
                self.by_symbol.clear();
                self.default = entitlement;
            }
        }
    }

    /// What holds for a symbol.
    #[must_use]
    pub fn of(&self, symbol: &str) -> Entitlement {
        self.by_symbol.get(symbol).copied().unwrap_or(self.default)
    }
}
