//! The simulated gateway tells IB's own Python client the same in both encodings.
//!
//! Two gateways with one seed and one stepped clock are asked the same questions, one by a client that is
//! told 226 and speaks protobuf, one by a client that is told 178 and speaks text. What the clients decode
//! is compared callback by callback and field by field; `both_encodings/exceptions.py` lists where text
//! cannot say it. The client is fetched from the package index as for the test `official_client`.

use std::path::Path;
use std::process::Command;

use messages::Seen;
use python::{Gateway, python_with};
use serde_json::Value;

mod messages;
mod python;

/// A market that is the same every time, served up to `newest`.
fn gateway(newest: &str, control: &Path) -> Gateway {
    let market = [
        "--advisor",
        "--seed",
        "7",
        "--pace",
        "stepped",
        "--start",
        "2026-11-23T10:00:00-05:00",
    ];
    Gateway::start(
        &[&market[..], &["--max-server-version", newest]].concat(),
        control,
    )
}

#[test]
fn the_official_python_client_is_told_the_same_in_both_encodings() {
    let python = python_with("ibapi-stable==10.50.2");
    let directory = tempfile::tempdir().expect("a temporary directory");
    let controls = ["protobuf.sock", "text.sock"].map(|name| directory.path().join(name));
    let protobuf = gateway("226", &controls[0]);
    let text = gateway("178", &controls[1]);
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/both_encodings/main.py");
    let output = Command::new(python)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .arg(script)
        .args(["127.0.0.1", protobuf.port()])
        .arg(&controls[0])
        .arg(text.port())
        .arg(&controls[1])
        .output()
        .expect("the prepared Python runs");
    let said = String::from_utf8_lossy(&output.stdout);
    let complained = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{complained}\n{said}");
    let seen: Value = serde_json::from_str(&said).expect("it ends with what it saw");
    for (side, column) in [
        ("protobuf", "official Python, protobuf"),
        ("text", "official Python, text"),
    ] {
        let seen = Seen::of(&seen[side]);
        messages::prove(column, "both_encodings", &seen);
    }
}

#[test]
fn the_readme_lists_every_message_and_names_only_tests() {
    messages::complete();
}
