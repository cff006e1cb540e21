//! What has to be done again after a loss: all market data streams, and the comparison with the broker when there is much
//! to compare.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::report::Report;
use crate::rig::{Daemon, Failure, Market, Plugin, wait_for};
use crate::stats::{Samples, grouped, millis};

/// How exactly the state is seen.
const LOOK: Duration = Duration::from_millis(1);
/// Streams that are asked for again after 1101.
const STREAMS: usize = 100;
/// How often all streams are lost.
const LOSSES: usize = 5;
/// What the broker knows of when the truth is read.
const ORDERS: usize = 1_000;
const EXECUTIONS: usize = 10_000;
/// Between two orders: what IB lets a client send.
const APART_MS: usize = 25;
/// Orders placed beyond what is needed, because the gate may deny some for coming too close together.
const SPARE: usize = 200;
/// How often it is read.
const READINGS: usize = 20;

/// 1101: the gateway has IB again and forgot every subscription. All are asked for again, as fast as IB allows.
pub fn streams(report: &mut Report) -> Result<(), Failure> {
    let listed = STREAMS.to_string();
    let market = Market::start(&["--instruments", &listed, "--tick-rate", "500"])?;
    let names: Vec<String> = (1..=STREAMS).map(|number| format!("SYM{number:03}")).collect();
    let daemon = Daemon::start_as_shipped(&market, &names, &[], "")?;
    daemon.ready()?;
    daemon.quoted()?;
    let ticking = |daemon: &Daemon| -> Result<usize, Failure> {
        let session = daemon.get("/v1/session")?;
        let rows = session["subscriptions"].as_array().ok_or("no subscriptions")?;
        Ok(rows.iter().filter(|row| !row["first_tick_at"].is_null()).count())
    };
    let mut samples = Vec::new();
    for _ in 0..LOSSES {
        let outage = Duration::from_millis(300);
        market.control("inject do=\"link-down\", restored=\"1101\", for=\"300ms\"")?;
        let restored = Instant::now() + outage;
        wait_for("the streams to be gone", LOOK, || {
            Ok((ticking(&daemon)? < STREAMS).then_some(()))
        })?;
        daemon.quoted()?;
        samples.push(restored.elapsed());
        // The governor's burst is there again when the next loss comes.
        std::thread::sleep(Duration::from_secs(3));
    }
    let samples = Samples::of(&samples);
    let figure = format!(
        "{} / {}",
        millis(samples.quantile(0.5)),
        millis(samples.quantile(1.0))
    );
    let what = format!("1101 to {STREAMS} streams fresh, 45 messages a second ({LOSSES} times): p50 / worst");
    report.figure(&what, figure);
    Ok(())
}

/// How long the comparison with the broker takes when there is much to compare.
pub fn reconciliation(report: &mut Report) -> Result<(), Failure> {
    let market = Market::start(&["--cash", "1000000000"])?;
    let config = history();
    let plugin = Plugin {
        component: "fixed-orders",
        kind: "strategy",
        grant: "instruments = [\"AAPL\"]\norder_types = [\"market\", \"limit\", \"stop\", \"stop_limit\"]\n\
                max_quantity = 10\nmessages_per_second = 50\n",
        config: &config,
        more: "",
    };
    let daemon = Daemon::start(&market, &["AAPL".to_owned()], &[plugin])?;
    daemon.ready()?;
    // What cannot be there sooner need not be asked for.
    std::thread::sleep(Duration::from_millis(
        ((ORDERS + EXECUTIONS + 2 * SPARE) * APART_MS) as u64,
    ));
    wait_for(
        "the broker's orders and executions",
        Duration::from_secs(2),
        || {
            let books = market.control("books brief")?;
            let rows = |name: &str| books[name].as_array().map_or(0, Vec::len);
            let done = rows("executions") >= EXECUTIONS && rows("orders") >= ORDERS + EXECUTIONS;
            Ok(done.then_some(()))
        },
    )?;
    let samples = readings(&daemon)?;
    let what = format!(
        "reconciliation with {} live orders and {} executions: p50 / worst",
        grouped(ORDERS as u64),
        grouped(EXECUTIONS as u64)
    );
    let (middle, worst) = (samples.quantile(0.5), samples.quantile(1.0));
    report.figure(&what, format!("{} / {}", millis(middle), millis(worst)));
    let daemon = daemon.again(&market)?;
    daemon.ready()?;
    daemon.tradable(LOOK)?;
    let took = u64::try_from(daemon.started.elapsed().as_nanos()).unwrap_or(u64::MAX);
    report.figure("start to tradable with all of these in the ledger", millis(took));
    Ok(())
}

/// The steps of a plugin that makes a history: buys and sells in turn, so that the position stays small, and then orders
/// that rest far from the market.
fn history() -> String {
    let fills = EXECUTIONS + SPARE;
    let step = |from: usize, every: usize, times: usize, order: &str| {
        let (at_ms, every_ms) = (200 + from * APART_MS, every * APART_MS);
        format!(
            "{{ at_ms = {at_ms}, every_ms = {every_ms}, times = {times}, symbol = \"AAPL\", quantity = \"1\", {order} }}"
        )
    };
    let steps = [
        step(0, 2, fills / 2, "do = \"market\", side = \"buy\""),
        step(1, 2, fills / 2, "do = \"market\", side = \"sell\""),
        step(
            fills,
            1,
            ORDERS + SPARE,
            "do = \"limit\", side = \"buy\", limit_offset = \"-5\"",
        ),
    ];
    format!("steps = [{}]\n", steps.join(", "))
}

/// Has the truth read again and again; how long each reading took to be compared.
fn readings(daemon: &Daemon) -> Result<Samples, Failure> {
    let reconciled = || {
        daemon
            .get("/v1/status")
            .map(|status| status["reconciled_at"].as_str().map(str::to_owned))
    };
    let mut samples = Vec::new();
    for _ in 0..READINGS {
        let before = reconciled()?;
        let asked = Instant::now();
        daemon.post("/v1/reconcile", &json!({}))?;
        wait_for("a reconciliation", LOOK, || {
            Ok((reconciled()? != before).then_some(()))
        })?;
        samples.push(asked.elapsed());
        // Readings of the truth are a second apart at least.
        std::thread::sleep(Duration::from_millis(1_200));
    }
    Ok(Samples::of(&samples))
}
