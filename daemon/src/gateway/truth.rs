//! Reads everything the broker knows, so that the desk can compare. Executions are read before and after the
//! positions; if the two readings differ, a fill fell between and all is read again, so what the desk gets is of one
//! instant.
//!
//! Never: an empty truth for a reading that failed. Unknown is not the same as flat.

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{Stream, StreamExt};
use ibapi::Client;
use ibapi::accounts::PositionUpdate;
use ibapi::orders::{ExecutionFilter, Executions, Orders};
use ibapi::subscriptions::SubscriptionItem;
use tokio::sync::Notify;
use tracing::{debug, info, warn};

use super::codes::About;
use super::governor::Lane;
use super::{Shared, convert};
use crate::clock;
use crate::desk::event::SessionEvent;
use crate::domain::report::{BrokerOrder, BrokerPosition, BrokerTruth, Commission, Execution};
use crate::domain::session::SessionPhase;

/// How often the executions may change under us before we say so.
const READINGS_MAX: u32 = 5;

/// Why the broker could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TruthError {
    /// No answer in time.
    #[error("the gateway did not finish {what} within {deadline:?}")]
    Silent {
        /// What was asked.
        what: &'static str,
        /// How long we waited.
        deadline: Duration,
    },
    /// An error instead of an answer.
    #[error("the gateway failed {what}: {text}")]
    Failed {
        /// What was asked.
        what: &'static str,
        /// The error.
        text: String,
    },
    /// An execution came without a price.
    #[error("execution {exec_id} cannot be read")]
    Unreadable {
        /// Which.
        exec_id: String,
    },
    /// Fills kept coming between the readings.
    #[error("executions changed during each of {READINGS_MAX} readings")]
    Restless,
}

/// How the truth is asked for, and how others learn that a reading ended. One session long.
#[derive(Debug, Default)]
pub struct Signals {
    /// The desk wants a reading.
    pub wanted: Notify,
    /// A reading ended, well or not.
    pub ended: Notify,
}

/// Answers each wish for the truth, one at a time, until the session ends.
pub async fn run(shared: Rc<Shared>, client: Arc<Client>, account: Rc<str>, signals: Rc<Signals>) {
    let reader = Reader {
        shared,
        client,
        account,
    };
    loop {
        signals.wanted.notified().await;
        let truths = &reader.shared.metrics.truths;
        match reader.read().await {
            Ok(truth) => {
                info!(
                    open_orders = truth.open_orders.len(),
                    completed_orders = truth.completed_orders.len(),
                    executions = truth.executions.len(),
                    positions = truth.positions.len(),
                    "the broker's truth is read"
                );
                truths.with_label_values(&["read"]).inc();
                reader
                    .shared
                    .enter(SessionPhase::Up, "the broker's truth is read");
                reader
                    .shared
                    .reports
                    .session(SessionEvent::Truth(Box::new(truth)));
            }
            Err(error) => {
                let reason = error.to_string();
                warn!(reason, "the broker's truth could not be read");
                truths.with_label_values(&["failed"]).inc();
                reader.shared.status.error(reason.clone());
                reader
                    .shared
                    .reports
                    .session(SessionEvent::TruthFailed { reason });
            }
        }
        signals.ended.notify_one();
    }
}

struct Reader {
    shared: Rc<Shared>,
    client: Arc<Client>,
    account: Rc<str>,
}

impl Reader {
    async fn read(&self) -> Result<BrokerTruth, TruthError> {
        let mut before = self.executions().await?;
        for reading in 1..=READINGS_MAX {
            let open_orders = self.open_orders().await?;
            let completed_orders = self.completed_orders().await?;
            let positions = self.positions().await?;
            let after = self.executions().await?;
            if before.ids() == after.ids() {
                return Ok(BrokerTruth {
                    open_orders,
                    completed_orders,
                    executions: after.executions,
                    commissions: after.commissions,
                    positions,
                    next_order_id: self.next_order_id().await?,
                    as_of: clock::now(),
                });
            }
            debug!(reading, "an execution came between; reading again");
            before = after;
        }
        Err(TruthError::Restless)
    }

    async fn executions(&self) -> Result<Fills, TruthError> {
        const WHAT: &str = "the list of executions";
        let filter = ExecutionFilter {
            last_n_days: i32::from(self.shared.config.execution_days),
            ..ExecutionFilter::default()
        };
        let told = self.collect(WHAT, self.client.executions(filter), None).await?;
        let mut fills = Fills::default();
        for item in told {
            match item {
                Executions::ExecutionData(told) if !self.is_ours(&told.execution.account_number) => {}
                Executions::ExecutionData(told) => {
                    let instrument = self.shared.catalogue.instrument_of(&told.contract);
                    let exec_id = told.execution.execution_id.clone();
                    let fill = convert::execution(told, instrument);
                    fills
                        .executions
                        .push(fill.ok_or(TruthError::Unreadable { exec_id })?);
                }
                Executions::CommissionReport(told) => fills.commissions.extend(convert::commission(told)),
            }
        }
        Ok(fills)
    }

    async fn open_orders(&self) -> Result<Vec<BrokerOrder>, TruthError> {
        const WHAT: &str = "the list of open orders";
        let told = self.collect(WHAT, self.client.all_open_orders(), None).await?;
        let mut orders: Vec<BrokerOrder> = Vec::new();
        let mut places: HashMap<(i32, i32, i64), usize> = HashMap::new();
        for item in told {
            match item {
                // The answer to a what-if falls among the listed orders, and is none.
                Orders::OrderData(told) if told.order.what_if || !self.is_ours(&told.order.account) => {}
                Orders::OrderData(told) => {
                    let instrument = self.shared.catalogue.instrument_of(&told.contract);
                    let order = convert::broker_order(told, instrument);
                    let key = (order.client_id, order.order_id.0, order.perm_id);
                    match places.get(&key).and_then(|place| orders.get_mut(*place)) {
                        // Told twice: a live frame among the listed ones. The later is the newer.
                        Some(earlier) => {
                            let filled = earlier.filled;
                            *earlier = BrokerOrder { filled, ..order };
                        }
                        None => {
                            places.insert(key, orders.len());
                            orders.push(order);
                        }
                    }
                }
                Orders::OrderStatus(told) => {
                    let key = (told.client_id, told.order_id, told.perm_id);
                    let order = places.get(&key).and_then(|place| orders.get_mut(*place));
                    if let (Some(order), Some(status)) = (order, convert::status_report(told)) {
                        order.status = status.status;
                        order.filled = Some(status.filled);
                    }
                }
            }
        }
        Ok(orders)
    }

    async fn completed_orders(&self) -> Result<Vec<BrokerOrder>, TruthError> {
        const WHAT: &str = "the list of completed orders";
        let told = self
            .collect(WHAT, self.client.completed_orders(false), None)
            .await?;
        let completed = told.into_iter().filter_map(|item| match item {
            Orders::OrderData(told) if self.is_ours(&told.order.account) => {
                let instrument = self.shared.catalogue.instrument_of(&told.contract);
                Some(convert::completed_order(told, instrument))
            }
            _ => None,
        });
        Ok(completed.collect())
    }

    async fn positions(&self) -> Result<Vec<BrokerPosition>, TruthError> {
        const WHAT: &str = "the list of positions";
        // Positions are a subscription: the client library cancels it when it is dropped.
        self.shared.governor.turn(Lane::Reconcile).await;
        let is_end: IsEnd<PositionUpdate> = |update| matches!(update, PositionUpdate::PositionEnd);
        let told = self.collect(WHAT, self.client.positions(), Some(is_end)).await?;
        let positions = told.into_iter().filter_map(|update| match update {
            PositionUpdate::Position(told) if self.is_ours(&told.account) => {
                let instrument = self.shared.catalogue.instrument_of(&told.contract);
                Some(convert::position(told, instrument))
            }
            _ => None,
        });
        Ok(positions.collect())
    }

    async fn next_order_id(&self) -> Result<i32, TruthError> {
        const WHAT: &str = "the next order id";
        let deadline = self.shared.config.request_timeout();
        self.shared.governor.turn(Lane::Reconcile).await;
        let answer = tokio::time::timeout(deadline, self.client.next_valid_order_id()).await;
        let answer = answer.map_err(|_| TruthError::Silent { what: WHAT, deadline })?;
        answer.map_err(|error| told(&self.shared, WHAT, deadline, &error))
    }

    fn is_ours(&self, account: &str) -> bool {
        account.is_empty() || account == &*self.account
    }

    /// Asks, and reads to the end: the item that says so, or else the stream's own.
    async fn collect<T, S, F>(
        &self,
        what: &'static str,
        request: F,
        is_end: Option<IsEnd<T>>,
    ) -> Result<Vec<T>, TruthError>
    where
        F: Future<Output = Result<S, ibapi::Error>>,
        S: Stream<Item = Result<SubscriptionItem<T>, ibapi::Error>> + Unpin,
    {
        let deadline = self.shared.config.request_timeout();
        self.shared.governor.turn(Lane::Reconcile).await;
        let reading = async {
            let mut stream = request.await?;
            let mut items = Vec::new();
            while let Some(item) = stream.next().await {
                match item? {
                    SubscriptionItem::Data(item) if is_end.is_some_and(|is_end| is_end(&item)) => {
                        return Ok(items);
                    }
                    SubscriptionItem::Data(item) => items.push(item),
                    // Rows were lost: a list with a hole is no list.
                    SubscriptionItem::Notice(notice) if notice.code == ibapi::SUBSCRIPTION_LAG_CODE => {
                        return Err(ibapi::Error::Notice(notice));
                    }
                    SubscriptionItem::Notice(notice) => debug!(what, %notice, "notice while reading"),
                }
            }
            if is_end.is_some() || !self.client.is_connected() {
                return Err(ibapi::Error::UnexpectedEndOfStream);
            }
            Ok(items)
        };
        let read = tokio::time::timeout(deadline, reading).await;
        let read = read.map_err(|_| TruthError::Silent { what, deadline })?;
        read.map_err(|error| told(&self.shared, what, deadline, &error))
    }
}

fn told(shared: &Shared, what: &'static str, deadline: Duration, error: &ibapi::Error) -> TruthError {
    if let ibapi::Error::Notice(notice) = error {
        shared.heard(About::Request, notice);
    }
    failed(what, deadline, error)
}

fn failed(what: &'static str, deadline: Duration, error: &ibapi::Error) -> TruthError {
    match error {
        ibapi::Error::Timeout => TruthError::Silent { what, deadline },
        error => TruthError::Failed {
            what,
            text: error.to_string(),
        },
    }
}

/// Whether an item is the end of its list.
type IsEnd<T> = fn(&T) -> bool;

#[derive(Debug, Default)]
struct Fills {
    executions: Vec<Execution>,
    commissions: Vec<Commission>,
}

impl Fills {
    fn ids(&self) -> Vec<&str> {
        let mut ids: Vec<_> = self.executions.iter().map(|fill| fill.exec_id.as_str()).collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }
}
