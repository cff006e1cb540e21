//! Depth and venues as text.

use super::{FieldError, Fields, Request, Response, Writer};
use crate::wire::ids::{request, response};
use crate::wire::messages::depth::{
    CancelMarketDepth, MarketDepth, MarketDepthExchanges, MarketDepthExchangesRequest, MarketDepthL2,
    MarketDepthRequest, SmartComponents, SmartComponentsRequest,
};

super::pending_request!(MarketDepthRequest, MARKET_DEPTH);
super::pending_request!(CancelMarketDepth, CANCEL_MARKET_DEPTH);
super::pending_request!(MarketDepthExchangesRequest, MARKET_DEPTH_EXCHANGES);
super::pending_request!(SmartComponentsRequest, SMART_COMPONENTS);
super::pending_response!(MarketDepth, MARKET_DEPTH);
super::pending_response!(MarketDepthL2, MARKET_DEPTH_L2);
super::pending_response!(MarketDepthExchanges, MARKET_DEPTH_EXCHANGES);
super::pending_response!(SmartComponents, SMART_COMPONENTS);
