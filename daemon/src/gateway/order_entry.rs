//! The one place that writes orders to the socket.
//!
//! A write begins inside the call that asks for it, when nothing else is being written and the governor has room: no
//! task is woken and no queue is crossed between the desk's decision and the socket. What the socket does not take at
//! once is finished by the entry task, and what comes meanwhile waits its turn, cancels first, though never before the
//! order they cancel. An order that waits for more than two seconds is not written, and the desk is told that it was not.
//!
//! Never: a write under a timeout or a `select!`, a write dropped half-way (either would break the session), a write
//! repeated, a failure kept silent. A write belongs to the session in which it was asked for: if that ends first, the
//! write fails.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use ibapi::Client;
use tokio::sync::Notify;
use tokio::time::Instant;
use tracing::warn;

use super::contracts::Catalogue;
use super::convert;
use super::governor::{Governor, Lane};
use super::metrics::Metrics;
use crate::crash_point::{self, Step};
use crate::desk::event::Event;
use crate::domain::order::OrderId;
use crate::mailbox::ReportSender;
use crate::orders::placement::Placement;
use crate::risk::denial::DenialCode;

/// Orders that may wait; the desk refuses intents beyond.
const ORDERS_MAX: usize = 1_024;
/// Cancels have room of their own, because a cancel must always go.
const CANCELS_MAX: usize = 4_096;
/// How long an order may wait for the socket or the budget before it is dropped unsent.
const ORDER_WAITS_MAX: Duration = Duration::from_secs(2);

/// Too many orders wait for the socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many orders wait for the gateway; the socket is slower than the orders")]
pub struct Busy;

/// What is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WriteKind {
    /// A new order.
    Place,
    /// An order again, changed.
    Replace,
    /// A cancel.
    Cancel,
}

impl WriteKind {
    const fn lane(self) -> Lane {
        match self {
            WriteKind::Cancel => Lane::Cancel,
            WriteKind::Place | WriteKind::Replace => Lane::Order,
        }
    }

    const fn as_str(self) -> &'static str {
        match self {
            WriteKind::Place => "place",
            WriteKind::Replace => "replace",
            WriteKind::Cancel => "cancel",
        }
    }
}

type Write = Pin<Box<dyn Future<Output = Result<(), ibapi::Error>>>>;

struct Pending {
    order_id: OrderId,
    kind: WriteKind,
    write: Write,
    /// The session it was asked for in.
    client: Arc<Client>,
    since: Instant,
}

impl Pending {
    fn new(order_id: OrderId, kind: WriteKind, client: &Arc<Client>, write: Write) -> Self {
        Pending {
            order_id,
            kind,
            write,
            client: Arc::clone(client),
            since: Instant::now(),
        }
    }

    /// An order that waited too long is worse than none: the market it was meant for is gone. A cancel never is.
    fn is_stale(&self) -> bool {
        self.kind != WriteKind::Cancel && self.since.elapsed() > ORDER_WAITS_MAX
    }
}

/// The session that writes go to.
#[derive(Clone)]
struct Link {
    client: Arc<Client>,
    account: Rc<str>,
}

#[derive(Default)]
struct Queue {
    link: Option<Link>,
    /// The order being written by the entry task.
    writing: Option<OrderId>,
    /// Begun in the caller and not finished: goes before all others.
    begun: Option<Pending>,
    cancels: VecDeque<Pending>,
    orders: VecDeque<Pending>,
}

impl Queue {
    fn is_idle(&self) -> bool {
        self.writing.is_none() && self.begun.is_none() && self.len() == 0
    }

    fn len(&self) -> usize {
        self.cancels.len() + self.orders.len()
    }

    /// Whether something about this order still waits, so that its cancel must wait behind it.
    fn has_order(&self, order_id: OrderId) -> bool {
        self.orders.iter().any(|pending| pending.order_id == order_id)
    }

    /// Takes a new order back that was not begun, with what was to follow it; whether there was one.
    fn withdraw(&mut self, order_id: OrderId) -> bool {
        let new = |pending: &Pending| pending.order_id == order_id && pending.kind == WriteKind::Place;
        if !self.orders.iter().any(new) {
            return false;
        }
        self.orders.retain(|pending| pending.order_id != order_id);
        true
    }

    fn next(&mut self) -> Option<Pending> {
        self.cancels.pop_front().or_else(|| self.orders.pop_front())
    }

    /// Whom the next write must ask for its turn; `None` where nothing waits.
    fn front(&self) -> Option<Front> {
        let first = self.cancels.front().or_else(|| self.orders.front())?;
        Some(Front {
            lane: first.kind.lane(),
            // To a session that is gone nothing is written: the attempt fails by itself.
            needs_turn: first.client.is_connected() && !first.is_stale(),
            stale_at: first.since + ORDER_WAITS_MAX,
        })
    }
}

/// What waits first.
struct Front {
    lane: Lane,
    needs_turn: bool,
    stale_at: Instant,
}

/// See the module.
pub struct OrderEntry {
    governor: Rc<Governor>,
    queue: RefCell<Queue>,
    work: Notify,
    idle: Notify,
    reports: ReportSender,
    catalogue: Rc<Catalogue>,
    metrics: Rc<Metrics>,
    /// The highest order id ever used, by orders and by what-if orders.
    highest: Cell<i32>,
}

impl std::fmt::Debug for OrderEntry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OrderEntry").finish_non_exhaustive()
    }
}

impl OrderEntry {
    /// With no session to write to.
    pub fn new(
        reports: ReportSender,
        catalogue: Rc<Catalogue>,
        metrics: Rc<Metrics>,
        governor: Rc<Governor>,
        highest: i32,
    ) -> Self {
        OrderEntry {
            highest: Cell::new(highest),
            governor,
            queue: RefCell::default(),
            work: Notify::new(),
            idle: Notify::new(),
            reports,
            catalogue,
            metrics,
        }
    }

    /// An id for what is no order of the desk's, given that the gateway would take `next`: IB's counter may run backwards,
    /// and an id that was used before may be a live order's.
    pub fn reserve_id(&self, next: i32) -> i32 {
        let id = next.max(self.highest.get().saturating_add(1));
        self.highest.set(id);
        id
    }

    /// From now on writes go to this session.
    pub fn open(&self, client: Arc<Client>, account: &str) {
        self.queue.borrow_mut().link = Some(Link {
            client,
            account: account.into(),
        });
    }

    /// From now on there is no session; what still waits fails by itself.
    pub fn close(&self) {
        self.queue.borrow_mut().link = None;
    }

    /// Sends an order, new or changed.
    pub fn send(&self, placement: Placement, kind: WriteKind) -> Result<(), Busy> {
        let order_id = placement.order_id;
        self.highest.set(self.highest.get().max(order_id.0));
        if self.queue.borrow().orders.len() >= ORDERS_MAX {
            return Err(Busy);
        }
        let Some(Link { client, account }) = self.queue.borrow().link.clone() else {
            self.failed(order_id, kind, "there is no session; nothing was written");
            return Ok(());
        };
        let Some(contract) = self.catalogue.contract(placement.instrument) else {
            self.failed(
                order_id,
                kind,
                "its instrument is not configured; nothing was written",
            );
            return Ok(());
        };
        let order = convert::order(placement, &account);
        let session = Arc::clone(&client);
        let write = Box::pin(async move { client.submit_order(order_id.0, &contract, &order).await });
        self.write(Pending::new(order_id, kind, &session, write));
        Ok(())
    }

    /// Asks IB to cancel an order. One that still waits to be written is not written at all.
    pub fn cancel(&self, order_id: OrderId) -> Result<(), Busy> {
        let kind = WriteKind::Cancel;
        if self.queue.borrow_mut().withdraw(order_id) {
            let code = DenialCode::GatewayBusy;
            self.reports.send(Event::NotSent { order_id, code });
            // Whoever waits for the turn of what is gone must look again.
            self.work.notify_one();
            return Ok(());
        }
        if self.queue.borrow().len() >= CANCELS_MAX {
            return Err(Busy);
        }
        let Some(Link { client, .. }) = self.queue.borrow().link.clone() else {
            self.failed(order_id, kind, "there is no session; nothing was written");
            return Ok(());
        };
        // The subscription is dropped at once: held, it would swallow the order's part of later execution replies.
        let session = Arc::clone(&client);
        let write = Box::pin(async move { client.cancel_order(order_id.0, "").await.map(drop) });
        self.write(Pending::new(order_id, kind, &session, write));
        Ok(())
    }

    /// Begins a write here and now if the socket is free and the budget has room, else queues it.
    fn write(&self, mut pending: Pending) {
        if self.queue.borrow().is_idle() && self.governor.try_take(pending.kind.lane()) {
            // Whatever wakes this waker is not lost: the entry task polls a begun write before it waits.
            let mut context = Context::from_waker(Waker::noop());
            unwritten(pending.kind);
            match pending.write.as_mut().poll(&mut context) {
                Poll::Ready(result) => return self.finished(pending.order_id, pending.kind, result),
                Poll::Pending => self.queue.borrow_mut().begun = Some(pending),
            }
        } else {
            let mut queue = self.queue.borrow_mut();
            let urgent = pending.kind == WriteKind::Cancel && !queue.has_order(pending.order_id);
            if urgent {
                queue.cancels.push_back(pending);
            } else {
                queue.orders.push_back(pending);
            }
            self.metrics.write_queue.set(queue.len() as i64);
        }
        self.work.notify_one();
    }

    /// Finishes what the socket or the budget did not take at once, for as long as the gateway lives.
    pub async fn run(&self) {
        loop {
            let Some(pending) = self.next().await else {
                self.idle.notify_waiters();
                self.work.notified().await;
                continue;
            };
            let (order_id, kind) = (pending.order_id, pending.kind);
            if pending.is_stale() {
                self.too_late(order_id, kind);
            } else {
                unwritten(kind);
                let result = pending.write.await;
                self.finished(order_id, kind, result);
            }
            self.queue.borrow_mut().writing = None;
        }
    }

    /// What is to be written next, when its turn has come; `None` if nothing waits.
    async fn next(&self) -> Option<Pending> {
        loop {
            let begun = self.queue.borrow_mut().begun.take();
            if begun.is_some() {
                return self.now_writing(begun);
            }
            let front = self.queue.borrow().front()?;
            if front.needs_turn {
                tokio::select! {
                    biased;
                    () = self.governor.turn(front.lane) => {}
                    // Something else came: it may be more urgent.
                    () = self.work.notified() => continue,
                    () = tokio::time::sleep_until(front.stale_at), if front.lane == Lane::Order => continue,
                }
            }
            let next = self.queue.borrow_mut().next();
            return self.now_writing(next);
        }
    }

    fn now_writing(&self, next: Option<Pending>) -> Option<Pending> {
        let mut queue = self.queue.borrow_mut();
        queue.writing = next.as_ref().map(|pending| pending.order_id);
        self.metrics.write_queue.set(queue.len() as i64);
        next
    }

    /// An order that could not leave in time certainly did not.
    fn too_late(&self, order_id: OrderId, kind: WriteKind) {
        let kind = kind.as_str();
        warn!(order_id = order_id.0, kind, waited = ?ORDER_WAITS_MAX, "an order waited too long and is not written");
        let code = DenialCode::GatewayBusy;
        self.reports.send(Event::NotSent { order_id, code });
    }

    /// Waits until nothing is being written. The caller bounds the wait.
    pub async fn drained(&self) {
        while !self.queue.borrow().is_idle() {
            self.idle.notified().await;
        }
    }

    fn finished(&self, order_id: OrderId, kind: WriteKind, result: Result<(), ibapi::Error>) {
        match result {
            Ok(()) => {
                written(kind);
                self.metrics.writes.with_label_values(&[kind.as_str()]).inc();
            }
            Err(error) => self.failed(order_id, kind, &error.to_string()),
        }
    }

    fn failed(&self, order_id: OrderId, kind: WriteKind, reason: &str) {
        warn!(
            order_id = order_id.0,
            kind = kind.as_str(),
            reason,
            "a write failed: its outcome is unknown"
        );
        self.metrics.write_failures.inc();
        let reason = format!("{}: {reason}", kind.as_str());
        self.reports.send(Event::WriteFailed { order_id, reason });
    }
}

fn unwritten(kind: WriteKind) {
    crash_point::reach(match kind {
        WriteKind::Place => Step::PlaceUnwritten,
        WriteKind::Replace => Step::ReplaceUnwritten,
        WriteKind::Cancel => Step::CancelUnwritten,
    });
}

fn written(kind: WriteKind) {
    crash_point::reach(match kind {
        WriteKind::Place => Step::PlaceWritten,
        WriteKind::Replace => Step::ReplaceWritten,
        WriteKind::Cancel => Step::CancelWritten,
    });
}
