//! Three ways: what the ledger remembered is what the desk began with; what the desk counts since is compared with what
//! the broker shows, each time its truth is read. Orders are compared in `orders/reconcile.rs`; here are the positions,
//! and what becomes of the differences.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::domain::instrument::{Instrument, InstrumentId};
use crate::domain::money::Quantity;
use crate::domain::order::{OrderId, Side};
use crate::domain::plugin::{EXTERNAL_NAME, PluginId};
use crate::domain::report::{BrokerOrder, BrokerTruth};
use crate::domain::time::Timestamp;
use crate::orders::{Finding, OrderChange};

use super::Desk;
use super::commands::{done, refused};
use super::discrepancies::{Acceptance, Change, Discrepancy, Found, Kind, Register};
use super::effect::{CommandOutcome, Effect};
use super::event::Requester;
use super::policy::ExternalOrders;
use super::record::{AcceptedRecord, Record};

/// How long after the close of a market the books are compared: the last fills and positions are settled by then.
const AFTER_CLOSE: Duration = Duration::from_secs(60);

/// The state of the comparison.
#[derive(Debug, Default)]
pub(super) struct Comparison {
    pub(super) register: Register,
    /// Differences of positions that operators accepted: what the account holds beside all fills we know.
    adjustments: Vec<AcceptedRecord>,
    /// What was counted since the truth was asked for, by execution: it may be newer than the truth.
    recent: Vec<(String, InstrumentId, Quantity)>,
    /// Live orders of others at the last reading.
    pub(super) external: Vec<BrokerOrder>,
    /// The others' orders that were told of.
    told_external: BTreeSet<(i32, i32, i64)>,
    /// When it was last looked whether a market has closed.
    closes_seen: Timestamp,
    /// Fills that were first learned of from a reading, since the start.
    pub(super) recovered: u64,
}

impl Comparison {
    /// The truth is asked for now: what is counted from here on may be newer.
    pub(super) fn begin(&mut self) {
        self.recent.clear();
    }

    /// Something was counted for an instrument.
    pub(super) fn counted(&mut self, exec_id: &str, instrument: InstrumentId, more: Quantity) {
        // Between readings nobody takes these away: a bound, far above what comes during one.
        const KEPT: usize = 100_000;
        if self.recent.len() < KEPT {
            self.recent.push((exec_id.to_owned(), instrument, more));
        }
    }

    /// Whether a regular session of one of these has closed, a while ago, since it was last looked.
    pub(super) fn a_market_closed(&mut self, at: Timestamp, instruments: &[Instrument]) -> bool {
        let seen = std::mem::replace(&mut self.closes_seen, at);
        if seen == Timestamp::NEVER {
            return false;
        }
        let before = Timestamp::from_nanos(seen.nanos().saturating_sub(AFTER_CLOSE.as_nanos() as u64));
        let mut hours = instruments.iter().filter_map(|known| known.hours.as_ref());
        hours.any(|hours| {
            let close = hours.next_close(before);
            close.is_some_and(|close| close.after(AFTER_CLOSE) <= at)
        })
    }

    /// Puts back an acceptance that the ledger remembers.
    pub(super) fn restore(&mut self, accepted: AcceptedRecord) {
        if accepted.difference.is_zero() {
            let acceptance = Acceptance {
                user: accepted.user,
                reason: accepted.reason,
            };
            self.register.remember(accepted.name, acceptance);
        } else {
            self.adjustments.push(accepted);
        }
    }

    fn adjustment(&self, instrument: &Instrument) -> Quantity {
        let own = self.adjustments.iter().filter(|accepted| {
            let same = accepted.con_id.is_none() || instrument.con_id.is_none();
            accepted.instrument == instrument.name && (same || accepted.con_id == instrument.con_id)
        });
        own.fold(Quantity::ZERO, |sum, accepted| sum.plus(accepted.difference))
    }

    /// What others may still buy and sell in an instrument.
    pub(super) fn external_quantities(&self, instrument: InstrumentId) -> (Quantity, Quantity) {
        let (mut buy, mut sell) = (Quantity::ZERO, Quantity::ZERO);
        for order in self
            .external
            .iter()
            .filter(|order| order.instrument == Some(instrument))
        {
            let left = order.quantity.minus(order.filled.unwrap_or(Quantity::ZERO));
            let left = Quantity::from_nanos(left.nanos().max(0));
            match order.side {
                Side::Buy => buy = buy.plus(left),
                Side::Sell => sell = sell.plus(left),
            }
        }
        (buy, sell)
    }
}

impl Desk {
    /// Compares what a whole reading shows with ours, and says whether they agree.
    pub(super) fn compare(
        &mut self,
        at: Timestamp,
        asked: Timestamp,
        truth: &BrokerTruth,
        findings: Vec<Finding>,
        effects: &mut Vec<Effect>,
    ) -> bool {
        let mut found = self.compare_positions(truth);
        found.extend(findings.into_iter().map(|finding| self.found_of(finding)));
        found.extend(self.open_questions(asked));
        for change in self.comparison.register.observe(at, found) {
            match change {
                Change::Opened { text, .. } => effects.push(Effect::Alarm {
                    name: "discrepancy",
                    text,
                }),
                Change::Closed { name, age } => effects.push(Effect::Alarm {
                    name: "discrepancy_explained",
                    text: format!("{name} is explained after {} s", age.as_secs()),
                }),
            }
        }
        self.comparison.register.is_clean()
    }

    fn compare_positions(&self, truth: &BrokerTruth) -> Vec<Found> {
        let mut theirs: BTreeMap<InstrumentId, Quantity> = BTreeMap::new();
        for row in &truth.positions {
            if let Some(instrument) = row.instrument {
                let sum = theirs.entry(instrument).or_default();
                *sum = sum.plus(row.size);
            }
        }
        let shown: BTreeSet<&str> = truth
            .executions
            .iter()
            .map(|fill| fill.exec_id.as_str())
            .collect();
        let mut found = Vec::new();
        // An instrument that is not resolved cannot be found among the broker's rows, and cannot be traded either.
        for known in self.instruments.iter().filter(|known| known.con_id.is_some()) {
            let newer = self.comparison.recent.iter();
            let newer = newer.filter(|(id, held, _)| *held == known.id && !shown.contains(id.as_str()));
            let newer = newer.fold(Quantity::ZERO, |sum, (_, _, more)| sum.plus(*more));
            let fills = self.portfolio.account_net(known.id).minus(newer);
            let adjusted = self.comparison.adjustment(known);
            let ours = fills.plus(adjusted);
            let held = theirs.get(&known.id).copied().unwrap_or_default();
            if held == ours {
                continue;
            }
            let traded = self.portfolio.positions().any(|(_, held, _)| held == known.id);
            found.push(Found {
                kind: match traded {
                    true => Kind::PositionMismatch,
                    false => Kind::ExternalPosition,
                },
                subject: known.name.clone(),
                instrument: Some(known.id),
                owner: self.holders(known.id),
                detail: format!("the account holds {held}, the fills we know add up to {ours}"),
                difference: held.minus(ours),
            });
        }
        found
    }

    /// Whoever holds something in an instrument.
    fn holders(&self, instrument: InstrumentId) -> String {
        let held = self.portfolio.positions();
        let held = held.filter(|(_, id, position)| *id == instrument && !position.size.is_zero());
        let names: Vec<&str> = held.map(|(plugin, _, _)| self.names.plugin(plugin)).collect();
        match names.is_empty() {
            true => EXTERNAL_NAME.to_owned(),
            false => names.join(", "),
        }
    }

    fn found_of(&self, finding: Finding) -> Found {
        let nothing = Quantity::ZERO;
        match finding {
            Finding::UnknownOrder(order) => Found {
                kind: Kind::UnknownOrder,
                subject: order.perm_id.to_string(),
                instrument: order.instrument,
                owner: order
                    .order_ref
                    .split(':')
                    .nth(1)
                    .unwrap_or(EXTERNAL_NAME)
                    .to_owned(),
                detail: format!(
                    "{} {} of contract {} under {:?} lives at client id {}, order id {}",
                    order.side.as_str(),
                    order.quantity,
                    order.con_id,
                    order.order_ref,
                    order.client_id,
                    order.order_id.0
                ),
                difference: nothing,
            },
            Finding::TermsDiffer { order_id, detail } => {
                let order = self.orders.get(order_id).map(|order| &order.placement);
                Found {
                    kind: Kind::OrderTermsDiffer,
                    subject: order_id.0.to_string(),
                    instrument: order.map(|placement| placement.instrument),
                    owner: order
                        .map(|placement| placement.plugin_name.clone())
                        .unwrap_or_default(),
                    detail,
                    difference: nothing,
                }
            }
            Finding::Unattributed(execution) => Found {
                kind: Kind::ExecutionUnattributed,
                subject: execution.exec_id.clone(),
                instrument: execution.instrument,
                owner: EXTERNAL_NAME.to_owned(),
                detail: format!(
                    "{} {} at {} of order id {}, permanent id {}, counted as done elsewhere",
                    execution.side.as_str(),
                    execution.size,
                    execution.price,
                    execution.order_id.0,
                    execution.perm_id
                ),
                difference: nothing,
            },
        }
    }

    /// What our own orders say is not settled with the broker.
    fn open_questions(&self, asked: Timestamp) -> Vec<Found> {
        let mut found = Vec::new();
        for order in self.orders.unsettled_orders() {
            let placement = &order.placement;
            let mut question = |kind, detail| {
                found.push(Found {
                    kind,
                    subject: placement.order_id.0.to_string(),
                    instrument: Some(placement.instrument),
                    owner: placement.plugin_name.clone(),
                    detail,
                    difference: Quantity::ZERO,
                });
            };
            if order.missing_since.is_some() {
                let text = "it is neither open, nor completed, nor executed at the broker";
                question(Kind::MissingOrder, text.to_owned());
            }
            if order.lacks_executions() && order.changed <= asked {
                let told = order.told_filled.max(order.leaves().plus(order.executed));
                let text = format!(
                    "{told} is said to be filled, executions add up to {}",
                    order.executed
                );
                question(Kind::FillMissing, text);
            }
            if order.is_split() || (order.lived_twice && !order.state.is_final()) {
                let ids: Vec<String> = order.perm_ids().map(|id| id.to_string()).collect();
                let text = format!("{} lives as {}", placement.order_ref, ids.join(" and "));
                question(Kind::IncarnationConflict, text);
            }
        }
        found
    }

    /// Keeps the orders of others as a reading shows them, and tells of those that are new.
    pub(super) fn see_external(&mut self, orders: Vec<BrokerOrder>, effects: &mut Vec<Effect>) {
        let key = |order: &BrokerOrder| (order.client_id, order.order_id.0, order.perm_id);
        let now: BTreeSet<_> = orders.iter().map(key).collect();
        if self.policy.orders.external != ExternalOrders::Ignore {
            let told = &self.comparison.told_external;
            for order in orders.iter().filter(|order| !told.contains(&key(order))) {
                effects.push(Effect::Alarm {
                    name: "external_order",
                    text: format!(
                        "{} {} of contract {} lives on the account and was placed by {}: it is counted as working",
                        order.side.as_str(),
                        order.quantity,
                        order.con_id,
                        origin(order.client_id)
                    ),
                });
            }
        }
        self.comparison.told_external = now;
        self.external_orders = orders.len();
        self.comparison.external = orders;
    }

    /// What others may still buy and sell in an instrument, where that counts.
    pub(super) fn external_exposure(&self, instrument: InstrumentId) -> (Quantity, Quantity) {
        match self.policy.orders.external {
            ExternalOrders::Ignore => (Quantity::ZERO, Quantity::ZERO),
            ExternalOrders::Alert | ExternalOrders::Adopt => self.comparison.external_quantities(instrument),
        }
    }

    /// An operator takes a difference as it is.
    pub(super) fn accept_discrepancy(
        &mut self,
        requester: &Requester,
        name: String,
        reason: String,
        effects: &mut Vec<Effect>,
    ) -> CommandOutcome {
        let acceptance = Acceptance {
            user: requester.user.clone(),
            reason: reason.clone(),
        };
        let Some(accepted) = self.comparison.register.accept(&name, acceptance) else {
            let message = format!("no discrepancy is named {name:?}; see `moorctl discrepancies list`");
            return CommandOutcome::Refused { message };
        };
        let record = self.accepted_record(&accepted, requester, reason);
        let adjusted = !record.difference.is_zero();
        let message = match adjusted {
            true => format!(
                "{name} is accepted: {} {} is recorded as an adjustment",
                record.difference, record.instrument
            ),
            false => format!("{name} is accepted"),
        };
        effects.push(Effect::Record(Record::Accepted(record.clone())));
        if adjusted {
            self.comparison.adjustments.push(record);
        }
        CommandOutcome::Done { message }
    }

    fn accepted_record(
        &self,
        accepted: &Discrepancy,
        requester: &Requester,
        reason: String,
    ) -> AcceptedRecord {
        let instrument = accepted.found.instrument;
        let known = instrument.and_then(|id| self.instruments.get(id.index()));
        AcceptedRecord {
            name: accepted.name.clone(),
            instrument: known.map(|known| known.name.clone()).unwrap_or_default(),
            con_id: known.and_then(|known| known.con_id),
            difference: match accepted.found.kind.is_of_position() {
                true => accepted.found.difference,
                false => Quantity::ZERO,
            },
            uid: requester.uid,
            user: requester.user.clone(),
            reason,
        }
    }

    /// Counts the fills that a reading has told first.
    pub(super) fn count_recovered(&mut self, changes: &[OrderChange]) {
        let fills = changes
            .iter()
            .filter(|change| matches!(change, OrderChange::Filled { .. }));
        self.comparison.recovered += fills.count() as u64;
    }

    /// A fill or a correction changed what an instrument's fills add up to.
    pub(super) fn count_recent(&mut self, exec_id: &str, instrument: InstrumentId, before: Quantity) {
        let more = self.portfolio.account_net(instrument).minus(before);
        self.comparison.counted(exec_id, instrument, more);
    }

    /// A fill that none of ours made: told as it comes.
    pub(super) fn tell_external_fill(
        &self,
        execution: &crate::domain::report::Execution,
        owner: Option<PluginId>,
        effects: &mut Vec<Effect>,
    ) {
        if owner.is_some() {
            return;
        }
        // IB closes positions itself under this id and client (seen within seconds of a 2148).
        let liquidation = execution.order_id.0 == -1 && execution.client_id == 0;
        if !liquidation && self.policy.orders.external == ExternalOrders::Ignore {
            return;
        }
        let name = match liquidation {
            true => "liquidation",
            false => "external_execution",
        };
        let by = match liquidation {
            true => "IB itself, as a liquidation: see to the account's margin".to_owned(),
            false => origin(execution.client_id),
        };
        effects.push(Effect::Alarm {
            name,
            text: format!(
                "{} {} of contract {} at {} was done by {by}; it is counted in the account's position",
                execution.side.as_str(),
                execution.size,
                execution.con_id,
                execution.price
            ),
        });
    }
}

impl Desk {
    /// Cancels an order that is not in our table, where the policy and IB let us: it must be of our own client id.
    pub(super) fn cancel_external(
        &mut self,
        at: Timestamp,
        order_id: OrderId,
        effects: &mut Vec<Effect>,
    ) -> CommandOutcome {
        let id = order_id.0;
        let shown = self
            .comparison
            .external
            .iter()
            .filter(|order| order.order_id == order_id);
        let shown: Vec<i32> = shown.map(|order| order.client_id).collect();
        let own = shown.contains(&self.orders.client_id());
        match (shown.first(), own, self.policy.orders.external) {
            (None, _, _) => refused(&format!("no order {id} of ours; see `moorctl orders list`")),
            (Some(_), true, ExternalOrders::Adopt) => {
                self.risk.count_cancel(at);
                effects.push(Effect::Cancel { order_id });
                done(&format!("order {id}, which others made, is being canceled"))
            }
            (Some(_), true, _) => refused(&format!(
                "order {id} was not made here; set orders.external = \"adopt\" to manage such orders, or cancel it in TWS"
            )),
            (Some(client_id), false, _) => refused(&format!(
                "order {id} was placed by {}: IB lets nobody else cancel it; cancel it there or in TWS",
                origin(*client_id)
            )),
        }
    }
}

/// Who made an order, by its client id.
pub fn origin(client_id: i32) -> String {
    match client_id {
        0 => "hand in TWS, or by client 0".to_owned(),
        id => format!("client {id}"),
    }
}
