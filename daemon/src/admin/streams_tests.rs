use std::sync::Arc;
use std::time::Duration;

use super::convert::Names;
use super::specimen;
use super::streams::{condition, row};
use crate::domain::hours::{Calendar, Hours, Interval, Openness};
use crate::domain::session::SessionStatus;
use crate::domain::stream::{Refusal, StreamState};
use crate::domain::time::Timestamp;

const START: Timestamp = Timestamp::from_nanos(1_700_000_000_000_000_000);

fn later(seconds: u64) -> Timestamp {
    START.after(Duration::from_secs(seconds))
}

fn silent() -> SessionStatus {
    let mut session = specimen::session(START);
    session.subscriptions[0].state = StreamState::Silent;
    session.subscriptions[0].silent_since = Some(START);
    session
}

#[test]
fn silent_streams_and_competing_sessions_are_told_with_what_to_do() {
    let snapshot = specimen::snapshot(START);
    let now = later(42);
    let fresh = condition(now, &snapshot, &specimen::session(START));
    assert!(fresh.ok && fresh.fix.is_empty(), "{fresh:?}");

    let told = condition(now, &snapshot, &silent());
    assert!(
        !told.ok && told.reason.contains("AAPL") && !told.fix.is_empty(),
        "{told:?}"
    );
    assert_eq!(told.age, Some(Duration::from_secs(42)));

    let mut optional = silent();
    optional.subscriptions[0].optional = true;
    assert!(condition(now, &snapshot, &optional).ok);

    let mut closed = specimen::session(START);
    closed.subscriptions[0].state = StreamState::Closed;
    let told = condition(now, &snapshot, &closed);
    assert!(
        told.ok && told.reason.contains("1 markets are closed"),
        "{told:?}"
    );

    let mut competing = specimen::session(START);
    competing.competing = Some(START);
    let told = condition(now, &snapshot, &competing);
    assert!(
        !told.ok && told.reason.contains("10197") && !told.fix.is_empty(),
        "{told:?}"
    );
}

#[test]
fn a_stream_says_why_it_is_silent_and_when_its_market_opens() {
    let mut snapshot = specimen::snapshot(START);
    let interval = |open, close| Interval {
        open: later(open),
        close: later(close),
    };
    let calendar = Calendar::new(vec![interval(100, 200), interval(300, 400)], START, later(1_000));
    snapshot.instruments[0].0.hours = Some(Arc::new(Hours {
        zone: "UTC".to_owned(),
        trading: calendar.clone(),
        liquid: calendar.clone(),
    }));
    let names = Names::of(&snapshot);
    let text = |seconds| super::convert::instant(later(seconds));
    for (second, market, open, close) in [
        (50, "closed", Some(100), Some(200)),
        (150, "open", Some(300), Some(200)),
        (350, "open", None, Some(400)),
        (500, "closed", None, None),
        (1_000, "unknown", None, None),
    ] {
        let mut stream = specimen::session(START).subscriptions[0].clone();
        stream.market = calendar.at(later(second));
        let row = row(later(second), &stream, names);
        assert_eq!(row.market, market, "at {second}");
        assert_eq!(row.next_open_at, open.and_then(text), "next open at {second}");
        assert_eq!(row.next_close_at, close.and_then(text), "next close at {second}");
    }
    let mut stream = silent().subscriptions[0].clone();
    stream.capped = true;
    let told = row(later(90), &stream, names);
    assert_eq!(told.reason, "no tick for 90 s, and no longer asked for today");
    assert!(told.fix.contains("silent_after_ms"));
    stream.market = Openness::Unknown;
    stream.state = StreamState::Refused;
    stream.refusal = Some(Refusal {
        code: 354,
        text: "not subscribed".to_owned(),
        permanent: true,
        fix: "subscribe",
        retry: Some(later(60)),
    });
    let told = row(later(1), &stream, names);
    assert_eq!(
        (told.code, told.reason.as_str(), told.fix.as_str()),
        (Some(354), "not subscribed", "subscribe")
    );
    assert_eq!(told.retry_at, text(60));
}
