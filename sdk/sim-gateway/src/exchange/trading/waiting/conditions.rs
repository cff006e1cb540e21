//! Conditions: what must hold before an order works, or what cancels it.

use crate::exchange::Exchange;
use crate::exchange::calendar::Phase;
use crate::exchange::event::Change;
use crate::exchange::instrument::InstrumentId;
use crate::exchange::order::{Condition, ConditionTest, Order, OrderKey, Status};
use rust_decimal::Decimal;

use crate::exchange::trading::desk::Alarm;

impl Exchange {
    /// Looks at an order's conditions. True when they ended it.
    pub(in crate::exchange::trading) fn review_conditions(&mut self, key: OrderKey) -> bool {
        let Some(order) = self.orders.get(&key).filter(|order| order.is_live()) else {
            return false;
        };
        let attributes = &order.request.attributes;
        if attributes.conditions.is_empty() || order.met || !self.conditions_hold(order) {
            return false;
        }
        let cancels = attributes.conditions_cancel;
        if let Some(order) = self.orders.get_mut(&key) {
            order.met = true;
        }
        if cancels {
            self.change(key, Status::PendingCancel, Change::CancelPending);
            self.end(key, Status::Cancelled, Change::Cancelled);
        }
        cancels
    }

    /// Whether any run of conditions joined by "and" holds as a whole.
    fn conditions_hold(&self, order: &Order) -> bool {
        let attributes = &order.request.attributes;
        let regular = self.phase(order.request.instrument, self.unix_now()) == Phase::Regular;
        if !regular && !attributes.conditions_ignore_rth {
            return false;
        }
        let mut run = true;
        for (index, condition) in attributes.conditions.iter().enumerate() {
            run &= self.condition_holds(order, condition);
            let last = index + 1 == attributes.conditions.len();
            if last || !condition.and_next {
                if run {
                    return true;
                }
                run = true;
            }
        }
        false
    }

    fn condition_holds(&self, order: &Order, condition: &Condition) -> bool {
        let compare = |above: bool, value: i128, bound: i128| match above {
            true => value >= bound,
            false => value <= bound,
        };
        match &condition.test {
            ConditionTest::Price {
                instrument,
                above,
                price,
            } => compare(*above, self.market(*instrument).mark().into(), (*price).into()),
            ConditionTest::Time { after, at } => (self.unix_now() >= *at) == *after,
            ConditionTest::Margin { above, percent } => {
                let cushion = self.cushion(&order.request.account);
                match above {
                    true => cushion >= Decimal::from(*percent),
                    false => cushion <= Decimal::from(*percent),
                }
            }
            ConditionTest::Execution { symbol } => {
                let since = |fill: &&crate::exchange::Execution| fill.at >= order.placed_at;
                let mut recent = self.executions.iter().rev().take_while(since);
                recent.any(|fill| {
                    fill.order != order.key
                        && fill.account == order.request.account
                        && self.market(fill.instrument).instrument.symbol == *symbol
                })
            }
            ConditionTest::Volume {
                instrument,
                above,
                lots,
            } => {
                let volume = self.market(*instrument).session().volume;
                compare(*above, volume.into(), (*lots).into())
            }
            ConditionTest::PercentChange {
                instrument,
                above,
                basis_points,
            } => {
                let market = self.market(*instrument);
                let close = i128::from(market.session().close);
                let change = (i128::from(market.mark()) - close) * 10_000;
                compare(*above, change, i128::from(*basis_points) * close.abs())
            }
        }
    }

    /// Free equity in percent of all equity.
    fn cushion(&self, account: &str) -> Decimal {
        let value = self.account(account).map(|account| self.valuation(account));
        let value = value.unwrap_or_default();
        let free = value.excess() * Decimal::ONE_HUNDRED;
        free.checked_div(value.equity).unwrap_or(Decimal::ZERO)
    }

    /// Follows what an order's conditions look at.
    pub(in crate::exchange::trading) fn observe_for(&mut self, key: OrderKey) {
        self.stop_observing(key);
        let Some(order) = self.orders.get(&key) else {
            return;
        };
        for condition in order.request.attributes.conditions.clone() {
            match observed(&condition.test) {
                Some(id) if self.desk.observers.entry(id).or_default().insert(key) => self.watch(id),
                None if matches!(condition.test, ConditionTest::Execution { .. }) => {
                    self.desk.account_observers.insert(key);
                }
                _ => {}
            }
        }
    }

    /// Follows nothing for an order any more.
    pub(in crate::exchange::trading) fn stop_observing(&mut self, key: OrderKey) {
        self.desk.account_observers.remove(&key);
        let Some(order) = self.orders.get(&key) else {
            return;
        };
        if order.request.attributes.conditions.is_empty() && self.desk.observers.is_empty() {
            return;
        }
        // A change may have replaced the conditions, so look everywhere; few orders have any.
        let mut left = Vec::new();
        self.desk.observers.retain(|id, observers| {
            if observers.remove(&key) {
                left.push(*id);
            }
            !observers.is_empty()
        });
        for id in left {
            self.unwatch(id);
        }
    }

    /// A market changed: orders with a condition on it look again.
    pub(in crate::exchange::trading) fn observe(&mut self, id: InstrumentId) {
        if let Some(observers) = self.desk.observers.get(&id) {
            self.desk.reviews.extend(observers.iter().copied());
        }
    }

    /// An account traded: orders with a condition on that look again.
    pub(in crate::exchange::trading) fn account_traded(&mut self) {
        let observers = self.desk.account_observers.iter();
        self.desk.reviews.extend(observers.copied());
    }

    /// Sets alarms for the moments that conditions name.
    pub(in crate::exchange::trading) fn set_time_alarms(&mut self, key: OrderKey) {
        let conditions = match self.orders.get(&key) {
            Some(order) if !order.request.attributes.conditions.is_empty() => {
                order.request.attributes.conditions.clone()
            }
            _ => return,
        };
        for condition in conditions {
            if let ConditionTest::Time { after: true, at } = condition.test {
                self.set_alarm(at, Alarm::Review(key));
            }
        }
    }

    /// An account's worth changes all the time: conditions on it are looked at every second.
    pub(in crate::exchange::trading) fn set_margin_alarm(&mut self, key: OrderKey) {
        let waits = |order: &&Order| {
            let margin = |each: &Condition| matches!(each.test, ConditionTest::Margin { .. });
            order.is_live() && !order.met && order.request.attributes.conditions.iter().any(margin)
        };
        if self.orders.get(&key).filter(waits).is_some() {
            self.set_alarm(self.unix_now() + 1, Alarm::Review(key));
        }
    }
}

fn observed(test: &ConditionTest) -> Option<InstrumentId> {
    match test {
        ConditionTest::Price { instrument, .. }
        | ConditionTest::Volume { instrument, .. }
        | ConditionTest::PercentChange { instrument, .. } => Some(*instrument),
        _ => None,
    }
}
