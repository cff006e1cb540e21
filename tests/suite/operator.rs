//! The operator's side: `moorctl` against a daemon that trades, with what it prints and how it ends.

use std::os::unix::net::UnixStream;
use std::process::{Command, Output};

use serde_json::Value;

use crate::rig::{Daemon, Home, Market, raw, risk, strategy};

/// Runs `moorctl` and checks how it ended; returns what it printed, on either stream.
fn check(daemon: &Daemon<'_>, arguments: &[&str], code: i32) -> String {
    let said = told(&daemon.moorctl(arguments));
    assert_eq!(said.0, Some(code), "moorctl {arguments:?}: {}", said.1);
    said.1
}

fn told(output: &Output) -> (Option<i32>, String) {
    let text = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes));
    (output.status.code(), text.concat())
}

fn trader(market: &Market) -> Home {
    let ema = strategy("ema-cross", "fast = 4\nslow = 12\ninterval_ms = 100\n");
    Home::new(
        market.address,
        &[ema, risk("drawdown-guard", "soft_quantity = 8\n")],
    )
}

#[test]
fn moorctl_shows_commands_and_ends_with_the_code_that_says_how_it_went() {
    let market = Market::start(&[]);
    let home = trader(&market);
    let daemon = home.start();
    daemon.wait_state("active");
    let summary = check(&daemon, &["summary", "--seconds", "5"], 0);
    assert!(summary.starts_with("traded: "), "{summary}");
    for (view, word) in [
        (&["status"][..], "tick to order"),
        (&["session", "show"], "MARKET DATA"),
        (&["plugins", "list"], "drawdown-guard"),
        (&["orders", "list", "--all"], "ema-cross"),
        (&["fills"], "EXECUTION"),
        (&["positions"], "AVERAGE"),
        (&["account"], "NetLiquidation"),
        (&["instruments"], "AAPL"),
        (&["events", "--limit", "3"], "KIND"),
        (&["ready"], "reconciled"),
        (&["health"], "desk"),
        (&["version"], "API v1"),
        (&["watch", "--seconds", "0"], "LATEST FILLS"),
    ] {
        let text = check(&daemon, view, 0);
        assert!(
            text.contains(word),
            "moorctl {view:?} does not say {word:?}:\n{text}"
        );
    }
    let status: Value = serde_json::from_str(&check(&daemon, &["--json", "status"], 0)).unwrap();
    assert_eq!(
        (&status["trading_state"], &status["ready"]),
        (&"active".into(), &true.into())
    );

    check(&daemon, &["halt"], 2);
    check(&daemon, &["kill", "--reason", "no yes"], 2);
    check(&daemon, &["halt", "--reason", ""], 1);
    check(&daemon, &["halt", "--reason", "the operator's test"], 0);
    daemon.wait_state("halted");
    let conditions = check(&daemon, &["ready"], 1);
    assert!(
        conditions.contains("the operator's test") && conditions.contains("resume"),
        "{conditions}"
    );
    check(&daemon, &["resume", "--reason", "the test goes on"], 0);
    daemon.wait_state("active");
    check(&daemon, &["reconcile"], 0);
    let refused = check(&daemon, &["--json", "orders", "cancel", "1400000000"], 1);
    assert!(refused.contains("\"refused\""), "{refused}");
    check(&daemon, &["plugins", "restart", "nobody"], 1);

    assert!(daemon.terminate().success());
    let mut command = Command::new(env!("CARGO_BIN_EXE_moorctl"));
    let (code, text) = told(
        &command
            .arg("--socket")
            .arg(&home.socket)
            .arg("status")
            .output()
            .unwrap(),
    );
    assert_eq!(code, Some(3), "{text}");
    assert!(text.contains(home.socket.to_str().unwrap()), "{text}");
}

#[test]
fn a_daemon_that_is_sent_nonsense_trades_on() {
    let market = Market::start(&[]);
    let home = trader(&market);
    let daemon = home.start();
    daemon.wait_state("active");
    let long = format!("GET /{} HTTP/1.1\r\n\r\n", "a".repeat(100_000));
    let huge = format!(
        "POST /v1/halt HTTP/1.1\r\nHost: m\r\nContent-Length: 70000\r\n\r\n{}",
        "x".repeat(70_000)
    );
    for bytes in [
        &b"\x16\x03\x01 TLS\r\n\r\n"[..],
        b"GET\r\n\r\n",
        long.as_bytes(),
        huge.as_bytes(),
    ] {
        // The daemon may close while we still write; then its answer may be lost, and closing was the answer.
        let stream = UnixStream::connect(&home.socket).unwrap();
        if let Ok(answer) = raw(stream, bytes) {
            assert!(answer.starts_with("HTTP/1.1 4"), "{answer}");
        }
    }
    // Connections that say nothing: as many as there are places and some more, given up again.
    let silent: Vec<_> = (0..80)
        .map(|_| UnixStream::connect(&home.socket).unwrap())
        .collect();
    drop(silent);
    let fills = daemon
        .wait_rows("/v1/fills", "fills", |rows| !rows.is_empty())
        .len();
    daemon.wait_rows("/v1/fills", "more fills", |rows| rows.len() > fills);
}
