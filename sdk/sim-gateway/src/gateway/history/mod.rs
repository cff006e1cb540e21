//! What the market did before: bars, ticks, schedules, histograms; and bars and ticks as they go on.
//!
//! Never: a price that the market does not show or did not show.

use super::{ConnectionId, Gateway, Problem};
use crate::exchange::Event;
use crate::wire::Body;

/// What a connection follows.
#[derive(Debug, Default)]
pub(super) struct Watches {}

/// What the gateway knows of all history requests.
#[derive(Debug, Default)]
pub(super) struct State {}

/// Something to do later about history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Job {}

impl Gateway {
    /// Answers a request about the past; `None` when it is about something else.
    pub(super) fn history_request(
        &mut self,
        _from: ConnectionId,
        _id: u32,
        _body: &Body,
    ) -> Result<Option<()>, Problem> {
        Ok(None)
    }

    /// Goes on with bars and ticks that are followed.
    pub(super) fn history_event(&mut self, _event: &Event) {}

    /// Does what was put off.
    pub(super) fn history_job(&mut self, job: Job) {
        match job {}
    }

    /// What is due once a second.
    pub(super) fn history_second(&mut self) {}

    /// Ends everything a gone connection followed.
    pub(super) fn end_history(&mut self, _id: ConnectionId, _watches: Watches) {}
}
