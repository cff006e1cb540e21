//! Which encoding a connection speaks, and a message's way into and out of it.

use super::ids::{PROTOBUF_OFFSET, request};
use super::text::{self, FieldError, Fields, Writer};

/// The newest server version this program speaks.
pub const NEWEST_VERSION: i32 = 226;
/// The oldest version at which every message is protobuf.
const OLDEST_PROTOBUF: i32 = 213;
/// The versions spoken as text, newest first: what `ib_async` and what `ib_insync` stop at.
const TEXT_VERSIONS: [i32; 2] = [178, 176];

/// How messages are encoded on a connection, from its handshake on. The number is the server version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// NUL-separated text fields.
    Text(i32),
    /// A message number in four bytes and protobuf.
    Protobuf(i32),
}

impl Encoding {
    /// What a server of this version speaks.
    #[must_use]
    pub fn of(version: i32) -> Self {
        if version >= OLDEST_PROTOBUF {
            Self::Protobuf(version)
        } else {
            Self::Text(version)
        }
    }

    /// The server version.
    #[must_use]
    pub fn version(self) -> i32 {
        match self {
            Self::Text(version) | Self::Protobuf(version) => version,
        }
    }
}

/// The version to announce to a client of `oldest..=newest`, by a server that goes up to `limit`.
///
/// A real gateway announces the lower of both newest versions. This one does too where that is protobuf or
/// one of its text versions; below and between it takes the next older version it can speak, or none.
#[must_use]
pub fn negotiate(oldest: i32, newest: i32, limit: i32) -> Option<i32> {
    let highest = newest.min(limit).min(NEWEST_VERSION);
    let version = if highest >= OLDEST_PROTOBUF {
        Some(highest)
    } else {
        TEXT_VERSIONS.into_iter().find(|version| *version <= highest)
    };
    version.filter(|version| *version >= oldest)
}

/// A message a client may send.
pub trait Request: prost::Message + Default {
    /// Its number, see [`super::ids::request`].
    const ID: u32;

    /// Reads the text encoding; the message number has been read already.
    ///
    /// # Errors
    /// When a field is missing or is not what it should be.
    fn read(fields: &mut Fields<'_>) -> Result<Self, FieldError>;
}

/// A message to a client.
pub trait Response: prost::Message {
    /// Its number, see [`super::ids::response`].
    const ID: u32;
    /// The oldest server version that has it. A client of an older one is never sent it.
    const SINCE: i32 = 0;

    /// Its number, where that depends on what it says.
    fn id(&self) -> u32 {
        Self::ID
    }

    /// Writes the text encoding, without the message number.
    fn write(&self, out: &mut Writer<'_>);
}

/// A request's content, still encoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Body {
    /// How.
    pub encoding: Encoding,
    /// Without the message number.
    pub bytes: Vec<u8>,
}

/// Why a body could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// It is no protobuf of that message.
    #[error("{0}")]
    Protobuf(#[from] prost::DecodeError),
    /// Its fields are not those of that message.
    #[error("{0}")]
    Text(#[from] FieldError),
}

impl Body {
    /// Reads it as a message.
    ///
    /// # Errors
    /// When it is none.
    pub fn read<M: Request>(&self) -> Result<M, Unreadable> {
        match self.encoding {
            Encoding::Protobuf(_) => Ok(M::decode(self.bytes.as_slice())?),
            Encoding::Text(version) => Ok(M::read(&mut Fields::new(&self.bytes, version))?),
        }
    }

    /// The request or order id in it, whatever the message is.
    #[must_use]
    pub fn request_id(&self, id: u32) -> Option<i32> {
        match self.encoding {
            // Their first field is a switch.
            Encoding::Protobuf(_) if [request::ACCOUNT_DATA, request::AUTO_OPEN_ORDERS].contains(&id) => None,
            Encoding::Protobuf(_) => AnyRequest::decode(self.bytes.as_slice()).ok()?.req_id,
            Encoding::Text(version) => text::request_id(id, &mut Fields::new(&self.bytes, version)),
        }
    }
}

use prost::Message;

/// The first field of almost every request.
#[derive(Clone, PartialEq, Message)]
struct AnyRequest {
    #[prost(int32, optional, tag = "1")]
    req_id: Option<i32>,
}

/// Appends one message as a frame.
pub(super) fn encode<M: Response>(out: &mut Vec<u8>, encoding: Encoding, message: &M) {
    let start = out.len();
    out.extend_from_slice(&[0; 4]);
    match encoding {
        Encoding::Protobuf(_) => {
            out.extend_from_slice(&(message.id() + PROTOBUF_OFFSET).to_be_bytes());
            // A growing buffer cannot run out of room, which is the only error there is.
            let _ = message.encode(out);
        }
        Encoding::Text(version) => {
            let mut writer = Writer::new(out, version);
            writer.integer(message.id());
            message.write(&mut writer);
        }
    }
    let length = u32::try_from(out.len() - start - 4).unwrap_or(u32::MAX);
    if let Some(prefix) = out.get_mut(start..start + 4) {
        prefix.copy_from_slice(&length.to_be_bytes());
    }
}
