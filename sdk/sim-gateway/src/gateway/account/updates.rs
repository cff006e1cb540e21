//! Account updates: every value and holding of an account, and then what changes.

use std::collections::BTreeMap;

use super::values::Row;
use super::{Told, Updates};
use crate::exchange::{Account, InstrumentId, worth};
use crate::gateway::values::{clock, double, written};
use crate::gateway::{Class, ConnectionId, Gateway, Problem};
use crate::wire::messages::account as wire;

impl Gateway {
    pub(in crate::gateway) fn account_data(
        &mut self,
        from: ConnectionId,
        asked: wire::AccountDataRequest,
    ) -> Result<(), Problem> {
        if !asked.subscribe.unwrap_or(false) {
            return self.with_session(from, |session| session.account.updates = None);
        }
        let account = self.asked_account(asked.acct_code.as_ref())?;
        self.unsubscribe_others(from, &account);
        let updates = Updates {
            account: account.clone(),
            told: Told::new(),
        };
        self.with_session(from, |session| session.account.updates = Some(updates))?;
        self.send_changed_values(from);
        for id in self.held(&account) {
            self.send_portfolio_value(from, &account, id);
        }
        self.send_update_time(from);
        let end = wire::AccountDataEnd {
            account_name: Some(account),
        };
        self.send(from, Class::Other, &end);
        Ok(())
    }

    /// A gateway follows one account at a time: whoever asked for another one loses it, and is told.
    fn unsubscribe_others(&mut self, from: ConnectionId, account: &str) {
        let follows_another = |updates: &Updates| updates.account != account;
        let mut lost = Vec::new();
        for (id, session) in &mut self.sessions {
            if *id != from && session.account.updates.as_ref().is_some_and(follows_another) {
                session.account.updates = None;
                lost.push(*id);
            }
        }
        for id in lost {
            let text =
                "New account data requested from TWS. API client has been unsubscribed from account data.";
            self.error(id, -1, &Problem::new(2100, text));
        }
    }

    pub(in crate::gateway) fn start_updates_multi(
        &mut self,
        to: ConnectionId,
        asked: wire::AccountUpdatesMultiRequest,
    ) -> Result<(), Problem> {
        let request = asked.req_id.unwrap_or(0);
        let updates = super::UpdatesMulti {
            accounts: self.asked_accounts(asked.account.as_ref())?,
            model: asked.model_code.clone().filter(|model| !model.is_empty()),
            ledger_only: asked.ledger_and_nlv.unwrap_or(false),
            told: BTreeMap::new(),
        };
        self.with_session(to, |session| {
            session.account.updates_multi.insert(request, updates)
        })?;
        self.send_updates_multi(to, request);
        let end = wire::AccountUpdateMultiEnd { req_id: asked.req_id };
        self.send(to, Class::Other, &end);
        Ok(())
    }

    pub(in crate::gateway) fn stop_updates_multi(
        &mut self,
        from: ConnectionId,
        asked: &wire::CancelAccountUpdatesMulti,
    ) -> Result<(), Problem> {
        let request = asked.req_id.unwrap_or(0);
        self.with_session(from, |session| session.account.updates_multi.remove(&request))
            .map(drop)
    }

    /// The values of the account a connection follows, as far as it has not been told them.
    pub(super) fn send_changed_values(&mut self, to: ConnectionId) {
        let session = self.sessions.get(&to);
        let Some(updates) = session.and_then(|session| session.account.updates.clone()) else {
            return;
        };
        let Some(account) = self.exchange.account(&updates.account) else {
            return;
        };
        let (rows, told) = changed(self.all_rows(account), updates.told);
        for (key, value, currency) in rows {
            let message = wire::AccountValue {
                key: Some(key),
                value: Some(value),
                currency: Some(currency),
                account_name: Some(updates.account.clone()),
            };
            self.send(to, Class::Other, &message);
        }
        let session = self.sessions.get_mut(&to);
        if let Some(updates) = session.and_then(|session| session.account.updates.as_mut()) {
            updates.told = told;
        }
    }

    /// As [`send_changed_values`](Self::send_changed_values), for one request about one or all accounts.
    pub(super) fn send_updates_multi(&mut self, to: ConnectionId, request: i32) {
        let session = self.sessions.get(&to);
        let asked = session.and_then(|session| session.account.updates_multi.get(&request));
        let Some(mut asked) = asked.cloned() else {
            return;
        };
        // No account here follows a model, so that there is nothing in any.
        let accounts = if asked.model.is_some() {
            Vec::new()
        } else {
            asked.accounts.clone()
        };
        for name in accounts {
            let Some(account) = self.exchange.account(&name) else {
                continue;
            };
            let rows = if asked.ledger_only {
                self.asked_rows(account, &["NetLiquidation".to_owned(), "$LEDGER:ALL".to_owned()])
            } else {
                self.all_rows(account)
            };
            let told = asked.told.remove(&name).unwrap_or_default();
            let (rows, told) = changed(rows, told);
            asked.told.insert(name.clone(), told);
            for (key, value, currency) in rows {
                let message = wire::AccountUpdateMulti {
                    req_id: Some(request),
                    account: Some(name.clone()),
                    model_code: Some(String::new()),
                    key: Some(key),
                    value: Some(value),
                    currency: Some(currency),
                };
                self.send(to, Class::Other, &message);
            }
        }
        let session = self.sessions.get_mut(&to);
        let here = session.and_then(|session| session.account.updates_multi.get_mut(&request));
        if let Some(updates) = here {
            *updates = asked;
        }
    }

    pub(super) fn send_portfolio_value(&mut self, to: ConnectionId, account: &str, id: InstrumentId) {
        let Some(position) = self.exchange.account(account).map(|account| account.position(id)) else {
            return;
        };
        let market = self.exchange.market(id);
        let instrument = &market.instrument;
        let message = wire::PortfolioValue {
            contract: Some(self.contract(id, None)),
            position: Some(written(instrument.quantity(position.lots))),
            market_price: Some(double(instrument.price(market.mark()))),
            market_value: Some(double(worth(instrument, position.lots, market.mark()))),
            average_cost: Some(double(position.average_cost(instrument))),
            unrealized_pnl: Some(double(position.unrealized(instrument, market.mark()).round_dp(4))),
            realized_pnl: Some(double(position.realized_today().round_dp(4))),
            account_name: Some(account.to_owned()),
        };
        self.send(to, Class::Other, &message);
    }

    pub(super) fn send_update_time(&mut self, to: ConnectionId) {
        let now = clock(self.exchange.unix_seconds(self.exchange.now()));
        let message = wire::AccountUpdateTime {
            time_stamp: Some(now),
        };
        self.send(to, Class::Other, &message);
    }

    pub(super) fn account_names(&self) -> Vec<String> {
        let accounts = self.exchange.accounts().iter();
        accounts.map(|account: &Account| account.name.clone()).collect()
    }
}

/// The rows that differ from what was told, and what is told with them.
fn changed(rows: Vec<Row>, mut told: Told) -> (Vec<Row>, Told) {
    let fresh = rows.into_iter().filter(|(key, value, currency)| {
        let before = told.insert((key.clone(), currency.clone()), value.clone());
        before.as_ref() != Some(value)
    });
    let fresh: Vec<Row> = fresh.collect();
    (fresh, told)
}
