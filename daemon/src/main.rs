//! `moored`: the daemon.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use moored::app::{self, AppError};
use moored::config::Config;
use moored::plugin_host::load::LoadError;

/// What starting again cannot mend: `EX_CONFIG` of sysexits(3). The service unit does not restart on it.
const MISCONFIGURED: u8 = 78;

/// A headless trading daemon for Interactive Brokers.
#[derive(Debug, Parser)]
#[command(version, about)]
struct Args {
    /// The configuration; `conf.d/*.toml` beside it and `MOORED__…` variables are read too.
    #[arg(long, default_value = "/etc/moored/moored.toml")]
    config: PathBuf,
    /// Check the configuration and the plugins, and end.
    #[arg(long)]
    check: bool,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let args = Args::parse();
    let outcome = if args.check {
        app::check(&args.config).map(|said| println!("{said}"))
    } else {
        match Config::load(&args.config) {
            Ok(config) => app::run(config).await,
            Err(error) => Err(error.into()),
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("moored: {error}");
            match error {
                AppError::Plugins(LoadError::Engine(_) | LoadError::Metrics(_)) => ExitCode::FAILURE,
                AppError::Config(_) | AppError::Plugins(_) => MISCONFIGURED.into(),
                _ => ExitCode::FAILURE,
            }
        }
    }
}
