//! Accounts: positions, summaries and portfolio updates, once and whenever they change.

use rust_decimal::Decimal;

use super::Summary;
use crate::exchange::{Account, InstrumentId};
use crate::gateway::values::{clock, double, written};
use crate::gateway::{Class, ConnectionId, Gateway, Problem};
use crate::wire::messages::account as wire;

/// Summaries a client may have at once.
const MOST_SUMMARIES: usize = 2;

/// One account value: key, value, currency.
type Row = (String, String, String);

impl Gateway {
    /// The account a request is about. Where "All" stands for every account, the one default account is all
    /// there is to say about it here.
    pub(in crate::gateway) fn asked_account(&self, asked: Option<&String>) -> Result<String, Problem> {
        let named = asked
            .map(String::as_str)
            .filter(|name| !name.is_empty() && *name != "All");
        self.account_code(named)
    }

    pub(in crate::gateway) fn start_positions(&mut self, to: ConnectionId) -> Result<(), Problem> {
        self.with_session(to, |session| session.account.positions = true)?;
        let accounts: Vec<String> = self
            .exchange
            .accounts()
            .iter()
            .map(|account| account.name.clone())
            .collect();
        for account in accounts {
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
        let account = self.asked_account(asked.account.as_ref())?;
        self.with_session(to, |session| {
            session.account.positions_multi.insert(request, account.clone())
        })?;
        for id in self.held(&account) {
            self.send_position_multi(to, request, &account, id);
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

    pub(in crate::gateway) fn start_summary(
        &mut self,
        to: ConnectionId,
        asked: &wire::AccountSummaryRequest,
    ) -> Result<(), Problem> {
        let request = asked.req_id.unwrap_or(0);
        let tags = asked
            .tags
            .as_deref()
            .unwrap_or_default()
            .split(',')
            .map(|tag| tag.trim().to_owned());
        let summary = Summary {
            tags: tags.filter(|tag| !tag.is_empty()).collect(),
            ..Summary::default()
        };
        let full = self.with_session(to, |session| {
            let others = session
                .account
                .summaries
                .keys()
                .filter(|id| **id != request)
                .count();
            if others < MOST_SUMMARIES {
                session.account.summaries.insert(request, summary);
            }
            others >= MOST_SUMMARIES
        })?;
        if full {
            let text = "Error processing request.-'cL' : cause - Maximum number of account summary requests \
                        exceeded";
            return Err(Problem::new(322, text));
        }
        self.send_summary(to, request);
        let end = wire::AccountSummaryEnd { req_id: asked.req_id };
        self.send(to, Class::Other, &end);
        Ok(())
    }

    pub(in crate::gateway) fn stop_summary(
        &mut self,
        from: ConnectionId,
        asked: &wire::CancelAccountSummary,
    ) -> Result<(), Problem> {
        let request = asked.req_id.unwrap_or(0);
        self.with_session(from, |session| session.account.summaries.remove(&request))
            .map(drop)
    }

    /// Rows that the summary asked for and was not told yet.
    fn send_summary(&mut self, to: ConnectionId, request: i32) {
        let asked = self
            .sessions
            .get(&to)
            .and_then(|session| session.account.summaries.get(&request));
        let Some(summary) = asked.cloned() else {
            return;
        };
        let mut told = std::collections::BTreeSet::new();
        let accounts: Vec<Account> = self.exchange.accounts().to_vec();
        for account in &accounts {
            let ledger = summary.tags.iter().any(|tag| tag.starts_with("$LEDGER"));
            let rows = self
                .account_rows(account)
                .into_iter()
                .filter(|(tag, _, _)| summary.tags.contains(tag));
            let ledger_rows = if ledger {
                self.ledger_rows(account)
            } else {
                Vec::new()
            };
            for (tag, value, currency) in rows.chain(ledger_rows) {
                let row = (format!("{}/{tag}", account.name), value.clone(), currency.clone());
                if !summary.told.contains(&row) {
                    let message = wire::AccountSummary {
                        req_id: Some(request),
                        account: Some(account.name.clone()),
                        tag: Some(tag),
                        value: Some(value),
                        currency: Some(currency),
                    };
                    self.send(to, Class::Other, &message);
                }
                told.insert(row);
            }
        }
        let session = self.sessions.get_mut(&to);
        if let Some(summary) = session.and_then(|session| session.account.summaries.get_mut(&request)) {
            summary.told = told;
        }
    }

    pub(in crate::gateway) fn account_data(
        &mut self,
        from: ConnectionId,
        asked: wire::AccountDataRequest,
    ) -> Result<(), Problem> {
        if !asked.subscribe.unwrap_or(false) {
            return self.with_session(from, |session| session.account.updates = None);
        }
        let account = self.asked_account(asked.acct_code.as_ref())?;
        self.with_session(from, |session| session.account.updates = Some(account.clone()))?;
        self.send_account_values(from, &account);
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

    pub(in crate::gateway) fn start_updates_multi(
        &mut self,
        to: ConnectionId,
        asked: wire::AccountUpdatesMultiRequest,
    ) -> Result<(), Problem> {
        let request = asked.req_id.unwrap_or(0);
        let account = self.asked_account(asked.account.as_ref())?;
        self.with_session(to, |session| {
            session.account.updates_multi.insert(request, account.clone())
        })?;
        self.send_updates_multi(to, request, &account);
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

    /// Every three minutes, as the real one does: summaries (what changed, no end marker) and account
    /// updates.
    pub(in crate::gateway) fn report_accounts(&mut self) {
        let ids: Vec<ConnectionId> = self.sessions.keys().copied().collect();
        for to in ids {
            let Some(session) = self.sessions.get(&to) else {
                continue;
            };
            let summaries: Vec<i32> = session.account.summaries.keys().copied().collect();
            let multi = session.account.updates_multi.clone();
            let updates = session.account.updates.clone();
            for request in summaries {
                self.send_summary(to, request);
            }
            for (request, account) in multi {
                self.send_updates_multi(to, request, &account);
            }
            if let Some(account) = updates {
                self.send_account_values(to, &account);
                for id in self.held(&account) {
                    self.send_portfolio_value(to, &account, id);
                }
                self.send_update_time(to);
            }
        }
    }

    /// A fill changed a position: everybody who follows it is told.
    pub(in crate::gateway) fn publish_position(&mut self, account: &str, id: InstrumentId) {
        let connections: Vec<ConnectionId> = self.sessions.keys().copied().collect();
        for to in connections {
            let Some(session) = self.sessions.get(&to) else {
                continue;
            };
            let multi = session
                .account
                .positions_multi
                .iter()
                .filter(|(_, name)| *name == account);
            let multi: Vec<i32> = multi.map(|(request, _)| *request).collect();
            let updates = session.account.updates.as_deref() == Some(account);
            if session.account.positions {
                self.send_position(to, account, id);
            }
            for request in multi {
                self.send_position_multi(to, request, account, id);
            }
            if updates {
                self.send_account_values(to, account);
                self.send_portfolio_value(to, account, id);
                self.send_update_time(to);
            }
        }
    }

    fn held(&self, account: &str) -> Vec<InstrumentId> {
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
            model_code: None,
        };
        self.send(to, Class::Other, &message);
    }

    fn holding(&self, account: &str, id: InstrumentId) -> (Decimal, Decimal) {
        let instrument = &self.exchange.market(id).instrument;
        let position = self
            .exchange
            .account(account)
            .map(|account| account.position(id))
            .unwrap_or_default();
        (
            instrument.quantity(position.lots),
            position.average_cost(instrument),
        )
    }

    fn send_account_values(&mut self, to: ConnectionId, account: &str) {
        let Some(known) = self.exchange.account(account).cloned() else {
            return;
        };
        let mut rows = vec![
            ("AccountCode".to_owned(), account.to_owned(), String::new()),
            ("AccountReady".to_owned(), "true".to_owned(), String::new()),
        ];
        rows.extend(self.account_rows(&known));
        rows.extend(self.ledger_rows(&known));
        for (key, value, currency) in rows {
            let message = wire::AccountValue {
                key: Some(key),
                value: Some(value),
                currency: Some(currency),
                account_name: Some(account.to_owned()),
            };
            self.send(to, Class::Other, &message);
        }
    }

    fn send_updates_multi(&mut self, to: ConnectionId, request: i32, account: &str) {
        let Some(known) = self.exchange.account(account).cloned() else {
            return;
        };
        let rows = self
            .account_rows(&known)
            .into_iter()
            .chain(self.ledger_rows(&known));
        for (key, value, currency) in rows {
            let message = wire::AccountUpdateMulti {
                req_id: Some(request),
                account: Some(account.to_owned()),
                model_code: None,
                key: Some(key),
                value: Some(value),
                currency: Some(currency),
            };
            self.send(to, Class::Other, &message);
        }
    }

    fn send_portfolio_value(&mut self, to: ConnectionId, account: &str, id: InstrumentId) {
        let Some(position) = self.exchange.account(account).map(|account| account.position(id)) else {
            return;
        };
        let market = self.exchange.market(id);
        let price = market.instrument.price(market.mark());
        let quantity = market.instrument.quantity(position.lots);
        let message = wire::PortfolioValue {
            contract: Some(self.contract(id, None)),
            position: Some(written(quantity)),
            market_price: Some(double(price)),
            market_value: Some(double(quantity * price)),
            average_cost: Some(double(position.average_cost(&market.instrument))),
            unrealized_pnl: Some(double((quantity * price - position.cost).round_dp(4))),
            realized_pnl: Some(double(position.realized.round_dp(4))),
            account_name: Some(account.to_owned()),
        };
        self.send(to, Class::Other, &message);
    }

    fn send_update_time(&mut self, to: ConnectionId) {
        let now = clock(self.exchange.unix_seconds(self.exchange.now()));
        let message = wire::AccountUpdateTime {
            time_stamp: Some(now),
        };
        self.send(to, Class::Other, &message);
    }

    fn account_rows(&self, account: &Account) -> Vec<Row> {
        let value = self.exchange.valuation(account);
        let free = value.available();
        let money = |tag: &str, amount: Decimal| {
            (
                tag.to_owned(),
                format!("{:.2}", amount.round_dp(2)),
                "USD".to_owned(),
            )
        };
        let plain = |tag: &str, text: String| (tag.to_owned(), text, String::new());
        let cushion = if value.equity.is_zero() {
            Decimal::ZERO
        } else {
            (free / value.equity).round_dp(6)
        };
        let mut rows = vec![
            plain("AccountType", "INDIVIDUAL".to_owned()),
            plain("Cushion", written(cushion)),
        ];
        rows.push(plain("DayTradesRemaining", "-1".to_owned()));
        rows.extend([
            money("NetLiquidation", value.equity),
            money("TotalCashValue", account.cash),
            money("SettledCash", account.cash),
            money("AccruedCash", Decimal::ZERO),
            money("BuyingPower", (free * Decimal::from(4)).max(Decimal::ZERO)),
            money("EquityWithLoanValue", value.with_loan()),
            money("PreviousDayEquityWithLoanValue", account.opening_equity),
            money("GrossPositionValue", value.gross),
            money("InitMarginReq", value.required.initial),
            money("MaintMarginReq", value.required.maintenance),
            money("AvailableFunds", free),
            money("ExcessLiquidity", value.excess()),
            money("FullInitMarginReq", value.required.initial),
            money("FullMaintMarginReq", value.required.maintenance),
            money("FullAvailableFunds", free),
            money("FullExcessLiquidity", value.excess()),
            money("UnrealizedPnL", value.unrealized),
            money("RealizedPnL", value.realized),
        ]);
        rows
    }

    fn ledger_rows(&self, account: &Account) -> Vec<Row> {
        let value = self.exchange.valuation(account);
        let row = |tag: &str, amount: Decimal| {
            (
                tag.to_owned(),
                format!("{:.2}", amount.round_dp(2)),
                "USD".to_owned(),
            )
        };
        vec![
            ("Currency".to_owned(), "USD".to_owned(), "USD".to_owned()),
            ("ExchangeRate".to_owned(), "1.00".to_owned(), "USD".to_owned()),
            row("CashBalance", account.cash),
            row("TotalCashBalance", account.cash),
            row("StockMarketValue", value.positions),
            row("NetLiquidationByCurrency", value.equity),
        ]
    }
}
