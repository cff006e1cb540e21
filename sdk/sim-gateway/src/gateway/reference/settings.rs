//! The gateway's own settings, as its configuration window has them: told, and changed field by field.

use crate::gateway::{Class, ConnectionId, Gateway, Problem};
use crate::wire::messages::settings::{
    ApiConfig, ApiPrecautionsConfig, ApiSettingsConfig, ConfigRequest, ConfigResponse, LockAndExitConfig,
    MessageConfig, OrdersConfig, OrdersSmartRoutingConfig, UpdateConfigRequest, UpdateConfigResponse,
};

/// Every setting. Those that mean something here: `expose_trading_schedule_to_api` lengthens the hours told
/// with contract details, and orders read `read_only_api` and `master_client_id`.
#[derive(Debug)]
pub(in crate::gateway) struct Settings {
    lock_and_exit: LockAndExitConfig,
    messages: Vec<MessageConfig>,
    precautions: ApiPrecautionsConfig,
    api: ApiSettingsConfig,
    routing: OrdersSmartRoutingConfig,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            lock_and_exit: LockAndExitConfig {
                auto_logoff_time: Some("11:45".to_owned()),
                auto_logoff_period: Some("PM".to_owned()),
                auto_logoff_type: Some("restart".to_owned()),
            },
            messages: Vec::new(),
            precautions: precautions(),
            api: api_settings(),
            routing: OrdersSmartRoutingConfig {
                seek_price_improvement: Some(false),
                pre_open_reroute: Some(false),
                do_not_route_to_dark_pools: Some(false),
                default_algorithm: Some(String::new()),
            },
        }
    }
}

fn precautions() -> ApiPrecautionsConfig {
    let no = Some(false);
    ApiPrecautionsConfig {
        bypass_order_precautions: no,
        bypass_bond_warning: no,
        bypass_negative_yield_confirmation: no,
        bypass_called_bond_warning: no,
        bypass_same_action_pair_trade_warning: no,
        bypass_flagged_accounts_warning: no,
        bypass_price_based_volatility_warning: no,
        bypass_redirect_order_warning: no,
        bypass_no_overfill_protection: no,
        bypass_route_marketable_to_bbo: no,
    }
}

fn api_settings() -> ApiSettingsConfig {
    let (yes, no) = (Some(true), Some(false));
    ApiSettingsConfig {
        read_only_api: no,
        total_quantity_for_mutual_funds: no,
        download_open_orders_on_connection: yes,
        include_virtual_fx_positions: no,
        prepare_daily_pnl: yes,
        send_status_updates_for_volatility_orders: no,
        encode_api_messages: Some("UTF-8".to_owned()),
        socket_port: Some(4002),
        use_negative_auto_range: yes,
        create_api_message_log_file: no,
        include_market_data_in_log_file: no,
        expose_trading_schedule_to_api: no,
        split_insured_deposit_from_cash_balance: no,
        send_zero_positions_for_today_only: no,
        let_api_account_requests_switch_subscription: yes,
        use_account_groups_with_allocation_methods: yes,
        logging_level: Some("Error".to_owned()),
        master_client_id: None,
        bulk_data_timeout: Some(30),
        component_exch_separator: Some(String::new()),
        show_forex_data_in1_10_pips: no,
        allow_forex_trading_in1_10_pips: no,
        round_account_values_to_nearest_whole_number: no,
        send_market_data_in_lots_for_us_stocks: no,
        show_advanced_order_reject_in_ui: no,
        reject_messages_above_max_rate: no,
        maintain_connection_on_incorrect_fields: no,
        compatibility_mode_nasdaq_stocks: no,
        send_instrument_timezone: Some("instrument".to_owned()),
        send_forex_data_in_compatibility_mode: no,
        maintain_and_resubmit_orders_on_reconnect: no,
        historical_data_max_size: Some(0),
        auto_report_netting_event_contract_trades: no,
        option_exercise_request_type: Some(String::new()),
        allow_localhost_only: yes,
        trusted_ips: vec!["127.0.0.1".to_owned()],
    }
}

/// Copies the fields that are given and differ, and notes their names.
macro_rules! change {
    ($changed:ident, $path:literal, $from:expr => $to:expr; $($field:ident),+ $(,)?) => {{
        let (from, to) = ($from, $to);
        $(
            if from.$field.is_some() && from.$field != to.$field {
                to.$field.clone_from(&from.$field);
                $changed.push(concat!($path, ".", stringify!($field)).to_owned());
            }
        )+
    }};
}

impl Settings {
    fn change(&mut self, asked: &UpdateConfigRequest) -> Vec<String> {
        let mut changed = Vec::new();
        if let Some(from) = &asked.lock_and_exit {
            change!(changed, "lock_and_exit", from => &mut self.lock_and_exit;
                auto_logoff_time, auto_logoff_period, auto_logoff_type);
        }
        for message in &asked.messages {
            let known = self.messages.iter_mut().find(|each| each.id == message.id);
            match known {
                Some(known) if known == message => continue,
                Some(known) => known.clone_from(message),
                None => self.messages.push(message.clone()),
            }
            changed.push(format!("messages.{}", message.id.unwrap_or(0)));
        }
        if let Some(from) = asked
            .orders
            .as_ref()
            .and_then(|orders| orders.smart_routing.as_ref())
        {
            change!(changed, "orders.smart_routing", from => &mut self.routing;
                seek_price_improvement, pre_open_reroute, do_not_route_to_dark_pools, default_algorithm);
        }
        let api = asked.api.as_ref();
        if let Some(from) = api.and_then(|api| api.precautions.as_ref()) {
            change!(changed, "api.precautions", from => &mut self.precautions;
                bypass_order_precautions, bypass_bond_warning, bypass_negative_yield_confirmation,
                bypass_called_bond_warning, bypass_same_action_pair_trade_warning,
                bypass_flagged_accounts_warning, bypass_price_based_volatility_warning,
                bypass_redirect_order_warning, bypass_no_overfill_protection, bypass_route_marketable_to_bbo);
        }
        if let Some(from) = api.and_then(|api| api.settings.as_ref()) {
            self.change_api(from, &mut changed);
        }
        changed
    }

    fn change_api(&mut self, from: &ApiSettingsConfig, changed: &mut Vec<String>) {
        change!(changed, "api.settings", from => &mut self.api;
            read_only_api, total_quantity_for_mutual_funds, download_open_orders_on_connection,
            include_virtual_fx_positions, prepare_daily_pnl, send_status_updates_for_volatility_orders,
            encode_api_messages, use_negative_auto_range, create_api_message_log_file,
            include_market_data_in_log_file, expose_trading_schedule_to_api,
            split_insured_deposit_from_cash_balance, send_zero_positions_for_today_only,
            let_api_account_requests_switch_subscription, use_account_groups_with_allocation_methods,
            logging_level, master_client_id, bulk_data_timeout, component_exch_separator,
            show_forex_data_in1_10_pips, allow_forex_trading_in1_10_pips,
            round_account_values_to_nearest_whole_number, send_market_data_in_lots_for_us_stocks,
            show_advanced_order_reject_in_ui, reject_messages_above_max_rate,
            maintain_connection_on_incorrect_fields, compatibility_mode_nasdaq_stocks,
            send_instrument_timezone, send_forex_data_in_compatibility_mode,
            maintain_and_resubmit_orders_on_reconnect, historical_data_max_size,
            auto_report_netting_event_contract_trades, option_exercise_request_type, allow_localhost_only);
        if !from.trusted_ips.is_empty() && from.trusted_ips != self.api.trusted_ips {
            self.api.trusted_ips.clone_from(&from.trusted_ips);
            changed.push("api.settings.trusted_ips".to_owned());
        }
    }
}

impl Gateway {
    /// Whether clients may only look.
    #[must_use]
    pub fn is_read_only(&self) -> bool {
        self.reference.settings.api.read_only_api.unwrap_or(false)
    }

    /// The client that is told of all orders, if one is named.
    #[must_use]
    pub fn master_client(&self) -> Option<i32> {
        self.reference.settings.api.master_client_id
    }

    /// Whether contract details tell a month of hours instead of a week.
    pub(super) fn exposes_whole_schedule(&self) -> bool {
        self.reference
            .settings
            .api
            .expose_trading_schedule_to_api
            .unwrap_or(false)
    }

    pub(super) fn config(&mut self, to: ConnectionId, asked: &ConfigRequest) {
        let settings = &self.reference.settings;
        let message = ConfigResponse {
            req_id: asked.req_id,
            lock_and_exit: Some(settings.lock_and_exit.clone()),
            messages: settings.messages.clone(),
            api: Some(ApiConfig {
                precautions: Some(settings.precautions.clone()),
                settings: Some(settings.api.clone()),
            }),
            orders: Some(OrdersConfig {
                smart_routing: Some(settings.routing.clone()),
            }),
        };
        self.send(to, Class::Other, &message);
    }

    pub(super) fn update_config(
        &mut self,
        to: ConnectionId,
        asked: &UpdateConfigRequest,
    ) -> Result<(), Problem> {
        let settings = asked.api.as_ref().and_then(|api| api.settings.as_ref());
        let mut errors = Vec::new();
        if settings.is_some_and(|settings| settings.socket_port.is_some()) {
            errors.push(
                "api.settings.socket_port: the simulated gateway listens where it was started".to_owned(),
            );
        }
        let mut changed = self.reference.settings.change(asked);
        if asked.reset_api_order_sequence.unwrap_or(false) {
            self.orders.last_ids.clear();
            changed.push("reset_api_order_sequence".to_owned());
        }
        let message = UpdateConfigResponse {
            req_id: asked.req_id,
            status: Some(if errors.is_empty() { "ok" } else { "error" }.to_owned()),
            message: Some(format!("{} settings changed", changed.len())),
            changed_fields: changed,
            errors,
            warnings: Vec::new(),
        };
        self.send(to, Class::Other, &message);
        Ok(())
    }
}
