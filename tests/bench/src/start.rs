//! From the start of the process until it tells the service manager that it stands, and until orders may
//! leave.

use std::time::Duration;

use crate::memory::{SHIPPED, instruments};
use crate::report::Report;
use crate::rig::{Daemon, Failure, Market};
use crate::stats::{Samples, millis};

const TIMES: usize = 20;
/// How exactly the state is seen.
const LOOK: Duration = Duration::from_millis(1);

/// Measures and tells.
pub fn run(report: &mut Report) -> Result<(), Failure> {
    let market = Market::start(&[])?;
    let cache = tempfile::tempdir_in(crate::rig::bench_dir())?;
    let cold = Daemon::start_with_cache(&market, &instruments(), &SHIPPED, cache.path())?.ready()?;
    let (mut ready, mut tradable) = (Vec::new(), Vec::new());
    for _ in 0..TIMES {
        let daemon = Daemon::start_with_cache(&market, &instruments(), &SHIPPED, cache.path())?;
        ready.push(daemon.ready()?);
        daemon.tradable(LOOK)?;
        tradable.push(daemon.started.elapsed());
    }
    let told = |samples: &[Duration]| {
        let samples = Samples::of(samples);
        format!(
            "{} / {}",
            millis(samples.quantile(0.5)),
            millis(samples.quantile(1.0))
        )
    };
    report.figure(
        "start to READY, 3 plugins, compiled before: p50 / worst",
        told(&ready),
    );
    report.figure(
        "start to tradable, 3 plugins, compiled before: p50 / worst",
        told(&tradable),
    );
    report.figure(
        "first start to READY, compiling 3 plugins",
        millis(cold.as_nanos() as u64),
    );
    Ok(())
}
