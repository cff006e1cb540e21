//! What does not come from a client of the API: manual orders, liquidations, positions from elsewhere,
//! corrections of executions, and the operator's switches.

use rust_decimal::Decimal;

use crate::exchange::Exchange;
use crate::exchange::account::Fill;
use crate::exchange::event::{Change, Event, Execution, Part};
use crate::exchange::instrument::{InstrumentId, Lots, Ticks};
use crate::exchange::order::{
    Attributes, Hold, Order, OrderKey, OrderKind, OrderRequest, Origin, Place, Side, Status, TimeInForce,
};

use super::desk::{LocateHold, Switches};
use super::fills::execution_id;

/// The client that keys of orders from outside the API belong to; no client has it.
const OUTSIDE: i32 = i32::MIN;

/// There is no such execution, or it cannot be corrected so.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no execution {0} that could be corrected so; name the newest version of one")]
pub struct UnknownExecution(pub String);

impl Exchange {
    /// The operator's switches.
    #[must_use]
    pub fn switches(&self) -> Switches {
        self.desk.switches
    }

    /// Sets the operator's switches. Orders that nothing holds any more go on: those whose dialog or
    /// missing shares the old switches were about.
    pub fn set_switches(&mut self, switches: Switches) {
        let before = std::mem::replace(&mut self.desk.switches, switches);
        if before.dialogs && !switches.dialogs {
            self.release_dialogs();
        }
        if before.locate != LocateHold::Off && switches.locate == LocateHold::Off {
            for key in self.held_by(Hold::Locate) {
                self.review(key);
                self.settle_order(key);
            }
        }
    }

    /// Confirms every order that waits for it.
    pub fn release_dialogs(&mut self) {
        for key in self.held_by(Hold::Dialog) {
            if let Some(order) = self.orders.get_mut(&key) {
                order.held = None;
            }
            self.enter(key);
            self.settle_order(key);
        }
    }

    /// Takes a live order out of the market without cancelling it. False when there is none.
    pub fn deactivate(&mut self, shown: OrderKey) -> bool {
        let key = self.resolve(shown);
        let fits = |order: &&Order| order.status.is_live() && !order.is_parked();
        if self.orders.get(&key).filter(fits).is_none() {
            return false;
        }
        self.withdraw(key);
        self.hold(key, Hold::Deactivated);
        self.settle_order(key);
        true
    }

    /// Undoes [`deactivate`](Self::deactivate). False when there is nothing to undo.
    pub fn activate(&mut self, shown: OrderKey) -> bool {
        let key = self.resolve(shown);
        let Some(order) = self.orders.get_mut(&key) else {
            return false;
        };
        if order.held != Some(Hold::Deactivated) {
            return false;
        }
        (order.held, order.status) = (None, Status::PreSubmitted);
        self.review(key);
        self.settle_order(key);
        true
    }

    /// Takes an order from a person at the trading platform: it shows client 0 and order 0 until client 0
    /// binds it. Returns its key.
    pub fn place_external(&mut self, request: OrderRequest) -> OrderKey {
        let key = self.insert_outsider(request, Origin::Manual, 0);
        self.transmit(key);
        self.settle_order(key);
        key
    }

    /// A fill of somebody else's order in an account: a manual trader's, at this price. Returns the
    /// order's key.
    pub fn fill_external(
        &mut self,
        account: &str,
        id: InstrumentId,
        side: Side,
        lots: Lots,
        price: Ticks,
    ) -> OrderKey {
        self.outside_fill(account, id, (side, lots, price), Origin::Manual)
    }

    /// The broker trades an account's position, or this much of it, to bring it within its means. Nothing
    /// happens without a position.
    pub fn liquidate(&mut self, account: &str, id: InstrumentId, lots: Option<Lots>) -> Option<OrderKey> {
        let held = self.account(account)?.position(id).lots;
        let side = if held > 0 { Side::Sell } else { Side::Buy };
        let lots = lots.unwrap_or(held.abs()).clamp(0, held.abs());
        if lots == 0 {
            return None;
        }
        let market = self.market(id);
        let best = market.book.best(side.opposite());
        let price = best.map_or(market.mark(), |(price, _)| price);
        Some(self.outside_fill(account, id, (side, lots, price), Origin::Broker))
    }

    /// Changes a position without an order: assignment, exercise, expiry, a transfer. Positive lots are
    /// received, negative given, at this price. False when there is no such account.
    pub fn assign(&mut self, account: &str, id: InstrumentId, lots: Lots, price: Ticks) -> bool {
        let instrument = &self.markets[id.0].instrument;
        let mut accounts = self.accounts.iter_mut();
        let Some(found) = accounts.find(|each| each.name == account).filter(|_| lots != 0) else {
            return false;
        };
        let fill = Fill {
            side: if lots > 0 { Side::Buy } else { Side::Sell },
            lots: lots.saturating_abs(),
            price,
            fee: Decimal::ZERO,
        };
        found.book(id, instrument, &fill);
        self.events.push(Event::Position {
            account: account.to_owned(),
            instrument: id,
        });
        true
    }

    /// Gives every unbound manual order an id of client 0, as that client asked. Returns their keys, which
    /// stay as they are; the shown ids become -1, -2, ….
    pub fn bind_manual(&mut self) -> Vec<OrderKey> {
        let unbound = |order: &&Order| order.origin == Origin::Manual && order.shown.order == 0;
        let keys: Vec<OrderKey> = self
            .live_orders()
            .filter(unbound)
            .map(|order| order.key)
            .collect();
        for key in &keys {
            self.desk.bound -= 1;
            let shown = OrderKey {
                client: 0,
                order: self.desk.bound,
            };
            self.desk.aliases.insert(shown, *key);
            if let Some(order) = self.orders.get_mut(key) {
                order.shown = shown;
                let status = order.status;
                self.change(*key, status, Change::Bound);
            }
        }
        keys
    }

    /// Replaces the newest version of an execution by a corrected one. No lots at all is a bust. The
    /// account is put right; what the order filled is never undone.
    ///
    /// # Errors
    /// When there is no such execution, when it has been corrected already, when it is a combination as a
    /// whole (its legs carry the positions) or when the size is negative or larger than it was.
    pub fn correct_execution(
        &mut self,
        id: &str,
        price: Option<Ticks>,
        lots: Option<Lots>,
    ) -> Result<String, UnknownExecution> {
        let unknown = || UnknownExecution(id.to_owned());
        let found = self
            .executions
            .iter()
            .position(|each| each.id == id && !each.superseded);
        let index = found.ok_or_else(unknown)?;
        let old = self.executions.get(index).cloned().ok_or_else(unknown)?;
        let lots = lots.unwrap_or(old.lots);
        if old.part == Part::Combination || !(0..=old.lots).contains(&lots) || old.lots == 0 {
            return Err(unknown());
        }
        let mut new = Execution {
            price: price.unwrap_or(old.price),
            lots,
            correction: old.correction + 1,
            id: corrected_id(&old),
            at: self.now,
            fee: Decimal::ZERO,
            ..old.clone()
        };
        new.realized = self.rebook(&old, &new);
        if let Some(order) = self
            .orders
            .get_mut(&old.order)
            .filter(|_| old.part == Part::Whole)
        {
            let per_lot = i128::from(new.price) - i128::from(old.price);
            order.traded += per_lot * i128::from(old.lots);
            let market = &self.markets[old.instrument.0];
            new.average_price =
                super::fills::average_price(market.instrument.min_tick, order.traded, order.filled);
        }
        if let Some(old) = self.executions.get_mut(index) {
            old.superseded = true;
        }
        self.executions.push(new.clone());
        let corrected = new.id.clone();
        if let Some(order) = self.orders.get(&old.order) {
            let order = Box::new(order.clone());
            let execution = Box::new(new);
            self.events.push(Event::Execution { execution, order });
        }
        Ok(corrected)
    }

    /// Undoes the old version of an execution in its account and books the new one.
    fn rebook(&mut self, old: &Execution, new: &Execution) -> Option<Decimal> {
        let instrument = &self.markets[old.instrument.0].instrument;
        let mut accounts = self.accounts.iter_mut();
        let account = accounts.find(|account| account.name == old.account)?;
        let booking = |side, lots, price| Fill {
            side,
            lots,
            price,
            fee: Decimal::ZERO,
        };
        let undone = booking(old.side.opposite(), old.lots, old.price);
        let mut realized = account.book(old.instrument, instrument, &undone);
        if new.lots > 0 {
            let booked = account.book(
                old.instrument,
                instrument,
                &booking(new.side, new.lots, new.price),
            );
            realized = booked.or(realized);
        }
        realized
    }

    /// Leaves the live order as it is, under its permanent id, and makes the new version an order of its
    /// own under the same order id.
    pub(super) fn split(&mut self, key: OrderKey, request: OrderRequest) {
        self.desk.switches.split_next = false;
        let Some(shown) = self.orders.get(&key).map(|order| order.shown) else {
            return;
        };
        let twin = self.next_outsider();
        let request = OrderRequest {
            transmit: true,
            ..request
        };
        self.insert(twin, request);
        if let Some(order) = self.orders.get_mut(&twin) {
            order.shown = shown;
        }
        self.desk.aliases.insert(shown, twin);
        self.transmit(twin);
    }

    fn outside_fill(
        &mut self,
        account: &str,
        id: InstrumentId,
        (side, lots, price): (Side, Lots, Ticks),
        origin: Origin,
    ) -> OrderKey {
        let request = OrderRequest {
            account: account.to_owned(),
            instrument: id,
            side,
            quantity: lots.max(1),
            kind: OrderKind::Market,
            tif: TimeInForce::Day,
            transmit: true,
            attributes: Attributes::default(),
        };
        let order = if origin == Origin::Broker { -1 } else { 0 };
        let key = self.insert_outsider(request, origin, order);
        // The order is live and whole, so that the decree cannot fail.
        let _ = self.force_fill_at(key, None, price);
        key
    }

    fn insert_outsider(&mut self, request: OrderRequest, origin: Origin, order: i32) -> OrderKey {
        let key = self.next_outsider();
        self.insert(key, request);
        if let Some(found) = self.orders.get_mut(&key) {
            found.origin = origin;
            found.shown = OrderKey { client: 0, order };
            found.place = Place::Nowhere;
        }
        key
    }

    fn next_outsider(&mut self) -> OrderKey {
        self.desk.outsiders += 1;
        OrderKey {
            client: OUTSIDE,
            order: self.desk.outsiders,
        }
    }

    fn held_by(&self, hold: Hold) -> Vec<OrderKey> {
        let held = self.live_orders().filter(|order| order.held == Some(hold));
        held.map(|order| order.key).collect()
    }

    fn settle_order(&mut self, key: OrderKey) {
        if let Some(id) = self.orders.get(&key).map(|order| order.request.instrument) {
            self.settle(id);
        }
    }
}

/// The id of an execution's next version: the same but for what follows the last dot.
fn corrected_id(old: &Execution) -> String {
    let stem = old.id.rsplit_once('.').map_or("", |(stem, _)| stem);
    let next = execution_id(0, 0, Part::Whole, old.correction + 1);
    let last = next.rsplit_once('.').map_or("", |(_, last)| last);
    format!("{stem}.{last}")
}
