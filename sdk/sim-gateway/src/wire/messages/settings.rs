//! The gateway's own settings, and display groups.
//!
//! Field names and numbers are those of the TWS API at server version 226; every scalar is optional there,
//! and an absent field means "not set".
#![expect(
    missing_docs,
    reason = "the fields are IB's own and documented in its API reference"
)]

/// `ConfigRequest`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct ConfigRequest {
    #[prost(int32, optional, tag = "1")]
    pub req_id: Option<i32>,
}

/// `ConfigResponse`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct ConfigResponse {
    #[prost(int32, optional, tag = "1")]
    pub req_id: Option<i32>,
    #[prost(message, optional, tag = "2")]
    pub lock_and_exit: Option<LockAndExitConfig>,
    #[prost(message, repeated, tag = "3")]
    pub messages: Vec<MessageConfig>,
    #[prost(message, optional, tag = "4")]
    pub api: Option<ApiConfig>,
    #[prost(message, optional, tag = "5")]
    pub orders: Option<OrdersConfig>,
}

/// `LockAndExitConfig`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct LockAndExitConfig {
    #[prost(string, optional, tag = "1")]
    pub auto_logoff_time: Option<String>,
    #[prost(string, optional, tag = "2")]
    pub auto_logoff_period: Option<String>,
    #[prost(string, optional, tag = "3")]
    pub auto_logoff_type: Option<String>,
}

/// `MessageConfig`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct MessageConfig {
    #[prost(int32, optional, tag = "1")]
    pub id: Option<i32>,
    #[prost(string, optional, tag = "2")]
    pub title: Option<String>,
    #[prost(string, optional, tag = "3")]
    pub message: Option<String>,
    #[prost(string, optional, tag = "4")]
    pub default_action: Option<String>,
    #[prost(bool, optional, tag = "5")]
    pub enabled: Option<bool>,
}

/// `ApiConfig`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct ApiConfig {
    #[prost(message, optional, tag = "1")]
    pub precautions: Option<ApiPrecautionsConfig>,
    #[prost(message, optional, tag = "2")]
    pub settings: Option<ApiSettingsConfig>,
}

/// `ApiPrecautionsConfig`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct ApiPrecautionsConfig {
    #[prost(bool, optional, tag = "1")]
    pub bypass_order_precautions: Option<bool>,
    #[prost(bool, optional, tag = "2")]
    pub bypass_bond_warning: Option<bool>,
    #[prost(bool, optional, tag = "3")]
    pub bypass_negative_yield_confirmation: Option<bool>,
    #[prost(bool, optional, tag = "4")]
    pub bypass_called_bond_warning: Option<bool>,
    #[prost(bool, optional, tag = "5")]
    pub bypass_same_action_pair_trade_warning: Option<bool>,
    #[prost(bool, optional, tag = "6")]
    pub bypass_flagged_accounts_warning: Option<bool>,
    #[prost(bool, optional, tag = "7")]
    pub bypass_price_based_volatility_warning: Option<bool>,
    #[prost(bool, optional, tag = "8")]
    pub bypass_redirect_order_warning: Option<bool>,
    #[prost(bool, optional, tag = "9")]
    pub bypass_no_overfill_protection: Option<bool>,
    #[prost(bool, optional, tag = "10")]
    pub bypass_route_marketable_to_bbo: Option<bool>,
}

/// `ApiSettingsConfig`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct ApiSettingsConfig {
    #[prost(bool, optional, tag = "1")]
    pub read_only_api: Option<bool>,
    #[prost(bool, optional, tag = "2")]
    pub total_quantity_for_mutual_funds: Option<bool>,
    #[prost(bool, optional, tag = "3")]
    pub download_open_orders_on_connection: Option<bool>,
    #[prost(bool, optional, tag = "4")]
    pub include_virtual_fx_positions: Option<bool>,
    #[prost(bool, optional, tag = "5")]
    pub prepare_daily_pnl: Option<bool>,
    #[prost(bool, optional, tag = "6")]
    pub send_status_updates_for_volatility_orders: Option<bool>,
    #[prost(string, optional, tag = "7")]
    pub encode_api_messages: Option<String>,
    #[prost(int32, optional, tag = "8")]
    pub socket_port: Option<i32>,
    #[prost(bool, optional, tag = "9")]
    pub use_negative_auto_range: Option<bool>,
    #[prost(bool, optional, tag = "10")]
    pub create_api_message_log_file: Option<bool>,
    #[prost(bool, optional, tag = "11")]
    pub include_market_data_in_log_file: Option<bool>,
    #[prost(bool, optional, tag = "12")]
    pub expose_trading_schedule_to_api: Option<bool>,
    #[prost(bool, optional, tag = "13")]
    pub split_insured_deposit_from_cash_balance: Option<bool>,
    #[prost(bool, optional, tag = "14")]
    pub send_zero_positions_for_today_only: Option<bool>,
    #[prost(bool, optional, tag = "15")]
    pub let_api_account_requests_switch_subscription: Option<bool>,
    #[prost(bool, optional, tag = "16")]
    pub use_account_groups_with_allocation_methods: Option<bool>,
    #[prost(string, optional, tag = "17")]
    pub logging_level: Option<String>,
    #[prost(int32, optional, tag = "18")]
    pub master_client_id: Option<i32>,
    #[prost(int32, optional, tag = "19")]
    pub bulk_data_timeout: Option<i32>,
    #[prost(string, optional, tag = "20")]
    pub component_exch_separator: Option<String>,
    #[prost(bool, optional, tag = "21")]
    pub show_forex_data_in1_10_pips: Option<bool>,
    #[prost(bool, optional, tag = "22")]
    pub allow_forex_trading_in1_10_pips: Option<bool>,
    #[prost(bool, optional, tag = "23")]
    pub round_account_values_to_nearest_whole_number: Option<bool>,
    #[prost(bool, optional, tag = "24")]
    pub send_market_data_in_lots_for_us_stocks: Option<bool>,
    #[prost(bool, optional, tag = "25")]
    pub show_advanced_order_reject_in_ui: Option<bool>,
    #[prost(bool, optional, tag = "26")]
    pub reject_messages_above_max_rate: Option<bool>,
    #[prost(bool, optional, tag = "27")]
    pub maintain_connection_on_incorrect_fields: Option<bool>,
    #[prost(bool, optional, tag = "28")]
    pub compatibility_mode_nasdaq_stocks: Option<bool>,
    #[prost(string, optional, tag = "29")]
    pub send_instrument_timezone: Option<String>,
    #[prost(bool, optional, tag = "30")]
    pub send_forex_data_in_compatibility_mode: Option<bool>,
    #[prost(bool, optional, tag = "31")]
    pub maintain_and_resubmit_orders_on_reconnect: Option<bool>,
    #[prost(int32, optional, tag = "32")]
    pub historical_data_max_size: Option<i32>,
    #[prost(bool, optional, tag = "33")]
    pub auto_report_netting_event_contract_trades: Option<bool>,
    #[prost(string, optional, tag = "34")]
    pub option_exercise_request_type: Option<String>,
    #[prost(bool, optional, tag = "35")]
    pub allow_localhost_only: Option<bool>,
    #[prost(string, repeated, tag = "36")]
    pub trusted_ips: Vec<String>,
}

/// `OrdersConfig`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct OrdersConfig {
    #[prost(message, optional, tag = "1")]
    pub smart_routing: Option<OrdersSmartRoutingConfig>,
}

/// `OrdersSmartRoutingConfig`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct OrdersSmartRoutingConfig {
    #[prost(bool, optional, tag = "1")]
    pub seek_price_improvement: Option<bool>,
    #[prost(bool, optional, tag = "2")]
    pub pre_open_reroute: Option<bool>,
    #[prost(bool, optional, tag = "3")]
    pub do_not_route_to_dark_pools: Option<bool>,
    #[prost(string, optional, tag = "4")]
    pub default_algorithm: Option<String>,
}

/// `UpdateConfigRequest`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct UpdateConfigRequest {
    #[prost(int32, optional, tag = "1")]
    pub req_id: Option<i32>,
    #[prost(message, optional, tag = "2")]
    pub lock_and_exit: Option<LockAndExitConfig>,
    #[prost(message, repeated, tag = "3")]
    pub messages: Vec<MessageConfig>,
    #[prost(message, optional, tag = "4")]
    pub api: Option<ApiConfig>,
    #[prost(message, optional, tag = "5")]
    pub orders: Option<OrdersConfig>,
    #[prost(message, repeated, tag = "6")]
    pub accepted_warnings: Vec<UpdateConfigWarning>,
    #[prost(bool, optional, tag = "7")]
    pub reset_api_order_sequence: Option<bool>,
}

/// `UpdateConfigResponse`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct UpdateConfigResponse {
    #[prost(int32, optional, tag = "1")]
    pub req_id: Option<i32>,
    #[prost(string, optional, tag = "2")]
    pub status: Option<String>,
    #[prost(string, optional, tag = "3")]
    pub message: Option<String>,
    #[prost(string, repeated, tag = "4")]
    pub changed_fields: Vec<String>,
    #[prost(string, repeated, tag = "5")]
    pub errors: Vec<String>,
    #[prost(message, repeated, tag = "6")]
    pub warnings: Vec<UpdateConfigWarning>,
}

/// `UpdateConfigWarning`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct UpdateConfigWarning {
    #[prost(int32, optional, tag = "1")]
    pub message_id: Option<i32>,
    #[prost(string, optional, tag = "2")]
    pub title: Option<String>,
    #[prost(string, optional, tag = "3")]
    pub message: Option<String>,
}

/// `QueryDisplayGroupsRequest`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct QueryDisplayGroupsRequest {
    #[prost(int32, optional, tag = "1")]
    pub req_id: Option<i32>,
}

/// `SubscribeToGroupEventsRequest`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct SubscribeToGroupEventsRequest {
    #[prost(int32, optional, tag = "1")]
    pub req_id: Option<i32>,
    #[prost(int32, optional, tag = "2")]
    pub group_id: Option<i32>,
}

/// `UpdateDisplayGroupRequest`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct UpdateDisplayGroupRequest {
    #[prost(int32, optional, tag = "1")]
    pub req_id: Option<i32>,
    #[prost(string, optional, tag = "2")]
    pub contract_info: Option<String>,
}

/// `UnsubscribeFromGroupEventsRequest`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct UnsubscribeFromGroupEventsRequest {
    #[prost(int32, optional, tag = "1")]
    pub req_id: Option<i32>,
}

/// `DisplayGroupList`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct DisplayGroupList {
    #[prost(int32, optional, tag = "1")]
    pub req_id: Option<i32>,
    #[prost(string, optional, tag = "2")]
    pub groups: Option<String>,
}

/// `DisplayGroupUpdated`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct DisplayGroupUpdated {
    #[prost(int32, optional, tag = "1")]
    pub req_id: Option<i32>,
    #[prost(string, optional, tag = "2")]
    pub contract_info: Option<String>,
}
