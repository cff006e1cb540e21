//! `moorctl`: look at and command a running moored.

use std::process::ExitCode;

fn main() -> ExitCode {
    moored::ctl::main()
}
