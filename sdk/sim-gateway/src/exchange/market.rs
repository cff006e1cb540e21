//! One instrument's market: its book, its price process, and what it shows to the world.

use super::book::Book;
use super::calendar::Phase;
use super::instrument::{Instrument, Kind, Lots, Ticks};
use super::order::Side;
use super::past::Tape;
use super::prices::fair::FairPath;
use super::prices::{as_price, underlying};
use super::process::{DEPTH, HouseQuote, PriceProcess};
use super::trading::Waiting;

/// Why a market does not trade although it is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Halt {
    /// By decree.
    General,
    /// After a large move in a short time.
    Volatility,
}

/// How many changes of a market's price by decree are remembered.
const OFFSETS: usize = 64;

/// Best bid and ask with their sizes, as published.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Top {
    /// Best bid, if any.
    pub bid: Option<(Ticks, Lots)>,
    /// Best ask, if any.
    pub ask: Option<(Ticks, Lots)>,
}

/// The trades of the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Session {
    /// Last price.
    pub last: Ticks,
    /// Last size; zero before the first trade.
    pub last_lots: Lots,
    /// First price.
    pub open: Ticks,
    /// Highest price.
    pub high: Ticks,
    /// Lowest price.
    pub low: Ticks,
    /// Yesterday's last price.
    pub close: Ticks,
    /// Size traded.
    pub volume: Lots,
}

/// A market.
#[derive(Debug)]
pub struct Market {
    /// What is traded.
    pub instrument: Instrument,
    pub(super) process: PriceProcess,
    pub(super) book: Book,
    pub(super) house: HouseQuote,
    pub(super) shown: Top,
    pub(super) session: Session,
    /// Clients' orders.
    pub(super) orders: Waiting,
    /// Clients watching.
    pub(super) watchers: usize,
    /// While true the market shows only what a probe shows.
    pub(super) frozen: bool,
    /// The fair value's path, and its value at the exchange's start; made when first needed.
    pub(super) path: Option<(Box<FairPath>, f64)>,
    /// What operators added to the fair value, each from a Unix time on.
    pub(super) offsets: Vec<(u64, Ticks)>,
    /// What the market has shown.
    pub(super) tape: Tape,
    /// The second for which prices were last brought up to date.
    pub(super) looked_at: Option<u64>,
    /// Whether somebody watches it or has an order in it, as far as noticed.
    pub(super) followed: bool,
    /// Whether it makes moves of its own, as far as noticed.
    pub(super) moving: bool,
    pub(super) phase: Phase,
    /// When the phase changes, Unix time in seconds; `None` is never.
    pub(super) phase_until: Option<u64>,
    /// When the trading day of `session` began, Unix time in seconds.
    pub(super) day: u64,
    pub(super) halt: Option<(Halt, Option<u64>)>,
    /// The price that large moves are measured from, and since when.
    pub(super) reference: (u64, Ticks),
}

impl Market {
    pub(super) fn new(seed: u64, instrument: Instrument) -> Self {
        let process = PriceProcess::new(seed, &instrument);
        let open = instrument.open;
        let session = Session {
            last: open,
            last_lots: 0,
            open,
            high: open,
            low: open,
            close: open,
            volume: 0,
        };
        let nobody = HouseQuote {
            bid: open,
            ask: open,
            step: 1,
            bid_lots: [0; DEPTH],
            ask_lots: [0; DEPTH],
        };
        let opens = underlying(&instrument).is_none() && instrument.legs.is_empty();
        let mut market = Self {
            instrument,
            process,
            book: Book::default(),
            house: nobody,
            shown: Top::default(),
            session,
            orders: Waiting::default(),
            watchers: 0,
            frozen: false,
            path: None,
            offsets: Vec::new(),
            tape: Tape::default(),
            looked_at: None,
            followed: false,
            moving: false,
            phase: Phase::Regular,
            phase_until: None,
            day: 0,
            halt: None,
            reference: (0, 0),
        };
        if opens {
            // What is derived from nothing shows something from the beginning.
            market.house = market.process.quote();
            let house = market.house;
            market.settle_in(&house);
        }
        market
    }

    /// Lets other people take their places in a market in which no client has an order.
    pub(super) fn settle_in(&mut self, house: &HouseQuote) {
        self.book.clear_house();
        for (side, price, lots) in house.levels() {
            self.book.show(side, price, lots);
        }
        self.shown = self.top();
    }

    /// Why the market does not trade although it is open, if it is halted.
    #[must_use]
    pub fn halted(&self) -> Option<Halt> {
        self.halt.map(|(halt, _)| halt)
    }

    /// What operators have added to the fair value of a Unix time.
    pub(super) fn offset_at(&self, unix: u64) -> Ticks {
        let later = self.offsets.partition_point(|(from, _)| *from <= unix);
        later
            .checked_sub(1)
            .and_then(|at| self.offsets.get(at))
            .map_or(0, |(_, ticks)| *ticks)
    }

    pub(super) fn set_offset(&mut self, unix: u64, ticks: Ticks) {
        self.offsets.retain(|(from, _)| *from < unix);
        if self.offsets.len() >= OFFSETS {
            self.offsets.remove(0);
        }
        self.offsets.push((unix, ticks));
    }

    /// The middle of other people's quotes, or the last value where nobody quotes, as a number.
    pub(super) fn middle(&self) -> f64 {
        let doubled = if self.instrument.kind == Kind::Index {
            2 * self.session.last
        } else {
            self.house.bid + self.house.ask
        };
        0.5 * as_price(&self.instrument, doubled)
    }

    /// Best bid and ask right now.
    #[must_use]
    pub fn top(&self) -> Top {
        Top {
            bid: self.book.best(Side::Buy),
            ask: self.book.best(Side::Sell),
        }
    }

    /// Best bid and ask as last published.
    #[must_use]
    pub fn shown(&self) -> Top {
        self.shown
    }

    /// The trades of the day.
    #[must_use]
    pub fn session(&self) -> Session {
        self.session
    }

    /// The size at every price of a side, best first.
    #[must_use]
    pub fn depth(&self, side: Side) -> Vec<(Ticks, Lots)> {
        self.book.depth(side)
    }

    /// The price positions are valued at: the last trade, or the middle where no trades print.
    #[must_use]
    pub fn mark(&self) -> Ticks {
        match (
            self.instrument.kind.prints_trades(),
            self.shown.bid,
            self.shown.ask,
        ) {
            (false, Some((bid, _)), Some((ask, _))) => bid.midpoint(ask),
            _ => self.session.last,
        }
    }

    /// How much trades when a session or a pause begins or ends.
    pub(super) fn auction_lots(&self) -> Lots {
        match self.instrument.kind {
            Kind::Index => 0,
            _ => self.instrument.typical_lots.max(1),
        }
    }

    /// Whether anybody cares: somebody watches or has an order in the market.
    pub(super) fn is_wanted(&self) -> bool {
        self.watchers > 0 || !self.orders.is_idle()
    }

    /// Whether time passes here: somebody cares, and nothing holds the market.
    pub(super) fn is_active(&self) -> bool {
        self.is_wanted() && self.trades()
    }

    /// Whether other people quote and trade: the market is open and nothing holds it.
    pub(super) fn trades(&self) -> bool {
        !self.frozen && self.halt.is_none() && self.phase != Phase::Closed
    }

    /// Records a trade; true when it is one the market prints.
    pub(super) fn print(&mut self, price: Ticks, lots: Lots) -> bool {
        if !self.instrument.kind.prints_trades() {
            return false;
        }
        let session = &mut self.session;
        session.last = price;
        session.last_lots = lots;
        session.high = session.high.max(price);
        session.low = session.low.min(price);
        session.volume += lots;
        !self.frozen
    }
}
