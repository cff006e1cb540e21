//! What the risk plugins said, all of them together.

use crate::domain::money::Quantity;
use crate::domain::plugin::PluginId;

/// The sum of the configured risk plugins' answers: the first no, else the smallest quantity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PluginVerdict {
    /// All allowed it, or there is none.
    Allow,
    /// Allowed, but not more than this; above zero and below what was asked.
    Shrink {
        /// The smallest quantity any of them allowed.
        quantity: Quantity,
        /// Which one that was.
        by: PluginId,
    },
    /// One said no.
    Deny {
        /// Which.
        by: PluginId,
        /// Its own code.
        code: u32,
    },
    /// One could not answer: a trap, an exhausted budget, a quarantine, an answer outside the contract.
    Failed {
        /// Which.
        by: PluginId,
    },
}
