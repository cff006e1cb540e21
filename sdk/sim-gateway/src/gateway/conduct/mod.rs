//! How the gateway misbehaves: dialogs, permissions, lies, clocks, activity from elsewhere.
//!
//! Everything here stands between a request and the folder that answers it, or between an answer and its
//! encoding, so that those folders answer as if nothing were wrong.
//!
//! Never: sockets and frames on their way; those are the server's.

mod behaviour;
mod elsewhere;
mod held;
mod lies;
mod session;
mod streams;
mod subject;

#[cfg(test)]
mod subject_tests;

use std::collections::{BTreeMap, BTreeSet};

use super::{ConnectionId, Gateway, Problem};
use crate::exchange::{InstrumentId, Lots};
use crate::wire::Body;

pub use behaviour::{
    Behaviour, Elsewhere, ElsewhereKind, Entitlement, ExecutionTimes, Field, Lie, TimeStyle,
};
pub(crate) use subject::frame_subject;

use held::Held;

/// How things are that nobody knows; see the `[unknowns]` of a scenario.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// How long a client id stays busy after its connection has gone, nanoseconds.
    pub id_hold: u64,
    /// Whether the refusal of a busy client id says why.
    pub busy_says_why: bool,
    /// Whether a corrected execution is the difference to the one before.
    pub corrections_are_deltas: bool,
    /// Whether tick-by-tick data and real-time bars go on after a 1102.
    pub restored_keeps_streams: bool,
    /// Whether orders sent while the broker is away are sent when it is back.
    pub resubmit: bool,
    /// Whether that is so when their good-till date has passed.
    pub resubmit_stale: bool,
    /// Texts of codes in place of the usual ones.
    pub texts: BTreeMap<i32, String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            id_hold: 0,
            busy_says_why: true,
            corrections_are_deltas: false,
            restored_keeps_streams: true,
            resubmit: true,
            resubmit_stale: false,
            texts: BTreeMap::new(),
        }
    }
}

/// A stream of data that a client asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Stream {
    /// The number of the message that asked.
    asked: u32,
}

/// A change of a position that no order caused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Transfer {
    /// Whose.
    pub(crate) account: String,
    /// Of what.
    pub(crate) instrument: InstrumentId,
    /// By how much.
    pub(crate) lots: Lots,
}

/// Everything that is wrong with the gateway's behaviour, and what it needs to remember for that.
#[derive(Debug, Default)]
pub(super) struct State {
    settings: Settings,
    /// Client ids that stay busy, until when.
    busy: BTreeMap<i32, u64>,
    read_only: bool,
    dialog: Option<held::Dialog>,
    /// Orders that a dialog or a lost link keeps from the exchange.
    held: Vec<Held>,
    splits: u32,
    link_down: bool,
    /// How often a competing session is told of.
    burst: u32,
    streams: BTreeMap<(ConnectionId, i32), Stream>,
    /// Streams that are registered and silent.
    silent: BTreeSet<(ConnectionId, i32)>,
    /// Milliseconds that the gateway's clock is ahead of the market's.
    clock_ahead: i64,
    connection_time: TimeStyle,
    execution_times: ExecutionTimes,
    lies: Vec<Lie>,
    transfers: Vec<Transfer>,
}

impl Gateway {
    /// Settles how things are that nobody knows.
    pub fn assume(&mut self, settings: Settings) {
        self.conduct.settings = settings;
    }

    /// Does something wrong, or differently; says what came of it.
    ///
    /// # Errors
    /// When it cannot be done: what it is about is not there.
    pub fn behave(&mut self, behaviour: &Behaviour) -> Result<String, String> {
        match behaviour {
            Behaviour::Reject(code) => self.reject_next(*code),
            Behaviour::HoldIds(time) => self.conduct.settings.id_hold = *time,
            Behaviour::RollBackIds { client, by } => return Ok(self.fall_back_ids(*client, *by)),
            Behaviour::ReadOnly(on) => self.conduct.read_only = *on,
            Behaviour::Dialog { orders, forget } => {
                self.conduct.dialog = Some(held::Dialog::new(*orders, *forget));
            }
            Behaviour::Release => return Ok(self.release()),
            Behaviour::SplitPermId(changes) => self.conduct.splits = *changes,
            Behaviour::Entitle { symbol, entitlement } => {
                self.permit(symbol.as_deref(), *entitlement);
            }
            Behaviour::LinkDown => self.lose_link(),
            Behaviour::LinkUp(code) => return Ok(self.restore_link(*code)),
            Behaviour::JumpClock(by) => {
                self.conduct.clock_ahead = self.conduct.clock_ahead.saturating_add(*by);
            }
            Behaviour::ConnectionTime(style) => self.conduct.connection_time = style.clone(),
            Behaviour::ExecutionTimes(form) => self.conduct.execution_times = *form,
            Behaviour::Lie(lie) => self.lie(lie),
            Behaviour::Honest => self.conduct.lies.clear(),
            Behaviour::Restart => return Ok(self.forget_everything()),
            Behaviour::Elsewhere(elsewhere) => return self.act_elsewhere(elsewhere),
            Behaviour::Correct {
                execution,
                quantity,
                price,
            } => return self.correct(execution.as_deref(), *quantity, *price),
        }
        Ok(String::new())
    }

    /// Looks at a request before the folder that answers it; `Some` when it needs no answer any more.
    pub(super) fn conduct_request(
        &mut self,
        from: ConnectionId,
        client: i32,
        id: u32,
        body: &Body,
    ) -> Result<Option<()>, Problem> {
        if self.keeps_order(from, client, id, body)?.is_some() {
            return Ok(Some(()));
        }
        Ok(self.keeps_stream(from, id, body))
    }

    /// Changes of positions that no order caused.
    pub(crate) fn transfers(&self) -> &[Transfer] {
        &self.conduct.transfers
    }
}
