use std::collections::BTreeMap;

use proptest::prelude::{any, proptest};

use super::action::{About, Action, RequestOutcome, Scope, Severity};
use super::overrides::{Override, Overrides};
use super::policy::{Policy, PolicyError, range};
use super::table::{self, Terminates};
use super::texts::{MARGIN_URGENT, farm_name, farms_connected};
use crate::domain::report::OrderErrorMeaning;

fn policy() -> Policy {
    Policy::new(&Overrides::new()).unwrap()
}

#[track_caller]
fn order(code: i32, text: &str, expected: OrderErrorMeaning) {
    let ruling = policy().rule(code, text, About::Order);
    assert_eq!(ruling.action.order_meaning(), expected, "{code} {text:?}");
}

#[test]
fn the_table_is_whole_and_its_rows_make_sense() {
    let rows = table::rows().unwrap();
    assert_eq!(rows.len(), 396);
    for (code, row) in &rows {
        assert!(row.action.fits(row.scope), "{code}: {row:?}");
        assert!(row.alarm.is_none_or(|name| name.len() > 3), "{code}: {row:?}");
        if row.severity == Severity::Critical && row.scope != Scope::Order {
            assert!(
                row.alarm.is_some() || row.action == Action::UpstreamLost,
                "{code}: critical, and nobody is told"
            );
        }
    }
    // A code that leaves a live order alone is never taken for its end.
    let ends = |row: &&table::Row| row.scope == Scope::Order && row.terminates == Terminates::No;
    for row in rows.values().filter(ends) {
        assert!(
            !matches!(row.action, Action::Refuse | Action::Canceled),
            "{row:?}"
        );
    }
}

#[test]
fn mistakes_in_a_table_are_named_with_their_line() {
    let cases = [
        ("order\terror\trefuse\tyes\t-", "line 1: 5 columns"),
        (
            "# head\norder\terror\texplode\tyes\t-\t1",
            "line 2: unknown variant `explode`",
        ),
        ("order\terror\trefuse\tyes\t-\t7 1-x", "\"1-x\" is no code"),
        ("order\terror\trefuse\tyes\t-\t7 5-9", "7 stands in two rows"),
    ];
    for (text, said) in cases {
        let error = table::parse(text).unwrap_err().to_string();
        assert!(error.contains(said), "{error}");
    }
}

#[test]
fn codes_against_live_orders_only_annotate() {
    for code in [131, 399, 404, 481, 2109, 2161, 10018, 10233, 10349] {
        order(code, "", OrderErrorMeaning::Annotation);
    }
    order(2174, "a code of the warning band", OrderErrorMeaning::Annotation);
    order(
        2199,
        "one of the band that nobody listed",
        OrderErrorMeaning::Annotation,
    );
    order(
        388,
        "Warning: order size is smaller",
        OrderErrorMeaning::Annotation,
    );
    order(20_001, "Warning: something new", OrderErrorMeaning::Annotation);
    let queued = "Order Message:\nWarning: your order will not be placed at the exchange until 09:30";
    order(399, queued, OrderErrorMeaning::Annotation);
    order(399, "Order Message:\nthis was rejected", OrderErrorMeaning::Ask);
}

#[test]
fn refusals_cancels_and_races() {
    for code in [106, 110, 200, 201, 321, 460, 10052, 10149, 10289, 10345] {
        order(code, "Order rejected - reason:x", OrderErrorMeaning::Refused);
    }
    order(202, "Order Canceled - reason:", OrderErrorMeaning::Canceled);
    for code in [135, 136, 161, 10147, 10148] {
        order(code, "", OrderErrorMeaning::CancelRefused);
    }
}

#[test]
fn what_nobody_knows_is_asked() {
    for code in [
        103, 104, 105, 133, 2102, 10241, 10328, 512, 99_999, 0, -1, 320, 1100,
    ] {
        order(code, "", OrderErrorMeaning::Ask);
    }
}

#[test]
fn codes_nobody_listed_go_by_range_and_by_whom_they_are_about() {
    let policy = policy();
    let cases = [
        (777, About::Session, Action::Note, Severity::Warning),
        (777, About::Request, Action::Refuse, Severity::Error),
        (777, About::Order, Action::Ask, Severity::Error),
        (2177, About::Request, Action::Note, Severity::Warning),
        (2177, About::Order, Action::Note, Severity::Warning),
    ];
    for (code, about, action, severity) in cases {
        let ruling = policy.rule(code, "something", about);
        assert_eq!(
            (ruling.action, ruling.severity),
            (action, severity),
            "{code} {about:?}"
        );
        assert!(!ruling.known);
    }
    let ranges = [
        (0, "below_1"),
        (77, "1_99"),
        (499, "100_499"),
        (512, "500_599"),
        (1099, "600_1099"),
    ];
    let ranges = ranges
        .into_iter()
        .chain([(1300, "1100_1999"), (2000, "2000_2099"), (2188, "2100_2199")]);
    for (code, name) in ranges.chain([(9999, "2200_9999"), (i32::MAX, "10000_up")]) {
        assert_eq!(range(code), name);
    }
}

#[test]
fn texts_decide_where_numbers_do_not() {
    let policy = policy();
    let outcome = |code, text: &str| policy.rule(code, text, About::Request).action.request_outcome();
    let history = "Historical Market Data Service error message:";
    let cases = [
        ("pacing violation", RequestOutcome::TooFast),
        (
            "HMDS query returned no data: AAPL@SMART Trades",
            RequestOutcome::GoesOn,
        ),
        ("API historical data query cancelled: 5", RequestOutcome::GoesOn),
        (
            "Trading TWS session is connected from a different IP address",
            RequestOutcome::Competing,
        ),
        ("invalid step", RequestOutcome::Refused),
        (
            "No market data permissions for ISLAND STK",
            RequestOutcome::Refused,
        ),
        ("something in another language", RequestOutcome::TooFast),
    ];
    for (text, expected) in cases {
        assert_eq!(outcome(162, &format!("{history}{text}")), expected, "{text}");
    }
    assert_eq!(
        outcome(322, "Only 50 simultaneous API historical data requests allowed."),
        RequestOutcome::TooFast
    );
    assert_eq!(outcome(322, "Duplicate ticker id"), RequestOutcome::Ended);

    let read_only =
        "Error validating request.-'bX' : cause - The API interface is currently in Read-Only mode.";
    let ruling = policy.rule(321, read_only, About::Order);
    assert_eq!(
        (ruling.alarm, ruling.severity),
        (Some("api_read_only"), Severity::Critical)
    );
    assert_eq!(policy.rule(321, "missing field", About::Request).alarm, None);

    let class = |text| policy.rule(201, text, About::Order).class;
    assert_eq!(class("Order rejected - reason: insufficient margin"), "margin");
    assert_eq!(
        class("Cannot have open orders on both sides of the same contract"),
        "both_sides"
    );
    assert_eq!(class("anything"), "");
}

#[test]
fn margin_notices_climb_with_their_words() {
    let policy = policy();
    let cases = [
        ("ALERT: your cushion is small", "margin_alert", Severity::Warning),
        (
            "not in compliance with Regulation T",
            "margin_deficit",
            Severity::Error,
        ),
        (
            "URGENT: liquidation of positions may commence",
            MARGIN_URGENT,
            Severity::Critical,
        ),
        ("words nobody knows", "margin_notice", Severity::Critical),
    ];
    for (text, alarm, severity) in cases {
        let ruling = policy.rule(2148, text, About::Session);
        assert_eq!(ruling.action, Action::Margin);
        assert_eq!((ruling.alarm, ruling.severity), (Some(alarm), severity), "{text}");
    }
}

fn overrides(text: &str) -> Result<Policy, PolicyError> {
    let table: BTreeMap<String, Override> = toml::from_str(text).unwrap();
    Policy::new(&table)
}

#[test]
fn operators_change_rows() {
    let text = "201 = { action = \"ask\" }\n399 = { severity = \"error\", alarm = true }\n\
                4711 = { action = \"note\", severity = \"info\" }\n354 = { alarm = false }";
    let policy = overrides(text).unwrap();
    let ruling = policy.rule(201, "insufficient margin", About::Order);
    assert_eq!(ruling.action, Action::Ask);
    assert_eq!(ruling.class, "", "the operator's word stands before the text's");
    let ruling = policy.rule(399, "", About::Order);
    assert_eq!((ruling.action, ruling.severity), (Action::Note, Severity::Error));
    assert_eq!(ruling.alarm, Some("ib_error"));
    let ruling = policy.rule(4711, "", About::Order);
    assert_eq!((ruling.action, ruling.known), (Action::Note, true));
    assert_eq!(policy.rule(354, "", About::Request).alarm, None);
}

#[test]
fn mistakes_in_an_override_name_the_key() {
    let cases = [
        (
            "20x = { action = \"ask\" }",
            "error_codes: \"20x\" is not one of IB's error codes",
        ),
        ("-5 = { action = \"ask\" }", "error_codes: \"-5\" is not one of"),
        (
            "1100 = { action = \"canceled\" }",
            "error_codes: \"1100\".action: canceled cannot be done about a code of scope session",
        ),
    ];
    for (text, said) in cases {
        let error = overrides(text).unwrap_err().to_string();
        assert!(error.contains(said), "{error}");
    }
    let unknown = toml::from_str::<Overrides>("201 = { action = \"explode\" }").unwrap_err();
    assert!(
        unknown.to_string().contains("unknown variant `explode`"),
        "{unknown}"
    );
}

#[test]
fn farm_names_are_safe_labels() {
    assert_eq!(
        farm_name("Market data farm connection is OK:usfarm.nj"),
        "usfarm.nj"
    );
    assert_eq!(farm_name("no colon at \"all\"\n"), "nocolonatall");
    assert_eq!(farm_name(&format!("x:{}", "y".repeat(500))).len(), 32);
    let restored = "Connectivity between IB and Trader Workstation has been restored - data maintained. All data \
                    farms are connected: usfarm; ushmds; secdefil.";
    assert_eq!(farms_connected(restored), ["usfarm", "ushmds", "secdefil"]);
    assert_eq!(farms_connected("restored"), [""; 0]);
}

proptest! {
    #[test]
    fn no_text_and_no_code_can_do_harm(code in any::<i32>(), text in any::<String>()) {
        let policy = policy();
        for about in [About::Session, About::Request, About::Order] {
            let ruling = policy.rule(code, &text, about);
            if !ruling.known && about == About::Order {
                let meaning = ruling.action.order_meaning();
                assert!(matches!(meaning, OrderErrorMeaning::Ask | OrderErrorMeaning::Annotation));
            }
        }
        let _names = (farm_name(&text), farms_connected(&text));
    }
}
