//! How soon the daemon notices, at its defaults, that something is wrong which nobody says: a gateway that is silent, a
//! socket that is only half there, a stream that is mute.

use std::time::{Duration, Instant};

use crate::report::Report;
use crate::rig::{Daemon, Failure, Market, wait_for};
use crate::stats::{Samples, millis};

/// Daemons that meet the same fault, each at another moment between two of its own looks.
const DAEMONS: usize = 10;
/// A half-open socket is to be noticed this soon.
const AIM: Duration = Duration::from_secs(12);
/// How exactly the state is seen.
const LOOK: Duration = Duration::from_millis(10);

/// Measures and tells.
pub fn run(report: &mut Report) -> Result<(), Failure> {
    let silent = lost("inject do=\"freeze\"")?;
    tell(report, "a silent gateway noticed", &silent, Some(AIM));
    let half_open = lost("inject do=\"half-open\"")?;
    tell(report, "a half-open socket noticed", &half_open, Some(AIM));
    let mute = noticed(
        r#"inject do = "mute", frames = ["tickPrice", "tickSize", "tickString", "tickGeneric"]"#,
        |daemon| Ok(daemon.get("/v1/session")?["streams_silent"] == 1),
    )?;
    tell(report, "a mute stream noticed (patience 30 s)", &mute, None);
    Ok(())
}

/// How long each daemon holds its session to be up after a fault that closes nothing.
fn lost(fault: &str) -> Result<Vec<Duration>, Failure> {
    noticed(fault, |daemon| Ok(daemon.get("/v1/session")?["phase"] != "up"))
}

/// How long after a fault each daemon shows that it has noticed.
fn noticed(fault: &str, shows: fn(&Daemon) -> Result<bool, Failure>) -> Result<Vec<Duration>, Failure> {
    let market = Market::start(&[])?;
    let mut daemons = Vec::new();
    for number in 0..DAEMONS {
        let lines = format!("client_id = {}", 100 + number);
        let daemon = Daemon::start_as_shipped(&market, &["AAPL".to_owned()], &[], &lines)?;
        daemon.ready()?;
        daemon.tradable(LOOK)?;
        // Their heartbeats are to be spread over the whole interval.
        std::thread::sleep(Duration::from_millis(511));
        daemons.push(daemon);
    }
    market.control(fault)?;
    let since = Instant::now();
    let mut noticed: Vec<Option<Duration>> = vec![None; daemons.len()];
    wait_for("every daemon to notice", LOOK, || {
        for (daemon, noticed) in daemons.iter().zip(&mut noticed) {
            if noticed.is_none() && shows(daemon)? {
                *noticed = Some(since.elapsed());
            }
        }
        Ok(noticed.iter().all(Option::is_some).then_some(()))
    })?;
    Ok(noticed.into_iter().flatten().collect())
}

fn tell(report: &mut Report, what: &str, samples: &[Duration], aim: Option<Duration>) {
    let what = format!("{what}, defaults ({} daemons): p50 / worst", samples.len());
    let samples = Samples::of(samples);
    let worst = samples.quantile(1.0);
    let figure = format!("{} / {}", millis(samples.quantile(0.5)), millis(worst));
    match aim {
        Some(aim) => {
            let met = u128::from(worst) <= aim.as_nanos();
            report.aimed(&what, figure, &format!("≤ {} s", aim.as_secs()), met);
        }
        None => report.figure(&what, figure),
    }
}
