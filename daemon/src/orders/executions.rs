//! Which fills and commissions were told already. The broker repeats them after every reconnect; they count once.

use std::collections::BTreeMap;

use crate::domain::instrument::InstrumentId;
use crate::domain::plugin::PluginId;
use crate::domain::report::{Commission, Execution};

/// Whose fill, in what.
pub(super) type Owner = Option<(PluginId, InstrumentId)>;

/// Fills by execution id, less the part that counts corrections.
#[derive(Debug, Default)]
pub(super) struct ExecutionBook {
    fills: BTreeMap<String, Known>,
    /// Commissions that came before their fill.
    early: BTreeMap<String, Commission>,
}

#[derive(Debug)]
struct Known {
    revision: u32,
    commissioned: bool,
    owner: Owner,
}

/// What a fill is to us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Novelty {
    /// Not known; a commission may have come before it.
    New(Option<Commission>),
    /// Told again.
    Repeated,
    /// The exchange corrected a fill we have counted.
    Correction,
}

/// Commissions without a fill that are kept; other clients' fills send us theirs.
const EARLY_KEPT: usize = 1_024;

impl ExecutionBook {
    pub(super) fn restore(&mut self, execution: &Execution, commissioned: bool, owner: Owner) {
        let (base, revision) = split(&execution.exec_id);
        self.fills.insert(
            base.to_owned(),
            Known {
                revision,
                commissioned,
                owner,
            },
        );
    }

    pub(super) fn fill(&mut self, execution: &Execution, owner: Owner) -> Novelty {
        let (base, revision) = split(&execution.exec_id);
        if let Some(known) = self.fills.get_mut(base) {
            if revision <= known.revision {
                return Novelty::Repeated;
            }
            known.revision = revision;
            return Novelty::Correction;
        }
        let early = self.early.remove(base);
        let commissioned = early.is_some();
        self.fills.insert(
            base.to_owned(),
            Known {
                revision,
                commissioned,
                owner,
            },
        );
        Novelty::New(early)
    }

    /// The owner of the fill that a commission belongs to; nothing if it was counted, or its fill is not known yet.
    pub(super) fn commission(&mut self, commission: &Commission) -> Option<Owner> {
        let (base, _) = split(&commission.exec_id);
        match self.fills.get_mut(base) {
            Some(known) if known.commissioned => None,
            Some(known) => {
                known.commissioned = true;
                Some(known.owner)
            }
            None => {
                if self.early.len() >= EARLY_KEPT {
                    self.early.pop_first();
                }
                self.early.insert(base.to_owned(), commission.clone());
                None
            }
        }
    }
}

/// An execution id without its last part, and that part as a number: `0000e0d5.6612ab01.01.02` is revision 2.
fn split(exec_id: &str) -> (&str, u32) {
    match exec_id.rsplit_once('.') {
        Some((base, last)) if last.len() == 2 && last.bytes().all(|b| b.is_ascii_digit()) => {
            match last.parse() {
                Ok(revision) => (base, revision),
                Err(_) => (exec_id, 0),
            }
        }
        _ => (exec_id, 0),
    }
}
