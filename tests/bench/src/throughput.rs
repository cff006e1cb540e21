//! How many ticks the daemon takes in while it trades, and whether anything about an order is lost on the
//! way.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use serde_json::Value;

use crate::report::Report;
use crate::rig::{Daemon, Failure, Market, Plugin, wait_for};
use crate::stats::grouped;

const INSTRUMENTS: usize = 200;
const SECONDS: u64 = 6;
/// What we want to bear.
const AIM: u64 = 50_000;
/// What is tried, in ticks a second; the aim first.
const STEPS: [u64; 5] = [AIM, 100_000, 150_000, 200_000, 300_000];
/// Memory may breathe by this much between the first flood and the last.
const GROWTH: u64 = 8 << 20;

/// One flood as seen from both ends.
struct Flood {
    wanted: u64,
    written: u64,
    rate: u64,
    conflated: u64,
    taken: u64,
    lags: u64,
    merged: u64,
    memory: u64,
    processor: f64,
}

impl Flood {
    /// Everything the market had to say was written when it was due, and nothing of it was lost. The market
    /// counts more ticks than the daemon, which has no use for volumes and the like.
    fn sustained(&self) -> bool {
        self.rate >= self.wanted && self.conflated == 0 && self.lags == 0
    }
}

/// Measures and tells.
pub fn run(report: &mut Report) -> Result<(), Failure> {
    let market = Market::start(&["--instruments", &INSTRUMENTS.to_string(), "--tick-rate", "20"])?;
    let instruments: Vec<String> = (1..=INSTRUMENTS)
        .map(|number| format!("SYM{number:03}"))
        .collect();
    let grant = "instruments = [\"SYM001\"]\norder_types = [\"limit\"]\nmax_quantity = 10\n\
                 messages_per_second = 40\n";
    // Above the offer: every order is filled, and has executions and commissions to lose.
    let config = "symbol = \"SYM001\"\nquantity = \"1\"\noffset = \"0.25\"\nioc = true\n";
    let plugins = [
        Plugin {
            component: "pinger",
            kind: "strategy",
            grant,
            config,
            more: "",
        },
        Plugin {
            component: "risk-allow",
            kind: "risk",
            grant: "",
            config: "",
            more: "",
        },
    ];
    let daemon = Daemon::start(&market, &instruments, &plugins)?;
    daemon.ready()?;
    daemon.tradable(Duration::from_millis(5))?;
    daemon.quoted()?;
    // How many ticks a move of the market makes is the market's affair: asked, not assumed.
    let trial = market.control("flood 5000 1")?;
    let ticks_a_move = number(&trial["ticks_written"]) as f64 / number(&trial["moves"]).max(1) as f64;

    let mut floods = Vec::new();
    for wanted in STEPS {
        let flood = flood(&market, &daemon, wanted, ticks_a_move)?;
        println!(
            "   {} ticks/s wanted: {} written a second, {} held back by the gateway, {} of {} taken in, {} \
             merged before the strategy, {} of a core, {:.1} MiB",
            grouped(flood.wanted),
            grouped(flood.rate),
            grouped(flood.conflated),
            grouped(flood.taken),
            grouped(flood.written),
            grouped(flood.merged),
            format_args!("{:.0} %", flood.processor * 100.0),
            mebibytes(flood.memory),
        );
        let go_on = flood.sustained();
        floods.push(flood);
        if !go_on {
            break;
        }
    }
    tell(report, &floods);
    compare(report, &market, &daemon)
}

fn tell(report: &mut Report, floods: &[Flood]) {
    let Some(first) = floods.first() else { return };
    report.aimed(
        &format!("ticks a second over {INSTRUMENTS} instruments, sustained while trading"),
        format!(
            "{} ({:.0} % of a core)",
            grouped(first.rate),
            first.processor * 100.0
        ),
        &grouped(AIM),
        first.sustained(),
    );
    let highest = floods
        .iter()
        .filter(|flood| flood.sustained())
        .map(|flood| flood.rate)
        .max();
    let highest = highest.map_or("none of the steps".to_owned(), grouped);
    report.figure("highest step sustained, ticks a second", highest);
    let most = floods.iter().map(|flood| flood.memory).max().unwrap_or_default();
    let bounded = most <= first.memory + GROWTH;
    let what = format!("most memory in all floods, {INSTRUMENTS} instruments");
    let aim = "bounded";
    report.aimed(
        &what,
        format!(
            "{:.1} MiB (first flood {:.1})",
            mebibytes(most),
            mebibytes(first.memory)
        ),
        aim,
        bounded,
    );
}

fn flood(market: &Market, daemon: &Daemon, wanted: u64, ticks_a_move: f64) -> Result<Flood, Failure> {
    // A little more, because not every move makes as many ticks.
    let moves = (wanted as f64 * 1.02 / ticks_a_move).round() as u64;
    let counts = || -> Result<[u64; 3], Failure> {
        let names = [
            "moored_market_ticks_total",
            "moored_market_ticks_conflated_total",
            "moored_gateway_lags_total",
        ];
        let [taken, merged, lags] = names.map(|name| daemon.metric(name));
        Ok([taken? as u64, merged? as u64, lags? as u64])
    };
    let before = counts()?;
    let processor_before = daemon.processor()?;
    let (over, most) = (AtomicBool::new(false), AtomicU64::new(0));
    let answer = std::thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                // It is alive as long as the flood is; a failed look is a look less.
                let now = daemon.memory().map_or(0, |(all, _)| all);
                most.fetch_max(now, Ordering::Relaxed);
                std::thread::sleep(Duration::from_millis(50));
            }
        });
        let answer = market.control(&format!("flood {moves} {SECONDS}"));
        over.store(true, Ordering::Relaxed);
        answer
    })?;
    let processor = daemon.processor()? - processor_before;
    let seconds = answer["seconds"].as_f64().unwrap_or(f64::MAX);
    // What was written last may still be on its way, and some figures are shown ten times a second.
    std::thread::sleep(Duration::from_millis(300));
    let after = counts()?;
    let [taken, merged, lags] = [0, 1, 2].map(|index: usize| after[index] - before[index]);
    Ok(Flood {
        wanted,
        written: number(&answer["ticks_written"]),
        rate: (number(&answer["ticks_written"]) as f64 / seconds) as u64,
        conflated: number(&answer["ticks_conflated"]),
        taken,
        lags,
        merged,
        memory: most.into_inner(),
        processor: processor as f64 / 100.0 / seconds,
    })
}

/// Whether the daemon knows every order and every fill that the market's books have.
fn compare(report: &mut Report, market: &Market, daemon: &Daemon) -> Result<(), Failure> {
    let agreed = wait_for("the books to agree", Duration::from_millis(200), || {
        let books = market.control("books")?;
        let (orders, executions) = (rows(&books["orders"]), rows(&books["executions"]));
        let live = orders.iter().filter(|row| !is_final(&row["status"])).count();
        let status = daemon.get("/v1/status")?;
        let known = (
            number(&status["orders"]),
            number(&status["fills"]),
            number(&status["orders_live"]),
        );
        let same = known == (orders.len() as u64, executions.len() as u64, live as u64);
        Ok(same.then_some((orders.len(), executions.len())))
    });
    let lags = daemon.metric("moored_gateway_lags_total")?;
    match agreed {
        Ok((orders, fills)) => report.aimed(
            "order events lost during the floods",
            format!("none ({orders} orders, {fills} fills on both sides, {lags} lags)"),
            "none",
            lags == 0.0,
        ),
        Err(_) => {
            let status = daemon.get("/v1/status")?;
            let books = market.control("books")?;
            let figure = format!(
                "the daemon knows {} orders and {} fills, the market {} and {}; {lags} lags",
                status["orders"],
                status["fills"],
                rows(&books["orders"]).len(),
                rows(&books["executions"]).len()
            );
            report.aimed("order events lost during the floods", figure, "none", false);
        }
    }
    Ok(())
}

fn is_final(status: &Value) -> bool {
    matches!(
        status.as_str(),
        Some("Filled" | "Cancelled" | "ApiCancelled" | "Inactive")
    )
}

fn rows(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_default()
}

fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}
