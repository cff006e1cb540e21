//! What an order may say beyond its kind and size: how long it waits, for what, with whom, and how openly.

use super::OrderKey;
use super::kind::OrderKind;
use crate::exchange::instrument::{InstrumentId, Lots, Ticks};

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
    /// The order that must trade first; cancelled with it. As its client calls it.
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
    /// Until the venue's day ends.
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
