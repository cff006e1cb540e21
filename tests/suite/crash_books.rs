//! What the daemon remembers against the market's own books.

use std::collections::BTreeMap;
use std::path::Path;
use std::str::FromStr;
use std::time::{Duration, Instant};

use moored::domain::money::{Money, Quantity};
use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};

use crate::rig::{Daemon, Home, Market, PATIENCE, Plugin, risk, rows_of, strategy, wait_for};

/// SplitMix64.
pub struct Chance(pub u64);

impl Chance {
    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % bound
    }
}

/// A daemon with as much to do as it is allowed: averages that cross all the time, and quotes that are moved with each
/// tick and partly left behind by every kill.
pub fn busy(market: &Market, more: &str) -> Home {
    // What a kill left in doubt blocks its instrument until then, and a life here is short.
    let instruments = "[reconciliation]\nsettle_ms = 900\n[risk]\nmax_position = 100_000\nmessages_per_second = 50\n\
        [[instruments]]\nname = \"AAPL\"\n[[instruments]]\nname = \"MSFT\"\n[[instruments]]\nname = \"NVDA\"\n\
        [[instruments]]\nname = \"SPY\"\nprimary_exchange = \"ARCA\"\n";
    let grant = "instruments = [\"AAPL\", \"MSFT\", \"NVDA\"]\norder_types = [\"limit\", \"market\"]\n\
                 max_quantity = 1_000_000\nmessages_per_second = 25\n";
    let config = "fast = 1\nslow = 3\nband_ticks = 0.0\ninterval_ms = 10\n";
    let ema = Plugin {
        grant,
        ..strategy("ema-cross", config)
    };
    let grant = "instruments = [\"SPY\", \"NVDA\"]\norder_types = [\"limit\"]\nmax_quantity = 100\n\
                 messages_per_second = 25\n";
    let config = "interval_ms = 10\nmax_position = 5_000\nskew_ticks = 0\n";
    let quoter = Plugin {
        grant,
        ..strategy("two-sided-quoter", config)
    };
    let guard = risk("drawdown-guard", "loss_limit = 10_000_000\nsoft_quantity = 8\n");
    Home::tuned(
        market.address,
        // Patience with a gateway that was just made to fail would only make the run long.
        "silent_retry_ms = 500\nclient_id_retry_min_ms = 300\nclient_id_retry_max_ms = 1000\n",
        &[ema, quoter, guard],
        &format!("{more}{instruments}"),
    )
}

/// An order as the ledger has it; quantities in billionths.
pub struct Order {
    pub order_ref: String,
    pub state: String,
    pub filled: i64,
}

/// A fill as either side has it: whose order, in what, which way, how much, at what price, and what it cost.
pub type Fill = (i64, String, String, i64, i64, Option<Money>);

/// What an old ledger brought along is of no market of ours: orders and fills before 2023.
const BEFORE_ANY_MARKET: u64 = 1_672_531_200_000_000_000;

/// What the ledger holds.
pub struct Ledger {
    pub orders: BTreeMap<i64, Order>,
    pub fills: BTreeMap<String, Fill>,
}

impl Ledger {
    pub fn read(path: &Path) -> rusqlite::Result<Ledger> {
        let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        connection.busy_timeout(PATIENCE)?;
        // One transaction, so that both tables are of one instant.
        let transaction = connection.unchecked_transaction()?;
        let sql = format!(
            "SELECT order_id, order_ref, state, filled FROM orders WHERE accepted_at > {BEFORE_ANY_MARKET}"
        );
        let mut statement = transaction.prepare(&sql)?;
        let orders = statement.query_map([], |row| {
            let order = Order {
                order_ref: row.get(1)?,
                state: row.get(2)?,
                filled: row.get(3)?,
            };
            Ok((row.get(0)?, order))
        })?;
        let orders = orders.collect::<rusqlite::Result<_>>()?;
        let sql = format!(
            "SELECT e.exec_id, e.order_id, e.instrument, e.side, e.size, e.price, c.amount
                   FROM executions e LEFT JOIN commissions c ON c.exec_id = e.exec_id WHERE e.superseded = 0
                   AND e.recorded_at > {BEFORE_ANY_MARKET}"
        );
        let mut statement = transaction.prepare(&sql)?;
        let fills = statement.query_map([], |row| {
            let cost = row.get::<_, Option<String>>(6)?.map(|text| text.parse().unwrap());
            let side: String = row.get(3)?;
            let fill = (
                row.get(1)?,
                row.get(2)?,
                side.to_lowercase(),
                row.get(4)?,
                row.get(5)?,
                cost,
            );
            Ok((row.get(0)?, fill))
        })?;
        let fills = fills.collect::<rusqlite::Result<_>>()?;
        Ok(Ledger { orders, fills })
    }

    /// What was bought less what was sold, by instrument.
    fn positions(&self) -> BTreeMap<String, i64> {
        let mut positions = BTreeMap::new();
        for (_, instrument, side, size, _, _) in self.fills.values() {
            *positions.entry(instrument.clone()).or_default() += if side == "buy" { *size } else { -size };
        }
        positions.retain(|_, size| *size != 0);
        positions
    }
}

pub fn text<'a>(row: &'a Value, field: &str) -> &'a str {
    row[field]
        .as_str()
        .unwrap_or_else(|| panic!("no {field} in {row}"))
}

fn parsed<T: FromStr<Err: std::fmt::Debug>>(row: &Value, field: &str) -> T {
    text(row, field)
        .parse()
        .unwrap_or_else(|error| panic!("{field} of {row}: {error:?}"))
}

fn nanos(row: &Value, field: &str) -> i64 {
    parsed::<Quantity>(row, field).nanos()
}

fn rows<'a>(books: &'a Value, table: &str) -> &'a Vec<Value> {
    books[table]
        .as_array()
        .unwrap_or_else(|| panic!("no {table} in the books"))
}

/// Orders of the books that the ledger does not have, or has as another; and orders that were sent twice.
fn unknown(books: &Value, ledger: &Ledger) -> Vec<String> {
    let mut found = Vec::new();
    let mut refs = BTreeMap::new();
    for row in rows(books, "orders") {
        let (id, order_ref) = (row["order_id"].as_i64().unwrap(), text(row, "order_ref"));
        if row["client_id"] != 7 {
            found.push(format!("somebody else's order {row}"));
        }
        if let Some(other) = refs.insert(order_ref, id) {
            found.push(format!("orders {other} and {id} are both {order_ref}"));
        }
        match ledger.orders.get(&id) {
            None => found.push(format!(
                "order {id} ({order_ref}) was sent and is not in the ledger"
            )),
            Some(ours) if ours.order_ref != order_ref => {
                found.push(format!(
                    "order {id} is {order_ref} in the books and {} in the ledger",
                    ours.order_ref
                ));
            }
            Some(_) => {}
        }
    }
    found
}

/// Everything in which the ledger differs from the books. `settled`: nobody's fate may be open any more.
pub fn differences(books: &Value, ledger: &Ledger, settled: bool) -> Vec<String> {
    let mut found = unknown(books, ledger);
    let mut sent = BTreeMap::new();
    for row in rows(books, "orders") {
        let id = row["order_id"].as_i64().unwrap();
        sent.insert(id, row);
        let Some(ours) = ledger.orders.get(&id) else {
            continue;
        };
        let status = text(row, "status");
        let agrees = match status {
            "Filled" => ours.state == "filled",
            "Cancelled" => ours.state == "canceled",
            "Inactive" => ours.state == "rejected",
            _ => ours.state == "working",
        };
        if !agrees || nanos(row, "filled") != ours.filled {
            let (state, filled) = (&ours.state, ours.filled);
            found.push(format!(
                "order {id} is {state}, {filled} filled in the ledger; in the books it is {row}"
            ));
        }
    }
    for (id, ours) in ledger.orders.iter().filter(|(id, _)| !sent.contains_key(id)) {
        let never_sent = matches!(ours.state.as_str(), "lost" | "rejected");
        let open = matches!(ours.state.as_str(), "pending_new" | "pending_cancel" | "unknown");
        if ours.filled != 0 || !(never_sent || (open && !settled)) {
            found.push(format!(
                "order {id} is {} in the ledger and not in the books",
                ours.state
            ));
        }
    }
    found.extend(different_fills(books, ledger));
    let theirs = positions(books);
    if theirs != ledger.positions() {
        found.push(format!(
            "positions are {theirs:?} in the books, {:?} in the ledger",
            ledger.positions()
        ));
    }
    found
}

fn different_fills(books: &Value, ledger: &Ledger) -> Vec<String> {
    let mut found = Vec::new();
    let mut missing = ledger.fills.clone();
    for row in rows(books, "executions") {
        let fill: Fill = (
            row["order_id"].as_i64().unwrap(),
            text(row, "symbol").to_owned(),
            text(row, "side").to_lowercase(),
            nanos(row, "quantity"),
            nanos(row, "price"),
            Some(parsed(row, "fee")),
        );
        match missing.remove(text(row, "exec_id")) {
            Some(ours) if ours == fill => {}
            ours => found.push(format!("the books' fill {row} is {ours:?} in the ledger")),
        }
    }
    found.extend(
        missing
            .iter()
            .map(|(id, fill)| format!("fill {id} {fill:?} is not in the books")),
    );
    found
}

pub fn positions(books: &Value) -> BTreeMap<String, i64> {
    let rows = rows(&books["accounts"][0], "positions").iter();
    let sizes = rows.map(|row| (text(row, "symbol").to_owned(), nanos(row, "position")));
    sizes.filter(|(_, size)| *size != 0).collect()
}

/// The sizes of an array of `/v1/positions`, by instrument.
pub fn sizes(rows: &Value) -> BTreeMap<String, i64> {
    let mut sizes = BTreeMap::new();
    for row in rows.as_array().unwrap() {
        *sizes.entry(text(row, "instrument").to_owned()).or_default() += nanos(row, "size");
    }
    sizes.retain(|_, size| *size != 0);
    sizes
}

/// One market, one home, many daemons.
pub struct Trial {
    /// What a failure is told with: the seed and the kill, or the step.
    pub label: String,
    pub market: Market,
    pub home: Home,
}

impl Trial {
    pub fn fail(&self, what: &str, found: &[String]) -> ! {
        let shown = found.iter().take(20).cloned().collect::<Vec<_>>().join("\n  ");
        let log = self.home.log();
        let tail: Vec<&str> = log.lines().rev().take(60).collect();
        let tail = tail.into_iter().rev().collect::<Vec<_>>().join("\n");
        let (label, count) = (&self.label, found.len());
        panic!("{label}: {what}, {count} differences:\n  {shown}\n--- the log's end:\n{tail}");
    }

    /// After a kill, with nobody writing: what the market has seen of us is in the ledger.
    pub fn check_dead(&self) {
        let books = self.market.brief_books();
        let ledger = match Ledger::read(&self.home.ledger) {
            Ok(ledger) => ledger,
            // Killed before there was one.
            Err(_) if rows(&books, "orders").is_empty() => return,
            Err(error) => self.fail(&format!("the ledger cannot be read: {error}"), &[]),
        };
        let found = unknown(&books, &ledger);
        if !found.is_empty() {
            self.fail("after the kill", &found);
        }
    }

    /// Starts a daemon, lets it recover, stops its trading, and compares everything.
    pub fn check_recovered(&self, settled: bool) -> Ledger {
        let daemon = self.home.start();
        wait_for("a state that was proved", || {
            let state = daemon.get("/v1/status").1["trading_state"].clone();
            (state == "active" || state == "halted").then_some(())
        });
        if daemon.get("/v1/status").1["latch"] == "killed" {
            wait_flat(&self.market, &daemon);
            let (status, answer) = daemon.post("/v1/resume", &json!({"reason": "it was flat"}));
            assert_eq!(status, 200, "{answer}");
        }
        let (status, answer) = daemon.post(
            "/v1/halt",
            &json!({"reason": "to compare", "cancel_orders": true}),
        );
        assert_eq!(status, 200, "{answer}");
        let deadline = Instant::now() + PATIENCE;
        let ledger = loop {
            let books = self.market.brief_books();
            let ledger = Ledger::read(&self.home.ledger).unwrap();
            let mut found = differences(&books, &ledger, settled);
            let theirs = positions(&books);
            let shown = daemon.get("/v1/positions").1;
            if sizes(&shown["plugins"]) != theirs {
                found.push(format!(
                    "the plugins hold {}, the books say {theirs:?}",
                    shown["plugins"]
                ));
            }
            if found.is_empty() && sizes(&shown["broker"]) == theirs {
                break ledger;
            }
            if Instant::now() > deadline {
                self.fail("after recovery", &found);
            }
            // What the daemon shows of the broker's positions is as old as its last reading.
            if found.is_empty() {
                daemon.post("/v1/reconcile", &Value::Null);
            }
            std::thread::sleep(Duration::from_millis(50));
        };
        let (status, answer) = daemon.post("/v1/resume", &json!({"reason": "compared"}));
        assert_eq!(status, 200, "{answer}");
        daemon.kill();
        ledger
    }
}

/// Waits until nothing is held and nothing works, at the broker as here.
pub fn wait_flat(market: &Market, daemon: &Daemon<'_>) {
    wait_for("a flat account", || {
        let books = market.brief_books();
        let live = rows_of(&daemon.get("/v1/orders?state=live").1);
        let shown = sizes(&daemon.get("/v1/positions").1["plugins"]);
        (positions(&books).is_empty() && live.is_empty() && shown.values().sum::<i64>() == 0).then_some(())
    });
}
