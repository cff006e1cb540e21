//! What changes accounts besides trading: transfers, corrections of fills, orders that never left a gateway.

use rust_decimal::Decimal;

use super::account::Fill;
use super::{Exchange, Execution, InstrumentId, Lots, OrderKey, Side, Status, Ticks};

impl Exchange {
    /// Moves a position into an account, or out of it when `lots` is negative, without an order or a fee.
    pub fn transfer(&mut self, account: &str, id: InstrumentId, lots: Lots, price: Ticks) {
        self.book(account, id, lots, price);
    }

    /// Replaces a fill by what it turns out to have been. With `delta` the old one stays, and the new one is
    /// the difference in size to it. `None` when there is no such fill, or nothing to correct.
    pub fn correct(&mut self, id: &str, lots: Lots, price: Ticks, delta: bool) -> Option<Execution> {
        let at = self.executions.iter().position(|each| each.id == id)?;
        let old = self.executions.get(at)?.clone();
        let change = lots - old.lots;
        let signed = |lots| old.side.signed(lots);
        let mut new = Execution {
            id: next_version(id),
            lots,
            price,
            cumulative: old.cumulative + change,
            fee: Decimal::ZERO,
            realized: None,
            ..old.clone()
        };
        if delta {
            if change == 0 {
                return None;
            }
            new.lots = change.abs();
            new.side = if change > 0 { old.side } else { old.side.opposite() };
            self.book(&old.account, old.instrument, signed(change), price);
            self.executions.push(new.clone());
        } else {
            new.fee = old.fee;
            self.book(&old.account, old.instrument, -signed(old.lots), old.price);
            self.book(&old.account, old.instrument, signed(lots), price);
            if let Some(place) = self.executions.get_mut(at) {
                *place = new.clone();
            }
        }
        if let Some(order) = self.orders.get_mut(&old.order) {
            order.filled += change;
            let value = |price: Ticks, lots: Lots| i128::from(price) * i128::from(lots);
            order.traded += if delta {
                value(price, change)
            } else {
                value(price, lots) - value(old.price, old.lots)
            };
        }
        Some(new)
    }

    /// Forgets the orders that were never transmitted, as a gateway does that ends.
    pub fn forget_untransmitted(&mut self) -> Vec<OrderKey> {
        let waits = |order: &super::Order| order.status == Status::PendingSubmit && !order.request.transmit;
        let keys: Vec<OrderKey> = self
            .orders
            .values()
            .filter(|order| waits(order))
            .map(|order| order.key)
            .collect();
        for key in &keys {
            self.orders.remove(key);
        }
        keys
    }

    fn book(&mut self, account: &str, id: InstrumentId, signed: Lots, price: Ticks) {
        if signed == 0 {
            return;
        }
        let side = if signed > 0 { Side::Buy } else { Side::Sell };
        let fill = Fill {
            side,
            lots: signed.abs(),
            price,
            fee: Decimal::ZERO,
        };
        let instrument = self.market(id).instrument.clone();
        if let Some(account) = self.accounts.iter_mut().find(|each| each.name == account) {
            account.book(id, &instrument, &fill);
        }
    }
}

/// `….01` becomes `….02`.
fn next_version(id: &str) -> String {
    let (front, version) = id.rsplit_once('.').unwrap_or((id, "01"));
    let version: u32 = version.parse().unwrap_or(1);
    format!("{front}.{:02}", version + 1)
}
