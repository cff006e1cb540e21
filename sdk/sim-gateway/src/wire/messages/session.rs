//! Session, time and error messages.
//!
//! Field names and numbers are those of the TWS API at server version 226; every scalar is optional there,
//! and an absent field means "not set".
#![expect(
    missing_docs,
    reason = "the fields are IB's own and documented in its API reference"
)]

/// `StartApiRequest`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct StartApiRequest {
    #[prost(int32, optional, tag = "1")]
    pub client_id: Option<i32>,
    #[prost(string, optional, tag = "2")]
    pub optional_capabilities: Option<String>,
}

/// `IdsRequest`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct IdsRequest {
    #[prost(int32, optional, tag = "1")]
    pub num_ids: Option<i32>,
}

/// `ManagedAccounts`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct ManagedAccounts {
    #[prost(string, optional, tag = "1")]
    pub accounts_list: Option<String>,
}

/// `NextValidId`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct NextValidId {
    #[prost(int32, optional, tag = "1")]
    pub order_id: Option<i32>,
}

/// `CurrentTime`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct CurrentTime {
    #[prost(int64, optional, tag = "1")]
    pub current_time: Option<i64>,
}

/// `CurrentTimeInMillis`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct CurrentTimeInMillis {
    #[prost(int64, optional, tag = "1")]
    pub current_time_in_millis: Option<i64>,
}

/// `ErrorMessage`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct ErrorMessage {
    #[prost(int32, optional, tag = "1")]
    pub id: Option<i32>,
    #[prost(int64, optional, tag = "2")]
    pub error_time: Option<i64>,
    #[prost(int32, optional, tag = "3")]
    pub error_code: Option<i32>,
    #[prost(string, optional, tag = "4")]
    pub error_msg: Option<String>,
    #[prost(string, optional, tag = "5")]
    pub advanced_order_reject_json: Option<String>,
}

/// `UserInfoRequest`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct UserInfoRequest {
    #[prost(int32, optional, tag = "1")]
    pub req_id: Option<i32>,
}

/// `UserInfo`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct UserInfo {
    #[prost(int32, optional, tag = "1")]
    pub req_id: Option<i32>,
    #[prost(string, optional, tag = "2")]
    pub white_branding_id: Option<String>,
}

/// `FamilyCode`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct FamilyCode {
    #[prost(string, optional, tag = "1")]
    pub account_id: Option<String>,
    #[prost(string, optional, tag = "2")]
    pub family_code: Option<String>,
}

/// `FamilyCodes`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct FamilyCodes {
    #[prost(message, repeated, tag = "1")]
    pub family_codes: Vec<FamilyCode>,
}

/// `CurrentTimeInMillisRequest`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct CurrentTimeInMillisRequest {}

/// `CurrentTimeRequest`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct CurrentTimeRequest {}

/// `SetServerLogLevelRequest`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct SetServerLogLevelRequest {
    #[prost(int32, optional, tag = "1")]
    pub log_level: Option<i32>,
}

/// `VerifyCompleted`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct VerifyCompleted {
    #[prost(bool, optional, tag = "1")]
    pub is_successful: Option<bool>,
    #[prost(string, optional, tag = "2")]
    pub error_text: Option<String>,
}

/// `VerifyMessageApi`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct VerifyMessageApi {
    #[prost(string, optional, tag = "1")]
    pub api_data: Option<String>,
}

/// `VerifyMessageRequest`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct VerifyMessageRequest {
    #[prost(string, optional, tag = "1")]
    pub api_data: Option<String>,
}

/// `VerifyRequest`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct VerifyRequest {
    #[prost(string, optional, tag = "1")]
    pub api_name: Option<String>,
    #[prost(string, optional, tag = "2")]
    pub api_version: Option<String>,
}
