//! Every kind of order and every way to change one, from a plugin to the market's books.

use serde_json::Value;

use crate::rig::{Home, Market, strategy, wait_for};

/// What a plugin that follows a script does, step by step.
const STEPS: &str = r#"
steps = [
    { at_ms = 3000, do = "limit", symbol = "AAPL", side = "buy", quantity = 7, tif = "gtc", limit_offset = -2 },
    { at_ms = 3000, do = "limit", symbol = "AAPL", side = "buy", quantity = 3, tif = "ioc", limit_offset = -1 },
    { at_ms = 3000, do = "market", symbol = "AAPL", side = "buy", quantity = 5, tif = "day" },
    { at_ms = 3000, do = "stop", symbol = "AAPL", side = "sell", quantity = 4, tif = "day", stop_offset = -3 },
    { at_ms = 3000, do = "stop_limit", symbol = "AAPL", side = "sell", quantity = 2, stop_offset = -3, limit_offset = -4 },
    { at_ms = 4500, do = "replace", step = 0, symbol = "AAPL", side = "buy", quantity = 9, limit_offset = -3 },
    { at_ms = 6000, do = "cancel", step = 3 },
]
"#;

fn decimal(value: &Value) -> f64 {
    value
        .as_f64()
        .or_else(|| value.as_str()?.parse().ok())
        .unwrap_or(f64::NAN)
}

#[test]
fn every_kind_reaches_the_books_and_comes_back() {
    let market = Market::start(&[]);
    let home = Home::new(market.address, &[strategy("fixed-orders", STEPS)]);
    let daemon = home.start();
    daemon.wait_state("active");
    let done = |rows: &[Value]| {
        let canceled = |row: &Value| row["kind"] == "stop" && row["state"] == "canceled";
        rows.len() == 5 && rows.iter().any(canceled)
    };
    let rows = daemon.wait_rows("/v1/orders?state=all", "five orders, the stop canceled", done);
    let by_quantity = |quantity: &str| {
        rows.iter()
            .find(|row| row["quantity"] == quantity)
            .unwrap_or_else(|| panic!("no {quantity}: {rows:?}"))
    };
    assert_eq!(by_quantity("9")["state"], "working");
    assert_eq!(by_quantity("3")["state"], "canceled");
    assert_eq!(by_quantity("5")["state"], "filled");
    assert_eq!(by_quantity("2")["state"], "working");
    wait_for("the books to agree", || {
        let books = market.books();
        let orders = books["orders"].as_array().unwrap().clone();
        let quantities: Vec<f64> = orders
            .iter()
            .map(|order| {
                decimal(
                    order
                        .get("quantity")
                        .or(order.get("total_quantity"))
                        .unwrap_or(&Value::Null),
                )
            })
            .collect();
        let mut sorted = quantities.clone();
        sorted.sort_by(f64::total_cmp);
        (sorted == [2.0, 3.0, 4.0, 5.0, 9.0]).then_some(())
    });
}
