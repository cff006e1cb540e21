//! Positions, once and whenever trading changes them.

use rust_decimal::Decimal;

use super::PositionsMulti;
use crate::exchange::{Account, InstrumentId};
use crate::gateway::values::{double, written};
use crate::gateway::{Class, ConnectionId, Gateway, Problem};
use crate::wire::messages::account as wire;

impl Gateway {
    pub(in crate::gateway) fn start_positions(&mut self, to: ConnectionId) -> Result<(), Problem> {
        self.with_session(to, |session| session.account.positions = true)?;
        for account in self.account_names() {
            for id in self.held(&account) {
                self.send_position(to, &account, id);
            }
        }
        self.send(to, Class::Other, &wire::PositionEnd {});
        Ok(())
    }

    pub(in crate::gateway) fn start_positions_multi(
        &mut self,
        to: ConnectionId,
        asked: wire::PositionsMultiRequest,
    ) -> Result<(), Problem> {
        let request = asked.req_id.unwrap_or(0);
        // No account here follows a model, so that there are no positions in any.
        let modelled = asked.model_code.as_deref().is_some_and(|model| !model.is_empty());
        let watch = PositionsMulti {
            accounts: self.asked_accounts(asked.account.as_ref())?,
            modelled,
        };
        let accounts = watch.accounts.clone();
        self.with_session(to, |session| {
            session.account.positions_multi.insert(request, watch)
        })?;
        for account in accounts.iter().filter(|_| !modelled) {
            for id in self.held(account) {
                self.send_position_multi(to, request, account, id);
            }
        }
        let end = wire::PositionMultiEnd { req_id: asked.req_id };
        self.send(to, Class::Other, &end);
        Ok(())
    }

    pub(in crate::gateway) fn stop_positions_multi(
        &mut self,
        from: ConnectionId,
        asked: &wire::CancelPositionsMulti,
    ) -> Result<(), Problem> {
        let request = asked.req_id.unwrap_or(0);
        self.with_session(from, |session| session.account.positions_multi.remove(&request))
            .map(drop)
    }

    /// A fill changed a position: everybody who follows it is told.
    pub(in crate::gateway) fn publish_position(&mut self, account: &str, id: InstrumentId) {
        let connections: Vec<ConnectionId> = self.sessions.keys().copied().collect();
        for to in connections {
            let Some(session) = self.sessions.get(&to) else {
                continue;
            };
            let watches = &session.account;
            let multi = watches
                .positions_multi
                .iter()
                .filter(|(_, watch)| !watch.modelled && watch.accounts.iter().any(|name| name == account));
            let multi: Vec<i32> = multi.map(|(request, _)| *request).collect();
            let values = watches.updates_multi.iter();
            let values = values.filter(|(_, asked)| asked.accounts.iter().any(|name| name == account));
            let values: Vec<i32> = values.map(|(request, _)| *request).collect();
            let updates = watches
                .updates
                .as_ref()
                .is_some_and(|each| each.account == account);
            if watches.positions {
                self.send_position(to, account, id);
            }
            for request in multi {
                self.send_position_multi(to, request, account, id);
            }
            for request in values {
                self.send_updates_multi(to, request);
            }
            if updates {
                self.send_changed_values(to);
                self.send_portfolio_value(to, account, id);
                self.send_update_time(to);
            }
        }
    }

    /// What an account holds: instruments with a position.
    pub(super) fn held(&self, account: &str) -> Vec<InstrumentId> {
        let account = self.exchange.account(account);
        let positions = account.into_iter().flat_map(Account::positions);
        positions
            .filter(|(_, position)| position.lots != 0)
            .map(|(id, _)| id)
            .collect()
    }

    fn send_position(&mut self, to: ConnectionId, account: &str, id: InstrumentId) {
        let (position, average) = self.holding(account, id);
        let message = wire::Position {
            account: Some(account.to_owned()),
            contract: Some(self.contract(id, None)),
            position: Some(written(position)),
            avg_cost: Some(double(average)),
        };
        self.send(to, Class::Other, &message);
    }

    fn send_position_multi(&mut self, to: ConnectionId, request: i32, account: &str, id: InstrumentId) {
        let (position, average) = self.holding(account, id);
        let message = wire::PositionMulti {
            req_id: Some(request),
            account: Some(account.to_owned()),
            contract: Some(self.contract(id, None)),
            position: Some(written(position)),
            avg_cost: Some(double(average)),
            model_code: Some(String::new()),
        };
        self.send(to, Class::Other, &message);
    }

    fn holding(&self, account: &str, id: InstrumentId) -> (Decimal, Decimal) {
        let instrument = &self.exchange.market(id).instrument;
        let account = self.exchange.account(account);
        let position = account.map(|account| account.position(id)).unwrap_or_default();
        (
            instrument.quantity(position.lots),
            position.average_cost(instrument),
        )
    }
}
