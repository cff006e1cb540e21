//! Framing: a big-endian length, a message number, a body. Input may be anything; nothing here panics on
//! it.

use super::encoding::{self, Body, Encoding, Response};
use super::ids::PROTOBUF_OFFSET;

/// The longest frame either side may send: a length's first byte is always zero.
pub const MAX_FRAME: usize = 0x00FF_FFFF;
const GREETING: &[u8; 4] = b"API\0";

/// What a client sent, cut out of its byte stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Inbound {
    /// The opening `API\0 v<oldest>..<newest>`: the versions the client can speak.
    Hello {
        /// The lowest version the client accepts.
        oldest: i32,
        /// The highest version the client accepts.
        newest: i32,
    },
    /// A message.
    Message {
        /// Message number, see [`super::ids::request`].
        id: u32,
        /// What it says.
        body: Body,
    },
    /// A frame whose message number is not in the connection's encoding.
    Foreign {
        /// The number, as far as it can be made out.
        id: u32,
    },
}

/// Why a byte stream cannot be followed any further. The connection has to be closed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// The first four bytes were not `API\0`.
    #[error("the stream does not open with \"API\\0\"; this is no TWS API client")]
    Greeting,
    /// The version range could not be read.
    #[error("the opening frame names no version range like v100..226: {0:?}")]
    Versions(String),
    /// The length is one no frame can have.
    #[error("a frame of {0} bytes is outside 1..=16777215, or of 4..=16777215 in protobuf")]
    Length(usize),
}

/// Cuts a client's byte stream into messages, whatever the pieces it arrives in.
#[derive(Debug, Default)]
pub struct Decoder {
    buffer: Vec<u8>,
    start: usize,
    greeted: bool,
}

impl Decoder {
    /// Adds bytes read from the socket.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.start == self.buffer.len() {
            self.buffer.clear();
            self.start = 0;
        } else if self.start > 64 * 1024 {
            self.buffer.drain(..self.start);
            self.start = 0;
        }
        self.buffer.extend_from_slice(bytes);
    }

    /// The next whole message, or `None` until more bytes arrive. `encoding` is what the handshake agreed
    /// on; before that, no frame but the opening one is looked at.
    ///
    /// # Errors
    /// When the stream cannot be a client's; every later call fails the same way.
    pub fn next_message(&mut self, encoding: Option<Encoding>) -> Result<Option<Inbound>, FrameError> {
        let pending = self.buffer.get(self.start..).unwrap_or_default();
        let skipped = if self.greeted { 0 } else { GREETING.len() };
        if !self.greeted {
            let seen = pending.len().min(GREETING.len());
            if pending.get(..seen) != GREETING.get(..seen) {
                return Err(FrameError::Greeting);
            }
        }
        let Some(length) = read_u32(pending, skipped) else {
            return Ok(None);
        };
        let length = length as usize;
        let shortest = match encoding {
            Some(Encoding::Protobuf(_)) if self.greeted => 4,
            _ => 1,
        };
        if length < shortest || length > MAX_FRAME {
            return Err(FrameError::Length(length));
        }
        let from = skipped + 4;
        let Some(frame) = pending.get(from..from + length) else {
            return Ok(None);
        };
        let message = if self.greeted {
            message(frame, encoding)
        } else {
            hello(frame)?
        };
        self.greeted = true;
        self.start += from + length;
        Ok(Some(message))
    }
}

fn read_u32(bytes: &[u8], at: usize) -> Option<u32> {
    let four = bytes.get(at..at + 4)?;
    Some(u32::from_be_bytes(four.try_into().ok()?))
}

fn message(frame: &[u8], encoding: Option<Encoding>) -> Inbound {
    let read = match encoding {
        Some(Encoding::Protobuf(_)) => protobuf_number(frame),
        Some(Encoding::Text(_)) => text_number(frame),
        None => Err(0),
    };
    match (read, encoding) {
        (Ok((id, rest)), Some(encoding)) => Inbound::Message {
            id,
            body: Body {
                encoding,
                bytes: rest.to_vec(),
            },
        },
        (Err(id), _) | (Ok((id, _)), None) => Inbound::Foreign { id },
    }
}

fn protobuf_number(frame: &[u8]) -> Result<(u32, &[u8]), u32> {
    let id = read_u32(frame, 0).unwrap_or_default();
    match id.checked_sub(PROTOBUF_OFFSET) {
        Some(number @ 1..) => Ok((number, frame.get(4..).unwrap_or_default())),
        _ => Err(id),
    }
}

fn text_number(frame: &[u8]) -> Result<(u32, &[u8]), u32> {
    let end = frame.iter().position(|byte| *byte == 0).unwrap_or(frame.len());
    let number = frame
        .get(..end)
        .and_then(|digits| std::str::from_utf8(digits).ok());
    let number = number
        .and_then(|digits| digits.trim().parse().ok())
        .ok_or(0_u32)?;
    Ok((number, frame.get(end + 1..).unwrap_or_default()))
}

/// Reads `v<oldest>..<newest>[ options]`, or the bare `v<only>` of very old clients.
fn hello(frame: &[u8]) -> Result<Inbound, FrameError> {
    let text = String::from_utf8_lossy(frame.get(..frame.len().min(64)).unwrap_or_default()).into_owned();
    let range = text
        .split([' ', '\0'])
        .next()
        .unwrap_or_default()
        .strip_prefix('v');
    let versions = range.and_then(|range| match range.split_once("..") {
        Some((oldest, newest)) => Some((oldest.parse().ok()?, newest.parse().ok()?)),
        None => range.parse().ok().map(|only| (only, only)),
    });
    let (oldest, newest) = versions.ok_or(FrameError::Versions(text))?;
    Ok(Inbound::Hello { oldest, newest })
}

/// Appends one message as a frame.
pub fn encode(out: &mut Vec<u8>, encoding: Encoding, message: &impl Response) {
    encoding::encode(out, encoding, message);
}

/// The server's only frame of the handshake: its version and the time of the connection, as text.
#[must_use]
pub fn version_frame(version: i32, connected_at: impl AsRef<[u8]>) -> Vec<u8> {
    let body = [format!("{version}\0").as_bytes(), connected_at.as_ref(), b"\0"].concat();
    let mut out = u32::try_from(body.len())
        .unwrap_or_default()
        .to_be_bytes()
        .to_vec();
    out.extend_from_slice(&body);
    out
}

/// Appends a protobuf message as a frame, for tests and tools that speak to a gateway.
pub fn protobuf(out: &mut Vec<u8>, id: u32, message: &impl prost::Message) {
    let length = u32::try_from(message.encoded_len() + 4).unwrap_or(u32::MAX);
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(&(id + PROTOBUF_OFFSET).to_be_bytes());
    // A growing buffer cannot run out of room, which is the only error there is.
    let _ = message.encode(out);
}

/// The client's opening bytes, for tests and tools that speak to a gateway.
#[must_use]
pub fn hello_bytes(oldest: i32, newest: i32) -> Vec<u8> {
    let versions = format!("v{oldest}..{newest}");
    let mut out = GREETING.to_vec();
    out.extend_from_slice(&u32::try_from(versions.len()).unwrap_or_default().to_be_bytes());
    out.extend_from_slice(versions.as_bytes());
    out
}
