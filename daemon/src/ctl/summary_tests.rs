use std::time::Duration;

use super::show_tests::status;
use super::summary::{self, Summary, between};
use crate::admin::schema::Status;

const WINDOW: Duration = Duration::from_secs(30);

/// What the summary says of a status and what it became.
fn check(change: impl FnOnce(&mut Status)) -> Summary {
    let first = status();
    let mut last = first.clone();
    change(&mut last);
    between(&first, &last, &[], WINDOW)
}

#[test]
fn counts_are_those_of_the_window() {
    let summary = check(|last| {
        last.ticks += 1_000;
        let tally = &mut last.plugins[0];
        (tally.orders, tally.fills) = (tally.orders + 5, tally.fills + 4);
        *tally.denials.get_mut("price_collar").unwrap() += 2;
        tally.denials.insert("stale_data".to_owned(), 1);
    });
    assert!(summary.traded && !summary.restarted);
    assert_eq!((summary.ticks, summary.orders, summary.fills), (1_000, 5, 4));
    let denials: Vec<_> = summary
        .denials
        .iter()
        .map(|(code, number)| (code.as_str(), *number))
        .collect();
    assert_eq!(denials, [("price_collar", 2), ("stale_data", 1)]);
    let text = summary::lines(&summary).join("\n");
    assert!(text.starts_with("traded: 4 fills in 30.0 s"), "{text}");
    assert!(text.contains("3 (price_collar 2, stale_data 1)"), "{text}");
}

#[test]
fn after_a_restart_counts_begin_anew() {
    let summary = check(|last| {
        last.started_at = Some("2026-01-05T11:00:00Z".to_owned());
        last.ticks = 10;
        last.plugins[0].fills = 1;
    });
    assert!(summary.restarted && summary.traded);
    assert_eq!((summary.ticks, summary.fills, summary.orders), (10, 1, 12));
}

#[test]
fn nothing_traded_has_a_reason() {
    let reason = |change: fn(&mut Status)| {
        let summary = check(change);
        assert!(!summary.traded);
        summary.reason
    };
    assert!(reason(|_| {}).contains("halted"));
    assert!(reason(|last| last.ready = true).contains("no plugin wanted an order"));
    let denied = |last: &mut Status| {
        last.ready = true;
        last.plugins[0].denials.insert("stale_data".to_owned(), 8);
    };
    assert!(reason(denied).contains("stale_data 8"));
    let unfilled = |last: &mut Status| {
        last.ready = true;
        last.plugins[0].orders += 1;
    };
    assert!(reason(unfilled).contains("none was filled"));
}
