//! Backups on the operator's command: on a thread of their own, because they take as long as the disk does, one at a time.
//! That one was asked for, and what came of it, is recorded by the lane like every command.

use std::thread;

use tokio::sync::mpsc;

use crate::admin::BackupRequest;
use crate::clock;
use crate::desk::effect::CommandOutcome;
use crate::desk::record::Record;
use crate::ledger::Backups;

use super::{AppError, system};

/// Requests that wait, and records that wait for the lane; given by hand.
const WAITING: usize = 16;

/// Starts the thread and returns the way in for requests and the way out for records of what was done. It ends when nobody
/// can ask any more.
pub(super) fn start(
    backups: Backups,
) -> Result<(mpsc::Sender<BackupRequest>, mpsc::Receiver<Record>), AppError> {
    let (sender, mut requests) = mpsc::channel::<BackupRequest>(WAITING);
    let (records, recorded) = mpsc::channel(WAITING);
    let body = move || {
        while let Some(request) = requests.blocking_recv() {
            let outcome = match backups.create(request.path.as_deref(), clock::now()) {
                Ok(made) => CommandOutcome::Done {
                    message: made.to_string(),
                },
                Err(error) => CommandOutcome::Refused {
                    message: format!("no backup: {error}"),
                },
            };
            let said = match &outcome {
                CommandOutcome::Done { message } => format!("done: {message}"),
                CommandOutcome::Refused { message } => format!("refused: {message}"),
            };
            let detail = request
                .path
                .map(|path| path.display().to_string())
                .unwrap_or_default();
            let record = Record::Admin {
                requester: request.requester,
                action: "backup_create",
                detail,
                outcome: said,
            };
            // The lane may be gone, and whoever asked too.
            let _gone = records.blocking_send(record);
            let _gone = request.answer.send(outcome);
        }
    };
    let thread = thread::Builder::new().name("ledger-backup".into()).spawn(body);
    thread.map_err(|source| system("the backup thread", source))?;
    Ok((sender, recorded))
}
