//! From a gateway that accepts again until orders may leave again.

use std::time::{Duration, Instant};

use crate::memory::{SHIPPED, instruments};
use crate::report::Report;
use crate::rig::{Daemon, Failure, Market, wait_for};
use crate::stats::{Samples, millis};

/// How long connections are refused, each a number of times.
const OUTAGES_MS: [(u64, usize); 3] = [(100, 60), (500, 60), (2_000, 30)];
/// Sockets dropped with the gateway still there.
const DROPS: usize = 1_000;
const AIM: Duration = Duration::from_millis(250);
/// How exactly the state is seen.
const LOOK: Duration = Duration::from_millis(1);
/// Measures and tells.
pub fn run(report: &mut Report) -> Result<(), Failure> {
    outages(report)?;
    drops(report)
}

fn outages(report: &mut Report) -> Result<(), Failure> {
    let market = Market::start(&[])?;
    let daemon = Daemon::start(&market, &instruments(), &SHIPPED)?;
    daemon.ready()?;
    daemon.tradable(LOOK)?;
    let mut samples = Vec::new();
    for (length, times) in OUTAGES_MS {
        let length = Duration::from_millis(length);
        for _ in 0..times {
            let command = format!("refuse {}ms", length.as_millis());
            samples.push(outage(&market, &daemon, &command, length)?);
            // An operator's gateway does not go away again at once.
            std::thread::sleep(Duration::from_millis(200));
        }
    }
    let lengths = OUTAGES_MS
        .map(|(length, _)| format!("{} s", length as f64 / 1e3))
        .join(", ");
    let what = format!(
        "tradable after the gateway accepts again ({} times, down {lengths}): p50 / p99",
        samples.len()
    );
    tell(report, &what, &samples);
    Ok(())
}

fn drops(report: &mut Report) -> Result<(), Failure> {
    let market = Market::start(&[])?;
    let mut samples = Vec::new();
    for _ in 0..DROPS {
        // A daemon that lost its session a moment ago waits before it tries again; each of these meets it
        // for the first time.
        let daemon = Daemon::start(&market, &instruments(), &SHIPPED)?;
        daemon.ready()?;
        daemon.tradable(LOOK)?;
        // The drop falls into a session at rest, not into its beginning.
        std::thread::sleep(Duration::from_millis(50));
        samples.push(outage(&market, &daemon, "drop", Duration::ZERO)?);
    }
    tell(
        report,
        &format!("tradable after a dropped socket ({DROPS} times): p50 / p99"),
        &samples,
    );
    Ok(())
}

/// Takes the gateway away for a while; how long from its return until orders may leave. The return is
/// counted from the command, which is a moment too early: the figure errs against the daemon.
fn outage(market: &Market, daemon: &Daemon, command: &str, length: Duration) -> Result<Duration, Failure> {
    let sessions = |daemon: &Daemon| {
        daemon
            .get("/v1/session")
            .map(|session| session["sessions"].as_u64())
    };
    let before = sessions(daemon)?;
    let returns = Instant::now() + length;
    market.control(command)?;
    wait_for("a new session", LOOK, || {
        Ok((sessions(daemon)? > before).then_some(()))
    })?;
    daemon.tradable(LOOK)?;
    Ok(returns.elapsed())
}

fn tell(report: &mut Report, what: &str, samples: &[Duration]) {
    let samples = Samples::of(samples);
    let worst = samples.quantile(0.99);
    let figure = format!("{} / {}", millis(samples.quantile(0.5)), millis(worst));
    report.aimed(
        what,
        figure,
        &format!("≤ {} ms", AIM.as_millis()),
        u128::from(worst) <= AIM.as_nanos(),
    );
}
