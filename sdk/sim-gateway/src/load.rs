//! Measuring a client from the gateway's side: how long from a tick to its order, and how many ticks it can
//! take.

use std::rc::Rc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::sync::Notify;
use tokio::time::{sleep, sleep_until, timeout};

use crate::exchange::InstrumentId;
use crate::server::Shared;

/// How long a probe waits for its order before it counts as missed.
const PATIENCE: Duration = Duration::from_secs(2);
/// Moves made between two looks at the sockets during a flood.
const BURST: u64 = 64;

/// A tick that waits for an order.
#[derive(Debug)]
pub(crate) struct Probe {
    answered_at: Option<Instant>,
    done: Rc<Notify>,
}

impl Probe {
    /// An order message was read.
    pub(crate) fn answered(&mut self, at: Instant) {
        if self.answered_at.is_none() {
            self.answered_at = Some(at);
            self.done.notify_one();
        }
    }
}

/// Changes one market's bid `count` times, `interval` apart, and measures each time how long it takes until
/// the next order message has been read. Between probes that market says nothing at all.
pub(crate) async fn probe(shared: &Shared, id: InstrumentId, count: u32, interval: Duration) -> Value {
    shared
        .borrow_mut()
        .gateway
        .operate(|exchange| exchange.freeze(id, true));
    let (mut latencies, mut writes, mut missed) = (Vec::new(), Vec::new(), 0_u32);
    for _ in 0..count {
        let begun = tokio::time::Instant::now();
        match one_probe(shared, id).await {
            Some((latency, write)) => {
                latencies.push(nanos(latency));
                writes.push(nanos(write));
            }
            None => missed += 1,
        }
        sleep_until(begun + interval).await;
    }
    let mut world = shared.borrow_mut();
    world.probe = None;
    world.gateway.operate(|exchange| exchange.freeze(id, false));
    world.deliver();
    let result = json!({ "latencies_ns": latencies, "write_ns": writes, "missed": missed });
    world.last_probe = result.clone();
    result
}

/// One probe: from just before the tick's write to just after the order's read, and the length of the
/// write.
async fn one_probe(shared: &Shared, id: InstrumentId) -> Option<(Duration, Duration)> {
    let done = Rc::new(Notify::new());
    let (before, after) = {
        let mut world = shared.borrow_mut();
        world.probe = Some(Probe {
            answered_at: None,
            done: Rc::clone(&done),
        });
        world.gateway.operate(|exchange| exchange.probe(id));
        world.deliver();
        world
            .connections
            .values()
            .filter_map(|connection| connection.outbox.last_write())
            .max()?
    };
    // A timeout leaves no answer behind, which is what the next line finds.
    let _ = timeout(PATIENCE, done.notified()).await;
    let answered = shared.borrow_mut().probe.take()?.answered_at?;
    Some((
        answered.saturating_duration_since(before),
        after.saturating_duration_since(before),
    ))
}

/// Moves the watched markets `rate` times a second for `length`, as fast as that if the clients keep up:
/// what a client does not read is conflated, never buffered without bound.
pub(crate) async fn flood(shared: &Shared, rate: u64, length: Duration) -> Value {
    let counts_before = shared.borrow().counts();
    let begun = Instant::now();
    let mut moves = 0;
    while begun.elapsed() < length {
        let elapsed = begun.elapsed().as_nanos();
        let due = u64::try_from(elapsed * u128::from(rate) / 1_000_000_000).unwrap_or(u64::MAX);
        let burst = due.saturating_sub(moves).min(BURST);
        if burst == 0 {
            sleep(Duration::from_millis(1)).await;
            continue;
        }
        {
            let mut world = shared.borrow_mut();
            for _ in 0..burst {
                if !world.gateway.operate(crate::exchange::Exchange::flood_step) {
                    return json!({ "error": "nobody watches any market" });
                }
            }
            // One write for all of them, as a busy gateway's would be.
            world.deliver();
        }
        moves += burst;
        tokio::task::yield_now().await;
    }
    let seconds = begun.elapsed().as_secs_f64();
    let counts = shared.borrow().counts();
    json!({
        "moves": moves,
        "seconds": seconds,
        "ticks_written": counts.ticks - counts_before.ticks,
        "ticks_conflated": counts.conflated - counts_before.conflated,
        "bytes": counts.bytes - counts_before.bytes,
        "times_blocked": counts.blocked - counts_before.blocked,
    })
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
