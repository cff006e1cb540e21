//! Settings and display groups as text. Settings are newer than this encoding and do not exist in it.

use super::{FieldError, Fields, Request, Response, Writer};
use crate::wire::ids::{request, response};
use crate::wire::messages::settings::{
    ConfigRequest, ConfigResponse, DisplayGroupList, DisplayGroupUpdated, QueryDisplayGroupsRequest,
    SubscribeToGroupEventsRequest, UnsubscribeFromGroupEventsRequest, UpdateConfigRequest,
    UpdateConfigResponse, UpdateDisplayGroupRequest,
};

impl Request for QueryDisplayGroupsRequest {
    const ID: u32 = request::QUERY_DISPLAY_GROUPS;

    fn read(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        fields.skip()?;
        Ok(Self {
            req_id: fields.integer()?,
        })
    }
}

impl Request for SubscribeToGroupEventsRequest {
    const ID: u32 = request::SUBSCRIBE_TO_GROUP_EVENTS;

    fn read(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        fields.skip()?;
        Ok(Self {
            req_id: fields.integer()?,
            group_id: fields.integer()?,
        })
    }
}

impl Request for UpdateDisplayGroupRequest {
    const ID: u32 = request::UPDATE_DISPLAY_GROUP;

    fn read(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        fields.skip()?;
        Ok(Self {
            req_id: fields.integer()?,
            contract_info: fields.text()?,
        })
    }
}

impl Request for UnsubscribeFromGroupEventsRequest {
    const ID: u32 = request::UNSUBSCRIBE_FROM_GROUP_EVENTS;

    fn read(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        fields.skip()?;
        Ok(Self {
            req_id: fields.integer()?,
        })
    }
}

impl Request for ConfigRequest {
    const ID: u32 = request::CONFIG;

    fn read(_: &mut Fields<'_>) -> Result<Self, FieldError> {
        Err(FieldError::Unsupported)
    }
}

impl Request for UpdateConfigRequest {
    const ID: u32 = request::UPDATE_CONFIG;

    fn read(_: &mut Fields<'_>) -> Result<Self, FieldError> {
        Err(FieldError::Unsupported)
    }
}

impl Response for DisplayGroupList {
    const ID: u32 = response::DISPLAY_GROUP_LIST;

    fn write(&self, out: &mut Writer<'_>) {
        out.integer(1);
        out.integer_or_zero(self.req_id);
        out.maybe(self.groups.as_deref());
    }
}

impl Response for DisplayGroupUpdated {
    const ID: u32 = response::DISPLAY_GROUP_UPDATED;

    fn write(&self, out: &mut Writer<'_>) {
        out.integer(1);
        out.integer_or_zero(self.req_id);
        out.maybe(self.contract_info.as_deref());
    }
}

impl Response for ConfigResponse {
    const ID: u32 = response::CONFIG_RESPONSE;
    const SINCE: i32 = 219;

    fn write(&self, _: &mut Writer<'_>) {}
}

impl Response for UpdateConfigResponse {
    const ID: u32 = response::UPDATE_CONFIG_RESPONSE;
    const SINCE: i32 = 221;

    fn write(&self, _: &mut Writer<'_>) {}
}
