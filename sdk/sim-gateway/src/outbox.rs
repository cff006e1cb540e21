//! What waits to be written to one client, in bounded memory.
//!
//! A frame goes straight to the socket. Only when the socket is full do frames wait: orders and answers in
//! a queue that ends the connection when it grows too long, ticks in one slot per field, where a newer one
//! replaces an older one. Nothing about an order is ever dropped while the connection lives.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::time::Instant;

use tokio::net::TcpStream;

use crate::gateway::Class;
use crate::wire::Encoding;
use crate::wire::frame;
use crate::wire::messages::session::ErrorMessage;

/// Bytes that may wait for a client before it is given up.
const MOST_WAITING: usize = 8 * 1024 * 1024;
/// The official Python client reads in pieces of this size, and throws away what it has read when a burst
/// ends on a multiple of it and a second of silence follows.
const PYTHON_READ: usize = 4096;

/// The client does not read and too much waits for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the client has not read for so long that more than {MOST_WAITING} bytes wait for it")]
pub struct Overflow;

/// Counters of one connection.
#[derive(Debug, Clone, Copy, Default)]
pub struct Counts {
    /// Frames handed to the socket or to the queue before it.
    pub frames: u64,
    /// Ticks among them.
    pub ticks: u64,
    /// Ticks that a newer one replaced before they could be written.
    pub conflated: u64,
    /// Bytes written.
    pub bytes: u64,
    /// Times the socket was full.
    pub blocked: u64,
}

/// The way out to one client.
#[derive(Debug, Default)]
pub struct Outbox {
    pending: Vec<u8>,
    offset: usize,
    ticks: BTreeMap<Class, Vec<u8>>,
    blocked: bool,
    counts: Counts,
    wrote: Option<(Instant, Instant)>,
    /// How the client speaks, once that is agreed.
    pub encoding: Option<Encoding>,
}

impl Outbox {
    /// Adds a frame.
    ///
    /// # Errors
    /// When too much waits already.
    pub fn push(&mut self, class: Class, bytes: &[u8]) -> Result<(), Overflow> {
        let tick = matches!(class, Class::Tick { .. });
        if tick && self.blocked {
            self.counts.conflated += u64::from(self.ticks.insert(class, bytes.to_vec()).is_some());
            return Ok(());
        }
        if self.pending.len() - self.offset + bytes.len() > MOST_WAITING {
            return Err(Overflow);
        }
        self.pending.extend_from_slice(bytes);
        self.counts.frames += 1;
        self.counts.ticks += u64::from(tick);
        Ok(())
    }

    /// Writes as much as the socket takes.
    ///
    /// # Errors
    /// Those of the socket, other than being full.
    pub fn flush(&mut self, stream: &TcpStream) -> std::io::Result<()> {
        let burst = self.pending.len() - self.offset;
        if !self.blocked && burst > 0 && burst.is_multiple_of(PYTHON_READ) {
            self.pad();
        }
        while self.has_pending() {
            if self.offset == self.pending.len() {
                self.release_ticks();
            }
            let started = Instant::now();
            match stream.try_write(self.pending.get(self.offset..).unwrap_or_default()) {
                Ok(written) => {
                    self.wrote = Some((started, Instant::now()));
                    self.offset += written;
                    self.counts.bytes += written as u64;
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    self.counts.blocked += u64::from(!self.blocked);
                    self.blocked = true;
                    self.compact();
                    return Ok(());
                }
                Err(error) => return Err(error),
            }
        }
        self.blocked = false;
        self.pending.clear();
        self.offset = 0;
        Ok(())
    }

    /// Writes at most so many bytes, as onto a very slow line.
    ///
    /// # Errors
    /// Those of the socket, other than being full.
    pub fn flush_some(&mut self, stream: &TcpStream, most: usize) -> std::io::Result<()> {
        if self.offset == self.pending.len() {
            self.release_ticks();
        }
        let end = self.pending.len().min(self.offset.saturating_add(most));
        match stream.try_write(self.pending.get(self.offset..end).unwrap_or_default()) {
            Ok(written) => {
                self.offset += written;
                self.counts.bytes += written as u64;
                self.compact();
                self.blocked = self.has_pending();
                Ok(())
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Whether anything waits.
    #[must_use]
    pub fn has_pending(&self) -> bool {
        self.offset < self.pending.len() || !self.ticks.is_empty()
    }

    /// Bytes that wait.
    #[must_use]
    pub fn waiting(&self) -> usize {
        let ticks: usize = self.ticks.values().map(Vec::len).sum();
        self.pending.len() - self.offset + ticks
    }

    /// Counters since the connection began.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// The instants just before and just after the newest write.
    #[must_use]
    pub fn last_write(&self) -> Option<(Instant, Instant)> {
        self.wrote
    }

    fn release_ticks(&mut self) {
        self.pending.clear();
        self.offset = 0;
        for (_, bytes) in std::mem::take(&mut self.ticks) {
            self.pending.extend_from_slice(&bytes);
            self.counts.frames += 1;
            self.counts.ticks += 1;
        }
    }

    /// Forgets what is written, so that a client that never catches up costs no more than what waits.
    fn compact(&mut self) {
        self.pending.drain(..self.offset);
        self.offset = 0;
    }

    /// Moves the end of a burst off the multiple with a notice that real gateways send at any time.
    fn pad(&mut self) {
        let Some(encoding) = self.encoding else {
            return;
        };
        let notice = ErrorMessage {
            id: Some(-1),
            error_code: Some(2104),
            error_msg: Some("Market data farm connection is OK:usfarm".to_owned()),
            ..ErrorMessage::default()
        };
        frame::encode(&mut self.pending, encoding, &notice);
        self.counts.frames += 1;
    }
}
