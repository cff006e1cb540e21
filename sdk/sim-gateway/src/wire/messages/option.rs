//! Options: chains, implied volatilities and model prices.
//!
//! Field names and numbers are those of the TWS API at server version 226; every scalar is optional there,
//! and an absent field means "not set".
#![expect(
    missing_docs,
    reason = "the fields are IB's own and documented in its API reference"
)]

use super::contract::Contract;

/// `SecDefOptParamsRequest`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct SecDefOptParamsRequest {
    #[prost(int32, optional, tag = "1")]
    pub req_id: Option<i32>,
    #[prost(string, optional, tag = "2")]
    pub underlying_symbol: Option<String>,
    #[prost(string, optional, tag = "3")]
    pub fut_fop_exchange: Option<String>,
    #[prost(string, optional, tag = "4")]
    pub underlying_sec_type: Option<String>,
    #[prost(int32, optional, tag = "5")]
    pub underlying_con_id: Option<i32>,
}

/// `SecDefOptParameter`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct SecDefOptParameter {
    #[prost(int32, optional, tag = "1")]
    pub req_id: Option<i32>,
    #[prost(string, optional, tag = "2")]
    pub exchange: Option<String>,
    #[prost(int32, optional, tag = "3")]
    pub underlying_con_id: Option<i32>,
    #[prost(string, optional, tag = "4")]
    pub trading_class: Option<String>,
    #[prost(string, optional, tag = "5")]
    pub multiplier: Option<String>,
    #[prost(string, repeated, tag = "6")]
    pub expirations: Vec<String>,
    #[prost(double, repeated, tag = "7")]
    pub strikes: Vec<f64>,
}

/// `SecDefOptParameterEnd`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct SecDefOptParameterEnd {
    #[prost(int32, optional, tag = "1")]
    pub req_id: Option<i32>,
}

/// `CalculateImpliedVolatilityRequest`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct CalculateImpliedVolatilityRequest {
    #[prost(int32, optional, tag = "1")]
    pub req_id: Option<i32>,
    #[prost(message, optional, tag = "2")]
    pub contract: Option<Contract>,
    #[prost(double, optional, tag = "3")]
    pub option_price: Option<f64>,
    #[prost(double, optional, tag = "4")]
    pub under_price: Option<f64>,
    #[prost(btree_map = "string, string", tag = "5")]
    pub implied_volatility_options: std::collections::BTreeMap<String, String>,
}

/// `CalculateOptionPriceRequest`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct CalculateOptionPriceRequest {
    #[prost(int32, optional, tag = "1")]
    pub req_id: Option<i32>,
    #[prost(message, optional, tag = "2")]
    pub contract: Option<Contract>,
    #[prost(double, optional, tag = "3")]
    pub volatility: Option<f64>,
    #[prost(double, optional, tag = "4")]
    pub under_price: Option<f64>,
    #[prost(btree_map = "string, string", tag = "5")]
    pub option_price_options: std::collections::BTreeMap<String, String>,
}

/// `CancelCalculateImpliedVolatility`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct CancelCalculateImpliedVolatility {
    #[prost(int32, optional, tag = "1")]
    pub req_id: Option<i32>,
}

/// `CancelCalculateOptionPrice`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct CancelCalculateOptionPrice {
    #[prost(int32, optional, tag = "1")]
    pub req_id: Option<i32>,
}

/// `TickOptionComputation`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct TickOptionComputation {
    #[prost(int32, optional, tag = "1")]
    pub req_id: Option<i32>,
    #[prost(int32, optional, tag = "2")]
    pub tick_type: Option<i32>,
    #[prost(int32, optional, tag = "3")]
    pub tick_attrib: Option<i32>,
    #[prost(double, optional, tag = "4")]
    pub implied_vol: Option<f64>,
    #[prost(double, optional, tag = "5")]
    pub delta: Option<f64>,
    #[prost(double, optional, tag = "6")]
    pub opt_price: Option<f64>,
    #[prost(double, optional, tag = "7")]
    pub pv_dividend: Option<f64>,
    #[prost(double, optional, tag = "8")]
    pub gamma: Option<f64>,
    #[prost(double, optional, tag = "9")]
    pub vega: Option<f64>,
    #[prost(double, optional, tag = "10")]
    pub theta: Option<f64>,
    #[prost(double, optional, tag = "11")]
    pub und_price: Option<f64>,
}
