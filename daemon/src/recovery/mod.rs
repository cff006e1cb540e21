//! Floor 6: what is done about a session in trouble, one step after another, and when nothing is done because trouble is
//! expected.
//!
//! ```text
//! the session's status ─▶ trouble       what is wrong, since when              pure
//!                      ─▶ maintenance   is it expected? the second factor?     pure
//!                      ─▶ ladder        which step, when; caps, rests, the page  pure
//!                      ─▶ driver        does it: a socket, ibc, unit; tells the desk, the audit, the metrics
//! ```
//!
//! Runs beside the admin socket, off the trading thread.
//!
//! Never: an order, an end of the daemon, a step outside its precondition, cap and rest, a step nobody can read about
//! afterwards.

mod alarms;
pub mod audit;
mod config;
mod driver;
mod ibc;
#[cfg(test)]
mod ibc_tests;
mod ladder;
#[cfg(test)]
mod ladder_tests;
pub mod maintenance;
mod metrics;
mod trouble;
#[cfg(test)]
mod trouble_tests;
mod unit;
#[cfg(test)]
mod unit_tests;

use tokio::sync::watch;

use crate::domain::recovery::{Guidance, RecoveryStatus, Step};
use crate::domain::session::SessionStatus;
use crate::mailbox::ReportSender;

pub use config::{Config, RungConfig};
pub use driver::Driver;

/// What recovery sees and what it can move. All of it crosses threads.
#[derive(Debug)]
pub struct Links {
    /// The session as its keeper last published it.
    pub session: watch::Receiver<SessionStatus>,
    /// What the keeper goes by.
    pub guidance: watch::Sender<Guidance>,
    /// The desk's way in.
    pub reports: ReportSender,
    /// The steps of earlier runs, oldest first.
    pub past: Vec<Step>,
    /// The daemon's user, who is written down as the one who did it.
    pub uid: u32,
}

/// Why recovery cannot be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A setting of the calendar is wrong.
    #[error("maintenance.{0}")]
    Maintenance(#[from] maintenance::ConfigProblem),
    /// A metric exists already.
    #[error("recovery's metrics cannot be registered: {0}")]
    Metrics(#[from] prometheus::Error),
}

/// Puts recovery together; [`Driver::run`] runs it.
///
/// # Errors
/// What keeps it from starting.
pub fn prepare(
    config: Config,
    times: &maintenance::Config,
    links: Links,
    registry: &prometheus::Registry,
) -> Result<(Driver, watch::Receiver<RecoveryStatus>), StartError> {
    let calendar = maintenance::Calendar::new(times)?;
    let metrics = metrics::Metrics::register(registry)?;
    let (publish, status) = watch::channel(RecoveryStatus {
        enabled: config.enabled,
        ..RecoveryStatus::default()
    });
    let driver = Driver::new(config, calendar, times, links, publish, metrics);
    Ok((driver, status))
}
