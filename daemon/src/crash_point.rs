//! Floor 5: the numbered steps of everything that must survive a crash, and the switch that makes the process kill itself
//! at one of them. `MOORED_CRASH_AT=place-recorded:3` is `kill -9` at the third time that step is reached.
//!
//! Only builds with debug assertions have the switch: in a release [`reach`] is empty and the variable is not read. The
//! sweep in `tests/suite/crash_sweep.rs` kills the daemon at each step and fails if one is never reached, so a step that
//! loses its place in the code is noticed.

macro_rules! steps {
    ($($number:literal $name:ident $word:literal $meaning:literal)*) => {
        /// A step at which the process may die. Numbers go up in the order in which an order's life passes them, the
        /// hundreds are chapters: 100 start, 200 new order, 300 change, 400 cancel, 500 report, 600 operator, 700 the
        /// ledger's own work, 800 stop.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u16)]
        pub enum Step { $(#[doc = $meaning] $name = $number,)* }

        impl Step {
            /// All of them, in order.
            pub const ALL: &'static [Step] = &[$(Step::$name),*];

            /// Its name in `MOORED_CRASH_AT`.
            pub const fn as_str(self) -> &'static str {
                match self { $(Step::$name => $word),* }
            }

            /// Its number.
            pub const fn number(self) -> u16 {
                self as u16
            }
        }
    };
}

steps! {
    101 LedgerDrafted "ledger-drafted" "A new ledger is whole, under its draft's name."
    102 LedgerPublished "ledger-published" "A new ledger has its name."
    103 LedgerOpened "ledger-opened" "The ledger is checked and open; nothing of it was read."
    104 MemoryRead "memory-read" "The ledger's memory is read; there is no desk yet."
    105 DeskBuilt "desk-built" "The desk remembers; the gateway was not called yet."
    106 SessionUp "session-up" "The handshake is done; the desk does not know."
    107 TruthReceived "truth-received" "The broker's truth is read; the desk has not compared it."
    108 TruthApplied "truth-applied" "The truth is compared; none of what follows is recorded or sent."
    109 TruthRecorded "truth-recorded" "What follows from the truth is recorded and sent."

    201 PlaceDecided "place-decided" "The desk wants a new order; nothing of it is recorded."
    202 PlaceUnrecorded "place-unrecorded" "Before the ledger's transaction with a new order."
    203 PlaceUncommitted "place-uncommitted" "In it: its rows are written, it is not committed."
    204 PlaceRecorded "place-recorded" "After it: the order is durable and not sent."
    205 PlaceUnwritten "place-unwritten" "Before the socket's write of a new order."
    206 PlaceWritten "place-written" "After it: the order is sent and not acknowledged."

    301 ReplaceDecided "replace-decided" "The desk wants a change; nothing of it is recorded."
    302 ReplaceUnrecorded "replace-unrecorded" "Before the ledger's transaction with a change."
    303 ReplaceUncommitted "replace-uncommitted" "In it: not committed."
    304 ReplaceRecorded "replace-recorded" "After it: the change is durable and not sent."
    305 ReplaceUnwritten "replace-unwritten" "Before the socket's write of a change."
    306 ReplaceWritten "replace-written" "After it: the change is sent and not acknowledged."

    401 CancelDecided "cancel-decided" "The desk wants a cancel; nothing of it is recorded."
    402 CancelUnrecorded "cancel-unrecorded" "Before the ledger's transaction with a cancel."
    403 CancelUncommitted "cancel-uncommitted" "In it: not committed."
    404 CancelRecorded "cancel-recorded" "After it: the wish is durable and not sent."
    405 CancelUnwritten "cancel-unwritten" "Before the socket's write of a cancel."
    406 CancelWritten "cancel-written" "After it: the cancel is sent and not acknowledged."

    501 AckReceived "ack-received" "An order's status has come; the desk does not know."
    502 AckApplied "ack-applied" "The desk knows it; nothing is recorded."
    503 StateUnrecorded "state-unrecorded" "Before the ledger's transaction with an order's state."
    504 StateUncommitted "state-uncommitted" "In it: not committed."
    505 StateRecorded "state-recorded" "After it: recorded, and told to nobody."
    511 FillReceived "fill-received" "A fill has come; the desk does not know."
    512 FillApplied "fill-applied" "The desk has counted it; nothing is recorded."
    513 FillUnrecorded "fill-unrecorded" "Before the ledger's transaction with a fill."
    514 FillUncommitted "fill-uncommitted" "In it: not committed."
    515 FillRecorded "fill-recorded" "After it: recorded, and told to nobody."
    521 CommissionReceived "commission-received" "A fill's cost has come; the desk does not know."
    522 CommissionApplied "commission-applied" "The desk has counted it; nothing is recorded."
    523 CommissionUnrecorded "commission-unrecorded" "Before the ledger's transaction with a cost."
    524 CommissionUncommitted "commission-uncommitted" "In it: not committed."
    525 CommissionRecorded "commission-recorded" "After it: recorded."
    531 PluginsTold "plugins-told" "A plugin was told; what it wants in return is not handled."

    601 CommandReceived "command-received" "An operator's command has come; the desk does not know."
    602 CommandApplied "command-applied" "The desk has obeyed; nothing is recorded or sent."
    603 LatchUnrecorded "latch-unrecorded" "Before the ledger's transaction with the latch."
    604 LatchUncommitted "latch-uncommitted" "In it: not committed."
    605 LatchRecorded "latch-recorded" "After it: the latch is durable; no cancel was sent and nobody answered."
    606 CommandAnswered "command-answered" "All that the command asked for was begun, and it is answered."
    611 FlattenUnrecorded "flatten-unrecorded" "Before the ledger's transaction with a flattening order."
    612 FlattenUncommitted "flatten-uncommitted" "In it: not committed."
    613 FlattenRecorded "flatten-recorded" "After it: the order is durable and not sent."
    614 FlattenUnwritten "flatten-unwritten" "Before a flattening order is handed to the socket."
    615 FlattenWritten "flatten-written" "After it."
    621 DenialUnrecorded "denial-unrecorded" "Before the ledger's transaction with a refusal of the gate."
    622 DenialUncommitted "denial-uncommitted" "In it: not committed."
    623 DenialRecorded "denial-recorded" "After it."

    701 LogUnmoved "log-unmoved" "Before a checkpoint of the write-ahead log."
    702 LogMoved "log-moved" "The log is in the database and not begun again."
    703 LogRestarted "log-restarted" "The log is begun again."
    711 PositionsUnsaved "positions-unsaved" "Positions were folded; the transaction that keeps them is not begun."
    712 PositionsUncommitted "positions-uncommitted" "In it: not committed."
    713 PositionsSaved "positions-saved" "After it: a start reads from here."
    721 PruneUncommitted "prune-uncommitted" "Old rows are deleted and it is not committed."
    722 Pruned "pruned" "Old rows are gone."
    731 BackupBegun "backup-begun" "A backup was asked for; nothing is written."
    732 BackupWritten "backup-written" "It is written and checked, under its draft's name."
    733 BackupPublished "backup-published" "It has its name; nobody was told."
    741 MigrationBegun "migration-begun" "The ledger is of an older version; no backup was made."
    742 MigrationBackedUp "migration-backed-up" "Its backup is made; nothing is changed."
    743 MigrationUncommitted "migration-uncommitted" "A version's changes are made and not committed."
    744 MigrationCommitted "migration-committed" "They are committed."

    801 StopBegun "stop-begun" "The stop has come; the desk does not know."
    802 GatewayStopped "gateway-stopped" "The session is closed; the last reports are not recorded."
    803 LastRecorded "last-recorded" "The last reports are recorded; the ledger is open."
    804 LedgerClosed "ledger-closed" "The ledger is closed."
}

/// Says that a step is reached: the process dies here if it was told to.
#[cfg(debug_assertions)]
pub fn reach(step: Step) {
    armed::reach(step);
}

/// Nothing: a release has no crash points.
#[cfg(not(debug_assertions))]
#[inline(always)]
pub fn reach(_step: Step) {}

#[cfg(debug_assertions)]
mod armed {
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::Step;

    const VARIABLE: &str = "MOORED_CRASH_AT";

    struct Plan {
        step: Step,
        nth: u32,
        reached: AtomicU32,
    }

    static PLAN: OnceLock<Option<Plan>> = OnceLock::new();

    pub(super) fn reach(step: Step) {
        let plan = PLAN.get_or_init(|| parse(&std::env::var(VARIABLE).ok()?));
        let Some(plan) = plan.as_ref().filter(|plan| plan.step == step) else {
            return;
        };
        if plan.reached.fetch_add(1, Ordering::Relaxed) + 1 == plan.nth {
            eprintln!("crash point {} {} reached", step.number(), step.as_str());
            // Cannot fail for one's own process; a process that lives on fails the test that armed it.
            let _ = nix::sys::signal::kill(nix::unistd::Pid::this(), nix::sys::signal::Signal::SIGKILL);
            loop {
                std::thread::park();
            }
        }
    }

    /// `step:nth`; a plan that cannot be read ends the process, because the test that made it means another.
    fn parse(text: &str) -> Option<Plan> {
        let (word, nth) = text.split_once(':').unwrap_or((text, "1"));
        let step = Step::ALL.iter().copied().find(|step| step.as_str() == word);
        let (Some(step), Ok(nth)) = (step, nth.parse()) else {
            eprintln!("{VARIABLE}={text:?}: no such step; see crash_point.rs");
            std::process::abort();
        };
        Some(Plan {
            step,
            nth,
            reached: AtomicU32::new(0),
        })
    }
}
