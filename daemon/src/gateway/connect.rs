//! Opens a connection and lets go of one; says in words why it could not.

use std::time::{Duration, Instant};

use ibapi::Client;
use ibapi::subscriptions::NoticeStream;
use tracing::warn;

use super::Shared;
use super::backoff::Cause;
use super::feed::session_is_over;

/// Slots of each market data ring. The reader and the consumers share one thread that yields to each every few dozen
/// frames, so a ring never holds more than one turn's worth; a slot costs about 120 bytes for each instrument.
const CHANNEL_CAPACITY: usize = 256;
/// How long the end of a session may take.
pub const TEARDOWN: Duration = Duration::from_secs(2);

/// Why there is no session, or no longer.
#[derive(Debug)]
pub struct Trouble {
    /// For the wait and the metrics.
    pub cause: Cause,
    /// For people.
    pub reason: String,
}

/// Opens the socket and shakes hands, within the deadline.
pub async fn connect(shared: &Shared) -> Result<(Client, NoticeStream), Trouble> {
    let config = &shared.config;
    let attempt = Client::builder()
        .address(config.address.as_str())
        .client_id(config.client_id)
        .tcp_no_delay(true)
        .max_reconnect_attempts(0)
        .channel_capacity(CHANNEL_CAPACITY)
        .one_shot_timeout(config.request_timeout())
        .connect_with_notice_stream();
    let deadline = config.handshake_timeout();
    let begun = Instant::now();
    match tokio::time::timeout(deadline, attempt).await {
        Ok(Ok(connected)) => Ok(connected),
        Ok(Err(error)) if hung_up_on_our_id(&error, begun.elapsed()) => Err(probable_conflict(shared)),
        Ok(Err(error)) => Err(classify(shared, &error)),
        Err(_) => Err(Trouble {
            cause: Cause::Silent,
            reason: format!(
                "{} accepted the connection and did not finish the handshake within {deadline:?}: it may be \
                 starting, or waiting for somebody to answer a dialog",
                config.address
            ),
        }),
    }
}

/// A connection that ends this soon after our client id was told was refused for it: some gateways close without a word.
const CONFLICT_WITHIN: Duration = Duration::from_secs(1);

/// Whether the gateway shook hands, was told our client id, and hung up. Before that the client says "rejected".
pub fn hung_up_on_our_id(error: &ibapi::Error, after: Duration) -> bool {
    let ended = matches!(error, ibapi::Error::Io(io) if io.kind() == std::io::ErrorKind::UnexpectedEof);
    ended && after <= CONFLICT_WITHIN
}

fn probable_conflict(shared: &Shared) -> Trouble {
    let (address, id) = (&shared.config.address, shared.config.client_id);
    Trouble {
        cause: Cause::ClientIdInUse,
        reason: format!(
            "{address} hung up as soon as it was told client id {id}: it is probably in use (326), by another program or \
             by our own broken connection; trying again with the same id"
        ),
    }
}

/// Why a connection could not be had, and what to do.
pub fn classify(shared: &Shared, error: &ibapi::Error) -> Trouble {
    use std::io::ErrorKind;
    let address = &shared.config.address;
    let (cause, reason) = match error {
        ibapi::Error::Io(io) if io.kind() == ErrorKind::ConnectionRefused => (
            Cause::Refused,
            format!(
                "nobody listens at {address}: is IB Gateway running and logged in, with its API port set?"
            ),
        ),
        ibapi::Error::Io(io) if session_broke(io.kind()) => (
            Cause::Rejected,
            format!(
                "{address} accepted the connection and hung up ({io}): it may be starting, or not trust us"
            ),
        ),
        ibapi::Error::Io(io) => (Cause::Unreachable, format!("{address} cannot be reached: {io}")),
        ibapi::Error::ConnectionRejected(text) => (
            Cause::Rejected,
            format!("{address} hung up ({text}): it may be starting, or not trust this host's address"),
        ),
        ibapi::Error::ClientIdInUse { client_id } => (
            Cause::ClientIdInUse,
            format!(
                "client id {client_id} is in use at {address} (326): by another program, or by our own broken \
                 connection, which IB forgets after a while; trying again with the same id"
            ),
        ),
        ibapi::Error::ServerVersion(needed, got, _) => (
            Cause::VersionTooLow,
            format!("{address} speaks API version {got} and we need {needed}: upgrade IB Gateway"),
        ),
        error if session_is_over(error) => (Cause::Rejected, format!("{address} hung up: {error}")),
        error => (Cause::Other, format!("{address}: {error}")),
    };
    Trouble { cause, reason }
}

const fn session_broke(kind: std::io::ErrorKind) -> bool {
    use std::io::ErrorKind;
    matches!(
        kind,
        ErrorKind::ConnectionReset
            | ErrorKind::ConnectionAborted
            | ErrorKind::BrokenPipe
            | ErrorKind::UnexpectedEof
    )
}

/// The account orders are written for: the configured one if the gateway manages it, or its only one.
pub fn choose_account<'a>(wanted: Option<&str>, managed: &'a [String]) -> Result<&'a str, String> {
    let managed: Vec<&str> = managed
        .iter()
        .map(|name| name.trim())
        .filter(|name| !name.is_empty())
        .collect();
    let all = managed.join(", ");
    match (wanted, managed.as_slice()) {
        (_, []) => Err("the gateway manages no account: is it logged in?".to_owned()),
        (Some(wanted), managed) => managed.iter().find(|name| **name == wanted).copied().ok_or_else(|| {
            format!("the gateway manages {all}, not the configured {wanted}: is it the right login, live or paper?")
        }),
        (None, [only]) => Ok(only),
        (None, _) => Err(format!("the gateway manages {all}: set gateway.account to the one to trade")),
    }
}

/// Lets go of a connection.
pub async fn disconnect(client: &Client) {
    if tokio::time::timeout(TEARDOWN, client.disconnect()).await.is_err() {
        warn!("the client did not let go of its socket in time");
    }
}
