//! The program itself: its first line, the command under it, signals, exit codes, the control socket.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::process::{Child, ChildStdout, Command, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

fn program(arguments: &[&str]) -> (Child, BufReader<ChildStdout>, String) {
    let mut process = Command::new(env!("CARGO_BIN_EXE_sim-gateway"))
        .args(["--listen", "127.0.0.1:0"])
        .args(arguments)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut output = BufReader::new(process.stdout.take().unwrap());
    let mut first = String::new();
    output.read_line(&mut first).unwrap();
    let address = first
        .trim()
        .strip_prefix("listening on ")
        .expect(&first)
        .to_owned();
    (process, output, address)
}

fn signal(process: &Child, signal: Signal) {
    kill(Pid::from_raw(i32::try_from(process.id()).unwrap()), signal).unwrap();
}

#[test]
fn a_command_is_told_the_address_and_its_code_is_passed_on() {
    let script = "echo $MOORED__GATEWAY__ADDRESS; exit 7";
    let (mut process, mut output, address) = program(&["--", "sh", "-c", script]);
    let mut said = String::new();
    output.read_to_string(&mut said).unwrap();
    assert_eq!(said.trim(), address);
    assert_eq!(process.wait().unwrap().code(), Some(7));
}

#[test]
fn signals_reach_the_command() {
    let script = "trap 'echo asked; exit 5' TERM; echo ready; while :; do sleep 0.05; done";
    let (mut process, mut output, _) = program(&["--", "sh", "-c", script]);
    let mut line = String::new();
    output.read_line(&mut line).unwrap();
    assert_eq!(line, "ready\n");
    signal(&process, Signal::SIGTERM);
    line.clear();
    output.read_line(&mut line).unwrap();
    assert_eq!(line, "asked\n");
    assert_eq!(process.wait().unwrap().code(), Some(5));
}

#[test]
fn a_command_does_not_outlive_its_gateway() {
    let (mut process, mut output, _) = program(&["--", "sh", "-c", "echo ready; exec sleep 600"]);
    let mut line = String::new();
    output.read_line(&mut line).unwrap();
    signal(&process, Signal::SIGKILL);
    process.wait().unwrap();
    // The command holds the pipe open for as long as it lives.
    line.clear();
    assert_eq!(output.read_line(&mut line).unwrap(), 0);
}

#[test]
fn without_a_command_it_serves_until_it_is_asked_to_stop() {
    let (mut process, _, address) = program(&[]);
    std::net::TcpStream::connect(address).unwrap();
    signal(&process, Signal::SIGINT);
    assert_eq!(process.wait().unwrap().code(), Some(0));
}

#[test]
fn a_command_that_cannot_run_is_an_error() {
    let (mut process, _, _) = program(&["--", "/no/such/program"]);
    assert_eq!(process.wait().unwrap().code(), Some(1));
}

#[test]
fn operators_speak_lines_and_are_answered_in_json() {
    let (mut process, path) = operated(&["--instruments", "2"]);
    let path = path.to_str().unwrap();
    let mut operator = UnixStream::connect(path).unwrap();
    let mut answers = BufReader::new(operator.try_clone().unwrap()).lines();
    let mut ask = |line: &str| -> serde_json::Value {
        writeln!(operator, "{line}").unwrap();
        serde_json::from_str(&answers.next().unwrap().unwrap()).unwrap()
    };
    let markets = ask("books")["markets"].as_array().unwrap().len();
    assert!(
        markets > 50,
        "the whole catalogue and two synthetic stocks, not {markets}"
    );
    assert_eq!(ask("price SYM002 30.00")["ok"], true);
    assert!(ask("price SYM002 much")["error"].is_string());
    assert_eq!(ask("quit")["ok"], true);
    assert_eq!(process.wait().unwrap().code(), Some(0));
}

#[test]
fn the_program_is_its_own_operator() {
    let (mut process, path) = operated(&["--start", "2026-11-23T09:30:00-05:00", "--pace", "stepped"]);
    let ctl = |words: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sim-gateway"));
        let output = command
            .arg("ctl")
            .arg("--control")
            .arg(&path)
            .args(words)
            .output()
            .unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        (
            output.status.code(),
            serde_json::from_str::<serde_json::Value>(&said).ok(),
        )
    };
    let (code, clock) = ctl(&["clock", "step", "90s"]);
    assert_eq!(code, Some(0));
    let clock = clock.unwrap();
    assert_eq!(clock["unix"], 1_795_444_200 + 90);
    assert_eq!(clock["now_ns"], 90_000_000_000_u64);
    let (code, answer) = ctl(&["price", "AAPL", "much"]);
    assert_eq!(code, Some(1));
    assert!(answer.unwrap()["error"].is_string());
    assert_eq!(ctl(&["quit"]).0, Some(0));
    assert_eq!(process.wait().unwrap().code(), Some(0));
    assert_eq!(ctl(&["books"]), (Some(1), None));
}

#[test]
fn figures_are_served_to_scrapers_and_summed_up_in_a_line() {
    let (mut process, mut output, address) = {
        let mut process = Command::new(env!("CARGO_BIN_EXE_sim-gateway"))
            .args(["--listen", "127.0.0.1:0", "--metrics", "127.0.0.1:0", "--summary"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut output = BufReader::new(process.stdout.take().unwrap());
        let mut lines = String::new();
        output.read_line(&mut lines).unwrap();
        lines.clear();
        output.read_line(&mut lines).unwrap();
        let address = lines.trim().strip_prefix("metrics on ").expect(&lines).to_owned();
        (process, output, address)
    };
    let mut scraper = std::net::TcpStream::connect(address).unwrap();
    write!(
        scraper,
        "GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    )
    .unwrap();
    let mut answer = String::new();
    scraper.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.contains("\nsim_gateway_clients 0\n"), "{answer}");
    assert!(
        answer.contains("# TYPE sim_gateway_frames_written_total counter"),
        "{answer}"
    );
    let mut line = String::new();
    BufReader::new(process.stderr.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    assert!(line.contains("clients 0 · orders 0 (0 live)"), "{line}");
    signal(&process, Signal::SIGTERM);
    assert_eq!(process.wait().unwrap().code(), Some(0));
    line.clear();
    assert_eq!(output.read_line(&mut line).unwrap(), 0);
}

/// The program with a control socket, in a directory of its own.
fn operated(arguments: &[&str]) -> (Child, std::path::PathBuf) {
    let directory = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"));
    let path = tempfile::tempdir_in(directory)
        .unwrap()
        .keep()
        .join("control.sock");
    let (process, _, _) = program(&[arguments, &["--control", path.to_str().unwrap()]].concat());
    (process, path)
}
