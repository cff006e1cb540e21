//! One request over the Unix socket, and what each way of failing means.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::net::UnixStream;

use super::Failure;
use crate::admin::schema::ErrorBody;

/// The daemon ends a connection after 30 seconds; what takes longer will not come.
const DEADLINE: Duration = Duration::from_secs(35);
/// Far more than the longest list.
const ANSWER_LIMIT: usize = 64 * 1024 * 1024;

/// Speaks to one daemon.
#[derive(Debug, Clone)]
pub(super) struct Client {
    socket: PathBuf,
}

/// What the daemon answered.
#[derive(Debug)]
pub(super) struct Answer {
    /// Its status.
    pub(super) status: StatusCode,
    body: Bytes,
}

impl Answer {
    /// The JSON as it came.
    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The JSON as one of the API's types.
    pub(super) fn parse<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        serde_json::from_slice(&self.body).map_err(|error| Failure::Exchange {
            message: format!("the daemon's answer is not what this moorctl expects: {error}"),
            fix: "use the moorctl of the daemon's version: see `moorctl version`".to_owned(),
        })
    }
}

impl Client {
    pub(super) fn new(socket: PathBuf) -> Self {
        Client { socket }
    }

    /// Reads something.
    pub(super) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Failure> {
        self.read(path).await?.parse()
    }

    /// Reads something, as it comes.
    pub(super) async fn read(&self, path: &str) -> Result<Answer, Failure> {
        accepted(self.exchange(Method::GET, path, Bytes::new()).await?)
    }

    /// Reads a judgement: 200 and 503 are both answers.
    pub(super) async fn judge(&self, path: &str) -> Result<Answer, Failure> {
        let answer = self.exchange(Method::GET, path, Bytes::new()).await?;
        match answer.status {
            StatusCode::SERVICE_UNAVAILABLE => Ok(answer),
            _ => accepted(answer),
        }
    }

    /// Commands something.
    pub(super) async fn post(&self, path: &str, body: Option<&impl Serialize>) -> Result<Answer, Failure> {
        let body = body
            .map(serde_json::to_vec)
            .transpose()
            .map_err(io::Error::other)?;
        accepted(
            self.exchange(Method::POST, path, body.unwrap_or_default().into())
                .await?,
        )
    }

    async fn exchange(&self, method: Method, path: &str, body: Bytes) -> Result<Answer, Failure> {
        let reads_only = method == Method::GET;
        let stream = UnixStream::connect(&self.socket).await;
        let stream = stream.map_err(|error| unreachable(&self.socket, &error))?;
        let exchange = exchange(stream, method, path, body);
        match tokio::time::timeout(DEADLINE, exchange).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => Err(broken(reads_only, &error.to_string())),
            Err(_) => Err(broken(reads_only, &format!("no answer within {DEADLINE:?}"))),
        }
    }
}

type AnyError = Box<dyn std::error::Error + Send + Sync>;

async fn exchange(stream: UnixStream, method: Method, path: &str, body: Bytes) -> Result<Answer, AnyError> {
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("host", "moored")
        .header("content-type", "application/json")
        .body(Full::new(body))?;
    let answer = async {
        let response = sender.send_request(request).await?;
        let status = response.status();
        let body = Limited::new(response.into_body(), ANSWER_LIMIT)
            .collect()
            .await?
            .to_bytes();
        Ok(Answer { status, body })
    };
    tokio::pin!(answer);
    tokio::select! {
        biased;
        answer = &mut answer => answer,
        // The connection's own end is told through the answer.
        _ = connection => answer.await,
    }
}

fn accepted(answer: Answer) -> Result<Answer, Failure> {
    if answer.status.is_success() {
        return Ok(answer);
    }
    match serde_json::from_slice::<ErrorBody>(&answer.body) {
        Ok(body) => Err(Failure::Refused(body.error)),
        Err(_) => Err(Failure::Exchange {
            message: format!("the daemon answered {} and did not say why", answer.status),
            fix: "check with --socket that this is moored's admin socket".to_owned(),
        }),
    }
}

fn broken(reads_only: bool, why: &str) -> Failure {
    let outcome = match reads_only {
        true => "",
        false => "; whether the command was performed is not known",
    };
    Failure::Exchange {
        message: format!("the exchange with the daemon broke off: {why}{outcome}"),
        fix: "see `moorctl status`, and `journalctl -u moored` for what happened".to_owned(),
    }
}

fn unreachable(socket: &Path, error: &io::Error) -> Failure {
    let path = socket.display();
    let (message, fix) = match error.kind() {
        io::ErrorKind::NotFound => (
            format!("there is no socket {path}: moored does not run, or listens elsewhere"),
            "start it (`systemctl start moored`), or give its admin.socket with --socket",
        ),
        io::ErrorKind::PermissionDenied => (
            format!("you may not open the socket {path}"),
            "run this as root, or join the socket's group (`usermod -aG moored USER`, then log in again) and be \
             named in admin.operators or admin.observers",
        ),
        io::ErrorKind::ConnectionRefused => (
            format!("nobody listens on {path}: moored ended without removing it"),
            "see `systemctl status moored` and `journalctl -u moored` for why, then start it again",
        ),
        _ => (
            format!("cannot reach the daemon on {path}: {error}"),
            "check --socket, and that moored runs (`systemctl status moored`)",
        ),
    };
    Failure::Unreachable {
        message,
        fix: fix.to_owned(),
    }
}
