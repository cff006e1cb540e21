//! Connections: at most [`CONNECTIONS`] at a time, one request each, and a deadline on every step, so no client, however
//! slow or wrong, can take more than its place and its time.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::access::{Access, Peer};
use super::{Socket, Sources, routes};

/// How many connections are open at once; others wait in the socket's backlog.
const CONNECTIONS: usize = 64;
/// How long the head of a request may take to arrive.
pub(super) const HEAD_DEADLINE: Duration = Duration::from_secs(10);
/// How long a whole connection may take: its head, its body, and an answer that may wait for the desk.
const CONNECTION_DEADLINE: Duration = Duration::from_secs(30);
/// How many headers and bytes of head a request may have.
const HEADERS: usize = 32;
const HEAD_BYTES: usize = 16 * 1024;
/// How long open requests may take to end once the daemon stops.
const DRAIN_DEADLINE: Duration = Duration::from_secs(2);
/// How long to wait before accepting again when the system is out of descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// How long each step may take; tests shorten them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Deadlines {
    pub(super) head: Duration,
    pub(super) connection: Duration,
    pub(super) routes: routes::Deadlines,
}

impl Default for Deadlines {
    fn default() -> Self {
        Deadlines {
            head: HEAD_DEADLINE,
            connection: CONNECTION_DEADLINE,
            routes: routes::Deadlines::default(),
        }
    }
}

/// Serves the socket until `shutdown` completes, then lets open requests end for a moment and removes the socket.
///
/// # Errors
/// Only if the socket cannot be handed to the runtime; nothing that a client does ends it.
pub async fn serve(socket: Socket, sources: Sources, shutdown: impl Future<Output = ()>) -> io::Result<()> {
    serve_within(Deadlines::default(), socket, sources, shutdown).await
}

pub(super) async fn serve_within(
    deadlines: Deadlines,
    socket: Socket,
    sources: Sources,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    let listener = UnixListener::from_std(socket.listener.try_clone()?)?;
    let router = routes::router(sources, deadlines.routes);
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    let mut connections = JoinSet::new();
    tokio::pin!(shutdown);
    loop {
        let accepted = tokio::select! {
            biased;
            () = &mut shutdown => break,
            Some(_) = connections.join_next(), if !connections.is_empty() => continue,
            accepted = accept(&listener, &places) => accepted,
        };
        let (stream, place) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "the admin socket cannot accept; trying again");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let Some(peer) = peer_of(&stream, &socket.access) else {
            continue;
        };
        let router = router.clone();
        connections.spawn(async move {
            let _place = place;
            let connection = connection(stream, peer, router, deadlines.head);
            if tokio::time::timeout(deadlines.connection, connection)
                .await
                .is_err()
            {
                tracing::debug!(uid = peer.uid, "an admin connection took too long and was closed");
            }
        });
    }
    drop(listener);
    let drained = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(DRAIN_DEADLINE, drained).await.is_err() {
        tracing::debug!("admin requests were still open at the end and were cut off");
    }
    Ok(())
}

async fn accept(
    listener: &UnixListener,
    places: &Arc<Semaphore>,
) -> io::Result<(UnixStream, tokio::sync::OwnedSemaphorePermit)> {
    let place = Arc::clone(places)
        .acquire_owned()
        .await
        .map_err(io::Error::other)?;
    let (stream, _) = listener.accept().await?;
    Ok((stream, place))
}

fn peer_of(stream: &UnixStream, access: &Access) -> Option<Peer> {
    match stream.peer_cred() {
        Ok(credentials) => {
            let uid = credentials.uid();
            let role = access.role(uid);
            Some(Peer { uid, role })
        }
        Err(error) => {
            tracing::warn!(%error, "an admin connection without peer credentials was closed");
            None
        }
    }
}

async fn connection(stream: UnixStream, peer: Peer, router: Router, head: Duration) {
    let service = tower_service_of(router, peer);
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(head)
        .max_headers(HEADERS)
        .max_buf_size(HEAD_BYTES)
        // One request a connection: an idle client holds no place.
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), service)
        .await;
    if let Err(error) = served {
        // The client's doing, by whom the log must not be filled.
        tracing::debug!(uid = peer.uid, %error, "an admin connection ended early");
    }
}

/// The router as hyper wants it, with the peer known to every handler.
fn tower_service_of(
    router: Router,
    peer: Peer,
) -> impl hyper::service::Service<
    Request<Incoming>,
    Response = Response<Body>,
    Error = Infallible,
    Future = impl Future<Output = Result<Response<Body>, Infallible>>,
> {
    let router = TowerToHyperService::new(router);
    hyper::service::service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(peer);
        hyper::service::Service::call(&router, request)
    })
}
