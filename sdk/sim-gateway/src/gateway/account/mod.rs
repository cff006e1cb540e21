//! Accounts: positions, values and profit, once and whenever they change.
//!
//! Never: deciding what an order may do to an account. The exchange does.

mod positions;
mod profit;
mod summary;
mod updates;
mod values;

#[cfg(test)]
mod account_tests;

use std::collections::BTreeMap;

use super::session::decode;
use super::{ConnectionId, Gateway, Problem};
use crate::exchange::{Event, InstrumentId, Part};
use crate::wire::Body;
use crate::wire::ids::request;
use crate::wire::messages::account::{CancelPnl, CancelPnlSingle};

/// The values a client was last told, by key and currency.
type Told = BTreeMap<(String, String), String>;

/// What a connection wants to be told of its accounts.
#[derive(Debug, Default)]
pub(super) struct Watches {
    positions: bool,
    positions_multi: BTreeMap<i32, PositionsMulti>,
    summaries: BTreeMap<i32, Summary>,
    updates: Option<Updates>,
    updates_multi: BTreeMap<i32, UpdatesMulti>,
    pnl: BTreeMap<i32, PnlWatch>,
}

/// A request for the positions of some accounts.
#[derive(Debug, Clone)]
struct PositionsMulti {
    accounts: Vec<String>,
    /// Of a model in them only.
    modelled: bool,
}

/// An account summary request.
#[derive(Debug, Clone)]
struct Summary {
    accounts: Vec<String>,
    tags: Vec<String>,
    /// Values last told, by account, tag and currency.
    told: BTreeMap<(String, String, String), String>,
}

/// The account a connection follows.
#[derive(Debug, Clone)]
struct Updates {
    account: String,
    told: Told,
}

/// A request for the values of some accounts.
#[derive(Debug, Clone)]
struct UpdatesMulti {
    accounts: Vec<String>,
    model: Option<String>,
    /// Cash by currency and the net liquidation value only.
    ledger_only: bool,
    told: BTreeMap<String, Told>,
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

    /// The account a request is about; the default one where it names none or, where only one can be meant,
    /// all of them.
    fn asked_account(&self, asked: Option<&String>) -> Result<String, Problem> {
        let named = asked
            .map(String::as_str)
            .filter(|name| !name.is_empty() && *name != "All");
        self.account_code(named)
    }

    /// The accounts a request is about: the one it names, or all of them.
    fn asked_accounts(&self, asked: Option<&String>) -> Result<Vec<String>, Problem> {
        match asked.map(String::as_str) {
            Some("All") => Ok(self.account_names()),
            named => self.account_code(named).map(|name| vec![name]),
        }
    }

    /// Every three minutes, as the real one does: summaries and account updates, no end markers.
    fn report_accounts(&mut self) {
        let ids: Vec<ConnectionId> = self.sessions.keys().copied().collect();
        for to in ids {
            let Some(session) = self.sessions.get(&to) else {
                continue;
            };
            let summaries: Vec<i32> = session.account.summaries.keys().copied().collect();
            let multi: Vec<i32> = session.account.updates_multi.keys().copied().collect();
            let followed = session
                .account
                .updates
                .as_ref()
                .map(|updates| updates.account.clone());
            for request in summaries {
                self.send_summary(to, request);
            }
            for request in multi {
                self.send_updates_multi(to, request);
            }
            if let Some(account) = followed {
                self.send_changed_values(to);
                for id in self.held(&account) {
                    self.send_portfolio_value(to, &account, id);
                }
                self.send_update_time(to);
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
