//! `kill -9` at any moment loses nothing that was sent and sends nothing twice. One market lives throughout; the daemon
//! that trades on it is killed at two hundred random moments and started again on the same ledger, and what it remembers
//! is compared with the market's own books.
//!
//! The moments follow from a seed: `MOORED_CRASH_SEED`, else always the same. They are measured from four anchors: the
//! start of the process, the answer of its socket (it recovers), the state `active` (it trades), and the first growth of
//! the ledger's log after that (it is about to send, or has just sent).

use std::collections::BTreeMap;
use std::path::Path;
use std::str::FromStr;
use std::time::{Duration, Instant};

use moored::domain::money::{Money, Quantity};
use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};

use crate::rig::{Daemon, Home, Market, PATIENCE, Plugin, risk, rows_of, strategy, wait_for};

const KILLS: usize = 200;
/// How often ours is compared with the books as a whole; that the books hold nothing unknown is checked at each kill.
const COMPARED_EVERY: usize = 20;
const SEED: u64 = 20_260_105;

/// SplitMix64.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % bound
    }
}

/// When to kill.
#[derive(Debug, Clone, Copy)]
enum Moment {
    /// So long after the process began.
    Started(Duration),
    /// After its socket answered first.
    Recovering(Duration),
    /// After it could trade.
    Trading(Duration),
    /// After its ledger grew while it traded.
    Writing(Duration),
}

impl Moment {
    fn random(chance: &mut Chance) -> Moment {
        let micros = Duration::from_micros;
        match chance.below(10) {
            0 | 1 => Moment::Started(micros(chance.below(150_000))),
            2 => Moment::Recovering(micros(chance.below(60_000))),
            3..=6 => Moment::Trading(micros(1_000 + chance.below(399_000))),
            _ => Moment::Writing(micros(chance.below(2_000))),
        }
    }
}

/// A daemon with as much to do as it is allowed: averages that cross all the time, and quotes that are moved with each
/// tick and partly left behind by every kill.
fn busy(market: &Market) -> Home {
    let instruments = "[risk]\nmax_position = 100_000\nmessages_per_second = 50\n\
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
    Home::with(market.address, &[ema, quoter, guard], instruments)
}

/// An order as the ledger has it; quantities in billionths.
struct Order {
    order_ref: String,
    state: String,
    filled: i64,
}

/// A fill as either side has it: whose order, in what, which way, how much, at what price, and what it cost.
type Fill = (i64, String, String, i64, i64, Option<Money>);

/// What the ledger holds.
struct Ledger {
    orders: BTreeMap<i64, Order>,
    fills: BTreeMap<String, Fill>,
}

impl Ledger {
    fn read(path: &Path) -> rusqlite::Result<Ledger> {
        let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        connection.busy_timeout(PATIENCE)?;
        // One transaction, so that both tables are of one instant.
        let transaction = connection.unchecked_transaction()?;
        let sql = "SELECT order_id, order_ref, state, filled FROM orders";
        let mut statement = transaction.prepare(sql)?;
        let orders = statement.query_map([], |row| {
            let order = Order {
                order_ref: row.get(1)?,
                state: row.get(2)?,
                filled: row.get(3)?,
            };
            Ok((row.get(0)?, order))
        })?;
        let orders = orders.collect::<rusqlite::Result<_>>()?;
        let sql = "SELECT e.exec_id, e.order_id, e.instrument, e.side, e.size, e.price, c.amount
                   FROM executions e LEFT JOIN commissions c ON c.exec_id = e.exec_id WHERE e.superseded = 0";
        let mut statement = transaction.prepare(sql)?;
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

fn text<'a>(row: &'a Value, field: &str) -> &'a str {
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
fn differences(books: &Value, ledger: &Ledger, settled: bool) -> Vec<String> {
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

fn positions(books: &Value) -> BTreeMap<String, i64> {
    let rows = rows(&books["accounts"][0], "positions").iter();
    let sizes = rows.map(|row| (text(row, "symbol").to_owned(), nanos(row, "position")));
    sizes.filter(|(_, size)| *size != 0).collect()
}

/// The sizes of an array of `/v1/positions`, by instrument.
fn sizes(rows: &Value) -> BTreeMap<String, i64> {
    let mut sizes = BTreeMap::new();
    for row in rows.as_array().unwrap() {
        *sizes.entry(text(row, "instrument").to_owned()).or_default() += nanos(row, "size");
    }
    sizes.retain(|_, size| *size != 0);
    sizes
}

/// The run: one market, one home, many daemons.
struct Run {
    seed: u64,
    kill: usize,
    market: Market,
    home: Home,
}

impl Run {
    fn fail(&self, what: &str, found: &[String]) -> ! {
        let shown = found.iter().take(20).cloned().collect::<Vec<_>>().join("\n  ");
        let log = self.home.log();
        let tail: Vec<&str> = log.lines().rev().take(60).collect();
        let tail = tail.into_iter().rev().collect::<Vec<_>>().join("\n");
        let (seed, kill, count) = (self.seed, self.kill, found.len());
        panic!(
            "seed {seed}, kill {kill}: {what}, {count} differences:\n  {shown}\n--- the log's end:\n{tail}"
        );
    }

    /// Runs a daemon up to that moment and kills it. Returns how long it took to become active, if it did.
    fn kill_at(&self, moment: Moment) -> Option<Duration> {
        let began = Instant::now();
        if let Moment::Started(delay) = moment {
            let mut child = self.home.command().spawn().unwrap();
            std::thread::sleep(delay);
            if let Some(status) = child.try_wait().unwrap() {
                self.fail(&format!("the daemon ended by itself with {status}"), &[]);
            }
            child.kill().unwrap();
            child.wait().unwrap();
            return None;
        }
        let daemon = self.home.start();
        let took = match moment {
            Moment::Started(_) | Moment::Recovering(_) => None,
            Moment::Trading(_) | Moment::Writing(_) => {
                daemon.wait_state("active");
                Some(began.elapsed())
            }
        };
        match moment {
            Moment::Started(delay) | Moment::Recovering(delay) | Moment::Trading(delay) => {
                std::thread::sleep(delay);
            }
            Moment::Writing(delay) => {
                self.await_growth();
                std::thread::sleep(delay);
            }
        }
        daemon.kill();
        took
    }

    /// Returns as soon as the ledger's log has changed, or soon after if it does not.
    fn await_growth(&self) {
        let log = self.home.path("ledger.db-wal");
        let now = || {
            std::fs::metadata(&log)
                .ok()
                .map(|data| (data.len(), data.modified().ok()))
        };
        let (before, deadline) = (now(), Instant::now() + Duration::from_millis(400));
        while now() == before && Instant::now() < deadline {
            std::hint::spin_loop();
        }
    }

    /// After a kill, with nobody writing: what the market has seen of us is in the ledger.
    fn check_dead(&self) {
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
    fn check_recovered(&self, settled: bool) -> Ledger {
        let daemon = self.home.start();
        daemon.wait_state("active");
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

#[test]
fn killed_at_two_hundred_moments_it_loses_and_doubles_nothing() {
    let seed = std::env::var("MOORED_CRASH_SEED").map_or(SEED, |text| text.parse().unwrap());
    println!("MOORED_CRASH_SEED={seed}");
    let began = Instant::now();
    let market = Market::start(&["--tick-rate", "600", "--cash", "1000000000"]);
    let home = busy(&market);
    let mut run = Run {
        seed,
        kill: 0,
        market,
        home,
    };
    let mut chance = Chance(seed);
    let mut starts = Vec::new();
    for kill in 1..=KILLS {
        run.kill = kill;
        starts.extend(run.kill_at(Moment::random(&mut chance)));
        run.check_dead();
        if kill % COMPARED_EVERY == 0 {
            run.check_recovered(false);
        }
    }
    let ledger = run.check_recovered(true);
    let lost = ledger
        .orders
        .values()
        .filter(|order| order.state == "lost")
        .count();
    starts.sort();
    println!(
        "{KILLS} kills in {:?}; {} orders, {} fills, {lost} orders that never left; started and active in {:?}, \
         {:?} at worst",
        began.elapsed(),
        ledger.orders.len(),
        ledger.fills.len(),
        starts[starts.len() / 2],
        starts[starts.len() - 1],
    );
    // A run that did little would prove little.
    assert!(
        ledger.orders.len() > 5 * KILLS,
        "only {} orders",
        ledger.orders.len()
    );
    assert!(ledger.fills.len() > KILLS, "only {} fills", ledger.fills.len());
}

/// Waits until nothing is held and nothing works, at the broker as here.
fn wait_flat(market: &Market, daemon: &Daemon<'_>) {
    wait_for("a flat account", || {
        let books = market.brief_books();
        let live = rows_of(&daemon.get("/v1/orders?state=live").1);
        let shown = sizes(&daemon.get("/v1/positions").1["plugins"]);
        (positions(&books).is_empty() && live.is_empty() && shown.values().sum::<i64>() == 0).then_some(())
    });
}

#[test]
fn a_kill_cut_off_by_a_crash_is_carried_out_once() {
    let market = Market::start(&[]);
    let home = busy(&market);
    let mut chance = Chance(SEED);
    for round in 0..4 {
        let daemon = home.start();
        if round > 0 {
            let (status, answer) = daemon.post("/v1/resume", &json!({"reason": "to hold something"}));
            assert_eq!(status, 200, "{answer}");
        }
        wait_for("a position", || {
            (!positions(&market.brief_books()).is_empty()).then_some(())
        });
        let (status, answer) = daemon.post("/v1/kill", &json!({"reason": "the test says so"}));
        assert_eq!(status, 200, "{answer}");
        std::thread::sleep(Duration::from_micros(chance.below(20_000)));
        daemon.kill();
        let daemon = home.start();
        daemon.wait_state("halted");
        wait_flat(&market, &daemon);
        // What would be flattened twice would not stay flat.
        // Commissions follow their fills a moment later.
        wait_for("a ledger that agrees with the books", || {
            let ledger = Ledger::read(&home.ledger).unwrap();
            differences(&market.brief_books(), &ledger, true)
                .is_empty()
                .then_some(())
        });
        daemon.kill();
    }
}

#[test]
fn a_second_daemon_on_the_same_ledger_refuses_and_leaves_the_first_alone() {
    let market = Market::start(&[]);
    let home = busy(&market);
    let daemon = home.start();
    daemon.wait_state("active");
    let said = home.refused();
    assert!(said.contains("another"), "{said}");
    assert_eq!(daemon.get("/healthz").0, 200);
    daemon.wait_state("active");
    daemon.wait_rows("/v1/fills", "fills", |rows| !rows.is_empty());
}
