//! `moorctl backup`: made by the daemon, verified and restored here.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::args::Backup;
use super::run::{Printer, print};
use super::{Failure, table};
use crate::admin::schema::{BackupBody, Done};
use crate::config::Config;
use crate::{clock, ledger};

pub(super) async fn run(printer: &Printer, command: Backup) -> Result<(), Failure> {
    match command {
        Backup::Create { path } => {
            let path = path.map(|path| absolute(&path)).transpose()?;
            printer.command("/v1/backup", Some(&BackupBody { path })).await
        }
        Backup::Verify { path } => {
            let verified = ledger::verify(&path).map_err(|error| Failure::File(error.to_string()))?;
            say(printer, &verified.to_string())
        }
        Backup::Restore { path, ledger, config } => {
            let ledger = match ledger {
                Some(ledger) => ledger,
                None => configured(&config)?,
            };
            let restored = ledger::restore_backup(&path, &ledger, clock::now());
            let restored = restored.map_err(|error| Failure::File(error.to_string()))?;
            say(printer, &restored.to_string())
        }
    }
}

/// The daemon's directory is not ours.
fn absolute(path: &Path) -> Result<String, Failure> {
    let path = std::path::absolute(path)?;
    let text = path.to_str().map(str::to_owned);
    text.ok_or_else(|| Failure::Usage(format!("{} is not UTF-8; give another path", path.display())))
}

fn configured(config: &Path) -> Result<PathBuf, Failure> {
    let loaded = Config::load(config)
        .map_err(|error| Failure::Usage(format!("{error}; or say where the ledger is with --ledger PATH")))?;
    Ok(loaded.ledger.path)
}

fn say(printer: &Printer, message: &str) -> Result<(), Failure> {
    if printer.json {
        let done = Done {
            message: message.to_owned(),
        };
        return print(&[json(&done)?]);
    }
    print(&message.lines().map(table::clean).collect::<Vec<_>>())
}

fn json(value: &impl Serialize) -> Result<String, Failure> {
    Ok(serde_json::to_string(value).map_err(std::io::Error::other)?)
}
