//! One line, now and then, about everything that goes on.

use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};

use crate::outbox::Counts;
use crate::server::Shared;
use crate::world::World;

/// Prints the line to stderr every `period`; on a terminal each line takes the place of the one before.
///
/// # Errors
/// None; it ends never.
pub(crate) async fn print(period: Option<Duration>, shared: &Shared) -> io::Result<()> {
    let Some(period) = period else {
        return std::future::pending().await;
    };
    let terminal = io::stderr().is_terminal();
    let mut turns = interval(period);
    turns.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut before = Counts::default();
    loop {
        turns.tick().await;
        let world = shared.borrow();
        let line = line(&world, before, period);
        before = world.counts();
        let mut out = io::stderr().lock();
        // Whoever watched may have stopped watching.
        let _ = if terminal {
            write!(out, "\r\x1b[K{line}").and_then(|()| out.flush())
        } else {
            writeln!(out, "{line}")
        };
    }
}

fn line(world: &World, before: Counts, period: Duration) -> String {
    let exchange = world.gateway.exchange();
    let counts = world.counts();
    let live = exchange.orders().filter(|order| order.status.is_live()).count();
    let rate = |now: u64, then: u64| {
        let passed = u64::try_from(period.as_millis()).unwrap_or(u64::MAX).max(1);
        now.saturating_sub(then).saturating_mul(1000) / passed
    };
    format!(
        "{} clients {} · orders {} ({live} live) · fills {} · frames/s {} · ticks/s {} · conflated {} · waiting {} KiB",
        world.gateway.clock_text(),
        world.gateway.clients().count(),
        exchange.orders().count(),
        exchange.executions().len(),
        rate(counts.frames, before.frames),
        rate(counts.ticks, before.ticks),
        counts.conflated,
        world.waiting_bytes() / 1024,
    )
}
