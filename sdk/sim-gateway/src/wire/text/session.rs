//! Sessions as text.

use super::{FieldError, Fields, Request, Response, Writer};
use crate::wire::ids::{request, response};
use crate::wire::messages::session::{
    CurrentTime, CurrentTimeInMillis, CurrentTimeInMillisRequest, CurrentTimeRequest, ErrorMessage,
    FamilyCodes, IdsRequest, ManagedAccounts, NextValidId, SetServerLogLevelRequest, StartApiRequest,
    UserInfo, UserInfoRequest, VerifyCompleted, VerifyMessageApi, VerifyMessageRequest, VerifyRequest,
};

super::pending_request!(IdsRequest, IDS);
super::pending_request!(SetServerLogLevelRequest, SET_SERVER_LOG_LEVEL);
super::pending_request!(CurrentTimeRequest, CURRENT_TIME);
super::pending_request!(VerifyRequest, VERIFY);
super::pending_request!(VerifyMessageRequest, VERIFY_MESSAGE);
super::pending_request!(StartApiRequest, START_API);
super::pending_request!(UserInfoRequest, USER_INFO);
super::pending_request!(CurrentTimeInMillisRequest, CURRENT_TIME_IN_MILLIS);
super::pending_response!(ErrorMessage, ERROR);
super::pending_response!(NextValidId, NEXT_VALID_ID);
super::pending_response!(ManagedAccounts, MANAGED_ACCOUNTS);
super::pending_response!(CurrentTime, CURRENT_TIME);
super::pending_response!(VerifyMessageApi, VERIFY_MESSAGE_API);
super::pending_response!(VerifyCompleted, VERIFY_COMPLETED);
super::pending_response!(FamilyCodes, FAMILY_CODES);
super::pending_response!(UserInfo, USER_INFO);
super::pending_response!(CurrentTimeInMillis, CURRENT_TIME_IN_MILLIS);
