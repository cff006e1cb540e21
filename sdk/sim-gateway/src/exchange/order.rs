//! An order as the exchange sees it: what was asked, and how far it got.

use rust_decimal::Decimal;

use super::instrument::{InstrumentId, Lots, Ticks};

/// Who asked, and under which number: order ids belong to their client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OrderKey {
    /// API client id.
    pub client: i32,
    /// Order id chosen by that client.
    pub order: i32,
}

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

/// A group of orders of which one cancels or reduces the others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OcaGroup {
    /// Its name, unique to the account and the day.
    pub name: String,
    /// What a fill does to the others.
    pub rule: OcaRule,
}

/// What a fill in a group does to the others, IB's `ocaType` 1 to 3.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OcaRule {
    /// Cancels them; only one is in the market at a time, so that they cannot overfill.
    CancelWithBlock,
    /// Reduces them in proportion; only one is in the market at a time.
    ReduceWithBlock,
    /// Reduces them in proportion, without protection.
    ReduceWithoutBlock,
}

/// One condition of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// What must hold.
    pub test: ConditionTest,
    /// Whether it must hold together with the next one; otherwise either suffices.
    pub and_next: bool,
}

/// What a condition looks at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConditionTest {
    /// An instrument's price has reached a value.
    Price {
        /// Whose.
        instrument: InstrumentId,
        /// At least, rather than at most.
        above: bool,
        /// The value.
        price: Ticks,
    },
    /// A moment has passed, or has not.
    Time {
        /// Passed, rather than not yet.
        after: bool,
        /// Unix time, seconds.
        at: u64,
    },
    /// The account's cushion in percent.
    Margin {
        /// At least, rather than at most.
        above: bool,
        /// Percent.
        percent: i32,
    },
    /// A symbol has traded in this account since the order came.
    Execution {
        /// Which.
        symbol: String,
    },
    /// The day's volume.
    Volume {
        /// Whose.
        instrument: InstrumentId,
        /// At least, rather than at most.
        above: bool,
        /// Lots.
        lots: Lots,
    },
    /// The change since yesterday's close.
    PercentChange {
        /// Whose.
        instrument: InstrumentId,
        /// At least, rather than at most.
        above: bool,
        /// Hundredths of a percent.
        basis_points: i64,
    },
}

/// An algorithm that slices an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Algorithm {
    /// Which: `Adaptive`, `Twap`, `Vwap`, ….
    pub strategy: String,
    /// Its parameters, as the protocol names them.
    pub parameters: std::collections::BTreeMap<String, String>,
}

/// Everything an order may say beyond its kind, size and time in force.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Attributes {
    /// The order that must fill first; cancelled with it.
    pub parent: Option<OrderKey>,
    /// Its group.
    pub oca: Option<OcaGroup>,
    /// Size shown at a time, less than the whole (an iceberg).
    pub display: Option<Lots>,
    /// Shown to nobody.
    pub hidden: bool,
    /// How far beyond its limit it would trade without saying so.
    pub discretionary: Ticks,
    /// All at once or not yet.
    pub all_or_none: bool,
    /// Smallest first fill.
    pub min_quantity: Option<Lots>,
    /// Works outside regular hours too.
    pub outside_rth: bool,
    /// Not before this, Unix seconds.
    pub good_after: Option<u64>,
    /// IB's trigger method: 0 default, 1 double bid/ask, 2 last, 3 double last, 4 bid/ask, 7 last or
    /// bid/ask, 8 midpoint.
    pub trigger_method: u8,
    /// What must hold before it works.
    pub conditions: Vec<Condition>,
    /// The conditions cancel it instead of letting it work.
    pub conditions_cancel: bool,
    /// The conditions are looked at outside regular hours too.
    pub conditions_ignore_rth: bool,
    /// Another kind it turns into when the market reaches a price.
    pub adjust: Option<Adjustment>,
    /// Who slices it.
    pub algorithm: Option<Algorithm>,
    /// Never takes liquidity.
    pub post_only: bool,
}

/// A stop that becomes another kind of order at a price (IB's adjustable stops).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Adjustment {
    /// Where.
    pub at: Ticks,
    /// What it becomes.
    pub into: OrderKind,
}

/// How long an order may wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeInForce {
    /// Until the end of the UTC day.
    Day,
    /// Until cancelled.
    Gtc,
    /// What can trade at once; the rest is cancelled.
    Ioc,
    /// All at once or nothing.
    Fok,
    /// Until a moment, Unix seconds.
    Gtd(u64),
    /// At the opening only.
    Opening,
}

/// Where an order stands, in the protocol's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Known, but its client has not transmitted it yet.
    PendingSubmit,
    /// Accepted and held: a stop that sleeps, or the instant before work begins.
    PreSubmitted,
    /// Working.
    Submitted,
    /// A cancel was asked for.
    PendingCancel,
    /// Gone, by request or expiry.
    Cancelled,
    /// Done.
    Filled,
    /// Rejected.
    Inactive,
}

impl Status {
    /// The protocol's spelling.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Status::PendingSubmit => "PendingSubmit",
            Status::PreSubmitted => "PreSubmitted",
            Status::Submitted => "Submitted",
            Status::PendingCancel => "PendingCancel",
            Status::Cancelled => "Cancelled",
            Status::Filled => "Filled",
            Status::Inactive => "Inactive",
        }
    }

    /// Whether the order can still trade, be modified or be cancelled.
    #[must_use]
    pub fn is_live(self) -> bool {
        !matches!(self, Status::Cancelled | Status::Filled | Status::Inactive)
    }
}

/// What a client asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderRequest {
    /// Account to trade for; must exist.
    pub account: String,
    /// What to trade.
    pub instrument: InstrumentId,
    /// Direction.
    pub side: Side,
    /// Total size.
    pub quantity: Lots,
    /// How it may trade.
    pub kind: OrderKind,
    /// How long it may wait.
    pub tif: TimeInForce,
    /// False to leave it with the gateway, out of the market and unreported.
    pub transmit: bool,
    /// Everything else it says.
    pub attributes: Attributes,
}

/// An order and its life so far.
#[derive(Debug, Clone)]
pub struct Order {
    /// Who and which.
    pub key: OrderKey,
    /// Account-wide id that never changes.
    pub perm_id: i64,
    /// What was asked, with all modifications.
    pub request: OrderRequest,
    /// Where it stands.
    pub status: Status,
    /// Size traded.
    pub filled: Lots,
    /// Sum of price times size traded, in ticks and lots.
    pub traded: i128,
    /// Price of the newest fill.
    pub last_fill: Ticks,
    /// Fees charged so far.
    pub fees: Decimal,
    /// Whether a stop has been woken.
    pub triggered: bool,
    /// Logical instant of its end, in nanoseconds.
    pub ended_at: Option<u64>,
    /// Why it was refused or withdrawn, if it was.
    pub reason: Option<String>,
}

impl Order {
    /// Size still to trade.
    #[must_use]
    pub fn remaining(&self) -> Lots {
        self.request.quantity - self.filled
    }

    /// The limit at which it trades now; `None` for any price.
    #[must_use]
    pub fn active_limit(&self) -> Option<Ticks> {
        self.request.kind.limit()
    }

    /// Whether it still waits for its trigger.
    #[must_use]
    pub fn sleeps(&self) -> bool {
        self.request.kind.trigger().is_some() && !self.triggered
    }
}
