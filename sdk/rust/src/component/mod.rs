//! The wasm side: generated bindings, and what the export macros put between them and the traits.
//!
//! Everything here is for the macros. It never decides: a callback is translated, passed on and done.

/// Generated bindings of the world `strategy`. What it shares with the world `risk` are that world's types.
#[allow(missing_docs, reason = "generated; the documentation is in wit/moored.wit")]
pub mod strategy_world {
    wit_bindgen::generate!({
        path: "../../wit",
        world: "strategy",
        pub_export_macro: true,
        default_bindings_module: "moored_plugin::component::strategy_world",
        with: {
            "moored:plugin/types@0.1.0": moored_plugin_risk_world::moored::plugin::types,
            "moored:plugin/instruments@0.1.0": moored_plugin_risk_world::moored::plugin::instruments,
            "moored:plugin/order-types@0.1.0": moored_plugin_risk_world::moored::plugin::order_types,
            "moored:plugin/log@0.1.0": moored_plugin_risk_world::moored::plugin::log,
        },
    });
}

pub use moored_plugin_risk_world as risk_world;
pub use risk::RiskComponent;
pub use strategy::StrategyComponent;

mod convert;
#[doc(hidden)]
pub mod risk;
mod strategy;
