//! What the exchange has to tell: consequences of requests and of time, in the order they happened.

use rust_decimal::Decimal;

use super::instrument::{InstrumentId, Lots, Ticks};
use super::market::Session;
use super::order::{Order, OrderKey, Side};

/// Something that happened. Orders are shown as they were at that moment.
#[derive(Debug, Clone)]
pub enum Event {
    /// The best bid or ask, or a size there, changed.
    Quote {
        /// Whose.
        instrument: InstrumentId,
    },
    /// A trade was printed.
    Trade {
        /// Whose.
        instrument: InstrumentId,
        /// At what price.
        price: Ticks,
        /// What size.
        lots: Lots,
        /// The trades of the day, this one included.
        day: Session,
    },
    /// An order changed without trading.
    Order {
        /// What happened.
        change: Change,
        /// The order right after it.
        order: Box<Order>,
    },
    /// An order traded.
    Execution {
        /// The fill.
        execution: Box<Execution>,
        /// The order right after it.
        order: Box<Order>,
    },
    /// A position changed without any order of the API: an assignment, an expiry, a transfer.
    Position {
        /// Whose.
        account: String,
        /// In what.
        instrument: InstrumentId,
    },
}

/// A change of an order that is no trade.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Taken in.
    Accepted,
    /// Kept out of the market; the order says why.
    Held,
    /// In the market.
    Working,
    /// Replaced by a new version of itself, or made smaller by its group.
    Modified,
    /// Got an order id of client 0, having had none.
    Bound,
    /// A cancel is on its way.
    CancelPending,
    /// Withdrawn on request.
    Cancelled,
    /// Withdrawn by the exchange: unfilled rest of an immediate order, or the end of its day.
    Expired,
    /// Refused after it was taken in.
    Rejected {
        /// Why, for people.
        reason: String,
    },
}

/// Which part of a fill an execution tells of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// All of it: an ordinary instrument.
    Whole,
    /// A combination as one: tells of its price, but no position follows from it.
    Combination,
    /// One leg of a combination, counted from zero.
    Leg(usize),
}

/// One fill of one order.
#[derive(Debug, Clone)]
pub struct Execution {
    /// Unique id, as the protocol writes it.
    pub id: String,
    /// Which order, by the exchange's key.
    pub order: OrderKey,
    /// The client and order id to show, see [`Order::shown`].
    pub shown: OrderKey,
    /// That order's permanent id.
    pub perm_id: i64,
    /// Account.
    pub account: String,
    /// Instrument.
    pub instrument: InstrumentId,
    /// Direction.
    pub side: Side,
    /// Size of this fill.
    pub lots: Lots,
    /// Its price.
    pub price: Ticks,
    /// Size filled so far, this fill included.
    pub cumulative: Lots,
    /// Average price so far.
    pub average_price: Decimal,
    /// Whether it added liquidity (waited in the book).
    pub maker: bool,
    /// Logical instant, nanoseconds.
    pub at: u64,
    /// Fee for this fill, in the instrument's currency.
    pub fee: Decimal,
    /// Profit realised, when the fill closed something.
    pub realized: Option<Decimal>,
    /// Which part of the fill this is.
    pub part: Part,
    /// The broker's own doing, to bring the account within its means.
    pub liquidation: bool,
    /// How often it has been corrected; the number behind the last dot of the id is one more.
    pub correction: u32,
    /// A later execution, its correction, stands in its place.
    pub superseded: bool,
}
