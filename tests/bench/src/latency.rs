//! Tick to order: from just before the gateway writes a tick until it has read the order that answers it.
//! The daemon and the bare client each have a gateway of their own and are asked in turns, so that a noisy
//! machine is noisy for both.
//!
//! Twice: in a quiet market, where both have slept and their code has left the processor's caches; and with
//! other instruments ticking, as in a trading day.

use std::time::Duration;

use crate::report::Report;
use crate::rig::{Bare, Daemon, Failure, Market, Plugin};
use crate::stats::{Samples, micros};

/// Between the last message of a start and the first probe.
const CALM: Duration = Duration::from_millis(1_500);
/// Below the bid: the order goes its whole way and fills nothing.
const OFFSET: &str = "-0.05";
/// The daemon sends at most 45 messages a second, as IB asks.
const INTERVAL_MS: u32 = 25;
/// After which the daemon may send as much again as it ever may.
const CALM_MS: u32 = 1_100;
const PROBES: u32 = 150;
const ROUNDS: usize = 10;
const WARM_UP: u32 = 80;

/// Ratios of the daemon to the bare client that we want to stay within.
const AIM_P50: f64 = 1.3;
const AIM_P99: f64 = 1.6;

/// A market to be measured in.
struct Setting {
    name: &'static str,
    /// Instruments; the first is traded.
    instruments: usize,
    /// Moves of all others together, a second.
    moves: &'static str,
}

const SETTINGS: [Setting; 2] = [
    Setting {
        name: "quiet market",
        instruments: 1,
        moves: "1",
    },
    Setting {
        name: "20 instruments ticking",
        instruments: 20,
        moves: "1000",
    },
];

/// Measures and tells.
pub fn run(report: &mut Report) -> Result<(), Failure> {
    for setting in &SETTINGS {
        println!("   {}", setting.name);
        measure(report, setting)?;
    }
    Ok(())
}

fn measure(report: &mut Report, setting: &Setting) -> Result<(), Failure> {
    let rounds = std::env::var("BENCH_ROUNDS")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(ROUNDS);
    let arguments = [
        "--instruments",
        &setting.instruments.to_string(),
        "--tick-rate",
        setting.moves,
    ];
    let (ours, theirs) = (Market::start(&arguments)?, Market::start(&arguments)?);
    let symbols: Vec<String> = (1..=setting.instruments)
        .map(|number| format!("SYM{number:03}"))
        .collect();
    let symbol = &symbols[0];
    let grant = format!(
        "instruments = [{symbol:?}]\norder_types = [\"limit\"]\nmax_quantity = 10\nmessages_per_second = 45\n"
    );
    let config = format!("symbol = {symbol:?}\nquantity = \"1\"\noffset = {OFFSET:?}\nioc = true\n");
    let plugins = [
        Plugin {
            component: "pinger",
            kind: "strategy",
            grant: &grant,
            config: &config,
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
    let daemon = Daemon::start(&ours, &symbols, &plugins)?;
    daemon.ready()?;
    daemon.tradable(Duration::from_millis(5))?;
    daemon.quoted()?;
    let _bare = Bare::start(&theirs, OFFSET, &symbols)?;
    // Not a wait for a state, which was awaited above: both have written their first messages of a session, and the
    // quiet that is measured begins when those are over.
    std::thread::sleep(CALM);
    probe(&ours, symbol, WARM_UP)?;
    probe(&theirs, symbol, WARM_UP)?;

    let (mut moored, mut bare) = (Vec::new(), Vec::new());
    for round in 0..rounds {
        // Now one first, now the other.
        if round % 2 == 0 {
            moored.push(probe(&ours, symbol, PROBES)?);
            bare.push(probe(&theirs, symbol, PROBES)?);
        } else {
            bare.push(probe(&theirs, symbol, PROBES)?);
            moored.push(probe(&ours, symbol, PROBES)?);
        }
        let (m, b) = (&moored[round], &bare[round]);
        println!(
            "   round {:>2}/{rounds}: moored {} p99 {}   bare {} p99 {}   ratio {:.2}",
            round + 1,
            micros(m.quantile(0.5)),
            micros(m.quantile(0.99)),
            micros(b.quantile(0.5)),
            micros(b.quantile(0.99)),
            ratio(m, b, 0.5)
        );
    }
    tell(report, setting.name, &moored, &bare);
    Ok(())
}

fn tell(report: &mut Report, setting: &str, moored: &[Samples], bare: &[Samples]) {
    let rounds: Vec<_> = moored.iter().zip(bare).collect();
    let (moored, bare) = (Samples::pooled(moored), Samples::pooled(bare));
    for (name, samples) in [("moored", &moored), ("bare client", &bare)] {
        let what = format!("tick to order, {setting}, {name}: p50 / p99 / p99.9");
        let [p50, p99, p999] = [0.5, 0.99, 0.999].map(|q| micros(samples.quantile(q)));
        report.figure(&what, format!("{p50} / {p99} / {p999}"));
    }
    for (name, q, aim) in [("p50", 0.5, AIM_P50), ("p99", 0.99, AIM_P99)] {
        let now = ratio(&moored, &bare, q);
        let what = format!("tick to order, {setting}, moored ÷ bare client at {name}");
        report.aimed(&what, format!("{now:.2}"), &format!("≤ {aim}"), now <= aim);
    }
    let now = ratio(&moored, &bare, 0.999);
    report.figure(
        &format!("tick to order, {setting}, moored ÷ bare client at p99.9"),
        format!("{now:.2}"),
    );
    let mut spread: Vec<f64> = rounds.iter().map(|(m, b)| ratio(m, b, 0.5)).collect();
    spread.sort_by(f64::total_cmp);
    if let [lowest, .., highest] = spread.as_slice() {
        report.note(format!(
            "Tick to order, {setting}: {} and {} samples in {} interleaved rounds; the ratio of the medians of \
             single rounds lay between {lowest:.2} and {highest:.2}.",
            moored.len(),
            bare.len(),
            rounds.len(),
        ));
    }
}

fn ratio(moored: &Samples, bare: &Samples, q: f64) -> f64 {
    moored.quantile(q) as f64 / bare.quantile(q).max(1) as f64
}

fn probe(market: &Market, symbol: &str, count: u32) -> Result<Samples, Failure> {
    // The traded market stands still while it is probed. Before, it moved by itself: what that used up of
    // the daemon's messages a second comes back while this one probe is waited for, whatever comes of it.
    market.control(&format!("probe {symbol} 1 {CALM_MS}"))?;
    let answer = market.control(&format!("probe {symbol} {count} {INTERVAL_MS}"))?;
    let latencies = answer["latencies_ns"].as_array().ok_or("no latencies")?;
    let missed = answer["missed"].as_u64().unwrap_or_default();
    if missed > 0 {
        return Err(format!("{missed} of {count} ticks were not answered by an order").into());
    }
    Ok(Samples::new(
        latencies.iter().filter_map(serde_json::Value::as_u64).collect(),
    ))
}
