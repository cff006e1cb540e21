//! The paths of the API, on one screen.
//!
//! | path | who | what |
//! |---|---|---|
//! | `GET /healthz`, `GET /readyz` | observers | does the desk's loop turn; would it trade |
//! | `GET /v1/…` | observers | what others published last, as schema types |
//! | `POST /v1/…` | operators | a command, answered with its outcome |
//!
//! Never: a decision about an order, a wait without a deadline, an answer that is not JSON.

mod command;
mod read;

use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Extension, Request};
use axum::http::Method;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};

use super::Sources;
use super::access::{Peer, authorize};
use super::problem::Problem;

/// The longest body of a request.
pub(super) const BODY_LIMIT: usize = 64 * 1024;

/// How long a handler may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Deadlines {
    /// For the body to arrive.
    pub(super) body: Duration,
    /// For the desk to answer a command.
    pub(super) outcome: Duration,
    /// For a backup to be written; it goes on when nobody waits any more.
    pub(super) backup: Duration,
}

impl Default for Deadlines {
    fn default() -> Self {
        Deadlines {
            body: Duration::from_secs(10),
            outcome: Duration::from_secs(10),
            backup: Duration::from_secs(25),
        }
    }
}

/// What every handler sees.
#[derive(Debug, Clone)]
struct Context {
    sources: Sources,
    deadlines: Deadlines,
}

/// Everything the socket answers.
pub(super) fn router(sources: Sources, deadlines: Deadlines) -> Router {
    Router::new()
        .route("/healthz", get(read::healthz))
        .route("/readyz", get(read::readyz))
        .route("/v1/version", get(read::version))
        .route("/v1/status", get(read::status))
        .route("/v1/session", get(read::session))
        .route("/v1/recovery", get(read::recovery))
        .route("/v1/maintenance", get(read::maintenance))
        .route("/v1/streams", get(read::streams))
        .route("/v1/plugins", get(read::plugins))
        .route("/v1/instruments", get(read::instruments))
        .route("/v1/orders", get(read::orders))
        .route("/v1/fills", get(read::fills))
        .route("/v1/positions", get(read::positions))
        .route("/v1/discrepancies", get(read::discrepancies))
        .route("/v1/account", get(read::account))
        .route("/v1/events", get(read::events))
        .route("/v1/halt", post(command::halt))
        .route("/v1/resume", post(command::resume))
        .route("/v1/kill", post(command::kill))
        .route("/v1/reconcile", post(command::reconcile))
        .route("/v1/backup", post(command::backup))
        .route(
            "/v1/discrepancies/{name}/accept",
            post(command::accept_discrepancy),
        )
        .route("/v1/orders/{id}/cancel", post(command::cancel_order))
        .route("/v1/plugins/{name}/restart", post(command::restart_plugin))
        .method_not_allowed_fallback(wrong_method)
        .fallback(no_such_path)
        .layer(from_fn(check_access))
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .with_state(Context { sources, deadlines })
}

/// Before anything else: may this peer? Strangers are not even told which paths exist.
async fn check_access(Extension(peer): Extension<Peer>, request: Request, next: Next) -> Response {
    let reads_only = matches!(*request.method(), Method::GET | Method::HEAD);
    if let Err(refusal) = authorize(peer, reads_only) {
        let (method, path) = (request.method(), request.uri().path());
        tracing::warn!(uid = peer.uid, %method, path, "refused on the admin socket");
        return Problem::forbidden(refusal.message, refusal.fix).into_response();
    }
    next.run(request).await
}

async fn no_such_path(request: Request) -> Problem {
    let message = format!("there is no {}", request.uri().path());
    Problem::not_found(message, "see `moorctl --help` for what there is")
}

async fn wrong_method(request: Request) -> Problem {
    let message = format!("{} cannot be {}", request.uri().path(), request.method());
    Problem::method_not_allowed(message, "reads are GET, commands are POST")
}
