//! Talking to systemd: READY once the house stands, STATUS when the trading state changes, WATCHDOG only while the desk
//! loop turns and the session is watched, STOPPING when it ends. Without systemd all of it does nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sd_notify::NotifyState;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

use crate::clock;
use crate::desk::snapshot::Snapshot;
use crate::gateway::Pulse;

/// How often the loop is looked at when systemd asks for no watchdog: often enough to show a new state promptly.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// `SIGXFSZ` on Linux.
const FILE_SIZE: i32 = 25;
/// The liveness detector looks twice a second; machines stall.
const DETECTOR_MAY_REST: Duration = Duration::from_secs(3);

/// The signals that end the daemon.
pub(super) struct StopSignals {
    terminate: Signal,
    interrupt: Signal,
    /// A limit on the size of files (`LimitFSIZE=`) is to be an error of the write, as a full disk is, and not our end: being
    /// listened to, its signal no longer ends the process.
    _file_size: Signal,
}

impl StopSignals {
    /// Listens from now on.
    pub(super) fn listen() -> std::io::Result<Self> {
        Ok(StopSignals {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            _file_size: signal(SignalKind::from_raw(FILE_SIZE))?,
        })
    }

    /// Waits for one of them and says which it was.
    pub(super) async fn received(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }
}

/// The house stands.
pub(super) fn ready() {
    notify(&[NotifyState::Ready]);
}

/// The house is being left.
pub(super) fn stopping(reason: &str) {
    notify(&[NotifyState::Stopping, NotifyState::Status(reason)]);
}

/// Shows the trading state and feeds the watchdog as long as `turns` grows and the session's liveness detector runs. Never
/// ends.
pub(super) async fn attend(
    turns: Arc<AtomicU64>,
    pulse: Arc<Pulse>,
    mut snapshot: watch::Receiver<Arc<Snapshot>>,
) {
    let watchdog = sd_notify::watchdog_enabled();
    let every = watchdog.map_or(LOOK_EVERY, |limit| limit / 3);
    let mut seen = turns.load(Ordering::Relaxed);
    let mut shown = String::new();
    loop {
        tokio::time::sleep(every).await;
        let now = turns.load(Ordering::Relaxed);
        let watched = clock::now().since(pulse.last_run()) <= every.max(DETECTOR_MAY_REST);
        match (now != seen, watched) {
            (true, true) => notify(&[NotifyState::Watchdog]),
            (false, _) => {
                tracing::error!("the desk loop has not turned for {every:?}; the watchdog is not fed");
            }
            (true, false) => {
                tracing::error!("the session's liveness detector has not run; the watchdog is not fed");
            }
        }
        seen = now;
        let status = status(&snapshot.borrow_and_update());
        if status != shown {
            notify(&[NotifyState::Status(&status)]);
            shown = status;
        }
    }
}

fn status(snapshot: &Snapshot) -> String {
    let state = snapshot.trading_state.as_str();
    if snapshot.reasons.is_empty() {
        state.to_owned()
    } else {
        format!("{state}: {}", snapshot.reasons.join("; "))
    }
}

fn notify(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::debug!(%error, "systemd could not be told");
    }
}
