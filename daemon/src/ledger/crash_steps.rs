//! Which numbered steps a batch of records passes on its way into the file.

use crate::crash_point::{self, Step};
use crate::desk::record::Record;
use crate::domain::plugin::PluginId;

/// Where the batch is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// Its transaction is not begun.
    Unrecorded,
    /// Its rows are written.
    Uncommitted,
    /// It is durable.
    Recorded,
}

/// Says that the batch is there; nothing in a release.
pub(super) fn reach(records: &[Record], stage: Stage) {
    if !cfg!(debug_assertions) {
        return;
    }
    for step in records.iter().filter_map(|record| step(record, stage)) {
        crash_point::reach(step);
    }
}

fn step(record: &Record, stage: Stage) -> Option<Step> {
    let steps = match record {
        Record::Placed(placement) if placement.plugin == PluginId::OPERATOR => [
            Step::FlattenUnrecorded,
            Step::FlattenUncommitted,
            Step::FlattenRecorded,
        ],
        Record::Placed(_) => [Step::PlaceUnrecorded, Step::PlaceUncommitted, Step::PlaceRecorded],
        Record::Replaced(_) => [
            Step::ReplaceUnrecorded,
            Step::ReplaceUncommitted,
            Step::ReplaceRecorded,
        ],
        Record::CancelRequested { .. } => [
            Step::CancelUnrecorded,
            Step::CancelUncommitted,
            Step::CancelRecorded,
        ],
        Record::OrderState(_) => [Step::StateUnrecorded, Step::StateUncommitted, Step::StateRecorded],
        Record::Executed(_) => [Step::FillUnrecorded, Step::FillUncommitted, Step::FillRecorded],
        Record::Commissioned(_) => [
            Step::CommissionUnrecorded,
            Step::CommissionUncommitted,
            Step::CommissionRecorded,
        ],
        Record::Denied { .. } => [
            Step::DenialUnrecorded,
            Step::DenialUncommitted,
            Step::DenialRecorded,
        ],
        Record::Latched { .. } => [Step::LatchUnrecorded, Step::LatchUncommitted, Step::LatchRecorded],
        _ => return None,
    };
    let index = match stage {
        Stage::Unrecorded => 0,
        Stage::Uncommitted => 1,
        Stage::Recorded => 2,
    };
    steps.get(index).copied()
}
