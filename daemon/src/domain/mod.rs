//! Floor 0: the nouns. Prices, orders, quotes, what the broker reports.
//!
//! Never: a clock, a socket, a decision. `std`, `serde` and `thiserror` only.

pub mod hours;
#[cfg(test)]
mod hours_tests;
pub mod instrument;
pub mod money;
#[cfg(test)]
mod money_tests;
pub mod order;
pub mod plugin;
pub mod proof;
pub mod quote;
pub mod recovery;
pub mod report;
pub mod session;
pub mod stream;
pub mod time;
pub mod trading_state;
