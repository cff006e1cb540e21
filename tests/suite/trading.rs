//! The main job: data in, strategies, the gate, orders out, fills back, seen from outside.

use serde_json::{Value, json};

use crate::rig::{Home, Market, Plugin, repository, risk, rows_of, strategy, wait_for};

/// The daemon of the demonstration, trading.
fn demo(market: &Market) -> Home {
    let text = std::fs::read_to_string(repository().join("config/demo.toml")).unwrap();
    let (head, _) = text.split_once("[[plugins]]").unwrap();
    let instruments = &head[head.find("[[instruments]]").unwrap()..];
    let grant = "instruments = [\"AAPL\", \"MSFT\", \"NVDA\"]\norder_types = [\"limit\", \"market\"]\n\
                 max_quantity = 100\nmessages_per_second = 20\n";
    let ema = Plugin {
        grant,
        ..strategy("ema-cross", "fast = 4\nslow = 12\ninterval_ms = 100\n")
    };
    let grant = "instruments = [\"SPY\", \"NVDA\"]\norder_types = [\"limit\"]\nmax_quantity = 100\n\
                 messages_per_second = 20\n";
    let quoter = Plugin {
        grant,
        ..strategy("two-sided-quoter", "interval_ms = 100\n")
    };
    Home::with(
        market.address,
        &[ema, quoter, risk("drawdown-guard", "soft_quantity = 8\n")],
        instruments,
    )
}

/// What the market's books say was filled, by execution id.
fn executions(books: &Value) -> Vec<String> {
    let rows = books["executions"].as_array().unwrap();
    let mut ids: Vec<String> = rows
        .iter()
        .map(|row| row["exec_id"].as_str().unwrap().to_owned())
        .collect();
    ids.sort();
    ids
}

#[test]
fn plugins_trade_and_the_books_agree() {
    let market = Market::start(&[]);
    let home = demo(&market);
    let daemon = home.start();
    daemon.wait_state("active");
    daemon.wait_rows("/v1/fills", "twenty fills", |rows| rows.len() >= 20);
    // The strategies ask for ten; the risk plugin lets eight through where that adds risk.
    let orders = rows_of(&daemon.get("/v1/orders?state=all").1);
    assert!(orders.iter().any(|order| order["quantity"] == "8"), "{orders:?}");
    let (status, answer) = daemon.post("/v1/kill", &json!({"reason": "the test is over"}));
    assert_eq!(status, 200, "{answer}");
    // Everything is canceled and flattened, at the broker as here.
    wait_for("a flat account", || {
        let books = market.books();
        let flat = books["accounts"][0]["positions"]
            .as_array()
            .unwrap()
            .iter()
            .all(|row| decimal(&row["position"]) == 0.0);
        let (_, positions) = daemon.get("/v1/positions");
        let live = rows_of(&daemon.get("/v1/orders?state=live").1).len();
        (flat && live == 0 && net(&rows_of(&positions["plugins"])) == 0.0).then_some(())
    });
    let ours: Vec<String> = {
        let rows = daemon.wait_rows("/v1/fills", "all fills", |rows| {
            rows.len() == executions(&market.books()).len()
        });
        let mut ids: Vec<String> = rows
            .iter()
            .map(|row| row["exec_id"].as_str().unwrap().to_owned())
            .collect();
        ids.sort();
        ids
    };
    assert_eq!(ours, executions(&market.books()));
    assert!(daemon.terminate().success());
    // A kill survives a restart, and nothing is sent after it.
    let orders_before = market.books()["orders"].as_array().unwrap().len();
    let daemon = home.start();
    daemon.wait_state("halted");
    wait_for("the session", || {
        (daemon.get("/v1/session").1["phase"] == "up").then_some(())
    });
    let (status, _) = daemon.post("/v1/resume", &json!({"reason": "again"}));
    assert_eq!(status, 200);
    daemon.wait_state("active");
    wait_for("new orders", || {
        (market.books()["orders"].as_array().unwrap().len() > orders_before).then_some(())
    });
}

fn decimal(value: &Value) -> f64 {
    value
        .as_f64()
        .or_else(|| value.as_str()?.parse().ok())
        .unwrap_or_else(|| panic!("not a decimal: {value}"))
}

fn net(positions: &[Value]) -> f64 {
    let mut sums = std::collections::BTreeMap::<&str, f64>::new();
    for row in positions {
        let size = row.get("size").or(row.get("position")).unwrap();
        *sums.entry(row["instrument"].as_str().unwrap()).or_default() += decimal(size);
    }
    sums.values().map(|size| size.abs()).sum()
}
