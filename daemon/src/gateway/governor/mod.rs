//! One budget for everything that is written to the gateway, and who goes first.
//!
//! Owns: the budget (`window`, pure) and the queue of each lane. A message that may leave at once does so in the call
//! that asks, so that an order crosses no queue while there is room; what has to wait goes first come, first served
//! within its lane, and never before a more urgent lane that may leave too.
//!
//! Never: a message beyond the rate in any second, a lane that waits while there is room that no other may use.

#[cfg(test)]
mod tests;
mod window;

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Duration;

use prometheus::{Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec};
use prometheus::{Opts, Registry};
use tokio::sync::Notify;
use tokio::time::Instant;

pub use window::Lane;
use window::Window;

const LANES: usize = Lane::ALL.len();
/// After IB said that we were too fast (100): three such messages end a session.
const PENANCE: Duration = Duration::from_secs(60);
/// How long a lane leaves a slot to a more urgent one that may take it.
const GIVE_WAY: Duration = Duration::from_millis(1);

/// See the module.
#[derive(Debug)]
pub struct Governor {
    core: RefCell<Core>,
    figures: Figures,
}

#[derive(Debug)]
struct Core {
    window: Window,
    queues: [VecDeque<Rc<Notify>>; LANES],
}

#[derive(Debug)]
struct Figures {
    messages: [IntCounter; LANES],
    waiting: [IntGauge; LANES],
    waits: [Histogram; LANES],
    left: IntGauge,
    slowed: IntGauge,
}

impl Figures {
    fn register(registry: &Registry) -> Result<Self, prometheus::Error> {
        let messages = IntCounterVec::new(
            Opts::new(
                "moored_governor_messages_total",
                "Messages written to the gateway, by lane.",
            ),
            &["lane"],
        )?;
        let waiting = IntGaugeVec::new(
            Opts::new(
                "moored_governor_waiting",
                "Messages waiting for the budget, by lane.",
            ),
            &["lane"],
        )?;
        let buckets = vec![0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0];
        let waits = HistogramVec::new(
            HistogramOpts::new(
                "moored_governor_wait_seconds",
                "How long messages waited for the budget that could not leave at once, by lane.",
            )
            .buckets(buckets),
            &["lane"],
        )?;
        let left = IntGauge::new(
            "moored_governor_tokens",
            "Messages that may leave at once, if they were cancels.",
        )?;
        let slowed = IntGauge::new(
            "moored_governor_slowed",
            "1 while the rate is halved because IB said that we were too fast (100).",
        )?;
        registry.register(Box::new(messages.clone()))?;
        registry.register(Box::new(waiting.clone()))?;
        registry.register(Box::new(waits.clone()))?;
        registry.register(Box::new(left.clone()))?;
        registry.register(Box::new(slowed.clone()))?;
        Ok(Figures {
            messages: Lane::ALL.map(|lane| messages.with_label_values(&[lane.as_str()])),
            waiting: Lane::ALL.map(|lane| waiting.with_label_values(&[lane.as_str()])),
            waits: Lane::ALL.map(|lane| waits.with_label_values(&[lane.as_str()])),
            left,
            slowed,
        })
    }

    fn left(&self, lane: Lane) {
        if let Some(messages) = self.messages.get(lane.index()) {
            messages.inc();
        }
    }
}

impl Core {
    /// When a lane may send, with respect to those before it.
    fn when(&mut self, lane: Lane, now: Instant) -> Instant {
        let when = self.window.when(lane, now);
        if when > now {
            return when;
        }
        let urgent = Lane::ALL.into_iter().take(lane.index());
        for other in urgent {
            let waits = self
                .queues
                .get(other.index())
                .is_some_and(|queue| !queue.is_empty());
            if waits && self.window.when(other, now) <= now {
                return now + GIVE_WAY;
            }
        }
        when
    }

    fn is_first(&self, lane: Lane, waiter: &Rc<Notify>) -> bool {
        let queue = self.queues.get(lane.index());
        queue
            .and_then(VecDeque::front)
            .is_some_and(|first| Rc::ptr_eq(first, waiter))
    }
}

impl Governor {
    /// A budget of `per_second` messages in any second.
    pub fn register(per_second: u32, registry: &Registry) -> Result<Self, prometheus::Error> {
        Ok(Governor {
            core: RefCell::new(Core {
                window: Window::new(per_second),
                queues: Default::default(),
            }),
            figures: Figures::register(registry)?,
        })
    }

    /// Takes room for one message if it may leave now, without waiting and without passing anyone who may leave too.
    pub fn try_take(&self, lane: Lane) -> bool {
        let now = Instant::now();
        let mut core = self.core.borrow_mut();
        let queued = core
            .queues
            .get(lane.index())
            .is_some_and(|queue| !queue.is_empty());
        if queued || core.when(lane, now) > now {
            return false;
        }
        core.window.take(lane, now);
        drop(core);
        self.figures.left(lane);
        true
    }

    /// Waits until a message of this lane may leave; the caller then writes it. Dropping the wait gives up the place.
    pub async fn turn(&self, lane: Lane) {
        if self.try_take(lane) {
            return;
        }
        let place = Place::new(self, lane);
        let since = Instant::now();
        loop {
            let now = Instant::now();
            let when = {
                let mut core = self.core.borrow_mut();
                if core.is_first(lane, &place.waiter) {
                    let when = core.when(lane, now);
                    if when <= now {
                        core.window.take(lane, now);
                        break;
                    }
                    Some(when)
                } else {
                    None
                }
            };
            match when {
                Some(when) => tokio::time::sleep_until(when).await,
                None => place.waiter.notified().await,
            }
        }
        self.figures.left(lane);
        if let Some(waits) = self.figures.waits.get(lane.index()) {
            waits.observe(since.elapsed().as_secs_f64());
        }
    }

    /// Counts a message that left without asking: what the client library writes by itself.
    pub fn charge(&self, lane: Lane) {
        self.core.borrow_mut().window.take(lane, Instant::now());
        self.figures.left(lane);
    }

    /// IB said that we were too fast: half the rate for a while, and half of that if it says so again.
    pub fn slow_down(&self) {
        let now = Instant::now();
        self.core.borrow_mut().window.slow(now, now + PENANCE);
        self.figures.slowed.set(1);
    }

    /// Shows what moves with time alone; called about once a second.
    pub fn publish(&self) {
        let now = Instant::now();
        let mut core = self.core.borrow_mut();
        let left = core.window.left(now);
        self.figures.left.set(i64::try_from(left).unwrap_or(i64::MAX));
        self.figures.slowed.set(i64::from(core.window.is_slow(now)));
    }

    fn show_waiting(&self, lane: Lane) {
        let core = self.core.borrow();
        let depth = core.queues.get(lane.index()).map_or(0, VecDeque::len);
        if let Some(waiting) = self.figures.waiting.get(lane.index()) {
            waiting.set(i64::try_from(depth).unwrap_or(i64::MAX));
        }
    }
}

/// A place in a lane's queue; given up when dropped.
struct Place<'a> {
    governor: &'a Governor,
    lane: Lane,
    waiter: Rc<Notify>,
}

impl<'a> Place<'a> {
    fn new(governor: &'a Governor, lane: Lane) -> Self {
        let waiter = Rc::new(Notify::new());
        if let Some(queue) = governor.core.borrow_mut().queues.get_mut(lane.index()) {
            queue.push_back(Rc::clone(&waiter));
        }
        governor.show_waiting(lane);
        Place {
            governor,
            lane,
            waiter,
        }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        if let Some(queue) = self.governor.core.borrow_mut().queues.get_mut(self.lane.index()) {
            queue.retain(|waiter| !Rc::ptr_eq(waiter, &self.waiter));
            if let Some(next) = queue.front() {
                next.notify_one();
            }
        }
        self.governor.show_waiting(self.lane);
    }
}
