//! What a strategy is.

use serde::de::DeserializeOwned;

use crate::config::InitError;
use crate::context::Context;
use crate::market::{Gap, Quote, Time, Trade, TradingState};
use crate::order::OrderEvent;

/// A strategy: made from its configuration, then told what happens. Only `new` is required.
///
/// A callback is a transaction. What it asks of the context leaves when it returns; a panic drops all of it
/// and the daemon starts the plugin anew.
pub trait Strategy: Sized {
    /// Its table in the daemon's configuration; `()` will not do for an empty one, a struct without fields
    /// will.
    type Config: DeserializeOwned;

    /// Starts it: check the configuration, find instruments, subscribe.
    ///
    /// # Errors
    /// What the operator has to change before it can start.
    fn new(config: Self::Config, ctx: &mut Context<'_>) -> Result<Self, InitError>;

    /// A quote of a subscribed instrument. When the plugin is behind, the latest of each instrument.
    fn on_quote(&mut self, _ctx: &mut Context<'_>, _quote: &Quote) {}

    /// A trade of a subscribed instrument.
    fn on_trade(&mut self, _ctx: &mut Context<'_>, _trade: &Trade) {}

    /// Data of a subscribed instrument may have been missed; told once, before what came after. What was computed from
    /// the data before may be wrong now.
    fn on_gap(&mut self, _ctx: &mut Context<'_>, _gap: &Gap) {}

    /// Something happened to an order of this plugin.
    fn on_order_event(&mut self, _ctx: &mut Context<'_>, _event: &OrderEvent) {}

    /// A timer this plugin has set.
    fn on_timer(&mut self, _ctx: &mut Context<'_>, _id: u32, _scheduled: Time) {}

    /// The daemon's trading state changed.
    fn on_trading_state(&mut self, _ctx: &mut Context<'_>, _state: TradingState) {}

    /// The plugin is being stopped. Live orders are the host's to keep or to cancel, as configured.
    fn on_stop(&mut self, _ctx: &mut Context<'_>) {}
}
