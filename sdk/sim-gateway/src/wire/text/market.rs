//! Streaming market data as text.

use super::{FieldError, Fields, Request, Response, Writer};
use crate::wire::ids::{request, response};
use crate::wire::messages::market::{
    CancelMarketData, MarketDataRequest, MarketDataType, MarketDataTypeRequest, RerouteMarketDataRequest,
    RerouteMarketDepthRequest, TickGeneric, TickPrice, TickReqParams, TickSize, TickSnapshotEnd, TickString,
};

super::pending_request!(MarketDataRequest, MARKET_DATA);
super::pending_request!(CancelMarketData, CANCEL_MARKET_DATA);
super::pending_request!(MarketDataTypeRequest, MARKET_DATA_TYPE);
super::pending_response!(TickPrice, TICK_PRICE);
super::pending_response!(TickSize, TICK_SIZE);
super::pending_response!(TickGeneric, TICK_GENERIC);
super::pending_response!(TickString, TICK_STRING);
super::pending_response!(TickSnapshotEnd, TICK_SNAPSHOT_END);
super::pending_response!(MarketDataType, MARKET_DATA_TYPE);
super::pending_response!(TickReqParams, TICK_REQ_PARAMS);
super::pending_response!(RerouteMarketDataRequest, REROUTE_MARKET_DATA_REQUEST);
super::pending_response!(RerouteMarketDepthRequest, REROUTE_MARKET_DEPTH_REQUEST);
