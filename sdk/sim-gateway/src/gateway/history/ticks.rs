//! Historical ticks: pages of at most a thousand, whole seconds.

use super::bars::halved;
use super::moments;
use crate::exchange::{Exchange, Instrument, InstrumentId, Past, PastTick, Top, TradingSession};
use crate::gateway::values::{double, written};
use crate::gateway::{Class, ConnectionId, Gateway, Problem};
use crate::wire::messages::ticks as wire;

/// Ticks on a page, without those that complete its last second.
const PAGE: i32 = 1_000;
/// Seconds searched for them.
const SEARCHED: u64 = 100_000;
const DAY: u64 = 86_400;

/// What ticks are of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::gateway) enum Of {
    Trades,
    BidAsk { sizes: bool },
    Midpoint,
}

impl Of {
    /// Whether an instrument has such ticks.
    pub(in crate::gateway) fn exists(self, instrument: &Instrument) -> bool {
        match self {
            Self::Trades => instrument.kind.prints_trades(),
            Self::BidAsk { .. } | Self::Midpoint => instrument.kind != crate::exchange::Kind::Index,
        }
    }
}

/// Ticks of a page with their seconds, and the quotes in force before the next one.
struct Page {
    of: Of,
    ticks: Vec<(u64, PastTick)>,
}

impl Page {
    /// Adds those of a second that are of the kind wanted and say something new.
    fn add(&mut self, unix: u64, ticks: Vec<PastTick>) {
        let mut told: Option<Top> = None;
        for tick in ticks {
            let wanted = match (self.of, tick) {
                (Of::Trades, PastTick::Trade(..)) => true,
                (Of::BidAsk { sizes }, PastTick::Quote(top)) => match told.replace(top) {
                    Some(before) => sizes && before != top || prices(before) != prices(top),
                    None => true,
                },
                (Of::Midpoint, PastTick::Quote(top)) => match (told.replace(top), sum(top)) {
                    (_, None) => false,
                    (before, now) => before.is_none_or(|before| sum(before) != now),
                },
                _ => false,
            };
            if wanted {
                self.ticks.push((unix, tick));
            }
        }
    }
}

fn prices(top: Top) -> (Option<i64>, Option<i64>) {
    (top.bid.map(|bid| bid.0), top.ask.map(|ask| ask.0))
}

/// Best bid plus best ask.
pub(in crate::gateway) fn sum(top: Top) -> Option<i64> {
    top.bid.zip(top.ask).map(|((bid, _), (ask, _))| bid + ask)
}

/// At least `count` ticks from a moment on, or the last ones before it; whole seconds, oldest first.
fn page(
    exchange: &Exchange,
    id: InstrumentId,
    of: Of,
    (start, end): (Option<u64>, u64),
    count: usize,
    regular: bool,
) -> Vec<(u64, PastTick)> {
    let mut past = exchange.past();
    let now = past.end();
    let mut page = Page {
        of,
        ticks: Vec::new(),
    };
    match start {
        Some(start) => {
            let start = start.max(exchange.begins(id));
            let hours = exchange.open_hours(id, start, now.min(start.saturating_add(12 * DAY)), regular);
            let seconds = hours.iter().flat_map(|each| each.open..each.close);
            for unix in seconds.take(SEARCHED as usize) {
                if page.ticks.len() >= count {
                    break;
                }
                page.add(unix, past.ticks(id, unix));
            }
            page.ticks
        }
        None => backwards(&mut past, exchange, id, page, end.min(now), count, regular),
    }
}

fn backwards(
    past: &mut Past<'_>,
    exchange: &Exchange,
    id: InstrumentId,
    page: Page,
    end: u64,
    count: usize,
    regular: bool,
) -> Vec<(u64, PastTick)> {
    let hours: Vec<TradingSession> = exchange.open_hours(id, end.saturating_sub(12 * DAY), end, regular);
    let seconds = hours.iter().rev().flat_map(|each| (each.open..each.close).rev());
    let (mut found, mut total) = (Vec::new(), 0);
    for unix in seconds.take(SEARCHED as usize) {
        if total >= count {
            break;
        }
        let mut second = Page {
            of: page.of,
            ticks: Vec::new(),
        };
        second.add(unix, past.ticks(id, unix));
        total += second.ticks.len();
        found.push(second.ticks);
    }
    found.into_iter().rev().flatten().collect()
}

impl Gateway {
    pub(in crate::gateway) fn historical_ticks(
        &mut self,
        from: ConnectionId,
        asked: &wire::HistoricalTicksRequest,
    ) -> Result<(), Problem> {
        let request = asked.req_id.unwrap_or(0);
        let of = match asked.what_to_show.as_deref().unwrap_or_default() {
            "TRADES" => Of::Trades,
            "BID_ASK" => Of::BidAsk {
                sizes: !asked.ignore_size.unwrap_or(false),
            },
            "MIDPOINT" => Of::Midpoint,
            other => {
                return Err(Problem::invalid(format_args!(
                    "Unknown or unsupported what to show: '{other}'; historical ticks are of TRADES, BID_ASK \
                     or MIDPOINT"
                )));
            }
        };
        let count = asked.number_of_ticks.unwrap_or(0);
        if !(1..=PAGE).contains(&count) {
            return Err(Problem::invalid("Number of ticks must be from 1 to 1000"));
        }
        let id = self.resolve(asked.contract.as_ref())?;
        let now = self.exchange.unix_seconds(self.exchange.now());
        let schedule = self.exchange.schedule(id);
        let read = |what: &str, text: &Option<String>| {
            moments::read(what, text.as_deref().unwrap_or_default(), schedule, now)
        };
        let start = read("Start Date/Time", &asked.start_date_time)?;
        let end = read("End Date/Time", &asked.end_date_time)?;
        let (start, end, implied) = match (start, end) {
            (Some((start, implied)), None) => (Some(start), 0, implied),
            (None, Some((end, implied))) => (None, end, implied),
            _ => {
                return Err(Problem::invalid(
                    "Please specify either start or end date/time, and not both",
                ));
            }
        };
        let instrument = &self.exchange.market(id).instrument;
        if !of.exists(instrument) || !instrument.legs.is_empty() {
            return Err(Problem::new(
                10187,
                format!(
                    "Failed to request historical ticks:No historical market data for {}/{}@{} Last 1000",
                    instrument.symbol,
                    instrument.kind.sec_type(),
                    instrument.valid_exchanges.first().map_or("SMART", String::as_str),
                ),
            ));
        }
        if implied {
            self.error(from, request, &moments::implied_zone());
        }
        let count = usize::try_from(count).unwrap_or(1);
        let regular = asked.use_rth.unwrap_or(false);
        let ticks = page(&self.exchange, id, of, (start, end), count, regular);
        self.send_ticks(from, request, id, of, &ticks);
        Ok(())
    }

    /// Sends the newest ticks before now, as a stream begins with them.
    pub(in crate::gateway) fn send_recent_ticks(
        &mut self,
        to: ConnectionId,
        request: i32,
        id: InstrumentId,
        of: Of,
        count: usize,
    ) {
        let now = self.exchange.past().end();
        let mut ticks = page(&self.exchange, id, of, (None, now), count, false);
        ticks.drain(..ticks.len().saturating_sub(count));
        self.send_ticks(to, request, id, of, &ticks);
    }

    fn send_ticks(
        &mut self,
        to: ConnectionId,
        request: i32,
        id: InstrumentId,
        of: Of,
        ticks: &[(u64, PastTick)],
    ) {
        let instrument = &self.exchange.market(id).instrument;
        let (req_id, is_done) = (Some(request), Some(true));
        match of {
            Of::Trades => {
                let tick = |(unix, tick): &(u64, PastTick)| last(instrument, *unix, tick);
                let message = wire::HistoricalTicksLast {
                    req_id,
                    historical_ticks_last: ticks.iter().filter_map(tick).collect(),
                    is_done,
                };
                self.send(to, Class::Other, &message);
            }
            Of::BidAsk { .. } => {
                let tick = |(unix, tick): &(u64, PastTick)| match tick {
                    PastTick::Quote(top) => Some(bid_ask(instrument, *unix, *top)),
                    PastTick::Trade(..) => None,
                };
                let message = wire::HistoricalTicksBidAsk {
                    req_id,
                    historical_ticks_bid_ask: ticks.iter().filter_map(tick).collect(),
                    is_done,
                };
                self.send(to, Class::Other, &message);
            }
            Of::Midpoint => {
                let tick = |(unix, tick): &(u64, PastTick)| match tick {
                    PastTick::Quote(top) => midpoint(instrument, *unix, *top),
                    PastTick::Trade(..) => None,
                };
                let message = wire::HistoricalTicks {
                    req_id,
                    historical_ticks: ticks.iter().filter_map(tick).collect(),
                    is_done,
                };
                self.send(to, Class::Other, &message);
            }
        }
    }
}

fn last(instrument: &Instrument, unix: u64, tick: &PastTick) -> Option<wire::HistoricalTickLast> {
    let PastTick::Trade(price, lots) = tick else {
        return None;
    };
    Some(wire::HistoricalTickLast {
        time: i64::try_from(unix).ok(),
        tick_attrib_last: Some(wire::TickAttribLast {
            past_limit: Some(false),
            unreported: Some(false),
        }),
        price: Some(double(instrument.price(*price))),
        size: Some(written(instrument.quantity(*lots))),
        exchange: Some(instrument.primary_exchange.clone()),
        special_conditions: Some(String::new()),
    })
}

/// A quote as a tick; a side where nobody is has neither price nor size.
pub(in crate::gateway) fn bid_ask(
    instrument: &Instrument,
    unix: u64,
    top: Top,
) -> wire::HistoricalTickBidAsk {
    let price = |side: Option<(i64, i64)>| side.map_or(0.0, |(price, _)| double(instrument.price(price)));
    let size = |side: Option<(i64, i64)>| written(instrument.quantity(side.map_or(0, |(_, lots)| lots)));
    wire::HistoricalTickBidAsk {
        time: i64::try_from(unix).ok(),
        tick_attrib_bid_ask: Some(wire::TickAttribBidAsk {
            bid_past_low: Some(false),
            ask_past_high: Some(false),
        }),
        price_bid: Some(price(top.bid)),
        price_ask: Some(price(top.ask)),
        size_bid: Some(size(top.bid)),
        size_ask: Some(size(top.ask)),
    }
}

/// The middle of a quote as a tick, if it has two sides.
pub(in crate::gateway) fn midpoint(
    instrument: &Instrument,
    unix: u64,
    top: Top,
) -> Option<wire::HistoricalTick> {
    Some(wire::HistoricalTick {
        time: i64::try_from(unix).ok(),
        price: Some(double(halved(instrument, sum(top)?))),
        size: Some("0".to_owned()),
    })
}

/// A trade as a tick.
pub(in crate::gateway) fn trade(
    instrument: &Instrument,
    unix: u64,
    price: i64,
    lots: i64,
) -> Option<wire::HistoricalTickLast> {
    last(instrument, unix, &PastTick::Trade(price, lots))
}
