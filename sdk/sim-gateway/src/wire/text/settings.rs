//! Settings and display groups as text.

use super::{FieldError, Fields, Request, Response, Writer};
use crate::wire::ids::{request, response};
use crate::wire::messages::settings::{
    ConfigRequest, ConfigResponse, DisplayGroupList, DisplayGroupUpdated, QueryDisplayGroupsRequest,
    SubscribeToGroupEventsRequest, UnsubscribeFromGroupEventsRequest, UpdateConfigRequest,
    UpdateConfigResponse, UpdateDisplayGroupRequest,
};

super::pending_request!(QueryDisplayGroupsRequest, QUERY_DISPLAY_GROUPS);
super::pending_request!(SubscribeToGroupEventsRequest, SUBSCRIBE_TO_GROUP_EVENTS);
super::pending_request!(UpdateDisplayGroupRequest, UPDATE_DISPLAY_GROUP);
super::pending_request!(UnsubscribeFromGroupEventsRequest, UNSUBSCRIBE_FROM_GROUP_EVENTS);
super::pending_request!(ConfigRequest, CONFIG);
super::pending_request!(UpdateConfigRequest, UPDATE_CONFIG);
super::pending_response!(DisplayGroupList, DISPLAY_GROUP_LIST);
super::pending_response!(DisplayGroupUpdated, DISPLAY_GROUP_UPDATED);
super::pending_response!(ConfigResponse, CONFIG_RESPONSE);
super::pending_response!(UpdateConfigResponse, UPDATE_CONFIG_RESPONSE);
