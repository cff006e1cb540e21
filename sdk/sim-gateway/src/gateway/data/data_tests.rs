//! What clients are told of the market, frame by frame.

use prost::Message;

use super::{Entitlement, Rules};
use crate::exchange::{Config, Halt, Hours};
use crate::gateway::gateway_tests::{Desk, apple, limit};
use crate::gateway::{ConnectionId, Gateway, Output};
use crate::wire::ids::{PROTOBUF_OFFSET, request, response};
use crate::wire::messages::contract::Contract;
use crate::wire::messages::session::ErrorMessage;
use crate::wire::messages::{market, news, scanner};

const ME: ConnectionId = ConnectionId(1);
const SECOND: u64 = 1_000_000_000;

/// A frame in a few words, ticks with their field.
pub(super) fn tell(output: &Output) -> String {
    let Output::Frame { bytes, .. } = output else {
        return "close".to_owned();
    };
    let id = u32::from_be_bytes(bytes[4..8].try_into().unwrap()) - PROTOBUF_OFFSET;
    let body = &bytes[8..];
    match id {
        response::ERROR => {
            let error = ErrorMessage::decode(body).unwrap();
            format!("error {}", error.error_code.unwrap())
        }
        response::TICK_PRICE => {
            let tick = market::TickPrice::decode(body).unwrap();
            format!("price {}", tick.tick_type.unwrap())
        }
        response::TICK_SIZE => {
            let tick = market::TickSize::decode(body).unwrap();
            format!("size {}", tick.tick_type.unwrap())
        }
        response::TICK_STRING => {
            let tick = market::TickString::decode(body).unwrap();
            format!("text {}", tick.tick_type.unwrap())
        }
        response::TICK_GENERIC => {
            let tick = market::TickGeneric::decode(body).unwrap();
            format!("number {}", tick.tick_type.unwrap())
        }
        response::MARKET_DATA_TYPE => {
            let kind = market::MarketDataType::decode(body).unwrap();
            format!("kind {}", kind.market_data_type.unwrap())
        }
        response::TICK_REQ_PARAMS => "parameters".to_owned(),
        response::TICK_SNAPSHOT_END => "snapshot end".to_owned(),
        response::TICK_NEWS => "headline".to_owned(),
        response::HISTORICAL_NEWS => "old headline".to_owned(),
        response::HISTORICAL_NEWS_END => {
            let end = news::HistoricalNewsEnd::decode(body).unwrap();
            format!("end of news, more: {}", end.has_more.unwrap())
        }
        response::SCANNER_DATA => {
            let data = scanner::ScannerData::decode(body).unwrap();
            format!("{} rows", data.scanner_data_element.len())
        }
        _ => format!("message {id}"),
    }
}

pub(super) fn told(outputs: &[Output]) -> Vec<String> {
    outputs.iter().map(tell).collect()
}

pub(super) fn watch(request: i32, contract: Contract) -> market::MarketDataRequest {
    market::MarketDataRequest {
        req_id: Some(request),
        contract: Some(contract),
        ..Default::default()
    }
}

pub(super) fn with_generics(request: i32, list: &str) -> market::MarketDataRequest {
    market::MarketDataRequest {
        generic_tick_list: Some(list.to_owned()),
        ..watch(request, apple())
    }
}

pub(super) fn ask(desk: &mut Desk, message: &market::MarketDataRequest) -> Vec<String> {
    told(&desk.frames_to(ME, request::MARKET_DATA, message))
}

pub(super) fn prefer(desk: &mut Desk, kind: i32) -> Vec<String> {
    let message = market::MarketDataTypeRequest {
        market_data_type: Some(kind),
    };
    told(&desk.frames_to(ME, request::MARKET_DATA_TYPE, &message))
}

fn euro() -> Contract {
    Contract {
        symbol: Some("EUR".to_owned()),
        sec_type: Some("CASH".to_owned()),
        exchange: Some("IDEALPRO".to_owned()),
        currency: Some("USD".to_owned()),
        ..Contract::default()
    }
}

#[test]
fn a_stream_begins_with_everything_known() {
    let mut desk = Desk::started();
    let stock = [
        "parameters",
        "kind 1",
        "price 1",
        "price 2",
        "price 4",
        "price 14",
        "price 6",
        "price 7",
        "price 9",
        "size 8",
        "number 49",
        "text 32",
        "text 33",
        "text 84",
    ];
    assert_eq!(ask(&mut desk, &watch(1, apple())), stock);
    let pair = [
        "parameters",
        "kind 1",
        "price 1",
        "price 2",
        "price 6",
        "price 7",
        "price 9",
    ];
    assert_eq!(ask(&mut desk, &watch(2, euro())), pair);
}

#[test]
fn a_running_stream_tells_quotes_and_trades() {
    let mut desk = Desk::started();
    ask(&mut desk, &watch(1, apple()));
    let later = told(&desk.frames_after(60 * SECOND));
    for wanted in [
        "price 1", "size 0", "price 2", "size 3", "text 45", "price 4", "size 5", "size 8", "text 32",
        "text 84",
    ] {
        assert!(later.iter().any(|each| each == wanted), "{wanted}");
    }
}

#[test]
fn a_snapshot_ends_at_once_when_complete_and_leaves_nothing() {
    let mut desk = Desk::started();
    let snapshot = market::MarketDataRequest {
        snapshot: Some(true),
        ..watch(1, apple())
    };
    let frames = ask(&mut desk, &snapshot);
    assert_eq!(
        frames.last().map(String::as_str),
        Some("snapshot end"),
        "{frames:?}"
    );
    assert_eq!(desk.frames_after(20 * SECOND), []);
    // The id is free again.
    assert_eq!(ask(&mut desk, &snapshot), frames);
}

#[test]
fn a_snapshot_waits_eleven_seconds_for_what_is_missing() {
    let mut desk = Desk::started();
    desk.gateway.entitle(None, Entitlement::ApiSubscription);
    let snapshot = market::MarketDataRequest {
        snapshot: Some(true),
        ..watch(1, apple())
    };
    assert_eq!(ask(&mut desk, &snapshot), ["parameters", "error 10089", "kind 1"]);
    assert_eq!(desk.frames_after(10 * SECOND), []);
    assert_eq!(told(&desk.frames_after(SECOND)), ["snapshot end"]);
    assert_eq!(desk.frames_after(20 * SECOND), []);
}

#[test]
fn generic_lists_are_checked() {
    let table = [
        ("233,236", "parameters"),
        ("mdoff,292:BRFG+DJNL", "parameters"),
        (" 233 , 221 ,", "parameters"),
        ("104,106,100,101", "parameters"),
        ("999", "error 321"),
        ("13", "error 321"),
        ("abc", "error 321"),
        ("292:", "error 321"),
        ("mdoff", "error 321"),
        (",", "error 321"),
        ("162", "error 321"),
        ("292:NOBODY", "error 10276"),
    ];
    for (list, wanted) in table {
        let mut desk = Desk::started();
        let frames = ask(&mut desk, &with_generics(1, list));
        assert_eq!(frames[0], wanted, "{list}");
    }
    let mut desk = Desk::started();
    let message = market::MarketDataRequest {
        snapshot: Some(true),
        ..with_generics(1, "233")
    };
    assert_eq!(ask(&mut desk, &message), ["error 321"]);
}

#[test]
fn the_refusal_of_a_list_names_the_legal_ones() {
    let mut desk = Desk::started();
    let frames = desk.frames_to(ME, request::MARKET_DATA, &with_generics(1, "mdoff,292:"));
    let Output::Frame { bytes, .. } = &frames[0] else {
        panic!("{frames:?}");
    };
    let text = ErrorMessage::decode(&bytes[8..]).unwrap().error_msg.unwrap();
    let start = "Error validating request.-'bQ' : cause - Incorrect generic tick list of mdoff,292:.  Legal ones \
                 for (STK) are: 100(Option Volume),101(Option Open Interest),105(Average Opt Volume),\
                 106(impvolat),165(Misc. Stats),221/220(Creditman Mark Price),225(Auction),232/221(Pl Price),";
    assert!(text.starts_with(start), "{text}");
}

#[test]
fn generic_ticks_come_with_the_stream_and_with_trades() {
    let table: [(&str, &[&str]); 12] = [
        ("100", &["size 29", "size 30"]),
        ("101", &["size 27", "size 28"]),
        ("104,106", &["number 23", "number 24"]),
        ("105", &["size 87"]),
        (
            "165",
            &[
                "price 15", "price 16", "price 17", "price 18", "price 19", "price 20", "size 21",
            ],
        ),
        ("232", &["price 37"]),
        ("221", &["price 37"]),
        ("236", &["number 46", "size 89"]),
        ("293,294,295", &["number 54", "number 55", "number 56"]),
        ("411", &["number 58"]),
        ("595", &["size 63", "size 64", "size 65"]),
        ("586", &[]),
    ];
    for (list, wanted) in table {
        let mut desk = Desk::started();
        let frames = ask(&mut desk, &with_generics(1, &format!("mdoff,{list}")));
        assert_eq!(
            frames[2..]
                .iter()
                .collect::<std::collections::BTreeSet<_>>()
                .len(),
            wanted.len(),
            "{list}"
        );
        for each in wanted {
            assert!(frames.iter().any(|frame| frame == each), "{list}: {frames:?}");
        }
    }
    let mut desk = Desk::started();
    ask(&mut desk, &with_generics(1, "mdoff,233,375,318,232,293"));
    let later = told(&desk.frames_after(60 * SECOND));
    let kinds: std::collections::BTreeSet<&str> = later.iter().map(String::as_str).collect();
    let wanted = ["number 54", "price 37", "price 57", "text 48", "text 77"];
    assert_eq!(kinds.into_iter().collect::<Vec<_>>(), wanted);
}

#[test]
fn what_the_user_may_see_decides_what_a_request_becomes() {
    use Entitlement::{
        ApiSubscription, CompetingSession, Delayed, Live, None, NotEnabled, Partly, PartlyDelayed,
    };
    let live = ["parameters", "kind 1", "price 1"];
    let delayed = ["parameters", "error 10167", "kind 3", "price 66"];
    let table: [(Entitlement, i32, &[&str]); 16] = [
        (Live, 1, &live),
        (Live, 3, &live),
        (Live, 4, &live),
        (Delayed, 1, &["error 10168"]),
        (Delayed, 2, &["error 10168"]),
        (Delayed, 3, &delayed),
        (Delayed, 4, &delayed),
        (None, 1, &["error 354"]),
        (None, 3, &["error 354"]),
        (NotEnabled, 3, &["error 10168"]),
        (ApiSubscription, 1, &["parameters", "error 10089", "kind 1"]),
        (
            ApiSubscription,
            3,
            &["parameters", "error 10089", "kind 3", "price 66"],
        ),
        (Partly, 1, &["parameters", "error 10090", "kind 1", "price 1"]),
        (
            PartlyDelayed,
            1,
            &["parameters", "error 10091", "kind 1", "price 1"],
        ),
        (
            PartlyDelayed,
            3,
            &["parameters", "error 10091", "kind 3", "price 66"],
        ),
        (CompetingSession, 1, &["error 10197"]),
    ];
    for (entitlement, kind, wanted) in table {
        let mut desk = Desk::started();
        desk.gateway.entitle(Some("AAPL"), entitlement);
        assert_eq!(prefer(&mut desk, kind), [""; 0]);
        let mut frames = ask(&mut desk, &watch(1, apple()));
        frames.truncate(wanted.len());
        assert_eq!(frames, wanted, "{entitlement:?} {kind}");
    }
    assert_eq!(prefer(&mut Desk::started(), 5), ["error 321"]);
}

#[test]
fn running_streams_change_with_what_may_be_seen() {
    let mut desk = Desk::started();
    prefer(&mut desk, 3);
    ask(&mut desk, &watch(1, apple()));
    desk.gateway.entitle(Some("AAPL"), Entitlement::Delayed);
    let frames = told(&desk.frames_after(0));
    assert_eq!(frames[..3], ["error 10167", "kind 3", "price 66"]);
    // Delayed data does not follow the market of now.
    let later = told(&desk.frames_after(5 * SECOND));
    assert!(!later.iter().any(|each| each == "price 1"), "{later:?}");
    desk.gateway.entitle(None, Entitlement::Live);
    assert_eq!(told(&desk.frames_after(0))[..2], ["kind 1", "price 1"]);
    desk.gateway.entitle(None, Entitlement::CompetingSession);
    assert_eq!(told(&desk.frames_after(0)), ["error 10197"]);
    assert_eq!(desk.frames_after(60 * SECOND), []);
}

/// Prices of a field among frames.
fn prices(frames: &[Output], field: i32) -> Vec<String> {
    let name = format!("price {field}");
    let named = frames.iter().filter(|each| tell(each) == name);
    let price = |each: &Output| match each {
        Output::Frame { bytes, .. } => market::TickPrice::decode(&bytes[8..]).unwrap().price.unwrap(),
        Output::Close(_) => 0.0,
    };
    named.map(|each| price(each).to_string()).collect()
}

#[test]
fn delayed_prices_are_those_of_a_quarter_of_an_hour_ago() {
    let mut desk = Desk::started();
    desk.gateway.data_rules_mut().delay = 60;
    let other = ConnectionId(2);
    desk.join(other, 8);
    desk.frames_to(ME, request::MARKET_DATA, &watch(1, apple()));
    let id = desk.gateway.exchange().markets().next().unwrap().0;
    let bid = |desk: &Desk| {
        let market = desk.gateway.exchange().market(id);
        market.instrument.price(market.shown().bid.unwrap().0).to_string()
    };
    let mut shown = Vec::new();
    for _ in 0..70 {
        // To the last nanosecond of a second, since delayed data shows seconds as they ended.
        desk.frames_after(SECOND - if shown.is_empty() { 1 } else { 0 });
        shown.push(bid(&desk));
    }
    desk.gateway.entitle(None, Entitlement::Delayed);
    desk.frames_after(0);
    prefer(&mut desk, 3);
    // The same prices, a minute later.
    let frames = desk.frames_to(ME, request::MARKET_DATA, &watch(1, apple()));
    let mut late = prices(&frames, 66);
    assert_eq!(late[0], shown[9]);
    for (second, then) in shown.iter().enumerate().take(40).skip(10) {
        late.extend(prices(&desk.frames_after(SECOND), 66));
        assert_eq!(late.last(), Some(then), "{second}");
    }
}

#[test]
fn lines_and_ids_are_limited() {
    let mut desk = Desk::started();
    *desk.gateway.data_rules_mut() = Rules {
        lines: 2,
        ..Rules::default()
    };
    assert_eq!(ask(&mut desk, &watch(1, apple()))[0], "parameters");
    assert_eq!(ask(&mut desk, &watch(1, apple())), ["error 322"]);
    assert_eq!(ask(&mut desk, &watch(2, apple()))[0], "parameters");
    assert_eq!(ask(&mut desk, &watch(3, apple())), ["error 101"]);
    desk.gateway.data_rules_mut().duplicate_is_102 = true;
    assert_eq!(ask(&mut desk, &watch(1, apple())), ["error 102"]);
    let regulatory = market::MarketDataRequest {
        regulatory_snapshot: Some(true),
        ..watch(4, apple())
    };
    desk.gateway.data_rules_mut().lines = 3;
    assert_eq!(ask(&mut desk, &regulatory), ["error 321"]);
    desk.gateway.data_rules_mut().regulatory_snapshots = true;
    assert_eq!(ask(&mut desk, &regulatory).last().unwrap(), "snapshot end");
    assert_eq!(desk.gateway.regulatory_snapshots(), 1);
}

#[test]
fn nothing_is_sent_after_a_cancel_or_to_the_gone() {
    let mut desk = Desk::started();
    ask(&mut desk, &watch(1, apple()));
    let stop = market::CancelMarketData { req_id: Some(1) };
    assert_eq!(
        told(&desk.frames_to(ME, request::CANCEL_MARKET_DATA, &stop)),
        [""; 0]
    );
    assert_eq!(desk.frames_after(60 * SECOND), []);
    ask(&mut desk, &watch(1, apple()));
    desk.gateway.disconnect(ME);
    assert_eq!(desk.frames_after(60 * SECOND), []);
}

#[test]
fn a_halt_is_told_when_it_begins_and_when_it_ends() {
    let mut desk = Desk::started();
    ask(&mut desk, &watch(1, apple()));
    let id = desk.gateway.exchange().markets().next().unwrap().0;
    let halts = |frames: &[Output]| {
        let named = frames.iter().filter(|each| tell(each) == "number 49");
        let value = |each: &Output| match each {
            Output::Frame { bytes, .. } => market::TickGeneric::decode(&bytes[8..]).unwrap().value,
            Output::Close(_) => None,
        };
        named
            .filter_map(value)
            .map(|value| value.to_string())
            .collect::<Vec<_>>()
    };
    assert_eq!(halts(&desk.frames_after(5 * SECOND)), [""; 0]);
    desk.gateway
        .operate(|exchange| exchange.halt(id, Halt::Volatility));
    assert_eq!(halts(&desk.frames_after(5 * SECOND)), ["2"]);
    desk.gateway.operate(|exchange| exchange.resume(id));
    assert_eq!(halts(&desk.frames_after(5 * SECOND)), ["0"]);
}

#[test]
fn a_closed_market_is_frozen_for_those_who_ask_for_it() {
    use super::entitlements::Preference;
    use super::quotes::Feed;
    let table = [
        (
            Entitlement::Live,
            [Feed::Live, Feed::Frozen, Feed::Live, Feed::Frozen],
        ),
        (
            Entitlement::Partly,
            [Feed::Live, Feed::Frozen, Feed::Live, Feed::Frozen],
        ),
        (
            Entitlement::ApiSubscription,
            [Feed::Silent, Feed::Silent, Feed::Delayed, Feed::DelayedFrozen],
        ),
    ];
    for (entitlement, feeds) in table {
        for (number, wanted) in (1..).zip(feeds) {
            let preference = Preference::of(number).unwrap();
            let (feed, _) = entitlement.grant(preference, false).unwrap();
            assert_eq!(feed, wanted, "{entitlement:?} {number}");
        }
    }
}

#[test]
fn a_closed_market_shows_frozen_data_to_those_who_ask_for_it() {
    let mut desk = Desk::new();
    // A Saturday.
    let weekend = Config {
        epoch: 1_795_262_400,
        hours: Hours::Venue,
        ..Config::default()
    };
    desk.gateway = Gateway::new(weekend, 226);
    desk.join(ME, 7);
    let frames = desk.frames_to(ME, request::MARKET_DATA, &watch(1, apple()));
    assert_eq!(told(&frames)[1], "kind 1");
    assert_eq!(prices(&frames, 1), ["-1"]);
    assert_eq!(prices(&frames, 9).len(), 1);
    // Asking for frozen data changes the stream that runs.
    assert_eq!(prefer(&mut desk, 2)[0], "kind 2");
    let frames = desk.frames_to(ME, request::MARKET_DATA, &watch(2, apple()));
    assert_eq!(told(&frames)[1], "kind 2");
    assert_ne!(prices(&frames, 1), ["-1"]);
    assert_eq!(told(&desk.frames_after(60 * SECOND)), [""; 0]);
}

#[test]
fn own_orders_are_seen_in_the_quote() {
    let mut desk = Desk::started();
    ask(&mut desk, &watch(1, apple()));
    desk.frames_after(0);
    let id = desk.gateway.exchange().markets().next().unwrap().0;
    let market = desk.gateway.exchange().market(id);
    let bid = market.instrument.price(market.shown().bid.unwrap().0);
    let order = limit(crate::gateway::values::double(bid), 100);
    let frames = desk.place(5, order);
    assert!(frames.contains(&"tick".to_owned()), "{frames:?}");
}
