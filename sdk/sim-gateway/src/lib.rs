//! A simulated Interactive Brokers gateway: a seeded market behind the real wire protocol.
//!
//! It shares no code with any client, so that a misreading of the protocol cannot agree with itself. From
//! the ground up: [`exchange`] is the market, [`wire`] the protocol, [`gateway`] what a gateway makes of
//! both, all three pure; [`server`] puts them on sockets, with [`faults`] in between.

mod books;
pub mod clock;
mod control;
pub mod exchange;
pub mod faults;
pub mod gateway;
mod invariants;
mod load;
mod metrics;
mod operator;
mod outbox;
pub mod server;
mod summary;
pub mod wire;
mod world;
