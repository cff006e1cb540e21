//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use clap::{Args, Parser, Subcommand, ValueEnum};
use jiff::Timestamp;
use rust_decimal::Decimal;
use sim_gateway::clock::Pace;
use sim_gateway::exchange::{Catalogue, Config, Hours};
use sim_gateway::faults::{Scenario, ScenarioError, Step};
use sim_gateway::server::Options;

/// A simulated Interactive Brokers gateway: a seeded market behind the TWS API.
///
/// Prints "listening on ADDRESS" as its first line. With a command it runs that under itself, with
/// MOORED__GATEWAY__ADDRESS in its environment, and exits as the command does.
#[derive(Debug, Parser)]
#[command(version, args_conflicts_with_subcommands = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) other: Option<Other>,
    #[command(flatten)]
    pub(crate) serve: Serve,
}

/// What the program does besides serving.
#[derive(Debug, Subcommand)]
pub(crate) enum Other {
    /// Says one command to a running gateway and prints its answer; "ctl --control PATH help" lists them.
    Ctl {
        /// The running gateway's control socket.
        #[arg(long, value_name = "PATH")]
        control: PathBuf,
        /// The command.
        #[arg(required = true, trailing_var_arg = true, value_name = "COMMAND")]
        words: Vec<String>,
    },
}

/// What to serve, and where.
#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// Seed of all prices: the same seed gives the same market.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Where to listen; port 0 takes any free one.
    #[arg(long, default_value = "127.0.0.1:4002", value_name = "ADDRESS")]
    pub(crate) listen: SocketAddr,
    /// Synthetic stocks SYM001, SYM002, ... beyond the built-in instruments.
    #[arg(long, default_value_t = 0, value_name = "N")]
    instruments: usize,
    /// Market moves per second over all subscribed instruments together.
    #[arg(long, default_value_t = 20, value_name = "PER_SECOND")]
    tick_rate: u32,
    /// The client id that hears of the orders and executions of all clients.
    #[arg(long, value_name = "CLIENT")]
    master_client_id: Option<i32>,
    /// Refuse orders, as with IB's "Read-Only API" setting.
    #[arg(long)]
    read_only: bool,
    /// Account codes; the first is the default one. "DU1:cash" is an account that may not borrow.
    #[arg(long = "account", default_value = "DU1234567", value_name = "CODE")]
    accounts: Vec<String>,
    /// Opening cash of each account, US dollars.
    #[arg(long, default_value = "1000000", value_name = "AMOUNT")]
    cash: Decimal,
    /// What is listed: a file like the built-in catalogue.toml, in its place.
    #[arg(long, value_name = "FILE", value_parser = catalogue)]
    catalogue: Option<Arc<Catalogue>>,
    /// Whether markets never close or keep the hours and holidays of their venues.
    #[arg(long, value_enum, default_value = "always", value_name = "WHOSE")]
    hours: MarketHours,
    /// The accounts are those of a financial advisor, with groups and aliases.
    #[arg(long)]
    advisor: bool,
    /// Something that goes wrong, as in "at=3s drop" or "order=3 reject=201"; may be given again.
    #[arg(long = "fault", value_name = "SCRIPT")]
    faults: Vec<Step>,
    /// A file of steps that go wrong, see "Faults" in the README; may be combined with --fault.
    #[arg(long, value_name = "FILE", value_parser = scenario)]
    scenario: Option<Scenario>,
    /// Unix socket for operators: one command a line, one line of JSON an answer; say "help".
    #[arg(long, value_name = "PATH")]
    pub(crate) control: Option<PathBuf>,
    /// Where to serve Prometheus metrics, at /metrics.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) metrics: Option<SocketAddr>,
    /// Print a line about clients, orders and ticks to stderr every so many seconds.
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, default_missing_value = "1")]
    summary: Option<u16>,
    /// When the simulated clock starts, as in 2026-11-23T09:30:00-05:00; now, if not given.
    #[arg(long, value_name = "TIME")]
    start: Option<Timestamp>,
    /// How fast it runs: a factor, or "stepped" to move it with the "clock step" command only.
    #[arg(long, default_value = "1", value_name = "PACE")]
    pace: Pace,
    /// Newest server version to announce.
    #[arg(long, default_value_t = sim_gateway::wire::NEWEST_VERSION, value_name = "VERSION")]
    max_server_version: i32,
    /// A command to run under the simulated gateway.
    #[arg(last = true, value_name = "COMMAND")]
    pub(crate) command: Vec<String>,
}

/// Whose hours markets keep.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum MarketHours {
    Always,
    Venue,
}

/// Reads a catalogue file.
fn catalogue(path: &str) -> Result<Arc<Catalogue>, String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("{path} cannot be read: {error}"))?;
    let catalogue = Catalogue::read(&text).map_err(|fault| format!("{path}: {fault}"))?;
    Ok(Arc::new(catalogue))
}

impl Serve {
    /// What to serve.
    #[expect(
        clippy::disallowed_methods,
        reason = "the program is where this market's time begins"
    )]
    pub(crate) fn options(&self) -> Options {
        let (epoch, epoch_millis) = match self.start {
            Some(start) => (u64::try_from(start.as_second()).unwrap_or_default(), 0),
            None => {
                let host = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                (host.as_secs(), host.subsec_millis().into())
            }
        };
        Options {
            market: Config {
                seed: self.seed,
                synthetic: self.instruments,
                tick_rate: self.tick_rate,
                accounts: self.accounts.clone(),
                cash: self.cash,
                epoch,
                epoch_millis,
                hours: match self.hours {
                    MarketHours::Always => Hours::Always,
                    MarketHours::Venue => Hours::Venue,
                },
                catalogue: self.catalogue.clone().unwrap_or_else(Catalogue::built_in),
                advisor: self.advisor,
            },
            newest_version: self.max_server_version,
            faults: self.faults.clone(),
            scenario: self.scenario.clone().unwrap_or_default(),
            master_client: self.master_client_id,
            read_only: self.read_only,
            pace: self.pace,
            summary: self
                .summary
                .map(|seconds| Duration::from_secs(seconds.max(1).into())),
        }
    }
}

fn scenario(path: &str) -> Result<Scenario, ScenarioError> {
    Scenario::load(path.as_ref())
}
