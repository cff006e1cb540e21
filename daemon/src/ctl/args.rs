//! The command line: nouns, then verbs.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

/// Look at and command a running moored.
#[derive(Debug, Parser)]
#[command(name = "moorctl", version, after_help = AFTER_HELP)]
pub(super) struct Args {
    /// The daemon's admin socket [default: $MOORED__ADMIN__SOCKET, else /run/moored/admin.sock]
    #[arg(long, global = true, value_name = "PATH")]
    pub(super) socket: Option<PathBuf>,
    /// Print the API's JSON instead of tables
    #[arg(long, global = true)]
    pub(super) json: bool,
    #[command(subcommand)]
    pub(super) command: Command,
}

const AFTER_HELP: &str =
    "Exit codes: 0 done, 1 refused or failed, 2 wrong usage, 3 the daemon cannot be reached";

#[derive(Debug, Clone, Subcommand)]
pub(super) enum Command {
    /// One screen: state, why not ready, orders, profit
    Status,
    /// The session to the gateway
    #[command(subcommand)]
    Session(Session),
    /// What is wrong with the session, and what was done about it
    #[command(subcommand)]
    Recovery(Show),
    /// When trouble is expected, and when somebody must log in
    #[command(subcommand)]
    Maintenance(Show),
    /// The plugins
    #[command(subcommand)]
    Plugins(Plugins),
    /// The orders
    #[command(subcommand)]
    Orders(Orders),
    /// What ours and the broker's books do not agree on
    #[command(subcommand)]
    Discrepancies(Discrepancies),
    /// The latest fills
    Fills,
    /// What the plugins hold, and what the account holds
    Positions,
    /// The account summary
    Account,
    /// The market data of each instrument: does it flow, is its market open, what to do
    Streams,
    /// The instruments and their quotes
    Instruments,
    /// What happened lately
    Events {
        /// How many of the latest
        #[arg(long, default_value_t = 50, value_name = "N")]
        limit: usize,
    },
    /// Let no new order leave until resumed
    Halt {
        /// Why; kept in the ledger
        #[arg(long)]
        reason: String,
        /// Cancel the working orders too
        #[arg(long)]
        cancel_orders: bool,
    },
    /// Lift a halt or a kill
    Resume {
        /// Why; kept in the ledger
        #[arg(long)]
        reason: String,
    },
    /// Let no new order leave, cancel everything, flatten what the plugins hold, stay stopped
    Kill {
        /// Why; kept in the ledger
        #[arg(long)]
        reason: String,
        /// Yes, cancel everything and flatten at the market
        #[arg(long)]
        yes: bool,
    },
    /// Backups of the ledger
    #[command(subcommand)]
    Backup(Backup),
    /// Read the broker's truth again
    Reconcile,
    /// Would it trade now? Code 0 if every condition is met, else 1
    Ready,
    /// Does the desk's loop turn? Code 0 if it does, else 1
    Health,
    /// The versions of this program and of the daemon
    Version,
    /// A live view, until Ctrl-C
    Watch {
        /// End by itself after so many seconds
        #[arg(long, value_name = "N")]
        seconds: Option<u64>,
    },
    /// Watch for a while in silence, then say what was traded; code 1 if nothing was
    Summary {
        /// For how long
        #[arg(long, default_value_t = 30, value_name = "N")]
        seconds: u64,
        /// How many seconds to wait for the daemon to answer at all
        #[arg(long, default_value_t = 30, value_name = "N")]
        wait: u64,
    },
}

#[derive(Debug, Clone, Subcommand)]
pub(super) enum Backup {
    /// Have the running daemon write one, while it trades
    Create {
        /// Where to [default: a dated name in the daemon's folder]
        path: Option<PathBuf>,
    },
    /// Read one whole and say what is in it; needs no daemon
    Verify {
        /// The backup
        path: PathBuf,
    },
    /// Put one in the ledger's place; the daemon must be stopped. What it replaces is kept beside it
    Restore {
        /// The backup
        path: PathBuf,
        /// The ledger [default: what the configuration says]
        #[arg(long, value_name = "PATH")]
        ledger: Option<PathBuf>,
        /// The configuration that says where the ledger is
        #[arg(long, default_value = "/etc/moored/moored.toml", value_name = "PATH")]
        config: PathBuf,
    },
}

#[derive(Debug, Clone, Copy, Subcommand)]
pub(super) enum Session {
    /// Its phase, address, last error and market data
    Show,
}

#[derive(Debug, Clone, Copy, Subcommand)]
pub(super) enum Show {
    /// How it stands
    Show,
}

#[derive(Debug, Clone, Subcommand)]
pub(super) enum Plugins {
    /// All of them, with their state and last failure
    List,
    /// Start one again, also out of quarantine
    Restart {
        /// Its name in the configuration
        name: String,
    },
}

#[derive(Debug, Clone, Subcommand)]
pub(super) enum Discrepancies {
    /// All of them, with owner, age and what to do
    List,
    /// Take one as it is; a difference of positions is recorded as an adjustment
    Accept {
        /// Its name, as listed
        name: String,
        /// Why; kept in the ledger
        #[arg(long)]
        reason: String,
    },
}

#[derive(Debug, Clone, Copy, Subcommand)]
pub(super) enum Orders {
    /// The live ones
    List {
        /// And the latest that ended
        #[arg(long)]
        all: bool,
    },
    /// Cancel one
    Cancel {
        /// Its order id, as listed
        id: i32,
    },
}
