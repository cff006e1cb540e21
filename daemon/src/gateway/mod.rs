//! Floor 6: the edge to Interactive Brokers. The only place that knows `ibapi`.
//!
//! Owns: the session with IB Gateway (connect, prove, keep, lose, wait, again), what is asked of it, and every
//! conversion between its words and ours. Runs on the lane, a local runtime, with the desk.
//!
//! | file | what it does |
//! |---|---|
//! | `session` | the life of a session: connect, heartbeat, health, teardown |
//! | `config` | the settings of its section |
//! | `connect` | one attempt, and why it failed |
//! | `backoff` | how long to wait before the next attempt |
//! | `reports` | what IB says of our orders, to the desk |
//! | `truth` | reads everything the broker knows, for reconciliation |
//! | `order_entry` | writes orders and cancels |
//! | `contracts` | which of IB's contracts our instruments are |
//! | `streams` | market data as wishes: what is wanted, whether it comes, what is asked for again |
//! | `feed` | market data, one task a request |
//! | `account` | the account summary |
//! | `obstacles` | what stands between us and a session, told to whoever recovers it |
//! | `proofs` | what a session proves about itself before risk may grow |
//! | `planes` | the gateway's own way to IB, and IB's data farms by name |
//! | `codes` | what IB's error codes mean and what is done about each: a table, and what the operator changed of it |
//! | `convert` | IB's values into ours |
//! | `governor` | one budget for everything that is written, and who goes first |
//! | `liveness` | the heartbeat, and the detector that looks in every phase |
//! | `status`, `metrics` | what is published, what is counted |
//!
//! Never: a decision about trading, an exit because IB is down, a report dropped in silence, an order written twice.

mod account;
mod backoff;
#[cfg(test)]
mod backoff_tests;
mod codes;
mod config;
mod connect;
#[cfg(test)]
mod connect_tests;
mod contracts;
#[cfg(test)]
mod contracts_tests;
mod convert;
#[cfg(test)]
mod convert_tests;
mod feed;
mod governor;
mod liveness;
#[cfg(test)]
mod liveness_tests;
mod metrics;
mod obstacles;
mod order_entry;
#[cfg(test)]
mod order_entry_tests;
mod planes;
mod proofs;
mod reports;
mod session;
mod status;
mod streams;
mod truth;

use std::cell::{Cell, RefCell};
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::clock;
use crate::domain::instrument::Instrument;
use crate::domain::order::OrderId;
use crate::domain::recovery::Guidance;
use crate::domain::session::{SessionPhase, SessionStatus};
use crate::mailbox::{QuoteBoard, ReportSender};
use crate::orders::placement::Placement;

pub use config::{Config, ConfigProblem, MarketDataType, TradingMode};
pub use liveness::Pulse;
pub use order_entry::Busy;

/// Why the gateway's edge cannot be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A setting is wrong.
    #[error("gateway.{0}")]
    Config(#[from] ConfigProblem),
    /// The instruments are not numbered by their place in the table.
    #[error("instrument {name} has id {id} at place {place}; ids must be places")]
    Instruments {
        /// Which.
        name: String,
        /// Its id.
        id: u32,
        /// Its place.
        place: usize,
    },
    /// The table of error codes cannot be read.
    #[error("gateway.{0}")]
    Codes(#[from] codes::PolicyError),
    /// A metric exists already.
    #[error("the gateway's metrics cannot be registered: {0}")]
    Metrics(#[from] prometheus::Error),
}

/// What the gateway's tasks have in common. One thread, so no locks.
#[derive(Debug)]
struct Shared {
    config: Config,
    catalogue: Rc<contracts::Catalogue>,
    reports: ReportSender,
    quotes: QuoteBoard,
    entry: order_entry::OrderEntry,
    status: status::StatusBoard,
    streams: streams::Streams,
    proofs: proofs::ProofBoard,
    codes: codes::Hearing,
    planes: planes::Planes,
    margin: account::Margin,
    metrics: Rc<metrics::Metrics>,
    governor: Rc<governor::Governor>,
    liveness: liveness::Liveness,
    phase: Cell<SessionPhase>,
    /// How to ask the present session for the truth.
    truth: RefCell<Option<Rc<truth::Signals>>>,
}

/// Starts keeping a session. Must be called within a `LocalRuntime` or a `LocalSet`.
///
/// `highest_order_id` is the highest ever used.
/// What the gateway learns comes by `reports` and `quotes`; see [`GatewayHandle`] for what can be asked of it.
pub fn start(
    config: Config,
    instruments: Vec<Instrument>,
    reports: ReportSender,
    quotes: QuoteBoard,
    highest_order_id: i32,
    registry: &prometheus::Registry,
) -> Result<GatewayHandle, StartError> {
    config.check()?;
    for (place, instrument) in instruments.iter().enumerate() {
        if instrument.id.index() != place {
            let name = instrument.name.clone();
            let id = instrument.id.0;
            return Err(StartError::Instruments { name, id, place });
        }
    }
    let metrics = Rc::new(metrics::Metrics::register(registry)?);
    let policy = codes::Policy::new(&config.error_codes)?;
    let codes = codes::Hearing::register(policy, registry)?;
    let catalogue = Rc::new(contracts::Catalogue::new(instruments));
    let governor = Rc::new(governor::Governor::register(
        config.messages_per_second,
        registry,
    )?);
    let entry = order_entry::OrderEntry::new(
        reports.clone(),
        Rc::clone(&catalogue),
        Rc::clone(&metrics),
        Rc::clone(&governor),
        highest_order_id,
    );
    let status = status::StatusBoard::new(&config.address, config.client_id);
    let parts = streams::Parts {
        config: &config,
        catalogue: &catalogue,
        reports: &reports,
        quotes: &quotes,
        record: status.sender(),
    };
    let shared = Rc::new(Shared {
        entry,
        streams: streams::Streams::new(parts, registry)?,
        status,
        proofs: proofs::ProofBoard::new(),
        planes: planes::Planes::register(registry)?,
        margin: account::Margin::default(),
        codes,
        liveness: liveness::Liveness::register(registry)?,
        governor,
        phase: Cell::new(SessionPhase::Waiting),
        truth: RefCell::new(None),
        catalogue,
        reports,
        quotes,
        metrics,
        config,
    });
    let (stop, stopped) = watch::channel(false);
    // Chance from the standard library's own: only backoff needs it.
    let seed = RandomState::new().build_hasher().finish();
    let backoff = backoff::Backoff::new(shared.config.backoff_bounds(), seed);
    let (guidance, guided) = watch::channel(Guidance::default());
    let keeper = session::Keeper::new(Rc::clone(&shared), backoff, stopped, guided);
    let entry = Rc::clone(&shared);
    let ticker = Rc::clone(&shared);
    let watcher = Rc::clone(&shared);
    Ok(GatewayHandle {
        stop,
        guidance,
        keeper: tokio::task::spawn_local(keeper.run()),
        helpers: [
            tokio::task::spawn_local(async move { entry.entry.run().await }),
            tokio::task::spawn_local(publish(ticker)),
            tokio::task::spawn_local(liveness::watch(watcher)),
        ],
        shared,
    })
}

/// How often ages and counts that change without an event are shown anew: a scrape a second sees each.
const PUBLISH_EVERY: Duration = Duration::from_secs(1);

/// Once a second: what moves with every tick is copied to where it can be read.
async fn publish(shared: Rc<Shared>) {
    let mut round = tokio::time::interval(PUBLISH_EVERY);
    round.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        round.tick().await;
        shared.streams.publish(clock::now());
        let (requested, ticking) = shared.streams.counts();
        shared.metrics.subscriptions.set(requested as i64);
        shared.metrics.subscriptions_ticking.set(ticking as i64);
        shared.review_proofs(clock::now());
        shared.governor.publish();
        if let Some(answered) = shared.status.last_heartbeat() {
            let age = clock::now().since(answered);
            shared.metrics.heartbeat_age.set(age.as_secs_f64());
        }
    }
}

/// What can be asked of the gateway. Dropping it stops nothing; [`GatewayHandle::stop`] does.
#[derive(Debug)]
pub struct GatewayHandle {
    shared: Rc<Shared>,
    stop: watch::Sender<bool>,
    guidance: watch::Sender<Guidance>,
    keeper: JoinHandle<()>,
    helpers: [JoinHandle<()>; 3],
}

impl GatewayHandle {
    /// Writes a new order; usually before this returns. A failure comes as `Event::WriteFailed`, also where there is no
    /// session.
    pub fn place(&self, placement: Placement) -> Result<(), Busy> {
        self.shared.entry.send(placement, order_entry::WriteKind::Place)
    }

    /// Writes an order again with another quantity or price; as [`GatewayHandle::place`].
    pub fn replace(&self, placement: Placement) -> Result<(), Busy> {
        self.shared.entry.send(placement, order_entry::WriteKind::Replace)
    }

    /// Writes a cancel; as [`GatewayHandle::place`], and ahead of orders that wait, except the one it cancels.
    pub fn cancel(&self, order_id: OrderId) -> Result<(), Busy> {
        self.shared.entry.cancel(order_id)
    }

    /// Asks for the broker's truth. The answer is `SessionEvent::Truth` or `TruthFailed`; wishes made while one is being
    /// read are answered by one more reading. Where there is no session, or it ends first, the answer is `Down`, and the
    /// next `Up` is the time to ask again.
    pub fn reconcile(&self) {
        if let Some(truth) = &*self.shared.truth.borrow() {
            truth.wanted.notify_one();
        }
    }

    /// How the session is, now and whenever it changes.
    pub fn status(&self) -> watch::Receiver<SessionStatus> {
        self.shared.status.subscribe()
    }

    /// The way to slow down the keeper of the session, or to have its socket opened again.
    pub fn guidance(&self) -> watch::Sender<Guidance> {
        self.guidance.clone()
    }

    /// Grows while the session's liveness detector runs, which it does in every phase.
    pub fn pulse(&self) -> Arc<Pulse> {
        self.shared.liveness.pulse()
    }

    /// Ends the session: what waits for the socket is written first, within two seconds.
    pub async fn stop(self) {
        // The keeper may be gone only if it panicked, which the caller learns below.
        let _ = self.stop.send(true);
        let ended = self.keeper.await;
        for helper in &self.helpers {
            helper.abort();
        }
        if let Err(failed) = ended
            && failed.is_panic()
        {
            std::panic::resume_unwind(failed.into_panic());
        }
    }
}
