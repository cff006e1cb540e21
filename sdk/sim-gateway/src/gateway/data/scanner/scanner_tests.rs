//! Scans: what they find, how often, and what is refused.

use prost::Message;

use crate::exchange::{Kind, Market};
use crate::gateway::data::data_tests::told;
use crate::gateway::gateway_tests::Desk;
use crate::gateway::{ConnectionId, Output};
use crate::wire::ids::request;
use crate::wire::messages::scanner;

const ME: ConnectionId = ConnectionId(1);
const SECOND: u64 = 1_000_000_000;

fn scan(request: i32, code: &str) -> scanner::ScannerSubscriptionRequest {
    scanner::ScannerSubscriptionRequest {
        req_id: Some(request),
        scanner_subscription: Some(scanner::ScannerSubscription {
            instrument: Some("STK".to_owned()),
            location_code: Some("STK.US.MAJOR".to_owned()),
            scan_code: Some(code.to_owned()),
            ..Default::default()
        }),
    }
}

/// How many rows a scan of American stocks has whose prices are accepted.
fn rows(desk: &Desk, accepted: impl Fn(f64) -> bool) -> String {
    let fits = |market: &Market| {
        let instrument = &market.instrument;
        let price = crate::gateway::values::double(instrument.price(market.mark()));
        instrument.kind == Kind::Stock && instrument.currency == "USD" && accepted(price)
    };
    let found = desk
        .gateway
        .exchange()
        .markets()
        .filter(|(_, market)| fits(market));
    format!("{} rows", found.count().min(50))
}

#[test]
fn scans_are_answered_repeated_and_cancelled() {
    let mut desk = Desk::started();
    let all = rows(&desk, |_| true);
    let all = all.as_str();
    let start = |desk: &mut Desk, message: &scanner::ScannerSubscriptionRequest| {
        told(&desk.frames_to(ME, request::SCANNER_SUBSCRIPTION, message))
    };
    let stop = scanner::CancelScannerSubscription { req_id: Some(1) };
    assert_eq!(start(&mut desk, &scan(1, "MOST_ACTIVE")), [all]);
    assert_eq!(start(&mut desk, &scan(1, "MOST_ACTIVE")), ["error 385"]);
    assert_eq!(start(&mut desk, &scan(2, "NO_SUCH_SCAN")), ["error 162"]);
    let mut dear = scan(3, "TOP_PERC_GAIN");
    if let Some(filter) = dear.scanner_subscription.as_mut() {
        filter.above_price = Some(1e6);
    }
    assert_eq!(start(&mut desk, &dear), ["error 165"]);
    assert_eq!(told(&desk.frames_after(30 * SECOND)), [all, "error 165"]);
    for (tag, value, wanted) in [
        ("priceAbove", "300", rows(&desk, |price| price >= 300.0)),
        ("priceBelow", "300", rows(&desk, |price| price <= 300.0)),
        ("priceBelow", "low", "error 162".to_owned()),
        ("moonPhaseAbove", "1", "error 162".to_owned()),
    ] {
        let mut filtered = scan(4, "MOST_ACTIVE");
        if let Some(filter) = filtered.scanner_subscription.as_mut() {
            let options = &mut filter.scanner_subscription_filter_options;
            options.insert(tag.to_owned(), value.to_owned());
        }
        assert_eq!(start(&mut desk, &filtered), [wanted], "{tag}");
        let stop = scanner::CancelScannerSubscription { req_id: Some(4) };
        desk.frames_to(ME, request::CANCEL_SCANNER_SUBSCRIPTION, &stop);
    }
    let cancel = |desk: &mut Desk| told(&desk.frames_to(ME, request::CANCEL_SCANNER_SUBSCRIPTION, &stop));
    assert_eq!(cancel(&mut desk), ["error 162"]);
    assert_eq!(cancel(&mut desk), ["error 365"]);
    // Begun again just before the first one's repetition was due, it is repeated once a period only.
    assert_eq!(start(&mut desk, &scan(1, "TOP_PERC_LOSE")), [all]);
    assert_eq!(told(&desk.frames_after(30 * SECOND)), ["error 165", all]);
    for id in 10..18 {
        start(&mut desk, &scan(id, "HOT_BY_VOLUME"));
    }
    assert_eq!(start(&mut desk, &scan(20, "HOT_BY_VOLUME")), ["error 162"]);
}

#[test]
fn the_parameters_of_scans_name_only_codes_that_work() {
    let mut desk = Desk::started();
    let frames = desk.frames_to(
        ME,
        request::SCANNER_PARAMETERS,
        &scanner::ScannerParametersRequest {},
    );
    let [Output::Frame { bytes, .. }] = frames.as_slice() else {
        panic!("{frames:?}");
    };
    let xml = scanner::ScannerParameters::decode(&bytes[8..])
        .unwrap()
        .xml
        .unwrap();
    let codes = xml
        .split("<scanCode>")
        .skip(1)
        .filter_map(|rest| rest.split('<').next());
    let all = rows(&desk, |_| true);
    for (number, code) in (0..).zip(codes) {
        desk.gateway.data_rules_mut().scans = 100;
        let frames = told(&desk.frames_to(ME, request::SCANNER_SUBSCRIPTION, &scan(number, code)));
        assert_eq!(frames, [all.as_str()], "{code}");
    }
}
