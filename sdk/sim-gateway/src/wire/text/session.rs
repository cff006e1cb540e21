//! Sessions as text.

use super::{FieldError, Fields, Request, Response, Writer};
use crate::wire::ids::{request, response};
use crate::wire::messages::session::{
    CurrentTime, CurrentTimeInMillis, CurrentTimeInMillisRequest, CurrentTimeRequest, ErrorMessage,
    FamilyCodes, IdsRequest, ManagedAccounts, NextValidId, SetServerLogLevelRequest, StartApiRequest,
    UserInfo, UserInfoRequest, VerifyCompleted, VerifyMessageApi, VerifyMessageRequest, VerifyRequest,
};

impl Request for IdsRequest {
    const ID: u32 = request::IDS;

    fn read(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        fields.skip()?;
        Ok(Self {
            num_ids: fields.integer()?,
        })
    }
}

impl Request for SetServerLogLevelRequest {
    const ID: u32 = request::SET_SERVER_LOG_LEVEL;

    fn read(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        fields.skip()?;
        Ok(Self {
            log_level: fields.integer()?,
        })
    }
}

impl Request for CurrentTimeRequest {
    const ID: u32 = request::CURRENT_TIME;

    fn read(_: &mut Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self {})
    }
}

impl Request for VerifyRequest {
    const ID: u32 = request::VERIFY;

    fn read(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        fields.skip()?;
        Ok(Self {
            api_name: fields.text()?,
            api_version: fields.text()?,
        })
    }
}

impl Request for VerifyMessageRequest {
    const ID: u32 = request::VERIFY_MESSAGE;

    fn read(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        fields.skip()?;
        Ok(Self {
            api_data: fields.text()?,
        })
    }
}

impl Request for StartApiRequest {
    const ID: u32 = request::START_API;

    fn read(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        fields.skip()?;
        let client_id = fields.integer()?;
        fields.may_end();
        Ok(Self {
            client_id,
            optional_capabilities: fields.text()?,
        })
    }
}

impl Request for UserInfoRequest {
    const ID: u32 = request::USER_INFO;

    fn read(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self {
            req_id: fields.integer()?,
        })
    }
}

/// The answer has no text form, so neither has the question.
impl Request for CurrentTimeInMillisRequest {
    const ID: u32 = request::CURRENT_TIME_IN_MILLIS;

    fn read(_: &mut Fields<'_>) -> Result<Self, FieldError> {
        Err(FieldError::Unsupported)
    }
}

impl Response for ErrorMessage {
    const ID: u32 = response::ERROR;

    fn write(&self, out: &mut Writer<'_>) {
        out.integer(2);
        out.integer(self.id.unwrap_or(-1));
        out.integer_or_zero(self.error_code);
        out.escaped(self.error_msg.as_deref().unwrap_or_default());
        out.escaped(self.advanced_order_reject_json.as_deref().unwrap_or_default());
    }
}

impl Response for NextValidId {
    const ID: u32 = response::NEXT_VALID_ID;

    fn write(&self, out: &mut Writer<'_>) {
        out.integer(1);
        out.integer_or_zero(self.order_id);
    }
}

impl Response for ManagedAccounts {
    const ID: u32 = response::MANAGED_ACCOUNTS;

    fn write(&self, out: &mut Writer<'_>) {
        out.integer(1);
        out.maybe(self.accounts_list.as_deref());
    }
}

impl Response for CurrentTime {
    const ID: u32 = response::CURRENT_TIME;

    fn write(&self, out: &mut Writer<'_>) {
        out.integer(1);
        out.integer_or_zero(self.current_time);
    }
}

impl Response for VerifyMessageApi {
    const ID: u32 = response::VERIFY_MESSAGE_API;

    fn write(&self, out: &mut Writer<'_>) {
        out.integer(1);
        out.maybe(self.api_data.as_deref());
    }
}

impl Response for VerifyCompleted {
    const ID: u32 = response::VERIFY_COMPLETED;

    fn write(&self, out: &mut Writer<'_>) {
        out.integer(1);
        // A word, unlike every other yes or no.
        out.text(if self.is_successful == Some(true) {
            "true"
        } else {
            "false"
        });
        out.maybe(self.error_text.as_deref());
    }
}

impl Response for FamilyCodes {
    const ID: u32 = response::FAMILY_CODES;

    fn write(&self, out: &mut Writer<'_>) {
        out.count(self.family_codes.len());
        for code in &self.family_codes {
            out.maybe(code.account_id.as_deref());
            out.maybe(code.family_code.as_deref());
        }
    }
}

impl Response for UserInfo {
    const ID: u32 = response::USER_INFO;

    fn write(&self, out: &mut Writer<'_>) {
        out.integer(self.req_id.unwrap_or(-1));
        out.maybe(self.white_branding_id.as_deref());
    }
}

impl Response for CurrentTimeInMillis {
    const ID: u32 = response::CURRENT_TIME_IN_MILLIS;

    fn write(&self, out: &mut Writer<'_>) {
        out.integer_or_zero(self.current_time_in_millis);
    }
}
