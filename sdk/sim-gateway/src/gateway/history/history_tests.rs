//! Bars and figures about the past as clients ask for them: what they are made of, and what is refused.

use prost::Message;

use crate::exchange::Config;
use crate::gateway::{ConnectionId, Gateway, Output};
use crate::wire::frame::Inbound;
use crate::wire::ids::{PROTOBUF_OFFSET, request, response};
use crate::wire::messages::bars as wire;
use crate::wire::messages::contract::Contract;
use crate::wire::messages::session::{ErrorMessage, StartApiRequest};
use crate::wire::{Body, Encoding};

const SECOND: u64 = 1_000_000_000;
pub(super) const EPOCH: u64 = 1_795_000_000;
const ME: ConnectionId = ConnectionId(1);

/// A client, and all it was sent and has not looked at: message numbers and bodies.
pub(super) struct Client {
    pub(super) gateway: Gateway,
    pub(super) now: u64,
    pub(super) frames: Vec<(u32, Vec<u8>)>,
}

impl Client {
    pub(super) fn new() -> Self {
        let mut client = Self {
            gateway: Gateway::new(Config::default(), 226),
            now: 0,
            frames: Vec::new(),
        };
        client.gateway.connect(ME);
        let (oldest, newest) = (100, 226);
        client.gateway.receive(0, ME, Inbound::Hello { oldest, newest });
        client.ask(
            request::START_API,
            &StartApiRequest {
                client_id: Some(7),
                ..StartApiRequest::default()
            },
        );
        client.frames.clear();
        client
    }

    pub(super) fn ask(&mut self, id: u32, message: &impl Message) {
        let body = Body {
            encoding: Encoding::Protobuf(226),
            bytes: message.encode_to_vec(),
        };
        self.gateway.receive(self.now, ME, Inbound::Message { id, body });
        self.collect();
    }

    pub(super) fn pass(&mut self, seconds: u64) {
        self.now += seconds * SECOND;
        self.gateway.advance(self.now);
        self.collect();
    }

    fn collect(&mut self) {
        for output in self.gateway.take_output() {
            if let Output::Frame { id, bytes, .. } = output {
                let sent = bytes
                    .get(4..8)
                    .map(|id| u32::from_be_bytes(id.try_into().unwrap()));
                if sent == Some(id + PROTOBUF_OFFSET) {
                    self.frames.push((id, bytes[8..].to_vec()));
                }
            }
        }
    }

    /// Takes all messages of a kind.
    pub(super) fn take<M: Message + Default>(&mut self, id: u32) -> Vec<M> {
        let (wanted, rest) = std::mem::take(&mut self.frames)
            .into_iter()
            .partition(|(each, _)| *each == id);
        self.frames = rest;
        let decode = |(_, bytes): (u32, Vec<u8>)| M::decode(bytes.as_slice()).unwrap();
        Vec::into_iter(wanted).map(decode).collect()
    }

    /// Errors about a request: code and text.
    pub(super) fn errors(&mut self) -> Vec<(i32, String)> {
        let errors: Vec<ErrorMessage> = self.take(response::ERROR);
        let tell = |each: ErrorMessage| (each.error_code.unwrap(), each.error_msg.unwrap());
        errors.into_iter().map(tell).collect()
    }

    /// The bars of a request that is answered with some.
    pub(super) fn bars(&mut self, asked: &wire::HistoricalDataRequest) -> Vec<wire::HistoricalDataBar> {
        self.ask(request::HISTORICAL_DATA, asked);
        assert_eq!(self.errors(), [], "{asked:?}");
        let answers: Vec<wire::HistoricalData> = self.take(response::HISTORICAL_DATA);
        let ends: Vec<wire::HistoricalDataEnd> = self.take(response::HISTORICAL_DATA_END);
        assert_eq!(ends.len(), 1);
        answers
            .into_iter()
            .flat_map(|answer| answer.historical_data_bars)
            .collect()
    }
}

pub(super) fn contract(symbol: &str, kind: &str, exchange: &str) -> Option<Contract> {
    Some(Contract {
        symbol: Some(symbol.to_owned()),
        sec_type: Some(kind.to_owned()),
        exchange: Some(exchange.to_owned()),
        currency: Some("USD".to_owned()),
        ..Contract::default()
    })
}

pub(super) fn apple() -> Option<Contract> {
    contract("AAPL", "STK", "SMART")
}

pub(super) fn asked(what: &str, size: &str, duration: &str) -> wire::HistoricalDataRequest {
    wire::HistoricalDataRequest {
        req_id: Some(5),
        contract: apple(),
        end_date_time: Some(String::new()),
        bar_size_setting: Some(size.to_owned()),
        duration: Some(duration.to_owned()),
        use_rth: Some(false),
        what_to_show: Some(what.to_owned()),
        format_date: Some(2),
        keep_up_to_date: Some(false),
        chart_options: Default::default(),
    }
}

pub(super) fn until(end: &str, asked: wire::HistoricalDataRequest) -> wire::HistoricalDataRequest {
    wire::HistoricalDataRequest {
        end_date_time: Some(end.to_owned()),
        ..asked
    }
}

fn number(text: &Option<String>) -> f64 {
    text.as_deref().unwrap().parse().unwrap()
}

/// One bar from several.
fn joined(bars: &[wire::HistoricalDataBar]) -> (String, [f64; 4], f64, i32) {
    let (first, last) = (bars.first().unwrap(), bars.last().unwrap());
    let high = bars.iter().map(|bar| bar.high.unwrap()).fold(f64::MIN, f64::max);
    let low = bars.iter().map(|bar| bar.low.unwrap()).fold(f64::MAX, f64::min);
    let prices = [first.open.unwrap(), high, low, last.close.unwrap()];
    let volume = bars.iter().map(|bar| number(&bar.volume)).sum();
    let count = bars.iter().map(|bar| bar.bar_count.unwrap()).sum();
    (first.date.clone().unwrap(), prices, volume, count)
}

#[test]
fn short_bars_make_long_ones() {
    let mut client = Client::new();
    for (short, long, duration) in [
        ("5 secs", "1 min", "3600 S"),
        ("1 secs", "5 secs", "1800 S"),
        ("1 min", "5 mins", "1 D"),
        ("5 mins", "1 hour", "2 D"),
        ("1 hour", "1 day", "5 D"),
    ] {
        // A day's end is a round time for every size.
        let ask = |size| until("20261117-05:00:00", asked("TRADES", size, duration));
        let fine = client.bars(&ask(short));
        let coarse = client.bars(&ask(long));
        assert!(
            coarse.len() > 3 && fine.len().is_multiple_of(coarse.len()),
            "{short} {long}"
        );
        let each = fine.len() / coarse.len();
        for (parts, whole) in fine.chunks(each).zip(&coarse) {
            let (date, prices, volume, count) = joined(parts);
            let (wanted, same, sum, counted) = joined(std::slice::from_ref(whole));
            assert_eq!((prices, volume, count), (same, sum, counted), "{short} {long}");
            assert!(date == wanted || long == "1 day", "{date} {wanted}");
            let wap = number(&whole.wap);
            assert!(prices[2] <= wap && wap <= prices[1]);
        }
    }
}

#[test]
fn the_same_question_has_the_same_answer() {
    let mut client = Client::new();
    for what in [
        "TRADES",
        "BID_ASK",
        "HISTORICAL_VOLATILITY",
        "ADJUSTED_LAST",
        "FEE_RATE",
    ] {
        let ask = asked(what, "1 day", "1 Y");
        let first = client.bars(&ask);
        assert!(first.len() > 250, "{what}");
        assert_eq!(client.bars(&ask), first);
    }
    let ask = until("20261101 12:00:00 US/Eastern", asked("TRADES", "1 min", "2 D"));
    let before = client.bars(&ask);
    client.pass(600);
    assert_eq!(client.bars(&ask), before);
    assert_eq!(Client::new().bars(&ask), before);
}

#[test]
fn dates_are_written_as_wanted() {
    let mut client = Client::new();
    let mut first = |format, size: &str| {
        let ask = wire::HistoricalDataRequest {
            format_date: Some(format),
            ..until("20261117 10:00:00 US/Eastern", asked("TRADES", size, "2 D"))
        };
        client.bars(&ask).last().unwrap().date.clone().unwrap()
    };
    assert_eq!(first(1, "1 hour"), "20261117 09:00:00 US/Eastern");
    assert_eq!(first(2, "1 hour"), "1794924000");
    assert_eq!(first(3, "1 hour"), "1117 09:00:00 US/Eastern");
    for format in 1..4 {
        assert_eq!(first(format, "1 day"), "20261117");
    }
}

#[test]
fn bars_kept_up_to_date_end_as_history_has_them() {
    let mut client = Client::new();
    let follow = wire::HistoricalDataRequest {
        keep_up_to_date: Some(true),
        ..asked("TRADES", "15 secs", "600 S")
    };
    let mut known = client.bars(&follow);
    client.pass(95);
    let updates: Vec<wire::HistoricalDataUpdate> = client.take(response::HISTORICAL_DATA_UPDATE);
    assert!(updates.len() > 60);
    let mut added = 0;
    for update in updates {
        let bar = update.historical_data_bar.unwrap();
        let last = known.last_mut().unwrap();
        if last.date == bar.date {
            *last = bar;
        } else {
            added += 1;
            known.push(bar);
        }
    }
    assert!((6..8).contains(&added), "{added}");
    let end = (EPOCH + 90) / 15 * 15;
    let later = client.bars(&wire::HistoricalDataRequest {
        keep_up_to_date: Some(false),
        req_id: Some(6),
        ..asked("TRADES", "15 secs", "600 S")
    });
    let whole = |bars: &[wire::HistoricalDataBar]| -> Vec<wire::HistoricalDataBar> {
        let between = |bar: &&wire::HistoricalDataBar| {
            let start: u64 = bar.date.as_deref().unwrap().parse().unwrap();
            (EPOCH + 15..end).contains(&start)
        };
        bars.iter().filter(between).cloned().collect()
    };
    assert!(whole(&known).len() >= 4);
    assert_eq!(whole(&known), whole(&later));
    client.ask(
        request::CANCEL_HISTORICAL_DATA,
        &wire::CancelHistoricalData { req_id: Some(5) },
    );
    let text = "Historical Market Data Service error message:API historical data query cancelled: 5";
    assert_eq!(client.errors(), [(162, text.to_owned())]);
    client.pass(5);
    assert!(
        client
            .take::<wire::HistoricalDataUpdate>(response::HISTORICAL_DATA_UPDATE)
            .is_empty()
    );
}

#[test]
fn five_second_bars_are_those_of_history() {
    let mut client = Client::new();
    for (id, what) in [(1, "TRADES"), (2, "MIDPOINT"), (3, "BID")] {
        client.ask(
            request::REAL_TIME_BARS,
            &wire::RealTimeBarsRequest {
                req_id: Some(id),
                contract: apple(),
                bar_size: Some(5),
                what_to_show: Some(what.to_owned()),
                use_rth: Some(false),
                ..Default::default()
            },
        );
    }
    client.pass(62);
    let bars: Vec<wire::RealTimeBarTick> = client.take(response::REAL_TIME_BAR_TICK);
    assert_eq!(bars.len(), 3 * 12);
    for (id, what) in [(1, "TRADES"), (2, "MIDPOINT"), (3, "BID")] {
        let mine: Vec<_> = bars.iter().filter(|bar| bar.req_id == Some(id)).collect();
        let later = client.bars(&asked(what, "5 secs", "120 S"));
        for bar in &mine {
            let start = bar.time.unwrap().to_string();
            let same = later
                .iter()
                .find(|each| each.date.as_deref() == Some(&start))
                .unwrap();
            assert_eq!(
                (bar.open, bar.high, bar.low, bar.close),
                (same.open, same.high, same.low, same.close)
            );
            assert_eq!(
                (&bar.volume, &bar.wap, bar.count),
                (&same.volume, &same.wap, same.bar_count)
            );
        }
    }
    let cancel = wire::CancelRealTimeBars { req_id: Some(1) };
    client.ask(request::CANCEL_REAL_TIME_BARS, &cancel);
    assert_eq!(client.errors(), []);
    client.ask(request::CANCEL_REAL_TIME_BARS, &cancel);
    assert_eq!(client.errors()[0].0, 300);
}

#[test]
fn nothing_goes_on_for_a_client_that_left() {
    let mut client = Client::new();
    let follow = wire::HistoricalDataRequest {
        keep_up_to_date: Some(true),
        ..asked("MIDPOINT", "1 min", "600 S")
    };
    client.bars(&follow);
    assert!(client.gateway.exchange().next_due().is_some());
    client.gateway.disconnect(ME);
    client.pass(2);
    assert_eq!(client.gateway.exchange().next_due(), None);
    assert_eq!(client.gateway.history.streams.len(), 0);
}

#[test]
fn first_moments_schedules_and_histograms() {
    let mut client = Client::new();
    client.ask(
        request::HEAD_TIMESTAMP,
        &wire::HeadTimestampRequest {
            req_id: Some(1),
            contract: apple(),
            use_rth: Some(true),
            what_to_show: Some("TRADES".to_owned()),
            format_date: Some(2),
        },
    );
    let heads: Vec<wire::HeadTimestamp> = client.take(response::HEAD_TIMESTAMP);
    let head: u64 = heads[0].head_timestamp.as_deref().unwrap().parse().unwrap();
    let early = client.bars(&until("20180101-00:00:00", asked("TRADES", "1 day", "40 Y")));
    let first = early[0].date.as_deref().unwrap();
    assert!(
        head > 600_000_000 && first.starts_with(&crate::gateway::values::day(head)[..4]),
        "{head} {first}"
    );
    let schedule = wire::HistoricalDataRequest {
        use_rth: Some(true),
        ..until("20261117-20:00:00", asked("SCHEDULE", "1 day", "3 D"))
    };
    client.ask(request::HISTORICAL_DATA, &schedule);
    let found: Vec<wire::HistoricalSchedule> = client.take(response::HISTORICAL_SCHEDULE);
    assert_eq!(found[0].historical_sessions.len(), 3);
    assert_eq!(found[0].time_zone.as_deref(), Some("US/Eastern"));
    assert_eq!(
        found[0].historical_sessions[2].ref_date.as_deref(),
        Some("20261117")
    );
    client.ask(
        request::HISTOGRAM_DATA,
        &wire::HistogramDataRequest {
            req_id: Some(2),
            contract: apple(),
            use_rth: Some(false),
            time_period: Some("3 days".to_owned()),
        },
    );
    assert_eq!(client.errors(), []);
    let found: Vec<wire::HistogramData> = client.take(response::HISTOGRAM_DATA);
    let entries = &found[0].histogram_data_entries;
    assert!(entries.len() > 50);
    assert!(entries.windows(2).all(|pair| pair[0].price < pair[1].price));
}
