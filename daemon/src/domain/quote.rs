//! What the market says of one instrument.

use super::instrument::InstrumentId;
use super::money::{Price, Quantity};
use super::time::Timestamp;

/// Best bid and offer. A side that was never seen, or was withdrawn, is `None`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quote {
    /// Which instrument.
    pub instrument: InstrumentId,
    /// Best bid.
    pub bid: Option<Price>,
    /// Best offer.
    pub ask: Option<Price>,
    /// Size at the bid.
    pub bid_size: Quantity,
    /// Size at the offer.
    pub ask_size: Quantity,
    /// When the newest part of it was received.
    pub received: Timestamp,
    /// Whether IB marked the data as delayed (market data type 3 or 4).
    pub delayed: bool,
}

impl Quote {
    /// Nothing known yet.
    pub const fn empty(instrument: InstrumentId) -> Self {
        Quote {
            instrument,
            bid: None,
            ask: None,
            bid_size: Quantity::ZERO,
            ask_size: Quantity::ZERO,
            received: Timestamp::NEVER,
            delayed: false,
        }
    }

    /// The middle, once both sides are known.
    pub fn mid(&self) -> Option<Price> {
        Some(self.bid?.midpoint(self.ask?))
    }
}

/// A last-sale print as IB's feed samples it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trade {
    /// Which instrument.
    pub instrument: InstrumentId,
    /// Price of the print.
    pub price: Price,
    /// Size of the print.
    pub size: Quantity,
    /// When it was received.
    pub received: Timestamp,
}

/// One field of the market as IB sends it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tick {
    /// Bid and its size, as one.
    Bid(Option<Price>, Option<Quantity>),
    /// Offer and its size, as one.
    Ask(Option<Price>, Option<Quantity>),
    /// Size at the bid.
    BidSize(Quantity),
    /// Size at the offer.
    AskSize(Quantity),
    /// Last sale.
    Last(Price, Option<Quantity>),
    /// Size of the last sale.
    LastSize(Quantity),
    /// IB's market data type changed: true when delayed.
    Delayed(bool),
}
