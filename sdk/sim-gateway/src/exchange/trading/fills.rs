//! The bookkeeping of fills: order, account, execution, event. A combination's positions are its legs'.

use rust_decimal::Decimal;

use crate::exchange::Exchange;
use crate::exchange::account::{Fill, order_fee};
use crate::exchange::event::{Change, Event, Execution, Part};
use crate::exchange::instrument::{InstrumentId, Kind, Leg, Lots, Ticks};
use crate::exchange::order::{Order, OrderKey, Origin, Side, Status};

/// One booked part of a fill.
struct Share {
    instrument: InstrumentId,
    side: Side,
    lots: Lots,
    price: Ticks,
    fee: Decimal,
    part: Part,
}

impl Exchange {
    /// Books one fill of one order, with what follows for other orders.
    pub(super) fn fill(&mut self, key: OrderKey, price: Ticks, lots: Lots, maker: bool) {
        let before = self.record(key, price, lots, maker);
        self.group_filled(key, lots, before);
    }

    /// Books one fill of one order. Returns the size it still wanted before; what follows for its group is
    /// the caller's, once everybody who took part in the trade has got their fill.
    pub(super) fn record(&mut self, key: OrderKey, price: Ticks, lots: Lots, maker: bool) -> Lots {
        let now = self.now;
        let Some(order) = self.orders.get_mut(&key) else {
            return 0;
        };
        let before = order.remaining();
        order.filled += lots;
        order.traded += i128::from(price) * i128::from(lots);
        order.last_fill = price;
        order.held = None;
        if order.remaining() == 0 {
            (order.status, order.ended_at) = (Status::Filled, Some(now));
        } else if order.status != Status::PendingCancel {
            order.status = Status::Submitted;
        }
        self.book_fill(key, price, lots, maker);
        if self.orders.get(&key).is_some_and(|order| order.remaining() == 0) {
            self.withdraw(key);
            self.retire(key);
        }
        self.release_children(key);
        self.account_traded();
        before
    }

    fn book_fill(&mut self, key: OrderKey, price: Ticks, lots: Lots, maker: bool) {
        let Some(order) = self.orders.get(&key).cloned() else {
            return;
        };
        let (id, side) = (order.request.instrument, order.request.side);
        let instrument = &self.markets[id.0].instrument;
        let number = self.executions.len() + 1;
        if instrument.kind != Kind::Bag || instrument.legs.is_empty() {
            let average = average_price(instrument.min_tick, order.traded, order.filled);
            let value = average * instrument.quantity(order.filled);
            let fee_so_far = order_fee(instrument, order.filled, value);
            let fee = (fee_so_far - order.fees).max(Decimal::ZERO);
            let part = Part::Whole;
            let share = Share {
                instrument: id,
                side,
                lots,
                price,
                fee,
                part,
            };
            self.book_share(&order, &share, number, maker);
            return;
        }
        let legs = instrument.legs.clone();
        let prices = self.leg_prices(id, price);
        let fee = Decimal::ZERO;
        let part = Part::Combination;
        let whole = Share {
            instrument: id,
            side,
            lots,
            price,
            fee,
            part,
        };
        self.book_share(&order, &whole, number, maker);
        for (index, (leg, price)) in legs.iter().zip(prices).enumerate() {
            let instrument = &self.markets[leg.instrument.0].instrument;
            let lots = lots.saturating_mul(leg.ratio);
            let value = instrument.quantity(lots) * instrument.price(price).abs();
            let share = Share {
                instrument: leg.instrument,
                side: if side == Side::Buy {
                    leg.side
                } else {
                    leg.side.opposite()
                },
                lots,
                price,
                fee: order_fee(instrument, lots, value),
                part: Part::Leg(index),
            };
            self.book_share(&order, &share, number, maker);
        }
    }

    fn book_share(&mut self, before: &Order, share: &Share, number: usize, maker: bool) {
        let instrument = &self.markets[share.instrument.0].instrument;
        let mut accounts = self.accounts.iter_mut();
        let fill = Fill {
            side: share.side,
            lots: share.lots,
            price: share.price,
            fee: share.fee,
        };
        let account = accounts.find(|account| account.name == before.request.account);
        let realized = account
            .filter(|_| share.part != Part::Combination)
            .and_then(|account| account.book(share.instrument, instrument, &fill));
        let Some(order) = self.orders.get_mut(&before.key) else {
            return;
        };
        order.fees += share.fee;
        let leg = matches!(share.part, Part::Leg(_));
        let min_tick = self.markets[order.request.instrument.0].instrument.min_tick;
        let (cumulative, average_price) = if leg {
            (share.lots, instrument.price(share.price))
        } else {
            (order.filled, average_price(min_tick, order.traded, order.filled))
        };
        let execution = Execution {
            id: execution_id(self.config.epoch, number, share.part, 0),
            order: order.key,
            shown: order.shown,
            perm_id: order.perm_id,
            account: order.request.account.clone(),
            instrument: share.instrument,
            side: share.side,
            lots: share.lots,
            price: share.price,
            cumulative,
            average_price,
            maker,
            at: self.now,
            fee: share.fee,
            realized,
            part: share.part,
            liquidation: order.origin == Origin::Broker,
            correction: 0,
            superseded: false,
        };
        self.events.push(Event::Execution {
            execution: Box::new(execution.clone()),
            order: Box::new(order.clone()),
        });
        self.executions.push(execution);
    }

    /// What each leg of a combination trades at, so that together they make its price: every leg at its
    /// market's, and the difference where it can be expressed most finely.
    fn leg_prices(&self, id: InstrumentId, price: Ticks) -> Vec<Ticks> {
        let combination = &self.market(id).instrument;
        let legs = &combination.legs;
        let unit = unit_of(legs.iter().map(|leg| self.leg_weight(leg)));
        let mut prices: Vec<Ticks> = legs
            .iter()
            .map(|leg| self.market(leg.instrument).mark())
            .collect();
        let weight = |leg: &Leg| self.leg_weight(leg) / unit * sign(leg.side);
        let sum: Decimal = legs
            .iter()
            .zip(&prices)
            .map(|(leg, price)| self.market(leg.instrument).instrument.price(*price) * weight(leg))
            .sum();
        let missing = combination.price(price) - sum;
        let step = |leg: &Leg| self.market(leg.instrument).instrument.min_tick * weight(leg).abs();
        let finest = legs.iter().enumerate().min_by_key(|(_, leg)| step(leg));
        if let Some((index, leg)) = finest {
            let instrument = &self.market(leg.instrument).instrument;
            let ticks = missing.checked_div(weight(leg) * instrument.min_tick);
            let ticks = ticks.and_then(|ticks| Ticks::try_from(ticks.round()).ok());
            if let (Some(price), Some(ticks)) = (prices.get_mut(index), ticks) {
                *price = price.saturating_add(ticks);
            }
        }
        prices
    }

    fn leg_weight(&self, leg: &Leg) -> Decimal {
        self.market(leg.instrument).instrument.multiplier * Decimal::from(leg.ratio.max(1))
    }

    /// Sets a status and tells.
    pub(super) fn change(&mut self, key: OrderKey, status: Status, change: Change) {
        if let Some(order) = self.orders.get_mut(&key) {
            order.status = status;
            if let Change::Rejected { reason } = &change {
                order.reason = Some(reason.clone());
            }
            self.events.push(Event::Order {
                change,
                order: Box::new(order.clone()),
            });
        }
    }

    /// Ends an order without a fill, and what depends on it.
    pub(super) fn end(&mut self, key: OrderKey, status: Status, change: Change) {
        if let Some(order) = self.orders.get_mut(&key) {
            order.ended_at = Some(self.now);
            order.held = None;
        }
        self.withdraw(key);
        self.retire(key);
        self.change(key, status, change);
        self.orphan(key);
    }

    /// Ends an order that the exchange will not keep, with the reason.
    pub(super) fn end_with_reason(&mut self, key: OrderKey, reason: &str) {
        if let Some(order) = self.orders.get_mut(&key) {
            order.reason = Some(reason.to_owned());
        }
        self.end(key, Status::Cancelled, Change::Expired);
    }

    /// Average price of what an order has traded; zero before it has.
    #[must_use]
    pub fn average_fill_price(&self, order: &Order) -> Decimal {
        let min_tick = self.market(order.request.instrument).instrument.min_tick;
        if order.filled == 0 {
            return Decimal::ZERO;
        }
        average_price(min_tick, order.traded, order.filled)
    }
}

fn sign(side: Side) -> Decimal {
    match side {
        Side::Buy => Decimal::ONE,
        Side::Sell => Decimal::NEGATIVE_ONE,
    }
}

/// The largest number that divides all weights: what one unit of a combination's price is worth.
fn unit_of(weights: impl Iterator<Item = Decimal>) -> Decimal {
    let divisor = |mut a: Decimal, mut b: Decimal| {
        while !b.is_zero() {
            (a, b) = (b, a % b);
        }
        a
    };
    let unit = weights.fold(Decimal::ZERO, divisor);
    if unit.is_zero() { Decimal::ONE } else { unit }
}

/// The protocol's four segments, or five for a leg. The first tells runs of the program apart: a client
/// that remembers yesterday's ids must not take today's fills for them. The last counts corrections.
pub(super) fn execution_id(epoch: u64, number: usize, part: Part, correction: u32) -> String {
    let (run, revision) = (epoch & 0xFFFF_FFFF, correction + 1);
    match part {
        Part::Whole | Part::Combination => format!("{run:08x}.{number:08x}.01.{revision:02}"),
        Part::Leg(index) => {
            let leg = index + 2;
            format!("{run:08x}.{number:08x}.{leg:02}.01.{revision:02}")
        }
    }
}

/// Average of `traded` (price times size, in ticks and lots) over `lots`, as a decimal price.
pub(super) fn average_price(min_tick: Decimal, traded: i128, lots: Lots) -> Decimal {
    let traded = Decimal::try_from_i128_with_scale(traded, 0).unwrap_or(Decimal::MAX);
    let ticks = traded.checked_div(Decimal::from(lots)).unwrap_or(Decimal::ZERO);
    (ticks * min_tick).round_dp(8).normalize()
}
