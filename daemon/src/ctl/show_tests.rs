//! The views, against a status written as the API writes it.

use serde_json::json;

use super::watch::{self, Paint, Screen};
use super::{show, table};
use crate::admin::schema::{Order, Readiness, Status};

pub(super) fn status() -> Status {
    let status = json!({
        "version": "0.1.0", "started_at": "2026-01-05T10:00:00Z", "uptime_s": 3725.0,
        "ready": false, "not_ready": ["trading: halted (feed looks wrong)"],
        "snapshot_at": "2026-01-05T11:02:05Z", "snapshot_age_ms": 120.0, "trading_state": "halted",
        "reasons": [], "latch": "halted", "latch_reason": "feed looks wrong",
        "reconciled_at": "2026-01-05T10:00:02.5Z", "external_orders": 0,
        "session_phase": "up", "session_address": "127.0.0.1:4002", "session_since_at": "2026-01-05T10:00:01Z",
        "ticks": 1234567, "orders_live": 2, "intents": 15, "orders": 12, "fills": 9, "denials": 3,
        "day_pnl": "12.345", "total_pnl": "-3.1", "currency": "USD",
        "plugins": [{
            "plugin": "maker", "intents": 15, "orders": 12, "fills": 9, "denials": {"price_collar": 3},
            "day_pnl": "12.345", "total_pnl": "-3.1"
        }],
        "tick_to_order": {"count": 12, "p50_us": 23.4, "p99_us": 1100.0}
    });
    serde_json::from_value(status).unwrap()
}

#[test]
fn the_status_fits_one_screen_and_reads_aligned() {
    let wanted = "\
moored         0.1.0, up 1 h 2 min
ready          NO
               trading: halted (feed looks wrong)
trading        halted, halted by the operator: feed looks wrong
session        up to 127.0.0.1:4002 since 2026-01-05 10:00:01 UTC
reconciled     2026-01-05 10:00:02 UTC
desk           published 120 ms ago
ticks          1,234,567 in, 15 intents, 12 orders (2 live), 9 fills, 3 denied
profit         day +12.34 USD, total -3.10 USD
tick to order  p50 23.4 µs, p99 1.10 ms of 12

PLUGIN  INTENTS  ORDERS  FILLS  DENIED  DAY P&L  TOTAL P&L
maker        15      12      9       3   +12.34      -3.10";
    assert_eq!(show::status(&status()).join("\n"), wanted);
}

#[test]
fn conditions_that_are_not_met_say_what_to_do() {
    let readiness: Readiness = serde_json::from_value(json!({
        "ready": false,
        "conditions": [
            {"name": "desk", "ok": true, "age_ms": 200.0, "reason": "the desk's loop turns", "fix": ""},
            {"name": "session", "ok": false, "age_ms": null, "reason": "waiting", "fix": "check the gateway"}
        ]
    }))
    .unwrap();
    let wanted = [
        "    CONDITION     AGE  REASON",
        "ok  desk       200 ms  the desk's loop turns",
        "NO  session         -  waiting",
        "session: check the gateway",
    ];
    assert_eq!(show::readiness(&readiness), wanted);
}

#[test]
fn what_others_wrote_cannot_move_the_cursor() {
    let order: Order = serde_json::from_value(json!({
        "order_id": 7, "perm_id": 0, "client_order_id": 1, "plugin": "maker", "instrument": "AAPL",
        "side": "buy", "kind": "limit", "limit": "189.45", "stop": null, "time_in_force": "DAY",
        "quantity": "100", "filled": "0", "state": "rejected", "live": false,
        "reason": "201:\u{1b}[2J\r\nOrder rejected", "order_ref": "m:1", "accepted_at": null, "changed_at": null
    }))
    .unwrap();
    let text = show::orders(&[order]).join("\n");
    assert!(
        text.contains("Order rejected") && !text.contains('\u{1b}') && !text.contains('\r'),
        "{text:?}"
    );
    assert_eq!(table::clean_lines("a\u{7}\nb"), "a \nb");
}

#[test]
fn the_live_view_shows_every_section_and_is_plain_without_colours() {
    let screen = Screen {
        status: status(),
        instruments: Vec::new(),
        plugins: Vec::new(),
        orders: Vec::new(),
        fills: Vec::new(),
        events: Vec::new(),
    };
    let plain = watch::lines(&screen, Paint(false)).join("\n");
    for section in [
        "QUOTES",
        "PLUGINS",
        "LIVE ORDERS (0)",
        "LATEST FILLS",
        "LATEST EVENTS",
        "not ready",
    ] {
        assert!(plain.contains(section), "{section} is missing in\n{plain}");
    }
    assert!(!plain.contains('\u{1b}'));
    assert!(
        watch::lines(&screen, Paint(true))
            .join("\n")
            .contains("\u{1b}[1;31mhalted")
    );
}
