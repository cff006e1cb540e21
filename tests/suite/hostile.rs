//! A stranger's plugin in a running daemon: it is stopped, its callback's orders are gone, its neighbour trades on, and
//! the operator is told.

use serde_json::Value;

use crate::rig::{Home, Market, Plugin, risk, rows_of, strategy, wait_for};

const SYMBOL: &str = "symbol = \"AAPL\"\n";

/// The order events of one plugin in the market's books, by the tag in their reference.
fn orders_of(market: &Market, plugin: &str) -> Vec<Value> {
    let books = market.books();
    let prefix = format!("moored:{plugin}:");
    let orders = books["orders"].as_array().unwrap().iter();
    orders
        .filter(|order| order.to_string().contains(&prefix))
        .cloned()
        .collect()
}

fn plugin_row(rows: &[Value], name: &str) -> Value {
    rows.iter()
        .find(|row| row["name"] == name)
        .cloned()
        .unwrap_or_else(|| panic!("no {name} in {rows:?}"))
}

/// Runs a hostile strategy beside an honest one until it is out, and checks that the honest one still trades.
fn contain(hostile: Plugin<'_>, why: &str) -> (Market, Vec<Value>) {
    let market = Market::start(&[]);
    let name = hostile.name;
    let honest = strategy("pinger", "symbol = \"AAPL\"\nquantity = 1\nioc = true\n");
    let home = Home::new(market.address, &[hostile, honest]);
    let daemon = home.start();
    daemon.wait_state("active");
    let rows = daemon.wait_rows("/v1/plugins", "a failure", |rows| {
        plugin_row(rows, name)["failures"].as_u64().unwrap() > 0
    });
    let row = plugin_row(&rows, name);
    assert!(row["last_failure"].as_str().unwrap().contains(why), "{row}");
    let before = orders_of(&market, "pinger").len();
    wait_for("the neighbour to trade on", || {
        (orders_of(&market, "pinger").len() > before + 5).then_some(())
    });
    let rows = rows_of(&daemon.get("/v1/plugins").1);
    assert_eq!(plugin_row(&rows, "pinger")["failures"], 0, "{rows:?}");
    let orders = orders_of(&market, name);
    assert!(daemon.terminate().success());
    (market, orders)
}

#[test]
fn a_spinner_is_stopped() {
    let (_, orders) = contain(strategy("spinner", SYMBOL), "fuel");
    assert_eq!(orders, Vec::<Value>::new());
}

#[test]
fn a_hoarder_is_stopped() {
    let (_, orders) = contain(strategy("hoarder", SYMBOL), "");
    assert_eq!(orders, Vec::<Value>::new());
}

#[test]
fn a_trap_takes_its_orders_with_it() {
    // It queues an order in every quote's callback and traps in every third: those must not be in the books.
    let (_, orders) = contain(strategy("trapper", "symbol = \"AAPL\"\nevery = 1\n"), "");
    assert_eq!(orders, Vec::<Value>::new());
}

#[test]
fn a_crash_loop_is_quarantined_until_the_operator_lifts_it() {
    let market = Market::start(&[]);
    let home = Home::new(
        market.address,
        &[strategy("trapper", "symbol = \"AAPL\"\nevery = 1\n")],
    );
    let daemon = home.start();
    let out = |rows: &[Value]| plugin_row(rows, "trapper")["state"] == "quarantined";
    daemon.wait_rows("/v1/plugins", "quarantine", out);
    let (status, ready) = daemon.get("/readyz");
    assert_eq!(status, 503, "{ready}");
    let output = daemon.moorctl(&["plugins", "restart", "trapper"]);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    daemon.wait_rows("/v1/plugins", "another life", |rows| {
        plugin_row(rows, "trapper")["restarts"].as_u64().unwrap() > 0
    });
}

#[test]
fn a_flooder_gets_no_more_than_its_grant() {
    let market = Market::start(&[]);
    let grant = "instruments = [\"AAPL\"]\norder_types = [\"market\", \"limit\"]\nmax_quantity = 100\n\
                 messages_per_second = 3\n";
    let honest = strategy("pinger", "symbol = \"AAPL\"\nquantity = 1\nioc = true\n");
    let flooder = Plugin {
        grant,
        ..strategy("flooder", SYMBOL)
    };
    let home = Home::new(market.address, &[flooder, honest]);
    let daemon = home.start();
    daemon.wait_state("active");
    let started = std::time::Instant::now();
    wait_for("thirty of the neighbour's orders", || {
        (orders_of(&market, "pinger").len() > 30).then_some(())
    });
    let sent = orders_of(&market, "flooder").len() as f64;
    let most = 3.0 * (started.elapsed().as_secs_f64() + 2.0);
    assert!(sent <= most, "{sent} orders, at most {most} were granted");
    let (_, status) = daemon.get("/v1/status");
    assert!(status.to_string().contains("message_rate"), "{status}");
}

/// A strategy's orders are denied while the risk plugin cannot answer.
fn denied_by(plugin: &str) {
    let market = Market::start(&[]);
    let honest = strategy("pinger", "symbol = \"AAPL\"\nquantity = 2\nioc = true\n");
    let home = Home::new(market.address, &[honest, risk(plugin, "")]);
    let daemon = home.start();
    daemon.wait_state("active");
    wait_for("denials", || {
        let (_, status) = daemon.get("/v1/status");
        status.to_string().contains("risk_plugin_failed").then_some(())
    });
    assert_eq!(orders_of(&market, "pinger"), Vec::<Value>::new());
}

#[test]
fn a_risk_plugin_that_traps_denies() {
    denied_by("risk-trapper");
}

#[test]
fn a_risk_plugin_that_spins_denies() {
    denied_by("risk-spinner");
}

#[test]
fn a_risk_plugin_shrinks() {
    let market = Market::start(&[]);
    let honest = strategy("pinger", "symbol = \"AAPL\"\nquantity = 8\nioc = true\n");
    let home = Home::new(market.address, &[honest, risk("risk-shrinker", "")]);
    let daemon = home.start();
    daemon.wait_state("active");
    let rows = daemon.wait_rows("/v1/orders?state=all", "orders", |rows| rows.len() > 3);
    assert!(rows.iter().all(|row| row["quantity"] == "4"), "{rows:?}");
}
