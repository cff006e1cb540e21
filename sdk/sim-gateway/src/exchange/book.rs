//! The order book of one market: other people's displayed sizes with clients' resting orders among them.
//!
//! Price first, then time: a client's order waits behind the size that was shown when it joined, and in
//! front of what is shown later. What is hidden waits behind all that is shown at its price. Other people
//! never trade with each other here; their quotes are replaced as a whole.

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

/// How openly an order rests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Openness {
    /// Shown to nobody, and behind all that is shown at its price.
    pub hidden: bool,
    /// At most this much is shown at a time; each new part queues again.
    pub display: Option<Lots>,
}

#[derive(Debug, Clone)]
struct Resting {
    key: OrderKey,
    /// What can be traded at its turn.
    lots: Lots,
    /// What follows when that is gone.
    reserve: Lots,
    /// Largest part shown.
    display: Lots,
    /// Other people's size at this price that came before.
    ahead: Lots,
}

#[derive(Debug, Clone, Default)]
struct Level {
    house: Lots,
    queue: VecDeque<Resting>,
    hidden: VecDeque<Resting>,
}

impl Level {
    fn shown(&self) -> Lots {
        self.house + self.queue.iter().map(|resting| resting.lots).sum::<Lots>()
    }

    fn total(&self) -> Lots {
        let all = self.queue.iter().chain(&self.hidden);
        self.house + all.map(|resting| resting.lots + resting.reserve).sum::<Lots>()
    }

    fn is_empty(&self) -> bool {
        self.house == 0 && self.queue.is_empty() && self.hidden.is_empty()
    }

    /// Takes up to `lots` from whoever is next.
    fn hit(&mut self, lots: Lots) -> (Option<OrderKey>, Lots) {
        let ahead = self.queue.front().map(|first| first.ahead);
        if let Some(share) = ahead.filter(|ahead| *ahead > 0 && self.house > 0) {
            return (None, self.hit_house(lots.min(share)));
        }
        if let Some(first) = self.queue.front_mut() {
            let (key, share) = (first.key, first.lots.min(lots));
            first.lots -= share;
            if first.lots == 0 {
                self.refill();
            }
            return (Some(key), share);
        }
        if self.house > 0 {
            return (None, self.hit_house(lots));
        }
        let Some(first) = self.hidden.front_mut() else {
            return (None, 0);
        };
        let (key, share) = (first.key, first.lots.min(lots));
        first.lots -= share;
        if first.lots == 0 {
            self.hidden.pop_front();
        }
        (Some(key), share)
    }

    fn hit_house(&mut self, lots: Lots) -> Lots {
        let share = self.house.min(lots);
        self.house -= share;
        for resting in &mut self.queue {
            resting.ahead = (resting.ahead - share).max(0);
        }
        share
    }

    /// The first in the queue is used up: what it kept back queues again, behind everybody.
    fn refill(&mut self) {
        if let Some(mut resting) = self.queue.pop_front().filter(|resting| resting.reserve > 0) {
            resting.lots = resting.reserve.min(resting.display);
            resting.reserve -= resting.lots;
            resting.ahead = self.house;
            self.queue.push_back(resting);
        }
    }
}

/// Both sides of a market.
#[derive(Debug, Clone, Default)]
pub struct Book {
    bids: BTreeMap<Ticks, Level>,
    asks: BTreeMap<Ticks, Level>,
}

impl Book {
    /// Best price of a side and the size shown there.
    #[must_use]
    pub fn best(&self, side: Side) -> Option<(Ticks, Lots)> {
        self.first(side, Level::shown)
    }

    /// Best price of other people on a side and their size there.
    #[must_use]
    pub fn best_of_others(&self, side: Side) -> Option<(Ticks, Lots)> {
        self.first(side, |level| level.house)
    }

    /// Best price at which an order of the other side could trade, shown or not.
    #[must_use]
    pub fn reachable(&self, side: Side) -> Option<Ticks> {
        self.first(side, Level::total).map(|(price, _)| price)
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

    /// Trades an arriving order of `side` against whoever is next on the other side: one match, so that
    /// what follows from it can happen before the next.
    pub fn hit(&mut self, side: Side, limit: Option<Ticks>, lots: Lots) -> Option<Match> {
        let best = self.reachable(side.opposite());
        let price = best.filter(|price| limit.is_none_or(|limit| side.accepts(*price, limit)))?;
        let levels = self.levels_mut(side.opposite());
        let level = levels.get_mut(&price)?;
        let (maker, lots) = level.hit(lots);
        if level.is_empty() {
            levels.remove(&price);
        }
        (lots > 0).then_some(Match { maker, price, lots })
    }

    /// Puts a client's order at the end of the queue at its price.
    pub fn rest(&mut self, side: Side, price: Ticks, key: OrderKey, lots: Lots, openness: Openness) {
        if lots <= 0 {
            return;
        }
        let level = self.levels_mut(side).entry(price).or_default();
        let display = openness.display.unwrap_or(lots).clamp(1, lots);
        let shown = if openness.hidden { lots } else { display };
        let resting = Resting {
            key,
            lots: shown,
            reserve: lots - shown,
            display,
            ahead: level.house,
        };
        if openness.hidden {
            level.hidden.push_back(resting);
        } else {
            level.queue.push_back(resting);
        }
    }

    /// Takes a client's order out.
    pub fn remove(&mut self, side: Side, price: Ticks, key: OrderKey) {
        let levels = self.levels_mut(side);
        if let Some(level) = levels.get_mut(&price) {
            level.queue.retain(|resting| resting.key != key);
            level.hidden.retain(|resting| resting.key != key);
            if level.is_empty() {
                levels.remove(&price);
            }
        }
    }

    /// Makes a waiting order smaller without losing its place.
    pub fn shrink(&mut self, side: Side, price: Ticks, key: OrderKey, lots: Lots) {
        let Some(level) = self.levels_mut(side).get_mut(&price) else {
            return;
        };
        let mut all = level.queue.iter_mut().chain(&mut level.hidden);
        if let Some(resting) = all.find(|resting| resting.key == key) {
            resting.lots = lots.min(resting.lots);
            resting.reserve = resting.reserve.min(lots - resting.lots);
        }
    }

    /// How much of a client's order is in the book at a price.
    #[must_use]
    pub fn size_of(&self, side: Side, price: Ticks, key: OrderKey) -> Lots {
        let level = self.levels(side).get(&price);
        let mut all = level
            .into_iter()
            .flat_map(|level| level.queue.iter().chain(&level.hidden));
        let found = all.find(|resting| resting.key == key);
        found.map_or(0, |resting| resting.lots + resting.reserve)
    }

    /// Takes other people's quotes out of the book.
    pub fn clear_house(&mut self) {
        for side in [Side::Buy, Side::Sell] {
            self.levels_mut(side).retain(|_, level| {
                level.house = 0;
                !level.is_empty()
            });
        }
    }

    /// Puts other people's size at one price into the book.
    pub fn show(&mut self, side: Side, price: Ticks, lots: Lots) {
        if lots <= 0 {
            return;
        }
        let level = self.levels_mut(side).entry(price).or_default();
        level.house = lots;
        for resting in &mut level.queue {
            resting.ahead = resting.ahead.min(lots);
        }
    }

    /// What was shown before and is no more cannot be ahead of anybody.
    pub fn forget_ahead(&mut self) {
        let levels = self.bids.values_mut().chain(self.asks.values_mut());
        for level in levels.filter(|level| level.house == 0) {
            level.queue.iter_mut().for_each(|resting| resting.ahead = 0);
        }
    }

    /// The size shown at every price of a side, best first.
    #[must_use]
    pub fn depth(&self, side: Side) -> Vec<(Ticks, Lots)> {
        let levels = self.levels(side).iter();
        let shown = levels.map(|(price, level)| (*price, level.shown()));
        let shown = shown.filter(|(_, lots)| *lots > 0);
        match side {
            Side::Buy => shown.rev().collect(),
            Side::Sell => shown.collect(),
        }
    }

    /// The first price of a side with any size of a sort, and that size.
    fn first(&self, side: Side, size: impl Fn(&Level) -> Lots) -> Option<(Ticks, Lots)> {
        let sized =
            |(price, level): (&Ticks, &Level)| Some((*price, size(level))).filter(|(_, lots)| *lots > 0);
        match side {
            Side::Buy => self.bids.iter().rev().find_map(sized),
            Side::Sell => self.asks.iter().find_map(sized),
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

impl HouseQuote {
    /// Side, price and size of every level, bids first, best first.
    pub(super) fn levels(&self) -> impl Iterator<Item = (Side, Ticks, Lots)> + use<> {
        let (bid, ask, step) = (self.bid, self.ask, self.step);
        let bids = (0..)
            .zip(self.bid_lots)
            .map(move |(down, lots)| (Side::Buy, bid - down * step, lots));
        let asks = (0..)
            .zip(self.ask_lots)
            .map(move |(up, lots)| (Side::Sell, ask + up * step, lots));
        bids.chain(asks)
    }
}
