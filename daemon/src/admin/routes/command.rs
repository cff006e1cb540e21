//! Commands: into the mailbox, then wait for the outcome. Who asked is taken from the socket, never from the request.

use std::fmt;
use std::time::Duration;

use axum::Json;
use axum::body::{Bytes, HttpBody};
use axum::extract::rejection::{BytesRejection, PathRejection};
use axum::extract::{Extension, FromRequest, Path, Request, State};
use axum::http::StatusCode;
use serde::de::DeserializeOwned;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::oneshot;

use super::super::access::{self, Peer};
use super::super::problem::Problem;
use super::super::schema::{BackupBody, Done, HaltRequest, REASON_LIMIT, ReasonRequest};
use super::super::{BackupRequest, PluginRestart};
use super::{BODY_LIMIT, Context};
use crate::desk::effect::CommandOutcome;
use crate::desk::event::{Command, Requester};
use crate::domain::order::OrderId;

type Answer = Result<Json<Done>, Problem>;

pub(super) async fn halt(
    State(context): State<Context>,
    Extension(peer): Extension<Peer>,
    request: Request,
) -> Answer {
    let HaltRequest {
        reason,
        cancel_orders,
    } = body(&context, request).await?;
    let reason = checked_reason(reason)?;
    command(
        &context,
        peer,
        Command::Halt {
            reason,
            cancel_orders,
        },
    )
    .await
}

pub(super) async fn resume(
    State(context): State<Context>,
    Extension(peer): Extension<Peer>,
    request: Request,
) -> Answer {
    let ReasonRequest { reason } = body(&context, request).await?;
    let reason = checked_reason(reason)?;
    command(&context, peer, Command::Resume { reason }).await
}

pub(super) async fn kill(
    State(context): State<Context>,
    Extension(peer): Extension<Peer>,
    request: Request,
) -> Answer {
    let ReasonRequest { reason } = body(&context, request).await?;
    let reason = checked_reason(reason)?;
    command(&context, peer, Command::Kill { reason }).await
}

pub(super) async fn reconcile(State(context): State<Context>, Extension(peer): Extension<Peer>) -> Answer {
    command(&context, peer, Command::Reconcile).await
}

pub(super) async fn accept_discrepancy(
    State(context): State<Context>,
    Extension(peer): Extension<Peer>,
    name: Result<Path<String>, PathRejection>,
    request: Request,
) -> Answer {
    let takes = "a discrepancy's name is UTF-8: see `moorctl discrepancies list`";
    let Path(name) = name.map_err(|error| Problem::bad_request(error.body_text(), takes))?;
    let ReasonRequest { reason } = body(&context, request).await?;
    let reason = checked_reason(reason)?;
    command(&context, peer, Command::AcceptDiscrepancy { name, reason }).await
}

pub(super) async fn cancel_order(
    State(context): State<Context>,
    Extension(peer): Extension<Peer>,
    id: Result<Path<i32>, PathRejection>,
) -> Answer {
    let takes = "an order id is a whole number: see `moorctl orders list`";
    let Path(id) = id.map_err(|error| Problem::bad_request(error.body_text(), takes))?;
    let order_id = OrderId(id);
    command(&context, peer, Command::CancelOrder { order_id }).await
}

pub(super) async fn restart_plugin(
    State(context): State<Context>,
    Extension(peer): Extension<Peer>,
    name: Result<Path<String>, PathRejection>,
) -> Answer {
    let takes = "a plugin's name is UTF-8: see `moorctl plugins list`";
    let Path(plugin) = name.map_err(|error| Problem::bad_request(error.body_text(), takes))?;
    let known = context
        .sources
        .plugins
        .borrow()
        .iter()
        .any(|status| status.name == plugin);
    if !known {
        let message = format!("no plugin is named {plugin:?}");
        return Err(Problem::not_found(message, "see `moorctl plugins list`"));
    }
    let (answer, outcome) = oneshot::channel();
    let restart = PluginRestart {
        requester: requester(peer),
        plugin: plugin.clone(),
        answer,
    };
    let what = format!("plugin {plugin} restart");
    context
        .sources
        .restarts
        .try_send(restart)
        .map_err(|error| match error {
            TrySendError::Full(_) => Problem::busy("too many plugin restarts are waiting"),
            TrySendError::Closed(_) => Problem::stopping(),
        })?;
    conclude(&context, peer, &what, outcome).await
}

pub(super) async fn backup(
    State(context): State<Context>,
    Extension(peer): Extension<Peer>,
    request: Request,
) -> Answer {
    let BackupBody { path } = body(&context, request).await?;
    let path = path.map(std::path::PathBuf::from);
    if path.as_ref().is_some_and(|path| !path.is_absolute()) {
        let wanted = "give an absolute path, or none: the daemon's own folder is not yours";
        return Err(Problem::unprocessable("the path is not absolute", wanted));
    }
    let (answer, outcome) = oneshot::channel();
    let wanted = BackupRequest {
        requester: requester(peer),
        path,
        answer,
    };
    context
        .sources
        .backups
        .try_send(wanted)
        .map_err(|error| match error {
            TrySendError::Full(_) => Problem::busy("too many backups are waiting"),
            TrySendError::Closed(_) => Problem::stopping(),
        })?;
    conclude_within(context.deadlines.backup, peer, &"backup", outcome).await
}

async fn command(context: &Context, peer: Peer, command: Command) -> Answer {
    let name = command.name();
    let outcome = context.sources.commands.send(requester(peer), command);
    let outcome = outcome.map_err(|full| Problem::busy(full.to_string()))?;
    conclude(context, peer, &name, outcome).await
}

/// Waits for the outcome, writes it to the log and words the answer.
async fn conclude(
    context: &Context,
    peer: Peer,
    what: &(dyn fmt::Display + Sync),
    outcome: oneshot::Receiver<CommandOutcome>,
) -> Answer {
    conclude_within(context.deadlines.outcome, peer, what, outcome).await
}

async fn conclude_within(
    deadline: Duration,
    peer: Peer,
    what: &(dyn fmt::Display + Sync),
    outcome: oneshot::Receiver<CommandOutcome>,
) -> Answer {
    let uid = peer.uid;
    match tokio::time::timeout(deadline, outcome).await {
        Ok(Ok(CommandOutcome::Done { message })) => {
            tracing::info!(uid, command = %what, outcome = message, "command done");
            Ok(Json(Done { message }))
        }
        Ok(Ok(CommandOutcome::Refused { message })) => {
            tracing::warn!(uid, command = %what, outcome = message, "command refused");
            Err(Problem::refused(message))
        }
        Ok(Err(_)) => Err(Problem::stopping()),
        Err(_) => {
            tracing::error!(uid, command = %what, "command not answered in time");
            let message = format!("{what} was not answered within {deadline:?}");
            Err(Problem::no_answer(message))
        }
    }
}

fn requester(peer: Peer) -> Requester {
    Requester {
        uid: peer.uid,
        user: access::name_of(peer.uid),
    }
}

/// The body as JSON, whatever the request says its type is: `curl -d` says it is a form.
async fn body<T: DeserializeOwned>(context: &Context, request: Request) -> Result<T, Problem> {
    // What it says of its length is believed when it is too much; else the limit is kept while reading.
    if request.body().size_hint().lower() > BODY_LIMIT as u64 {
        return Err(too_large());
    }
    let deadline = context.deadlines.body;
    let bytes = tokio::time::timeout(deadline, Bytes::from_request(request, &())).await;
    let bytes = bytes.map_err(|_| {
        let message = format!("the body did not arrive within {deadline:?}");
        Problem::request_timeout(message, "send the whole request at once")
    })?;
    let bytes = bytes.map_err(|error| unreadable(&error))?;
    let mut json = serde_json::Deserializer::from_slice(&bytes);
    let wanted = "send a JSON object such as {\"reason\": \"feed looks wrong\"}";
    let parsed = T::deserialize(&mut json).and_then(|parsed| json.end().map(|()| parsed));
    parsed.map_err(|error| match error.classify() {
        serde_json::error::Category::Data => Problem::unprocessable(format!("wrong body: {error}"), wanted),
        _ => Problem::bad_request(format!("the body is not JSON: {error}"), wanted),
    })
}

fn unreadable(error: &BytesRejection) -> Problem {
    if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
        return too_large();
    }
    Problem::bad_request(error.body_text(), "send a whole HTTP/1.1 request")
}

fn too_large() -> Problem {
    let message = format!("the body is longer than {BODY_LIMIT} bytes");
    Problem::too_large(message, "send a shorter reason")
}

/// A reason that can be kept for years: there, short, on one line.
fn checked_reason(reason: String) -> Result<String, Problem> {
    let wanted = "say in one line why, for whoever reads the ledger later";
    let reason = reason.trim();
    if reason.is_empty() {
        return Err(Problem::unprocessable("the reason is empty", wanted));
    }
    if reason.chars().count() > REASON_LIMIT {
        let message = format!("the reason is longer than {REASON_LIMIT} characters");
        return Err(Problem::unprocessable(message, wanted));
    }
    if reason.chars().any(char::is_control) {
        return Err(Problem::unprocessable(
            "the reason contains control characters",
            wanted,
        ));
    }
    Ok(reason.to_owned())
}
