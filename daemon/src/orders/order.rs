//! One order: all its ids and all that is known of it, in one record.

use crate::domain::money::Quantity;
use crate::domain::order::OrderKind;
use crate::domain::time::Timestamp;

use super::chase::Chase;
use super::incarnations::Incarnation;
use super::lifecycle::OrderState;
use super::placement::Placement;

/// One of our orders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// As the broker has it, as far as we know.
    pub placement: Placement,
    /// What was asked for and not confirmed yet.
    pub pending: Option<Amendment>,
    /// Where it stands.
    pub state: OrderState,
    /// Filled so far, by executions: the only thing that counts as a fill.
    pub executed: Quantity,
    /// IB's permanent id, zero while unknown.
    pub perm_id: i64,
    /// The broker's or the desk's last word on it.
    pub reason: Option<String>,
    /// The broker refused it in an error; the status that follows ends it.
    pub refused: bool,
    /// Whether a cancel was asked for.
    pub cancel_requested: bool,
    /// Since when the broker's truth has not shown it.
    pub missing_since: Option<Timestamp>,
    /// Other lives of it at the broker, under other permanent ids.
    pub others: Vec<Incarnation>,
    /// Whether it was ever found to live twice: its order id may then name a life that has ended.
    pub lived_twice: bool,
    /// Filled by lives that have ended before its present own one.
    pub prior: Quantity,
    /// Taken back by corrections of its fills: it does not come to market again.
    pub busted: Quantity,
    /// The most that a status has said is filled; executions must follow.
    pub told_filled: Quantity,
    /// How often we have asked after it without an answer.
    pub chase: Chase,
    /// How often a cancel was sent in this session, and when last.
    pub cancels: (u32, Timestamp),
    /// When it was accepted.
    pub accepted: Timestamp,
    /// When it last changed.
    pub changed: Timestamp,
}

/// A change that was sent and not confirmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Amendment {
    /// New total quantity.
    pub quantity: Quantity,
    /// New prices.
    pub kind: OrderKind,
}

impl Order {
    /// A fresh order.
    pub const fn new(placement: Placement, at: Timestamp) -> Self {
        Order {
            placement,
            pending: None,
            state: OrderState::PendingNew,
            executed: Quantity::ZERO,
            perm_id: 0,
            reason: None,
            refused: false,
            cancel_requested: false,
            missing_since: None,
            others: Vec::new(),
            lived_twice: false,
            prior: Quantity::ZERO,
            busted: Quantity::ZERO,
            told_filled: Quantity::ZERO,
            chase: Chase::NEVER,
            cancels: (0, Timestamp::NEVER),
            accepted: at,
            changed: at,
        }
    }

    /// The larger of the quantity the broker has and the one a pending change would give it.
    pub fn largest_quantity(&self) -> Quantity {
        self.pending.map_or(self.placement.quantity, |change| {
            Quantity::from_nanos(self.placement.quantity.nanos().max(change.quantity.nanos()))
        })
    }

    /// What is left of it as its owner asked for it.
    pub fn leaves(&self) -> Quantity {
        let left = self.placement.quantity.minus(self.own_executed());
        Quantity::from_nanos(left.nanos().max(0))
    }

    /// What may still be filled, at worst: a pending change counts with whichever quantity is larger, an order that is
    /// said to be filled counts until its executions have come, and every life of it counts.
    pub fn open_quantity(&self) -> Quantity {
        let others = self.others.iter().map(Incarnation::open_quantity);
        let others = others.fold(Quantity::ZERO, Quantity::plus);
        let mut left = self.largest_quantity().minus(self.own_executed());
        match self.state {
            OrderState::Filled => left = left.minus(self.busted),
            state if state.is_final() => return others,
            _ => {}
        }
        Quantity::from_nanos(left.nanos().max(0)).plus(others)
    }

    /// Whether nothing more can come of it.
    pub fn is_settled(&self) -> bool {
        self.state.is_final()
            && self.open_quantity().is_zero()
            && !self.is_split()
            && !self.lacks_executions()
    }
}
