//! The command under the simulated gateway: its start, the signals it is sent on, its end.

use std::io;
use std::net::SocketAddr;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::process::Command;
use tokio::signal::unix::{SignalKind, signal};

/// Tells the command where its gateway is.
const ADDRESS: &str = "MOORED__GATEWAY__ADDRESS";

/// SIGINT and SIGTERM, caught from the moment this exists.
pub(crate) struct StopSignals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

impl StopSignals {
    /// Starts catching.
    pub(crate) fn catch() -> io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    /// The next one.
    pub(crate) async fn next(&mut self) -> Signal {
        tokio::select! {
            _ = self.interrupt.recv() => Signal::SIGINT,
            _ = self.terminate.recv() => Signal::SIGTERM,
        }
    }
}

/// Runs a command to its end, passing on signals. Returns its exit code.
pub(crate) async fn run(
    command: &[String],
    gateway: SocketAddr,
    signals: &mut StopSignals,
) -> io::Result<i32> {
    let (program, arguments) = command.split_first().ok_or(io::ErrorKind::InvalidInput)?;
    let mut child = Command::new(program);
    // A group of its own, so that a terminal's interrupt reaches it once: through us.
    child
        .args(arguments)
        .env(ADDRESS, gateway.to_string())
        .process_group(0)
        .kill_on_drop(true);
    die_with_us(&mut child);
    let mut child = child
        .spawn()
        .map_err(|error| io::Error::new(error.kind(), format!("cannot run {program:?}: {error}")))?;
    loop {
        tokio::select! {
            status = child.wait() => return status.map(code),
            asked = signals.next() => {
                if let Some(id) = child.id().and_then(|id| i32::try_from(id).ok()) {
                    // It may have ended this very moment, which the next round finds.
                    let _ = kill(Pid::from_raw(id), asked);
                }
            }
        }
    }
}

/// As a shell says it.
fn code(status: ExitStatus) -> i32 {
    status
        .code()
        .unwrap_or_else(|| 128 + status.signal().unwrap_or_default())
}

/// Has the kernel kill the command when we die in a way that leaves us no time to.
#[cfg(target_os = "linux")]
fn die_with_us(command: &mut Command) {
    let ask = || nix::sys::prctl::set_pdeathsig(Signal::SIGKILL).map_err(io::Error::from);
    // SAFETY: between fork and exec it makes one system call, which is safe there, and allocates nothing.
    unsafe {
        command.pre_exec(ask);
    }
}

#[cfg(not(target_os = "linux"))]
fn die_with_us(_: &mut Command) {}
