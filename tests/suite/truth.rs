//! Order truth against the real gateway's ways: corrections, second lives, orders and positions of others, lists that do
//! not end, dialogs. What the daemon shows is compared with the market's own books.

use serde_json::{Value, json};

use crate::rig::{Daemon, Home, Market, rows_of, strategy, wait_for};

/// Buys five at the market, once the daemon trades.
const BUY: &str =
    "steps = [ { at_ms = 3000, do = \"market\", symbol = \"AAPL\", side = \"buy\", quantity = 5 } ]\n";

/// Rests an order for seven and asks for nine of it later.
const CHANGE: &str = r#"
steps = [
    { at_ms = 3000, do = "limit", symbol = "AAPL", side = "buy", quantity = 7, tif = "gtc", limit_offset = -5 },
    { at_ms = 5000, do = "replace", step = 0, symbol = "AAPL", side = "buy", quantity = 9, limit_offset = -5 },
]
"#;

fn inject(market: &Market, fault: &str) {
    let answer = market.control(&format!("inject {fault}"));
    assert!(answer.get("error").is_none(), "{fault}: {answer}");
}

/// The first row whose fields are these.
fn find(rows: &[Value], fields: &[(&str, &str)]) -> Option<Value> {
    let fits = |row: &&Value| fields.iter().all(|(key, value)| row[*key] == *value);
    rows.iter().find(fits).cloned()
}

/// Waits for a plugin's position of AAPL, and returns its row.
fn wait_position(daemon: &Daemon<'_>, owner: &str, size: &str) -> Value {
    wait_for(&format!("{owner} to hold {size}"), || {
        let (_, positions) = daemon.get("/v1/positions");
        let rows = rows_of(&positions["plugins"]);
        find(
            &rows,
            &[("plugin", owner), ("instrument", "AAPL"), ("size", size)],
        )
    })
}

fn wait_alarm(daemon: &Daemon<'_>, name: &str) {
    daemon.wait_rows("/v1/events", &format!("the alarm {name}"), |rows| {
        let alarm = format!("{name}: ");
        rows.iter()
            .any(|row| row["text"].as_str().unwrap_or("").starts_with(&alarm))
    });
}

fn reconcile(daemon: &Daemon<'_>) {
    let (status, answer) = daemon.post("/v1/reconcile", &json!({}));
    assert_eq!(status, 200, "{answer}");
}

fn discrepancies(daemon: &Daemon<'_>) -> Vec<Value> {
    rows_of(&daemon.get("/v1/discrepancies").1)
}

#[test]
fn a_corrected_fill_replaces_the_first_version_live_and_after_a_restart() {
    let market = Market::start(&[]);
    let home = Home::new(market.address, &[strategy("fixed-orders", BUY)]);
    let daemon = home.start();
    wait_position(&daemon, "fixed-orders", "5");
    let fills = daemon.wait_rows("/v1/fills", "a fill with its cost", |rows| {
        rows.iter().any(|row| row["commission"].is_string())
    });
    let id = fills[0]["exec_id"].as_str().unwrap();
    let size: f64 = fills[0]["quantity"].as_str().unwrap().parse().unwrap();
    inject(
        &market,
        &format!(
            "do = \"correct\", execution = \"{id}\", quantity = {}",
            size - 2.0
        ),
    );
    let live = wait_position(&daemon, "fixed-orders", "3");
    wait_alarm(&daemon, "execution_corrected");
    let orders = rows_of(&daemon.get("/v1/orders?state=all").1);
    assert!(
        find(&orders, &[("filled", "3"), ("state", "filled")]).is_some(),
        "{orders:?}"
    );
    reconcile(&daemon);
    assert!(daemon.terminate().success());
    // The plugin begins anew and would buy again; it is compared before that.
    let again = home.start();
    let restarted = wait_position(&again, "fixed-orders", "3");
    for figure in ["average_price", "realized"] {
        assert_eq!(restarted[figure], live[figure], "{figure}");
    }
    again.wait_state("active");
    assert_eq!(discrepancies(&again), [json!(null); 0]);
}

#[test]
fn an_order_that_lives_twice_is_told_and_canceled_as_far_as_its_id_reaches() {
    let market = Market::start(&[]);
    inject(&market, "do = \"split-perm\"");
    let home = Home::new(market.address, &[strategy("fixed-orders", CHANGE)]);
    let daemon = home.start();
    wait_alarm(&daemon, "incarnation_conflict");
    // One order id names both lives: a cancel reaches one of them, and the operator is told of the other.
    wait_alarm(&daemon, "incarnation_unreachable");
    let live = daemon.wait_rows("/v1/orders", "the life that goes on", |rows| rows.len() == 1);
    assert_eq!(live[0]["plugin"], "fixed-orders");
    wait_for("the conflict to stand until it ends", || {
        let rows = discrepancies(&daemon);
        rows.iter()
            .any(|row| row["kind"] == "incarnation_conflict" && row["confirmed"] == true)
            .then_some(())
    });
    assert_eq!(daemon.get("/readyz").0, 503);
}

#[test]
fn orders_fills_and_positions_of_others_are_shown_counted_and_accepted_by_name() {
    let market = Market::start(&[]);
    let home = Home::new(market.address, &[]);
    let daemon = home.start();
    daemon.wait_state("active");
    inject(
        &market,
        "do = \"ext-order\", of = \"AAPL\", quantity = 30, price = 1",
    );
    inject(&market, "do = \"ext-fill\", of = \"AAPL\", quantity = 40");
    reconcile(&daemon);
    let orders = daemon.wait_rows("/v1/orders", "the order made by hand", |rows| {
        rows.iter().any(|row| row["plugin"] == "external")
    });
    assert!(
        orders[0]["origin"].as_str().unwrap().contains("TWS"),
        "{orders:?}"
    );
    wait_alarm(&daemon, "external_order");
    wait_position(&daemon, "external", "40");
    let shown = daemon.moorctl(&["orders", "list"]);
    assert!(String::from_utf8_lossy(&shown.stdout).contains("by hand in TWS") || shown.status.success());
    // A position that comes from nowhere is a difference with a name; nothing else is one.
    inject(
        &market,
        "do = \"ext-position\", of = \"AAPL\", quantity = -15, price = 100",
    );
    reconcile(&daemon);
    let name = "position_mismatch:AAPL";
    wait_for("the difference", || {
        let rows = discrepancies(&daemon);
        rows.iter()
            .any(|row| row["name"] == name && row["confirmed"] == true)
            .then_some(())
    });
    assert_eq!(discrepancies(&daemon).len(), 1);
    let (status, _) = daemon.get("/readyz");
    assert_eq!(status, 503);
    let refused = daemon.moorctl(&[
        "discrepancies",
        "accept",
        "position_mismatch:MSFT",
        "--reason",
        "x",
    ]);
    assert_eq!(refused.status.code(), Some(1));
    let accepted = daemon.moorctl(&["discrepancies", "accept", name, "--reason", "assigned"]);
    assert!(accepted.status.success(), "{accepted:?}");
    wait_for("the difference to be gone", || {
        discrepancies(&daemon).is_empty().then_some(())
    });
    assert!(daemon.terminate().success());
    let again = home.start();
    again.wait_state("active");
    assert_eq!(discrepancies(&again), [json!(null); 0]);
}

#[test]
fn an_order_behind_a_dialog_is_asked_after_and_told() {
    let market = Market::start(&[]);
    let home = Home::new(market.address, &[strategy("fixed-orders", BUY)]);
    let daemon = home.start();
    daemon.wait_state("active");
    inject(&market, "do = \"dialog\"");
    wait_alarm(&daemon, "order_unacknowledged");
    let orders = rows_of(&daemon.get("/v1/orders").1);
    assert!(find(&orders, &[("state", "pending_new")]).is_some(), "{orders:?}");
    inject(&market, "do = \"release\"");
    wait_position(&daemon, "fixed-orders", "5");
}

#[test]
fn reports_that_come_twice_late_and_shuffled_count_once() {
    let market = Market::start(&[]);
    for frames in ["orderStatus", "execDetails", "openOrder", "commissionReport"] {
        inject(
            &market,
            &format!("do = \"duplicate-frames\", frames = \"{frames}\", copies = 2"),
        );
    }
    let all = "[\"orderStatus\", \"execDetails\", \"openOrder\", \"commissionReport\"]";
    inject(
        &market,
        &format!("do = \"reorder-frames\", frames = {all}, group = 3"),
    );
    let home = Home::new(market.address, &[strategy("fixed-orders", BUY)]);
    let daemon = home.start();
    wait_position(&daemon, "fixed-orders", "5");
    reconcile(&daemon);
    daemon.wait_rows("/v1/orders?state=all", "the order filled", |rows| {
        rows.iter()
            .any(|row| row["state"] == "filled" && row["filled"] == "5")
    });
    assert_eq!(discrepancies(&daemon), [json!(null); 0]);
}

#[test]
fn a_list_that_does_not_end_is_unknown_and_not_empty() {
    for end in [
        "completedOrdersEnd",
        "execDetailsEnd",
        "positionEnd",
        "openOrderEnd",
    ] {
        let market = Market::start(&[]);
        inject(&market, &format!("do = \"drop-frames\", frames = \"{end}\""));
        let home = Home::tuned(
            market.address,
            "request_timeout_ms = 1000\n",
            &[],
            "[[instruments]]\nname = \"AAPL\"\n",
        );
        let daemon = home.start();
        wait_alarm(&daemon, "truth_unreadable");
        let (_, status) = daemon.get("/v1/status");
        assert_eq!(status["trading_state"], "recovering", "{end}");
        inject(&market, "do = \"clear\"");
        daemon.wait_state("active");
    }
}
