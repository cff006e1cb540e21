//! A plugin on a thread of its own: for those that are slow by nature, so that they cannot hold up the lane.
//!
//! The lane posts and never waits. Market data waits as the latest of each instrument; order events wait in a
//! bounded list, and a plugin that lets it fill is quarantined, because it would trade on a story with holes.
//! What it wants goes to the desk by the bounded way for intents.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use super::batch::{Adding, Batch};
use super::blueprint::Blueprint;
use super::failure::{Failure, FailureKind};
use super::instance::{Instance, StartError};
use crate::clock;
use crate::desk::effect::Notice;
use crate::desk::event::Event;
use crate::domain::time::Timestamp;
use crate::domain::trading_state::TradingState;
use crate::mailbox::IntentSender;

/// Order events that may wait.
const MAX_ORDER_EVENTS: usize = 1024;
/// Stack of the thread: the guest's 512 KiB and the host's frames, with room.
const STACK: usize = 2 << 20;

/// What the lane tells the thread to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    /// Start an instance.
    Start(TradingState),
    /// Give up the instance and what it asked for.
    Discard,
    /// End.
    Stop,
}

/// What the thread tells the lane.
#[derive(Debug)]
pub enum Report {
    /// An instance runs.
    Started {
        /// The name and version it gave itself.
        version: String,
    },
    /// None could be started.
    NotStarted(Failure),
    /// The instance failed and is gone.
    Failed(Failure),
}

#[derive(Debug, Default)]
struct Post {
    batch: Batch,
    order: Option<Order>,
    reports: Vec<Report>,
}

#[derive(Debug, Default)]
struct Mailbox {
    post: Mutex<Post>,
    ready: Condvar,
}

impl Mailbox {
    fn lock(&self) -> MutexGuard<'_, Post> {
        self.post.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The mailbox is full of order events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Full;

/// The lane's end of a plugin's thread.
#[derive(Debug)]
pub struct Worker {
    blueprint: Arc<Blueprint>,
    mailbox: Arc<Mailbox>,
    thread: Option<JoinHandle<()>>,
}

impl Worker {
    /// Gives a plugin its thread, with the instance it begins with.
    pub fn spawn(
        blueprint: &Arc<Blueprint>,
        instance: Option<Box<Instance>>,
        intents: IntentSender,
    ) -> std::io::Result<Worker> {
        let mailbox = Arc::new(Mailbox::default());
        let seat = Seat {
            blueprint: Arc::clone(blueprint),
            mailbox: Arc::clone(&mailbox),
            intents,
            instance,
            batch: Batch::default(),
            out: Vec::new(),
        };
        let thread = std::thread::Builder::new()
            .name(blueprint.shared.name.clone())
            .stack_size(STACK)
            .spawn(move || seat.run())?;
        Ok(Worker {
            blueprint: Arc::clone(blueprint),
            mailbox,
            thread: Some(thread),
        })
    }

    /// Posts events. Never waits for the plugin.
    pub fn post(&self, at: Timestamp, notices: &[Notice]) -> Result<(), Full> {
        let mut post = self.mailbox.lock();
        let mut conflated = 0;
        for notice in notices {
            conflated += u64::from(post.batch.add(at, notice, Adding::LatestWins));
        }
        let metrics = &self.blueprint.shared.metrics;
        metrics.conflated.inc_by(conflated);
        metrics.mailbox_depth.set(post.batch.len() as i64);
        let full = post.batch.order_events.len() > MAX_ORDER_EVENTS;
        drop(post);
        self.mailbox.ready.notify_one();
        if full { Err(Full) } else { Ok(()) }
    }

    /// Has an instance started; a report tells how that went.
    pub fn start(&self, trading_state: TradingState) {
        self.order(Order::Start(trading_state));
    }

    /// Has the instance given up.
    pub fn discard(&self) {
        self.order(Order::Discard);
    }

    fn order(&self, order: Order) {
        let mut post = self.mailbox.lock();
        post.batch.clear();
        if post.order != Some(Order::Stop) {
            post.order = Some(order);
        }
        drop(post);
        self.mailbox.ready.notify_one();
    }

    /// What the thread had to tell since the last time.
    pub fn reports(&self) -> Vec<Report> {
        std::mem::take(&mut self.mailbox.lock().reports)
    }

    /// Has the thread end once its callback is over; dropping waits for that.
    pub fn begin_stop(&self) {
        self.order(Order::Stop);
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.begin_stop();
        if let Some(thread) = self.thread.take() {
            // A panic there has been reported by the hook; here there is nothing left to do about it.
            let _ = thread.join();
        }
    }
}

/// The thread's end.
struct Seat {
    blueprint: Arc<Blueprint>,
    mailbox: Arc<Mailbox>,
    intents: IntentSender,
    instance: Option<Box<Instance>>,
    batch: Batch,
    out: Vec<Event>,
}

impl Seat {
    fn run(mut self) {
        loop {
            match self.wait() {
                Some(Order::Stop) => {
                    if let Some(instance) = &mut self.instance {
                        // Its last words; whether they succeed changes nothing.
                        let _ = instance.stop(clock::now());
                    }
                    return;
                }
                Some(Order::Discard) => self.give_up(),
                Some(Order::Start(trading_state)) => self.start(trading_state),
                None => {}
            }
            self.work();
        }
    }

    /// Waits for an order, events or a timer, and takes the events.
    fn wait(&mut self) -> Option<Order> {
        let mut post = self.mailbox.lock();
        loop {
            let order = post.order.take();
            let events = self.instance.is_some() && !post.batch.is_empty();
            if order.is_some() || events {
                self.batch.clear();
                std::mem::swap(&mut self.batch, &mut post.batch);
                self.blueprint.shared.metrics.mailbox_depth.set(0);
                return order;
            }
            let next_timer = self.instance.as_ref().and_then(|instance| instance.next_timer());
            post = match next_timer.map(|next| next.since(clock::now())) {
                None => self
                    .mailbox
                    .ready
                    .wait(post)
                    .unwrap_or_else(PoisonError::into_inner),
                Some(pause) if pause.is_zero() => return None,
                Some(pause) => {
                    let waited = self.mailbox.ready.wait_timeout(post, pause);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
    }

    fn start(&mut self, trading_state: TradingState) {
        let now = clock::now();
        let started = Instance::start(&self.blueprint, now, trading_state)
            .map_err(StartError::into_failure)
            .and_then(|mut instance| {
                instance.hand_out(None, &mut self.out);
                instance.tell_trading_state(now, trading_state)?;
                instance.hand_out(None, &mut self.out);
                Ok(instance)
            });
        let report = match started {
            Ok(instance) => {
                let version = instance.version.clone();
                self.instance = Some(Box::new(instance));
                Report::Started { version }
            }
            Err(failure) => {
                self.out.clear();
                Report::NotStarted(failure)
            }
        };
        self.mailbox.lock().reports.push(report);
        self.send();
    }

    /// Runs the callbacks that are called for.
    fn work(&mut self) {
        let Some(instance) = &mut self.instance else {
            self.batch.clear();
            return;
        };
        let now = clock::now();
        let served = instance.serve(now, &mut self.batch, &mut self.out);
        let served = served.and_then(|()| instance.fire_timers(now, &mut self.out));
        instance.flush_metrics();
        self.batch.clear();
        self.send();
        if let Err(failure) = served {
            self.fail(failure);
        }
    }

    /// Hands what callbacks asked for to the desk, unless the lane has given up on this instance meanwhile.
    fn send(&mut self) {
        if self.mailbox.lock().order == Some(Order::Discard) {
            self.out.clear();
            return;
        }
        let mut full = false;
        for event in self.out.drain(..) {
            full |= self.intents.send(event).is_err();
        }
        if full {
            let reason = "the desk takes its intents slower than they come; some were lost";
            self.fail(Failure::new(FailureKind::Intents, reason));
        }
    }

    fn fail(&mut self, failure: Failure) {
        if self.instance.is_none() {
            return;
        }
        self.give_up();
        self.mailbox.lock().reports.push(Report::Failed(failure));
    }

    /// Ends the instance and its subscriptions.
    fn give_up(&mut self) {
        self.batch.clear();
        self.out.clear();
        let Some(instance) = self.instance.take() else {
            return;
        };
        instance.unsubscribed(&mut self.out);
        for event in self.out.drain(..) {
            // Lost, it costs the desk a notice to a plugin that is not there.
            let _ = self.intents.send(event);
        }
    }
}
