//! Accounts: positions, values and profit, once and whenever they change.
//!
//! Never: deciding what an order may do to an account. The exchange does.

mod holdings;
mod profit;

use std::collections::{BTreeMap, BTreeSet};

use super::session::decode;
use super::{ConnectionId, Gateway, Problem};
use crate::exchange::{Event, InstrumentId, Part};
use crate::wire::Body;
use crate::wire::ids::request;
use crate::wire::messages::account::{CancelPnl, CancelPnlSingle};

/// What a connection wants to be told of its accounts.
#[derive(Debug, Default)]
pub(super) struct Watches {
    positions: bool,
    positions_multi: BTreeMap<i32, String>,
    /// Tags of each account summary, with the rows last sent.
    summaries: BTreeMap<i32, Summary>,
    updates: Option<String>,
    updates_multi: BTreeMap<i32, String>,
    pnl: BTreeMap<i32, PnlWatch>,
}

/// An account summary request.
#[derive(Debug, Clone, Default)]
struct Summary {
    tags: Vec<String>,
    told: BTreeSet<(String, String, String)>,
}

/// A request for profit: of an account, or of one holding in it.
#[derive(Debug, Clone)]
struct PnlWatch {
    account: String,
    single: Option<InstrumentId>,
    told: Option<[String; 4]>,
}

impl Gateway {
    /// Answers a request about accounts; `None` when it is about something else.
    pub(super) fn account_request(
        &mut self,
        from: ConnectionId,
        id: u32,
        body: &Body,
    ) -> Result<Option<()>, Problem> {
        match id {
            request::POSITIONS => self.start_positions(from),
            request::CANCEL_POSITIONS => self.with_session(from, |session| session.account.positions = false),
            request::POSITIONS_MULTI => self.start_positions_multi(from, decode(body)?),
            request::CANCEL_POSITIONS_MULTI => self.stop_positions_multi(from, &decode(body)?),
            request::ACCOUNT_SUMMARY => self.start_summary(from, &decode(body)?),
            request::CANCEL_ACCOUNT_SUMMARY => self.stop_summary(from, &decode(body)?),
            request::ACCOUNT_DATA => self.account_data(from, decode(body)?),
            request::ACCOUNT_UPDATES_MULTI => self.start_updates_multi(from, decode(body)?),
            request::CANCEL_ACCOUNT_UPDATES_MULTI => self.stop_updates_multi(from, &decode(body)?),
            request::PNL => self.start_pnl(from, decode(body)?),
            request::CANCEL_PNL => self.stop_pnl(from, decode::<CancelPnl>(body)?.req_id),
            request::PNL_SINGLE => self.start_pnl_single(from, decode(body)?),
            request::CANCEL_PNL_SINGLE => self.stop_pnl(from, decode::<CancelPnlSingle>(body)?.req_id),
            _ => return Ok(None),
        }
        .map(Some)
    }

    /// Tells clients of positions that trading has changed; called once all of a batch's frames are out.
    pub(super) fn account_events(&mut self, events: &[Event]) {
        for event in events {
            match event {
                Event::Execution { execution, .. } if execution.part != Part::Combination => {
                    self.publish_position(&execution.account, execution.instrument);
                }
                Event::Position { account, instrument } => self.publish_position(account, *instrument),
                _ => {}
            }
        }
    }

    /// Reports that are due once a second, or every three minutes.
    pub(super) fn account_second(&mut self, second: u64) {
        self.report_profit();
        if second.is_multiple_of(180) {
            self.report_accounts();
        }
    }
}
