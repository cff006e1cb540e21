//! `GET /metrics` for Prometheus, on loopback. Nothing else is answered there, and nothing there can command.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use prometheus::{Encoder, Registry, TextEncoder};
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// How many scrapes may be under way at once; others wait.
const CONNECTIONS: usize = 16;
/// How long the head of a request may take to arrive.
const HEAD_DEADLINE: Duration = Duration::from_secs(5);
/// How long a whole scrape may take.
const CONNECTION_DEADLINE: Duration = Duration::from_secs(15);
/// How many headers and bytes of head a request may have.
const HEADERS: usize = 32;
const HEAD_BYTES: usize = 16 * 1024;
/// How long to wait before accepting again when the system is out of descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// The `[metrics]` section of the configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Whether metrics are exported at all.
    pub enabled: bool,
    /// Where. Port 0 takes any that is free.
    pub listen: SocketAddr,
    /// Whether `listen` may be other than loopback. Positions and profits can be read there by whoever reaches it.
    pub allow_remote: bool,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            enabled: true,
            listen: SocketAddr::from(([127, 0, 0, 1], 9464)),
            allow_remote: false,
        }
    }
}

/// Why metrics cannot be exported.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// The address can be reached from elsewhere and nobody allowed it.
    #[error(
        "metrics.listen = \"{0}\" can be reached from other machines, where anyone could read positions and profits: \
         use a loopback address such as 127.0.0.1:9464, or set metrics.allow_remote = true"
    )]
    Remote(SocketAddr),
    /// Somebody else has the port.
    #[error(
        "metrics.listen = \"{0}\" is in use by another process: stop it (`ss -ltnp` names it) or choose another port"
    )]
    InUse(SocketAddr),
    /// The system said no.
    #[error("cannot listen on metrics.listen = \"{address}\": {error}")]
    System {
        /// Where.
        address: SocketAddr,
        /// What the system said.
        error: io::Error,
    },
}

/// The exporter's socket, bound and not yet served.
#[derive(Debug)]
pub struct Exporter {
    listener: TcpListener,
    address: SocketAddr,
}

impl Exporter {
    /// Takes the configured address.
    pub fn bind(config: &Config) -> Result<Exporter, BindError> {
        let wanted = config.listen;
        if !wanted.ip().is_loopback() && !config.allow_remote {
            return Err(BindError::Remote(wanted));
        }
        let failed = |error: io::Error| match error.kind() {
            io::ErrorKind::AddrInUse => BindError::InUse(wanted),
            _ => BindError::System {
                address: wanted,
                error,
            },
        };
        let listener = TcpListener::bind(wanted).map_err(failed)?;
        listener.set_nonblocking(true).map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        Ok(Exporter { listener, address })
    }

    /// Where it listens: the port that was found, if none was asked for.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers scrapes until `shutdown` completes.
    ///
    /// # Errors
    /// Only if the socket cannot be handed to the runtime; nothing that a client does ends it.
    pub async fn serve(self, registry: Registry, shutdown: impl Future<Output = ()>) -> io::Result<()> {
        let listener = tokio::net::TcpListener::from_std(self.listener)?;
        let router = Router::new().route("/metrics", get(metrics)).with_state(registry);
        let places = Arc::new(Semaphore::new(CONNECTIONS));
        let mut connections = JoinSet::new();
        tokio::pin!(shutdown);
        loop {
            let accept = async {
                let place = Arc::clone(&places)
                    .acquire_owned()
                    .await
                    .map_err(io::Error::other)?;
                listener.accept().await.map(|(stream, _)| (stream, place))
            };
            let accepted = tokio::select! {
                biased;
                () = &mut shutdown => return Ok(()),
                Some(_) = connections.join_next(), if !connections.is_empty() => continue,
                accepted = accept => accepted,
            };
            match accepted {
                Ok((stream, place)) => {
                    let router = router.clone();
                    connections.spawn(async move {
                        let _place = place;
                        scrape(stream, router).await;
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "the metrics port cannot accept; trying again");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }
}

async fn scrape(stream: tokio::net::TcpStream, router: Router) {
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_DEADLINE)
        .max_headers(HEADERS)
        .max_buf_size(HEAD_BYTES)
        // One scrape a connection: an idle client holds no place.
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    match tokio::time::timeout(CONNECTION_DEADLINE, connection).await {
        Ok(Ok(())) => {}
        // The client's doing, by whom the log must not be filled.
        Ok(Err(error)) => tracing::debug!(%error, "a scrape ended early"),
        Err(_) => tracing::debug!("a scrape took too long and was closed"),
    }
}

async fn metrics(State(registry): State<Registry>) -> Result<Response, Infallible> {
    let encoder = TextEncoder::new();
    let mut text = Vec::new();
    let response = match encoder.encode(&registry.gather(), &mut text) {
        Ok(()) => ([(header::CONTENT_TYPE, encoder.format_type().to_owned())], text).into_response(),
        Err(error) => {
            tracing::error!(%error, "the metrics cannot be encoded");
            (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response()
        }
    };
    Ok(response)
}
