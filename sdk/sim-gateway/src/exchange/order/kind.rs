//! Which way an order trades, and at what prices it may.

use crate::exchange::instrument::{Lots, Ticks};

/// Direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    /// Buys.
    Buy,
    /// Sells, short if need be.
    Sell,
}

impl Side {
    /// The other side.
    #[must_use]
    pub fn opposite(self) -> Self {
        match self {
            Side::Buy => Side::Sell,
            Side::Sell => Side::Buy,
        }
    }

    /// `lots` with the sign a position takes from this side.
    #[must_use]
    pub fn signed(self, lots: Lots) -> Lots {
        match self {
            Side::Buy => lots,
            Side::Sell => -lots,
        }
    }

    /// Whether a price is as good as `limit`, or better, for this side.
    #[must_use]
    pub fn accepts(self, price: Ticks, limit: Ticks) -> bool {
        match self {
            Side::Buy => price <= limit,
            Side::Sell => price >= limit,
        }
    }
}

/// How an order may trade. Prices marked "its kind's" are those the protocol calls `lmtPrice`, `auxPrice`
/// and `trailStopPrice`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderKind {
    /// At any price, now.
    Market,
    /// At `limit` or better.
    Limit {
        /// Worst price.
        limit: Ticks,
    },
    /// A market order once the market reaches `trigger`.
    Stop {
        /// Price that wakes it.
        trigger: Ticks,
    },
    /// A limit order once the market reaches `trigger`.
    StopLimit {
        /// Price that wakes it.
        trigger: Ticks,
        /// Worst price.
        limit: Ticks,
    },
    /// A stop whose trigger follows the market at a distance.
    Trail {
        /// How far behind.
        by: Distance,
        /// Where it starts; at the distance from the market when absent.
        stop: Option<Ticks>,
    },
    /// As [`Trail`](Self::Trail), waking a limit order at a distance from the trigger.
    TrailLimit {
        /// How far behind.
        by: Distance,
        /// Where it starts.
        stop: Option<Ticks>,
        /// Limit minus trigger for a buy, trigger minus limit for a sell.
        offset: Ticks,
    },
    /// A market order once the market comes as far down (buy) or up (sell) as `trigger`.
    MarketIfTouched {
        /// Price that wakes it.
        trigger: Ticks,
    },
    /// A limit order once the market is touched at `trigger`.
    LimitIfTouched {
        /// Price that wakes it.
        trigger: Ticks,
        /// Worst price.
        limit: Ticks,
    },
    /// At the closing auction, at any price.
    MarketOnClose,
    /// At the closing auction, at `limit` or better.
    LimitOnClose {
        /// Worst price.
        limit: Ticks,
    },
    /// At the opening auction, at any price.
    MarketOnOpen,
    /// At the opening auction, at `limit` or better.
    LimitOnOpen {
        /// Worst price.
        limit: Ticks,
    },
    /// A market order whose rest becomes a limit order at the price it traded at.
    MarketToLimit,
    /// A limit that follows the opposite best price, at an offset away from it.
    PeggedToMarket {
        /// Distance to the opposite best price.
        offset: Ticks,
        /// Worst price ever.
        cap: Option<Ticks>,
    },
    /// A limit that follows the middle, at an offset away from it.
    PeggedToMidpoint {
        /// Distance to the middle.
        offset: Ticks,
        /// Worst price ever.
        cap: Option<Ticks>,
    },
    /// A limit that follows the own side's best price, at an offset more aggressive than it (IB: REL).
    Relative {
        /// Distance beyond the own best price.
        offset: Distance,
        /// Worst price ever.
        cap: Option<Ticks>,
    },
}

/// A distance between prices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Distance {
    /// So many ticks.
    Amount(Ticks),
    /// So many hundredths of a percent of the price.
    BasisPoints(i64),
}

impl OrderKind {
    /// The worst price it accepts, if it has one from the start.
    #[must_use]
    pub fn limit(self) -> Option<Ticks> {
        match self {
            OrderKind::Limit { limit }
            | OrderKind::StopLimit { limit, .. }
            | OrderKind::LimitIfTouched { limit, .. }
            | OrderKind::LimitOnClose { limit }
            | OrderKind::LimitOnOpen { limit } => Some(limit),
            OrderKind::PeggedToMarket { cap, .. }
            | OrderKind::PeggedToMidpoint { cap, .. }
            | OrderKind::Relative { cap, .. } => cap,
            _ => None,
        }
    }

    /// The price that wakes it, if it sleeps until one from the start.
    #[must_use]
    pub fn trigger(self) -> Option<Ticks> {
        match self {
            OrderKind::Stop { trigger }
            | OrderKind::StopLimit { trigger, .. }
            | OrderKind::MarketIfTouched { trigger }
            | OrderKind::LimitIfTouched { trigger, .. } => Some(trigger),
            _ => None,
        }
    }
}
