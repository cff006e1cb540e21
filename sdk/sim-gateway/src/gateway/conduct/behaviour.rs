//! What a gateway can be told to do wrong, or differently.

use rust_decimal::Decimal;

/// One instruction about the gateway's own behaviour.
#[derive(Debug, Clone, PartialEq)]
pub enum Behaviour {
    /// The next new order is rejected with this code.
    Reject(i32),
    /// Client ids stay busy this long after their connection is gone, nanoseconds.
    HoldIds(u64),
    /// The next order id of a client, or of all, falls back by so much.
    RollBackIds {
        /// Whose; everybody's when absent.
        client: Option<i32>,
        /// By how much.
        by: i32,
    },
    /// The API takes no orders.
    ReadOnly(bool),
    /// A dialog waits for somebody: new orders stop at `PendingSubmit`.
    Dialog {
        /// How many orders it stops; all of them when absent.
        orders: Option<u32>,
        /// Whether the orders it stopped are forgotten when it goes away.
        forget: bool,
    },
    /// The dialog is answered.
    Release,
    /// The next changes of orders, so many of them, become orders of their own beside the original.
    SplitPermId(u32),
    /// Market data permissions of a symbol, or of all.
    Entitle {
        /// Whose; everything's when absent.
        symbol: Option<String>,
        /// What may be seen of it.
        entitlement: Entitlement,
    },
    /// The link to the broker is gone.
    LinkDown,
    /// The link to the broker is back, with this notice: 1101 or 1102.
    LinkUp(i32),
    /// The gateway's clock jumps, milliseconds.
    JumpClock(i64),
    /// How the connection time is written from now on.
    ConnectionTime(TimeStyle),
    /// How execution times are written from now on.
    ExecutionTimes(ExecutionTimes),
    /// Something said is not so.
    Lie(Lie),
    /// Nothing said is untrue any more.
    Honest,
    /// It has restarted: whatever it kept to itself is gone, untransmitted orders with it.
    Restart,
    /// Something done from elsewhere.
    Elsewhere(Elsewhere),
    /// An execution is corrected.
    Correct {
        /// Its id; the newest one's when absent.
        execution: Option<String>,
        /// What it was for, after all.
        quantity: Option<Decimal>,
        /// At what price, after all.
        price: Option<Decimal>,
    },
}

/// What may be seen of a symbol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entitlement {
    /// Everything, live.
    Live,
    /// Nothing: 354.
    None,
    /// Delayed data, after a 10167.
    Delayed,
    /// The exchange's agreement is not signed: 10089, and delayed data for those who asked for it.
    Unsigned,
    /// A part only: 10090, and the data goes on.
    Partial,
    /// Somebody else looks at it: so many 10197 for each request, and silence.
    Competing(u32),
}

/// How the time in the handshake is written.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TimeStyle {
    /// What stands for the zone, any bytes; `UTC` when absent.
    pub zone: Option<Vec<u8>>,
    /// Seconds east of UTC of the time written.
    pub offset: i64,
    /// What takes the place of the whole time.
    pub whole: Option<Vec<u8>>,
}

/// How execution times are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ExecutionTimes {
    /// `20260413 15:27:04 UTC`.
    #[default]
    Zone,
    /// `20260413 15:27:04 Universal`.
    Universal,
    /// `20260413-15:27:04`.
    Dashed,
    /// Seconds since 1970.
    Epoch,
}

/// A field that is not what it should be.
#[derive(Debug, Clone, PartialEq)]
pub struct Lie {
    /// Which.
    pub field: Field,
    /// What it says instead, where there is a choice.
    pub value: Option<String>,
    /// How often; always when absent.
    pub left: Option<u32>,
    /// Only to this client.
    pub client: Option<i32>,
    /// Only about this order or request.
    pub about: Option<i32>,
}

/// What can be lied about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    /// The list of accounts.
    Accounts,
    /// The next valid order id.
    NextId,
    /// The order id of an execution.
    ExecutionOrderId,
    /// An execution comes again under another id.
    ExecutionTwice,
    /// The cumulative quantity of an execution.
    CumulativeQuantity,
    /// The average price in an order's status.
    AveragePrice,
    /// The status of an order.
    Status,
    /// Why an order is held.
    WhyHeld,
    /// A filled order says so again, at a price of zero.
    FilledTwice,
    /// The permanent id in an order's status.
    PermId,
    /// The filled quantity in an open order is not set.
    OpenOrderFilled,
    /// Whether the account is ready: it is not, and its values are zero.
    AccountReady,
    /// Profit and loss are not set.
    Profit,
    /// The size of a position.
    Position,
    /// The exchange in a position's contract is empty.
    PositionExchange,
    /// The fee of an execution.
    Commission,
    /// Prices of ticks.
    TickPrice,
}

impl Field {
    /// All of them, as a scenario names them.
    pub const NAMES: [(&'static str, Field); 17] = [
        ("accounts", Field::Accounts),
        ("next-id", Field::NextId),
        ("execution-order-id", Field::ExecutionOrderId),
        ("execution-twice", Field::ExecutionTwice),
        ("cumulative-quantity", Field::CumulativeQuantity),
        ("average-price", Field::AveragePrice),
        ("status", Field::Status),
        ("why-held", Field::WhyHeld),
        ("filled-twice", Field::FilledTwice),
        ("perm-id", Field::PermId),
        ("open-order-filled", Field::OpenOrderFilled),
        ("account-ready", Field::AccountReady),
        ("profit", Field::Profit),
        ("position", Field::Position),
        ("position-exchange", Field::PositionExchange),
        ("commission", Field::Commission),
        ("tick-price", Field::TickPrice),
    ];
}

/// Activity that no client of this gateway asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Elsewhere {
    /// What it is.
    pub kind: ElsewhereKind,
    /// Of which instrument, by its local symbol.
    pub symbol: String,
    /// How much; bought when positive, sold when negative.
    pub quantity: Decimal,
    /// At what price; the market's when absent.
    pub price: Option<Decimal>,
    /// For which account; the default one when absent.
    pub account: Option<String>,
}

/// Kinds of activity from elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ElsewhereKind {
    /// An order that works.
    Order,
    /// An order that fills at once.
    Fill,
    /// The broker closes a position: as `Fill`, marked as a liquidation and told to everybody.
    Liquidation,
    /// A position changes without any order: assignment, expiry, transfer.
    Position,
}
