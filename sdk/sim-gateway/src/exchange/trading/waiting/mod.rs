//! What orders wait for: triggers, prices to follow, conditions, auctions, an algorithm's next slice.
//!
//! It never trades by itself but in auctions and slices: an order whose waiting is over goes to work like
//! any other.

pub(super) mod auctions;
mod conditions;
pub(super) mod pegging;
pub(super) mod slicing;
mod triggers;
