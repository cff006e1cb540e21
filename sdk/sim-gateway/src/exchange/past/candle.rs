//! What happened over a stretch of time, in a few numbers that add up.

use crate::exchange::instrument::{Lots, Ticks};

/// First, highest, lowest and last price of a stretch of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Candle {
    /// First.
    pub open: Ticks,
    /// Highest.
    pub high: Ticks,
    /// Lowest.
    pub low: Ticks,
    /// Last.
    pub close: Ticks,
}

impl Candle {
    /// One price all the time.
    #[must_use]
    pub fn flat(price: Ticks) -> Self {
        Self {
            open: price,
            high: price,
            low: price,
            close: price,
        }
    }

    /// This stretch and the one after it.
    #[must_use]
    pub fn and(self, next: Self) -> Self {
        Self {
            open: self.open,
            high: self.high.max(next.high),
            low: self.low.min(next.low),
            close: next.close,
        }
    }

    /// The same with another price after it.
    #[must_use]
    pub fn then(self, price: Ticks) -> Self {
        self.and(Self::flat(price))
    }
}

fn join(first: Option<Candle>, next: Option<Candle>) -> Option<Candle> {
    match (first, next) {
        (Some(first), Some(next)) => Some(first.and(next)),
        (first, next) => first.or(next),
    }
}

/// What happened over a stretch of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Summary {
    /// Trades, if there were any.
    pub trades: Option<Candle>,
    /// Best bids, the one in force at the beginning included.
    pub bid: Option<Candle>,
    /// Best asks, likewise.
    pub ask: Option<Candle>,
    /// Sums of best bid and ask while there were both: twice the midpoints.
    pub middle: Option<Candle>,
    /// Price of the last trade before the end, even if it was before the beginning.
    pub last: Option<Ticks>,
    /// Size traded.
    pub volume: Lots,
    /// Price times size of all trades, in ticks and lots.
    pub turnover: i128,
    /// Number of trades.
    pub count: u64,
}

impl Summary {
    /// This stretch and the one after it.
    #[must_use]
    pub fn and(self, next: &Self) -> Self {
        Self {
            trades: join(self.trades, next.trades),
            bid: join(self.bid, next.bid),
            ask: join(self.ask, next.ask),
            middle: join(self.middle, next.middle),
            last: next.last.or(self.last),
            volume: self.volume + next.volume,
            turnover: self.turnover + next.turnover,
            count: self.count + next.count,
        }
    }

    pub(super) fn quote(&mut self, bid: Option<Ticks>, ask: Option<Ticks>) {
        self.bid = join(self.bid, bid.map(Candle::flat));
        self.ask = join(self.ask, ask.map(Candle::flat));
        let sum = bid.zip(ask).map(|(bid, ask)| Candle::flat(bid + ask));
        self.middle = join(self.middle, sum);
    }

    pub(super) fn trade(&mut self, price: Ticks, lots: Lots) {
        self.trades = join(self.trades, Some(Candle::flat(price)));
        self.last = Some(price);
        self.volume += lots;
        self.turnover += i128::from(price) * i128::from(lots);
        self.count += 1;
    }
}
