//! The TWS protocol: framing, the opening handshake and the protobuf messages of server version 226.
//!
//! It turns bytes into messages and back. It never decides what to answer, keeps no session and touches no
//! socket; prices are `f64` here and nowhere below.

pub mod account_messages;
pub mod contract_messages;
pub mod execution_messages;
pub mod frame;
pub mod ids;
pub mod market_messages;
pub mod order_messages;
pub mod session_messages;

#[cfg(test)]
mod frame_tests;

/// The newest server version this program speaks.
pub const NEWEST_VERSION: i32 = 226;
/// The oldest version at which every message is protobuf, hence the oldest one spoken here.
pub const OLDEST_VERSION: i32 = 213;
