//! From the exports of the world `risk` to the trait.
//!
//! The generated traits belong to another package, so the macro implements them and each method comes here.

use core::time::Duration;

use super::risk_world::exports::moored::plugin::{lifecycle, risk_check};
use super::risk_world::moored::plugin::order_types::OrderEvent as WireOrderEvent;
use super::risk_world::moored::plugin::types::Ctx;
use crate::config::{InitError, parse};
use crate::context::RiskContext;
use crate::host::Host;
use crate::market::InstrumentId;
use crate::number::{Amount, Price, Quantity};
use crate::order::OrderEvent;
use crate::risk::{Decision, Exposure, OrderKind, Proposal, Risk};

/// The one instance of a component.
pub trait RiskComponent {
    /// What it is an instance of.
    type Risk: Risk;

    /// The name of the package that made it.
    const NAME: &'static str;

    /// The version of that package.
    const VERSION: &'static str;

    /// Visits it. It is `None` before a successful `init`.
    fn with<R>(visit: impl FnOnce(&mut Option<Self::Risk>) -> R) -> R;
}

/// bit 8 of `kind`: the order replaces a live one.
const REPLACES: u32 = 1 << 8;

fn dispatch<C: RiskComponent>(ctx: Ctx, visit: impl FnOnce(&mut C::Risk, &mut RiskContext<'_>)) {
    C::with(|plugin| {
        if let Some(plugin) = plugin {
            visit(plugin, &mut RiskContext::new(ctx.into(), &mut Host));
        }
    });
}

/// Makes the instance.
///
/// # Errors
/// The plugin's own.
pub fn init<C: RiskComponent>(ctx: Ctx, config: &str) -> Result<lifecycle::Info, lifecycle::InitError> {
    let mut host = Host;
    let mut ctx = RiskContext::new(ctx.into(), &mut host);
    let made = parse(config).and_then(|config| C::Risk::new(config, &mut ctx));
    match made {
        Ok(plugin) => C::with(|slot| *slot = Some(plugin)),
        Err(InitError::Config { key, problem }) => {
            return Err(lifecycle::InitError::Config(lifecycle::ConfigProblem {
                key,
                problem,
            }));
        }
        Err(InitError::Other(code)) => return Err(lifecycle::InitError::Other(code)),
    }
    Ok(lifecycle::Info {
        name: C::NAME.to_owned(),
        version: C::VERSION.to_owned(),
    })
}

/// Ends the instance.
pub fn stop<C: RiskComponent>(ctx: Ctx) {
    dispatch::<C>(ctx, |plugin, ctx| plugin.on_stop(ctx));
    C::with(|plugin| *plugin = None);
}

/// The verdict; without an instance it is no.
pub fn check<C: RiskComponent>(
    ctx: Ctx,
    wire: &risk_check::Proposal,
    exposure: &risk_check::Exposure,
) -> risk_check::Decision {
    let proposal = Proposal {
        instrument: InstrumentId(wire.instrument),
        strategy: wire.strategy,
        side: wire.side.into(),
        kind: kind(wire.kind & !REPLACES),
        replaces: wire.kind & REPLACES != 0,
        quantity: Quantity::from_units(wire.quantity),
        price: Price::from_units(wire.price),
    };
    let exposure = Exposure {
        position: Quantity::from_units(exposure.position),
        open_buy: Quantity::from_units(exposure.open_buy),
        open_sell: Quantity::from_units(exposure.open_sell),
        reference: Price::from_units(exposure.reference),
        reference_age: Duration::from_nanos(exposure.reference_age_ns),
        day_pnl: Amount::from_units(exposure.day_pnl),
    };
    let mut decision = Decision::Deny(u32::MAX);
    dispatch::<C>(ctx, |plugin, ctx| {
        decision = plugin.check(ctx, &proposal, &exposure)
    });
    match decision {
        Decision::Allow => risk_check::Decision::Allow,
        Decision::Shrink(quantity) => risk_check::Decision::Shrink(quantity.units()),
        Decision::Deny(code) => risk_check::Decision::Deny(code),
    }
}

const fn kind(code: u32) -> OrderKind {
    match code {
        1 => OrderKind::Market,
        2 => OrderKind::Limit,
        3 => OrderKind::Stop,
        4 => OrderKind::StopLimit,
        other => OrderKind::Other(other),
    }
}

/// The text of a code.
#[must_use]
pub fn explain<C: RiskComponent>(code: u32) -> String {
    if code == u32::MAX {
        "the check was never started".to_owned()
    } else {
        C::Risk::explain(code)
    }
}

/// What became of the strategies' orders.
pub fn on_order_events<C: RiskComponent>(ctx: Ctx, events: Vec<WireOrderEvent>) {
    dispatch::<C>(ctx, |plugin, ctx| {
        for event in events {
            plugin.on_order_event(ctx, &OrderEvent::from(event));
        }
    });
}

/// Implements the exports of the world `risk` for a component and exports them.
#[doc(hidden)]
#[macro_export]
macro_rules! export_risk_handlers {
    ($component:ident) => {
        use $crate::component::risk_world::exports::moored::plugin as exports;
        use $crate::component::risk_world::moored::plugin::order_types::OrderEvent;
        use $crate::component::risk_world::moored::plugin::types::Ctx;

        impl exports::lifecycle::Guest for $component {
            fn init(
                ctx: Ctx,
                config: String,
            ) -> Result<exports::lifecycle::Info, exports::lifecycle::InitError> {
                $crate::component::risk::init::<$component>(ctx, &config)
            }

            fn stop(ctx: Ctx) {
                $crate::component::risk::stop::<$component>(ctx);
            }
        }

        impl exports::risk_check::Guest for $component {
            fn check(
                ctx: Ctx,
                proposal: exports::risk_check::Proposal,
                exposure: exports::risk_check::Exposure,
            ) -> exports::risk_check::Decision {
                $crate::component::risk::check::<$component>(ctx, &proposal, &exposure)
            }

            fn explain(code: u32) -> String {
                $crate::component::risk::explain::<$component>(code)
            }
        }

        impl exports::order_handler::Guest for $component {
            fn on_order_events(ctx: Ctx, events: Vec<OrderEvent>) {
                $crate::component::risk::on_order_events::<$component>(ctx, events);
            }
        }

        $crate::component::risk_world::export!($component with_types_in $crate::component::risk_world);
    };
}
