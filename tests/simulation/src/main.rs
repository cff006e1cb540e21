//! The long part: as many events as asked for, from a seed; and a trace done again.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use clap::{Parser, Subcommand};
use simulation::campaign::{self, Plan, Report};
use simulation::trace::Trace;
use simulation::world::{Keep, World};

/// The desk against the exchange, with faults from a seed. Exit code 1: something was violated, and its trace is printed.
#[derive(Debug, Parser)]
#[command(name = "simulation", args_conflicts_with_subcommands = true)]
struct Arguments {
    #[command(subcommand)]
    task: Option<Task>,
    /// Seed of the first run; the runs after it count up.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Events to be handled at least, clock ticks and quotes not counted.
    #[arg(long, default_value_t = 1_000_000)]
    events: u64,
    /// Operations of one run.
    #[arg(long, default_value_t = 400)]
    length: usize,
    /// Print a digest of all effects: the same seed gives the same, byte for byte.
    #[arg(long)]
    digest: bool,
    /// Where the trace of a failure is written.
    #[arg(long)]
    trace: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Do a trace again and tell what happens.
    Replay {
        /// The trace.
        file: PathBuf,
    },
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match &arguments.task {
        Some(Task::Replay { file }) => replay(file),
        None => long(&arguments),
    }
}

fn long(arguments: &Arguments) -> ExitCode {
    let started = Instant::now();
    let report = campaign::run(Plan {
        length: arguments.length,
        digest: arguments.digest,
        ..Plan::new(arguments.seed, arguments.events)
    });
    let seconds = started.elapsed().as_secs_f64();
    let Report {
        runs,
        events,
        orders,
        fills,
        ..
    } = report;
    let (first, last) = (
        arguments.seed,
        arguments.seed.wrapping_add(runs.saturating_sub(1)),
    );
    println!(
        "simulation: {events} events in {runs} runs, seeds {first} to {last}, {orders} orders, {fills} fills, {:.1} \
         minutes, {:.0} events a second",
        seconds / 60.0,
        events as f64 / seconds.max(1e-9)
    );
    if let Some(digest) = report.digest {
        println!("digest {digest}");
    }
    let Some(failure) = report.failure else {
        return ExitCode::SUCCESS;
    };
    println!(
        "seed {} violates {}; making it small",
        failure.seed, failure.violation
    );
    let shrunk = failure.shrink();
    let text = shrunk.trace.write(Some(&shrunk.violation));
    println!("{text}");
    if let Some(path) = &arguments.trace
        && let Err(error) = std::fs::write(path, &text)
    {
        eprintln!("the trace could not be written to {}: {error}", path.display());
    }
    ExitCode::FAILURE
}

fn replay(file: &PathBuf) -> ExitCode {
    let trace = match std::fs::read_to_string(file) {
        Ok(text) => Trace::read(&text).map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
    };
    let trace = match trace {
        Ok(trace) => trace,
        Err(error) => {
            eprintln!("{}: {error}", file.display());
            return ExitCode::from(2);
        }
    };
    let keep = Keep {
        story: true,
        ..Keep::default()
    };
    let outcome = World::run(trace.making, &trace.operations, keep);
    outcome.story.iter().for_each(|line| println!("{line}"));
    match outcome.violation {
        Some((violation, at)) => {
            println!("violated after {at} operations: {violation}");
            ExitCode::FAILURE
        }
        None => {
            println!("nothing is violated");
            ExitCode::SUCCESS
        }
    }
}
