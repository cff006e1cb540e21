//! News: providers, headlines, articles, bulletins, and the corporate calendar.
//!
//! Field names and numbers are those of the TWS API at server version 226; every scalar is optional there,
//! and an absent field means "not set".
#![expect(
    missing_docs,
    reason = "the fields are IB's own and documented in its API reference"
)]

/// `NewsProvidersRequest`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct NewsProvidersRequest {}

/// `NewsProvider`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct NewsProvider {
    #[prost(string, optional, tag = "1")]
    pub provider_code: Option<String>,
    #[prost(string, optional, tag = "2")]
    pub provider_name: Option<String>,
}

/// `NewsProviders`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct NewsProviders {
    #[prost(message, repeated, tag = "1")]
    pub news_providers: Vec<NewsProvider>,
}

/// `NewsArticleRequest`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct NewsArticleRequest {
    #[prost(int32, optional, tag = "1")]
    pub req_id: Option<i32>,
    #[prost(string, optional, tag = "2")]
    pub provider_code: Option<String>,
    #[prost(string, optional, tag = "3")]
    pub article_id: Option<String>,
    #[prost(btree_map = "string, string", tag = "4")]
    pub news_article_options: std::collections::BTreeMap<String, String>,
}

/// `NewsArticle`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct NewsArticle {
    #[prost(int32, optional, tag = "1")]
    pub req_id: Option<i32>,
    #[prost(int32, optional, tag = "2")]
    pub article_type: Option<i32>,
    #[prost(string, optional, tag = "3")]
    pub article_text: Option<String>,
}

/// `HistoricalNewsRequest`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct HistoricalNewsRequest {
    #[prost(int32, optional, tag = "1")]
    pub req_id: Option<i32>,
    #[prost(int32, optional, tag = "2")]
    pub con_id: Option<i32>,
    #[prost(string, optional, tag = "3")]
    pub provider_codes: Option<String>,
    #[prost(string, optional, tag = "4")]
    pub start_date_time: Option<String>,
    #[prost(string, optional, tag = "5")]
    pub end_date_time: Option<String>,
    #[prost(int32, optional, tag = "6")]
    pub total_results: Option<i32>,
    #[prost(btree_map = "string, string", tag = "7")]
    pub historical_news_options: std::collections::BTreeMap<String, String>,
}

/// `HistoricalNews`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct HistoricalNews {
    #[prost(int32, optional, tag = "1")]
    pub req_id: Option<i32>,
    #[prost(string, optional, tag = "2")]
    pub time: Option<String>,
    #[prost(string, optional, tag = "3")]
    pub provider_code: Option<String>,
    #[prost(string, optional, tag = "4")]
    pub article_id: Option<String>,
    #[prost(string, optional, tag = "5")]
    pub headline: Option<String>,
}

/// `HistoricalNewsEnd`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct HistoricalNewsEnd {
    #[prost(int32, optional, tag = "1")]
    pub req_id: Option<i32>,
    #[prost(bool, optional, tag = "2")]
    pub has_more: Option<bool>,
}

/// `NewsBulletinsRequest`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct NewsBulletinsRequest {
    #[prost(bool, optional, tag = "1")]
    pub all_messages: Option<bool>,
}

/// `CancelNewsBulletins`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct CancelNewsBulletins {}

/// `NewsBulletin`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct NewsBulletin {
    #[prost(int32, optional, tag = "1")]
    pub news_msg_id: Option<i32>,
    #[prost(int32, optional, tag = "2")]
    pub news_msg_type: Option<i32>,
    #[prost(string, optional, tag = "3")]
    pub news_message: Option<String>,
    #[prost(string, optional, tag = "4")]
    pub originating_exch: Option<String>,
}

/// `TickNews`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct TickNews {
    #[prost(int32, optional, tag = "1")]
    pub req_id: Option<i32>,
    #[prost(int64, optional, tag = "2")]
    pub timestamp: Option<i64>,
    #[prost(string, optional, tag = "3")]
    pub provider_code: Option<String>,
    #[prost(string, optional, tag = "4")]
    pub article_id: Option<String>,
    #[prost(string, optional, tag = "5")]
    pub headline: Option<String>,
    #[prost(string, optional, tag = "6")]
    pub extra_data: Option<String>,
}

/// `WshMetaDataRequest`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct WshMetaDataRequest {
    #[prost(int32, optional, tag = "1")]
    pub req_id: Option<i32>,
}

/// `CancelWshMetaData`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct CancelWshMetaData {
    #[prost(int32, optional, tag = "1")]
    pub req_id: Option<i32>,
}

/// `WshMetaData`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct WshMetaData {
    #[prost(int32, optional, tag = "1")]
    pub req_id: Option<i32>,
    #[prost(string, optional, tag = "2")]
    pub data_json: Option<String>,
}

/// `WshEventDataRequest`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct WshEventDataRequest {
    #[prost(int32, optional, tag = "1")]
    pub req_id: Option<i32>,
    #[prost(int32, optional, tag = "2")]
    pub con_id: Option<i32>,
    #[prost(string, optional, tag = "3")]
    pub filter: Option<String>,
    #[prost(bool, optional, tag = "4")]
    pub fill_watchlist: Option<bool>,
    #[prost(bool, optional, tag = "5")]
    pub fill_portfolio: Option<bool>,
    #[prost(bool, optional, tag = "6")]
    pub fill_competitors: Option<bool>,
    #[prost(string, optional, tag = "7")]
    pub start_date: Option<String>,
    #[prost(string, optional, tag = "8")]
    pub end_date: Option<String>,
    #[prost(int32, optional, tag = "9")]
    pub total_limit: Option<i32>,
}

/// `CancelWshEventData`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct CancelWshEventData {
    #[prost(int32, optional, tag = "1")]
    pub req_id: Option<i32>,
}

/// `WshEventData`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct WshEventData {
    #[prost(int32, optional, tag = "1")]
    pub req_id: Option<i32>,
    #[prost(string, optional, tag = "2")]
    pub data_json: Option<String>,
}
