//! How orders meet: market moves, fills, waking stops, and the bookkeeping of a fill.

use rust_decimal::Decimal;

use crate::exchange::Exchange;
use crate::exchange::account::{Fill, order_fee};
use crate::exchange::book::Match;
use crate::exchange::event::{Change, Event, Execution, Part};
use crate::exchange::instrument::{InstrumentId, Lots, Ticks};
use crate::exchange::order::{Order, OrderKey, Side, Status, TimeInForce};
use crate::exchange::process::{HouseQuote, Move};

impl Exchange {
    /// One move of one market, and everything that follows from it.
    pub(in crate::exchange) fn step(&mut self, id: InstrumentId) {
        match self.market_mut(id).process.advance() {
            Move::Quote(quote) => self.requote(id, quote),
            Move::Trade { side, lots } => {
                let matches = self.market_mut(id).book.take(side, None, lots, 1);
                for each in matches {
                    self.fill_maker(id, side.opposite(), each);
                    self.print(id, each.price, each.lots);
                }
            }
        }
        self.settle(id);
    }

    /// Replaces other people's quotes; what crosses clients' orders trades.
    pub(in crate::exchange) fn requote(&mut self, id: InstrumentId, quote: HouseQuote) {
        let market = self.market_mut(id);
        market.house = quote;
        for (maker_side, each) in market.book.set_house(&quote) {
            self.fill_maker(id, maker_side, each);
            self.print(id, each.price, each.lots);
        }
    }

    /// After any change: wakes stops, lets waiting market orders go on, and publishes the new best prices.
    pub(in crate::exchange) fn settle(&mut self, id: InstrumentId) {
        for key in std::mem::take(&mut self.market_mut(id).sweeping) {
            self.work(key);
        }
        while let Some(key) = self.woken_stop(id) {
            self.market_mut(id).stops.retain(|each| *each != key);
            if let Some(order) = self.orders.get_mut(&key) {
                order.triggered = true;
                order.held = None;
            }
            self.work(key);
        }
        let market = self.market_mut(id);
        let top = market.top();
        if top != market.shown && !market.frozen {
            market.shown = top;
            self.events.push(Event::Quote { instrument: id });
        }
    }

    fn woken_stop(&self, id: InstrumentId) -> Option<OrderKey> {
        let market = self.market(id);
        let woken = |key: &&OrderKey| {
            self.orders.get(key).is_some_and(|order| {
                let trigger = order.request.kind.trigger();
                trigger.is_some_and(|trigger| market.reached(order.request.side, trigger))
            })
        };
        market.stops.iter().find(woken).copied()
    }

    /// Brings a transmitted, awake order to the market: trades what can be traded, then rests, waits or
    /// ends.
    pub(in crate::exchange) fn work(&mut self, key: OrderKey) {
        let Some(order) = self.orders.get(&key).filter(|order| order.status.is_live()) else {
            return;
        };
        let (id, side, limit) = (order.request.instrument, order.request.side, order.active_limit());
        let (tif, wanted, filled_before) = (order.request.tif, order.remaining(), order.filled);
        let all_or_nothing = tif == TimeInForce::Fok && self.market(id).book.available(side, limit) < wanted;
        if !all_or_nothing {
            let matches = self.market_mut(id).book.take(side, limit, wanted, usize::MAX);
            for each in matches {
                self.fill(key, each.price, each.lots, false);
                self.fill_maker(id, side.opposite(), each);
                self.print(id, each.price, each.lots);
            }
        }
        let Some(order) = self.orders.get_mut(&key).filter(|order| order.remaining() > 0) else {
            return;
        };
        let rest = order.remaining();
        if matches!(tif, TimeInForce::Ioc | TimeInForce::Fok) {
            self.change(key, Status::PendingCancel, Change::CancelPending);
            self.end(key, Status::Cancelled, Change::Expired);
            return;
        }
        let told = order.filled > filled_before || order.status == Status::Submitted;
        order.status = Status::Submitted;
        match limit {
            Some(price) => {
                let market = self.market_mut(id);
                market.book.rest(side, price, key, rest);
                market.resting += 1;
            }
            None => self.market_mut(id).sweeping.push(key),
        }
        if !told {
            self.change(key, Status::Submitted, Change::Working);
        }
    }

    /// A waiting order of a client was hit, if the match was with one.
    fn fill_maker(&mut self, id: InstrumentId, side: Side, each: Match) {
        let Some(key) = each.maker else {
            return;
        };
        debug_assert_eq!(self.orders.get(&key).map(|order| order.request.side), Some(side));
        self.fill(key, each.price, each.lots, true);
        if self.orders.get(&key).is_some_and(|order| order.remaining() == 0) {
            let market = self.market_mut(id);
            market.resting = market.resting.saturating_sub(1);
        }
    }

    pub(in crate::exchange) fn print(&mut self, id: InstrumentId, price: Ticks, lots: Lots) {
        if self.market_mut(id).print(price, lots) {
            let day = self.market(id).session();
            self.events.push(Event::Trade {
                instrument: id,
                price,
                lots,
                day,
            });
        }
    }

    /// Books one fill of one order: order, account, execution, event.
    pub(in crate::exchange) fn fill(&mut self, key: OrderKey, price: Ticks, lots: Lots, maker: bool) {
        let number = self.executions.len() + 1;
        let now = self.now;
        let Some(order) = self.orders.get_mut(&key) else {
            return;
        };
        let id = order.request.instrument;
        let instrument = &self.markets[id.0].instrument;
        order.filled += lots;
        order.traded += i128::from(price) * i128::from(lots);
        order.last_fill = price;
        let average = average_price(instrument.min_tick, order.traded, order.filled);
        let fee_so_far = order_fee(
            instrument,
            order.filled,
            average * instrument.quantity(order.filled),
        );
        let fee = (fee_so_far - order.fees).max(Decimal::ZERO);
        order.fees += fee;
        order.status = if order.remaining() == 0 {
            Status::Filled
        } else {
            Status::Submitted
        };
        if order.status == Status::Filled {
            order.ended_at = Some(now);
        }
        let side = order.request.side;
        let account = self
            .accounts
            .iter_mut()
            .find(|account| account.name == order.request.account);
        let fill = Fill {
            side,
            lots,
            price,
            fee,
        };
        let realized = account.and_then(|account| account.book(id, instrument, &fill));
        let execution = Execution {
            id: execution_id(self.config.epoch, number),
            order: key,
            perm_id: order.perm_id,
            account: order.request.account.clone(),
            instrument: id,
            side,
            lots,
            price,
            cumulative: order.filled,
            average_price: average,
            maker,
            at: now,
            fee,
            realized,
            shown: order.shown,
            part: Part::Whole,
            liquidation: false,
            correction: 0,
            superseded: false,
        };
        self.events.push(Event::Execution {
            execution: Box::new(execution.clone()),
            order: Box::new(order.clone()),
        });
        self.executions.push(execution);
    }

    /// Takes an order out of book and lists, wherever it waits.
    pub(in crate::exchange) fn withdraw(&mut self, key: OrderKey) {
        let Some(order) = self.orders.get(&key) else {
            return;
        };
        let (id, side) = (order.request.instrument, order.request.side);
        let resting = order.status == Status::Submitted && !order.sleeps();
        let limit = order.active_limit().filter(|_| resting);
        let market = &mut self.markets[id.0];
        market.forget(key);
        if let Some(price) = limit {
            market.book.remove(side, price, key);
            market.resting = market.resting.saturating_sub(1);
        }
    }

    /// Sets a status and tells.
    pub(in crate::exchange) fn change(&mut self, key: OrderKey, status: Status, change: Change) {
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

    /// Ends an order without a fill.
    pub(in crate::exchange) fn end(&mut self, key: OrderKey, status: Status, change: Change) {
        if let Some(order) = self.orders.get_mut(&key) {
            order.ended_at = Some(self.now);
        }
        self.change(key, status, change);
    }

    /// The end of the trading day: day orders go, and today's profit starts from nothing.
    pub(in crate::exchange) fn end_day(&mut self) {
        let over = |order: &&Order| order.status.is_live() && order.request.tif == TimeInForce::Day;
        let keys: Vec<OrderKey> = self.orders.values().filter(over).map(|order| order.key).collect();
        for key in keys {
            self.withdraw(key);
            self.end(key, Status::Cancelled, Change::Expired);
        }
        let equities: Vec<Decimal> = self
            .accounts
            .iter()
            .map(|account| self.valuation(account).equity)
            .collect();
        for (account, equity) in self.accounts.iter_mut().zip(equities) {
            account.opening_equity = equity;
        }
    }

    /// The price at which an order would be filled by decree: its limit, or the market's price.
    pub(in crate::exchange) fn decreed_price(&self, key: OrderKey) -> Option<Ticks> {
        let order = self.orders.get(&key)?;
        let limit = order.request.kind.limit();
        Some(limit.unwrap_or_else(|| self.market(order.request.instrument).mark()))
    }
}

/// The protocol's four segments. The first tells runs of the program apart: a client that remembers
/// yesterday's ids must not take today's fills for them.
fn execution_id(epoch: u64, number: usize) -> String {
    format!("{:08x}.{number:08x}.01.01", epoch & 0xFFFF_FFFF)
}

/// Average of `traded` (price times size, in ticks and lots) over `lots`, as a decimal price.
pub(in crate::exchange) fn average_price(min_tick: Decimal, traded: i128, lots: Lots) -> Decimal {
    let traded = Decimal::try_from_i128_with_scale(traded, 0).unwrap_or(Decimal::MAX);
    let ticks = traded.checked_div(Decimal::from(lots)).unwrap_or(Decimal::ZERO);
    (ticks * min_tick).round_dp(8).normalize()
}
