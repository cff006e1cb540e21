//! How this surface says no: always a status, a stable code, what happened and what to do, as JSON.

use axum::Json;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::schema::{ErrorBody, ErrorDetail};

/// One no.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    status: StatusCode,
    detail: ErrorDetail,
}

impl Problem {
    fn new(status: StatusCode, code: &str, message: impl Into<String>, fix: impl Into<String>) -> Self {
        Problem {
            status,
            detail: ErrorDetail {
                code: code.to_owned(),
                message: message.into(),
                fix: fix.into(),
            },
        }
    }

    /// The request is not one: wrong query, wrong path value, body that is not JSON.
    pub fn bad_request(message: impl Into<String>, fix: impl Into<String>) -> Self {
        Problem::new(StatusCode::BAD_REQUEST, "bad_request", message, fix)
    }

    /// The peer may not.
    pub fn forbidden(message: impl Into<String>, fix: impl Into<String>) -> Self {
        Problem::new(StatusCode::FORBIDDEN, "forbidden", message, fix)
    }

    /// There is no such route or thing.
    pub fn not_found(message: impl Into<String>, fix: impl Into<String>) -> Self {
        Problem::new(StatusCode::NOT_FOUND, "not_found", message, fix)
    }

    /// The route exists, for another method.
    pub fn method_not_allowed(message: impl Into<String>, fix: impl Into<String>) -> Self {
        Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", message, fix)
    }

    /// The request did not arrive in time.
    pub fn request_timeout(message: impl Into<String>, fix: impl Into<String>) -> Self {
        Problem::new(StatusCode::REQUEST_TIMEOUT, "request_timeout", message, fix)
    }

    /// The desk said no.
    pub fn refused(message: impl Into<String>) -> Self {
        let fix = "see `moorctl status` and `moorctl events` for the state it was refused in";
        Problem::new(StatusCode::CONFLICT, "refused", message, fix)
    }

    /// The body is too long.
    pub fn too_large(message: impl Into<String>, fix: impl Into<String>) -> Self {
        Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", message, fix)
    }

    /// The body is JSON, but not of the right shape.
    pub fn unprocessable(message: impl Into<String>, fix: impl Into<String>) -> Self {
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_body", message, fix)
    }

    /// The desk's inbox is full.
    pub fn busy(message: impl Into<String>) -> Self {
        let fix = "try again in a moment; if it stays so, the desk is stuck: see `moorctl health`";
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "busy", message, fix)
    }

    /// The desk is gone.
    pub fn stopping() -> Self {
        let message = "the daemon is stopping; the command was not answered";
        let fix =
            "wait for it to start again, then see `moorctl status` for whether the command was performed";
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "stopping", message, fix)
    }

    /// The desk did not answer: nobody knows whether it performed the command.
    pub fn no_answer(message: impl Into<String>) -> Self {
        let fix = "it may still be performed: look at `moorctl status` before giving it again; \
                   if the desk is stuck, `systemctl restart moored` starts it with its memory";
        Problem::new(StatusCode::GATEWAY_TIMEOUT, "no_answer", message, fix)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(ErrorBody { error: self.detail })).into_response();
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, header::HeaderValue::from_static("1"));
        }
        response
    }
}
