//! From the exports of the world `strategy` to the trait.

use super::risk_world::moored::plugin::order_types::OrderEvent as WireOrderEvent;
use super::risk_world::moored::plugin::types::{Ctx, TradingState as WireTradingState};
use super::strategy_world::exports::moored::plugin::{
    gap_handler, lifecycle, market_handler, order_handler, session_handler, timer_handler,
};
use super::strategy_world::moored::plugin::market_types::{Quote as WireQuote, Trade as WireTrade};
use crate::config::{InitError, parse};
use crate::context::Context;
use crate::host::Host;
use crate::market::{Gap, Quote, Time, Trade};
use crate::order::OrderEvent;
use crate::strategy::Strategy;

/// The one instance of a component.
pub trait StrategyComponent {
    /// What it is an instance of.
    type Strategy: Strategy;

    /// The name of the package that made it.
    const NAME: &'static str;

    /// The version of that package.
    const VERSION: &'static str;

    /// Visits it. It is `None` before a successful `init`.
    fn with<R>(visit: impl FnOnce(&mut Option<Self::Strategy>) -> R) -> R;
}

fn dispatch<C: StrategyComponent>(ctx: Ctx, visit: impl FnOnce(&mut C::Strategy, &mut Context<'_>)) {
    C::with(|plugin| {
        if let Some(plugin) = plugin {
            visit(plugin, &mut Context::new(ctx.into(), &mut Host));
        }
    });
}

impl<C: StrategyComponent> lifecycle::Guest for C {
    fn init(ctx: Ctx, config: String) -> Result<lifecycle::Info, lifecycle::InitError> {
        let mut host = Host;
        let mut ctx = Context::new(ctx.into(), &mut host);
        let plugin = parse(&config).and_then(|config| C::Strategy::new(config, &mut ctx))?;
        C::with(|slot| *slot = Some(plugin));
        Ok(lifecycle::Info {
            name: C::NAME.to_owned(),
            version: C::VERSION.to_owned(),
        })
    }

    fn stop(ctx: Ctx) {
        dispatch::<C>(ctx, |plugin, ctx| plugin.on_stop(ctx));
        C::with(|plugin| *plugin = None);
    }
}

impl From<InitError> for lifecycle::InitError {
    fn from(error: InitError) -> Self {
        match error {
            InitError::Config { key, problem } => Self::Config(lifecycle::ConfigProblem { key, problem }),
            InitError::Other(code) => Self::Other(code),
        }
    }
}

impl<C: StrategyComponent> market_handler::Guest for C {
    fn on_quotes(ctx: Ctx, quotes: Vec<WireQuote>) {
        dispatch::<C>(ctx, |plugin, ctx| {
            for quote in quotes {
                plugin.on_quote(ctx, &Quote::from(quote));
            }
        });
    }

    fn on_trades(ctx: Ctx, trades: Vec<WireTrade>) {
        dispatch::<C>(ctx, |plugin, ctx| {
            for trade in trades {
                plugin.on_trade(ctx, &Trade::from(trade));
            }
        });
    }
}

impl<C: StrategyComponent> gap_handler::Guest for C {
    fn on_gaps(ctx: Ctx, gaps: Vec<gap_handler::Gap>) {
        dispatch::<C>(ctx, |plugin, ctx| {
            for gap in gaps {
                plugin.on_gap(ctx, &Gap::from(gap));
            }
        });
    }
}

impl<C: StrategyComponent> order_handler::Guest for C {
    fn on_order_events(ctx: Ctx, events: Vec<WireOrderEvent>) {
        dispatch::<C>(ctx, |plugin, ctx| {
            for event in events {
                plugin.on_order_event(ctx, &OrderEvent::from(event));
            }
        });
    }
}

impl<C: StrategyComponent> timer_handler::Guest for C {
    fn on_timer(ctx: Ctx, id: u32, scheduled: u64) {
        dispatch::<C>(ctx, |plugin, ctx| {
            plugin.on_timer(ctx, id, Time::from_nanos(scheduled))
        });
    }
}

impl<C: StrategyComponent> session_handler::Guest for C {
    fn on_trading_state(ctx: Ctx, state: WireTradingState) {
        dispatch::<C>(ctx, |plugin, ctx| plugin.on_trading_state(ctx, state.into()));
    }
}
