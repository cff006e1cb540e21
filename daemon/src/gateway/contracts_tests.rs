use std::sync::Arc;
use std::time::Duration;

use super::contracts::Catalogue;
use crate::domain::hours::{Calendar, Hours, Interval, Openness};
use crate::domain::instrument::{ContractFacts, Instrument, InstrumentId, SecurityType};
use crate::domain::money::{Price, Quantity};
use crate::domain::time::Timestamp;

const ID: InstrumentId = InstrumentId(0);
const START: Timestamp = Timestamp::from_nanos(1_700_000_000_000_000_000);

fn at(hours: u64) -> Timestamp {
    START.after(Duration::from_secs(hours * 3_600))
}

fn catalogue() -> Catalogue {
    Catalogue::new(vec![Instrument {
        id: ID,
        name: "AAPL".to_owned(),
        symbol: "AAPL".to_owned(),
        security_type: SecurityType::Stk,
        exchange: "SMART".to_owned(),
        primary_exchange: None,
        currency: "USD".to_owned(),
        expiry: None,
        con_id: None,
        tick: Price::ZERO,
        multiplier: Quantity::ONE,
        hours: None,
        silent_after: Some(Duration::from_secs(7)),
    }])
}

/// Open from hour 2 to hour 8, known until so many hours after the start.
fn facts(known: Option<u64>) -> ContractFacts {
    let calendar = |until| {
        let interval = Interval {
            open: at(2),
            close: at(8),
        };
        Calendar::new(vec![interval], START, at(until))
    };
    let hours = |until| Hours {
        zone: "UTC".to_owned(),
        trading: calendar(until),
        liquid: calendar(until),
    };
    ContractFacts {
        instrument: ID,
        con_id: 265_598,
        tick: Price::from_nanos(10_000_000),
        multiplier: Quantity::ONE,
        hours: known.map(|until| Arc::new(hours(until))),
    }
}

#[test]
fn hours_are_asked_for_again_once_a_day_and_before_they_end() {
    // What is known until when, when IB was asked, and the hours at which it is due.
    for (known, checked, hour, due) in [
        (Some(200), Some(0), 23, false),
        (Some(200), Some(0), 24, true),
        (Some(30), Some(0), 17, false),
        (Some(30), Some(0), 18, true),
        // IB may tell of no more days: not more than once an hour.
        (Some(30), Some(20), 20, false),
        (Some(30), Some(20), 21, true),
        (None, Some(0), 23, false),
        (None, Some(0), 24, true),
        (Some(200), None, 0, true),
    ] {
        let catalogue = catalogue();
        assert!(!catalogue.is_due(ID, at(hour)), "never found");
        catalogue.learn(&facts(known));
        if let Some(checked) = checked {
            catalogue.checked(ID, at(checked));
        }
        assert_eq!(
            catalogue.is_due(ID, at(hour)),
            due,
            "known until {known:?}, checked at {checked:?}, hour {hour}"
        );
    }
}

#[test]
fn new_hours_are_news_and_the_market_is_open_by_them() {
    let catalogue = catalogue();
    assert_eq!(catalogue.openness(ID, at(3)), Openness::Unknown);
    assert_eq!(catalogue.silent_after(ID), Some(Duration::from_secs(7)));
    assert!(catalogue.learn(&facts(None)));
    assert!(!catalogue.learn(&facts(None)));
    assert_eq!(catalogue.openness(ID, at(3)).as_str(), "unknown");
    assert!(catalogue.learn(&facts(Some(30))), "the desk must hear of them");
    assert!(!catalogue.learn(&facts(Some(30))));
    for (hour, expected) in [(1, "closed"), (3, "open"), (9, "closed"), (30, "unknown")] {
        assert_eq!(catalogue.openness(ID, at(hour)).as_str(), expected, "hour {hour}");
    }
    assert_eq!(catalogue.openness(InstrumentId(9), at(3)), Openness::Unknown);
    assert_eq!(catalogue.facts(ID).map(|facts| facts.con_id), Some(265_598));
}
