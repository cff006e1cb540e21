//! Bars that go on: historical ones kept up to date, and five-second ones.

use super::bars::{self, Bar, Subject};
use super::moments::Format;
use super::settings::{BarSize, What};
use crate::gateway::values::written;
use crate::gateway::{Class, ConnectionId, Gateway, Problem};
use crate::wire::messages::bars as wire;

/// Bars that are kept up to date.
#[derive(Debug, Clone)]
pub(in crate::gateway) struct Followed {
    pub(in crate::gateway) subject: Subject,
    /// When the newest bar the client knows began.
    pub(in crate::gateway) last: u64,
}

impl Gateway {
    /// Tells followers how their newest bars changed: the one that is over first, then the one that goes on.
    pub(in crate::gateway) fn update_bars(&mut self, unix: u64) {
        let mut updates = Vec::new();
        for (to, session) in &mut self.sessions {
            for (request, followed) in &mut session.history.bars {
                let subject = followed.subject;
                let mut past = self.exchange.past();
                // A bar is first told of when it is a second old.
                for slot in bars::slots(&self.exchange, &subject, followed.last, unix) {
                    let happened = slot.open.last().is_some_and(|(_, end)| *end >= unix);
                    let bar = bars::bar(&self.exchange, &mut past, &subject, &slot);
                    let Some(bar) = bar.filter(|_| happened) else {
                        continue;
                    };
                    followed.last = bar.start;
                    updates.push((*to, *request, subject, bar));
                }
            }
        }
        for (to, request, subject, bar) in updates {
            let update = wire::HistoricalDataUpdate {
                req_id: Some(request),
                historical_data_bar: Some(bar.message(&subject, &self.exchange)),
            };
            self.send(to, Class::Other, &update);
        }
    }

    pub(in crate::gateway) fn real_time_bars(
        &mut self,
        from: ConnectionId,
        asked: wire::RealTimeBarsRequest,
    ) -> Result<(), Problem> {
        let request = asked.req_id.unwrap_or(0);
        let session = self.sessions.get(&from);
        if session.is_some_and(|session| session.history.five_seconds.contains_key(&request)) {
            return Err(Problem::new(102, "Duplicate ticker ID."));
        }
        // Whatever bar size is asked for, bars are of five seconds.
        let what = What::read(asked.what_to_show.as_deref().unwrap_or_default())?;
        let instrument = self.resolve(asked.contract.as_ref())?;
        let offered = matches!(
            what,
            What::Trades | What::AggTrades | What::Midpoint | What::Bid | What::Ask
        );
        if !offered {
            return Err(Problem::invalid(
                "Real-time bars are of TRADES, MIDPOINT, BID or ASK only",
            ));
        }
        let market = &self.exchange.market(instrument).instrument;
        if what.check(market).is_err() && what != What::Trades || market.legs.len() > 1 {
            return Err(not_real_time(&market.symbol));
        }
        if what == What::Trades && !market.kind.prints_trades() {
            return Err(not_real_time(&market.symbol));
        }
        let subject = Subject {
            instrument,
            what,
            size: BarSize::Seconds(5),
            regular: asked.use_rth.unwrap_or(false),
            format: Format::Unix,
        };
        let whole = format!("five seconds {subject:?}");
        self.pace(from, &subject, &whole).map_err(|_| {
            Problem::new(
                420,
                "Invalid Real-time Query:Historical data request pacing violation",
            )
        })?;
        self.exchange.watch(instrument);
        self.with_session(from, |session| {
            session.history.five_seconds.insert(request, subject)
        })?;
        Ok(())
    }

    pub(in crate::gateway) fn cancel_real_time_bars(
        &mut self,
        from: ConnectionId,
        request: Option<i32>,
    ) -> Result<(), Problem> {
        let request = request.unwrap_or(0);
        let ended = self.with_session(from, |session| session.history.five_seconds.remove(&request))?;
        let unknown = || Problem::new(300, format!("Can't find EId with tickerId:{request}"));
        self.exchange.unwatch(ended.ok_or_else(unknown)?.instrument);
        Ok(())
    }

    /// Sends the five seconds that have just ended.
    pub(in crate::gateway) fn send_five_seconds(&mut self, unix: u64) {
        let mut ended: Vec<(ConnectionId, i32, Bar)> = Vec::new();
        for (to, session) in &self.sessions {
            for (request, subject) in &session.history.five_seconds {
                let mut past = self.exchange.past();
                let slots = bars::slots(&self.exchange, subject, unix - 5, unix);
                let bar = slots
                    .first()
                    .and_then(|slot| bars::bar(&self.exchange, &mut past, subject, slot));
                ended.extend(bar.map(|bar| (*to, *request, bar)));
            }
        }
        for (to, request, bar) in ended {
            let [open, high, low, close] = bar.prices.map(Some);
            let (volume, wap, count) = bar.trades.map_or_else(
                || ("-1".to_owned(), "-1".to_owned(), -1),
                |(volume, wap, count)| (written(volume), written(wap), count),
            );
            let message = wire::RealTimeBarTick {
                req_id: Some(request),
                time: i64::try_from(unix - 5).ok(),
                open,
                high,
                low,
                close,
                volume: Some(volume),
                wap: Some(wap),
                count: Some(count),
            };
            self.send(to, Class::Other, &message);
        }
    }
}

fn not_real_time(symbol: &str) -> Problem {
    Problem::new(
        420,
        format!("Invalid Real-time Query:No market data permissions for {symbol}"),
    )
}
