use super::codes::{SessionNotice, farm_name, order_error_meaning, session_notice};
use crate::domain::report::OrderErrorMeaning;

#[track_caller]
fn check(code: i32, text: &str, expected: OrderErrorMeaning) {
    assert_eq!(order_error_meaning(code, text), expected, "{code} {text:?}");
}

#[test]
fn codes_against_live_orders_only_annotate() {
    for code in [131, 399, 404, 481, 2109, 2161, 10018, 10233, 10349] {
        check(code, "", OrderErrorMeaning::Annotation);
    }
    check(2174, "a code of the warning band", OrderErrorMeaning::Annotation);
    check(
        388,
        "Warning: order size is smaller",
        OrderErrorMeaning::Annotation,
    );
}

#[test]
fn refusals_cancels_and_races() {
    for code in [106, 110, 200, 201, 321, 460, 10052, 10149, 10289, 10345] {
        check(code, "Order rejected - reason:x", OrderErrorMeaning::Refused);
    }
    check(202, "Order Canceled - reason:", OrderErrorMeaning::Canceled);
    for code in [135, 136, 161, 10147, 10148] {
        check(code, "", OrderErrorMeaning::CancelRefused);
    }
}

#[test]
fn what_nobody_knows_is_asked() {
    for code in [103, 104, 105, 133, 2102, 10241, 10328, 512, 99_999, 0, -1] {
        check(code, "", OrderErrorMeaning::Ask);
    }
}

#[test]
fn session_notices_are_edges_and_farms() {
    assert_eq!(session_notice(1100), SessionNotice::UpstreamLost);
    assert_eq!(session_notice(2110), SessionNotice::UpstreamLost);
    let restored = |data_lost| SessionNotice::UpstreamRestored { data_lost };
    assert_eq!(session_notice(1101), restored(true));
    assert_eq!(session_notice(1102), restored(false));
    assert_eq!(session_notice(2104), SessionNotice::FarmUp);
    assert_eq!(session_notice(2108), SessionNotice::FarmUp);
    assert_eq!(session_notice(2103), SessionNotice::FarmDown);
    assert_eq!(session_notice(326), SessionNotice::Other);
}

#[test]
fn farm_names_are_safe_labels() {
    assert_eq!(
        farm_name("Market data farm connection is OK:usfarm.nj"),
        "usfarm.nj"
    );
    assert_eq!(farm_name("no colon at \"all\"\n"), "nocolonatall");
    assert_eq!(farm_name(&format!("x:{}", "y".repeat(500))).len(), 32);
}
