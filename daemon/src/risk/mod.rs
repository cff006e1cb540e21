//! Floor 2: what we may do. One screen shows the whole order of the checks: [`NATIVE_CHECKS`].
//!
//! A check is one file: a pure function of the proposal, the view and the limits. The chain runs twice for an order that
//! risk plugins look at: before them, so that they see only what could leave, and after them with the quantity they left,
//! so that nothing they say can widen anything. Only this folder can make an [`approved::Approved`].
//!
//! Never: a side effect outside its own rate windows, a clock, knowledge of who implements a risk plugin.

pub mod approved;
pub mod denial;
mod form;
mod grant;
pub mod limits;
mod max_notional;
mod max_quantity;
mod message_rate;
mod position_limit;
mod price_collar;
mod stale_data;

#[cfg(test)]
mod tests;
mod trading_state;
pub mod verdict;

use crate::domain::instrument::Instrument;
use crate::domain::money::{Money, Price, Quantity};
use crate::domain::order::{OrderIntent, Side};
use crate::domain::quote::Quote;
use crate::domain::time::Timestamp;
use crate::domain::trading_state::TradingState;

use approved::{Approved, Cleared};
use denial::{Denial, DenialCode};
use limits::{Grant, Limits};
use message_rate::RateWindow;
use verdict::PluginVerdict;

/// What the asking plugin already has and has asked for in the instrument, less the order that would be replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Exposure {
    /// Signed position of the plugin.
    pub position: Quantity,
    /// Unfilled quantity of its live buys.
    pub open_buy: Quantity,
    /// Unfilled quantity of its live sells.
    pub open_sell: Quantity,
    /// What others' live orders on the account may still buy.
    pub external_buy: Quantity,
    /// What others' live orders on the account may still sell.
    pub external_sell: Quantity,
    /// Mid of the last quote; zero when there is none.
    pub reference: Price,
    /// Age of the last quote in nanoseconds; `u64::MAX` when there is none.
    pub reference_age_ns: u64,
    /// The plugin's profit of the day: realized, less fees, and what is unrealized now.
    pub day_pnl: Money,
}

/// What a check may look at.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    /// Now.
    pub at: Timestamp,
    /// Whether we may trade.
    pub trading_state: TradingState,
    /// The instrument, as far as it is known.
    pub instrument: &'a Instrument,
    /// Its last quote, if there was one.
    pub quote: Option<&'a Quote>,
    /// What the asker has already.
    pub exposure: Exposure,
    /// What the operator granted it.
    pub grant: &'a Grant,
    /// What the operator allows at all.
    pub limits: &'a Limits,
    /// Whether the order takes the place of a live one.
    pub replaces: bool,
    /// Whether ours and the broker's books differ in the instrument.
    pub unreconciled: bool,
}

/// One check: says no, or nothing.
type Check = fn(&OrderIntent, &View<'_>) -> Result<(), Denial>;

/// The native chain, in order: cheap and categorical first, arithmetic after.
const NATIVE_CHECKS: [Check; 8] = [
    trading_state::check,
    grant::check,
    form::check,
    max_quantity::check,
    stale_data::check,
    max_notional::check,
    price_collar::check,
    position_limit::check,
];

/// The gate: the native chain, the risk plugins' verdict and the message rates.
#[derive(Debug)]
pub struct RiskChain {
    node_rate: RateWindow,
    plugin_rates: Vec<RateWindow>,
}

impl RiskChain {
    /// A gate for `plugins` plugins.
    pub fn new(limits: &Limits, grants: &[Grant]) -> Self {
        RiskChain {
            node_rate: RateWindow::new(limits.messages_per_second),
            plugin_rates: grants
                .iter()
                .map(|grant| RateWindow::new(grant.messages_per_second))
                .collect(),
        }
    }

    /// The native chain. What passes may be shown to the risk plugins.
    pub fn review(&mut self, intent: OrderIntent, view: &View<'_>) -> Result<Cleared, Denial> {
        for check in NATIVE_CHECKS {
            check(&intent, view)?;
        }
        self.rate_room(&intent, view.at)?;
        Ok(Cleared::new(intent))
    }

    /// The verdict of the risk plugins on something cleared, and the native chain again on what they left of it.
    pub fn conclude(
        &mut self,
        cleared: Cleared,
        verdict: PluginVerdict,
        view: &View<'_>,
    ) -> Result<Approved<OrderIntent>, Denial> {
        let mut intent = cleared.into_inner();
        match verdict {
            PluginVerdict::Allow => {}
            PluginVerdict::Shrink { quantity, by } => {
                if !quantity.is_positive() || quantity >= intent.quantity {
                    let code = DenialCode::RiskPluginFailed;
                    let (limit, value) = (intent.quantity.nanos(), quantity.nanos());
                    return Err(Denial {
                        code,
                        limit,
                        value,
                        by: Some(by),
                    });
                }
                intent.quantity = quantity;
            }
            PluginVerdict::Deny { by, code } => {
                let value = i64::from(code);
                return Err(Denial {
                    code: DenialCode::RiskPlugin,
                    limit: 0,
                    value,
                    by: Some(by),
                });
            }
            PluginVerdict::Failed { by } => {
                return Err(Denial {
                    code: DenialCode::RiskPluginFailed,
                    limit: 0,
                    value: 0,
                    by: Some(by),
                });
            }
        }
        for check in NATIVE_CHECKS {
            check(&intent, view)?;
        }
        self.rate_room(&intent, view.at)?;
        self.count_message(&intent, view.at);
        Ok(Approved::new(intent))
    }

    /// An order of the desk itself after a kill. It must bring the desk's own position in the instrument nearer to zero
    /// and not past it; nothing else is asked of it, because nothing else may keep a position open.
    pub fn approve_flattening(
        &mut self,
        intent: OrderIntent,
        position: Quantity,
        at: Timestamp,
    ) -> Result<Approved<OrderIntent>, Denial> {
        if !reduces(intent.side, intent.quantity, position) {
            let (limit, value) = (position.nanos(), intent.side.signed(intent.quantity).nanos());
            return Err(Denial::native(DenialCode::ReduceOnly, limit, value));
        }
        self.node_rate.count(at);
        Ok(Approved::new(intent))
    }

    /// A cancel is never denied, but it uses the connection's message budget.
    pub fn count_cancel(&mut self, at: Timestamp) {
        self.node_rate.count(at);
    }

    fn rate_room(&mut self, intent: &OrderIntent, at: Timestamp) -> Result<(), Denial> {
        self.node_rate.room(at)?;
        match self.plugin_rates.get_mut(intent.plugin.index()) {
            Some(window) => window.room(at),
            None => Err(Denial::native(DenialCode::InstrumentNotGranted, 0, 0)),
        }
    }

    fn count_message(&mut self, intent: &OrderIntent, at: Timestamp) {
        self.node_rate.count(at);
        if let Some(window) = self.plugin_rates.get_mut(intent.plugin.index()) {
            window.count(at);
        }
    }
}

/// Whether an order brings a position nearer to zero without passing it.
pub fn reduces(side: Side, quantity: Quantity, position: Quantity) -> bool {
    let opposite = match side {
        Side::Buy => position < Quantity::ZERO,
        Side::Sell => position > Quantity::ZERO,
    };
    opposite && quantity <= position.abs()
}

/// The price the gate values an order at: its limit, else its stop, else what a market order would meet now.
pub fn valuation_price(intent: &OrderIntent, quote: Option<&Quote>) -> Option<Price> {
    let stated = intent.kind.limit().or(intent.kind.stop());
    stated.or_else(|| {
        let quote = quote?;
        match intent.side {
            Side::Buy => quote.ask.or(quote.bid),
            Side::Sell => quote.bid.or(quote.ask),
        }
    })
}
