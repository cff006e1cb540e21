//! One client's connection: how far its handshake got, how it speaks, and what it wants to be told.
//!
//! Never: what the answers are; each subject has its own folder.

mod requests;

pub(crate) use requests::client_id;
pub(super) use requests::decode;

use crate::wire::Encoding;

/// A connection, numbered by whoever accepts them; never reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId(pub u64);

/// How far a connection got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// Nothing usable received yet.
    Greeting,
    /// The version is agreed, the client has not started the API.
    Negotiated,
    /// In full use under this client id.
    Ready(i32),
}

/// A connection, with everything it has asked to be kept informed of.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) stage: Stage,
    /// Agreed in the handshake.
    pub(super) encoding: Option<Encoding>,
    pub(super) account: super::account::Watches,
    pub(super) data: super::data::Watches,
    pub(super) history: super::history::Watches,
}

impl Session {
    pub(super) fn new() -> Self {
        Self {
            stage: Stage::Greeting,
            encoding: None,
            account: super::account::Watches::default(),
            data: super::data::Watches::default(),
            history: super::history::Watches::default(),
        }
    }

    pub(super) fn client(&self) -> Option<i32> {
        match self.stage {
            Stage::Ready(client) => Some(client),
            Stage::Greeting | Stage::Negotiated => None,
        }
    }
}
