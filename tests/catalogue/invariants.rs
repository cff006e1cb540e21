//! What must be true after every row, seen from both sides: the daemon's API and process, the gateway's books.
//!
//! The cancel lane under a flood (10) is a row of its own, because a flood is a fault; the gateway's own part of it is
//! looked at here. That a killed daemon keeps them (9) is this check, a second time, after the kill.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::look::number;
use crate::play::Stage;
use crate::rig::{Market, rows_of};

/// The daemon's client id.
const CLIENT: i64 = 7;
/// Who holds what nobody here ordered.
const ELSEWHERE: &str = "external";
/// How long recovery may take to make them all true: an order that never arrived is called lost after ten seconds.
const WITHIN: Duration = Duration::from_secs(40);
/// Between two looks.
const LOOK: Duration = Duration::from_millis(50);
/// How old the last tick of a stream may be that nobody called silent: the market of these rows never rests.
const FRESH_MS: f64 = 10_000.0;
/// How old the desk's own snapshot may be.
const DESK_MS: f64 = 5_000.0;
/// What a daemon of these rows may use of memory, in kilobytes.
const MEMORY_KB: u64 = 600_000;

/// Waits until all of them hold.
pub fn check(stage: &Stage<'_>) -> Result<(), String> {
    let deadline = Instant::now() + WITHIN;
    loop {
        let broken = broken(stage)?;
        if broken.is_empty() {
            return Ok(());
        }
        if Instant::now() >= deadline {
            return Err(format!("these invariants do not hold:\n{}", broken.join("\n")));
        }
        std::thread::sleep(LOOK);
    }
}

fn broken(stage: &Stage<'_>) -> Result<Vec<String>, String> {
    let market = stage.market.as_ref().ok_or("the play left no gateway running")?;
    let orders = rows_of(&stage.answer("/v1/orders?state=all")?);
    let books = market.brief_books();
    let mut all = told_by_the_gateway(market);
    all.push((2, fills(stage, &books)?));
    all.push((5, endings(&orders, &books)));
    all.push((6, streams(&stage.answer("/v1/session")?)));
    all.push((7, desk(&stage.answer("/v1/status")?, &stage.home.log())));
    all.push((8, memory(stage)));
    let allowed = |number: u32| {
        let mut rows = stage.row.recovery.allowed.iter();
        rows.any(|allowed| allowed.invariant == number)
    };
    let broken = all.into_iter().filter(|(number, _)| !allowed(*number));
    Ok(broken
        .filter_map(|(number, problem)| Some(format!("  {number}: {}", problem?)))
        .collect())
}

/// 1, 2, 3, 4, 5, 8 and 10, as far as a gateway can see them.
fn told_by_the_gateway(market: &Market) -> Vec<(u32, Option<String>)> {
    let report = market.control("invariants");
    let mut verdicts = Vec::new();
    for verdict in report["invariants"].as_array().into_iter().flatten() {
        let number = verdict["invariant"].as_u64().unwrap_or(0) as u32;
        let broken = verdict["ok"] != true;
        let problem = broken.then(|| format!("{}: {}", verdict["rule"], verdict["offenders"]));
        verdicts.push((number, problem));
    }
    if verdicts.len() != 10 {
        verdicts.push((0, Some(format!("the gateway did not tell of ten: {report}"))));
    }
    verdicts
}

/// 2: ours are the gateway's, each once. A corrected execution counts as its newest version.
fn fills(stage: &Stage<'_>, books: &Value) -> Result<Option<String>, String> {
    let ours = rows_of(&stage.answer("/v1/fills")?);
    let ids = |rows: &[Value]| -> BTreeSet<String> {
        let ids = rows.iter().filter_map(|row| row["exec_id"].as_str());
        ids.map(|id| base(id).to_owned()).collect()
    };
    let theirs = books["executions"].as_array().cloned().unwrap_or_default();
    let own: Vec<Value> = theirs
        .into_iter()
        .filter(|row| row["client_id"] == CLIENT)
        .collect();
    let (known, real) = (ids(&ours), ids(&own));
    let missing: Vec<&String> = real.difference(&known).collect();
    if !stage.restarted && !missing.is_empty() {
        return Ok(Some(format!(
            "fills of the gateway that the daemon does not know: {missing:?}"
        )));
    }
    let held = held(&own);
    let positions = stage.answer("/v1/positions")?;
    let mut booked = BTreeMap::<String, f64>::new();
    let ours = |row: &&Value| row["plugin"] != ELSEWHERE;
    for row in positions["plugins"].as_array().into_iter().flatten().filter(ours) {
        *booked.entry(text(&row["instrument"])).or_default() += number(&row["size"]).unwrap_or(f64::NAN);
    }
    for symbol in held.keys().chain(booked.keys()) {
        let (theirs, ours) = (held.get(symbol).copied(), booked.get(symbol).copied());
        let (theirs, ours) = (theirs.unwrap_or(0.0), ours.unwrap_or(0.0));
        if (theirs - ours).abs() > 1e-9 {
            return Ok(Some(format!(
                "the fills of our orders in {symbol} add up to {theirs}, and the daemon has booked {ours}"
            )));
        }
    }
    Ok(None)
}

/// What executions add up to by symbol, only the newest version of each.
fn held(executions: &[Value]) -> BTreeMap<String, f64> {
    let mut newest = BTreeMap::<&str, &Value>::new();
    for row in executions {
        let id = row["exec_id"].as_str().unwrap_or_default();
        let entry = newest.entry(base(id)).or_insert(row);
        if row["exec_id"].as_str() > entry["exec_id"].as_str() {
            *entry = row;
        }
    }
    let mut sums = BTreeMap::new();
    for row in newest.values() {
        let size = number(&row["quantity"]).unwrap_or(f64::NAN);
        let signed = if row["side"] == "SELL" { -size } else { size };
        *sums.entry(text(&row["symbol"])).or_insert(0.0) += signed;
    }
    sums
}

/// An execution's id without the number of its correction.
fn base(id: &str) -> &str {
    id.rsplit_once('.').map_or(id, |(base, _)| base)
}

/// 5: what the daemon calls live is live at the gateway or called unknown, with the time since when; and nothing of
/// ours is live at the gateway that the daemon does not know to be.
fn endings(orders: &[Value], books: &Value) -> Option<String> {
    const ENDED: [&str; 4] = ["Filled", "Cancelled", "ApiCancelled", "Inactive"];
    let mut live_there = BTreeSet::new();
    for row in books["orders"].as_array().into_iter().flatten() {
        if row["client_id"] == CLIENT && !ENDED.iter().any(|ended| row["status"] == *ended) {
            live_there.insert(row["order_id"].as_i64().unwrap_or(0));
        }
    }
    // Orders of others are shown beside ours; they have no ids of this client's.
    for row in orders.iter().filter(|row| row["plugin"] != "external") {
        let id = row["order_id"].as_i64().unwrap_or(0);
        let live_here = row["live"] == true;
        if live_there.remove(&id) {
            if !live_here {
                return Some(format!("order {id} is live at the gateway, and here it is {row}"));
            }
        } else if live_here && (row["state"] != "unknown" || !row["changed_at"].is_string()) {
            return Some(format!(
                "order {id} is not live at the gateway, and here it is {row}"
            ));
        }
    }
    (!live_there.is_empty()).then(|| format!("the daemon does not know of its live orders {live_there:?}"))
}

/// 6: every stream ticks, or is said not to.
fn streams(session: &Value) -> Option<String> {
    let rows = session["subscriptions"].as_array()?;
    let stale = rows.iter().find(|row| {
        let flagged = row["state"].as_str().is_some_and(|state| state != "fresh");
        let fresh = number(&row["last_tick_age_ms"]).is_some_and(|age| age < FRESH_MS);
        !flagged && !fresh
    });
    stale.map(|row| format!("a stream is neither fresh nor said to be silent: {row}"))
}

/// 7: the daemon lives, its desk turns, nothing panicked.
fn desk(status: &Value, log: &str) -> Option<String> {
    let age = number(&status["snapshot_age_ms"]);
    if !age.is_some_and(|age| age < DESK_MS) {
        return Some(format!("the desk published itself {age:?} ms ago"));
    }
    let panic = log.lines().find(|line| line.contains("panicked"));
    panic.map(|line| format!("something panicked: {line}"))
}

/// 8: the daemon's memory, as the system counts it.
fn memory(stage: &Stage<'_>) -> Option<String> {
    let id = stage.daemon.as_ref()?.child.id();
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    let used: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    (used > MEMORY_KB).then(|| format!("the daemon uses {used} kB"))
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
