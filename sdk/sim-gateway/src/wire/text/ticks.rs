//! Single ticks as text.

use super::{FieldError, Fields, Request, Response, Writer};
use crate::wire::ids::{request, response};
use crate::wire::messages::ticks::{
    CancelHistoricalTicks, CancelTickByTick, HistoricalTicks, HistoricalTicksBidAsk, HistoricalTicksLast,
    HistoricalTicksRequest, TickByTickData, TickByTickRequest,
};

super::pending_request!(HistoricalTicksRequest, HISTORICAL_TICKS);
super::pending_request!(TickByTickRequest, TICK_BY_TICK);
super::pending_request!(CancelTickByTick, CANCEL_TICK_BY_TICK);
super::pending_request!(CancelHistoricalTicks, CANCEL_HISTORICAL_TICKS);
super::pending_response!(HistoricalTicks, HISTORICAL_TICKS);
super::pending_response!(HistoricalTicksBidAsk, HISTORICAL_TICKS_BID_ASK);
super::pending_response!(HistoricalTicksLast, HISTORICAL_TICKS_LAST);
super::pending_response!(TickByTickData, TICK_BY_TICK_DATA);
