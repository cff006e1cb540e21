//! How orders meet: an order at work takes what it can, then rests, waits or ends.

use crate::exchange::Exchange;
use crate::exchange::book::{Match, Openness};
use crate::exchange::event::{Change, Event};
use crate::exchange::instrument::{InstrumentId, Lots, Ticks};
use crate::exchange::order::{Hold, Order, OrderKey, OrderKind, Place, Side, Status, TimeInForce};
use crate::exchange::process::HouseQuote;

/// At what price an order may trade right now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pricing {
    /// At any.
    Any,
    /// At this or better.
    Limit(Ticks),
    /// The price it follows does not exist at the moment.
    Unpriced,
}

impl Exchange {
    /// Replaces other people's quotes; what crosses clients' orders trades.
    pub(in crate::exchange) fn requote(&mut self, id: InstrumentId, quote: HouseQuote) {
        let market = self.market_mut(id);
        market.house = quote;
        market.book.clear_house();
        for (side, price, lots) in quote.levels() {
            let left = self.strike_within(id, side, Some(price), lots);
            self.market_mut(id).book.show(side, price, left);
        }
        self.market_mut(id).book.forget_ahead();
    }

    /// Somebody hits the best price of the other side with this much, and takes no more than is there.
    pub(in crate::exchange) fn strike(&mut self, id: InstrumentId, side: Side, lots: Lots) {
        if let Some(price) = self.market(id).book.reachable(side.opposite()) {
            self.strike_within(id, side, Some(price), lots);
        }
    }

    /// Other people's order against the book; returns what it did not get.
    fn strike_within(&mut self, id: InstrumentId, side: Side, limit: Option<Ticks>, lots: Lots) -> Lots {
        let mut left = lots;
        while left > 0 {
            let Some(each) = self.market_mut(id).book.hit(side, limit, left) else {
                break;
            };
            left -= each.lots;
            self.trade(id, None, each);
        }
        left
    }

    /// Brings an order that nothing holds to the market: trades what can be traded, then rests, waits or
    /// ends.
    pub(super) fn work(&mut self, key: OrderKey) {
        if let Some(order) = self.orders.get(&key) {
            // Whoever was held saw nothing of the market, which may have stood still.
            self.look(order.request.instrument);
        }
        let Some(order) = self.orders.get_mut(&key).filter(|order| order.is_live()) else {
            return;
        };
        order.held = None;
        if order.status == Status::Inactive {
            order.status = Status::PreSubmitted;
        }
        if order.request.attributes.algorithm.is_some() && !order.sliced {
            self.start_slicing(key);
            return;
        }
        let filled_before = order.filled;
        let pricing = self.pricing(key);
        if pricing == Pricing::Unpriced {
            self.wait_patiently(key, filled_before);
            return;
        }
        if !self.take(key, pricing) {
            return;
        }
        let lasting = self.pricing_of_rest(key, pricing);
        self.rest(key, lasting, filled_before);
    }

    /// At what price an order may trade now; a following order's limit is brought up to date.
    pub(super) fn pricing(&mut self, key: OrderKey) -> Pricing {
        let Some(order) = self.orders.get(&key) else {
            return Pricing::Unpriced;
        };
        let (id, side) = (order.request.instrument, order.request.side);
        match order.kind {
            OrderKind::PeggedToMarket { .. }
            | OrderKind::PeggedToMidpoint { .. }
            | OrderKind::Relative { .. } => {
                self.follow(key);
                let limit = self.orders.get(&key).and_then(|order| order.limit);
                limit.map_or(Pricing::Unpriced, Pricing::Limit)
            }
            OrderKind::MarketToLimit if order.limit.is_none() => {
                let best = self.market(id).book.reachable(side.opposite());
                best.map_or(Pricing::Any, Pricing::Limit)
            }
            _ => order.limit.map_or(Pricing::Any, Pricing::Limit),
        }
    }

    /// A market-to-limit order's rest stays at the price it traded at.
    fn pricing_of_rest(&mut self, key: OrderKey, pricing: Pricing) -> Pricing {
        if let (Some(order), Pricing::Limit(price)) = (self.orders.get_mut(&key), pricing)
            && order.kind == OrderKind::MarketToLimit
        {
            order.limit = Some(price);
        }
        pricing
    }

    /// Takes what the book offers. False when the order may not stay afterwards and has been ended.
    fn take(&mut self, key: OrderKey, pricing: Pricing) -> bool {
        let Some(order) = self.orders.get(&key) else {
            return false;
        };
        let (id, side) = (order.request.instrument, order.request.side);
        let limit = match pricing {
            Pricing::Limit(limit) => Some(limit),
            _ => None,
        };
        let available = self.market(id).book.available(side, limit);
        if order.request.attributes.post_only && available > 0 {
            self.end_with_reason(key, "Post-only order would have taken liquidity.");
            return false;
        }
        if available >= smallest_fill(order) {
            // All it may trade, which can become more on the way: the order may trade with its own parent.
            self.sweep(key, limit, Lots::MAX);
        }
        true
    }

    /// Trades an order against the book, match by match, up to `lots`.
    pub(super) fn sweep(&mut self, key: OrderKey, limit: Option<Ticks>, lots: Lots) {
        let mut left = lots;
        while let Some(order) = self.orders.get(&key).filter(|order| order.is_live()) {
            let (id, side) = (order.request.instrument, order.request.side);
            let wanted = left.min(order.workable());
            let hit = (wanted > 0).then(|| self.market_mut(id).book.hit(side, limit, wanted));
            let Some(each) = hit.flatten() else {
                break;
            };
            left -= each.lots;
            self.trade(id, Some(key), each);
        }
    }

    /// Leaves what an order did not get where it can wait for it.
    fn rest(&mut self, key: OrderKey, pricing: Pricing, filled_before: Lots) {
        let Some(order) = self.orders.get(&key).filter(|order| order.is_live()) else {
            return;
        };
        if order.remaining() == 0 || order.status == Status::PendingCancel {
            return;
        }
        if matches!(order.request.tif, TimeInForce::Ioc | TimeInForce::Fok) {
            self.change(key, Status::PendingCancel, Change::CancelPending);
            self.end(key, Status::Cancelled, Change::Expired);
            return;
        }
        let lots = order.workable();
        if lots == 0 {
            self.hold(key, Hold::Child);
            return;
        }
        let Pricing::Limit(price) = pricing else {
            self.wait(key, Place::Sweeping, filled_before);
            return;
        };
        if smallest_fill(order) > 1 {
            self.wait_patiently(key, filled_before);
            return;
        }
        let (id, side) = (order.request.instrument, order.request.side);
        let openness = Openness {
            hidden: order.request.attributes.hidden,
            display: order.request.attributes.display,
        };
        self.market_mut(id).book.rest(side, price, key, lots, openness);
        self.wait(key, Place::Resting(price), filled_before);
    }

    /// Waits for enough size at once, or for a price to follow.
    fn wait_patiently(&mut self, key: OrderKey, filled_before: Lots) {
        self.wait(key, Place::Patient, filled_before);
    }

    fn wait(&mut self, key: OrderKey, place: Place, filled_before: Lots) {
        let turn = self.desk.next_turn();
        let Some(order) = self.orders.get_mut(&key) else {
            return;
        };
        let told = order.filled > filled_before || order.status == Status::Submitted;
        (order.place, order.turn, order.status) = (place, turn, Status::Submitted);
        let orders = &mut self.markets[order.request.instrument.0].orders;
        match place {
            Place::Sweeping => drop(orders.sweeping.insert((turn, key))),
            Place::Patient => drop(orders.patient.insert((turn, key))),
            Place::Resting(_) => drop(orders.resting.insert(key)),
            Place::Sliced => drop(orders.sliced.insert(key)),
            Place::Asleep | Place::Nowhere => {}
        }
        if is_following(order.kind) {
            orders.following.insert((turn, key));
        }
        if order.request.attributes.discretionary > 0 && matches!(place, Place::Resting(_)) {
            orders.reaching.insert((turn, key));
        }
        if !told {
            self.change(key, Status::Submitted, Change::Working);
        }
    }

    /// Shows an order as working while an algorithm has it.
    pub(super) fn wait_sliced(&mut self, key: OrderKey) {
        let filled = self.orders.get(&key).map_or(0, |order| order.filled);
        self.wait(key, Place::Sliced, filled);
    }

    /// A discretionary order takes what is offered just beyond the limit it shows.
    pub(super) fn reach(&mut self, key: OrderKey) {
        let Some(order) = self.orders.get(&key).filter(|order| order.is_live()) else {
            return;
        };
        let (id, side, beyond) = (
            order.request.instrument,
            order.request.side,
            order.request.attributes.discretionary,
        );
        let Some(shown) = order.limit else {
            return;
        };
        let limit = shown.saturating_add(side.signed(beyond));
        if self.market(id).book.available(side, Some(limit)) == 0 {
            return;
        }
        self.sweep(key, Some(limit), Lots::MAX);
        self.trim(key);
    }

    /// Brings the size an order has in the book down to what it may still trade.
    pub(super) fn trim(&mut self, key: OrderKey) {
        let Some(order) = self.orders.get(&key) else {
            return;
        };
        let (id, side, lots) = (order.request.instrument, order.request.side, order.workable());
        match order.place {
            Place::Resting(price) if lots > 0 && order.is_live() => {
                self.market_mut(id).book.shrink(side, price, key, lots);
                self.desk.dirty.insert(id);
            }
            Place::Resting(_) => self.withdraw(key),
            _ => {}
        }
    }

    /// Makes one match a trade: both sides get their fill, then what follows from it happens.
    fn trade(&mut self, id: InstrumentId, taker: Option<OrderKey>, each: Match) {
        let Match { maker, price, lots } = each;
        let wanted = taker.map(|key| self.record(key, price, lots, false));
        let offered = maker.map(|key| self.record(key, price, lots, true));
        for (key, before) in taker.zip(wanted).into_iter().chain(maker.zip(offered)) {
            self.group_filled(key, lots, before);
        }
        let idle = |order: &&Order| order.is_live() && order.workable() == 0;
        if let Some(order) = maker.and_then(|key| self.orders.get(&key)).filter(idle) {
            let key = order.key;
            self.withdraw(key);
            self.hold(key, Hold::Child);
        }
        self.print(id, price, lots);
    }

    pub(in crate::exchange) fn print(&mut self, id: InstrumentId, price: Ticks, lots: Lots) {
        let market = self.market_mut(id);
        if market.instrument.kind.prints_trades() {
            market.orders.marks.traded(price);
        }
        if market.print(price, lots) {
            let day = market.session();
            self.events.push(Event::Trade {
                instrument: id,
                price,
                lots,
                day,
            });
        }
    }
}

/// The least an order takes at once; one when any size will do.
fn smallest_fill(order: &Order) -> Lots {
    let attributes = &order.request.attributes;
    let whole = attributes.all_or_none || order.request.tif == TimeInForce::Fok;
    let least = match attributes.min_quantity {
        _ if whole => order.workable(),
        Some(least) if order.filled == 0 => least.min(order.workable()),
        _ => 1,
    };
    least.max(1)
}

fn is_following(kind: OrderKind) -> bool {
    matches!(
        kind,
        OrderKind::PeggedToMarket { .. } | OrderKind::PeggedToMidpoint { .. } | OrderKind::Relative { .. }
    )
}
