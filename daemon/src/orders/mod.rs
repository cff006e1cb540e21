//! Floor 3: what we have asked for. One owner of one table; every order is one record that holds all its ids.
//!
//! [`OrderManager::accept`] takes nothing but what the gate approved. What the broker says comes in through
//! [`OrderManager::apply`] (the stream, see `reports.rs`) and [`OrderManager::reconcile`] (the truth read whole, see
//! `reconcile.rs`); both answer with [`OrderChange`]s for the desk to record and tell.
//!
//! Never: a decision to trade, a send, a clock. Error codes end no live order; only statuses, fills and the truth do.

pub mod chase;
pub mod event;
mod executions;
mod fills;
pub mod ids;
pub mod incarnations;
pub mod lifecycle;
pub mod order;
pub mod placement;
mod reconcile;
mod reports;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use crate::domain::instrument::InstrumentId;
use crate::domain::money::{Money, Quantity};
use crate::domain::order::{ClientOrderId, OrderId, OrderIntent, Side};
use crate::domain::plugin::{Names, PluginId};
use crate::domain::report::{Commission, Execution};
use crate::domain::time::Timestamp;
use crate::portfolio::CountedFill;
use crate::risk::approved::Approved;
use crate::risk::denial::{Denial, DenialCode};

use event::OrderEvent;
use executions::ExecutionBook;
use ids::OrderIds;
use lifecycle::OrderState;
use order::{Amendment, Order};
use placement::Placement;

pub use executions::family;
pub use reconcile::{Finding, Reconciliation};

/// Ended orders kept in memory, because late fills and repeated reports name them. More than a day of a busy account.
const ENDED_KEPT: usize = 20_000;

/// All our orders.
#[derive(Debug)]
pub struct OrderManager {
    names: Names,
    ids: OrderIds,
    client_id: i32,
    orders: BTreeMap<OrderId, Order>,
    by_client_order_id: BTreeMap<ClientOrderId, OrderId>,
    by_perm_id: BTreeMap<i64, OrderId>,
    /// Orders of which something may still come.
    unsettled: BTreeSet<OrderId>,
    ended: VecDeque<OrderId>,
    executions: ExecutionBook,
    /// How long the broker must have denied an order before it counts as never received.
    lost_after: Duration,
    /// Executions of our client id that name no order we know, until the truth tells whose they are.
    parked: VecDeque<Execution>,
    /// How many orders were found to live twice.
    conflicts: u64,
}

/// What came of a report, for the desk to record and tell.
#[derive(Debug, Clone, PartialEq)]
pub enum OrderChange {
    /// An order stands elsewhere; the record of it is in the table.
    Moved(OrderId),
    /// Its owner should know.
    Told {
        /// Whom.
        plugin: PluginId,
        /// What.
        event: OrderEvent,
    },
    /// A fill we did not know, with its owner.
    Filled {
        /// As the broker told it.
        execution: Execution,
        /// Whose; `None` for orders made elsewhere.
        owner: Option<PluginId>,
        /// Whose, by name; empty for orders made elsewhere.
        owner_name: String,
    },
    /// The exchange corrected a fill that was counted.
    Corrected {
        /// As it is now.
        execution: Execution,
        /// Whose, in what.
        owner: Option<(PluginId, InstrumentId)>,
        /// Whose, by name; empty for orders made elsewhere.
        owner_name: String,
    },
    /// A cost we did not know.
    Charged {
        /// As the broker told it.
        commission: Commission,
        /// Of whose fill in what.
        owner: Option<(PluginId, InstrumentId)>,
        /// How much more the fill costs than was counted before.
        more: Money,
        /// When its fill was learned of: its day bears the cost.
        at: Timestamp,
    },
    /// An order of ours that the ledger had not: it must be recorded now.
    Adopted(OrderId),
    /// What was said cannot be understood without asking the broker.
    Ask {
        /// Why, for people.
        reason: String,
    },
    /// The operator should read this.
    Alarm {
        /// Stable name of the condition.
        name: &'static str,
        /// Which, and what to do.
        text: String,
    },
}

impl OrderManager {
    /// No orders yet; ids above `highest_order_id`.
    pub fn new(names: Names, highest_order_id: i32) -> Self {
        OrderManager {
            names,
            ids: OrderIds::after(highest_order_id),
            client_id: 0,
            orders: BTreeMap::new(),
            by_client_order_id: BTreeMap::new(),
            by_perm_id: BTreeMap::new(),
            unsettled: BTreeSet::new(),
            ended: VecDeque::new(),
            executions: ExecutionBook::default(),
            lost_after: reconcile::LOST_AFTER,
            parked: VecDeque::new(),
            conflicts: 0,
        }
    }

    /// Sets how long the broker must have denied an order before it counts as never received.
    pub const fn set_lost_after(&mut self, lost_after: Duration) {
        self.lost_after = lost_after;
    }

    /// Puts back an order the ledger remembers.
    pub fn restore(&mut self, order: Order) {
        self.insert(order);
    }

    /// Puts back a fill the ledger remembers, so that the broker's repetition of it is known for one.
    pub fn restore_execution(
        &mut self,
        execution: &Execution,
        cost: Option<Money>,
        owner: PluginId,
        at: Timestamp,
    ) {
        let owner = execution.instrument.map(|instrument| (owner, instrument));
        self.executions.restore(execution, cost, owner, at);
        self.restore_life(execution);
        let corrected = family(&execution.exec_id).1 > 1;
        let order_id = self.by_perm_id.get(&execution.perm_id).filter(|_| corrected);
        let Some(order_id) = order_id.copied() else {
            return;
        };
        if let Some(order) = self.orders.get_mut(&order_id)
            && order.state == OrderState::Filled
        {
            // How much the correction took back is not remembered: an order called filled is not waited for any more.
            order.busted = order.placement.quantity.minus(order.executed);
        }
        self.settle(order_id);
    }

    /// The fills of one owner in one instrument as they count now, in the order in which they were learned of.
    pub fn counted_fills(&self, plugin: PluginId, instrument: InstrumentId) -> Vec<CountedFill> {
        self.executions.counted((plugin, instrument))
    }

    /// How many fills of one owner in one instrument have told no cost yet.
    pub fn uncommissioned(&self, plugin: PluginId, instrument: InstrumentId) -> u64 {
        self.executions.uncommissioned((plugin, instrument))
    }

    /// How many orders were found to live twice since the start.
    pub const fn conflicts(&self) -> u64 {
        self.conflicts
    }

    /// A session began: whose orders are ours, and which ids are free.
    pub fn session_up(&mut self, client_id: i32, next_order_id: i32) {
        self.client_id = client_id;
        self.ids.raise_to(next_order_id);
        for order_id in &self.unsettled {
            if let Some(order) = self.orders.get_mut(order_id) {
                order.cancels = (0, Timestamp::NEVER);
                order.chase = chase::Chase::NEVER;
            }
        }
    }

    /// Our client id in the present session, or in the last one.
    pub const fn client_id(&self) -> i32 {
        self.client_id
    }

    /// The session ended: an order that was not acknowledged may or may not have arrived.
    pub fn session_down(&mut self, at: Timestamp) -> Vec<OrderChange> {
        let pending: Vec<OrderId> = self
            .unsettled_orders()
            .filter(|order| order.state == OrderState::PendingNew)
            .map(|order| order.placement.order_id)
            .collect();
        let mut changes = Vec::new();
        for order_id in pending {
            self.write_failed(
                at,
                order_id,
                "the session ended before the broker answered",
                &mut changes,
            );
        }
        changes
    }

    /// A write's outcome is unknown.
    pub fn write_failed(
        &mut self,
        at: Timestamp,
        order_id: OrderId,
        reason: &str,
        changes: &mut Vec<OrderChange>,
    ) {
        let Some(order) = self.orders.get_mut(&order_id) else {
            return;
        };
        order.reason = Some(reason.to_owned());
        if order.state != OrderState::PendingNew {
            return;
        }
        order.state = OrderState::Unknown;
        order.changed = at;
        let told = event_of(order, event::OrderEventKind::Unknown);
        changes.push(OrderChange::Moved(order_id));
        changes.push(told);
    }

    /// An order, or a change of one, certainly did not leave.
    pub fn not_sent(&mut self, at: Timestamp, order_id: OrderId, code: DenialCode) -> Vec<OrderChange> {
        let Some(order) = self.orders.get_mut(&order_id) else {
            return Vec::new();
        };
        let denial = Denial::native(code, 0, 0);
        let kind = if order.pending.take().is_some() {
            event::OrderEventKind::ReplaceDenied(denial)
        } else {
            order.state = OrderState::Rejected;
            order.reason = Some(format!("never sent: {}", code.as_str()));
            event::OrderEventKind::Denied(denial)
        };
        order.changed = at;
        let changes = vec![OrderChange::Moved(order_id), event_of(order, kind)];
        self.settle(order_id);
        changes
    }

    /// Takes an approved order in and names it. The caller records and sends what is returned.
    pub fn accept(&mut self, approved: Approved<OrderIntent>, at: Timestamp) -> Result<Placement, Denial> {
        let intent = approved.into_inner();
        if self.by_client_order_id.contains_key(&intent.client_order_id) {
            return Err(Denial::native(DenialCode::DuplicateOrder, 0, 0));
        }
        let order_id = self
            .ids
            .take()
            .ok_or(Denial::native(DenialCode::MissingInput, 0, 0))?;
        let plugin_name = self.names.plugin(intent.plugin).to_owned();
        let placement = Placement {
            order_id,
            client_order_id: intent.client_order_id,
            plugin: intent.plugin,
            order_ref: ids::order_ref(&plugin_name, intent.client_order_id),
            plugin_name,
            instrument: intent.instrument,
            side: intent.side,
            kind: intent.kind,
            time_in_force: intent.time_in_force,
            quantity: intent.quantity,
            tag: intent.tag,
        };
        self.insert(Order::new(placement.clone(), at));
        Ok(placement)
    }

    /// Takes an approved change of a live order in. The caller records and sends what is returned.
    pub fn amend(&mut self, approved: Approved<OrderIntent>, at: Timestamp) -> Result<Placement, Denial> {
        let intent = approved.into_inner();
        let order_id = self
            .amendable(intent.plugin, intent.client_order_id)?
            .placement
            .order_id;
        let unknown = Denial::native(DenialCode::UnknownOrder, 0, 0);
        let order = self.orders.get_mut(&order_id).ok_or(unknown)?;
        order.pending = Some(Amendment {
            quantity: intent.quantity,
            kind: intent.kind,
        });
        order.changed = at;
        Ok(Placement {
            quantity: intent.quantity,
            kind: intent.kind,
            ..order.placement.clone()
        })
    }

    /// The order a plugin wants to change, if it can be changed now.
    pub fn amendable(&self, plugin: PluginId, client_order_id: ClientOrderId) -> Result<&Order, Denial> {
        let unknown = Denial::native(DenialCode::UnknownOrder, 0, 0);
        let order = self.owned(plugin, client_order_id).ok_or(unknown)?;
        match order.state {
            OrderState::Working if order.pending.is_none() && !order.lived_twice => Ok(order),
            state if state.is_final() => Err(unknown),
            state => Err(Denial::native(DenialCode::OrderBusy, 0, state as i64)),
        }
    }

    /// Marks an order for cancellation and says whether a cancel should be sent.
    pub fn cancel(&mut self, order_id: OrderId, at: Timestamp) -> bool {
        let Some(order) = self.orders.get_mut(&order_id) else {
            return false;
        };
        if order.state.is_final() || (order.cancel_requested && order.state == OrderState::PendingCancel) {
            return false;
        }
        order.cancel_requested = true;
        order.cancels = (order.cancels.0 + 1, at);
        if matches!(
            order.state,
            OrderState::Working | OrderState::PendingNew | OrderState::Inactive
        ) {
            order.state = OrderState::PendingCancel;
        }
        order.changed = at;
        true
    }

    /// A plugin's order by its own name.
    pub fn owned(&self, plugin: PluginId, client_order_id: ClientOrderId) -> Option<&Order> {
        let order = self.orders.get(self.by_client_order_id.get(&client_order_id)?)?;
        (order.placement.plugin == plugin).then_some(order)
    }

    /// An order by its API id.
    pub fn get(&self, order_id: OrderId) -> Option<&Order> {
        self.orders.get(&order_id)
    }

    /// Orders of which something may still come, in the order of their ids.
    pub fn unsettled_orders(&self) -> impl Iterator<Item = &Order> {
        self.unsettled
            .iter()
            .filter_map(|order_id| self.orders.get(order_id))
    }

    /// Orders that are not ended.
    pub fn live(&self) -> impl Iterator<Item = &Order> {
        self.unsettled_orders().filter(|order| !order.state.is_final())
    }

    /// The latest ended orders, oldest first.
    pub fn ended(&self, most: usize) -> impl Iterator<Item = &Order> {
        let skip = self.ended.len().saturating_sub(most);
        self.ended
            .iter()
            .skip(skip)
            .filter_map(|order_id| self.orders.get(order_id))
    }

    /// What one plugin's orders in one instrument may still buy and sell, leaving one order out.
    pub fn open_quantities(
        &self,
        plugin: PluginId,
        instrument: InstrumentId,
        except: Option<OrderId>,
    ) -> (Quantity, Quantity) {
        let (mut buy, mut sell) = (Quantity::ZERO, Quantity::ZERO);
        for order in self.unsettled_orders() {
            let placement = &order.placement;
            let counts = placement.plugin == plugin && placement.instrument == instrument;
            if !counts || except == Some(placement.order_id) {
                continue;
            }
            match placement.side {
                Side::Buy => buy = buy.plus(order.open_quantity()),
                Side::Sell => sell = sell.plus(order.open_quantity()),
            }
        }
        (buy, sell)
    }

    fn insert(&mut self, order: Order) {
        let order_id = order.placement.order_id;
        self.ids.raise_to(order_id.0.saturating_add(1));
        self.by_client_order_id
            .insert(order.placement.client_order_id, order_id);
        if order.perm_id != 0 {
            self.by_perm_id.insert(order.perm_id, order_id);
        }
        self.orders.insert(order_id, order);
        self.unsettled.insert(order_id);
        self.settle(order_id);
    }

    /// Keeps the index of unsettled orders true after a change, and forgets the oldest that ended.
    fn settle(&mut self, order_id: OrderId) {
        let Some(order) = self.orders.get(&order_id) else {
            return;
        };
        if !order.is_settled() {
            if self.unsettled.insert(order_id) {
                self.ended.retain(|ended| *ended != order_id);
            }
            return;
        }
        if self.unsettled.remove(&order_id) {
            self.ended.push_back(order_id);
        }
        while self.ended.len() > ENDED_KEPT {
            let Some(oldest) = self.ended.pop_front() else {
                return;
            };
            if let Some(order) = self.orders.remove(&oldest) {
                self.by_client_order_id.remove(&order.placement.client_order_id);
                for perm_id in order.perm_ids() {
                    self.by_perm_id.remove(&perm_id);
                }
            }
        }
    }
}

fn event_of(order: &Order, kind: event::OrderEventKind) -> OrderChange {
    let placement = &order.placement;
    let event = OrderEvent {
        client_order_id: placement.client_order_id,
        tag: placement.tag,
        kind,
    };
    OrderChange::Told {
        plugin: placement.plugin,
        event,
    }
}
