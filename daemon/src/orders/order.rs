//! One order: all its ids and all that is known of it, in one record.

use crate::domain::money::Quantity;
use crate::domain::order::OrderKind;
use crate::domain::time::Timestamp;

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
            accepted: at,
            changed: at,
        }
    }

    /// What may still be filled, at worst: a pending change counts with whichever quantity is larger, and an order that
    /// is said to be filled counts until its executions have come.
    pub fn open_quantity(&self) -> Quantity {
        let may_fill = !self.state.is_final() || self.state == OrderState::Filled;
        if !may_fill {
            return Quantity::ZERO;
        }
        let largest = self.pending.map_or(self.placement.quantity, |change| {
            Quantity::from_nanos(self.placement.quantity.nanos().max(change.quantity.nanos()))
        });
        Quantity::from_nanos(largest.minus(self.executed).nanos().max(0))
    }

    /// Whether nothing more can come of it.
    pub fn is_settled(&self) -> bool {
        self.state.is_final() && self.open_quantity().is_zero()
    }
}
