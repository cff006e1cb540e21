//! The corporate calendar and company fundamentals, which this user has not subscribed to.
//!
//! Never: an event or a figure; every request is refused as it is for such a user.

use crate::gateway::Problem;
use crate::wire::Body;
use crate::wire::ids::request;

/// What a request of message number `id` is answered with.
pub(super) fn refusal(id: u32, body: &Body) -> Problem {
    match id {
        request::CANCEL_WSH_META_DATA => Problem::new(10280, "Failed cancel WSH metadata"),
        request::CANCEL_WSH_EVENT_DATA => Problem::new(10284, "Fail cancel WSH event data"),
        request::FUNDAMENTAL_DATA => Problem::new(10358, "Fundamentals data is not allowed"),
        request::CANCEL_FUNDAMENTAL_DATA => super::quotes::unknown_ticker(body.request_id(id).unwrap_or(0)),
        _ => Problem::new(10276, "News feed is not allowed."),
    }
}
