//! Orders whose limit follows the market: pegged to the other side, to the middle, or ahead of their own.
//!
//! They follow other people's quotes only, so that two of them never chase each other. A limit only ever
//! moves with the order's purpose: when the market comes towards the order, it stays and trades.

use crate::exchange::Exchange;
use crate::exchange::instrument::{InstrumentId, Ticks};
use crate::exchange::order::{Distance, OrderKey, OrderKind, Place, Side};

impl Exchange {
    /// Brings a following order's limit up to date.
    pub(in crate::exchange::trading) fn follow(&mut self, key: OrderKey) {
        let Some(order) = self.orders.get(&key) else {
            return;
        };
        let (side, before) = (order.request.side, order.limit_followed());
        let wanted = self.followed_price(order.request.instrument, side, order.kind);
        let bolder = |a: Ticks, b: Ticks| if side == Side::Buy { a.max(b) } else { a.min(b) };
        let limit = match (before, wanted) {
            (Some(before), Some(wanted)) => Some(bolder(before, wanted)),
            (before, wanted) => wanted.or(before),
        };
        if let Some(order) = self.orders.get_mut(&key) {
            order.limit = limit;
            order.followed = limit.is_some();
        }
    }

    /// Moves the following orders of a market to their new prices.
    pub(in crate::exchange::trading) fn reprice(&mut self, id: InstrumentId) {
        let following: Vec<OrderKey> = keys(&self.market(id).orders.following);
        for key in following {
            self.follow(key);
            let moved = self.orders.get(&key).is_some_and(|order| match order.place {
                Place::Resting(price) => order.limit != Some(price),
                Place::Patient => order.limit.is_some(),
                _ => false,
            });
            if moved {
                self.withdraw(key);
                self.work(key);
            }
        }
    }

    fn followed_price(&self, id: InstrumentId, side: Side, kind: OrderKind) -> Option<Ticks> {
        let book = &self.market(id).book;
        let best = |side| book.best_of_others(side).map(|(price, _)| price);
        let (price, cap) = match kind {
            OrderKind::PeggedToMarket { offset, cap } => {
                (best(side.opposite())?.saturating_sub(side.signed(offset)), cap)
            }
            OrderKind::PeggedToMidpoint { offset, cap } => {
                let (bid, ask) = (best(Side::Buy)?, best(Side::Sell)?);
                // Half a tick is rounded away from the other side.
                let middle = match side {
                    Side::Buy => (bid + ask).div_euclid(2),
                    Side::Sell => -(-(bid + ask)).div_euclid(2),
                };
                (middle.saturating_sub(side.signed(offset)), cap)
            }
            OrderKind::Relative { offset, cap } => {
                let own = best(side)?;
                (own.saturating_add(side.signed(offset.from(own))), cap)
            }
            _ => return None,
        };
        Some(match (cap, side) {
            (Some(cap), Side::Buy) => price.min(cap),
            (Some(cap), Side::Sell) => price.max(cap),
            (None, _) => price,
        })
    }
}

impl Distance {
    /// The distance at a price, in ticks; at least one when it is no distance at all.
    pub(in crate::exchange::trading) fn from(self, price: Ticks) -> Ticks {
        match self {
            Distance::Amount(ticks) => ticks,
            Distance::BasisPoints(points) => {
                let exact = i128::from(price.abs()) * i128::from(points) / 10_000;
                Ticks::try_from(exact).unwrap_or(Ticks::MAX)
            }
        }
    }
}

/// The keys of a list, in turn.
pub(in crate::exchange::trading) fn keys(
    list: &std::collections::BTreeSet<(u64, OrderKey)>,
) -> Vec<OrderKey> {
    list.iter().map(|(_, key)| *key).collect()
}
