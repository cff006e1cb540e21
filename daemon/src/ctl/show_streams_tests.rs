use serde_json::json;

use super::show_streams::streams;
use crate::admin::schema::Subscription;

#[test]
fn each_stream_has_a_line_and_those_in_trouble_say_what_to_do() {
    let rows: Vec<Subscription> = serde_json::from_value(json!([
        {"instrument": "AAPL", "requested_at": "2026-11-23T14:30:00.5Z", "first_tick_at": null, "last_tick_at": null,
         "last_tick_age_ms": 120.0, "state": "fresh", "market": "open", "next_close_at": "2026-11-23T21:00:00Z"},
        {"instrument": "XYZ", "requested_at": null, "first_tick_at": null, "last_tick_at": null,
         "last_tick_age_ms": null, "state": "refused", "code": 354, "reason": "not subscribed", "market": "unknown",
         "retry_at": "2026-11-23T15:30:00Z", "fix": "subscribe", "rerequests_today": 2}
    ]))
    .unwrap();
    let wanted = "\
INSTRUMENT  STATE          LAST TICK  ASKED FOR     AGAIN TODAY  MARKET   NEXT OPEN  NEXT CLOSE
AAPL        fresh             120 ms  14:30:00.500            0  open     -          2026-11-23 21:00:00 UTC
XYZ         refused (354)          -  -                       2  unknown  -          -
XYZ: not subscribed (again at 2026-11-23 15:30:00 UTC): subscribe";
    assert_eq!(streams(&rows).join("\n"), wanted);
    assert_eq!(streams(&[]), ["no instrument is configured"]);
}
