//! Floor 6: the edge to Interactive Brokers. The only place that knows `ibapi`.
//!
//! Owns: the session with IB Gateway (connect, prove, keep, lose, wait, again), what is asked of it, and every
//! conversion between its words and ours. Runs on the lane, a local runtime, with the desk.
//!
//! | file | what it does |
//! |---|---|
//! | `session` | the life of a session: connect, heartbeat, health, teardown |
//! | `connect` | one attempt, and why it failed |
//! | `backoff` | how long to wait before the next attempt |
//! | `reports` | what IB says of our orders, to the desk |
//! | `truth` | reads everything the broker knows, for reconciliation |
//! | `order_entry` | writes orders and cancels |
//! | `contracts` | which of IB's contracts our instruments are |
//! | `feed` | market data, one task an instrument |
//! | `account` | the account summary |
//! | `proofs` | what a session proves about itself before risk may grow |
//! | `convert`, `codes` | IB's words into ours: values, error codes |
//! | `status`, `metrics`, `pacer` | what is published, what is counted, how fast we may ask |
//!
//! Never: a decision about trading, an exit because IB is down, a report dropped in silence, an order written twice.

mod account;
mod backoff;
#[cfg(test)]
mod backoff_tests;
mod codes;
#[cfg(test)]
mod codes_tests;
mod connect;
#[cfg(test)]
mod connect_tests;
mod contracts;
mod convert;
#[cfg(test)]
mod convert_tests;
mod feed;
mod metrics;
mod order_entry;
#[cfg(test)]
mod order_entry_tests;
mod pacer;
#[cfg(test)]
mod pacer_tests;
mod proofs;
mod reports;
mod session;
mod status;
mod truth;

use std::cell::{Cell, RefCell};
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::net::IpAddr;
use std::rc::Rc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::clock;
use crate::domain::instrument::Instrument;
use crate::domain::order::OrderId;
use crate::domain::session::{SessionPhase, SessionStatus};
use crate::mailbox::{QuoteBoard, ReportSender};
use crate::orders::placement::Placement;

pub use order_entry::Busy;

/// How to reach IB Gateway, and how patient to be with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// `host:port` of IB Gateway (4001 live, 4002 paper) or TWS (7496, 7497).
    pub address: String,
    /// Our client id at IB, at least 1. Orders belong to the id that placed them: do not change it while orders live.
    pub client_id: i32,
    /// The account to trade; may be left out where the gateway manages only one.
    pub account: Option<String>,
    /// How long the gateway may take to shake hands.
    pub handshake_timeout_ms: u32,
    /// How long the gateway may take to answer a request.
    pub request_timeout_ms: u32,
    /// How often the gateway is asked whether it lives.
    pub heartbeat_interval_ms: u32,
    /// How long it may take to say so; two misses end the session.
    pub heartbeat_timeout_ms: u32,
    /// The longest first wait after a failed attempt.
    pub backoff_min_ms: u32,
    /// The longest wait after many.
    pub backoff_max_ms: u32,
    /// Which market data to ask for where live data is not subscribed.
    pub market_data_type: MarketDataType,
    /// How many days of executions to read, at most 7. IB Gateway may know only today's.
    pub execution_days: u8,
    /// Whether the account must be a paper or a live one; not looked at if left out.
    pub trading_mode: Option<TradingMode>,
    /// Names of instruments that need not be known to IB for trading in the others to go on.
    pub optional_instruments: Vec<String>,
    /// Whether each session proves with a what-if order that the gateway takes orders.
    pub prove_write_access: bool,
    /// How often the way to IB and back, and the clocks, are proved again.
    pub proof_interval_ms: u32,
    /// How far the gateway's clock may be from ours.
    pub clock_skew_max_ms: u32,
    /// How many requests (not orders) a second: IB allows half as many messages as there are market data lines.
    pub requests_per_second: u32,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            address: "127.0.0.1:4002".to_owned(),
            client_id: 1,
            account: None,
            handshake_timeout_ms: 10_000,
            request_timeout_ms: 10_000,
            heartbeat_interval_ms: 5_000,
            heartbeat_timeout_ms: 3_000,
            backoff_min_ms: 50,
            backoff_max_ms: 5_000,
            market_data_type: MarketDataType::Live,
            execution_days: 7,
            trading_mode: None,
            optional_instruments: Vec::new(),
            prove_write_access: true,
            proof_interval_ms: 60_000,
            clock_skew_max_ms: 2_000,
            requests_per_second: 40,
        }
    }
}

/// IB's market data types.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MarketDataType {
    /// As it happens; what is not subscribed is refused.
    Live,
    /// Live, and the last of it while the market is closed.
    Frozen,
    /// Fifteen minutes late where live is not subscribed.
    Delayed,
    /// Delayed, and the last of it while the market is closed.
    DelayedFrozen,
}

/// What kind of account is meant to be traded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TradingMode {
    /// Play money: IB's codes for such accounts begin with D.
    Paper,
    /// Real money.
    Live,
}

impl TradingMode {
    /// In words.
    pub const fn as_str(self) -> &'static str {
        match self {
            TradingMode::Paper => "paper",
            TradingMode::Live => "live",
        }
    }

    /// Whether an account is of this kind.
    pub fn fits(self, account: &str) -> bool {
        account.starts_with('D') == (self == TradingMode::Paper)
    }
}

impl From<MarketDataType> for ibapi::market_data::MarketDataType {
    fn from(ours: MarketDataType) -> Self {
        match ours {
            MarketDataType::Live => Self::Realtime,
            MarketDataType::Frozen => Self::Frozen,
            MarketDataType::Delayed => Self::Delayed,
            MarketDataType::DelayedFrozen => Self::DelayedFrozen,
        }
    }
}

/// A setting that cannot work.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{key}: {problem}")]
pub struct ConfigProblem {
    /// The setting, within the gateway's section.
    pub key: &'static str,
    /// What is wrong with it and what to do.
    pub problem: String,
}

impl Config {
    /// Whether the settings make sense together.
    pub fn check(&self) -> Result<(), ConfigProblem> {
        let no = |key, problem: &str| {
            Err(ConfigProblem {
                key,
                problem: problem.to_owned(),
            })
        };
        let port = self.address.rsplit_once(':').and_then(|(host, port)| {
            let port: u16 = port.parse().ok()?;
            (!host.is_empty() && port > 0).then_some(port)
        });
        if port.is_none() {
            return no("address", "must be host:port, such as 127.0.0.1:4002");
        }
        if self.client_id < 1 {
            return no(
                "client_id",
                "must be at least 1; 0 would take over orders made by hand",
            );
        }
        if self
            .account
            .as_deref()
            .is_some_and(|account| account.trim().is_empty())
        {
            return no(
                "account",
                "must not be empty; leave it out to use the only account",
            );
        }
        let waits = [
            ("handshake_timeout_ms", self.handshake_timeout_ms),
            ("request_timeout_ms", self.request_timeout_ms),
            ("heartbeat_interval_ms", self.heartbeat_interval_ms),
            ("heartbeat_timeout_ms", self.heartbeat_timeout_ms),
            ("backoff_min_ms", self.backoff_min_ms),
            ("backoff_max_ms", self.backoff_max_ms),
            ("proof_interval_ms", self.proof_interval_ms),
            ("clock_skew_max_ms", self.clock_skew_max_ms),
        ];
        for (key, wait) in waits {
            if !(10..=600_000).contains(&wait) {
                return no(key, "must be between 10 and 600000 milliseconds");
            }
        }
        if self.backoff_max_ms < self.backoff_min_ms {
            return no("backoff_max_ms", "must not be below backoff_min_ms");
        }
        if self.execution_days > 7 {
            return no("execution_days", "must be at most 7; IB keeps no more");
        }
        if !(1..=1_000).contains(&self.requests_per_second) {
            return no(
                "requests_per_second",
                "must be between 1 and 1000; IB's usual limit is 50",
            );
        }
        Ok(())
    }

    /// Whether the gateway's address is this machine.
    fn is_local(&self) -> bool {
        let host = self.address.rsplit_once(':').map_or("", |(host, _)| host);
        let host = host.trim_start_matches('[').trim_end_matches(']');
        host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    }

    fn handshake_timeout(&self) -> Duration {
        Duration::from_millis(self.handshake_timeout_ms.into())
    }

    fn request_timeout(&self) -> Duration {
        Duration::from_millis(self.request_timeout_ms.into())
    }

    fn heartbeat_interval(&self) -> Duration {
        Duration::from_millis(self.heartbeat_interval_ms.into())
    }

    fn heartbeat_timeout(&self) -> Duration {
        Duration::from_millis(self.heartbeat_timeout_ms.into())
    }

    fn proof_interval(&self) -> Duration {
        Duration::from_millis(self.proof_interval_ms.into())
    }

    fn backoff_bounds(&self) -> backoff::Bounds {
        backoff::Bounds {
            min: Duration::from_millis(self.backoff_min_ms.into()),
            max: Duration::from_millis(self.backoff_max_ms.into()),
            local: self.is_local(),
        }
    }
}

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
    proofs: proofs::ProofBoard,
    metrics: Rc<metrics::Metrics>,
    pacer: pacer::Pacer,
    phase: Cell<SessionPhase>,
    /// How to ask the present session for the truth.
    truth: RefCell<Option<Rc<truth::Signals>>>,
}

/// Starts keeping a session. Must be called within a `LocalRuntime` or a `LocalSet`.
///
/// What the gateway learns comes by `reports` and `quotes`; see [`GatewayHandle`] for what can be asked of it.
pub fn start(
    config: Config,
    instruments: Vec<Instrument>,
    reports: ReportSender,
    quotes: QuoteBoard,
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
    let catalogue = Rc::new(contracts::Catalogue::new(instruments));
    let entry = order_entry::OrderEntry::new(reports.clone(), Rc::clone(&catalogue), Rc::clone(&metrics));
    let shared = Rc::new(Shared {
        entry,
        status: status::StatusBoard::new(&config.address, config.client_id, catalogue.len()),
        proofs: proofs::ProofBoard::new(),
        pacer: pacer::Pacer::new(config.requests_per_second),
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
    let keeper = session::Keeper::new(Rc::clone(&shared), backoff, stopped);
    let entry = Rc::clone(&shared);
    let ticker = Rc::clone(&shared);
    Ok(GatewayHandle {
        stop,
        keeper: tokio::task::spawn_local(keeper.run()),
        helpers: [
            tokio::task::spawn_local(async move { entry.entry.run().await }),
            tokio::task::spawn_local(publish(ticker)),
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
        shared.status.publish_lines();
        let (requested, ticking) = shared.status.line_counts();
        shared.metrics.subscriptions.set(requested as i64);
        shared.metrics.subscriptions_ticking.set(ticking as i64);
        shared.review_proofs(clock::now());
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
    keeper: JoinHandle<()>,
    helpers: [JoinHandle<()>; 2],
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
