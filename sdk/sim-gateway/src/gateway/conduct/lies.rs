//! Answers that are not what they should be, changed on their way to their encoding, so that both encodings
//! lie alike.

use std::any::Any;

use super::{Field, Lie};
use crate::exchange::Side;
use crate::gateway::values::written;
use crate::gateway::{Class, ConnectionId, Gateway, Output};
use crate::wire::messages::account::{AccountValue, Pnl, PnlSingle, Position, PositionMulti};
use crate::wire::messages::execution::{CommissionAndFeesReport, ExecutionDetails};
use crate::wire::messages::order::{OpenOrder, OrderStatus};
use crate::wire::messages::session::{ManagedAccounts, NextValidId};
use crate::wire::{Response, frame};

/// What the protocol writes for a number that is not set.
const UNSET: f64 = f64::MAX;

/// Who is told something, and about what.
#[derive(Clone, Copy)]
pub(super) struct Told {
    pub(super) to: ConnectionId,
    pub(super) client: Option<i32>,
    pub(super) class: Class,
}

impl Gateway {
    /// Begins a lie, or ends the one about the same field when it is to be told no more.
    pub(super) fn lie(&mut self, lie: &Lie) {
        if lie.left == Some(0) {
            self.conduct.lies.retain(|each| each.field != lie.field);
        } else {
            self.conduct.lies.push(lie.clone());
        }
    }

    /// Whether every answer goes out as it is.
    pub(in crate::gateway) fn is_honest(&self) -> bool {
        let state = &self.conduct;
        state.lies.is_empty()
            && !state.settings.corrections_are_deltas
            && state.silent.is_empty()
            && !state.link_down
            && state.execution_times == super::ExecutionTimes::Zone
    }

    /// The value of a lie that is to be told now about a field, if there is one.
    pub(super) fn lied(&mut self, field: Field, told: Told, about: Option<i32>) -> Option<Option<String>> {
        let lies = &mut self.conduct.lies;
        let at = lies.iter().position(|lie| {
            lie.field == field
                && lie.client.is_none_or(|client| told.client == Some(client))
                && lie.about.is_none_or(|asked| about == Some(asked))
        })?;
        let lie = lies.get_mut(at)?;
        let value = lie.value.clone();
        if let Some(left) = &mut lie.left {
            *left -= 1;
            if *left == 0 {
                lies.remove(at);
            }
        }
        Some(value)
    }

    /// Sends an answer as it is, changed, more than once, or not at all.
    pub(in crate::gateway) fn send_changed<M: Response + 'static>(
        &mut self,
        to: ConnectionId,
        class: Class,
        message: &M,
    ) {
        let client = self.client_of(to);
        let told = Told { to, client, class };
        let any: &dyn Any = message;
        if let Some(status) = any.downcast_ref::<OrderStatus>() {
            self.send_status_changed(told, status.clone());
        } else if let Some(open) = any.downcast_ref::<OpenOrder>() {
            self.send_open_changed(told, open.clone());
        } else if let Some(details) = any.downcast_ref::<ExecutionDetails>() {
            self.send_execution_changed(told, details.clone());
        } else if !self.send_session_changed(told, any) && !self.send_account_changed(told, any) {
            self.put_out(told, message);
        }
    }

    fn put_out<M: Response>(&mut self, told: Told, message: &M) {
        if let Some(encoding) = self.encoding(told.to) {
            let mut bytes = Vec::new();
            frame::encode(&mut bytes, encoding, message);
            self.output.push(Output::Frame {
                to: told.to,
                class: told.class,
                id: message.id(),
                bytes,
            });
        }
    }

    fn send_status_changed(&mut self, told: Told, mut status: OrderStatus) {
        let id = status.order_id;
        if self.lied(Field::AveragePrice, told, id).is_some() {
            status.avg_fill_price = Some(0.0);
        }
        if let Some(value) = self.lied(Field::Status, told, id) {
            status.status = value.or_else(|| Some("Bewitched".to_owned()));
        }
        if let Some(value) = self.lied(Field::WhyHeld, told, id) {
            status.why_held = value.or_else(|| Some("locate".to_owned()));
        }
        if let Some(value) = self.lied(Field::PermId, told, id) {
            status.perm_id = Some(number(value).unwrap_or(0));
        }
        self.put_out(told, &status);
        if status.status.as_deref() == Some("Filled") && self.lied(Field::FilledTwice, told, id).is_some() {
            status.avg_fill_price = Some(0.0);
            self.put_out(told, &status);
        }
    }

    fn send_open_changed(&mut self, told: Told, mut open: OpenOrder) {
        let id = open.order_id;
        if self.lied(Field::OpenOrderFilled, told, id).is_some()
            && let Some(order) = &mut open.order
        {
            order.filled_quantity = None;
        }
        self.put_out(told, &open);
    }

    fn send_execution_changed(&mut self, told: Told, mut details: ExecutionDetails) {
        let Some(mut execution) = details.execution.take() else {
            return self.put_out(told, &details);
        };
        let id = execution.order_id;
        let exec_id = execution.exec_id.clone();
        if self.conduct.settings.corrections_are_deltas
            && let Some((side, quantity)) = exec_id.as_deref().and_then(|id| self.difference(id))
        {
            execution.shares = Some(written(quantity));
            execution.side = Some(if side == Side::Buy { "BOT" } else { "SLD" }.to_owned());
        }
        if let Some(time) = &execution.time {
            execution.time = Some(self.execution_time(time));
        }
        if let Some(value) = self.lied(Field::ExecutionOrderId, told, id) {
            execution.order_id = Some(number(value).unwrap_or(0));
        }
        if let Some(value) = self.lied(Field::CumulativeQuantity, told, id) {
            execution.cum_qty = value.or_else(|| Some("0".to_owned()));
        }
        let again = self.lied(Field::ExecutionTwice, told, id).is_some();
        details.execution = Some(execution);
        self.put_out(told, &details);
        if again && let (Some(execution), Some(exec_id)) = (&mut details.execution, exec_id) {
            execution.exec_id = Some(format!("7{exec_id}"));
            self.put_out(told, &details);
        }
    }

    fn send_session_changed(&mut self, told: Told, any: &dyn Any) -> bool {
        if let Some(accounts) = any.downcast_ref::<ManagedAccounts>() {
            let mut accounts = accounts.clone();
            if let Some(value) = self.lied(Field::Accounts, told, None) {
                accounts.accounts_list = value.or_else(|| Some("U7654321".to_owned()));
            }
            self.put_out(told, &accounts);
        } else if let Some(next) = any.downcast_ref::<NextValidId>() {
            let mut next = next.clone();
            if let Some(value) = self.lied(Field::NextId, told, None) {
                next.order_id = Some(number(value).unwrap_or(1));
            }
            self.put_out(told, &next);
        } else if let Some(report) = any.downcast_ref::<CommissionAndFeesReport>() {
            let mut report = report.clone();
            if let Some(value) = self.lied(Field::Commission, told, None) {
                report.commission_and_fees = real(value);
            }
            self.put_out(told, &report);
        } else {
            return false;
        }
        true
    }

    fn send_account_changed(&mut self, told: Told, any: &dyn Any) -> bool {
        if let Some(value) = any.downcast_ref::<AccountValue>() {
            let mut value = value.clone();
            let ready = value.key.as_deref() == Some("AccountReady");
            if (ready || is_money(&value)) && self.lied(Field::AccountReady, told, None).is_some() {
                value.value = Some(if ready { "false" } else { "0.00" }.to_owned());
            }
            self.put_out(told, &value);
        } else if let Some(profit) = any.downcast_ref::<Pnl>() {
            let mut profit = profit.clone();
            if let Some(value) = self.lied(Field::Profit, told, profit.req_id) {
                let value = real(value);
                (profit.daily_pnl, profit.unrealized_pnl, profit.realized_pnl) = (value, value, value);
            }
            self.put_out(told, &profit);
        } else if let Some(profit) = any.downcast_ref::<PnlSingle>() {
            let mut profit = profit.clone();
            if let Some(value) = self.lied(Field::Profit, told, profit.req_id) {
                let value = real(value);
                (profit.daily_pnl, profit.unrealized_pnl, profit.realized_pnl) = (value, value, value);
            }
            self.put_out(told, &profit);
        } else if let Some(position) = any.downcast_ref::<Position>() {
            let mut position = position.clone();
            if let Some(value) = self.lied(Field::Position, told, None) {
                position.position = value.or_else(|| Some("0".to_owned()));
            }
            if self.lied(Field::PositionExchange, told, None).is_some()
                && let Some(contract) = &mut position.contract
            {
                contract.exchange = Some(String::new());
            }
            self.put_out(told, &position);
        } else if let Some(position) = any.downcast_ref::<PositionMulti>() {
            let mut position = position.clone();
            if let Some(value) = self.lied(Field::Position, told, position.req_id) {
                position.position = value.or_else(|| Some("0".to_owned()));
            }
            self.put_out(told, &position);
        } else {
            return false;
        }
        true
    }
}

fn is_money(value: &AccountValue) -> bool {
    value
        .currency
        .as_deref()
        .is_some_and(|currency| !currency.is_empty())
}

fn number<T: std::str::FromStr>(value: Option<String>) -> Option<T> {
    value?.parse().ok()
}

/// A number, `"unset"` for what the protocol writes then, or nothing at all.
pub(super) fn real(value: Option<String>) -> Option<f64> {
    match value.as_deref() {
        Some("unset") => Some(UNSET),
        Some(text) => text.parse().ok(),
        None => None,
    }
}
