//! What lies behind the socket: the gateway's own way to IB, IB's data farms, and the codes it sends. Each kept apart,
//! each shown, and none of them a reason to let the socket go.

use serde_json::Value;

use crate::rig::{Daemon, Home, Market, Plugin, rows_of, strategy, wait_for};

const AAPL: &str = "[[instruments]]\nname = \"AAPL\"\n";

/// Buys that rest far below the market, one every half second.
fn resting() -> String {
    let order = "do = \"limit\", side = \"buy\", quantity = \"10\", limit_offset = \"-5\"";
    let step = |beat: u32| format!("{{ at_ms = {}, symbol = \"AAPL\", {order} }}", beat * 500);
    let steps: Vec<String> = (0..60).map(step).collect();
    format!("steps = [{}]\n", steps.join(", "))
}

fn drummer(config: &str) -> Plugin<'_> {
    strategy("fixed-orders", config)
}

fn session(daemon: &Daemon<'_>) -> Value {
    daemon.get("/v1/session").1
}

fn control(market: &Market, command: &str) {
    let answer = market.control(command);
    assert_eq!(answer["ok"], true, "{command}: {answer}");
}

fn said(home: &Home, words: &str) -> usize {
    home.log().matches(words).count()
}

fn wait_said(home: &Home, words: &str) {
    wait_for(&format!("the log to say {words:?}"), || {
        (said(home, words) > 0).then_some(())
    });
}

/// A metric's value; `None` where the series does not exist.
fn metric(daemon: &Daemon<'_>, series: &str) -> Option<f64> {
    let text = daemon.metrics();
    let line = text.lines().find(|line| {
        line.strip_prefix(series)
            .is_some_and(|rest| rest.starts_with(' '))
    });
    line?.rsplit(' ').next()?.parse().ok()
}

fn wait_metric(daemon: &Daemon<'_>, series: &str, least: f64) {
    wait_for(&format!("{series} of at least {least}"), || {
        metric(daemon, series).filter(|value| *value >= least).map(|_| ())
    });
}

/// Waits for an order that works, and returns its id.
fn wait_working(daemon: &Daemon<'_>) -> i64 {
    let working = |row: &Value| row["state"] == "working";
    let rows = daemon.wait_rows("/v1/orders?state=live", "a working order", |rows| {
        rows.iter().any(working)
    });
    rows.iter().find(|row| working(row)).unwrap()["order_id"]
        .as_i64()
        .unwrap()
}

fn order(daemon: &Daemon<'_>, id: i64) -> Value {
    let rows = rows_of(&daemon.get("/v1/orders?state=all").1);
    rows.into_iter()
        .find(|row| row["order_id"] == id)
        .unwrap_or_else(|| panic!("order {id} is not known"))
}

#[test]
fn a_loss_that_is_repeated_is_one_edge_and_the_socket_stays() {
    let market = Market::start(&[]);
    let home = Home::tuned(market.address, "", &[], AAPL);
    let daemon = home.start();
    daemon.wait_state("active");
    for _ in 0..30 {
        control(&market, "notice 1100");
    }
    wait_metric(
        &daemon,
        "moored_ib_errors_total{code=\"1100\",severity=\"critical\"}",
        30.0,
    );
    daemon.wait_state("recovering");
    let shown = session(&daemon);
    assert_eq!(shown["upstream"], false);
    let since = shown["upstream_since_at"].clone();
    control(&market, "notice 2110");
    wait_metric(
        &daemon,
        "moored_ib_errors_total{code=\"2110\",severity=\"critical\"}",
        1.0,
    );
    assert_eq!(
        session(&daemon)["upstream_since_at"],
        since,
        "a repetition moved the edge"
    );
    assert_eq!(said(&home, "the gateway lost IB"), 1, "{}", home.log());
    assert_eq!(
        metric(&daemon, "moored_upstream_transitions_total{to=\"lost\"}"),
        Some(1.0)
    );
    control(&market, "notice 1102");
    daemon.wait_state("active");
    assert_eq!(session(&daemon)["sessions"], 1, "the socket was kept");
}

#[test]
fn a_restoration_that_is_never_announced_is_proved() {
    let market = Market::start(&[]);
    let home = Home::tuned(market.address, "upstream_patience_ms = 500\n", &[], AAPL);
    let daemon = home.start();
    daemon.wait_state("active");
    let asked = session(&daemon)["subscriptions"][0]["requested_at"].clone();
    // IB's servers are there, only the word that says so never comes.
    control(&market, "notice 1100");
    wait_said(&home, "IB answers though the gateway never said that it is back");
    daemon.wait_state("active");
    wait_for("market data asked for again", || {
        (session(&daemon)["subscriptions"][0]["requested_at"] != asked).then_some(())
    });
    assert_eq!(session(&daemon)["sessions"], 1, "the socket was kept");
}

fn farm(daemon: &Daemon<'_>, name: &str) -> Option<Value> {
    let farms = session(daemon)["farms"].as_array().unwrap().clone();
    farms.into_iter().find(|farm| farm["name"] == name)
}

#[test]
fn farms_are_shown_by_name() {
    let market = Market::start(&[]);
    let home = Home::tuned(market.address, "", &[], AAPL);
    let daemon = home.start();
    daemon.wait_state("active");
    let said = |code: u32, text: &str| {
        control(
            &market,
            &format!("inject do=\"notice\", code={code}, text=\"{text}\""),
        );
    };
    let state = |name: &str, state: &str| {
        wait_for(&format!("{name} to be {state}"), || {
            farm(&daemon, name).filter(|farm| farm["state"] == state)
        })
    };
    said(2103, "Market data farm connection is broken:eufarm");
    let broken = state("eufarm", "broken");
    assert_eq!(broken["kind"], "market_data");
    assert_eq!(
        metric(&daemon, "moored_farm_state{farm=\"eufarm\",state=\"broken\"}"),
        Some(1.0)
    );
    assert_eq!(
        metric(&daemon, "moored_session_farm_up{farm=\"eufarm\"}"),
        Some(0.0)
    );
    said(2103, "Market data farm connection is broken:eufarm");
    wait_for("a repetition to be counted", || {
        farm(&daemon, "eufarm").filter(|farm| farm["notices"] == 2)
    });
    assert_eq!(farm(&daemon, "eufarm").unwrap()["since_at"], broken["since_at"]);
    let text = String::from_utf8(daemon.moorctl(&["session", "show"]).stdout).unwrap();
    assert!(
        text.lines()
            .any(|line| line.starts_with("eufarm") && line.contains("BROKEN")),
        "{text}"
    );
    said(2104, "Market data farm connection is OK:eufarm");
    state("eufarm", "up");
    said(
        2107,
        "HMDS data farm connection is inactive but should be available upon demand.:euhmds",
    );
    assert_eq!(state("euhmds", "idle")["kind"], "history");
    assert_eq!(
        metric(&daemon, "moored_session_farm_up{farm=\"euhmds\"}"),
        Some(1.0)
    );
    said(
        1102,
        "Connectivity restored - data maintained. All data farms are connected: cashfarm; secdefeu.",
    );
    state("cashfarm", "up");
    assert_eq!(state("secdefeu", "up")["kind"], "definitions");
    assert_eq!(session(&daemon)["sessions"], 1, "the socket was kept");
    daemon.wait_state("active");
}

#[test]
fn an_unknown_code_about_a_live_order_is_asked_after_and_changes_nothing() {
    let market = Market::start(&[]);
    let config = resting();
    let home = Home::tuned(market.address, "", &[drummer(&config)], AAPL);
    let daemon = home.start();
    let id = wait_working(&daemon);
    wait_metric(&daemon, "moored_session_truths_total{outcome=\"read\"}", 1.0);
    let read = metric(&daemon, "moored_session_truths_total{outcome=\"read\"}").unwrap();
    control(
        &market,
        &format!("inject do=\"notice\", code=4711, text=\"never heard of\", about={id}"),
    );
    wait_metric(
        &daemon,
        "moored_gateway_unknown_codes_total{range=\"2200_9999\"}",
        1.0,
    );
    wait_metric(
        &daemon,
        "moored_session_truths_total{outcome=\"read\"}",
        read + 1.0,
    );
    assert_eq!(order(&daemon, id)["state"], "working");
    assert_eq!(
        metric(
            &daemon,
            "moored_ib_errors_total{code=\"other\",severity=\"error\"}"
        ),
        Some(1.0)
    );
    assert_eq!(
        metric(
            &daemon,
            "moored_ib_errors_total{code=\"4711\",severity=\"error\"}"
        ),
        None
    );
    assert!(home.log().contains("4711"), "{}", home.log());
}

#[test]
fn operators_change_what_a_code_does() {
    let market = Market::start(&[]);
    let changed =
        "[gateway.error_codes]\n\"1100\" = { action = \"note\", severity = \"info\", alarm = true }\n";
    let home = Home::tuned(market.address, changed, &[], AAPL);
    let daemon = home.start();
    daemon.wait_state("active");
    control(&market, "notice 1100");
    wait_metric(
        &daemon,
        "moored_ib_errors_total{code=\"1100\",severity=\"info\"}",
        1.0,
    );
    wait_metric(&daemon, "moored_alarms_total{name=\"ib_error\"}", 1.0);
    assert_eq!(session(&daemon)["upstream"], true);
    let wrong = Home::tuned(
        market.address,
        "[gateway.error_codes]\n\"20x\" = { action = \"ask\" }\n",
        &[],
        AAPL,
    );
    let text = wrong.refused();
    assert!(
        text.contains("gateway.error_codes") && text.contains("\"20x\""),
        "{text}"
    );
}

#[test]
fn the_notices_an_operator_must_read_are_alarms() {
    let market = Market::start(&[]);
    let home = Home::tuned(market.address, "", &[], AAPL);
    let daemon = home.start();
    daemon.wait_state("active");
    let said = |code: u32, text: &str| {
        control(
            &market,
            &format!("inject do=\"notice\", code={code}, text=\"{text}\""),
        );
    };
    said(2148, "ALERT: your cushion is small");
    wait_metric(&daemon, "moored_alarms_total{name=\"margin_alert\"}", 1.0);
    assert_eq!(daemon.get("/v1/status").1["trading_state"], "active");
    // What IB may do next is sell: risk may only shrink from here.
    said(2148, "URGENT: liquidation of positions may commence");
    wait_metric(&daemon, "moored_alarms_total{name=\"margin_urgent\"}", 1.0);
    daemon.wait_state("reduce_only");
    let reasons = daemon.get("/v1/status").1["reasons"].to_string();
    assert!(reasons.contains("liquidate"), "{reasons}");
    said(1300, "TWS socket port has been reset: 4444");
    wait_metric(&daemon, "moored_alarms_total{name=\"port_reset\"}", 1.0);
}

#[test]
fn cancels_go_first_in_a_flood_of_requests() {
    // Eighty lookups and subscriptions keep the budget busy for seconds.
    let market = Market::start(&["--instruments", "80"]);
    let mut instruments = AAPL.to_owned();
    for number in 1..=80 {
        instruments.push_str(&format!("[[instruments]]\nname = \"SYM{number:03}\"\n"));
    }
    let config = resting();
    let names: Vec<String> = (1..=80).map(|number| format!("\"SYM{number:03}\"")).collect();
    let optional = format!("optional_instruments = [{}]\n", names.join(", "));
    let home = Home::tuned(market.address, &optional, &[drummer(&config)], &instruments);
    let daemon = home.start();
    let id = wait_working(&daemon);
    let waiting = "moored_governor_waiting{lane=\"contracts\"}";
    assert!(
        metric(&daemon, waiting).unwrap() > 10.0,
        "the flood is over already"
    );
    let cancel = daemon.post(&format!("/v1/orders/{id}/cancel"), &serde_json::json!({}));
    assert_eq!(cancel.0, 200, "{cancel:?}");
    wait_for("the cancel", || {
        (order(&daemon, id)["state"] == "canceled").then_some(())
    });
    assert!(
        metric(&daemon, waiting).unwrap() > 0.0,
        "the cancel waited for the flood"
    );
    assert_eq!(
        metric(&daemon, "moored_governor_messages_total{lane=\"cancel\"}"),
        Some(1.0)
    );
    assert_eq!(
        metric(&daemon, "moored_governor_wait_seconds_count{lane=\"cancel\"}"),
        Some(0.0)
    );
    // Nobody starves: in the end all of it has left, and not at once. A reader that stalls on a busy machine sees what came
    // meanwhile within the next second, so the sender's limit of 45 is not the reader's; unpaced it would be 160.
    wait_metric(&daemon, "moored_subscription_requested", 81.0);
    let pace = market.control("invariants")["invariants"][2].clone();
    let most = pace["counted"]["messages_in_a_second"].as_u64().unwrap();
    assert!(most <= 75, "{pace}");
}

#[test]
fn a_socket_that_is_open_at_our_end_only_is_noticed_within_twelve_seconds() {
    let market = Market::start(&[]);
    let home = Home::tuned(market.address, "", &[], AAPL);
    let daemon = home.start();
    daemon.wait_state("active");
    control(&market, "inject do=\"half-open\"");
    let cut = std::time::Instant::now();
    wait_said(&home, "did not answer 2 heartbeats");
    let noticed = cut.elapsed();
    assert!(noticed <= std::time::Duration::from_secs(12), "{noticed:?}");
    // The detector ran all the while, and runs on though there is no session.
    drop(market);
    wait_for("no session", || (session(&daemon)["phase"] != "up").then_some(()));
    let ran = "moored_liveness_last_run_timestamp_seconds";
    let before = metric(&daemon, ran).unwrap();
    wait_metric(&daemon, ran, before + 1.0);
    wait_metric(&daemon, "moored_time_since_ready_seconds", 1.0);
}
