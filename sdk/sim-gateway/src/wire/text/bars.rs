//! Bars as text.

use super::{FieldError, Fields, Request, Response, Writer};
use crate::wire::ids::{request, response};
use crate::wire::messages::bars::{
    CancelHeadTimestamp, CancelHistogramData, CancelHistoricalData, CancelRealTimeBars, HeadTimestamp,
    HeadTimestampRequest, HistogramData, HistogramDataRequest, HistoricalData, HistoricalDataEnd,
    HistoricalDataRequest, HistoricalDataUpdate, HistoricalSchedule, RealTimeBarTick, RealTimeBarsRequest,
};

super::pending_request!(HistoricalDataRequest, HISTORICAL_DATA);
super::pending_request!(CancelHistoricalData, CANCEL_HISTORICAL_DATA);
super::pending_request!(RealTimeBarsRequest, REAL_TIME_BARS);
super::pending_request!(CancelRealTimeBars, CANCEL_REAL_TIME_BARS);
super::pending_request!(HeadTimestampRequest, HEAD_TIMESTAMP);
super::pending_request!(HistogramDataRequest, HISTOGRAM_DATA);
super::pending_request!(CancelHistogramData, CANCEL_HISTOGRAM_DATA);
super::pending_request!(CancelHeadTimestamp, CANCEL_HEAD_TIMESTAMP);
super::pending_response!(HistoricalData, HISTORICAL_DATA);
super::pending_response!(RealTimeBarTick, REAL_TIME_BAR_TICK);
super::pending_response!(HeadTimestamp, HEAD_TIMESTAMP);
super::pending_response!(HistogramData, HISTOGRAM_DATA);
super::pending_response!(HistoricalDataUpdate, HISTORICAL_DATA_UPDATE);
super::pending_response!(HistoricalSchedule, HISTORICAL_SCHEDULE);
super::pending_response!(HistoricalDataEnd, HISTORICAL_DATA_END);
