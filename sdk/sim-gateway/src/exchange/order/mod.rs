//! An order as the exchange sees it: what was asked, and how far it got.
//!
//! Never: deciding anything. These are the facts of an order; what happens to it is `trading`'s business.

mod attributes;
mod kind;

use rust_decimal::Decimal;

pub use attributes::{
    Adjustment, Algorithm, Attributes, Condition, ConditionTest, OcaGroup, OcaRule, TimeInForce,
};
pub use kind::{Distance, OrderKind, Side};

use super::instrument::{InstrumentId, Lots, Ticks};

/// Who asked, and under which number: order ids belong to their client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OrderKey {
    /// API client id.
    pub client: i32,
    /// Order id chosen by that client.
    pub order: i32,
}

/// Where an order stands, in the protocol's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Known, but its client has not transmitted it yet, or somebody must confirm it first.
    PendingSubmit,
    /// Accepted and held, or in the instant before work begins.
    PreSubmitted,
    /// Working.
    Submitted,
    /// A cancel was asked for.
    PendingCancel,
    /// Gone, by request or expiry.
    Cancelled,
    /// Done.
    Filled,
    /// Rejected; or held or deactivated, see [`Order::is_live`].
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

    /// Whether an order in this status can still trade, be modified or be cancelled. `Inactive` needs a
    /// second look: [`Order::is_live`].
    #[must_use]
    pub fn is_live(self) -> bool {
        !matches!(self, Status::Cancelled | Status::Filled | Status::Inactive)
    }
}

/// Why a live order is kept out of the market.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hold {
    /// A person must confirm it first.
    Dialog,
    /// Shares to sell short are being looked for.
    Locate,
    /// Its client took it out of the market without cancelling it.
    Deactivated,
    /// Its parent has not traded.
    Child,
    /// Its moment has not come.
    GoodAfter,
    /// Its conditions do not hold.
    Conditions,
    /// The market is closed, or open only outside regular hours.
    Session,
    /// It waits for the opening or the closing auction.
    Auction,
    /// The market has not reached its trigger.
    Trigger,
}

impl Hold {
    /// The protocol's `whyHeld`; most holds have no word for it.
    #[must_use]
    pub fn why_held(self) -> &'static str {
        match self {
            Hold::Trigger => "trigger",
            Hold::Child => "child",
            Hold::Locate => "locate",
            _ => "",
        }
    }
}

/// Who an order comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// A client of the API.
    Client,
    /// A person at the trading platform; bound to client 0 or not at all.
    Manual,
    /// The broker, who liquidates.
    Broker,
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

/// Where an order waits, which is where it must be taken out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::exchange) enum Place {
    /// Nowhere yet or any more, or held for a reason that prices do not change.
    Nowhere,
    /// Among the sleepers of its market, until its trigger.
    Asleep,
    /// In the book.
    Resting(Ticks),
    /// Among the market orders that emptied the book and wait for quotes.
    Sweeping,
    /// Among those that wait for enough size, or for a price to follow.
    Patient,
    /// With an algorithm.
    Sliced,
}

/// An order and its life so far.
#[derive(Debug, Clone)]
pub struct Order {
    /// The exchange's key of it: unique, unchanging, and for a client's order what the client calls it.
    pub key: OrderKey,
    /// The client and order id to show. They differ from the key for orders from outside the API, which
    /// show client 0 and order 0 (manual), -1 (liquidation) or a negative id (bound).
    pub shown: OrderKey,
    /// Account-wide id that never changes.
    pub perm_id: i64,
    /// Who it comes from.
    pub origin: Origin,
    /// What was asked, with all modifications.
    pub request: OrderRequest,
    /// How it trades now: as asked, until an adjustment turns it into something else.
    pub kind: OrderKind,
    /// Where it stands.
    pub status: Status,
    /// Why it is held, while it is.
    pub held: Option<Hold>,
    /// Permanent id of the order that must trade first; zero without one.
    pub parent_perm_id: i64,
    /// Its group: as asked, or the one that children of one parent get.
    pub oca: Option<OcaGroup>,
    /// The trigger as it stands: a trailing stop's moves.
    pub stop: Option<Ticks>,
    /// The limit as it stands: a pegged order's moves.
    pub limit: Option<Ticks>,
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
    /// Logical instant of its transmission, in nanoseconds.
    pub placed_at: u64,
    /// Logical instant of its end, in nanoseconds.
    pub ended_at: Option<u64>,
    /// Why it was refused or withdrawn, if it was.
    pub reason: Option<String>,
    pub(super) place: Place,
    /// Its turn among those that wait: later ones are larger.
    pub(super) turn: u64,
    /// How much its parent's fills allow it to trade, its group's reductions included.
    pub(super) released: Lots,
    /// How much its group took away.
    pub(super) reduced: Lots,
    /// Whether its conditions have been met.
    pub(super) met: bool,
    /// Whether its limit follows the market already.
    pub(super) followed: bool,
    /// Whether its adjustment has been made.
    pub(super) adjusted: bool,
    /// Whether its algorithm has done its part.
    pub(super) sliced: bool,
    /// When it expires, Unix seconds.
    pub(super) expires: Option<u64>,
}

impl Order {
    /// A new order that nobody has looked at.
    pub(super) fn new(key: OrderKey, perm_id: i64, request: OrderRequest) -> Self {
        Self {
            key,
            shown: key,
            perm_id,
            origin: Origin::Client,
            kind: request.kind,
            status: Status::PendingSubmit,
            held: None,
            parent_perm_id: 0,
            oca: request.attributes.oca.clone(),
            stop: request.kind.trigger(),
            limit: request.kind.limit(),
            filled: 0,
            traded: 0,
            last_fill: 0,
            fees: Decimal::ZERO,
            triggered: false,
            placed_at: 0,
            ended_at: None,
            reason: None,
            place: Place::Nowhere,
            turn: 0,
            released: Lots::MAX,
            reduced: 0,
            met: false,
            followed: false,
            adjusted: false,
            sliced: false,
            expires: None,
            request,
        }
    }

    /// Size still to trade.
    #[must_use]
    pub fn remaining(&self) -> Lots {
        self.request.quantity - self.filled
    }

    /// Size it may trade now: a child trades no more than its parent's fills allow.
    #[must_use]
    pub fn workable(&self) -> Lots {
        let allowed = self
            .released
            .saturating_sub(self.reduced)
            .saturating_sub(self.filled);
        self.remaining().min(allowed).max(0)
    }

    /// Whether it can still trade, be modified or be cancelled: an `Inactive` order can while it is held.
    #[must_use]
    pub fn is_live(&self) -> bool {
        self.status.is_live() || (self.status == Status::Inactive && self.held.is_some())
    }

    /// Whether it stays with the gateway, unreported, until its client transmits it.
    #[must_use]
    pub fn is_parked(&self) -> bool {
        self.status == Status::PendingSubmit && !self.request.transmit
    }

    /// The limit of an order that follows the market; `None` before it does.
    pub(super) fn limit_followed(&self) -> Option<Ticks> {
        self.limit.filter(|_| self.followed)
    }

    /// The limit at which it trades now; `None` for any price.
    #[must_use]
    pub fn active_limit(&self) -> Option<Ticks> {
        self.limit
    }

    /// Whether it still waits for its trigger.
    #[must_use]
    pub fn sleeps(&self) -> bool {
        self.held == Some(Hold::Trigger)
    }

    /// The protocol's `whyHeld`.
    #[must_use]
    pub fn why_held(&self) -> &'static str {
        self.held.map_or("", Hold::why_held)
    }
}
