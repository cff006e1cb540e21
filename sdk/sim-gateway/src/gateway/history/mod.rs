//! What the market did before: bars, ticks, schedules, histograms; and bars and ticks as they go on.
//!
//! Never: a price that the market does not show or did not show.

mod bars;
mod figures;
mod follow;
mod historical;
mod moments;
mod pacing;
mod settings;
mod stream;
mod ticks;

#[cfg(test)]
mod history_tests;
#[cfg(test)]
mod settings_tests;
#[cfg(test)]
mod stream_tests;

use std::collections::{BTreeMap, BTreeSet};

pub(super) use moments::zone_of;

use super::session::decode;
use super::{ConnectionId, Gateway, Problem};
use crate::exchange::{Event, InstrumentId};
use crate::wire::Body;
use crate::wire::ids::request;
use crate::wire::messages::bars as wire;
use crate::wire::messages::ticks::{CancelHistoricalTicks, CancelTickByTick};

/// What a connection follows.
#[derive(Debug, Default)]
pub(super) struct Watches {
    /// Historical bars that are kept up to date.
    bars: BTreeMap<i32, follow::Followed>,
    /// Five-second bars.
    five_seconds: BTreeMap<i32, bars::Subject>,
    /// Single ticks.
    streams: BTreeMap<i32, stream::Stream>,
    /// First moments asked for and not cancelled.
    heads: BTreeSet<i32>,
}

/// What the gateway knows of all history requests.
#[derive(Debug, Default)]
pub(super) struct State {
    /// Who wants single ticks of a market: connection and request id.
    streams: BTreeMap<InstrumentId, Vec<(ConnectionId, i32)>>,
    pacing: pacing::Pacing,
}

/// There is no such request, or no longer.
fn unknown(request: i32) -> Problem {
    Problem::new(
        366,
        format!("No historical data query found for ticker id:{request}"),
    )
}

impl Gateway {
    /// Answers a request about the past; `None` when it is about something else.
    pub(super) fn history_request(
        &mut self,
        from: ConnectionId,
        id: u32,
        body: &Body,
    ) -> Result<Option<()>, Problem> {
        match id {
            request::HISTORICAL_DATA => self.historical_data(from, decode(body)?),
            request::CANCEL_HISTORICAL_DATA => {
                self.cancel_historical_data(from, decode::<wire::CancelHistoricalData>(body)?.req_id)
            }
            request::REAL_TIME_BARS => self.real_time_bars(from, decode(body)?),
            request::CANCEL_REAL_TIME_BARS => {
                self.cancel_real_time_bars(from, decode::<wire::CancelRealTimeBars>(body)?.req_id)
            }
            request::HEAD_TIMESTAMP => self.head_timestamp(from, decode(body)?),
            request::CANCEL_HEAD_TIMESTAMP => {
                let request = decode::<wire::CancelHeadTimestamp>(body)?.req_id.unwrap_or(0);
                let known = self.with_session(from, |session| session.history.heads.remove(&request))?;
                if known { Ok(()) } else { Err(unknown(request)) }
            }
            request::HISTOGRAM_DATA => self.histogram(from, decode(body)?),
            // These answers are always complete already.
            request::CANCEL_HISTOGRAM_DATA => Err(unknown(
                decode::<wire::CancelHistogramData>(body)?.req_id.unwrap_or(0),
            )),
            request::HISTORICAL_TICKS => self.historical_ticks(from, &decode(body)?),
            request::CANCEL_HISTORICAL_TICKS => Err(unknown(
                decode::<CancelHistoricalTicks>(body)?.req_id.unwrap_or(0),
            )),
            request::TICK_BY_TICK => self.start_ticks(from, &decode(body)?),
            request::CANCEL_TICK_BY_TICK => {
                self.stop_ticks(from, decode::<CancelTickByTick>(body)?.req_id.unwrap_or(0))
            }
            _ => return Ok(None),
        }
        .map(Some)
    }

    /// Goes on with ticks that are followed.
    pub(super) fn history_event(&mut self, event: &Event) {
        match event {
            Event::Quote { instrument } => self.stream_quote(*instrument),
            Event::Trade {
                instrument,
                price,
                lots,
                day,
            } => self.stream_trade(*instrument, *price, *lots, *day),
            _ => {}
        }
    }

    /// Goes on with bars that are followed, once a second.
    pub(super) fn history_second(&mut self) {
        let unix = self.exchange.unix_seconds(self.exchange.now());
        self.update_bars(unix);
        if unix.is_multiple_of(5) {
            self.send_five_seconds(unix);
        }
    }

    /// Ends everything a gone connection followed.
    pub(super) fn end_history(&mut self, id: ConnectionId, watches: Watches) {
        for followed in watches.bars.values() {
            self.exchange.unwatch(followed.subject.instrument);
        }
        for subject in watches.five_seconds.values() {
            self.exchange.unwatch(subject.instrument);
        }
        for (request, stream) in watches.streams {
            self.end_ticks(id, request, stream.instrument);
        }
    }

    /// Turns the rules about how often the past may be asked for on or off. They are off at first.
    pub fn pace_history(&mut self, paced: bool) {
        self.history.pacing.enforced = paced;
    }

    /// How many streams of single ticks a connection may have at once: five at first.
    pub fn limit_tick_streams(&mut self, most: usize) {
        self.history.pacing.streams = most;
    }
}
