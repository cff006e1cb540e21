//! `moored`: the daemon.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use moored::{app, config::Config};

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
    /// Say from which version to which a start would take the ledger, try it on a copy, and end.
    #[arg(long)]
    check_migrations: bool,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let args = Args::parse();
    let outcome = if args.check {
        app::check(&args.config).map(|said| println!("{said}"))
    } else {
        match Config::load(&args.config) {
            Ok(config) if args.check_migrations => {
                app::check_migrations(&config).map(|said| println!("{said}"))
            }
            Ok(config) => app::run(config).await,
            Err(error) => Err(error.into()),
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("moored: {error}");
            ExitCode::from(error.exit_code())
        }
    }
}
