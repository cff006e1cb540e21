//! Reference data: finding instruments from what clients call them, describing them, and what surrounds
//! them.
//!
//! Never: prices.

mod contracts;

use super::session::decode;
use super::{ConnectionId, Gateway, Problem};
use crate::wire::Body;
use crate::wire::ids::request;

impl Gateway {
    /// Answers a request about instruments; `None` when it is about something else.
    pub(super) fn reference_request(
        &mut self,
        from: ConnectionId,
        id: u32,
        body: &Body,
    ) -> Result<Option<()>, Problem> {
        match id {
            request::CONTRACT_DATA => self.contract_data(from, decode(body)?),
            request::MATCHING_SYMBOLS => self.matching_symbols(from, decode(body)?),
            request::MARKET_RULE => self.market_rule(from, &decode(body)?),
            // It has no answer, and contract details are never still running.
            request::CANCEL_CONTRACT_DATA => Ok(()),
            _ => return Ok(None),
        }
        .map(Some)
    }
}
