//! What others may see of the desk: a copy, published now and then, so that reading never enters the loop and a stuck desk
//! can still be asked how it was.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use crate::domain::instrument::{Instrument, InstrumentId};
use crate::domain::money::{Money, Quantity};
use crate::domain::plugin::PluginId;
use crate::domain::quote::Quote;
use crate::domain::report::{AccountValue, BrokerOrder, BrokerPosition, Execution};
use crate::domain::time::Timestamp;
use crate::domain::trading_state::{Latch, TradingState};
use crate::orders::lifecycle::OrderState;
use crate::orders::placement::Placement;
use crate::portfolio::Position;
use crate::risk::denial::DenialCode;

use super::discrepancies::Discrepancy;

/// The desk as it was at `at`.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// When it was taken; its age says whether the desk is alive.
    pub at: Timestamp,
    /// Whether we may trade.
    pub trading_state: TradingState,
    /// Why the state is what it is, for people; one line a reason, empty when active.
    pub reasons: Vec<String>,
    /// Why the ledger cannot be written; empty while it can.
    pub ledger_error: String,
    /// The operator's latch and the reason given for it.
    pub latch: Latch,
    /// The reason given for the latch.
    pub latch_reason: String,
    /// When the broker's truth was last agreed with.
    pub reconciled_at: Option<Timestamp>,
    /// Every instrument with its last quote.
    pub instruments: Vec<(Instrument, Quote)>,
    /// Live orders and the latest that ended, oldest first.
    pub orders: Vec<OrderRow>,
    /// The latest fills, oldest first.
    pub fills: Vec<FillRow>,
    /// What the plugins hold, by owner name.
    pub positions: Vec<PositionRow>,
    /// What the account held at the last reconciliation.
    pub broker_positions: Vec<BrokerPosition>,
    /// Orders of the account that are not ours, at the last reconciliation.
    pub external_orders: usize,
    /// Those orders, as that reading showed them.
    pub external: Vec<BrokerOrder>,
    /// What ours and the broker's books do not agree on, in the order of its names.
    pub discrepancies: Vec<Discrepancy>,
    /// Orders that were found to live twice, since the start.
    pub incarnation_conflicts: u64,
    /// Fills that a reading of the truth told first, since the start.
    pub fills_recovered: u64,
    /// The last account summary.
    pub account: Vec<AccountValue>,
    /// What each plugin did, by owner name.
    pub plugins: BTreeMap<String, PluginTally>,
    /// Quotes and trades handled since the start.
    pub ticks: u64,
}

/// One order.
#[derive(Debug, Clone)]
pub struct OrderRow {
    /// As it was last sent.
    pub placement: Placement,
    /// Where it stands.
    pub state: OrderState,
    /// Filled so far.
    pub filled: Quantity,
    /// IB's permanent id, zero while unknown.
    pub perm_id: i64,
    /// The broker's or the desk's last word on it.
    pub reason: Option<String>,
    /// When it was accepted.
    pub accepted: Timestamp,
    /// When it last changed.
    pub changed: Timestamp,
}

/// One fill.
#[derive(Debug, Clone)]
pub struct FillRow {
    /// As the broker told it.
    pub execution: Execution,
    /// Whose; empty for orders made elsewhere.
    pub plugin: String,
    /// What it cost, once told.
    pub commission: Option<Money>,
    /// When we learned of it.
    pub at: Timestamp,
}

/// What one owner holds in one instrument.
#[derive(Debug, Clone)]
pub struct PositionRow {
    /// Whose.
    pub plugin: String,
    /// In what.
    pub instrument: InstrumentId,
    /// How much.
    pub position: Position,
    /// Unrealized profit at the last mid; `None` without a quote.
    pub unrealized: Option<Money>,
    /// Fills whose cost is not told yet: profit is provisional while there are any.
    pub fills_without_commission: u64,
}

/// What one plugin did since the daemon started.
#[derive(Debug, Clone, Default)]
pub struct PluginTally {
    /// Intents it had.
    pub intents: u64,
    /// Orders that left.
    pub orders: u64,
    /// Fills it got.
    pub fills: u64,
    /// Denials, by code.
    pub denials: BTreeMap<DenialCode, u64>,
    /// Profit of the day: realized less fees, and what is unrealized now.
    pub day_pnl: Money,
    /// Profit since the ledger began: realized less fees, and what is unrealized now.
    pub total_pnl: Money,
    /// Fills whose cost is not told yet: profit is provisional while there are any.
    pub fills_without_commission: u64,
}

/// What host functions answer from while a plugin runs: last quotes and the plugin's own positions. Updated by the loop
/// before each call, read by plugins on any thread.
#[derive(Debug, Clone, Default)]
pub struct PluginView {
    /// Last quote of each instrument, by index.
    pub quotes: Vec<Option<Quote>>,
    /// Each plugin's position in each instrument that it ever held.
    pub positions: BTreeMap<(PluginId, InstrumentId), Position>,
    /// Each instrument, by index, as far as it is resolved.
    pub instruments: Vec<Instrument>,
}

/// The view as plugins hold it. The lock is held for a copy, never for a call.
pub type SharedView = Arc<Mutex<PluginView>>;
