//! Moored plugins in Rust.
//!
//! A strategy implements [`Strategy`] and names itself with [`export_strategy!`]; a risk check implements
//! [`Risk`] and names itself with [`export_risk!`]. Compiled for `wasm32-unknown-unknown` and encoded by
//! `componentize` it is a component that imports only the interfaces it uses. Compiled natively the same
//! code runs under `cargo test` with [`testing`].
//!
//! This crate owns the translation between the wire (`wit/moored.wit`) and types that cannot be confused. It
//! never holds an opinion about trading: what a strategy asks for is what the host is told.
#![doc = include_str!("../README.md")]

pub use config::{InitError, parse as parse_config};
pub use context::{Context, Dispatch, Level, RiskContext};
pub use market::{Gap, Instrument, InstrumentId, Quote, Time, Trade, TradingState};
pub use number::{Amount, NotADecimal, Price, Quantity};
pub use order::{
    Fill, HostError, OrderChange, OrderEvent, OrderId, Position, Side, Tag, Ticket, TimeInForce,
};
pub use risk::{Decision, Exposure, OrderKind, Proposal, Risk};
pub use strategy::Strategy;

mod config;
mod context;
mod host;
mod market;
mod number;
mod order;
mod risk;
mod strategy;

#[cfg(target_arch = "wasm32")]
#[doc(hidden)]
pub mod component;

#[cfg(not(target_arch = "wasm32"))]
pub mod testing;

#[cfg(test)]
mod testing_tests;

/// Makes a component out of a [`Strategy`]: `export_strategy!(MyStrategy);`, once in a plugin.
///
/// Natively it only checks that the type is a strategy, so that the plugin can be tested.
#[macro_export]
macro_rules! export_strategy {
    ($strategy:ty) => {
        #[cfg(target_arch = "wasm32")]
        const _: () = {
            struct Component;

            impl $crate::component::StrategyComponent for Component {
                type Strategy = $strategy;
                const NAME: &'static str = ::core::env!("CARGO_PKG_NAME");
                const VERSION: &'static str = ::core::env!("CARGO_PKG_VERSION");

                fn with<R>(visit: impl FnOnce(&mut Option<$strategy>) -> R) -> R {
                    ::std::thread_local! {
                        static PLUGIN: ::std::cell::RefCell<Option<$strategy>> =
                            const { ::std::cell::RefCell::new(None) };
                    }
                    PLUGIN.with_borrow_mut(visit)
                }
            }

            $crate::component::strategy_world::export!(
                Component with_types_in $crate::component::strategy_world
            );
        };

        #[cfg(not(target_arch = "wasm32"))]
        const _: () = {
            const fn is_a_strategy<S: $crate::Strategy>() {}
            is_a_strategy::<$strategy>();
        };
    };
}

/// Makes a component out of a [`Risk`]: `export_risk!(MyCheck);`, once in a plugin.
///
/// Natively it only checks that the type is a risk check, so that the plugin can be tested.
#[macro_export]
macro_rules! export_risk {
    ($risk:ty) => {
        #[cfg(target_arch = "wasm32")]
        const _: () = {
            struct Component;

            impl $crate::component::RiskComponent for Component {
                type Risk = $risk;
                const NAME: &'static str = ::core::env!("CARGO_PKG_NAME");
                const VERSION: &'static str = ::core::env!("CARGO_PKG_VERSION");

                fn with<R>(visit: impl FnOnce(&mut Option<$risk>) -> R) -> R {
                    ::std::thread_local! {
                        static PLUGIN: ::std::cell::RefCell<Option<$risk>> =
                            const { ::std::cell::RefCell::new(None) };
                    }
                    PLUGIN.with_borrow_mut(visit)
                }
            }

            $crate::export_risk_handlers!(Component);
        };

        #[cfg(not(target_arch = "wasm32"))]
        const _: () = {
            const fn is_a_risk_check<R: $crate::Risk>() {}
            is_a_risk_check::<$risk>();
        };
    };
}
