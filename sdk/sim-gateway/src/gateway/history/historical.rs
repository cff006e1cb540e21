//! Historical bars and schedules: requests, answers, refusals.

use super::bars::{self, Subject};
use super::follow::Followed;
use super::moments::{self, Format};
use super::settings::{BarSize, Duration, What, check_step, service};
use crate::gateway::{Class, ConnectionId, Gateway, Problem};
use crate::wire::messages::bars as wire;
use crate::wire::messages::contract::Contract;

/// How long bars of half a minute and less are kept.
const SMALL_BARS_KEPT: u64 = 183 * 86_400;

/// A request that was understood and may be asked.
struct Query {
    subject: Subject,
    duration: Duration,
    end: u64,
    implied_zone: bool,
    follows: bool,
}

fn is_continuous(contract: Option<&Contract>) -> bool {
    contract.and_then(|each| each.sec_type.as_deref()) == Some("CONTFUT")
}

impl Gateway {
    pub(in crate::gateway) fn historical_data(
        &mut self,
        from: ConnectionId,
        asked: wire::HistoricalDataRequest,
    ) -> Result<(), Problem> {
        let request = asked.req_id.unwrap_or(0);
        let session = self.sessions.get(&from);
        if session.is_some_and(|session| session.history.bars.contains_key(&request)) {
            return Err(Problem::new(
                386,
                "Duplicate ticker ID for API historical data query.",
            ));
        }
        let query = self.read_query(&asked)?;
        self.pace(from, &query.subject, &format!("{:?}", without_id(&asked)))?;
        if query.implied_zone {
            self.error(from, request, &moments::implied_zone());
        }
        if query.subject.what == What::Schedule {
            self.send_schedule(from, request, &query);
            return Ok(());
        }
        let last = self.send_history(from, request, &query)?;
        if query.follows {
            let followed = Followed {
                subject: query.subject,
                last,
            };
            self.exchange.watch(query.subject.instrument);
            self.with_session(from, |session| session.history.bars.insert(request, followed))?;
        }
        Ok(())
    }

    fn read_query(&mut self, asked: &wire::HistoricalDataRequest) -> Result<Query, Problem> {
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        let size = BarSize::read(&text(&asked.bar_size_setting))?;
        let what = What::read(&text(&asked.what_to_show))?;
        let format = Format::read(asked.format_date)?;
        let duration = Duration::read(&text(&asked.duration))?;
        let end = text(&asked.end_date_time);
        let follows = asked.keep_up_to_date.unwrap_or(false);
        let id = self.resolve(asked.contract.as_ref())?;
        let instrument = &self.exchange.market(id).instrument;
        if is_continuous(asked.contract.as_ref()) && !end.trim().is_empty() {
            return Err(Problem::new(
                10339,
                "Setting end date/time for continuous future security type is not allowed",
            ));
        }
        what.check(instrument)?;
        let now = self.exchange.unix_seconds(self.exchange.now());
        let schedule = self.exchange.schedule(id);
        let moment = moments::read("End Date/Time", &end, schedule, now)?;
        if follows && moment.is_some() {
            return Err(Problem::invalid("End date/time is not allowed with keepUpToDate"));
        }
        let followable = matches!(
            what,
            What::Trades | What::AggTrades | What::Midpoint | What::Bid | What::Ask
        );
        if follows && (!followable || size < BarSize::Seconds(5)) {
            return Err(Problem::invalid(
                "keepUpToDate is supported for TRADES, MIDPOINT, BID and ASK and bars of at least 5 secs only",
            ));
        }
        if what == What::AdjustedLast && moment.is_some() {
            return Err(Problem::invalid("End Date not supported with adjusted last"));
        }
        if what == What::Schedule && size != BarSize::Day {
            return Err(Problem::new(
                10295,
                "Only daily bars are supported for SCHEDULE requests",
            ));
        }
        if what != What::Schedule {
            check_step(size, duration)?;
        }
        if !size.is_intraday() && instrument.kind.is_option() && what != What::Schedule {
            return Err(service(&format!(
                "No data of type EODChart is available for the exchange '{}' and the security type '{}' and \
                 '1 d' and '1 day'",
                instrument.valid_exchanges.first().map_or("SMART", String::as_str),
                instrument.kind.sec_type(),
            )));
        }
        Ok(Query {
            subject: Subject {
                instrument: id,
                what,
                size,
                regular: asked.use_rth.unwrap_or(false),
                format,
            },
            duration,
            end: moment.map_or(u64::MAX, |(unix, _)| unix),
            implied_zone: moment.is_some_and(|(_, implied)| implied),
            follows,
        })
    }

    /// Counts a request against the pacing rules.
    pub(in crate::gateway) fn pace(
        &mut self,
        from: ConnectionId,
        subject: &Subject,
        whole: &str,
    ) -> Result<(), Problem> {
        let unix = self.exchange.unix_seconds(self.exchange.now());
        let of = format!("{:?} {:?}", subject.instrument, subject.what);
        let weight = if subject.what == What::BidAsk { 2 } else { 1 };
        let session = self.sessions.get(&from);
        let open = session.map_or(0, |session| {
            session.history.bars.len() + session.history.heads.len()
        });
        self.history.pacing.admit(unix, &of, whole, weight, open)
    }

    /// Sends the bars and returns when the last of them began.
    fn send_history(&mut self, from: ConnectionId, request: i32, query: &Query) -> Result<u64, Problem> {
        let subject = &query.subject;
        let (id, exchange) = (subject.instrument, &self.exchange);
        let mut past = exchange.past();
        let end = query.end.min(past.end());
        let instrument = &exchange.market(id).instrument;
        let forgotten = subject.size <= BarSize::Seconds(30) && end + SMALL_BARS_KEPT < past.end();
        if forgotten {
            return Err(subject.what.nothing(instrument));
        }
        let start = bars::beginning(exchange, id, query.duration, end, subject.regular);
        let slots = bars::slots(exchange, subject, start, end);
        let found: Vec<bars::Bar> = slots
            .iter()
            .filter_map(|slot| bars::bar(exchange, &mut past, subject, slot))
            .collect();
        let Some(last) = found.last().map(|bar| bar.start) else {
            return Err(subject.what.nothing(instrument));
        };
        let schedule = exchange.schedule(id);
        let ends = end.min(past.end() - 1);
        let answer = wire::HistoricalBars {
            data: wire::HistoricalData {
                req_id: Some(request),
                historical_data_bars: found.iter().map(|bar| bar.message(subject, exchange)).collect(),
            },
            end: wire::HistoricalDataEnd {
                req_id: Some(request),
                start_date_str: Some(Format::Zoned.moment(start, schedule)),
                end_date_str: Some(Format::Zoned.moment(ends, schedule)),
            },
        };
        self.send_bars(from, &answer);
        Ok(last)
    }

    fn send_schedule(&mut self, from: ConnectionId, request: i32, query: &Query) {
        let id = query.subject.instrument;
        let exchange = &self.exchange;
        let schedule = exchange.schedule(id);
        let end = query.end.min(exchange.past().end());
        let start = bars::beginning(exchange, id, query.duration, end, query.subject.regular);
        let mut sessions: Vec<wire::HistoricalSession> = Vec::new();
        // Days are told whole, even if the time asked for begins or ends in them.
        for each in exchange.sessions(id, start, end) {
            if query.subject.regular && each.phase != crate::exchange::Phase::Regular {
                continue;
            }
            let day = Some(moments::day(each.day));
            let close = Some(moments::dashed(each.close, schedule));
            match sessions.last_mut().filter(|last| last.ref_date == day) {
                Some(last) => last.end_date_time = close,
                None => sessions.push(wire::HistoricalSession {
                    start_date_time: Some(moments::dashed(each.open, schedule)),
                    end_date_time: close,
                    ref_date: day,
                }),
            }
        }
        let answer = wire::HistoricalSchedule {
            req_id: Some(request),
            start_date_time: sessions.first().and_then(|first| first.start_date_time.clone()),
            end_date_time: sessions.last().and_then(|last| last.end_date_time.clone()),
            time_zone: Some(schedule.zone_id().to_owned()),
            historical_sessions: sessions,
        };
        self.send(from, Class::Other, &answer);
    }

    pub(in crate::gateway) fn cancel_historical_data(
        &mut self,
        from: ConnectionId,
        request: Option<i32>,
    ) -> Result<(), Problem> {
        let request = request.unwrap_or(0);
        let ended = self.with_session(from, |session| session.history.bars.remove(&request))?;
        let Some(followed) = ended else {
            return Err(super::unknown(request));
        };
        self.exchange.unwatch(followed.subject.instrument);
        Err(service(&format!(
            "API historical data query cancelled: {request}"
        )))
    }
}

fn without_id(asked: &wire::HistoricalDataRequest) -> wire::HistoricalDataRequest {
    wire::HistoricalDataRequest {
        req_id: None,
        ..asked.clone()
    }
}
