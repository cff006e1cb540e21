//! Measures the daemon from outside: a real process, connected over real sockets to the simulated gateway.
//!
//! Usage: `bench [latency] [throughput] [memory] [start] [recovery] [streams]
//! [reconciliation] [detection] [simulator]`, all of them by default. Needs `moored`,
//! `sim-gateway` and `bare` beside itself, and the plugins and guests in the target folder.
//!
//! It never fails because a figure is bad: it says so.

mod detection;
mod latency;
mod memory;
mod recovery;
mod renewal;
mod report;
mod rig;
mod simulator;
mod start;
mod stats;
mod throughput;

use std::process::ExitCode;

use report::Report;
use rig::Failure;

type Part = (&'static str, fn(&mut Report) -> Result<(), Failure>);

const PARTS: [Part; 9] = [
    ("latency", latency::run),
    ("throughput", throughput::run),
    ("memory", memory::run),
    ("start", start::run),
    ("recovery", recovery::run),
    ("streams", renewal::streams),
    ("reconciliation", renewal::reconciliation),
    ("detection", detection::run),
    ("simulator", simulator::run),
];

fn main() -> ExitCode {
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    if let Some(unknown) = wanted
        .iter()
        .find(|name| !PARTS.iter().any(|(known, _)| known == name))
    {
        let known = PARTS.map(|(name, _)| name).join(", ");
        eprintln!("bench: no part {unknown:?}; there are {known}");
        return ExitCode::FAILURE;
    }
    println!("== bench on {}", report::machine());
    let mut report = Report::default();
    let mut failed = false;
    for (name, run) in PARTS {
        if !wanted.is_empty() && !wanted.iter().any(|each| each == name) {
            continue;
        }
        println!("== {name}");
        if let Err(error) = run(&mut report) {
            eprintln!("bench: {name}: {error}");
            failed = true;
        }
    }
    let path = rig::bench_dir().join("last.md");
    match std::fs::write(&path, report.markdown()) {
        Ok(()) => println!("== the table is in {}", path.display()),
        Err(error) => eprintln!("bench: {}: {error}", path.display()),
    }
    if failed {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    }
}
