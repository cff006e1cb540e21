//! Trading: what clients and operators may ask of orders, and what orders then do in their markets.
//!
//! An order is admitted, goes through its [gates](gates), and works: it takes what it can from the book
//! and rests, or waits somewhere else that its [`Place`](crate::exchange::order::Place) names. After every
//! change a market is [settled](settling): whatever the change woke acts, until nothing does.
//!
//! It never makes prices, and never books money: those are the price process's and the accounts'.

mod clock;
mod desk;
mod exercise;
mod families;
mod fills;
mod gates;
mod groups;
mod matching;
mod outside;
mod requests;
mod settling;
mod waiting;

#[cfg(test)]
mod tests;

pub(super) use desk::Desk;
pub(super) use desk::Waiting;
pub use desk::{LocateHold, Switches};
pub use exercise::ExerciseRefusal;
pub use outside::UnknownExecution;
pub use requests::{CancelRefusal, Refusal};
