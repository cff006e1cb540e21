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
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("control.sock");
    let path = path.to_str().unwrap();
    let (mut process, _, _) = program(&["--instruments", "2", "--control", path]);
    let mut operator = UnixStream::connect(path).unwrap();
    let mut answers = BufReader::new(operator.try_clone().unwrap()).lines();
    let mut ask = |line: &str| -> serde_json::Value {
        writeln!(operator, "{line}").unwrap();
        serde_json::from_str(&answers.next().unwrap().unwrap()).unwrap()
    };
    assert_eq!(ask("books")["markets"].as_array().unwrap().len(), 8);
    assert_eq!(ask("price SYM002 30.00")["ok"], true);
    assert!(ask("price SYM002 much")["error"].is_string());
    assert_eq!(ask("quit")["ok"], true);
    assert_eq!(process.wait().unwrap().code(), Some(0));
}
