//! The messages, one struct each, by subject.
//!
//! They say what was asked and answered and nothing about how it is encoded or what it means.

pub mod account;
pub mod advisor;
pub mod bars;
pub mod contract;
pub mod depth;
pub mod execution;
pub mod market;
pub mod news;
pub mod option;
pub mod order;
pub mod scanner;
pub mod session;
pub mod settings;
pub mod ticks;
