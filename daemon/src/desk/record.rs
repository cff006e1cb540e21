//! What must not be forgotten: the desk's side of the ledger, in and out.

use crate::domain::instrument::InstrumentId;
use crate::domain::money::{Money, Quantity};
use crate::domain::order::{ClientOrderId, OrderId};
use crate::domain::report::{Commission, Execution};
use crate::orders::lifecycle::OrderState;
use crate::orders::placement::Placement;
use crate::portfolio::Position;
use crate::risk::denial::Denial;

use super::event::Requester;
use crate::domain::trading_state::Latch;

/// One durable fact.
#[derive(Debug, Clone, PartialEq)]
pub enum Record {
    /// An order was accepted and is about to be written to the socket.
    Placed(Placement),
    /// A change to a live order is about to be written to the socket.
    Replaced(Placement),
    /// A cancel is about to be written to the socket.
    CancelRequested {
        /// Which order.
        order_id: OrderId,
    },
    /// An order's state, as the broker's words or the reconciliation left it.
    OrderState(OrderStateRecord),
    /// A fill, keyed by its execution id.
    Executed(ExecutionRecord),
    /// What a fill cost, keyed by its execution id.
    Commissioned(Commission),
    /// The gate said no.
    Denied {
        /// To what.
        client_order_id: ClientOrderId,
        /// Who had asked, by name.
        plugin: String,
        /// Why.
        denial: Denial,
    },
    /// The operator's latch: running, halted, killed.
    Latched {
        /// Its position.
        latch: Latch,
        /// Why.
        reason: String,
    },
    /// A difference between ours and the broker's that an operator accepted.
    Accepted(AcceptedRecord),
    /// What an operator did, whether it worked or not.
    Admin {
        /// Who.
        requester: Requester,
        /// Which command.
        action: &'static str,
        /// Its arguments and reason, for people.
        detail: String,
        /// What came of it.
        outcome: String,
    },
}

/// Where an order stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderStateRecord {
    /// Which order.
    pub order_id: OrderId,
    /// Its state.
    pub state: OrderState,
    /// Filled so far, by executions.
    pub filled: Quantity,
    /// IB's permanent id, zero while unknown.
    pub perm_id: i64,
    /// The broker's or the desk's reason, if there is one.
    pub reason: Option<String>,
}

/// A fill with its owner resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExecutionRecord {
    /// As the broker told it.
    pub execution: Execution,
    /// The owner's name; empty for orders made elsewhere.
    pub plugin: String,
}

/// An accepted difference. One of positions is an adjustment from then on: the account holds so much beside the fills
/// that are known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AcceptedRecord {
    /// The discrepancy's name.
    pub name: String,
    /// In which instrument, by name; empty if in none of ours.
    pub instrument: String,
    /// IB's contract id of it, once resolved.
    pub con_id: Option<i32>,
    /// How much more the account holds; zero where it is not a matter of positions.
    pub difference: Quantity,
    /// Who accepted it.
    pub uid: u32,
    /// The name of that user.
    pub user: String,
    /// Why.
    pub reason: String,
}

/// An order as the ledger remembers it.
#[derive(Debug, Clone, PartialEq)]
pub struct RememberedOrder {
    /// As it was last sent.
    pub placement: Placement,
    /// Its last known state.
    pub state: OrderState,
    /// Filled so far, by executions.
    pub filled: Quantity,
    /// IB's permanent id, zero while unknown.
    pub perm_id: i64,
    /// Whether a cancel was asked for.
    pub cancel_requested: bool,
}

/// A fill as the ledger remembers it, with what it cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RememberedExecution {
    /// The fill.
    pub record: ExecutionRecord,
    /// When the ledger learned of it.
    pub recorded: crate::domain::time::Timestamp,
    /// The sum of its commissions.
    pub commission: Option<Money>,
}

/// What an owner held in an instrument when the ledger added up older fills.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RememberedPosition {
    /// The owner's name.
    pub plugin: String,
    /// In what.
    pub instrument: InstrumentId,
    /// How much, at what cost, with what profit; the profit is before the contract's multiplier.
    pub position: Position,
}

/// What the ledger hands the desk at start.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Memory {
    /// Orders that had not ended, and those called filled of late whose executions had not all come.
    pub open_orders: Vec<RememberedOrder>,
    /// What the fills before [`Memory::executions`] add up to.
    pub positions: Vec<RememberedPosition>,
    /// Every fill that is not added up, oldest first.
    pub executions: Vec<RememberedExecution>,
    /// The operator's latch and the reason given for it.
    pub latch: Option<(Latch, String)>,
    /// Differences that operators accepted, oldest first.
    pub accepted: Vec<AcceptedRecord>,
    /// The highest API order id ever used.
    pub highest_order_id: i32,
    /// The highest client order id ever used.
    pub highest_client_order_id: u64,
}
