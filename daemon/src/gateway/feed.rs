//! Market data: one task an instrument, which finds the contract, subscribes, and moves ticks to the board. It never
//! waits for anyone and keeps nothing.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use ibapi::Client;
use ibapi::market_data::realtime::TickTypes;
use ibapi::subscriptions::{Subscription, SubscriptionItem};
use tokio::task::{AbortHandle, JoinSet};
use tracing::{debug, info, warn};

use super::codes::About;
use super::governor::Lane;
use super::{Shared, contracts, convert};
use crate::clock;
use crate::domain::instrument::InstrumentId;
use crate::domain::quote::Tick;

/// The market data of one session. Dropping it ends all of it.
pub struct Feed {
    shared: Rc<Shared>,
    client: Arc<Client>,
    tasks: RefCell<JoinSet<()>>,
    lines: RefCell<Vec<AbortHandle>>,
}

impl Feed {
    /// Asks for every instrument, in the order of the configuration.
    pub fn start(shared: Rc<Shared>, client: Arc<Client>) -> Self {
        let feed = Feed {
            tasks: RefCell::new(JoinSet::new()),
            lines: RefCell::new(Vec::new()),
            shared,
            client,
        };
        let lines = (0..feed.shared.catalogue.len()).map(|index| feed.line(index));
        let lines: Vec<_> = lines.collect();
        *feed.lines.borrow_mut() = lines;
        feed
    }

    /// Asks for everything again (1101: IB forgot it). The cancel that goes with each old subscription is paced too.
    pub async fn resubscribe(&self) {
        info!("asking for all market data again");
        self.shared.status.forget_subscriptions();
        for index in 0..self.shared.catalogue.len() {
            self.shared.governor.turn(Lane::Data).await;
            if let Some(old) = self.lines.borrow().get(index) {
                old.abort();
            }
            let line = self.line(index);
            if let Some(slot) = self.lines.borrow_mut().get_mut(index) {
                *slot = line;
            }
        }
    }

    fn line(&self, index: usize) -> AbortHandle {
        let line = Line {
            shared: Rc::clone(&self.shared),
            client: Arc::clone(&self.client),
            id: InstrumentId(index as u32),
        };
        self.tasks.borrow_mut().spawn_local(line.run())
    }
}

/// How long to leave an instrument alone after IB refused it.
const RETRY_MIN: Duration = Duration::from_secs(15);
const RETRY_MAX: Duration = Duration::from_secs(600);

struct Line {
    shared: Rc<Shared>,
    client: Arc<Client>,
    id: InstrumentId,
}

/// Why a subscription ended.
enum Ended {
    /// With the session: somebody else deals with that.
    Session,
    /// IB refused or ended it.
    Refused(String),
}

impl Line {
    async fn run(self) {
        let mut pause = RETRY_MIN;
        loop {
            let reason = match self.subscribe().await {
                Ok(stream) => match self.consume(stream).await {
                    Ended::Session => return,
                    Ended::Refused(reason) => reason,
                },
                Err(reason) => reason,
            };
            if !self.client.is_connected() {
                return;
            }
            let name = self.shared.catalogue.name(self.id);
            warn!(
                instrument = name,
                reason,
                ?pause,
                "no market data; trying again later"
            );
            self.shared.metrics.subscription_errors.inc();
            self.shared.status.error(format!("{name}: {reason}"));
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(RETRY_MAX);
        }
    }

    async fn subscribe(&self) -> Result<Subscription<TickTypes>, String> {
        let shared = &self.shared;
        // Lookups have the lower lane, so that the first instrument ticks before the last one is looked up.
        if shared.catalogue.facts(self.id).is_none() {
            shared.governor.turn(Lane::Contracts).await;
            let resolved = contracts::resolve(shared, &self.client, self.id).await;
            resolved.map_err(|error| error.to_string())?;
        }
        let contract = shared.catalogue.contract(self.id);
        let contract = contract.ok_or_else(|| "not a configured instrument".to_owned())?;
        shared.governor.turn(Lane::Data).await;
        let request = self.client.market_data(&contract).subscribe();
        let stream = tokio::time::timeout(shared.config.request_timeout(), request).await;
        let stream = stream.map_err(|_| "the request could not be written in time".to_owned())?;
        let stream = stream.map_err(|error| error.to_string())?;
        shared.status.requested(self.id);
        Ok(stream)
    }

    async fn consume(&self, mut stream: Subscription<TickTypes>) -> Ended {
        let shared = &self.shared;
        let mut delayed = false;
        let ended = loop {
            let told = match stream.next().await {
                Some(Ok(SubscriptionItem::Data(told))) => told,
                Some(Ok(SubscriptionItem::Notice(notice))) => {
                    self.notice(&notice);
                    continue;
                }
                Some(Err(ibapi::Error::Notice(notice))) => {
                    shared.heard(About::Request, &notice);
                    break Ended::Refused(notice.to_string());
                }
                Some(Err(error)) if session_is_over(&error) => break Ended::Session,
                Some(Err(error)) => break Ended::Refused(error.to_string()),
                None if self.client.is_connected() => break Ended::Refused("IB ended it".to_owned()),
                None => break Ended::Session,
            };
            let Some(tick) = convert::tick(&told) else {
                continue;
            };
            let now = clock::now();
            if let Tick::Delayed(now_delayed) = tick {
                // Says how the ticks to come are, and is none itself.
                if now_delayed != delayed {
                    delayed = now_delayed;
                    shared.quotes.apply(self.id, tick, now);
                }
                continue;
            }
            shared.quotes.apply(self.id, tick, now);
            shared.metrics.ticks.inc();
            shared.status.ticked(self.id, now);
        };
        shared.status.forget_subscription(self.id);
        ended
    }

    fn notice(&self, notice: &ibapi::Notice) {
        let instrument = self.shared.catalogue.name(self.id);
        if notice.code == ibapi::SUBSCRIPTION_LAG_CODE {
            self.shared.metrics.lags.with_label_values(&["market"]).inc();
            warn!(instrument, %notice, "ticks were lost: the lane was too slow");
        } else {
            self.shared.heard(About::Request, notice);
            debug!(instrument, %notice, "market data notice");
        }
    }
}

/// Whether an error says that the session is over, rather than something about one request.
pub fn session_is_over(error: &ibapi::Error) -> bool {
    use ibapi::Error;
    matches!(
        error,
        Error::Shutdown | Error::ConnectionFailed | Error::ConnectionReset | Error::Io(_)
    )
}
