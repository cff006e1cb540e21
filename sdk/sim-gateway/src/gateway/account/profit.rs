//! Profit and loss, of an account and of single holdings, followed second by second.

use rust_decimal::Decimal;

use super::PnlWatch;
use crate::exchange::worth;
use crate::gateway::values::{double, written};
use crate::gateway::{Class, ConnectionId, Gateway, Problem};
use crate::wire::messages::account as wire;

impl Gateway {
    pub(in crate::gateway) fn start_pnl(
        &mut self,
        to: ConnectionId,
        asked: wire::PnlRequest,
    ) -> Result<(), Problem> {
        let account = self.asked_account(asked.account.as_ref())?;
        self.watch_profit(
            to,
            asked.req_id.unwrap_or(0),
            PnlWatch {
                account,
                single: None,
                told: None,
            },
        )
    }

    pub(in crate::gateway) fn start_pnl_single(
        &mut self,
        to: ConnectionId,
        asked: wire::PnlSingleRequest,
    ) -> Result<(), Problem> {
        let account = self.asked_account(asked.account.as_ref())?;
        let con_id = asked.con_id.unwrap_or(0);
        let market = self
            .exchange
            .markets()
            .find(|(_, market)| market.instrument.con_id == con_id);
        let single = market.map(|(id, _)| id);
        let single = single.ok_or_else(|| Problem::invalid(format_args!("Invalid contract id {con_id}")))?;
        self.watch_profit(
            to,
            asked.req_id.unwrap_or(0),
            PnlWatch {
                account,
                single: Some(single),
                told: None,
            },
        )
    }

    fn watch_profit(&mut self, to: ConnectionId, request: i32, watch: PnlWatch) -> Result<(), Problem> {
        self.with_session(to, |session| session.account.pnl.insert(request, watch))?;
        self.send_profit(to, request);
        Ok(())
    }

    pub(in crate::gateway) fn stop_pnl(
        &mut self,
        from: ConnectionId,
        request: Option<i32>,
    ) -> Result<(), Problem> {
        let ended = self.with_session(from, |session| session.account.pnl.remove(&request.unwrap_or(0)))?;
        let unknown = || Problem::new(10185, "Failed to cancel PNL (not subscribed)");
        ended.map(drop).ok_or_else(unknown)
    }

    /// Profit changes with prices: looked at every second.
    pub(in crate::gateway) fn report_profit(&mut self) {
        let watches: Vec<(ConnectionId, i32)> = self
            .sessions
            .iter()
            .flat_map(|(id, session)| session.account.pnl.keys().map(|request| (*id, *request)))
            .collect();
        for (to, request) in watches {
            self.send_profit(to, request);
        }
    }

    fn send_profit(&mut self, to: ConnectionId, request: i32) {
        let watch = self
            .sessions
            .get(&to)
            .and_then(|session| session.account.pnl.get(&request));
        let Some((watch, account)) =
            watch.and_then(|watch| Some((watch, self.exchange.account(&watch.account)?)))
        else {
            return;
        };
        let told = watch.told.clone();
        let single = watch.single;
        let (values, message) = match single {
            None => {
                let value = self.exchange.valuation(account);
                (
                    [value.daily, value.unrealized, value.realized_today, Decimal::ZERO],
                    None,
                )
            }
            Some(instrument) => {
                let market = self.exchange.market(instrument);
                let (position, mark) = (account.position(instrument), market.mark());
                let instrument = &market.instrument;
                (
                    [
                        position.daily(instrument, mark),
                        position.unrealized(instrument, mark),
                        position.realized_today(),
                        worth(instrument, position.lots, mark),
                    ],
                    Some(instrument.quantity(position.lots)),
                )
            }
        };
        let now = values.map(|value| written(value.round_dp(4)));
        if told.as_ref() == Some(&now) {
            return;
        }
        let [daily_pnl, unrealized_pnl, realized_pnl, worth] =
            values.map(|value| Some(double(value.round_dp(4))));
        match message {
            None => {
                let message = wire::Pnl {
                    req_id: Some(request),
                    daily_pnl,
                    unrealized_pnl,
                    realized_pnl,
                };
                self.send(to, Class::Other, &message);
            }
            Some(quantity) => {
                let message = wire::PnlSingle {
                    req_id: Some(request),
                    position: Some(written(quantity)),
                    daily_pnl,
                    unrealized_pnl,
                    realized_pnl,
                    value: worth,
                };
                self.send(to, Class::Other, &message);
            }
        }
        let watch = self
            .sessions
            .get_mut(&to)
            .and_then(|session| session.account.pnl.get_mut(&request));
        if let Some(watch) = watch {
            watch.told = Some(now);
        }
    }
}
