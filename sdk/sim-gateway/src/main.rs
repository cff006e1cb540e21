//! The simulated gateway as a program: serve, and run a command under it if one is given.

mod child;
mod ctl;
mod options;

use std::io::{self, Write};
use std::net::SocketAddr;
use std::process::ExitCode;

use clap::Parser;
use options::{Arguments, Other, Serve};
use sim_gateway::server;
use tokio::net::TcpListener;
use tokio::task::LocalSet;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let result = match arguments.other {
        Some(Other::Ctl { control, words }) => ctl::run(&control, &words),
        None => serve(arguments.serve),
    };
    match result {
        Ok(code) => ExitCode::from(u8::try_from(code).unwrap_or(1)),
        Err(error) => {
            eprintln!("sim-gateway: {error}");
            ExitCode::FAILURE
        }
    }
}

fn serve(arguments: Serve) -> io::Result<i32> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    LocalSet::new().block_on(&runtime, run(arguments))
}

async fn run(arguments: Serve) -> io::Result<i32> {
    let mut signals = child::StopSignals::catch()?;
    let listener = listen(arguments.listen).await?;
    let metrics = match arguments.metrics {
        None => None,
        Some(address) => Some(listen(address).await?),
    };
    let address = listener.local_addr()?;
    let operators = match &arguments.control {
        None => None,
        Some(path) => Some(server::operator_socket(path).map_err(|error| {
            io::Error::new(
                error.kind(),
                format!("cannot make the control socket {}: {error}", path.display()),
            )
        })?),
    };
    // Whoever reads the first line may have stopped reading; the market goes on.
    let _ = writeln!(io::stdout(), "listening on {address}").and_then(|()| io::stdout().flush());
    if let Some(metrics) = &metrics {
        let address = metrics.local_addr()?;
        let _ = writeln!(io::stdout(), "metrics on {address}").and_then(|()| io::stdout().flush());
    }
    let serving = server::serve(listener, operators, metrics, arguments.options());
    if arguments.command.is_empty() {
        tokio::select! {
            served = serving => served.map(|()| 0),
            _ = signals.next() => Ok(0),
        }
    } else {
        tokio::select! {
            served = serving => served.map(|()| 0),
            code = child::run(&arguments.command, address, &mut signals) => code,
        }
    }
}

async fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    TcpListener::bind(address)
        .await
        .map_err(|error| io::Error::new(error.kind(), format!("cannot listen on {address}: {error}")))
}
