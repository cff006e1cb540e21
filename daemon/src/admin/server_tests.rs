//! The real server on a real socket, spoken to in bytes.

use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use prometheus::{HistogramOpts, HistogramVec, Registry};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::sync::{mpsc, oneshot, watch};

use super::access::{Access, Role};
use super::events::EventLog;
use super::server::{Deadlines, serve_within};
use super::{Config, PluginRestart, Socket, Sources, routes, specimen};
use crate::clock;
use crate::desk::effect::CommandOutcome;
use crate::desk::event::Command;
use crate::mailbox::{Letter, Mailbox};

const TEST_DEADLINE: Duration = Duration::from_secs(20);

/// What a test holds while the server runs.
struct House {
    socket: PathBuf,
    mailbox: Mailbox,
    restarts: mpsc::Receiver<PluginRestart>,
}

/// Runs the server with these deadlines, everyone at the other end of it having `role`, and a test beside it.
fn serve_as<F: Future>(role: Role, deadlines: Deadlines, test: impl FnOnce(House) -> F) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let directory = tempfile::tempdir().unwrap();
    let socket = directory.path().join("admin.sock");
    let config = Config {
        socket: socket.clone(),
        ..Config::default()
    };
    let mailbox = Mailbox::new(1);
    let (restart_sender, restarts) = mpsc::channel(1);
    let sources = sources(&mailbox, restart_sender);
    let own_uid = nix::unistd::Uid::effective().as_raw();
    runtime.block_on(async {
        let mut bound = Socket::bind(&config).unwrap();
        let named = [super::access::User::Uid(own_uid)];
        // The rules decide, not who runs the test: root here, somebody else elsewhere.
        bound.access = match role {
            Role::Operator => Access::resolve(own_uid, &[], &[]).unwrap(),
            Role::Observer => Access::for_tests(&[], &named),
            Role::Stranger => Access::for_tests(&[], &[]),
        };
        let (stop, stopped) = oneshot::channel::<()>();
        let server = tokio::spawn(serve_within(deadlines, bound, sources, async {
            let _ = stopped.await;
        }));
        let house = House {
            socket: socket.clone(),
            mailbox,
            restarts,
        };
        tokio::time::timeout(TEST_DEADLINE, test(house))
            .await
            .expect("the test took too long");
        stop.send(()).unwrap();
        server.await.unwrap().unwrap();
        assert!(!socket.exists(), "the socket is removed at the end");
    });
}

fn serve<F: Future>(test: impl FnOnce(House) -> F) {
    serve_as(Role::Operator, Deadlines::default(), test);
}

fn sources(mailbox: &Mailbox, restarts: mpsc::Sender<PluginRestart>) -> Sources {
    let now = clock::now();
    let registry = Registry::new();
    let options = HistogramOpts::new(super::quantile::TICK_TO_ORDER, "test").buckets(vec![1e-6, 1e-5, 1e-4]);
    let histogram = HistogramVec::new(options, &["plugin"]).unwrap();
    histogram.with_label_values(&["maker"]).observe(5e-6);
    registry.register(Box::new(histogram)).unwrap();
    let events = EventLog::default();
    events.push(now, "fill", "maker bought 100 AAPL at 189.45");
    Sources {
        snapshot: watch::channel(Arc::new(specimen::snapshot(now))).1,
        session: watch::channel(specimen::session(now)).1,
        recovery: watch::channel(specimen::recovery(now)).1,
        plugins: watch::channel(specimen::plugins()).1,
        commands: mailbox.commands.clone(),
        restarts,
        backups: mpsc::channel(1).0,
        events,
        registry,
        version: "0.0.0-test",
        started: now,
    }
}

/// Sends bytes, reads until the server closes: status and body.
async fn raw(socket: &Path, bytes: &[u8]) -> (u16, String) {
    let mut stream = UnixStream::connect(socket).await.unwrap();
    // The server may close while we still write: what it said before counts.
    let _ = stream.write_all(bytes).await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let status = answer
        .split(' ')
        .nth(1)
        .and_then(|code| code.parse().ok())
        .unwrap_or(0);
    let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    (status, body.to_owned())
}

async fn get(socket: &Path, path: &str) -> (u16, Value) {
    let (status, body) = raw(
        socket,
        format!("GET {path} HTTP/1.1\r\nHost: moored\r\n\r\n").as_bytes(),
    )
    .await;
    (status, serde_json::from_str(&body).unwrap_or(Value::Null))
}

async fn post(socket: &Path, path: &str, body: &str) -> (u16, Value) {
    let length = body.len();
    let request = format!("POST {path} HTTP/1.1\r\nHost: moored\r\nContent-Length: {length}\r\n\r\n{body}");
    let (status, body) = raw(socket, request.as_bytes()).await;
    (status, serde_json::from_str(&body).unwrap_or(Value::Null))
}

#[test]
fn every_read_answers_with_json() {
    serve(|house| async move {
        let socket = &house.socket;
        for (path, pointer, wanted) in [
            ("/healthz", "/ready", Value::from(true)),
            ("/readyz", "/conditions/0/name", Value::from("desk")),
            ("/v1/version", "/version", Value::from("0.0.0-test")),
            ("/v1/status", "/trading_state", Value::from("active")),
            ("/v1/status", "/day_pnl", Value::from("12.34")),
            ("/v1/status", "/plugins/0/denials/price_collar", Value::from(3)),
            ("/v1/status", "/tick_to_order/p50_us", Value::from(5.5)),
            ("/v1/session", "/subscriptions/0/instrument", Value::from("AAPL")),
            ("/v1/session", "/farms/0/state", Value::from("idle")),
            ("/v1/plugins", "/0/imports/0", Value::from("moored:plugin/orders")),
            ("/v1/instruments", "/0/bid", Value::from("189.44")),
            ("/v1/orders", "/0/order_id", Value::from(12)),
            ("/v1/orders?state=all", "/0/order_id", Value::from(11)),
            ("/v1/orders?state=all&plugin=nobody", "", Value::Array(Vec::new())),
            ("/v1/fills", "/0/price", Value::from("189.45")),
            ("/v1/positions", "/plugins/0/size", Value::from("100")),
            ("/v1/account", "/0/tag", Value::from("NetLiquidation")),
            ("/v1/events?limit=1", "/0/kind", Value::from("fill")),
        ] {
            let (status, body) = get(socket, path).await;
            assert_eq!(status, 200, "{path}: {body}");
            assert_eq!(body.pointer(pointer), Some(&wanted), "{path}{pointer}: {body}");
        }
    });
}

#[test]
fn wrong_requests_get_a_clear_no_and_the_server_lives_on() {
    serve(|house| async move {
        let socket = &house.socket;
        let long = format!("{{\"reason\": \"{}\"}}", "x".repeat(600));
        for (path, body, status, code) in [
            ("/v1/halt", "", 400, "bad_request"),
            ("/v1/halt", "{\"reason\": ", 400, "bad_request"),
            ("/v1/halt", "{\"reason\": \"a\"} trailing", 400, "bad_request"),
            ("/v1/halt", "[]", 422, "invalid_body"),
            ("/v1/halt", "{\"reason\": 7}", 422, "invalid_body"),
            ("/v1/halt", "{\"reason\": \"  \"}", 422, "invalid_body"),
            ("/v1/halt", "{\"reason\": \"a\\u001b[2Jb\"}", 422, "invalid_body"),
            (
                "/v1/halt",
                "{\"reason\": \"a\", \"cancel\": true}",
                422,
                "invalid_body",
            ),
            ("/v1/kill", &long, 422, "invalid_body"),
            ("/v1/orders/twelve/cancel", "", 400, "bad_request"),
            ("/v1/plugins/nobody/restart", "", 404, "not_found"),
            ("/v1/plugins/%ff/restart", "", 400, "bad_request"),
            ("/v1/status", "", 405, "method_not_allowed"),
            ("/v2/status", "", 404, "not_found"),
        ] {
            let (got, answer) = post(socket, path, body).await;
            assert_eq!(got, status, "{path} {body}: {answer}");
            assert_eq!(answer["error"]["code"], code, "{path} {body}: {answer}");
            assert_ne!(answer["error"]["fix"], "", "{path} {body}: {answer}");
        }
        for path in [
            "/v1/orders?state=dead",
            "/v1/orders?status=all",
            "/v1/events?limit=-1",
        ] {
            assert_eq!(get(socket, path).await.0, 400, "{path}");
        }
        assert_eq!(get(socket, "/v1/version").await.0, 200);
    });
}

#[test]
fn bytes_that_are_not_http_are_refused() {
    serve(|house| async move {
        let socket = &house.socket;
        let many_headers = format!("GET / HTTP/1.1\r\n{}\r\n", "A: b\r\n".repeat(1_000));
        let long_header = format!("GET / HTTP/1.1\r\nA: {}\r\n\r\n", "b".repeat(200_000));
        let long_path = format!("GET /{} HTTP/1.1\r\n\r\n", "a".repeat(200_000));
        for bytes in [
            &b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 TLS hello"[..],
            b"\0\0\0\0\0\0\0\0\r\n\r\n",
            b"GET\r\n\r\n",
            b"GET / HTTP/9.9\r\n\r\n",
            b"POST /v1/halt HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
            b"POST /v1/halt HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}",
            b"POST /v1/halt HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nZZZ\r\n",
            many_headers.as_bytes(),
            long_header.as_bytes(),
            long_path.as_bytes(),
        ] {
            let (status, _) = raw(socket, bytes).await;
            let start = String::from_utf8_lossy(&bytes[..bytes.len().min(40)]).into_owned();
            assert!((400..500).contains(&status), "{start:?} got {status}");
        }
        assert_eq!(get(socket, "/v1/version").await.0, 200);
    });
}

#[test]
fn a_body_that_is_too_long_is_refused_whatever_it_says_of_its_length() {
    serve(|house| async move {
        let socket = &house.socket;
        let huge = "x".repeat(routes::BODY_LIMIT + 1);
        assert_eq!(post(socket, "/v1/halt", &huge).await.0, 413);
        let claimed = b"POST /v1/halt HTTP/1.1\r\nHost: m\r\nContent-Length: 99999999999\r\n\r\n{";
        assert_eq!(raw(socket, claimed).await.0, 413);
        let head = "POST /v1/halt HTTP/1.1\r\nHost: m\r\nTransfer-Encoding: chunked\r\n\r\n";
        let chunk = format!("{:x}\r\n{huge}\r\n0\r\n\r\n", huge.len());
        assert_eq!(raw(socket, format!("{head}{chunk}").as_bytes()).await.0, 413);
    });
}

#[test]
fn slow_clients_are_closed_and_others_are_served_meanwhile() {
    let short = Duration::from_millis(150);
    let deadlines = Deadlines {
        head: short,
        connection: Duration::from_secs(5),
        routes: routes::Deadlines {
            body: short,
            outcome: short,
            backup: short,
        },
    };
    serve_as(Role::Operator, deadlines, |house| async move {
        let socket = &house.socket;
        // As many as there are places, each with half a head.
        let mut slow = Vec::new();
        for _ in 0..64 {
            let mut stream = UnixStream::connect(socket).await.unwrap();
            stream
                .write_all(b"GET /v1/version HTTP/1.1\r\nHost:")
                .await
                .unwrap();
            slow.push(stream);
        }
        assert_eq!(
            get(socket, "/v1/version").await.0,
            200,
            "served once the slow ones are closed"
        );
        for mut stream in slow {
            let mut rest = Vec::new();
            let _ = stream.read_to_end(&mut rest).await;
        }
        let half_a_body = b"POST /v1/halt HTTP/1.1\r\nHost: m\r\nContent-Length: 20\r\n\r\n{\"reason\"";
        let (status, body) = raw(socket, half_a_body).await;
        assert_eq!(status, 408, "{body}");
        assert!(body.contains("request_timeout"), "{body}");
    });
}

#[test]
fn a_command_waits_for_its_outcome() {
    serve(|mut house| async move {
        let socket = house.socket.clone();
        let halt = post(
            &socket,
            "/v1/halt",
            "{\"reason\": \" feed looks wrong \", \"cancel_orders\": true}",
        );
        let desk = async {
            let Letter::Command(letter) = house.mailbox.inbox.next().await else {
                panic!("not a command");
            };
            let wanted = Command::Halt {
                reason: "feed looks wrong".to_owned(),
                cancel_orders: true,
            };
            assert_eq!(letter.command, wanted);
            assert_eq!(letter.requester.uid, nix::unistd::Uid::effective().as_raw());
            let message = "halted; 1 order canceled".to_owned();
            letter.answer.send(CommandOutcome::Done { message }).unwrap();
        };
        let ((status, body), ()) = tokio::join!(halt, desk);
        assert_eq!(
            (status, &body["message"]),
            (200, &"halted; 1 order canceled".into())
        );

        let cancel = post(&socket, "/v1/orders/99/cancel", "");
        let desk = async {
            let Letter::Command(letter) = house.mailbox.inbox.next().await else {
                panic!("not a command");
            };
            let message = "order 99 is not live".to_owned();
            letter.answer.send(CommandOutcome::Refused { message }).unwrap();
        };
        let ((status, body), ()) = tokio::join!(cancel, desk);
        assert_eq!(
            (status, &body["error"]["message"]),
            (409, &"order 99 is not live".into())
        );

        let restart = post(&socket, "/v1/plugins/maker/restart", "");
        let owner = async {
            let restart = house.restarts.recv().await.unwrap();
            assert_eq!(restart.plugin, "maker");
            let message = "started".to_owned();
            restart.answer.send(CommandOutcome::Done { message }).unwrap();
        };
        let ((status, _), ()) = tokio::join!(restart, owner);
        assert_eq!(status, 200);
    });
}

#[test]
fn a_desk_that_does_not_answer_is_told_apart_from_one_that_is_full_or_gone() {
    let deadlines = Deadlines {
        routes: routes::Deadlines {
            outcome: Duration::from_millis(50),
            backup: Duration::from_millis(50),
            ..routes::Deadlines::default()
        },
        ..Deadlines::default()
    };
    serve_as(Role::Operator, deadlines, |house| async move {
        // Held, and never read: that is a stuck desk.
        let _inbox = house.mailbox.inbox;
        let socket = &house.socket;
        let (status, body) = post(socket, "/v1/reconcile", "").await;
        assert_eq!((status, &body["error"]["code"]), (504, &"no_answer".into()));
        let requester = crate::desk::event::Requester {
            uid: 0,
            user: "root".to_owned(),
        };
        while house
            .mailbox
            .commands
            .send(requester.clone(), Command::Reconcile)
            .is_ok()
        {}
        let (status, body) = post(socket, "/v1/reconcile", "").await;
        assert_eq!((status, &body["error"]["code"]), (503, &"busy".into()));
        drop(house.restarts);
        let (status, body) = post(socket, "/v1/plugins/maker/restart", "").await;
        assert_eq!((status, &body["error"]["code"]), (503, &"stopping".into()));
    });
}

#[test]
fn observers_read_and_do_not_command() {
    serve_as(Role::Observer, Deadlines::default(), |house| async move {
        assert_eq!(get(&house.socket, "/v1/status").await.0, 200);
        let (status, body) = post(&house.socket, "/v1/halt", "{\"reason\": \"a\"}").await;
        assert_eq!(status, 403);
        let uid = format!("uid {}", nix::unistd::Uid::effective());
        assert!(
            body["error"]["message"].as_str().unwrap().contains(&uid),
            "{body}"
        );
        assert!(
            body["error"]["fix"].as_str().unwrap().contains("admin.operators"),
            "{body}"
        );
    });
}

#[test]
fn strangers_learn_nothing() {
    serve_as(Role::Stranger, Deadlines::default(), |house| async move {
        for path in ["/v1/status", "/healthz", "/no/such/path"] {
            assert_eq!(get(&house.socket, path).await.0, 403, "{path}");
        }
        assert_eq!(
            post(&house.socket, "/v1/kill", "{\"reason\": \"a\"}").await.0,
            403
        );
    });
}
