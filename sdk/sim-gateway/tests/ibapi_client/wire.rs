//! What stands between the client and the gateway and notes which messages went by, without changing a byte.

use std::collections::BTreeSet;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use sim_gateway::wire::ids::PROTOBUF_OFFSET;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};

/// Message numbers, as many kinds as there were.
#[derive(Debug, Clone, Default)]
pub struct Numbers(Arc<Mutex<BTreeSet<u32>>>);

impl Numbers {
    fn add(&self, number: u32) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(number);
    }

    pub fn all(&self) -> BTreeSet<u32> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Where to connect instead, and what goes by there.
pub struct Wire {
    pub address: SocketAddr,
    pub requests: Numbers,
    pub answers: Numbers,
}

impl Wire {
    /// Takes connections for the gateway at `gateway` until the runtime ends.
    pub async fn tap(gateway: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let (requests, answers) = (Numbers::default(), Numbers::default());
        let wire = Self {
            address: listener.local_addr()?,
            requests: requests.clone(),
            answers: answers.clone(),
        };
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let Ok(server) = TcpStream::connect(gateway).await else {
                    return;
                };
                let (from_client, to_client) = client.into_split();
                let (from_server, to_server) = server.into_split();
                // A connection's end is no failure here; the client says what it makes of it.
                tokio::spawn(pass(from_client, to_server, requests.clone(), b"API\0".len()));
                tokio::spawn(pass(from_server, to_client, answers.clone(), 0));
            }
        });
        Ok(wire)
    }
}

/// Passes on one direction: a prefix, one frame of the handshake, then messages.
async fn pass(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    seen: Numbers,
    prefix: usize,
) -> io::Result<()> {
    let mut start = vec![0; prefix];
    from.read_exact(&mut start).await?;
    to.write_all(&start).await?;
    let mut handshake = true;
    loop {
        let length = from.read_u32().await?;
        let mut frame = vec![0; usize::try_from(length).unwrap_or_default()];
        from.read_exact(&mut frame).await?;
        if let (false, Some(number)) = (handshake, frame.first_chunk()) {
            let number = u32::from_be_bytes(*number);
            seen.add(number.checked_sub(PROTOBUF_OFFSET).unwrap_or(number));
        }
        handshake = false;
        to.write_u32(length).await?;
        to.write_all(&frame).await?;
    }
}
