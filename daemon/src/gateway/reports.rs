//! What IB says about our orders, from the one stream that carries all of it: status, orders, executions,
//! commissions, and the errors bound to an order. Moved on to the desk as it comes; nothing is decided here.
//!
//! The stream holds frames of our client id only, or of none (commissions), and repeats what a reading of the truth
//! fetches: the desk takes everything twice without harm. When the stream lost something, or ended on a frame that
//! could not be read, it is opened again first and the desk told after, so that what it then reads misses nothing.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use ibapi::Client;
use ibapi::orders::OrderUpdate;
use ibapi::subscriptions::{Subscription, SubscriptionItem};
use tokio::time::Instant;
use tracing::{debug, error, warn};

use super::codes::About;
use super::feed::session_is_over;
use super::{Shared, convert};
use crate::desk::event::{Event, SessionEvent};
use crate::domain::order::OrderId;
use crate::domain::report::{BrokerReport, OrderError, OrderErrorMeaning};

/// The stream of our orders.
pub type OrderStream = Subscription<OrderUpdate>;

/// How a stream ended.
enum Ended {
    /// With the session.
    Session,
    /// On a frame that could not be read: the stream is finished, the session is not.
    Broken(String),
}

/// Moves reports to the desk until the session ends.
pub async fn run(shared: Rc<Shared>, client: Arc<Client>, mut stream: OrderStream) {
    // A frame that breaks the stream may be repeated by every reading of the truth that follows.
    const SOON: Duration = Duration::from_secs(5);
    const PAUSE: Duration = Duration::from_secs(1);
    loop {
        let opened = Instant::now();
        let Ended::Broken(reason) = consume(&shared, &client, &mut stream).await else {
            return;
        };
        error!(reason, "the order stream broke; opening it again");
        shared.metrics.lags.with_label_values(&["orders"]).inc();
        drop(stream);
        if opened.elapsed() < SOON {
            tokio::time::sleep(PAUSE).await;
        }
        match reopen(&client).await {
            Some(reopened) => stream = reopened,
            None => return,
        }
        shared.reports.session(SessionEvent::ReportsLost { reason });
    }
}

/// A new stream, as soon as the client has let go of the old one; `None` once the session is over.
async fn reopen(client: &Client) -> Option<OrderStream> {
    const BETWEEN: Duration = Duration::from_millis(5);
    loop {
        match client.order_update_stream().await {
            Ok(stream) => return Some(stream),
            Err(ibapi::Error::AlreadySubscribed) => tokio::time::sleep(BETWEEN).await,
            Err(_) => return None,
        }
    }
}

async fn consume(shared: &Shared, client: &Client, stream: &mut OrderStream) -> Ended {
    loop {
        match stream.next().await {
            Some(Ok(SubscriptionItem::Data(update))) => {
                if let Some(report) = report(shared, update) {
                    shared.reports.send(Event::Report(report));
                }
            }
            Some(Ok(SubscriptionItem::Notice(notice))) => match notice.code {
                ibapi::SUBSCRIPTION_LAG_CODE => {
                    error!(%notice, "order reports were lost: the lane was too slow");
                    shared.metrics.lags.with_label_values(&["orders"]).inc();
                    let reason = notice.to_string();
                    shared.reports.session(SessionEvent::ReportsLost { reason });
                }
                _ => shared.reports.send(Event::Report(order_error(shared, notice))),
            },
            Some(Err(error)) if session_is_over(&error) => return Ended::Session,
            Some(Err(error)) => return Ended::Broken(error.to_string()),
            None if client.is_connected() => return Ended::Broken("it ended".to_owned()),
            None => return Ended::Session,
        }
    }
}

fn report(shared: &Shared, update: OrderUpdate) -> Option<BrokerReport> {
    let catalogue = &shared.catalogue;
    match update {
        OrderUpdate::OrderStatus(told) => {
            let order_id = OrderId(told.order_id);
            let status = told.status.as_str().to_owned();
            let report = convert::status_report(told).map(BrokerReport::Status);
            Some(report.unwrap_or_else(|| unreadable(order_id, format!("unknown order status {status:?}"))))
        }
        // The answer to a what-if order: nothing was placed.
        OrderUpdate::OpenOrder(told) if told.order.what_if => None,
        OrderUpdate::OpenOrder(told) => {
            let instrument = catalogue.instrument_of(&told.contract);
            Some(BrokerReport::Order(convert::broker_order(told, instrument)))
        }
        OrderUpdate::ExecutionData(told) => {
            let instrument = catalogue.instrument_of(&told.contract);
            let order_id = OrderId(told.execution.order_id);
            let text = format!("execution {} has no price", told.execution.execution_id);
            let report = convert::execution(told, instrument).map(BrokerReport::Execution);
            Some(report.unwrap_or_else(|| unreadable(order_id, text)))
        }
        OrderUpdate::CommissionReport(told) => convert::commission(told).map(BrokerReport::Commission),
        OrderUpdate::OrderBound(bound) => {
            debug!(?bound, "an order was bound to an id");
            None
        }
    }
}

/// Something was said that we cannot take in: the broker's own lists must tell.
fn unreadable(order_id: OrderId, text: String) -> BrokerReport {
    warn!(order_id = order_id.0, text, "a report cannot be taken in");
    BrokerReport::Error(OrderError {
        order_id,
        code: 0,
        text,
        meaning: OrderErrorMeaning::Ask,
    })
}

fn order_error(shared: &Shared, notice: ibapi::Notice) -> BrokerReport {
    let ruling = shared.heard(About::Order, &notice);
    let meaning = ruling.action.order_meaning();
    shared.consequences(&ruling, &notice);
    BrokerReport::Error(OrderError {
        order_id: OrderId(notice.request_id.unwrap_or(0)),
        code: notice.code,
        text: notice.message,
        meaning,
    })
}
