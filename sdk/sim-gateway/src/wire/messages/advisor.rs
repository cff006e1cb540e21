//! Financial advisors: groups, aliases and soft dollar tiers.
//!
//! Field names and numbers are those of the TWS API at server version 226; every scalar is optional there,
//! and an absent field means "not set".
#![expect(
    missing_docs,
    reason = "the fields are IB's own and documented in its API reference"
)]

use super::order::SoftDollarTier;

/// `FARequest`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct FaRequest {
    #[prost(int32, optional, tag = "1")]
    pub fa_data_type: Option<i32>,
}

/// `FAReplace`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct FaReplace {
    #[prost(int32, optional, tag = "1")]
    pub req_id: Option<i32>,
    #[prost(int32, optional, tag = "2")]
    pub fa_data_type: Option<i32>,
    #[prost(string, optional, tag = "3")]
    pub xml: Option<String>,
}

/// `ReceiveFA`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct ReceiveFa {
    #[prost(int32, optional, tag = "1")]
    pub fa_data_type: Option<i32>,
    #[prost(string, optional, tag = "2")]
    pub xml: Option<String>,
}

/// `ReplaceFAEnd`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct ReplaceFaEnd {
    #[prost(int32, optional, tag = "1")]
    pub req_id: Option<i32>,
    #[prost(string, optional, tag = "2")]
    pub text: Option<String>,
}

/// `SoftDollarTiers`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct SoftDollarTiers {
    #[prost(int32, optional, tag = "1")]
    pub req_id: Option<i32>,
    #[prost(message, repeated, tag = "2")]
    pub soft_dollar_tiers: Vec<SoftDollarTier>,
}

/// `SoftDollarTiersRequest`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct SoftDollarTiersRequest {
    #[prost(int32, optional, tag = "1")]
    pub req_id: Option<i32>,
}
