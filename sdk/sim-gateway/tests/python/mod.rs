//! The real program and Python clients that owe us nothing, to put in front of each other.
//!
//! The clients are fetched from the package index into virtual environments below the target directory,
//! once; they are not redistributed with this project.
#![allow(dead_code, reason = "every test binary uses what it needs of this")]

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

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

/// A Python that has `client`, a package and its exact version; made on the first run, kept for later ones.
///
/// Other test programs may ask for the same at the same time, so it is made under a lock.
pub fn python_with(client: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let name = client.replace("==", "-");
    let home = root.join(&name);
    let python = home.join("bin/python");
    let complete = home.join("complete");
    let lock = File::create(root.join(format!("{name}.lock"))).expect("the target directory is writable");
    lock.lock().expect("the target directory has locks");
    if complete.exists() {
        return python;
    }
    // A half-made one of an interrupted run is no use; a missing one is no error.
    let _ = fs::remove_dir_all(&home);
    let advice = "This test needs Python 3 with venv: on Debian, apt-get install python3 python3-venv.";
    prepare(Command::new("python3").args(["-m", "venv"]).arg(&home), advice);
    let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
    prepare(
        Command::new(&python).args(pip).arg(client),
        "This test needs a Python package index.",
    );
    fs::write(&complete, client).expect("the target directory is writable");
    python
}

/// The real program on a free port; ended with the test.
pub struct Gateway {
    process: Child,
    address: String,
}

impl Gateway {
    /// Starts it with `arguments` besides those that every test needs.
    pub fn start(arguments: &[&str], control: &Path) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_sim-gateway"))
            .args(["--listen", "127.0.0.1:0", "--tick-rate", "50"])
            .args(arguments)
            .arg("--control")
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

    /// The port it took.
    pub fn port(&self) -> &str {
        self.address.rsplit(':').next().unwrap_or_default()
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        // It may have ended already, which other assertions notice.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Runs `tests/{script} HOST PORT CONTROL_SOCKET` with `client` against a gateway of its own. The script
/// says in its last words that all was as expected. Returns what it said.
pub fn believed_by(client: &str, script: &str, arguments: &[&str]) -> String {
    let python = python_with(client);
    let directory = tempfile::tempdir().expect("a temporary directory");
    let control = directory.path().join("control.sock");
    let gateway = Gateway::start(arguments, &control);
    let (host, port) = gateway.address.rsplit_once(':').expect("host and port");
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let output = Command::new(python)
        .arg(tests.join(script))
        .args([host, port])
        .arg(&control)
        .env("PYTHONPATH", tests.join("python"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()
        .expect("the prepared Python runs");
    let said = String::from_utf8_lossy(&output.stdout);
    let complained = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && said.contains("all of it as expected"),
        "{client} was told something else:\n{said}\n{complained}"
    );
    said.into_owned()
}

/// What `tests/python/{script}`, run with `client`, says to `input`; it must not fail.
pub fn answered(client: &str, script: &str, arguments: &[&str], input: &str) -> String {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python");
    let mut process = Command::new(python_with(client))
        .arg(tests.join(script))
        .args(arguments)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the prepared Python runs");
    let mut stdin = process.stdin.take().expect("its input is ours");
    // A script that has failed already reads no more, which its status says.
    let _ = stdin.write_all(input.as_bytes());
    drop(stdin);
    let output = process.wait_with_output().expect("it ends");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let complained = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "{script} {arguments:?}:\n{said}{complained}"
    );
    said
}
