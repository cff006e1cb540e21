//! Market data as a wish: what is wanted of one instrument, and how far that is fulfilled.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::hours::Openness;
use super::instrument::InstrumentId;
use super::time::Timestamp;

/// Where a stream stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StreamState {
    /// Not asked for: there is no session, or its turn has not come.
    #[default]
    Wanted,
    /// Asked for, or in doubt, and still within its time to tick.
    Requested,
    /// It ticks.
    Fresh,
    /// Its market is open, and nothing came for too long.
    Silent,
    /// Its market is closed and it does not tick: no fault.
    Closed,
    /// IB refused or ended it.
    Refused,
}

impl StreamState {
    /// Every state, for metrics that show one series each.
    pub const ALL: [StreamState; 6] = [
        StreamState::Wanted,
        StreamState::Requested,
        StreamState::Fresh,
        StreamState::Silent,
        StreamState::Closed,
        StreamState::Refused,
    ];

    /// In words, for metrics, logs and the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            StreamState::Wanted => "wanted",
            StreamState::Requested => "requested",
            StreamState::Fresh => "fresh",
            StreamState::Silent => "silent",
            StreamState::Closed => "closed",
            StreamState::Refused => "refused",
        }
    }
}

/// Why IB gives no data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// IB's code; zero where it gave none.
    pub code: i32,
    /// What was said.
    pub text: String,
    /// Whether asking again changes nothing until somebody acts.
    pub permanent: bool,
    /// What to do.
    pub fix: &'static str,
    /// When it is asked for again; `None` while another stream is asked in its place.
    pub retry: Option<Timestamp>,
}

/// The market data of one instrument.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    /// Which instrument.
    pub instrument: InstrumentId,
    /// Whether the daemon can do without it.
    pub optional: bool,
    /// Where it stands.
    pub state: StreamState,
    /// When it was asked for; `None` if it was not in this session.
    pub requested: Option<Timestamp>,
    /// When its first tick of this session came.
    pub first_tick: Option<Timestamp>,
    /// When its last tick came, of whatever session.
    pub last_tick: Option<Timestamp>,
    /// Since when nothing came that should have.
    pub silent_since: Option<Timestamp>,
    /// How long it may be silent in an open market.
    pub silent_after: Duration,
    /// How often it was asked for again today (UTC).
    pub rerequests: u32,
    /// Whether it is asked for no more today, because it was too often.
    pub capped: bool,
    /// Why there is none, where IB said so.
    pub refusal: Option<Refusal>,
    /// Whether its market is open.
    pub market: Openness,
}

/// A time in which data of an instrument may have been missed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gap {
    /// Of which instrument.
    pub instrument: InstrumentId,
    /// The last tick before.
    pub from: Timestamp,
    /// The first tick after.
    pub to: Timestamp,
}
