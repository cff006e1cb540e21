//! Keeps one session with the gateway, for as long as the daemon lives.
//!
//! ```text
//!            ┌───────────────── wait is over ◀───────────────┐
//!            ▼                                               │
//!       Connecting ── refused, silent, 326, too old … ──▶ Waiting
//!            │ handshake done, account is ours               ▲
//!            ▼                                               │
//!         Proving ─── socket lost, heartbeats missed ────────┤
//!            │ the broker's truth is read                    │
//!            ▼                                               │
//!           Up ────── socket lost, heartbeats missed ────────┘
//!
//!       any ── stop ──▶ Closed
//! ```
//!
//! Every transition goes through [`Shared::enter`]: a metric, the published status and a log line; the desk is told of
//! those that matter to it (`Up` after the handshake, `Down` at the end). The order within a session is fixed: the order
//! stream is opened first, then the account is checked, then the desk may ask for the truth, and only after that comes
//! market data, so that recovery never waits behind two hundred contract lookups.
//!
//! Three planes of health are kept apart: the socket, which alone ends the session, and behind it (`planes`) the
//! gateway's own link to IB and the data farms.

use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use ibapi::Client;
use ibapi::subscriptions::NoticeStream;
use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinHandle, JoinSet};
use tokio::time::Instant;
use tracing::{debug, info, warn};

use super::backoff::{Backoff, Cause};
use super::connect::{TEARDOWN, Trouble, choose_account, classify, connect, disconnect};
use super::feed::Feed;
use super::governor::Lane;
use super::planes::Follow;
use super::reports::OrderStream;
use super::streams::keeper;
use super::{MarketDataType, Shared, account, contracts, liveness, proofs, reports, truth};
use crate::clock;
use crate::desk::event::SessionEvent;
use crate::domain::recovery::Guidance;
use crate::domain::session::SessionPhase;

/// A session that stood this long ends the trouble before it.
const STOOD_LONG: Duration = Duration::from_secs(10);

/// Keeps the session. See the module.
#[derive(Debug)]
pub struct Keeper {
    shared: Rc<Shared>,
    backoff: Backoff,
    stop: watch::Receiver<bool>,
    guidance: watch::Receiver<Guidance>,
    last_cause: Option<Cause>,
}

impl Keeper {
    /// With no session yet.
    pub fn new(
        shared: Rc<Shared>,
        backoff: Backoff,
        stop: watch::Receiver<bool>,
        guidance: watch::Receiver<Guidance>,
    ) -> Self {
        Keeper {
            shared,
            backoff,
            stop,
            guidance,
            last_cause: None,
        }
    }

    /// Until stopped: connect, serve, wait, again.
    pub async fn run(mut self) {
        while !*self.stop.borrow() {
            self.shared.enter(SessionPhase::Connecting, "");
            self.shared.status.update(|status| status.attempts += 1);
            let Some(trouble) = self.attempt().await else {
                break;
            };
            let wait = self
                .backoff
                .failed(trouble.cause)
                .max(self.guidance.borrow().pace);
            self.log_trouble(&trouble, wait);
            self.shared.obstructed(&trouble);
            self.shared.enter(SessionPhase::Waiting, &trouble.reason);
            tokio::select! {
                biased;
                _ = self.stop.changed() => {}
                () = tokio::time::sleep(wait) => {}
            }
        }
        self.shared.enter(SessionPhase::Closed, "the daemon stops");
    }

    /// One session from its first byte to its last; `None` when stopped.
    async fn attempt(&mut self) -> Option<Trouble> {
        let connected = tokio::select! {
            biased;
            _ = self.stop.changed() => return None,
            connected = connect(&self.shared) => connected,
        };
        let prepared = match connected {
            Ok((client, notices)) => Session::prepare(&self.shared, client, notices).await,
            Err(trouble) => Err(trouble),
        };
        let session = match prepared {
            Ok(session) => session,
            Err(trouble) => {
                let failures = &self.shared.metrics.connect_failures;
                failures.with_label_values(&[trouble.cause.as_str()]).inc();
                return Some(trouble);
            }
        };
        let since = Instant::now();
        let trouble = self.serve(session).await?;
        let disconnects = &self.shared.metrics.disconnects;
        disconnects.with_label_values(&[trouble.cause.as_str()]).inc();
        if since.elapsed() >= STOOD_LONG {
            self.backoff.succeeded();
        }
        Some(trouble)
    }

    /// From the handshake until the session ends; `None` when stopped.
    async fn serve(&mut self, mut session: Session) -> Option<Trouble> {
        let shared = Rc::clone(&self.shared);
        self.last_cause = None;
        session.announce();
        shared.unobstructed();
        // What was asked for before is done: this is another socket.
        self.guidance.mark_unchanged();
        let asked = self.guidance.borrow().reopen;
        let mut tasks = session.spawn();
        let mut heartbeat = pin!(liveness::heartbeat(
            Rc::clone(&shared),
            Arc::clone(&session.client)
        ));
        // The desk asks for the truth as soon as it hears of the session; data comes after, but is not held for ever.
        let truth = session.truth.clone();
        let patience = shared.config.request_timeout();
        let mut truth_ended = pin!(tokio::time::timeout(patience, truth.ended.notified()));
        let ended = loop {
            tokio::select! {
                biased;
                _ = self.stop.changed() => break None,
                reason = wanted_reopen(&mut self.guidance, asked) => {
                    break Some(Trouble { cause: Cause::Reopened, reason });
                }
                notice = session.notices.next() => match notice {
                    Some(notice) => if shared.notice(&notice) == Follow::Resubscribe {
                        session.resubscribe(&mut tasks);
                    },
                    None => break Some(Trouble {
                        cause: Cause::Lost,
                        reason: "the connection to the gateway broke".to_owned(),
                    }),
                },
                reason = &mut heartbeat => break Some(Trouble { cause: Cause::Silent, reason }),
                () = shared.liveness.give_up.notified() => break Some(Trouble {
                    cause: Cause::Silent,
                    reason: "nobody asked any more whether the gateway lives".to_owned(),
                }),
                () = shared.planes.returned.notified() => session.resubscribe(&mut tasks),
                _ = &mut truth_ended, if session.feed.is_none() => session.start_feed(&mut tasks).await,
                Some(Err(failed)) = tasks.join_next() => {
                    if failed.is_panic() {
                        // A dead task must not leave a living daemon.
                        std::panic::resume_unwind(failed.into_panic());
                    }
                }
            }
        };
        let reason = ended
            .as_ref()
            .map_or("the daemon stops", |trouble| trouble.reason.as_str());
        session.end(tasks, reason).await;
        ended
    }

    /// Says a trouble once, and then less and less often.
    fn log_trouble(&mut self, trouble: &Trouble, wait: Duration) {
        let attempts = self.shared.status.attempts();
        let news = self.last_cause.replace(trouble.cause) != Some(trouble.cause);
        // Within maintenance it is no news: recovery says once that it is expected.
        let news = news && !self.guidance.borrow().expected;
        let Trouble { cause, reason } = trouble;
        let cause = cause.as_str();
        if news || attempts.is_power_of_two() || attempts.is_multiple_of(1_000) {
            warn!(cause, reason, attempts, ?wait, "no session with the gateway");
        } else {
            debug!(cause, reason, attempts, ?wait, "no session with the gateway");
        }
    }
}

/// One established session.
struct Session {
    shared: Rc<Shared>,
    client: Arc<Client>,
    account: Rc<str>,
    notices: NoticeStream,
    orders: Option<OrderStream>,
    reports: Option<JoinHandle<()>>,
    truth: Rc<truth::Signals>,
    feed: Option<Rc<Feed>>,
    resubscription: Option<AbortHandle>,
    /// The order id of the what-if order that proves write access.
    canary: i32,
}

impl Session {
    /// Opens the order stream before anything else can happen, and makes sure that the account is ours.
    async fn prepare(shared: &Rc<Shared>, client: Client, notices: NoticeStream) -> Result<Session, Trouble> {
        let client = Arc::new(client);
        let orders = match client.order_update_stream().await {
            Ok(orders) => orders,
            Err(error) => {
                // Never two sockets of one client id: this one goes before the next attempt.
                disconnect(&client).await;
                return Err(classify(shared, &error));
            }
        };
        let accounts = client.handshake_managed_accounts().to_vec();
        let server_version = client.server_version();
        let chosen = choose_account(shared.config.account.as_deref(), &accounts).map(Rc::from);
        shared.status.update(|status| {
            status.server_version = server_version;
            status.accounts = accounts;
        });
        let account: Rc<str> = match chosen {
            Ok(account) => account,
            Err(reason) => {
                drop(orders);
                disconnect(&client).await;
                return Err(Trouble {
                    cause: Cause::WrongAccount,
                    reason,
                });
            }
        };
        Ok(Session {
            shared: Rc::clone(shared),
            account,
            notices,
            orders: Some(orders),
            reports: None,
            truth: Rc::default(),
            feed: None,
            resubscription: None,
            canary: shared.entry.reserve_id(client.next_order_id()),
            client,
        })
    }

    /// Opens the ways in and tells the desk.
    fn announce(&self) {
        let shared = &self.shared;
        shared.metrics.connects.inc();
        let now = clock::now();
        shared.status.update(|status| {
            status.sessions += 1;
            status.last_heartbeat = Some(now);
        });
        // A new session speaks for itself: if the gateway still has no IB it says so again.
        shared.planes_begin();
        // The handshake wrote its own.
        shared.governor.charge(Lane::Reconcile);
        shared.entry.open(Arc::clone(&self.client), &self.account);
        *shared.truth.borrow_mut() = Some(Rc::clone(&self.truth));
        shared.enter(SessionPhase::Proving, "the handshake is done");
        contracts::announce(shared);
        shared.reports.session(SessionEvent::Up {
            next_order_id: self.client.next_order_id().max(self.canary.saturating_add(1)),
            client_id: self.client.client_id(),
        });
        proofs::handshake(shared, &self.client, &self.account);
    }

    fn spawn(&mut self) -> JoinSet<()> {
        let handles = || (Rc::clone(&self.shared), Arc::clone(&self.client));
        if let Some(stream) = self.orders.take() {
            let (shared, client) = handles();
            self.reports = Some(tokio::task::spawn_local(reports::run(shared, client, stream)));
        }
        let mut tasks = JoinSet::new();
        let (shared, client) = handles();
        let account = Rc::clone(&self.account);
        tasks.spawn_local(truth::run(shared, client, account, Rc::clone(&self.truth)));
        let (shared, client) = handles();
        // Taken before the desk is told which ids are free: it is never one of an order's.
        let account = Rc::clone(&self.account);
        tasks.spawn_local(proofs::run(shared, client, account, self.canary));
        let (shared, client) = handles();
        tasks.spawn_local(contracts::verify(shared, client));
        tasks
    }

    async fn start_feed(&mut self, tasks: &mut JoinSet<()>) {
        let handles = || (Rc::clone(&self.shared), Arc::clone(&self.client));
        let wanted = self.shared.config.market_data_type;
        if wanted != MarketDataType::Live {
            // Live is what a new session begins with.
            self.shared.governor.turn(Lane::Data).await;
            if let Err(error) = self.client.switch_market_data_type(wanted.into()).await {
                warn!(%error, "the market data type could not be set");
            }
        }
        let (shared, client) = handles();
        tasks.spawn_local(account::run(shared, client, Rc::clone(&self.account)));
        let (shared, client) = handles();
        let feed = Rc::new(Feed::start(Rc::clone(&shared), client));
        tasks.spawn_local(keeper::run(shared, Rc::clone(&feed)));
        self.feed = Some(feed);
    }

    fn resubscribe(&mut self, tasks: &mut JoinSet<()>) {
        if let Some(earlier) = self.resubscription.take() {
            earlier.abort();
        }
        if let Some(feed) = self.feed.clone() {
            self.resubscription = Some(tasks.spawn_local(async move { feed.resubscribe().await }));
        }
    }

    /// Lets go of everything, in an order that loses no report that had already arrived.
    async fn end(mut self, tasks: JoinSet<()>, reason: &str) {
        let shared = Rc::clone(&self.shared);
        *shared.truth.borrow_mut() = None;
        shared.entry.close();
        if self.client.is_connected()
            && tokio::time::timeout(TEARDOWN, shared.entry.drained())
                .await
                .is_err()
        {
            warn!("the socket did not take all orders before the session ended");
        }
        drop(tasks);
        if let Some(feed) = self.feed.take() {
            feed.stop();
        }
        disconnect(&self.client).await;
        if let Some(reports) = self.reports.take() {
            let reader = reports.abort_handle();
            if tokio::time::timeout(TEARDOWN, reports).await.is_err() {
                reader.abort();
            }
        }
        if tokio::time::timeout(TEARDOWN, shared.entry.drained())
            .await
            .is_err()
        {
            warn!("orders are still waiting for a socket that is gone");
        }
        shared.quotes.clear();
        shared.streams.lost();
        shared.planes_end();
        shared.forget_proofs();
        let reason = reason.to_owned();
        shared.reports.session(SessionEvent::Down { reason });
    }
}

/// Waits until another socket is asked for; says why.
async fn wanted_reopen(guidance: &mut watch::Receiver<Guidance>, asked: u64) -> String {
    match guidance.wait_for(|guidance| guidance.reopen > asked).await {
        Ok(guidance) => format!("the socket is opened again: {}", guidance.reason),
        // Nobody is left who could ask.
        Err(_) => std::future::pending().await,
    }
}

impl Shared {
    /// The one door between phases.
    pub(super) fn enter(&self, to: SessionPhase, why: &str) {
        let from = self.phase.replace(to);
        if from == to {
            return;
        }
        debug_assert!(may_follow(from, to), "{from:?} -> {to:?}");
        self.metrics.show_phase(to);
        let since = clock::now();
        self.status.update(|status| {
            status.phase = to;
            status.since = since;
            if to == SessionPhase::Up {
                status.attempts = 0;
                status.last_error.clear();
            }
        });
        let (from, to_text) = (from.as_str(), to.as_str());
        // Retries pass through these two for hours; their reasons are logged where they are counted.
        if matches!(to, SessionPhase::Connecting | SessionPhase::Waiting) {
            debug!(from, to = to_text, why, "session");
        } else {
            info!(from, to = to_text, why, "session");
        }
    }
}

/// The drawing above, as a table.
pub const fn may_follow(from: SessionPhase, to: SessionPhase) -> bool {
    use SessionPhase::{Closed, Connecting, Proving, Up, Waiting};
    matches!(
        (from, to),
        (Waiting, Connecting)
            | (Connecting, Proving | Waiting)
            | (Proving, Up | Waiting)
            | (Up, Waiting)
            | (Waiting | Connecting | Proving | Up, Closed)
    )
}
