//! Single ticks: as they happen, as history has them, and as bars are made of them.

use super::history_tests::{Client, EPOCH, apple, asked, contract, until};
use crate::wire::ids::{request, response};
use crate::wire::messages::bars as wire;
use crate::wire::messages::ticks::{
    CancelTickByTick, HistoricalTick, HistoricalTickBidAsk, HistoricalTickLast, HistoricalTicks,
    HistoricalTicksBidAsk, HistoricalTicksLast, HistoricalTicksRequest, Tick, TickByTickData,
    TickByTickRequest,
};

fn stream(id: i32, kind: &str) -> TickByTickRequest {
    TickByTickRequest {
        req_id: Some(id),
        contract: apple(),
        tick_type: Some(kind.to_owned()),
        number_of_ticks: Some(0),
        ignore_size: Some(false),
    }
}

/// Everything streamed, by kind.
#[derive(Default)]
struct Streamed {
    last: Vec<HistoricalTickLast>,
    bid_ask: Vec<HistoricalTickBidAsk>,
    middle: Vec<HistoricalTick>,
}

fn streamed(client: &mut Client) -> Streamed {
    let mut all = Streamed::default();
    for data in client.take::<TickByTickData>(response::TICK_BY_TICK_DATA) {
        match data.tick.unwrap() {
            Tick::Last(tick) if data.tick_type == Some(1) => all.last.push(tick),
            Tick::Last(_) => {}
            Tick::BidAsk(tick) => all.bid_ask.push(tick),
            Tick::MidPoint(tick) => all.middle.push(tick),
        }
    }
    all
}

fn in_force(values: impl DoubleEndedIterator<Item = (i64, f64)> + Clone, from: i64, to: i64) -> [f64; 4] {
    let before = values
        .clone()
        .rev()
        .find(|(at, _)| *at < from)
        .map(|(_, value)| value);
    let inside = values
        .filter(|(at, _)| (from..to).contains(at))
        .map(|(_, value)| value);
    let all: Vec<f64> = before.into_iter().chain(inside).collect();
    let high = all.iter().copied().fold(f64::MIN, f64::max);
    let low = all.iter().copied().fold(f64::MAX, f64::min);
    [*all.first().unwrap(), high, low, *all.last().unwrap()]
}

fn prices(bar: &wire::HistoricalDataBar) -> [f64; 4] {
    [bar.open, bar.high, bar.low, bar.close].map(Option::unwrap)
}

#[test]
fn bars_are_exactly_what_the_ticks_make() {
    let mut client = Client::new();
    for (id, kind) in [(1, "Last"), (2, "BidAsk"), (3, "MidPoint"), (4, "AllLast")] {
        client.ask(request::TICK_BY_TICK, &stream(id, kind));
    }
    client.pass(300);
    let all = streamed(&mut client);
    assert!(all.last.len() > 500 && all.bid_ask.len() > 2_000 && all.middle.len() > 1_000);
    let end = format!("{}-23:59:59", crate::gateway::values::day(EPOCH + 86_400));
    for size in ["5 secs", "30 secs", "1 min"] {
        let mut bars = |what: &str| client.bars(&until(&end, asked(what, size, "400 S")));
        let (trades, bids, asks, middles) = (bars("TRADES"), bars("BID"), bars("ASK"), bars("MIDPOINT"));
        let length = match size {
            "5 secs" => 5,
            "30 secs" => 30,
            _ => 60,
        };
        let mut compared = 0;
        for (((trade, bid), ask), middle) in trades.iter().zip(&bids).zip(&asks).zip(&middles) {
            let from: i64 = trade.date.as_deref().unwrap().parse().unwrap();
            let to = from + length;
            if from < EPOCH as i64 + 10 || to > EPOCH as i64 + 300 {
                continue;
            }
            compared += 1;
            let quotes = all.bid_ask.iter();
            let wanted = in_force(
                quotes.clone().map(|t| (t.time.unwrap(), t.price_bid.unwrap())),
                from,
                to,
            );
            assert_eq!(prices(bid), wanted, "bid {size} {from}");
            let wanted = in_force(quotes.map(|t| (t.time.unwrap(), t.price_ask.unwrap())), from, to);
            assert_eq!(prices(ask), wanted, "ask {size} {from}");
            let wanted = in_force(
                all.middle.iter().map(|t| (t.time.unwrap(), t.price.unwrap())),
                from,
                to,
            );
            assert_eq!(prices(middle), wanted, "middle {size} {from}");
            let inside: Vec<_> = all
                .last
                .iter()
                .filter(|t| (from..to).contains(&t.time.unwrap()))
                .collect();
            assert_eq!(trade.bar_count.unwrap() as usize, inside.len());
            let volume: f64 = inside
                .iter()
                .map(|t| t.size.as_deref().unwrap().parse::<f64>().unwrap())
                .sum();
            assert_eq!(trade.volume.as_deref().unwrap().parse::<f64>().unwrap(), volume);
            if !inside.is_empty() {
                let ticks = inside.iter().map(|t| (t.time.unwrap(), t.price.unwrap()));
                assert_eq!(prices(trade), in_force(ticks, from, to), "trades {size} {from}");
            }
        }
        assert!(compared >= 3, "{size}");
    }
}

fn page(what: &str, start: u64, end: u64, count: i32) -> HistoricalTicksRequest {
    let text = |unix: u64| match unix {
        0 => Some(String::new()),
        unix => Some(crate::gateway::values::dashed_timestamp(unix)),
    };
    HistoricalTicksRequest {
        req_id: Some(9),
        contract: apple(),
        start_date_time: text(start),
        end_date_time: text(end),
        number_of_ticks: Some(count),
        what_to_show: Some(what.to_owned()),
        use_rth: Some(false),
        ignore_size: Some(false),
        misc_options: Default::default(),
    }
}

#[test]
fn historical_ticks_are_those_that_were_streamed() {
    let mut client = Client::new();
    client.ask(request::TICK_BY_TICK, &stream(1, "Last"));
    client.ask(request::TICK_BY_TICK, &stream(2, "BidAsk"));
    client.pass(120);
    let all = streamed(&mut client);
    client.ask(request::HISTORICAL_TICKS, &page("TRADES", EPOCH + 20, 0, 50));
    let found: Vec<HistoricalTicksLast> = client.take(response::HISTORICAL_TICKS_LAST);
    let (found, start) = (&found[0].historical_ticks_last, EPOCH as i64 + 20);
    let wanted: Vec<_> = all
        .last
        .iter()
        .filter(|t| t.time.unwrap() >= start)
        .take(found.len())
        .collect();
    assert!(found.len() >= 50 && found.iter().collect::<Vec<_>>() == wanted);
    // The last second is whole: the next page begins with the next.
    let last = found.last().unwrap().time;
    assert_ne!(
        all.last
            .iter()
            .filter(|t| t.time.unwrap() >= start)
            .nth(found.len())
            .unwrap()
            .time,
        last
    );
    client.ask(request::HISTORICAL_TICKS, &page("BID_ASK", 0, EPOCH + 100, 200));
    let found: Vec<HistoricalTicksBidAsk> = client.take(response::HISTORICAL_TICKS_BID_ASK);
    let found = &found[0].historical_ticks_bid_ask;
    let until: Vec<_> = all
        .bid_ask
        .iter()
        .filter(|t| t.time.unwrap() < EPOCH as i64 + 100)
        .collect();
    assert!(found.len() >= 200 && found.iter().collect::<Vec<_>>() == until[until.len() - found.len()..]);
    assert_eq!(client.errors(), []);
}

#[test]
fn pages_of_the_far_past_follow_each_other() {
    let mut client = Client::new();
    let mut start = EPOCH - 9_000_000;
    let mut seen = 0;
    for _ in 0..4 {
        client.ask(request::HISTORICAL_TICKS, &page("MIDPOINT", start, 0, 1_000));
        let found: Vec<HistoricalTicks> = client.take(response::HISTORICAL_TICKS);
        let ticks = &found[0].historical_ticks;
        assert!(ticks.len() >= 1_000 && found[0].is_done == Some(true));
        assert!(ticks.windows(2).all(|pair| pair[0].time <= pair[1].time));
        assert!(ticks[0].time.unwrap() as u64 >= start);
        start = ticks.last().unwrap().time.unwrap() as u64 + 1;
        seen += ticks.len();
    }
    assert!(seen >= 4_000);
}

#[test]
fn what_cannot_be_had_is_refused() {
    let mut client = Client::new();
    let euro = || contract("EUR", "CASH", "IDEALPRO");
    let streams = [
        (stream(1, "last"), 321),
        (stream(1, ""), 321),
        (
            TickByTickRequest {
                contract: euro(),
                ..stream(1, "Last")
            },
            10189,
        ),
        (
            TickByTickRequest {
                number_of_ticks: Some(1_001),
                ..stream(1, "Last")
            },
            321,
        ),
    ];
    for (ask, wanted) in streams {
        client.ask(request::TICK_BY_TICK, &ask);
        assert_eq!(client.errors()[0].0, wanted, "{ask:?}");
    }
    for id in 1..=5 {
        client.ask(request::TICK_BY_TICK, &stream(id, "Last"));
    }
    assert_eq!(client.errors(), []);
    client.ask(request::TICK_BY_TICK, &stream(6, "Last"));
    assert_eq!(client.errors()[0].0, 10190);
    client.ask(request::TICK_BY_TICK, &stream(5, "Last"));
    assert_eq!(client.errors()[0].0, 102);
    client.ask(
        request::CANCEL_TICK_BY_TICK,
        &CancelTickByTick { req_id: Some(5) },
    );
    client.ask(request::TICK_BY_TICK, &stream(6, "Last"));
    assert_eq!(client.errors(), []);
    client.ask(
        request::CANCEL_TICK_BY_TICK,
        &CancelTickByTick { req_id: Some(77) },
    );
    assert_eq!(client.errors()[0].0, 300);
    let pages = [
        (page("TRADES", EPOCH - 9, EPOCH, 10), 321),
        (page("TRADES", 0, 0, 10), 321),
        (page("TRADES", 0, EPOCH, 0), 321),
        (page("TRADES", 0, EPOCH, 1_001), 321),
        (page("BID", 0, EPOCH, 10), 321),
        (
            HistoricalTicksRequest {
                contract: euro(),
                ..page("TRADES", 0, EPOCH, 10)
            },
            10187,
        ),
        (
            HistoricalTicksRequest {
                end_date_time: Some("soon".to_owned()),
                ..page("TRADES", 0, 0, 10)
            },
            10314,
        ),
    ];
    for (ask, wanted) in pages {
        client.ask(request::HISTORICAL_TICKS, &ask);
        assert_eq!(client.errors()[0].0, wanted, "{ask:?}");
    }
}

#[test]
fn a_stream_may_begin_with_what_was_before() {
    let mut client = Client::new();
    client.pass(10);
    let ask = TickByTickRequest {
        number_of_ticks: Some(20),
        ..stream(1, "BidAsk")
    };
    client.ask(request::TICK_BY_TICK, &ask);
    let before: Vec<HistoricalTicksBidAsk> = client.take(response::HISTORICAL_TICKS_BID_ASK);
    assert_eq!(before[0].historical_ticks_bid_ask.len(), 20);
    client.pass(5);
    assert!(streamed(&mut client).bid_ask.len() > 20);
}
