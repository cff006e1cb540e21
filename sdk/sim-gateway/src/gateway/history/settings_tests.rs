//! What may be asked for and what may not: a table, and nothing that any text can break.

use proptest::prelude::*;

use super::history_tests::{Client, apple, asked, contract, until};
use super::moments;
use super::settings::{BarSize, Duration, What};
use crate::exchange::{Config, Exchange, InstrumentId};
use crate::wire::ids::{request, response};
use crate::wire::messages::bars as wire;

/// The code of the refusal, or zero for an answer.
fn code(client: &mut Client, asked: &wire::HistoricalDataRequest) -> i32 {
    client.ask(request::HISTORICAL_DATA, asked);
    let errors = client.errors();
    let bars: Vec<wire::HistoricalData> = client.take(response::HISTORICAL_DATA);
    let schedules: Vec<wire::HistoricalSchedule> = client.take(response::HISTORICAL_SCHEDULE);
    client.frames.clear();
    let answered = bars.len() + schedules.len();
    assert_eq!(errors.len() + answered, 1, "{asked:?} {errors:?}");
    errors.first().map_or(0, |(code, _)| *code)
}

#[test]
fn sizes_go_with_durations_as_they_do_at_ib() {
    let mut client = Client::new();
    let table = [
        ("1 secs", "1800 S", 0),
        ("1 secs", "2001 S", 162),
        ("1 secs", "1 D", 162),
        ("1 min", "86400 S", 0),
        ("2 mins", "3600 S", 162),
        ("1 min", "86401 S", 162),
        ("5 secs", "1 D", 0),
        ("1 hour", "1 D", 0),
        ("2 hours", "1 D", 162),
        ("1 day", "5 D", 0),
        ("1 day", "365 D", 0),
        ("1 day", "366 D", 321),
        ("5 secs", "1 W", 162),
        ("10 mins", "1 W", 0),
        ("4 hours", "1 W", 0),
        ("8 hours", "1 W", 162),
        ("1 day", "52 W", 0),
        ("1 day", "53 W", 321),
        ("15 secs", "1 M", 162),
        ("30 mins", "1 M", 0),
        ("8 hours", "1 M", 0),
        ("1 day", "12 M", 0),
        ("1 day", "13 M", 321),
        ("30 secs", "1 Y", 162),
        ("1W", "1 Y", 0),
        ("1M", "2 Y", 0),
        ("1 month", "68 Y", 0),
        ("1 day", "69 Y", 162),
        ("7 mins", "1 D", 321),
        ("1 mins", "1 D", 321),
        ("", "1 D", 321),
        ("1 day", "", 321),
        ("1 day", "D", 321),
        ("1 day", "0 D", 321),
        ("1 day", "-1 D", 321),
        ("1 day", "1D", 321),
        ("1 day", "1 H", 321),
        ("1 day", "99999999999999999999 D", 321),
    ];
    for (size, duration, wanted) in table {
        let found = code(&mut client, &asked("TRADES", size, duration));
        assert_eq!(found, wanted, "{size} over {duration}");
    }
}

#[test]
fn instruments_have_what_they_have() {
    let mut client = Client::new();
    let euro = || contract("EUR", "CASH", "IDEALPRO");
    let table = [
        (apple(), "TRADES", 0),
        (apple(), "BID_ASK", 0),
        (apple(), "ADJUSTED_LAST", 0),
        (apple(), "HISTORICAL_VOLATILITY", 0),
        (apple(), "OPTION_IMPLIED_VOLATILITY", 0),
        (apple(), "FEE_RATE", 0),
        (apple(), "SCHEDULE", 0),
        (apple(), "AGGTRADES", 10299),
        (apple(), "YIELD_BID", 162),
        (apple(), "LAST", 321),
        (apple(), "trades", 321),
        (euro(), "TRADES", 162),
        (euro(), "ADJUSTED_LAST", 162),
        (euro(), "FEE_RATE", 162),
        (euro(), "AGGTRADES", 162),
        (euro(), "MIDPOINT", 0),
        (euro(), "BID", 0),
        (euro(), "ASK", 0),
        (euro(), "BID_ASK", 0),
        (contract("NONE", "STK", "SMART"), "TRADES", 200),
        (None, "TRADES", 321),
    ];
    for (contract, what, wanted) in table {
        let ask = wire::HistoricalDataRequest {
            contract: contract.clone(),
            ..asked(what, "1 day", "3 D")
        };
        assert_eq!(code(&mut client, &ask), wanted, "{what} of {contract:?}");
    }
}

#[test]
fn moments_and_switches_go_together_or_not() {
    let mut client = Client::new();
    let day = |what, end| until(end, asked(what, "1 day", "3 D"));
    let keep = |ask| wire::HistoricalDataRequest {
        keep_up_to_date: Some(true),
        ..ask
    };
    let continuous = |end| wire::HistoricalDataRequest {
        contract: contract("AAPL", "CONTFUT", "SMART"),
        ..day("TRADES", end)
    };
    let table = [
        (day("ADJUSTED_LAST", "20261101-00:00:00"), 321),
        (day("TRADES", "20261101"), 10314),
        (day("TRADES", "yesterday"), 10314),
        (day("TRADES", "20261301 10:00:00 UTC"), 10314),
        (day("TRADES", "20261101 25:00:00 UTC"), 10314),
        (day("TRADES", "20261101 10:00:00 Mars/Base"), 10314),
        (day("TRADES", "19700105 10:00:00 UTC"), 162),
        (until("", asked("SCHEDULE", "1 hour", "1 D")), 10295),
        (until("20250101-00:00:00", asked("TRADES", "5 secs", "1 D")), 162),
        (until("20250101-00:00:00", asked("TRADES", "1 min", "1 D")), 0),
        (keep(day("TRADES", "20261101-00:00:00")), 321),
        (keep(asked("BID_ASK", "1 min", "1 D")), 321),
        (keep(asked("TRADES", "1 secs", "60 S")), 321),
        (
            wire::HistoricalDataRequest {
                format_date: Some(4),
                ..day("TRADES", "")
            },
            321,
        ),
        (continuous(""), 200),
    ];
    for (ask, wanted) in table {
        assert_eq!(code(&mut client, &ask), wanted, "{ask:?}");
    }
    // Without a zone there is a warning and an answer.
    client.ask(request::HISTORICAL_DATA, &day("TRADES", "20261101 10:00:00"));
    assert_eq!(client.errors()[0].0, 2174);
    assert_eq!(
        client
            .take::<wire::HistoricalData>(response::HISTORICAL_DATA)
            .len(),
        1
    );
    // Twice the same id, and the end of one that is not there.
    client.ask(request::HISTORICAL_DATA, &keep(asked("TRADES", "1 min", "1 D")));
    client.frames.clear();
    assert_eq!(code(&mut client, &asked("TRADES", "1 min", "1 D")), 386);
    let cancel = wire::CancelHistoricalData { req_id: Some(99) };
    client.ask(request::CANCEL_HISTORICAL_DATA, &cancel);
    let text = "No historical data query found for ticker id:99".to_owned();
    assert_eq!(client.errors(), [(366, text)]);
}

#[test]
fn asking_too_often_is_refused_where_that_is_wanted() {
    let mut client = Client::new();
    for _ in 0..70 {
        assert_eq!(code(&mut client, &asked("TRADES", "1 day", "1 D")), 0);
    }
    client.gateway.pace_history(true);
    assert_eq!(code(&mut client, &asked("TRADES", "1 day", "1 D")), 0);
    client.ask(request::HISTORICAL_DATA, &asked("TRADES", "1 day", "1 D"));
    let text = "Historical Market Data Service error message:Historical data request pacing violation";
    assert_eq!(client.errors(), [(162, text.to_owned())]);
    client.pass(16);
    let durations = |count| (1..=count).map(|days| format!("{days} D"));
    let codes: Vec<i32> = durations(7)
        .map(|duration| code(&mut client, &asked("BID", "1 day", &duration)))
        .collect();
    assert_eq!(codes, [0, 0, 0, 0, 0, 162, 162]);
    let mut answered = 0;
    for duration in durations(80) {
        client.pass(1);
        answered += usize::from(code(&mut client, &asked("ASK", "1 day", &duration)) == 0);
    }
    assert_eq!(answered, 60 - 9);
    client.pass(700);
    assert_eq!(code(&mut client, &asked("ASK", "1 day", "1 D")), 0);
}

#[test]
fn fifty_requests_may_be_open() {
    let mut client = Client::new();
    client.gateway.pace_history(true);
    let keep = |id: i32| wire::HistoricalDataRequest {
        req_id: Some(id),
        keep_up_to_date: Some(true),
        ..asked("TRADES", "1 hour", &format!("{id} D"))
    };
    for id in 1..=50 {
        client.bars(&keep(id));
        client.pass(2);
    }
    client.frames.clear();
    assert_eq!(code(&mut client, &keep(51)), 322);
}

#[test]
fn moments_are_read_in_every_form() {
    let exchange = Exchange::new(Config::default());
    let schedule = exchange.schedule(InstrumentId(0));
    let now = 1_795_000_000;
    let table = [
        ("", None),
        ("20261101-10:00:00", Some((1_793_527_200, false))),
        ("20261101 10:00:00 UTC", Some((1_793_527_200, false))),
        ("20261101 06:00:00 US/Eastern", Some((1_793_530_800, false))),
        ("20261101 05:00:00 America/New_York", Some((1_793_527_200, false))),
        ("20261101  05:00:00", Some((1_793_527_200, true))),
        ("20261101 05:00", Some((1_793_527_200, true))),
        ("19:00:00 Asia/Tokyo", None),
    ];
    for (text, wanted) in table {
        let found = moments::read("End Date/Time", text, schedule, now).unwrap();
        if text.starts_with("19:") {
            assert!(found.is_some());
        } else {
            assert_eq!(found, wanted, "{text}");
        }
    }
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in ".{0,40}", plausible in "[0-9]{0,9}[ -]?[0-9:]{0,9} ?[A-Za-z/]{0,12}") {
        let exchange = Exchange::new(Config::default());
        let schedule = exchange.schedule(InstrumentId(0));
        for text in [text, plausible] {
            let _ = moments::read("End Date/Time", &text, schedule, 1_795_000_000);
            let _ = Duration::read(&text);
            let _ = BarSize::read(&text);
            let _ = What::read(&text);
        }
    }
}
