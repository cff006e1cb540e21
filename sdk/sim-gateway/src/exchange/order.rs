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

/// How an order may trade.
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
}

impl OrderKind {
    /// The worst price it accepts, if it has one.
    #[must_use]
    pub fn limit(self) -> Option<Ticks> {
        match self {
            OrderKind::Limit { limit } | OrderKind::StopLimit { limit, .. } => Some(limit),
            OrderKind::Market | OrderKind::Stop { .. } => None,
        }
    }

    /// The price that wakes it, if it sleeps.
    #[must_use]
    pub fn trigger(self) -> Option<Ticks> {
        match self {
            OrderKind::Stop { trigger } | OrderKind::StopLimit { trigger, .. } => Some(trigger),
            OrderKind::Market | OrderKind::Limit { .. } => None,
        }
    }
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
