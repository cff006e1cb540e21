//! Simulation: the desk and the exchange, and between them a world of faults, with no socket, no thread, no clock and
//! no file.
//!
//! ```text
//!  seed ─▶ generate ─▶ operations ─▶ World::run ─▶ outcome ──violated──▶ shrink ─▶ trace
//!                                     │  ▲
//!               desk (the daemon's) ◀─┴──┴─▶ broker (the simulated gateway's exchange)
//!                        watched after every event by checks
//! ```
//!
//! A run is a list of [`operation::Operation`]s and nothing else; all chance is in their making. So the same seed gives
//! the same effects byte for byte, any part of the list is a run of its own, and a failure is shrunk by leaving things out.

pub mod broker;
pub mod campaign;
pub mod chance;
pub mod checks;
pub mod digest;
pub mod generate;
pub mod ledger;
pub mod operation;
pub mod shrink;
pub mod trace;
pub mod world;
