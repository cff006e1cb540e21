//! How a stream begins: everything known about its market, as its feed shows it.

use super::ticker::{Ticker, quote_mask};
use super::{Feed, Figures, fields};
use crate::exchange::{Halt, InstrumentId, Kind, Session, Top};
use crate::gateway::{ConnectionId, Gateway};

impl Gateway {
    /// What a feed shows of a market now; `None` when it shows nothing.
    pub(super) fn picture(&mut self, id: InstrumentId, feed: Feed) -> Option<(Top, Session)> {
        let market = self.exchange.market(id);
        let (shown, day) = (market.shown(), market.session());
        match feed {
            Feed::Live if self.data.board(id).open => Some((shown, day)),
            Feed::Live => Some((Top::default(), day)),
            Feed::Frozen => Some((self.last_known(id, shown), day)),
            Feed::Delayed | Feed::DelayedFrozen => Some(self.late_picture(id)),
            Feed::Silent => None,
        }
    }

    /// The last quote there was, where there is none now.
    fn last_known(&mut self, id: InstrumentId, shown: Top) -> Top {
        if shown != Top::default() {
            return shown;
        }
        let board = self.data.board(id);
        if board.known == Top::default() {
            let now = self.exchange.unix_seconds(self.exchange.now());
            self.data.board(id).known = self.closing_quote(id, now).unwrap_or_default();
        }
        self.data.board(id).known
    }

    /// Tells a stream everything known about its market, as it begins or changes its kind.
    pub(super) fn open_stream(&mut self, id: InstrumentId, to: ConnectionId, request: i32) {
        let Some(feed) = self.stream(to, request, id).map(|stream| stream.feed) else {
            return;
        };
        let Some((top, day)) = self.picture(id, feed) else {
            return;
        };
        let Some(stream) = self.stream(to, request, id) else {
            return;
        };
        stream.told = top;
        stream.day = day;
        let (address, without_quotes) = (stream.address, stream.generics.without_quotes);
        if !without_quotes {
            let market = self.exchange.market(id);
            let kind = market.instrument.kind;
            let figures = Figures::new(&market.instrument, self.data.rules.sizes_in_round_lots);
            let open = self.data.boards.get(id.0).is_some_and(|board| board.open);
            let mut ticker = Ticker {
                out: &mut self.output,
                address,
                delayed: feed.is_delayed(),
            };
            tell_quote(&mut ticker, &figures, kind, open, top);
            tell_day(&mut ticker, &figures, kind, day);
            self.tell_halt(id, to, request);
        }
        self.open_generics(id, to, request);
        if !without_quotes {
            self.tell_venues(id);
            self.tell_computations(id);
            self.tell_yields(id);
        }
    }

    /// Whether the market is halted: what a stream begins with.
    fn tell_halt(&mut self, id: InstrumentId, to: ConnectionId, request: i32) {
        let market = self.exchange.market(id);
        if !can_be_halted(market.instrument.kind) {
            return;
        }
        let halt = market.halted();
        let Some(stream) = self.stream(to, request, id) else {
            return;
        };
        stream.halted = halt;
        let mut ticker = Ticker {
            address: stream.address,
            delayed: stream.feed.is_delayed(),
            out: &mut self.output,
        };
        ticker.number(fields::HALTED, halt_number(halt));
    }

    /// Tells streams whether the market is halted, where that has changed.
    pub(super) fn tell_halts(&mut self, id: InstrumentId) {
        let market = self.exchange.market(id);
        let halt = market.halted();
        let Some(board) = self.data.boards.get_mut(id.0) else {
            return;
        };
        let behind = |stream: &&mut super::Stream| stream.halted != halt && stream.follows();
        for stream in board.streams.iter_mut().filter(behind) {
            stream.halted = halt;
            let mut ticker = Ticker {
                address: stream.address,
                delayed: false,
                out: &mut self.output,
            };
            ticker.number(fields::HALTED, halt_number(halt));
        }
    }
}

fn can_be_halted(kind: Kind) -> bool {
    matches!(kind, Kind::Stock | Kind::Option | Kind::Warrant)
}

/// The protocol's numbers for tick 49.
fn halt_number(halt: Option<Halt>) -> f64 {
    match halt {
        None => 0.0,
        Some(Halt::General) => 1.0,
        Some(Halt::Volatility) => 2.0,
    }
}

fn tell_quote(ticker: &mut Ticker<'_>, figures: &Figures, kind: Kind, open: bool, top: Top) {
    for (field, best) in [(fields::BID, top.bid), (fields::ASK, top.ask)] {
        match best {
            Some((price, lots)) => {
                ticker.price(field, figures.price(price), figures.size(lots), quote_mask(open));
            }
            // An index has no quotes at all; elsewhere their absence is said.
            None if kind == Kind::Index => {}
            None => ticker.price(field, -1.0, "0".to_owned(), quote_mask(open)),
        }
    }
}

fn tell_day(ticker: &mut Ticker<'_>, figures: &Figures, kind: Kind, day: Session) {
    if kind.prints_trades() {
        ticker.price(
            fields::LAST,
            figures.price(day.last),
            figures.size(day.last_lots),
            0,
        );
        ticker.bare_price(fields::OPEN, figures.price(day.open));
    }
    for (field, value) in [
        (fields::HIGH, day.high),
        (fields::LOW, day.low),
        (fields::CLOSE, day.close),
    ] {
        ticker.bare_price(field, figures.price(value));
    }
    if kind.prints_trades() && kind != Kind::Index {
        ticker.size(fields::VOLUME, figures.size(day.volume));
    }
}
