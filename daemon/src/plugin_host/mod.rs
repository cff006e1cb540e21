//! x
mod batch;
mod bindings;
mod blueprint;
mod cache;
pub mod config;
mod convert;
mod engine;
mod failure;
mod grants;
mod imports;
mod instance;
mod limits;
pub mod load;
mod metrics;
pub mod supervisor;
mod timers;
mod watchdog;
