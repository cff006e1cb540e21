//! Market depth, and the venues that have it.
//!
//! Field names and numbers are those of the TWS API at server version 226; every scalar is optional there,
//! and an absent field means "not set".
#![expect(
    missing_docs,
    reason = "the fields are IB's own and documented in its API reference"
)]

use super::contract::Contract;

/// `MarketDepthRequest`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct MarketDepthRequest {
    #[prost(int32, optional, tag = "1")]
    pub req_id: Option<i32>,
    #[prost(message, optional, tag = "2")]
    pub contract: Option<Contract>,
    #[prost(int32, optional, tag = "3")]
    pub num_rows: Option<i32>,
    #[prost(bool, optional, tag = "4")]
    pub is_smart_depth: Option<bool>,
    #[prost(btree_map = "string, string", tag = "5")]
    pub market_depth_options: std::collections::BTreeMap<String, String>,
}

/// `CancelMarketDepth`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct CancelMarketDepth {
    #[prost(int32, optional, tag = "1")]
    pub req_id: Option<i32>,
    #[prost(bool, optional, tag = "2")]
    pub is_smart_depth: Option<bool>,
}

/// `MarketDepthData`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct MarketDepthData {
    #[prost(int32, optional, tag = "1")]
    pub position: Option<i32>,
    #[prost(int32, optional, tag = "2")]
    pub operation: Option<i32>,
    #[prost(int32, optional, tag = "3")]
    pub side: Option<i32>,
    #[prost(double, optional, tag = "4")]
    pub price: Option<f64>,
    #[prost(string, optional, tag = "5")]
    pub size: Option<String>,
    #[prost(string, optional, tag = "6")]
    pub market_maker: Option<String>,
    #[prost(bool, optional, tag = "7")]
    pub is_smart_depth: Option<bool>,
}

/// `MarketDepth`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct MarketDepth {
    #[prost(int32, optional, tag = "1")]
    pub req_id: Option<i32>,
    #[prost(message, optional, tag = "2")]
    pub market_depth_data: Option<MarketDepthData>,
}

/// `MarketDepthL2`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct MarketDepthL2 {
    #[prost(int32, optional, tag = "1")]
    pub req_id: Option<i32>,
    #[prost(message, optional, tag = "2")]
    pub market_depth_data: Option<MarketDepthData>,
}

/// `MarketDepthExchangesRequest`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct MarketDepthExchangesRequest {}

/// `DepthMarketDataDescription`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct DepthMarketDataDescription {
    #[prost(string, optional, tag = "1")]
    pub exchange: Option<String>,
    #[prost(string, optional, tag = "2")]
    pub sec_type: Option<String>,
    #[prost(string, optional, tag = "3")]
    pub listing_exch: Option<String>,
    #[prost(string, optional, tag = "4")]
    pub service_data_type: Option<String>,
    #[prost(int32, optional, tag = "5")]
    pub agg_group: Option<i32>,
}

/// `MarketDepthExchanges`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct MarketDepthExchanges {
    #[prost(message, repeated, tag = "1")]
    pub depth_market_data_descriptions: Vec<DepthMarketDataDescription>,
}

/// `SmartComponentsRequest`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct SmartComponentsRequest {
    #[prost(int32, optional, tag = "1")]
    pub req_id: Option<i32>,
    #[prost(string, optional, tag = "2")]
    pub bbo_exchange: Option<String>,
}

/// `SmartComponent`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct SmartComponent {
    #[prost(int32, optional, tag = "1")]
    pub bit_number: Option<i32>,
    #[prost(string, optional, tag = "2")]
    pub exchange: Option<String>,
    #[prost(string, optional, tag = "3")]
    pub exchange_letter: Option<String>,
}

/// `SmartComponents`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct SmartComponents {
    #[prost(int32, optional, tag = "1")]
    pub req_id: Option<i32>,
    #[prost(message, repeated, tag = "2")]
    pub smart_components: Vec<SmartComponent>,
}
