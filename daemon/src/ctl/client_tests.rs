//! Every way in which the daemon cannot be reached or answers wrongly, on real sockets.

use std::path::PathBuf;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixListener;

use super::Failure;
use super::client::Client;
use crate::admin::schema::{Done, Version};

fn block_on<F: Future>(future: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(future)
}

/// What the client makes of a peer that reads a request and says these bytes.
async fn ask(bytes: &'static [u8]) -> Result<Version, Failure> {
    let directory = tempfile::tempdir().unwrap();
    let socket = directory.path().join("socket");
    let listener = UnixListener::bind(&socket).unwrap();
    let peer = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = [0; 1024];
        let read = stream.read(&mut request).await.unwrap();
        assert!(request[..read].starts_with(b"GET /v1/version HTTP/1.1\r\n"));
        stream.write_all(bytes).await.unwrap();
    };
    let client = Client::new(socket);
    tokio::join!(client.get("/v1/version"), peer).0
}

#[test]
fn what_cannot_be_reached_is_told_with_the_socket_and_what_to_do() {
    let directory = tempfile::tempdir().unwrap();
    let check = |socket: PathBuf, word: &str| {
        let failure = block_on(Client::new(socket.clone()).get::<Version>("/v1/version")).unwrap_err();
        assert!(matches!(failure, Failure::Unreachable { .. }), "{failure:?}");
        let text = failure.to_string();
        assert!(
            text.contains(word) && text.contains(socket.to_str().unwrap()),
            "{text}"
        );
        assert_eq!(failure.code(), std::process::ExitCode::from(3));
    };
    check(directory.path().join("missing"), "does not run");
    let stale = directory.path().join("stale");
    drop(std::os::unix::net::UnixListener::bind(&stale).unwrap());
    check(stale, "nobody listens");
    let file = directory.path().join("file");
    std::fs::write(&file, "").unwrap();
    check(file, "nobody listens");
    check(
        PathBuf::from(format!("/tmp/{}", "long".repeat(40))),
        "cannot reach",
    );
}

#[test]
fn answers_are_parsed_and_refusals_carry_their_reason() {
    let fine = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{\"version\":\"1.2.3\",\"api\":\"v1\"}";
    assert_eq!(block_on(ask(fine)).unwrap().version, "1.2.3");
    let refusal = b"HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\n\
        {\"error\":{\"code\":\"forbidden\",\"message\":\"user u may not\",\"fix\":\"add u\"}}";
    let failure = block_on(ask(refusal)).unwrap_err();
    assert_eq!(failure.to_string(), "user u may not\nadd u");
    assert_eq!(failure.code(), std::process::ExitCode::from(1));
}

#[test]
fn answers_that_are_none_are_told_apart_from_refusals() {
    for bytes in [
        &b""[..],
        b"SSH-2.0-OpenSSH\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{\"version\"",
        b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello",
        b"HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n<html>",
    ] {
        let failure = block_on(ask(bytes)).unwrap_err();
        let text = String::from_utf8_lossy(bytes).into_owned();
        assert!(
            matches!(failure, Failure::Exchange { .. }),
            "{text:?}: {failure:?}"
        );
    }
}

#[test]
fn a_command_that_breaks_off_says_that_its_outcome_is_not_known() {
    let directory = tempfile::tempdir().unwrap();
    let socket = directory.path().join("socket");
    let failure = block_on(async {
        let listener = UnixListener::bind(&socket).unwrap();
        let peer = async { drop(listener.accept().await.unwrap()) };
        let client = Client::new(socket.clone());
        tokio::join!(client.post("/v1/reconcile", None::<&Done>), peer)
            .0
            .unwrap_err()
    });
    assert!(failure.to_string().contains("is not known"), "{failure}");
}
