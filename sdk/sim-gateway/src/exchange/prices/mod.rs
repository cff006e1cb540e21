//! Where prices come from: the fair value of every instrument at every second, what follows from it for
//! derived instruments, and how other people's quotes and trades play around it.
//!
//! Never: a client's order, which is `trading`'s, or a memory of what was shown, which is `past`'s.

pub(super) mod fair;
pub mod model;
pub(super) mod process;
mod valuation;

pub use valuation::OptionFigures;
pub(super) use valuation::{
    as_price, as_ticks, own_moment, quantum, scaled, transformed, underlying, volatility_at,
};

#[cfg(test)]
mod fair_tests;
#[cfg(test)]
mod kinds_tests;
#[cfg(test)]
mod model_tests;
