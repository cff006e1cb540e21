//! Accounts, positions and profit.
//!
//! Field names and numbers are those of the TWS API at server version 226; every scalar is optional there,
//! and an absent field means "not set".
#![expect(
    missing_docs,
    reason = "the fields are IB's own and documented in its API reference"
)]

use super::contract::Contract;

/// `Position`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Position {
    #[prost(string, optional, tag = "1")]
    pub account: Option<String>,
    #[prost(message, optional, tag = "2")]
    pub contract: Option<Contract>,
    #[prost(string, optional, tag = "3")]
    pub position: Option<String>,
    #[prost(double, optional, tag = "4")]
    pub avg_cost: Option<f64>,
}

/// `PositionEnd`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct PositionEnd {}

/// `PositionsMultiRequest`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct PositionsMultiRequest {
    #[prost(int32, optional, tag = "1")]
    pub req_id: Option<i32>,
    #[prost(string, optional, tag = "2")]
    pub account: Option<String>,
    #[prost(string, optional, tag = "3")]
    pub model_code: Option<String>,
}

/// `CancelPositionsMulti`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct CancelPositionsMulti {
    #[prost(int32, optional, tag = "1")]
    pub req_id: Option<i32>,
}

/// `PositionMulti`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct PositionMulti {
    #[prost(int32, optional, tag = "1")]
    pub req_id: Option<i32>,
    #[prost(string, optional, tag = "2")]
    pub account: Option<String>,
    #[prost(message, optional, tag = "3")]
    pub contract: Option<Contract>,
    #[prost(string, optional, tag = "4")]
    pub position: Option<String>,
    #[prost(double, optional, tag = "5")]
    pub avg_cost: Option<f64>,
    #[prost(string, optional, tag = "6")]
    pub model_code: Option<String>,
}

/// `PositionMultiEnd`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct PositionMultiEnd {
    #[prost(int32, optional, tag = "1")]
    pub req_id: Option<i32>,
}

/// `AccountSummaryRequest`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct AccountSummaryRequest {
    #[prost(int32, optional, tag = "1")]
    pub req_id: Option<i32>,
    #[prost(string, optional, tag = "2")]
    pub group: Option<String>,
    #[prost(string, optional, tag = "3")]
    pub tags: Option<String>,
}

/// `CancelAccountSummary`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct CancelAccountSummary {
    #[prost(int32, optional, tag = "1")]
    pub req_id: Option<i32>,
}

/// `AccountSummary`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct AccountSummary {
    #[prost(int32, optional, tag = "1")]
    pub req_id: Option<i32>,
    #[prost(string, optional, tag = "2")]
    pub account: Option<String>,
    #[prost(string, optional, tag = "3")]
    pub tag: Option<String>,
    #[prost(string, optional, tag = "4")]
    pub value: Option<String>,
    #[prost(string, optional, tag = "5")]
    pub currency: Option<String>,
}

/// `AccountSummaryEnd`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct AccountSummaryEnd {
    #[prost(int32, optional, tag = "1")]
    pub req_id: Option<i32>,
}

/// `AccountDataRequest`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct AccountDataRequest {
    #[prost(bool, optional, tag = "1")]
    pub subscribe: Option<bool>,
    #[prost(string, optional, tag = "2")]
    pub acct_code: Option<String>,
}

/// `AccountValue`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct AccountValue {
    #[prost(string, optional, tag = "1")]
    pub key: Option<String>,
    #[prost(string, optional, tag = "2")]
    pub value: Option<String>,
    #[prost(string, optional, tag = "3")]
    pub currency: Option<String>,
    #[prost(string, optional, tag = "4")]
    pub account_name: Option<String>,
}

/// `PortfolioValue`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct PortfolioValue {
    #[prost(message, optional, tag = "1")]
    pub contract: Option<Contract>,
    #[prost(string, optional, tag = "2")]
    pub position: Option<String>,
    #[prost(double, optional, tag = "3")]
    pub market_price: Option<f64>,
    #[prost(double, optional, tag = "4")]
    pub market_value: Option<f64>,
    #[prost(double, optional, tag = "5")]
    pub average_cost: Option<f64>,
    #[prost(double, optional, tag = "6")]
    pub unrealized_pnl: Option<f64>,
    #[prost(double, optional, tag = "7")]
    pub realized_pnl: Option<f64>,
    #[prost(string, optional, tag = "8")]
    pub account_name: Option<String>,
}

/// `AccountUpdateTime`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct AccountUpdateTime {
    #[prost(string, optional, tag = "1")]
    pub time_stamp: Option<String>,
}

/// `AccountDataEnd`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct AccountDataEnd {
    #[prost(string, optional, tag = "1")]
    pub account_name: Option<String>,
}

/// `AccountUpdatesMultiRequest`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct AccountUpdatesMultiRequest {
    #[prost(int32, optional, tag = "1")]
    pub req_id: Option<i32>,
    #[prost(string, optional, tag = "2")]
    pub account: Option<String>,
    #[prost(string, optional, tag = "3")]
    pub model_code: Option<String>,
    #[prost(bool, optional, tag = "4")]
    pub ledger_and_nlv: Option<bool>,
}

/// `CancelAccountUpdatesMulti`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct CancelAccountUpdatesMulti {
    #[prost(int32, optional, tag = "1")]
    pub req_id: Option<i32>,
}

/// `AccountUpdateMulti`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct AccountUpdateMulti {
    #[prost(int32, optional, tag = "1")]
    pub req_id: Option<i32>,
    #[prost(string, optional, tag = "2")]
    pub account: Option<String>,
    #[prost(string, optional, tag = "3")]
    pub model_code: Option<String>,
    #[prost(string, optional, tag = "4")]
    pub key: Option<String>,
    #[prost(string, optional, tag = "5")]
    pub value: Option<String>,
    #[prost(string, optional, tag = "6")]
    pub currency: Option<String>,
}

/// `AccountUpdateMultiEnd`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct AccountUpdateMultiEnd {
    #[prost(int32, optional, tag = "1")]
    pub req_id: Option<i32>,
}

/// `PnLRequest`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct PnlRequest {
    #[prost(int32, optional, tag = "1")]
    pub req_id: Option<i32>,
    #[prost(string, optional, tag = "2")]
    pub account: Option<String>,
    #[prost(string, optional, tag = "3")]
    pub model_code: Option<String>,
}

/// `CancelPnL`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct CancelPnl {
    #[prost(int32, optional, tag = "1")]
    pub req_id: Option<i32>,
}

/// `PnL`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Pnl {
    #[prost(int32, optional, tag = "1")]
    pub req_id: Option<i32>,
    #[prost(double, optional, tag = "2")]
    pub daily_pnl: Option<f64>,
    #[prost(double, optional, tag = "3")]
    pub unrealized_pnl: Option<f64>,
    #[prost(double, optional, tag = "4")]
    pub realized_pnl: Option<f64>,
}

/// `PnLSingleRequest`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct PnlSingleRequest {
    #[prost(int32, optional, tag = "1")]
    pub req_id: Option<i32>,
    #[prost(string, optional, tag = "2")]
    pub account: Option<String>,
    #[prost(string, optional, tag = "3")]
    pub model_code: Option<String>,
    #[prost(int32, optional, tag = "4")]
    pub con_id: Option<i32>,
}

/// `CancelPnLSingle`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct CancelPnlSingle {
    #[prost(int32, optional, tag = "1")]
    pub req_id: Option<i32>,
}

/// `PnLSingle`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct PnlSingle {
    #[prost(int32, optional, tag = "1")]
    pub req_id: Option<i32>,
    #[prost(string, optional, tag = "2")]
    pub position: Option<String>,
    #[prost(double, optional, tag = "3")]
    pub daily_pnl: Option<f64>,
    #[prost(double, optional, tag = "4")]
    pub unrealized_pnl: Option<f64>,
    #[prost(double, optional, tag = "5")]
    pub realized_pnl: Option<f64>,
    #[prost(double, optional, tag = "6")]
    pub value: Option<f64>,
}

/// `PositionsRequest`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct PositionsRequest {}

/// `CancelPositions`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct CancelPositions {}

/// `ManagedAccountsRequest`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct ManagedAccountsRequest {}

/// `FamilyCodesRequest`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct FamilyCodesRequest {}
