//! Reference data: finding instruments from what clients call them, describing them, and what surrounds
//! them: exchanges, advisors' lists, display groups and the gateway's own settings.
//!
//! Never: prices.

mod advisor;
mod contracts;
mod details;
mod groups;
mod lookup;
mod settings;
mod symbols;
mod venues;

#[cfg(test)]
mod contract_tests;
#[cfg(test)]
mod surroundings_tests;

pub(super) use venues::letter;

use super::session::decode;
use super::{Class, ConnectionId, Gateway, Problem};
use crate::wire::Body;
use crate::wire::ids::request;
use crate::wire::messages::session::{VerifyCompleted, VerifyMessageRequest, VerifyRequest};

/// What clients have changed about the gateway itself.
#[derive(Debug, Default)]
pub(super) struct State {
    groups: groups::Groups,
    lists: advisor::Lists,
    settings: settings::Settings,
}

impl Gateway {
    /// Answers a request about instruments; `None` when it is about something else.
    pub(super) fn reference_request(
        &mut self,
        from: ConnectionId,
        id: u32,
        body: &Body,
    ) -> Result<Option<()>, Problem> {
        match id {
            request::CONTRACT_DATA => self.contract_data(from, decode(body)?)?,
            request::MATCHING_SYMBOLS => self.matching_symbols(from, decode(body)?)?,
            request::SEC_DEF_OPT_PARAMS => self.option_chain(from, decode(body)?)?,
            request::MARKET_RULE => self.market_rule(from, &decode(body)?)?,
            request::SMART_COMPONENTS => self.smart_components(from, &decode(body)?)?,
            request::MARKET_DEPTH_EXCHANGES => self.depth_exchanges(from),
            // It has no answer, and contract details are never still running.
            request::CANCEL_CONTRACT_DATA => {}
            request::FA => self.advisor_list(from, &decode(body)?)?,
            request::FA_REPLACE => self.replace_advisor_list(from, decode(body)?)?,
            request::SOFT_DOLLAR_TIERS => self.soft_dollar_tiers(from, &decode(body)?),
            request::QUERY_DISPLAY_GROUPS => self.display_groups(from, &decode(body)?),
            request::SUBSCRIBE_TO_GROUP_EVENTS => self.follow_group(from, &decode(body)?)?,
            request::UPDATE_DISPLAY_GROUP => self.change_group(from, &decode(body)?)?,
            request::UNSUBSCRIBE_FROM_GROUP_EVENTS => self.unfollow_group(from, &decode(body)?)?,
            request::VERIFY => {
                decode::<VerifyRequest>(body)?;
                self.refuse_verification(from);
            }
            request::VERIFY_MESSAGE => {
                decode::<VerifyMessageRequest>(body)?;
                self.refuse_verification(from);
            }
            request::CONFIG => self.config(from, &decode(body)?),
            request::UPDATE_CONFIG => self.update_config(from, &decode(body)?)?,
            _ => return Ok(None),
        }
        Ok(Some(()))
    }

    /// Verification is for programs that IB has given a key; nobody has one here.
    fn refuse_verification(&mut self, to: ConnectionId) {
        let message = VerifyCompleted {
            is_successful: Some(false),
            error_text: Some("The API name is not known to the simulated gateway".to_owned()),
        };
        self.send(to, Class::Other, &message);
    }
}
