//! What a plugin sees of the market: time, instruments, quotes and trades.

use core::ops::{Add, Sub};
use core::time::Duration;

use crate::number::{Price, Quantity};

/// An instant on the host's clock: nanoseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(u64);

impl Time {
    /// From nanoseconds since 1970.
    #[must_use]
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// Nanoseconds since 1970.
    #[must_use]
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// How long it is since `earlier`; nothing if that is later.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

impl Add<Duration> for Time {
    type Output = Self;
    fn add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(nanos(duration)))
    }
}

impl Sub<Duration> for Time {
    type Output = Self;
    fn sub(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(nanos(duration)))
    }
}

/// The wire counts nanoseconds in 64 bits, which is 584 years.
pub(crate) fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// The host's dense number of an instrument, stable while the daemon runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InstrumentId(pub u32);

/// What is known of an instrument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instrument {
    /// The host's number of it.
    pub id: InstrumentId,
    /// IB's symbol.
    pub symbol: String,
    /// IB's security type: STK, OPT, FUT, FOP, CASH, BOND, CFD, IND, WAR, CMDTY, CRYPTO, FUND, BAG.
    pub security_type: String,
    /// Where it is routed.
    pub exchange: String,
    /// The currency of its prices.
    pub currency: String,
    /// Smallest price step; zero until the session has resolved the instrument, which is before its first quote.
    pub tick: Price,
    /// 1 for shares, 50 for an E-mini future.
    pub multiplier: Quantity,
    /// IB's contract id.
    pub con_id: u32,
}

impl Instrument {
    /// Whether the session has asked IB about it: before that, its tick and contract id are zero.
    #[must_use]
    pub fn is_resolved(&self) -> bool {
        self.tick.is_positive() && self.con_id != 0
    }
}

/// Best bid and offer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Quote {
    /// Whose quote it is.
    pub instrument: InstrumentId,
    /// bits: 0 bid known, 1 ask known, 2 delayed data, 3 stale.
    pub bits: u32,
    /// Means nothing when bit 0 is not set: see [`Quote::bid`].
    pub bid: Price,
    /// Means nothing when bit 1 is not set: see [`Quote::ask`].
    pub ask: Price,
    /// What is bid for at the bid.
    pub bid_size: Quantity,
    /// What is offered at the ask.
    pub ask_size: Quantity,
    /// When the daemon received it.
    pub ts: Time,
}

impl Quote {
    /// bit 0: the bid is known.
    pub const BID: u32 = 1;
    /// bit 1: the ask is known.
    pub const ASK: u32 = 1 << 1;
    /// bit 2: the data is delayed by the exchange's rule.
    pub const DELAYED: u32 = 1 << 2;
    /// bit 3: older than the daemon's limit for a live quote.
    pub const STALE: u32 = 1 << 3;

    /// The bid, if there is one.
    #[must_use]
    pub const fn bid(&self) -> Option<Price> {
        if self.bits & Self::BID != 0 {
            Some(self.bid)
        } else {
            None
        }
    }

    /// The ask, if there is one.
    #[must_use]
    pub const fn ask(&self) -> Option<Price> {
        if self.bits & Self::ASK != 0 {
            Some(self.ask)
        } else {
            None
        }
    }

    /// Half way between bid and ask, if there are both.
    #[must_use]
    pub const fn mid(&self) -> Option<Price> {
        match (self.bid(), self.ask()) {
            (Some(bid), Some(ask)) => Some(bid.midpoint(ask)),
            _ => None,
        }
    }

    /// Fit to trade on: both sides known and not stale. Delayed data passes; whether it may is the
    /// operator's rule.
    #[must_use]
    pub const fn is_live(&self) -> bool {
        self.bits & (Self::BID | Self::ASK | Self::STALE) == Self::BID | Self::ASK
    }
}

/// A last-sale print, as the feed samples it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Trade {
    /// What was traded.
    pub instrument: InstrumentId,
    /// bit 2: delayed data.
    pub bits: u32,
    /// At what price.
    pub price: Price,
    /// How much of it.
    pub size: Quantity,
    /// When the daemon received it.
    pub ts: Time,
}

/// A time in which data of an instrument may have been missed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Gap {
    /// Of what.
    pub instrument: InstrumentId,
    /// No bit has a meaning yet.
    pub bits: u32,
    /// When the last tick before it was received.
    pub from: Time,
    /// When the first tick after it was received.
    pub to: Time,
}

impl Gap {
    /// How long nothing was seen.
    #[must_use]
    pub fn length(&self) -> Duration {
        self.to.since(self.from)
    }
}

/// The daemon's word on whether orders may leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TradingState {
    /// The session is being proved; nothing leaves.
    Recovering,
    /// Orders may leave.
    Active,
    /// Only orders that bring a position nearer to zero.
    ReduceOnly,
    /// Stopped by the operator, latched.
    Halted,
    /// The daemon is stopping.
    Draining,
}
