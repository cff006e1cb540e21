//! A gateway with a client in front of it.

use std::sync::Arc;
use std::time::Duration;

use ibapi::contracts::Contract;
use ibapi::subscriptions::NoticeStream;
use ibapi::{Client, Error};
use sim_gateway::server::{Options, Running};
use tokio::time::timeout;

use crate::checks::{Failure, PATIENCE, ensure};
use crate::messages::Seen;
use crate::wire::Wire;

/// When the simulated clock starts: 2026-11-18 15:00 UTC.
pub const EPOCH: u64 = 1_795_014_000;
pub const ACCOUNT: &str = "DU1234567";
pub const APPLE_ID: i32 = 265_598;

pub struct Desk {
    pub client: Client,
    pub notices: NoticeStream,
    gateway: Arc<Running>,
    wire: Wire,
}

impl Desk {
    pub async fn open(options: Options, client: i32) -> Result<Self, Failure> {
        let gateway = Arc::new(Running::start(options)?);
        let wire = Wire::tap(gateway.address).await?;
        let (client, notices) = connect(&wire, client).await??;
        Ok(Self {
            client,
            notices,
            gateway,
            wire,
        })
    }

    /// Another client of the same gateway.
    pub async fn another(&self, client: i32) -> Result<Result<(Client, NoticeStream), Error>, Failure> {
        connect(&self.wire, client).await
    }

    /// Says something as an operator would.
    pub async fn say(&self, line: &'static str) -> Result<serde_json::Value, Failure> {
        let gateway = self.gateway.clone();
        let answer = tokio::task::spawn_blocking(move || gateway.command(line)).await??;
        ensure(answer.get("error").is_none(), &answer)?;
        Ok(answer)
    }

    /// Leaves in good order; the client says afterwards that it has gone.
    pub async fn leave(&self) -> Result<(), Failure> {
        self.client.disconnect().await;
        ensure(!self.client.is_connected(), "still connected")?;
        let answer = self.client.server_time().await;
        ensure(matches!(answer, Err(Error::Shutdown)), answer)
    }

    pub fn seen(&self) -> Seen {
        Seen {
            requests: self.wire.requests.all(),
            answers: self.wire.answers.all(),
        }
    }
}

async fn connect(wire: &Wire, client: i32) -> Result<Result<(Client, NoticeStream), Error>, Failure> {
    let connecting = Client::builder()
        .address(wire.address.to_string())
        .client_id(client)
        .max_reconnect_attempts(0)
        .one_shot_timeout(Duration::from_secs(10))
        .connect_with_notice_stream();
    // The client itself would wait for ever.
    Ok(timeout(PATIENCE, connecting).await?)
}

pub fn apple() -> Contract {
    Contract::stock("AAPL").build()
}
