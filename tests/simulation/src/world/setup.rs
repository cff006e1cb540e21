//! The daemon's configuration in these worlds: two instruments, two plugins, limits low enough to be met.

use moored::desk::Setup;
use moored::desk::policy::Policy;
use moored::domain::instrument::{Instrument, InstrumentId, SecurityType};
use moored::domain::money::{Price, Quantity};
use moored::risk::limits::{Grant, Limits, OrderType};

/// The plugins' names.
pub const PLUGINS: [&str; 2] = ["alpha", "beta"];
/// The largest position of one plugin in one instrument.
pub const MAX_POSITION: i64 = 1_000;
/// Orders in any second.
pub const MESSAGES_PER_SECOND: u32 = 20;

const NAMES: [&str; crate::broker::INSTRUMENTS] = ["AAPL", "MSFT"];

fn instrument(index: usize, name: &str) -> Instrument {
    Instrument {
        id: InstrumentId(index as u32),
        name: name.to_owned(),
        symbol: name.to_owned(),
        security_type: SecurityType::Stk,
        exchange: "SMART".to_owned(),
        primary_exchange: None,
        currency: "USD".to_owned(),
        expiry: None,
        con_id: None,
        tick: Price::ZERO,
        multiplier: Quantity::ONE,
        hours: None,
        silent_after: None,
    }
}

/// The instruments as they are configured.
pub fn instruments() -> Vec<Instrument> {
    let named = NAMES.iter().enumerate();
    named.map(|(index, name)| instrument(index, name)).collect()
}

/// The plugins' names as they are configured.
pub fn plugins() -> Vec<String> {
    PLUGINS.iter().map(|name| (*name).to_owned()).collect()
}

pub(super) fn setup(risk_plugins: bool) -> Setup {
    let instruments = instruments();
    let grant = |plugin: &String| Grant {
        plugin: plugin.clone(),
        instruments: instruments.iter().map(|known| known.id).collect(),
        order_types: [
            OrderType::Market,
            OrderType::Limit,
            OrderType::Stop,
            OrderType::StopLimit,
        ]
        .into(),
        max_quantity: Quantity::from_units(400),
        messages_per_second: 12,
    };
    let plugins = plugins();
    Setup {
        grants: plugins.iter().map(grant).collect(),
        limits: Limits {
            max_quantity: Quantity::from_units(500),
            max_position: Quantity::from_units(MAX_POSITION as i32),
            messages_per_second: MESSAGES_PER_SECOND,
            ..Limits::default()
        },
        instruments,
        plugins,
        risk_plugins,
        policy: Policy::default(),
    }
}
