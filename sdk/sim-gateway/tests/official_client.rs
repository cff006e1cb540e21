//! The simulated gateway against IB's own Python client: an implementation of the protocol that owes us
//! nothing.
//!
//! The client is fetched from the package index into a virtual environment below the target directory,
//! once; it is not redistributed with this project. `official_client.py` says what is asked and what must
//! be told.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

/// The client's exact version: its decoders are what this test is about.
const CLIENT: &str = "ibapi-stable==10.50.2";

/// Runs a preparation step; says what to do when it fails.
fn prepare(command: &mut Command, advice: &str) -> Output {
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("cannot run {command:?}: {error}. {advice}"));
    assert!(
        output.status.success(),
        "{command:?} failed: {}\n{}{}",
        advice,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    output
}

/// A Python that has the official client; made on the first run, kept for later ones.
fn python_with_client() -> PathBuf {
    let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join("official-client");
    let python = home.join("bin/python");
    let complete = home.join("complete");
    if fs::read_to_string(&complete).is_ok_and(|version| version == CLIENT) {
        return python;
    }
    // A half-made one of an interrupted run is no use; a missing one is no error.
    let _ = fs::remove_dir_all(&home);
    let advice = "This test needs Python 3 with venv: on Debian, apt-get install python3 python3-venv.";
    prepare(Command::new("python3").args(["-m", "venv"]).arg(&home), advice);
    let pip = [
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        CLIENT,
    ];
    prepare(
        Command::new(&python).args(pip),
        "This test needs a Python package index.",
    );
    fs::write(&complete, CLIENT).expect("the target directory is writable");
    python
}

/// The real program on a free port; ended with the test.
struct Gateway {
    process: Child,
    address: String,
}

impl Gateway {
    fn start(control: &Path) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_sim-gateway"))
            .args(["--listen", "127.0.0.1:0", "--tick-rate", "50", "--control"])
            .arg(control)
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut first = String::new();
        let stdout = process.stdout.take().expect("its output is ours");
        BufReader::new(stdout)
            .read_line(&mut first)
            .expect("it says where it listens");
        let address = first
            .trim()
            .strip_prefix("listening on ")
            .expect("its first line")
            .to_owned();
        Self { process, address }
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        // It may have ended already, which other assertions notice.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn the_official_python_client_is_told_what_it_should_be() {
    let python = python_with_client();
    let directory = tempfile::tempdir().expect("a temporary directory");
    let control = directory.path().join("control.sock");
    let gateway = Gateway::start(&control);
    let (host, port) = gateway.address.rsplit_once(':').expect("host and port");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/official_client.py");
    let output = Command::new(python)
        .arg(script)
        .args([host, port])
        .arg(&control)
        .output()
        .expect("the prepared Python runs");
    let said = String::from_utf8_lossy(&output.stdout);
    let complained = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "the official client was told something else:\n{said}\n{complained}"
    );
    assert!(said.contains("all of it as expected"), "{said}\n{complained}");
}
