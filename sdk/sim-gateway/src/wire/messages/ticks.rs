//! Single ticks: as they happen and as they happened.
//!
//! Field names and numbers are those of the TWS API at server version 226; every scalar is optional there,
//! and an absent field means "not set".
#![expect(
    missing_docs,
    reason = "the fields are IB's own and documented in its API reference"
)]

use super::contract::Contract;

/// `TickByTickRequest`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct TickByTickRequest {
    #[prost(int32, optional, tag = "1")]
    pub req_id: Option<i32>,
    #[prost(message, optional, tag = "2")]
    pub contract: Option<Contract>,
    #[prost(string, optional, tag = "3")]
    pub tick_type: Option<String>,
    #[prost(int32, optional, tag = "4")]
    pub number_of_ticks: Option<i32>,
    #[prost(bool, optional, tag = "5")]
    pub ignore_size: Option<bool>,
}

/// `CancelTickByTick`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct CancelTickByTick {
    #[prost(int32, optional, tag = "1")]
    pub req_id: Option<i32>,
}

/// `TickAttribBidAsk`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct TickAttribBidAsk {
    #[prost(bool, optional, tag = "1")]
    pub bid_past_low: Option<bool>,
    #[prost(bool, optional, tag = "2")]
    pub ask_past_high: Option<bool>,
}

/// `TickAttribLast`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct TickAttribLast {
    #[prost(bool, optional, tag = "1")]
    pub past_limit: Option<bool>,
    #[prost(bool, optional, tag = "2")]
    pub unreported: Option<bool>,
}

/// `HistoricalTick`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct HistoricalTick {
    #[prost(int64, optional, tag = "1")]
    pub time: Option<i64>,
    #[prost(double, optional, tag = "2")]
    pub price: Option<f64>,
    #[prost(string, optional, tag = "3")]
    pub size: Option<String>,
}

/// `HistoricalTickBidAsk`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct HistoricalTickBidAsk {
    #[prost(int64, optional, tag = "1")]
    pub time: Option<i64>,
    #[prost(message, optional, tag = "2")]
    pub tick_attrib_bid_ask: Option<TickAttribBidAsk>,
    #[prost(double, optional, tag = "3")]
    pub price_bid: Option<f64>,
    #[prost(double, optional, tag = "4")]
    pub price_ask: Option<f64>,
    #[prost(string, optional, tag = "5")]
    pub size_bid: Option<String>,
    #[prost(string, optional, tag = "6")]
    pub size_ask: Option<String>,
}

/// `HistoricalTickLast`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct HistoricalTickLast {
    #[prost(int64, optional, tag = "1")]
    pub time: Option<i64>,
    #[prost(message, optional, tag = "2")]
    pub tick_attrib_last: Option<TickAttribLast>,
    #[prost(double, optional, tag = "3")]
    pub price: Option<f64>,
    #[prost(string, optional, tag = "4")]
    pub size: Option<String>,
    #[prost(string, optional, tag = "5")]
    pub exchange: Option<String>,
    #[prost(string, optional, tag = "6")]
    pub special_conditions: Option<String>,
}

/// `TickByTickData`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct TickByTickData {
    #[prost(int32, optional, tag = "1")]
    pub req_id: Option<i32>,
    #[prost(int32, optional, tag = "2")]
    pub tick_type: Option<i32>,
    #[prost(oneof = "Tick", tags = "3, 4, 5")]
    pub tick: Option<Tick>,
}

/// The one tick that a `TickByTickData` carries.
#[derive(Clone, PartialEq, prost::Oneof)]
pub enum Tick {
    #[prost(message, tag = "3")]
    Last(HistoricalTickLast),
    #[prost(message, tag = "4")]
    BidAsk(HistoricalTickBidAsk),
    #[prost(message, tag = "5")]
    MidPoint(HistoricalTick),
}

/// `HistoricalTicksRequest`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct HistoricalTicksRequest {
    #[prost(int32, optional, tag = "1")]
    pub req_id: Option<i32>,
    #[prost(message, optional, tag = "2")]
    pub contract: Option<Contract>,
    #[prost(string, optional, tag = "3")]
    pub start_date_time: Option<String>,
    #[prost(string, optional, tag = "4")]
    pub end_date_time: Option<String>,
    #[prost(int32, optional, tag = "5")]
    pub number_of_ticks: Option<i32>,
    #[prost(string, optional, tag = "6")]
    pub what_to_show: Option<String>,
    #[prost(bool, optional, tag = "7")]
    pub use_rth: Option<bool>,
    #[prost(bool, optional, tag = "8")]
    pub ignore_size: Option<bool>,
    #[prost(btree_map = "string, string", tag = "9")]
    pub misc_options: std::collections::BTreeMap<String, String>,
}

/// `CancelHistoricalTicks`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct CancelHistoricalTicks {
    #[prost(int32, optional, tag = "1")]
    pub req_id: Option<i32>,
}

/// `HistoricalTicks`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct HistoricalTicks {
    #[prost(int32, optional, tag = "1")]
    pub req_id: Option<i32>,
    #[prost(message, repeated, tag = "2")]
    pub historical_ticks: Vec<HistoricalTick>,
    #[prost(bool, optional, tag = "3")]
    pub is_done: Option<bool>,
}

/// `HistoricalTicksBidAsk`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct HistoricalTicksBidAsk {
    #[prost(int32, optional, tag = "1")]
    pub req_id: Option<i32>,
    #[prost(message, repeated, tag = "2")]
    pub historical_ticks_bid_ask: Vec<HistoricalTickBidAsk>,
    #[prost(bool, optional, tag = "3")]
    pub is_done: Option<bool>,
}

/// `HistoricalTicksLast`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct HistoricalTicksLast {
    #[prost(int32, optional, tag = "1")]
    pub req_id: Option<i32>,
    #[prost(message, repeated, tag = "2")]
    pub historical_ticks_last: Vec<HistoricalTickLast>,
    #[prost(bool, optional, tag = "3")]
    pub is_done: Option<bool>,
}
