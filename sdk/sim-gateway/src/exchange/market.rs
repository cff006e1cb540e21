//! One instrument's market: its book, its price process, and what it shows to the world.

use super::book::Book;
use super::instrument::{Instrument, Lots, Ticks};
use super::order::Side;
use super::process::{HouseQuote, PriceProcess};
use super::trading::Waiting;

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
}

impl Market {
    pub(super) fn new(seed: u64, instrument: Instrument) -> Self {
        let mut process = PriceProcess::new(seed, &instrument);
        let house = process.quote();
        let mut book = Book::default();
        for (side, price, lots) in house.levels() {
            book.show(side, price, lots);
        }
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
        let mut market = Self {
            instrument,
            process,
            book,
            house,
            shown: Top::default(),
            session,
            orders: Waiting::default(),
            watchers: 0,
            frozen: false,
        };
        market.shown = market.top();
        market
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

    /// Whether time passes here: somebody watches or has an order in the market.
    pub(super) fn is_active(&self) -> bool {
        !self.frozen && (self.watchers > 0 || !self.orders.is_idle())
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
