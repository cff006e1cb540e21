//! Floor 4: the heart. All trading state is behind [`Desk::handle`]: what happened goes in, what is to be done comes out.
//! The same events at the same instants give the same effects, byte for byte.
//!
//! Read in this order: [`event`], [`effect`], this file, then `intents.rs` (the way out), `reports.rs` (the way back),
//! `session.rs` (losing and proving the broker), `commands.rs` (the operator).
//!
//! Never: a clock, a socket, a thread, a file, chance, waiting. It asks; others do.

mod commands;
mod compare;
pub mod discrepancies;
pub mod effect;
pub mod event;
mod fills;
mod flatten;
#[cfg(test)]
mod gap_tests;
mod intents;
pub mod policy;
pub mod record;
#[cfg(test)]
mod recovery_tests;
mod reports;
mod restore;
mod restraint;
#[cfg(test)]
mod rig;
mod session;
pub mod snapshot;
mod snapshot_of;
#[cfg(test)]
mod tests;
pub mod trading_state;
#[cfg(test)]
mod truth_property_tests;
#[cfg(test)]
mod truth_tests;

use std::collections::{BTreeMap, VecDeque};

use crate::domain::instrument::{Instrument, InstrumentId};
use crate::domain::order::{Cause, ClientOrderId, OrderId};
use crate::domain::plugin::{Names, PluginId};
use crate::domain::quote::{Quote, Trade};
use crate::domain::report::{AccountValue, BrokerPosition};
use crate::domain::stream::Gap;
use crate::domain::time::Timestamp;
use crate::domain::trading_state::TradingState;
use crate::market::{Market, QuoteChange};
use crate::orders::OrderManager;
use crate::portfolio::Portfolio;
use crate::risk::RiskChain;
use crate::risk::approved::Cleared;
use crate::risk::limits::{Grant, Limits};

pub use compare::origin;

use compare::Comparison;
use effect::{Effect, Notice};
use event::{Event, Feeds};
use flatten::Flattening;
use session::TruthReading;
use snapshot::{FillRow, PluginTally};
use trading_state::Conditions;

/// What a desk is made of.
#[derive(Debug, Clone)]
pub struct Setup {
    /// Every instrument, in the order of the configuration.
    pub instruments: Vec<Instrument>,
    /// Every plugin's name, in the order of the configuration.
    pub plugins: Vec<String>,
    /// Every plugin's grant, in the same order.
    pub grants: Vec<Grant>,
    /// The node's limits.
    pub limits: Limits,
    /// Whether risk plugins are to be asked.
    pub risk_plugins: bool,
    /// How often the truth is read, and what is done about others' orders.
    pub policy: policy::Policy,
}

/// All trading state.
#[derive(Debug)]
pub struct Desk {
    instruments: Vec<Instrument>,
    names: Names,
    grants: Vec<Grant>,
    limits: Limits,
    risk_plugins: bool,
    market: Market,
    portfolio: Portfolio,
    risk: RiskChain,
    orders: OrderManager,
    subscriptions: Vec<Vec<(PluginId, Feeds)>>,
    /// Cleared by the native chain, waiting for the risk plugins.
    reviewing: BTreeMap<ClientOrderId, Reviewing>,
    conditions: Conditions,
    /// The trading state that was last told.
    told: TradingState,
    latch_reason: String,
    truth: TruthReading,
    flattening: Flattening,
    reconciled_at: Option<Timestamp>,
    broker_positions: Vec<BrokerPosition>,
    external_orders: usize,
    comparison: Comparison,
    policy: policy::Policy,
    account: Vec<AccountValue>,
    fills: VecDeque<FillRow>,
    tallies: BTreeMap<PluginId, PluginTally>,
    ticks: u64,
    ledger_reason: String,
    /// What the session has not proved, in words.
    unproved: Vec<String>,
    /// Why recovery holds orders back that add risk.
    restraints: Vec<String>,
}

/// An intent between the native chain and the risk plugins.
#[derive(Debug)]
struct Reviewing {
    cleared: Cleared,
    /// The live order it would change, if it is a change.
    replaces: Option<OrderId>,
    cause: Cause,
}

impl Desk {
    /// Takes in one event and says what is to be done, in order.
    pub fn handle(&mut self, at: Timestamp, event: Event, effects: &mut Vec<Effect>) {
        match event {
            Event::Quote(quote) => self.quote(quote, effects),
            Event::Trade(trade) => self.trade(trade, effects),
            Event::Intent { intent, cause } => self.intent(at, intent, cause, effects),
            Event::Verdict {
                client_order_id,
                verdict,
            } => {
                self.verdict(at, client_order_id, verdict, effects);
            }
            Event::Report(report) => self.report(at, &report, effects),
            Event::WriteFailed { order_id, reason } => self.write_failed(at, order_id, &reason, effects),
            Event::NotSent { order_id, code } => self.not_sent(at, order_id, code, effects),
            Event::Session(event) => self.session(at, event, effects),
            Event::Recovery(event) => self.recovery(event, effects),
            Event::Command {
                ticket,
                requester,
                command,
            } => {
                self.command(at, ticket, requester, command, effects);
            }
            Event::Subscription {
                plugin,
                instrument,
                feeds,
            } => self.subscribe(plugin, instrument, feeds),
            Event::PluginFailed {
                plugin,
                quarantined,
                reason,
            } => {
                self.plugin_failed(at, plugin, quarantined, &reason, effects);
            }
            Event::LedgerFailed { reason } => {
                self.conditions.ledger_writable = false;
                self.ledger_reason = reason;
            }
            Event::LedgerRecovered => self.conditions.ledger_writable = true,
            Event::Clock => self.clock(at, effects),
            Event::Drain => self.conditions.draining = true,
        }
        self.tell_state(effects);
    }

    /// Whether we may trade.
    pub fn trading_state(&self) -> TradingState {
        self.conditions.state()
    }

    /// Every instrument, as far as it is resolved.
    pub fn instruments(&self) -> &[Instrument] {
        &self.instruments
    }

    /// The last quote of an instrument.
    pub fn last_quote(&self, instrument: InstrumentId) -> Option<&Quote> {
        self.market.quote(instrument)
    }

    /// What the owners hold.
    pub fn portfolio(&self) -> &Portfolio {
        &self.portfolio
    }

    /// What was asked for, and how far it got.
    pub const fn orders(&self) -> &OrderManager {
        &self.orders
    }

    /// How many orders are live.
    pub fn live_orders(&self) -> usize {
        self.orders.live().count()
    }

    fn quote(&mut self, quote: Quote, effects: &mut Vec<Effect>) {
        self.ticks += 1;
        if self.market.apply(quote) != QuoteChange::Changed {
            return;
        }
        let subscribers = self.subscriptions.get(quote.instrument.index());
        for (plugin, _) in subscribers
            .into_iter()
            .flatten()
            .filter(|(_, feeds)| feeds.quotes)
        {
            effects.push(Effect::Notify {
                plugin: *plugin,
                notice: Notice::Quote(quote),
            });
        }
    }

    fn trade(&mut self, trade: Trade, effects: &mut Vec<Effect>) {
        self.ticks += 1;
        let subscribers = self.subscriptions.get(trade.instrument.index());
        for (plugin, _) in subscribers
            .into_iter()
            .flatten()
            .filter(|(_, feeds)| feeds.trades)
        {
            effects.push(Effect::Notify {
                plugin: *plugin,
                notice: Notice::Trade(trade),
            });
        }
    }

    /// Told to everyone who gets any data of the instrument.
    fn gap(&mut self, gap: Gap, effects: &mut Vec<Effect>) {
        let subscribers = self.subscriptions.get(gap.instrument.index());
        for (plugin, _) in subscribers.into_iter().flatten() {
            effects.push(Effect::Notify {
                plugin: *plugin,
                notice: Notice::Gap(gap),
            });
        }
    }

    fn subscribe(&mut self, plugin: PluginId, instrument: InstrumentId, feeds: Feeds) {
        let Some(subscribers) = self.subscriptions.get_mut(instrument.index()) else {
            return;
        };
        subscribers.retain(|(subscribed, _)| *subscribed != plugin);
        if feeds != Feeds::default() {
            subscribers.push((plugin, feeds));
            // Plugins are told in the order of the configuration, however they subscribed.
            subscribers.sort_by_key(|(subscribed, _)| *subscribed);
        }
    }

    fn plugin_failed(
        &mut self,
        at: Timestamp,
        plugin: PluginId,
        quarantined: bool,
        reason: &str,
        effects: &mut Vec<Effect>,
    ) {
        for subscribers in &mut self.subscriptions {
            subscribers.retain(|(subscribed, _)| *subscribed != plugin);
        }
        let name = self.names.plugin(plugin);
        if !quarantined {
            let text = format!("plugin {name} failed and will be restarted: {reason}");
            effects.push(Effect::Alarm {
                name: "plugin_failed",
                text,
            });
            return;
        }
        let text = format!(
            "plugin {name} is quarantined and its orders are being canceled: {reason}; \
             `moorctl plugins restart {name}` lifts it"
        );
        effects.push(Effect::Alarm {
            name: "plugin_quarantined",
            text,
        });
        self.cancel_where(at, effects, |order| order.placement.plugin == plugin);
    }

    fn tally(&mut self, plugin: PluginId) -> &mut PluginTally {
        self.tallies.entry(plugin).or_default()
    }

    /// Tells everyone when the trading state is another than was last told.
    fn tell_state(&mut self, effects: &mut Vec<Effect>) {
        let (from, to) = (self.told, self.conditions.state());
        if from == to {
            return;
        }
        self.told = to;
        let reason = self.state_reasons().join("; ");
        effects.push(Effect::StateChanged { from, to, reason });
        for plugin in self.names.ids() {
            effects.push(Effect::Notify {
                plugin,
                notice: Notice::TradingState(to),
            });
        }
    }

    /// Why the trading state is what it is; empty when active.
    fn state_reasons(&self) -> Vec<String> {
        let conditions = &self.conditions;
        let mut reasons = Vec::new();
        if conditions.draining {
            reasons.push("the daemon is stopping".to_owned());
        }
        if conditions.latch != crate::domain::trading_state::Latch::Running {
            reasons.push(format!(
                "{} by the operator: {}",
                conditions.latch.as_str(),
                self.latch_reason
            ));
        }
        if !conditions.upstream {
            reasons.push("the gateway has lost its connection to IB".to_owned());
        }
        if !conditions.reconciled {
            reasons.push(self.truth.reason().to_owned());
        }
        if conditions.reconciled && conditions.upstream && !conditions.proved {
            reasons.push(format!("not proved: {}", self.unproved.join("; ")));
        }
        reasons.extend(self.restraints.iter().cloned());
        if conditions.reconciled && conditions.unverified {
            reasons.push(self.truth.reason().to_owned());
        }
        if !conditions.ledger_writable {
            reasons.push(format!("the ledger cannot be written: {}", self.ledger_reason));
        }
        reasons
    }
}
