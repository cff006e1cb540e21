//! One client's connection: how far its handshake got, and what it has subscribed to.

use std::collections::{BTreeMap, BTreeSet};

use crate::exchange::{InstrumentId, Session as DayOfTrading, Top};

/// A connection, numbered by whoever accepts them; never reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId(pub u64);

/// How far a connection got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// Nothing usable received yet.
    Greeting,
    /// The version is agreed, the client has not started the API.
    Negotiated,
    /// In full use under this client id.
    Ready(i32),
}

/// A stream of market data.
#[derive(Debug, Clone)]
pub(super) struct Subscription {
    pub(super) instrument: InstrumentId,
    /// What the client was last told, so that only changes are sent.
    pub(super) told: Top,
    pub(super) day: DayOfTrading,
}

/// Everything a connection has asked to be kept informed of.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) stage: Stage,
    pub(super) market_data: BTreeMap<i32, Subscription>,
    pub(super) positions: bool,
    pub(super) positions_multi: BTreeMap<i32, String>,
    /// Tags of each account summary, with the rows last sent.
    pub(super) summaries: BTreeMap<i32, Summary>,
    pub(super) account_updates: Option<String>,
    pub(super) account_updates_multi: BTreeMap<i32, String>,
    pub(super) pnl: BTreeMap<i32, PnlWatch>,
}

/// An account summary request.
#[derive(Debug, Clone, Default)]
pub(super) struct Summary {
    pub(super) tags: Vec<String>,
    pub(super) told: BTreeSet<(String, String, String)>,
}

/// A request for profit: of an account, or of one holding in it.
#[derive(Debug, Clone)]
pub(super) struct PnlWatch {
    pub(super) account: String,
    pub(super) single: Option<InstrumentId>,
    pub(super) told: Option<[String; 4]>,
}

impl Session {
    pub(super) fn new() -> Self {
        Self {
            stage: Stage::Greeting,
            market_data: BTreeMap::new(),
            positions: false,
            positions_multi: BTreeMap::new(),
            summaries: BTreeMap::new(),
            account_updates: None,
            account_updates_multi: BTreeMap::new(),
            pnl: BTreeMap::new(),
        }
    }

    pub(super) fn client(&self) -> Option<i32> {
        match self.stage {
            Stage::Ready(client) => Some(client),
            Stage::Greeting | Stage::Negotiated => None,
        }
    }
}
