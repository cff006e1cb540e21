//! The order book of one market: other people's displayed sizes with clients' resting orders among them.
//!
//! Price first, then time: a client's order waits behind the size that was shown when it joined, and in
//! front of what is shown later. Other people never trade with each other here; their quotes are replaced
//! as a whole.

use std::collections::{BTreeMap, VecDeque};

use super::instrument::{Lots, Ticks};
use super::order::{OrderKey, Side};
use super::process::HouseQuote;

/// One match against something that was waiting in the book.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Match {
    /// The client's order that was waiting, or `None` for other people's size.
    pub maker: Option<OrderKey>,
    /// Price of the match: that of the waiting side.
    pub price: Ticks,
    /// Size, always positive.
    pub lots: Lots,
}

#[derive(Debug, Clone)]
struct Resting {
    key: OrderKey,
    lots: Lots,
    /// Other people's size at this price that came before.
    ahead: Lots,
}

#[derive(Debug, Clone, Default)]
struct Level {
    house: Lots,
    queue: VecDeque<Resting>,
}

impl Level {
    fn total(&self) -> Lots {
        self.house + self.queue.iter().map(|resting| resting.lots).sum::<Lots>()
    }

    fn is_empty(&self) -> bool {
        self.house == 0 && self.queue.is_empty()
    }

    /// Takes up to `lots` in time priority; returns what is left of `lots`.
    fn take(&mut self, price: Ticks, mut lots: Lots, matches: &mut Vec<Match>) -> Lots {
        let mut from_house = 0;
        for resting in &mut self.queue {
            let share = (resting.ahead - from_house).clamp(0, self.house).min(lots);
            from_house += share;
            self.house -= share;
            lots -= share;
            push(matches, None, price, share);
            let filled = resting.lots.min(lots);
            resting.lots -= filled;
            lots -= filled;
            push(matches, Some(resting.key), price, filled);
        }
        let rest = self.house.min(lots);
        self.house -= rest;
        push(matches, None, price, rest);
        self.queue.retain(|resting| resting.lots > 0);
        for resting in &mut self.queue {
            resting.ahead = (resting.ahead - from_house).max(0);
        }
        lots - rest
    }
}

fn push(matches: &mut Vec<Match>, maker: Option<OrderKey>, price: Ticks, lots: Lots) {
    if lots > 0 {
        matches.push(Match { maker, price, lots });
    }
}

/// Both sides of a market.
#[derive(Debug, Clone, Default)]
pub struct Book {
    bids: BTreeMap<Ticks, Level>,
    asks: BTreeMap<Ticks, Level>,
}

impl Book {
    /// Best price of a side and the size there.
    #[must_use]
    pub fn best(&self, side: Side) -> Option<(Ticks, Lots)> {
        let entry = match side {
            Side::Buy => self.bids.last_key_value(),
            Side::Sell => self.asks.first_key_value(),
        };
        entry.map(|(price, level)| (*price, level.total()))
    }

    /// How much an order of `side` could trade at once within its limit.
    #[must_use]
    pub fn available(&self, side: Side, limit: Option<Ticks>) -> Lots {
        let levels = self.levels(side.opposite());
        let within = |price: Ticks| limit.is_none_or(|limit| side.accepts(price, limit));
        levels
            .iter()
            .filter(|(price, _)| within(**price))
            .map(|(_, level)| level.total())
            .sum()
    }

    /// Trades an arriving order of `side` against the other side, best price first, at most `depth` prices
    /// deep.
    pub fn take(&mut self, side: Side, limit: Option<Ticks>, lots: Lots, depth: usize) -> Vec<Match> {
        let mut matches = Vec::new();
        let mut left = lots;
        for _ in 0..depth {
            let best = self
                .best(side.opposite())
                .filter(|(price, _)| limit.is_none_or(|l| side.accepts(*price, l)));
            let (Some((price, _)), true) = (best, left > 0) else {
                break;
            };
            let levels = self.levels_mut(side.opposite());
            let Some(level) = levels.get_mut(&price) else {
                break;
            };
            left = level.take(price, left, &mut matches);
            if level.is_empty() {
                levels.remove(&price);
            }
        }
        matches
    }

    /// Puts a client's order at the end of the queue at its price.
    pub fn rest(&mut self, side: Side, price: Ticks, key: OrderKey, lots: Lots) {
        if lots > 0 {
            let level = self.levels_mut(side).entry(price).or_default();
            level.queue.push_back(Resting {
                key,
                lots,
                ahead: level.house,
            });
        }
    }

    /// Takes a client's order out.
    pub fn remove(&mut self, side: Side, price: Ticks, key: OrderKey) {
        let levels = self.levels_mut(side);
        if let Some(level) = levels.get_mut(&price) {
            level.queue.retain(|resting| resting.key != key);
            if level.is_empty() {
                levels.remove(&price);
            }
        }
    }

    /// Makes a waiting order smaller without losing its place.
    pub fn shrink(&mut self, side: Side, price: Ticks, key: OrderKey, lots: Lots) {
        let level = self.levels_mut(side).get_mut(&price);
        let resting = level.and_then(|level| level.queue.iter_mut().find(|resting| resting.key == key));
        if let Some(resting) = resting {
            resting.lots = lots.min(resting.lots);
        }
    }

    /// Replaces other people's quotes. Quotes that cross clients' orders trade with them first; those
    /// matches are returned, with the side of the waiting order.
    pub fn set_house(&mut self, quote: &HouseQuote) -> Vec<(Side, Match)> {
        for side in [Side::Buy, Side::Sell] {
            self.levels_mut(side).retain(|_, level| {
                level.house = 0;
                !level.is_empty()
            });
        }
        let mut matches = Vec::new();
        let bids = (0..)
            .zip(quote.bid_lots)
            .map(|(down, lots)| (Side::Buy, quote.bid - down, lots));
        let asks = (0..)
            .zip(quote.ask_lots)
            .map(|(up, lots)| (Side::Sell, quote.ask + up, lots));
        for (side, price, lots) in bids.chain(asks) {
            let crossed = self.take(side, Some(price), lots, usize::MAX);
            let traded: Lots = crossed.iter().map(|each| each.lots).sum();
            matches.extend(crossed.into_iter().map(|each| (side.opposite(), each)));
            if traded < lots {
                self.show(side, price, lots - traded);
            }
        }
        // What was shown before and is no more cannot be ahead of anybody.
        for level in self
            .bids
            .values_mut()
            .chain(self.asks.values_mut())
            .filter(|level| level.house == 0)
        {
            level.queue.iter_mut().for_each(|resting| resting.ahead = 0);
        }
        matches
    }

    /// The size at every price of a side, best first.
    #[must_use]
    pub fn depth(&self, side: Side) -> Vec<(Ticks, Lots)> {
        let levels = self
            .levels(side)
            .iter()
            .map(|(price, level)| (*price, level.total()));
        match side {
            Side::Buy => levels.rev().collect(),
            Side::Sell => levels.collect(),
        }
    }

    fn show(&mut self, side: Side, price: Ticks, lots: Lots) {
        let level = self.levels_mut(side).entry(price).or_default();
        level.house = lots;
        for resting in &mut level.queue {
            resting.ahead = resting.ahead.min(lots);
        }
    }

    fn levels(&self, side: Side) -> &BTreeMap<Ticks, Level> {
        match side {
            Side::Buy => &self.bids,
            Side::Sell => &self.asks,
        }
    }

    fn levels_mut(&mut self, side: Side) -> &mut BTreeMap<Ticks, Level> {
        match side {
            Side::Buy => &mut self.bids,
            Side::Sell => &mut self.asks,
        }
    }
}
