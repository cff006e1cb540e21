//! A strategy built for version 0.2.0 of the plugin interface. It would do nothing, but subscribe to quotes.
#![cfg(target_arch = "wasm32")]
#![allow(missing_docs, reason = "generated")]

use exports::moored::plugin::{lifecycle, market_handler, order_handler, session_handler, timer_handler};
use moored::plugin::market_data::{Feeds, subscribe};
use moored::plugin::market_types::{Quote, Trade};
use moored::plugin::order_types::OrderEvent;
use moored::plugin::types::{Ctx, TradingState};

wit_bindgen::generate!({ path: "wit", world: "strategy" });

struct Later;

impl lifecycle::Guest for Later {
    fn init(_ctx: Ctx, _config: String) -> Result<lifecycle::Info, lifecycle::InitError> {
        subscribe(0, Feeds::QUOTES).map_err(|_| lifecycle::InitError::Other(1))?;
        Ok(lifecycle::Info {
            name: "wrong-version".into(),
            version: "0.2.0".into(),
        })
    }

    fn stop(_ctx: Ctx) {}
}

impl market_handler::Guest for Later {
    fn on_quotes(_ctx: Ctx, _quotes: Vec<Quote>) {}
    fn on_trades(_ctx: Ctx, _trades: Vec<Trade>) {}
}

impl order_handler::Guest for Later {
    fn on_order_events(_ctx: Ctx, _events: Vec<OrderEvent>) {}
}

impl timer_handler::Guest for Later {
    fn on_timer(_ctx: Ctx, _id: u32, _scheduled: u64) {}
}

impl session_handler::Guest for Later {
    fn on_trading_state(_ctx: Ctx, _state: TradingState) {}
}

export!(Later);
