//! Streaming market data.
//!
//! Field names and numbers are those of the TWS API at server version 226; every scalar is optional there,
//! and an absent field means "not set".
#![expect(
    missing_docs,
    reason = "the fields are IB's own and documented in its API reference"
)]

use super::contract::Contract;

/// `MarketDataRequest`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct MarketDataRequest {
    #[prost(int32, optional, tag = "1")]
    pub req_id: Option<i32>,
    #[prost(message, optional, tag = "2")]
    pub contract: Option<Contract>,
    #[prost(string, optional, tag = "3")]
    pub generic_tick_list: Option<String>,
    #[prost(bool, optional, tag = "4")]
    pub snapshot: Option<bool>,
    #[prost(bool, optional, tag = "5")]
    pub regulatory_snapshot: Option<bool>,
    #[prost(btree_map = "string, string", tag = "6")]
    pub market_data_options: std::collections::BTreeMap<String, String>,
}

/// `CancelMarketData`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct CancelMarketData {
    #[prost(int32, optional, tag = "1")]
    pub req_id: Option<i32>,
}

/// `MarketDataTypeRequest`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct MarketDataTypeRequest {
    #[prost(int32, optional, tag = "1")]
    pub market_data_type: Option<i32>,
}

/// `MarketDataType`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct MarketDataType {
    #[prost(int32, optional, tag = "1")]
    pub req_id: Option<i32>,
    #[prost(int32, optional, tag = "2")]
    pub market_data_type: Option<i32>,
}

/// `TickReqParams`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct TickReqParams {
    #[prost(int32, optional, tag = "1")]
    pub req_id: Option<i32>,
    #[prost(string, optional, tag = "2")]
    pub min_tick: Option<String>,
    #[prost(string, optional, tag = "3")]
    pub bbo_exchange: Option<String>,
    #[prost(int32, optional, tag = "4")]
    pub snapshot_permissions: Option<i32>,
    #[prost(string, optional, tag = "5")]
    pub last_price_precision: Option<String>,
    #[prost(string, optional, tag = "6")]
    pub last_size_precision: Option<String>,
}

/// `TickPrice`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct TickPrice {
    #[prost(int32, optional, tag = "1")]
    pub req_id: Option<i32>,
    #[prost(int32, optional, tag = "2")]
    pub tick_type: Option<i32>,
    #[prost(double, optional, tag = "3")]
    pub price: Option<f64>,
    #[prost(string, optional, tag = "4")]
    pub size: Option<String>,
    #[prost(int32, optional, tag = "5")]
    pub attr_mask: Option<i32>,
}

/// `TickSize`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct TickSize {
    #[prost(int32, optional, tag = "1")]
    pub req_id: Option<i32>,
    #[prost(int32, optional, tag = "2")]
    pub tick_type: Option<i32>,
    #[prost(string, optional, tag = "3")]
    pub size: Option<String>,
}

/// `TickString`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct TickString {
    #[prost(int32, optional, tag = "1")]
    pub req_id: Option<i32>,
    #[prost(int32, optional, tag = "2")]
    pub tick_type: Option<i32>,
    #[prost(string, optional, tag = "3")]
    pub value: Option<String>,
}

/// `TickSnapshotEnd`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct TickSnapshotEnd {
    #[prost(int32, optional, tag = "1")]
    pub req_id: Option<i32>,
}

/// `TickGeneric`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct TickGeneric {
    #[prost(int32, optional, tag = "1")]
    pub req_id: Option<i32>,
    #[prost(int32, optional, tag = "2")]
    pub tick_type: Option<i32>,
    #[prost(double, optional, tag = "3")]
    pub value: Option<f64>,
}

/// `RerouteMarketDataRequest`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct RerouteMarketDataRequest {
    #[prost(int32, optional, tag = "1")]
    pub req_id: Option<i32>,
    #[prost(int32, optional, tag = "2")]
    pub con_id: Option<i32>,
    #[prost(string, optional, tag = "3")]
    pub exchange: Option<String>,
}

/// `RerouteMarketDepthRequest`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct RerouteMarketDepthRequest {
    #[prost(int32, optional, tag = "1")]
    pub req_id: Option<i32>,
    #[prost(int32, optional, tag = "2")]
    pub con_id: Option<i32>,
    #[prost(string, optional, tag = "3")]
    pub exchange: Option<String>,
}
