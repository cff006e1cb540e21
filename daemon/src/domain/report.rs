//! What the broker says about orders, in our words.

use serde::{Deserialize, Serialize};

use super::instrument::InstrumentId;
use super::money::{Money, Price, Quantity};
use super::order::{OrderId, OrderKind, Side, TimeInForce};
use super::time::Timestamp;

/// IB's order status (`orderStatus.status`), as sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BrokerStatus {
    /// Sent by us, not acknowledged.
    PendingSubmit,
    /// Held by IB: a stop before its trigger, a child before its parent, or on its way.
    PreSubmitted,
    /// Working at the exchange.
    Submitted,
    /// Cancel asked for, not confirmed.
    PendingCancel,
    /// Held by the API, not transmitted.
    ApiPending,
    /// Canceled before it reached IB.
    ApiCancelled,
    /// Canceled, or what was left of it.
    Cancelled,
    /// Filled whole.
    Filled,
    /// Not working: rejected, or blocked; may come back.
    Inactive,
}

/// `orderStatus`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusReport {
    /// Which order.
    pub order_id: OrderId,
    /// Its status.
    pub status: BrokerStatus,
    /// Filled so far.
    pub filled: Quantity,
    /// Left to fill.
    pub remaining: Quantity,
    /// IB's permanent id, zero when it has none yet.
    pub perm_id: i64,
    /// Why IB holds it (`trigger`, `locate`), if it does.
    pub why_held: Option<String>,
}

/// `openOrder`, `completedOrder`: an order as the broker knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrokerOrder {
    /// The API order id; zero or negative for orders made elsewhere.
    pub order_id: OrderId,
    /// The client id that placed it.
    pub client_id: i32,
    /// IB's permanent id.
    pub perm_id: i64,
    /// Our owner tag, if we placed it.
    pub order_ref: String,
    /// IB's contract id.
    pub con_id: i32,
    /// Which of our instruments, if it is one.
    pub instrument: Option<InstrumentId>,
    /// Which way.
    pub side: Side,
    /// How; `None` for kinds we do not speak.
    pub kind: Option<OrderKind>,
    /// How long; `None` for those we do not speak.
    pub time_in_force: Option<TimeInForce>,
    /// How much.
    pub quantity: Quantity,
    /// Filled so far, where the message says.
    pub filled: Option<Quantity>,
    /// Its status.
    pub status: BrokerStatus,
    /// IB's reason, when it was rejected or completed.
    pub reason: Option<String>,
}

/// `execDetails`: a fill. The same fill may be told many times; `exec_id` tells them apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Execution {
    /// IB's execution id. A correction has the same id but for its last part (`.01` becomes `.02`).
    pub exec_id: String,
    /// Which order; zero or negative for orders made elsewhere.
    pub order_id: OrderId,
    /// The client id that placed the order.
    pub client_id: i32,
    /// IB's permanent id of the order.
    pub perm_id: i64,
    /// Our owner tag, if we placed the order.
    pub order_ref: String,
    /// IB's contract id.
    pub con_id: i32,
    /// Which of our instruments, if it is one.
    pub instrument: Option<InstrumentId>,
    /// Which way.
    pub side: Side,
    /// How much.
    pub size: Quantity,
    /// At what price.
    pub price: Price,
    /// Filled so far with this one.
    pub cumulative: Quantity,
    /// The exchange's time, as IB words it.
    pub time: String,
}

/// `commissionAndFeesReport`: what an execution cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commission {
    /// Of which execution.
    pub exec_id: String,
    /// How much, in `currency`.
    pub amount: Money,
    /// Its currency.
    pub currency: String,
}

/// An error bound to an order. It never ends an order by itself: only a status does (the code may only annotate a live
/// one: 399, 404, 10349 …), but a new order that IB refuses outright gets nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderError {
    /// Which order.
    pub order_id: OrderId,
    /// IB's code.
    pub code: i32,
    /// IB's text.
    pub text: String,
    /// What the code means for the order.
    pub meaning: OrderErrorMeaning,
}

/// What an error code means for the order it names; the gateway's table decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderErrorMeaning {
    /// The order lives on; the text is for people.
    Annotation,
    /// The broker refuses the order (new) or the change (live).
    Refused,
    /// Confirms a cancel (202).
    Canceled,
    /// The cancel came too late or names nothing (10147, 10148, 135, 136, 161).
    CancelRefused,
    /// Nobody knows: ask the broker.
    Ask,
}

/// Anything the broker says about an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BrokerReport {
    /// `orderStatus`.
    Status(StatusReport),
    /// `openOrder`.
    Order(BrokerOrder),
    /// `execDetails`.
    Execution(Execution),
    /// `commissionAndFeesReport`.
    Commission(Commission),
    /// An error bound to an order.
    Error(OrderError),
}

/// One holding of the account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrokerPosition {
    /// Whose.
    pub account: String,
    /// IB's contract id.
    pub con_id: i32,
    /// IB's symbol, for those we have no name for.
    pub symbol: String,
    /// Which of our instruments, if it is one.
    pub instrument: Option<InstrumentId>,
    /// How much, signed.
    pub size: Quantity,
    /// Average cost as IB counts it.
    pub average_cost: Price,
}

/// Everything the broker knows, read in one go after a connect: the truth that ours is measured against.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BrokerTruth {
    /// Open orders of every client.
    pub open_orders: Vec<BrokerOrder>,
    /// Orders that ended today.
    pub completed_orders: Vec<BrokerOrder>,
    /// Fills of today, and as many days back as was asked.
    pub executions: Vec<Execution>,
    /// What they cost, as far as IB has told.
    pub commissions: Vec<Commission>,
    /// Holdings, read between two equal reads of the executions, so that both are of the same instant.
    pub positions: Vec<BrokerPosition>,
    /// The next order id the gateway would accept.
    pub next_order_id: i32,
    /// When the reading ended.
    pub as_of: Timestamp,
}

/// One row of the account summary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountValue {
    /// Whose.
    pub account: String,
    /// IB's tag: `NetLiquidation`, `TotalCashValue`, `BuyingPower` …
    pub tag: String,
    /// Its value as text; most are decimals.
    pub value: String,
    /// Its currency, empty where there is none.
    pub currency: String,
}
