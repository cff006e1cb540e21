//! Market data: one task a request, which finds the contract, subscribes, and moves ticks to the board. It never waits for
//! anyone and keeps nothing: what is wanted, and whether it comes, is in `streams`.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use futures_util::StreamExt;
use ibapi::Client;
use ibapi::market_data::realtime::TickTypes;
use ibapi::subscriptions::{Subscription, SubscriptionItem};
use tokio::task::{AbortHandle, JoinSet};
use tracing::{debug, info, warn};

use super::codes::About;
use super::governor::Lane;
use super::streams::Reason;
use super::streams::refusal::Refused;
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
        let all = (0..feed.shared.catalogue.len()).map(|index| InstrumentId(index as u32));
        let lines: Vec<_> = all.map(|id| feed.line(id, None)).collect();
        *feed.lines.borrow_mut() = lines;
        feed
    }

    /// Asks for everything again (1101: IB forgot it).
    pub async fn resubscribe(&self) {
        info!("asking for all market data again");
        self.shared.streams.lost();
        for index in 0..self.shared.catalogue.len() {
            self.again(InstrumentId(index as u32), Reason::DataLost).await;
        }
    }

    /// Asks for one instrument again, under a new request id. The cancel that goes with its old subscription is paced too.
    pub async fn again(&self, id: InstrumentId, reason: Reason) {
        self.shared.governor.turn(Lane::Data).await;
        if let Some(old) = self.lines.borrow().get(id.index()) {
            old.abort();
        }
        let line = self.line(id, Some(reason));
        if let Some(slot) = self.lines.borrow_mut().get_mut(id.index()) {
            *slot = line;
        }
    }

    /// Ends every line; nothing is asked for any more.
    pub fn stop(&self) {
        self.tasks.borrow_mut().abort_all();
    }

    /// Lets go of lines that ended.
    pub fn reap(&self) {
        while self.tasks.borrow_mut().try_join_next().is_some() {}
    }

    fn line(&self, id: InstrumentId, again: Option<Reason>) -> AbortHandle {
        self.shared.streams.begin(id, again);
        let line = Line {
            shared: Rc::clone(&self.shared),
            client: Arc::clone(&self.client),
            id,
        };
        self.tasks.borrow_mut().spawn_local(line.run())
    }
}

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
    Refused(Refused),
}

impl Ended {
    fn by(error: &ibapi::Error) -> Self {
        match error {
            ibapi::Error::Notice(notice) => Ended::Refused(Refused::by_code(notice.code, notice.to_string())),
            error if session_is_over(error) => Ended::Session,
            error => Ended::Refused(Refused::without_code(error.to_string())),
        }
    }
}

impl Line {
    /// One request, to its end. Whether and when there is another one is the streams' to say.
    async fn run(self) {
        let ended = match self.subscribe().await {
            Ok(stream) => self.consume(stream).await,
            Err(ended) => ended,
        };
        let Ended::Refused(refused) = ended else { return };
        if !self.client.is_connected() {
            return;
        }
        let name = self.shared.catalogue.name(self.id);
        let (code, reason, fix) = (refused.code, refused.text.as_str(), refused.fix);
        warn!(instrument = name, code, reason, fix, "no market data");
        self.shared.metrics.subscription_errors.inc();
        self.shared.status.error(format!("{name}: {reason}"));
        self.shared.streams.refused(self.id, refused);
    }

    async fn subscribe(&self) -> Result<Subscription<TickTypes>, Ended> {
        let shared = &self.shared;
        // Lookups have the lower lane, so that the first instrument ticks before the last one is looked up.
        if shared.catalogue.facts(self.id).is_none() {
            shared.governor.turn(Lane::Contracts).await;
            let resolved = contracts::resolve(shared, &self.client, self.id).await;
            resolved.map_err(|error| match error.code() {
                Some(code) => Ended::Refused(Refused::by_code(code, error.to_string())),
                None => Ended::Refused(Refused::without_code(error.to_string())),
            })?;
        }
        let refused = |text: &str| Ended::Refused(Refused::without_code(text.to_owned()));
        let contract = shared.catalogue.contract(self.id);
        let contract = contract.ok_or_else(|| refused("not a configured instrument"))?;
        shared.governor.turn(Lane::Data).await;
        let request = self.client.market_data(&contract).subscribe();
        let stream = tokio::time::timeout(shared.config.request_timeout(), request).await;
        let stream = stream.map_err(|_| refused("the request could not be written in time"))?;
        let stream = stream.map_err(|error| Ended::by(&error))?;
        shared.streams.asked(self.id);
        Ok(stream)
    }

    async fn consume(&self, mut stream: Subscription<TickTypes>) -> Ended {
        let shared = &self.shared;
        let mut delayed = false;
        loop {
            let told = match stream.next().await {
                Some(Ok(SubscriptionItem::Data(told))) => told,
                Some(Ok(SubscriptionItem::Notice(notice))) => {
                    self.notice(&notice);
                    continue;
                }
                Some(Err(ibapi::Error::Notice(notice))) => {
                    let ruling = shared.heard(About::Request, &notice);
                    let refused = Refused::by_code(notice.code, notice.to_string());
                    return Ended::Refused(match ruling.known {
                        true => refused.ruled(ruling.action.request_outcome()),
                        false => refused,
                    });
                }
                Some(Err(error)) => return Ended::by(&error),
                None if self.client.is_connected() => {
                    return Ended::Refused(Refused::without_code("IB ended it".to_owned()));
                }
                None => return Ended::Session,
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
            // A gap is told before what ends it.
            shared.streams.ticked(self.id, now);
            shared.quotes.apply(self.id, tick, now);
            shared.metrics.ticks.inc();
        }
    }

    fn notice(&self, notice: &ibapi::Notice) {
        let instrument = self.shared.catalogue.name(self.id);
        if notice.code == ibapi::SUBSCRIPTION_LAG_CODE {
            self.shared.metrics.lags.with_label_values(&["market"]).inc();
            warn!(instrument, %notice, "ticks were lost: the lane was too slow");
            self.shared.streams.lagged(self.id);
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
