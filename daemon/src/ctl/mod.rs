//! `moorctl`: the admin socket for people and scripts. Asks, prints, and ends with a code that says how it went.
//!
//! | code | meaning |
//! |---|---|
//! | 0 | done |
//! | 1 | the daemon refused, failed, or is not in the state asked about |
//! | 2 | wrong usage |
//! | 3 | the daemon cannot be reached |
//!
//! Sees the admin API's schema and nothing else of a running daemon; a backup it verifies and restores by itself, because
//! then there is no daemon to ask. Never: a decision, a file that a running daemon has open.

mod args;
mod backup;
mod client;
#[cfg(test)]
mod client_tests;
mod number;
mod run;
mod show;
mod show_recovery;
mod show_streams;
#[cfg(test)]
mod show_streams_tests;
#[cfg(test)]
mod show_tests;
mod summary;
#[cfg(test)]
mod summary_tests;
mod table;
mod watch;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;

use crate::admin::schema::{ErrorBody, ErrorDetail};

/// Why a command did not succeed.
#[derive(Debug, thiserror::Error)]
enum Failure {
    /// The daemon said no.
    #[error("{}\n{}", .0.message, .0.fix)]
    Refused(ErrorDetail),
    /// The daemon answered, and what it answered is not good news; it has been printed already.
    #[error("not in the state asked about")]
    NotSo,
    /// A file is not what it should be.
    #[error("{0}")]
    File(String),
    /// The command line is not one.
    #[error("{0}")]
    Usage(String),
    /// The daemon cannot be reached.
    #[error("{message}\n{fix}")]
    Unreachable {
        /// What happened, with the socket's path.
        message: String,
        /// What to do.
        fix: String,
    },
    /// The daemon was reached and the exchange went wrong.
    #[error("{message}\n{fix}")]
    Exchange {
        /// What happened.
        message: String,
        /// What to do.
        fix: String,
    },
    /// Nobody reads what we print.
    #[error("cannot print: {0}")]
    Output(#[from] std::io::Error),
}

impl Failure {
    fn code(&self) -> ExitCode {
        ExitCode::from(match self {
            Failure::Refused(_)
            | Failure::File(_)
            | Failure::NotSo
            | Failure::Exchange { .. }
            | Failure::Output(_) => 1,
            Failure::Usage(_) => 2,
            Failure::Unreachable { .. } => 3,
        })
    }

    /// As the API words its errors, for `--json`.
    fn detail(&self) -> Option<ErrorDetail> {
        let detail = |code: &str, message: &str, fix: &str| {
            Some(ErrorDetail {
                code: code.to_owned(),
                message: message.to_owned(),
                fix: fix.to_owned(),
            })
        };
        match self {
            Failure::Refused(refused) => Some(refused.clone()),
            Failure::NotSo | Failure::Output(_) => None,
            Failure::File(message) => detail("file", message, "see the message"),
            Failure::Usage(message) => detail("usage", message, "see `moorctl --help`"),
            Failure::Unreachable { message, fix } => detail("unreachable", message, fix),
            Failure::Exchange { message, fix } => detail("exchange", message, fix),
        }
    }
}

/// Runs `moorctl` with the process's arguments.
pub fn main() -> ExitCode {
    let args = match args::Args::try_parse() {
        Ok(args) => args,
        Err(error) => {
            // Help and version are "errors" with code 0. If they cannot be printed, nobody is there to be told.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    let json = args.json;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let result = match runtime {
        Ok(runtime) => runtime.block_on(run::run(args)),
        Err(error) => Err(Failure::Output(error)),
    };
    let Err(failure) = result else {
        return ExitCode::SUCCESS;
    };
    report(&failure, json);
    failure.code()
}

/// Tells a failure where it is looked for: people read stderr, scripts that asked for JSON read stdout.
fn report(failure: &Failure, json: bool) {
    let told = match failure.detail() {
        Some(error) if json => {
            let body = serde_json::to_string(&ErrorBody { error }).unwrap_or_default();
            writeln!(std::io::stdout(), "{body}")
        }
        Some(_) => writeln!(
            std::io::stderr(),
            "moorctl: {}",
            table::clean_lines(&failure.to_string())
        ),
        None => Ok(()),
    };
    // A closed terminal cannot be told anything; the exit code still says it.
    let _ = told;
}

/// The socket to use: what was asked for, else what the daemon's own environment variable says, else the default.
fn socket_path(asked: Option<PathBuf>) -> PathBuf {
    let environment = || std::env::var_os("MOORED__ADMIN__SOCKET").map(PathBuf::from);
    asked
        .or_else(environment)
        .unwrap_or_else(|| PathBuf::from(crate::admin::schema::DEFAULT_SOCKET))
}
