//! Financial advisors as text.

use super::{FieldError, Fields, Request, Response, Writer};
use crate::wire::ids::{request, response};
use crate::wire::messages::advisor::{
    FaReplace, FaRequest, ReceiveFa, ReplaceFaEnd, SoftDollarTiers, SoftDollarTiersRequest,
};

super::pending_request!(FaRequest, FA);
super::pending_request!(FaReplace, FA_REPLACE);
super::pending_request!(SoftDollarTiersRequest, SOFT_DOLLAR_TIERS);
super::pending_response!(ReceiveFa, RECEIVE_FA);
super::pending_response!(SoftDollarTiers, SOFT_DOLLAR_TIERS);
super::pending_response!(ReplaceFaEnd, REPLACE_FA_END);
