//! Which numbered steps an event passes on its way through the loop.

use crate::crash_point::{self, Step};
use crate::desk::effect::Effect;
use crate::desk::event::{Event, SessionEvent};
use crate::domain::report::BrokerReport;

/// The steps of one event: before the desk has it, after the desk has it, after all that follows was begun.
#[derive(Debug, Clone, Copy)]
pub(super) struct Passage {
    applied: Option<Step>,
    performed: Option<Step>,
}

/// An event is about to be handed to the desk.
pub(super) fn received(event: &Event) -> Passage {
    let (received, applied, performed) = match event {
        _ if !cfg!(debug_assertions) => (None, None, None),
        Event::Report(BrokerReport::Status(_) | BrokerReport::Order(_)) => {
            (Some(Step::AckReceived), Some(Step::AckApplied), None)
        }
        Event::Report(BrokerReport::Execution(_)) => {
            (Some(Step::FillReceived), Some(Step::FillApplied), None)
        }
        Event::Report(BrokerReport::Commission(_)) => (
            Some(Step::CommissionReceived),
            Some(Step::CommissionApplied),
            None,
        ),
        Event::Session(SessionEvent::Up { .. }) => (Some(Step::SessionUp), None, None),
        Event::Session(SessionEvent::Truth(_)) => (
            Some(Step::TruthReceived),
            Some(Step::TruthApplied),
            Some(Step::TruthRecorded),
        ),
        Event::Command { .. } => (
            Some(Step::CommandReceived),
            Some(Step::CommandApplied),
            Some(Step::CommandAnswered),
        ),
        Event::Drain => (Some(Step::StopBegun), None, None),
        _ => (None, None, None),
    };
    received.into_iter().for_each(crash_point::reach);
    Passage { applied, performed }
}

impl Passage {
    /// The desk has taken the event in and wants these effects.
    pub(super) fn applied(self, effects: &[Effect]) {
        self.applied.into_iter().for_each(crash_point::reach);
        if !cfg!(debug_assertions) {
            return;
        }
        for effect in effects {
            match effect {
                Effect::Place(_) => crash_point::reach(Step::PlaceDecided),
                Effect::Replace(_) => crash_point::reach(Step::ReplaceDecided),
                Effect::Cancel { .. } => crash_point::reach(Step::CancelDecided),
                _ => {}
            }
        }
    }

    /// The effects were begun.
    pub(super) fn performed(self) {
        self.performed.into_iter().for_each(crash_point::reach);
    }
}
