//! Resident memory of a daemon that has nothing to do, with none to three of the shipped plugins.

use std::time::Duration;

use crate::report::Report;
use crate::rig::{Daemon, Failure, Market, Plugin};

const AIM_MIB: f64 = 60.0;
/// Long enough for what a start leaves behind to settle.
const SETTLE: Duration = Duration::from_secs(2);

/// The shipped plugins.
pub const SHIPPED: [Plugin<'static>; 3] = [
    Plugin {
        component: "ema-cross",
        kind: "strategy",
        grant: "instruments = [\"AAPL\"]\n\
                order_types = [\"limit\", \"market\"]\nmax_quantity = 10\nmessages_per_second = 5\n",
        config: "fast = 8\nslow = 32\n",
        more: "",
    },
    Plugin {
        component: "two-sided-quoter",
        kind: "strategy",
        grant: "instruments = [\"SPY\"]\n\
                order_types = [\"limit\"]\nmax_quantity = 10\nmessages_per_second = 5\n",
        config: "quantity = 1\n",
        more: "",
    },
    Plugin {
        component: "drawdown-guard",
        kind: "risk",
        grant: "",
        config: "",
        more: "",
    },
];

/// What they trade.
pub fn instruments() -> [String; 5] {
    ["AAPL", "MSFT", "NVDA", "SPY", "QQQ"].map(str::to_owned)
}

/// Measures and tells.
pub fn run(report: &mut Report) -> Result<(), Failure> {
    let market = Market::start(&["--tick-rate", "1"])?;
    // Compiles what is not compiled yet, so that what follows is what a daemon is after its first start.
    Daemon::start(&market, &instruments(), &SHIPPED)?.ready()?;
    for count in 0..=SHIPPED.len() {
        let daemon = Daemon::start(&market, &instruments(), &SHIPPED[..count])?;
        daemon.ready()?;
        daemon.tradable(Duration::from_millis(20))?;
        std::thread::sleep(SETTLE);
        let (all, own) = daemon.memory()?;
        let (all, own) = (mebibytes(all), mebibytes(own));
        let plugins = if count == 1 {
            "1 plugin".to_owned()
        } else {
            format!("{count} plugins")
        };
        let what = format!("resident memory at idle, {plugins}");
        let figure = format!("{all:.1} MiB (not files: {own:.1})");
        if count == SHIPPED.len() {
            report.aimed(&what, figure, &format!("≤ {AIM_MIB} MiB"), all <= AIM_MIB);
        } else {
            report.figure(&what, figure);
        }
    }
    Ok(())
}

fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}
