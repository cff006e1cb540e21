//! The TWS protocol: framing, the opening handshake, the messages, and their two encodings.
//!
//! It turns bytes into messages and back. It never decides what to answer, keeps no session and touches no
//! socket; prices are `f64` here and nowhere below.
//!
//! There is one model, the structs in [`messages`]. Protobuf is derived for them; [`text`] reads and writes
//! the same structs as the older text fields.

mod encoding;
pub mod frame;
pub mod ids;
pub mod messages;
pub mod text;

#[cfg(test)]
mod frame_tests;

pub use encoding::{Body, Encoding, NEWEST_VERSION, Request, Response, Unreadable, negotiate};
