//! Proves that the session can trade instead of assuming it: asks for what only a working whole can answer, and keeps
//! the age of every answer. See [`ProofKind`] for what is proved.
//!
//! The desk is told when what is missing changes; risk may grow only while nothing is. Cancels and orders that reduce
//! a position do not wait for any of this.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use ibapi::Client;
use ibapi::orders::{Action, Order, PlaceOrder};
use ibapi::subscriptions::SubscriptionItem;
use tokio::sync::Notify;
use tracing::{info, warn};

use super::codes::About;
use super::feed::session_is_over;
use super::governor::Lane;
use super::{Shared, TradingMode, contracts};
use crate::clock;
use crate::desk::event::SessionEvent;
use crate::domain::instrument::InstrumentId;
use crate::domain::proof::{Proof, ProofKind};
use crate::domain::session::SessionPhase;
use crate::domain::time::Timestamp;

/// How soon a proof that failed is tried again.
const AGAIN: Duration = Duration::from_secs(5);

/// The proofs of this session.
#[derive(Debug)]
pub struct ProofBoard {
    proofs: RefCell<Vec<Proof>>,
    /// What the desk was last told is missing.
    told: RefCell<Option<Vec<String>>>,
    /// Something happened after which the way to IB must be proved at once.
    again: Notify,
}

impl ProofBoard {
    /// Nothing is proved.
    pub fn new() -> Self {
        ProofBoard {
            proofs: RefCell::new(ProofKind::ALL.map(Proof::missing).to_vec()),
            told: RefCell::new(None),
            again: Notify::new(),
        }
    }

    /// Has the way to IB proved now instead of at its time.
    pub fn prove_again(&self) {
        self.again.notify_one();
    }

    fn set(&self, kind: ProofKind, change: impl FnOnce(&mut Proof)) {
        if let Some(proof) = self
            .proofs
            .borrow_mut()
            .iter_mut()
            .find(|proof| proof.kind == kind)
        {
            change(proof);
        }
    }

    /// Whether all of them are held.
    pub fn all_held(&self) -> bool {
        self.proofs.borrow().iter().all(|proof| proof.held)
    }

    fn held(&self, kind: ProofKind) -> bool {
        let proofs = self.proofs.borrow();
        proofs.iter().any(|proof| proof.kind == kind && proof.held)
    }
}

impl Shared {
    /// Whether the session is up and has proved everything.
    pub(super) fn is_ready(&self) -> bool {
        self.phase.get() == SessionPhase::Up && self.proofs.all_held()
    }

    /// A proof was given.
    pub(super) fn proved(&self, kind: ProofKind, reason: impl Into<String>) {
        let reason = reason.into();
        self.proofs.set(kind, |proof| {
            proof.held = true;
            proof.proved = Some(clock::now());
            proof.reason = reason;
            proof.fix = String::new();
        });
        self.tell_proofs();
    }

    /// A proof failed, or what it proved is no longer so.
    pub(super) fn disproved(&self, kind: ProofKind, reason: impl Into<String>, fix: &str) {
        let reason = reason.into();
        if self.proofs.held(kind) {
            warn!(proof = kind.as_str(), reason, "the session is no longer proved");
        }
        self.proofs.set(kind, |proof| {
            proof.held = false;
            proof.reason = reason;
            proof.fix = fix.to_owned();
        });
        self.tell_proofs();
    }

    /// The session ended: what it proved says nothing about the next one.
    pub(super) fn forget_proofs(&self) {
        *self.proofs.proofs.borrow_mut() = ProofKind::ALL.map(Proof::missing).to_vec();
        *self.proofs.told.borrow_mut() = None;
        self.publish_proofs();
    }

    /// Tells the desk what is missing, if that changed.
    fn tell_proofs(&self) {
        let missing: Vec<String> = {
            let proofs = self.proofs.proofs.borrow();
            let missing = proofs.iter().filter(|proof| !proof.held);
            missing
                .map(|proof| format!("{}: {}", proof.kind.as_str(), proof.reason))
                .collect()
        };
        if self.proofs.told.borrow().as_ref() == Some(&missing) {
            return;
        }
        self.publish_proofs();
        *self.proofs.told.borrow_mut() = Some(missing.clone());
        if missing.is_empty() {
            info!("the session is proved");
        }
        self.reports.session(SessionEvent::Proofs { missing });
    }

    fn publish_proofs(&self) {
        let proofs = self.proofs.proofs.borrow().clone();
        for proof in &proofs {
            let gauge = self.metrics.proof.with_label_values(&[proof.kind.as_str()]);
            gauge.set(i64::from(proof.held));
        }
        self.status.update(|status| status.proofs = proofs);
    }

    /// What time alone can take away: heartbeats that are too old, subscriptions that never ticked. Once a second.
    pub(super) fn review_proofs(&self, now: Timestamp) {
        for proof in self.proofs.proofs.borrow().iter() {
            if let Some(proved) = proof.proved {
                let gauge = self.metrics.proof_age.with_label_values(&[proof.kind.as_str()]);
                gauge.set(now.since(proved).as_secs_f64());
            }
        }
        if !self.proofs.held(ProofKind::Handshake) {
            return;
        }
        let patience = self.config.heartbeat_interval() + 2 * self.config.heartbeat_timeout();
        let old = self
            .status
            .last_heartbeat()
            .is_none_or(|at| now.since(at) > patience);
        if old && self.proofs.held(ProofKind::Heartbeat) {
            let reason = format!("the gateway has not answered for more than {patience:?}");
            self.disproved(
                ProofKind::Heartbeat,
                reason,
                "the session is closed and opened again by itself",
            );
        }
        self.review_instruments();
        self.review_market_data();
        self.publish_proofs();
    }

    /// Looks whether every required instrument is known to IB.
    pub(super) fn review_instruments(&self) {
        let all = 0..self.catalogue.len();
        let unknown: Vec<&str> = all
            .map(|index| InstrumentId(index as u32))
            .filter(|id| self.catalogue.facts(*id).is_none())
            .map(|id| self.catalogue.name(id))
            .filter(|name| !self.config.is_optional(name))
            .collect();
        if unknown.is_empty() {
            self.proved(ProofKind::Instruments, "all that are required are IB's contracts");
        } else {
            let reason = format!("not found among IB's contracts: {}", shortened(&unknown));
            let fix = "if it stays so: check symbol, exchange and currency in the configuration, or name it in \
                       gateway.optional_instruments";
            self.disproved(ProofKind::Instruments, reason, fix);
        }
    }

    fn review_market_data(&self) {
        let missing = self.streams.unproved();
        if missing.is_empty() {
            self.proved(
                ProofKind::MarketData,
                "no stream is refused or, in an open market, past its first tick's deadline",
            );
        } else {
            let missing: Vec<&str> = missing.iter().map(String::as_str).collect();
            let reason = format!("no market data: {}", shortened(&missing));
            let fix = "`moorctl streams` says what to do for each; name in gateway.optional_instruments those that \
                       trading can do without";
            self.disproved(ProofKind::MarketData, reason, fix);
        }
    }
}

fn shortened(names: &[&str]) -> String {
    const SHOWN: usize = 5;
    let shown = names.iter().take(SHOWN).copied().collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// What the handshake itself proves.
pub fn handshake(shared: &Shared, client: &Client, account: &str) {
    let version = client.server_version();
    let id = client.client_id();
    shared.proved(
        ProofKind::Handshake,
        format!("server version {version}, client id {id}"),
    );
    shared.proved(ProofKind::Heartbeat, "the handshake was its first answer");
    match shared.config.trading_mode {
        Some(mode) if !mode.fits(account) => {
            let reason = format!("{account} is not a {} account", mode.as_str());
            let fix = "connect to the other gateway port, or change gateway.trading_mode: moored trades nothing until then";
            shared.disproved(ProofKind::Account, reason, fix);
        }
        mode => {
            let mode = mode.map_or("", TradingMode::as_str);
            shared.proved(
                ProofKind::Account,
                format!("{account} {mode}").trim_end().to_owned(),
            );
        }
    }
    shared.review_instruments();
    shared.review_market_data();
    shared.review_margin();
}

/// Asks for what only a working whole can answer, at once and then again and again, until the session ends. `first_id`
/// is the order id of the what-if order; the desk must not use it.
pub async fn run(shared: Rc<Shared>, client: Arc<Client>, account: Rc<str>, first_id: i32) {
    let write = write_access(&shared, &client, &account, first_id);
    let rounds = async {
        loop {
            let (asked, told) = tokio::join!(upstream(&shared, &client), skew(&shared, &client));
            let pause = if asked && told {
                shared.config.proof_interval()
            } else {
                AGAIN
            };
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = shared.proofs.again.notified() => {}
            }
        }
    };
    tokio::join!(write, rounds);
}

/// A contract's details come from IB's servers: an answer proves the way there and back.
async fn upstream(shared: &Shared, client: &Client) -> bool {
    const FIX: &str = "wait for IB (it resets every night), or look at the gateway's own window or log";
    if shared.catalogue.len() == 0 {
        shared.proved(
            ProofKind::Upstream,
            "no instrument is configured, so nothing can be asked for",
        );
        return true;
    }
    shared.governor.turn(Lane::Heartbeat).await;
    let asked = clock::now();
    let answer = contracts::resolve(shared, client, InstrumentId(0)).await;
    if answer.is_ok() {
        shared.upstream_answered(asked);
    }
    match answer {
        Ok(()) if shared.status.upstream() => {
            shared.proved(ProofKind::Upstream, "IB answered a contract lookup");
            true
        }
        Ok(()) => {
            shared.disproved(ProofKind::Upstream, "the gateway said that it lost IB", FIX);
            false
        }
        // A refusal is IB's answer, or the gateway's from its own memory: it proves nothing, and takes nothing away.
        Err(error) => {
            if !shared.proofs.held(ProofKind::Upstream) || error.is_silence() {
                shared.disproved(ProofKind::Upstream, error.to_string(), FIX);
            }
            false
        }
    }
}

/// Compares the clocks, halving the way there and back.
async fn skew(shared: &Shared, client: &Client) -> bool {
    const FIX: &str = "run an NTP client on this machine and on the gateway's";
    shared.governor.turn(Lane::Heartbeat).await;
    let asked = clock::now();
    let deadline = shared.config.heartbeat_timeout();
    let answer = tokio::time::timeout(deadline, client.server_time_millis()).await;
    let now = clock::now();
    let Ok(Ok(told)) = answer else {
        return false;
    };
    let theirs = i128::from(told.unix_timestamp()) * 1_000 + i128::from(told.millisecond());
    let ours = i128::from((asked.nanos() / 2 + now.nanos() / 2) / 1_000_000);
    let skew = i64::try_from(theirs - ours).unwrap_or(i64::MAX);
    shared.metrics.clock_skew.set(skew as f64 / 1e3);
    let most = shared.config.clock_skew_max_ms;
    if skew.unsigned_abs() <= u64::from(most) {
        shared.proved(
            ProofKind::Clock,
            format!("the gateway's clock is {skew} ms from ours"),
        );
        return true;
    }
    let reason = format!("the gateway's clock is {skew} ms from ours, more than {most} ms");
    shared.disproved(ProofKind::Clock, reason, FIX);
    false
}

/// A what-if order places nothing and needs the right to place. Any answer but "read-only" proves the right: a refusal
/// for margin or price is a refusal of that order only.
async fn write_access(shared: &Shared, client: &Client, account: &str, order_id: i32) {
    const FIX: &str = "untick \"Read-Only API\" in the gateway's API settings";
    if !shared.config.prove_write_access {
        shared.proved(
            ProofKind::WriteAccess,
            "not asked for (gateway.prove_write_access is off)",
        );
        return;
    }
    loop {
        let deadline = shared.config.request_timeout();
        shared.governor.turn(Lane::Reconcile).await;
        let answer = tokio::time::timeout(deadline, what_if(shared, client, account, order_id)).await;
        let (held, reason) = match answer {
            Err(_) => (
                false,
                format!("a what-if order was not answered within {deadline:?}"),
            ),
            Ok(Ok(())) => (true, "a what-if order was considered".to_owned()),
            Ok(Err(error)) if session_is_over(&error) => return,
            Ok(Err(error)) => {
                let read_only = match &error {
                    // Heard already, by the order stream.
                    ibapi::Error::Notice(notice) => shared.ruling(About::Order, notice).is_read_only(),
                    _ => false,
                };
                (!read_only, error.to_string())
            }
        };
        if held {
            shared.proved(ProofKind::WriteAccess, reason);
            return;
        }
        shared.disproved(ProofKind::WriteAccess, reason, FIX);
        tokio::time::sleep(AGAIN).await;
    }
}

async fn what_if(shared: &Shared, client: &Client, account: &str, order_id: i32) -> Result<(), ibapi::Error> {
    let Some(contract) = shared.catalogue.contract(InstrumentId(0)) else {
        return Ok(());
    };
    let order = Order {
        order_id,
        action: Action::Buy,
        order_type: "MKT".to_owned(),
        total_quantity: 1.0,
        tif: ibapi::orders::TimeInForce::Day,
        account: account.to_owned(),
        what_if: true,
        transmit: true,
        order_ref: "moored what-if".to_owned(),
        ..Order::default()
    };
    let mut answers = client.place_order(order_id, &contract, &order).await?;
    while let Some(answer) = answers.next().await {
        match answer? {
            SubscriptionItem::Data(PlaceOrder::OpenOrder(_)) => return Ok(()),
            SubscriptionItem::Data(_) | SubscriptionItem::Notice(_) => {}
        }
    }
    Err(ibapi::Error::UnexpectedEndOfStream)
}
