//! The hot path: one quote or trade of a market, told to everybody who watches it.
//!
//! A figure is written once an event, whoever many watch; a client costs a lookup-free step and one frame.

use super::ticker::{Ticker, push, quote_mask};
use super::{Figures, Stream, fields, generic};
use crate::exchange::{InstrumentId, Lots, Session, Ticks};
use crate::gateway::data::{Address, Board};
use crate::gateway::{Gateway, Output};
use crate::wire::messages::market as wire;

type Best = Option<(Ticks, Lots)>;

/// One side of a quote, with its two messages once somebody needs them.
pub(super) struct Side {
    price_field: i32,
    size_field: i32,
    best: Best,
    mask: i32,
    price: Option<wire::TickPrice>,
    size: Option<wire::TickSize>,
}

impl Side {
    pub(super) fn bid(best: Best, open: bool) -> Self {
        Self::new(fields::BID, fields::BID_SIZE, best, open)
    }

    pub(super) fn ask(best: Best, open: bool) -> Self {
        Self::new(fields::ASK, fields::ASK_SIZE, best, open)
    }

    fn new(price_field: i32, size_field: i32, best: Best, open: bool) -> Self {
        Self {
            price_field,
            size_field,
            best,
            mask: quote_mask(open),
            price: None,
            size: None,
        }
    }

    /// Tells one client what changed for it, if anything did.
    fn tell(&mut self, out: &mut Vec<Output>, address: &Address, before: Best, figures: &Figures) {
        if self.best == before {
            return;
        }
        match self.best {
            Some((price, lots)) if before.is_some_and(|(known, _)| known == price) => {
                let message = self.size.get_or_insert_with(|| wire::TickSize {
                    req_id: None,
                    tick_type: Some(self.size_field),
                    size: Some(figures.size(lots)),
                });
                message.req_id = Some(address.request);
                push(out, address, self.size_field, message);
            }
            best => {
                let message = self.price.get_or_insert_with(|| {
                    // Without a bid or ask the protocol says -1 with size 0.
                    let (price, size) = best.map_or((-1.0, "0".to_owned()), |(price, lots)| {
                        (figures.price(price), figures.size(lots))
                    });
                    wire::TickPrice {
                        req_id: None,
                        tick_type: Some(self.price_field),
                        price: Some(price),
                        size: Some(size),
                        attr_mask: Some(self.mask),
                    }
                });
                message.req_id = Some(address.request);
                push(out, address, self.price_field, message);
            }
        }
    }
}

/// The messages of one trade that are the same for everybody, but for the request id.
struct Printed {
    stamp: wire::TickString,
    last: wire::TickPrice,
    last_size: wire::TickSize,
    volume: wire::TickSize,
}

impl Printed {
    fn new(now: u64, price: f64, size: String, volume: String) -> Self {
        Self {
            stamp: wire::TickString {
                req_id: None,
                tick_type: Some(fields::LAST_TIMESTAMP),
                value: Some(now.to_string()),
            },
            last: wire::TickPrice {
                req_id: None,
                tick_type: Some(fields::LAST),
                price: Some(price),
                size: Some(size.clone()),
                attr_mask: Some(0),
            },
            last_size: wire::TickSize {
                req_id: None,
                tick_type: Some(fields::LAST_SIZE),
                size: Some(size),
            },
            volume: wire::TickSize {
                req_id: None,
                tick_type: Some(fields::VOLUME),
                size: Some(volume),
            },
        }
    }

    fn tell(&mut self, out: &mut Vec<Output>, address: &Address, new_price: bool) {
        let request = Some(address.request);
        self.stamp.req_id = request;
        push(out, address, fields::LAST_TIMESTAMP, &self.stamp);
        if new_price {
            self.last.req_id = request;
            push(out, address, fields::LAST, &self.last);
        } else {
            self.last_size.req_id = request;
            push(out, address, fields::LAST_SIZE, &self.last_size);
        }
    }

    fn tell_volume(&mut self, out: &mut Vec<Output>, address: &Address) {
        self.volume.req_id = Some(address.request);
        push(out, address, fields::VOLUME, &self.volume);
    }
}

impl Stream {
    /// Whether quotes and trades are told to it as they happen.
    pub(super) fn follows(&self) -> bool {
        self.feed.is_live() && !self.generics.without_quotes
    }
}

impl Gateway {
    /// Tells a market's watchers which best prices and sizes changed for them.
    pub(in crate::gateway) fn publish_quote(&mut self, id: InstrumentId) {
        let Self {
            exchange,
            data,
            output,
            ..
        } = self;
        let Some(board) = data.boards.get_mut(id.0) else {
            return;
        };
        if board.streams.is_empty() {
            return;
        }
        let market = exchange.market(id);
        let top = market.shown();
        if top.bid.is_some() && top.ask.is_some() {
            board.known = top;
        }
        let figures = Figures::new(&market.instrument, data.rules.sizes_in_round_lots);
        let (mut bid, mut ask) = (Side::bid(top.bid, board.open), Side::ask(top.ask, board.open));
        let mut snapshots = false;
        for stream in board.streams.iter_mut().filter(|stream| stream.follows()) {
            let before = std::mem::replace(&mut stream.told, top);
            bid.tell(output, &stream.address, before.bid, &figures);
            ask.tell(output, &stream.address, before.ask, &figures);
            snapshots |= stream.snapshot.is_some();
        }
        if snapshots {
            self.end_complete_snapshots(id);
        }
    }

    /// Tells a market's watchers of a trade.
    pub(in crate::gateway) fn publish_trade(
        &mut self,
        id: InstrumentId,
        price: Ticks,
        lots: Lots,
        day: Session,
    ) {
        let now = self.exchange.unix_seconds(self.exchange.now());
        let millis = self.unix_millis();
        let Self {
            exchange,
            data,
            output,
            ..
        } = self;
        let hundreds = data.rules.sizes_in_round_lots;
        let board = data.board(id);
        board.trades.add(now, price, lots, day.volume);
        let Board { streams, trades, .. } = board;
        if streams.is_empty() {
            return;
        }
        let instrument = &exchange.market(id).instrument;
        let figures = Figures::new(instrument, hundreds);
        let last = figures.price(price);
        let mut printed = Printed::new(now, last, figures.size(lots), figures.size(day.volume));
        let mut volumes = None;
        for stream in streams.iter_mut().filter(|stream| stream.feed.is_live()) {
            let before = std::mem::replace(&mut stream.day, day);
            if !stream.generics.without_quotes {
                let new_price = before.last != price || before.last_lots == 0;
                printed.tell(output, &stream.address, new_price);
                let mut ticker = Ticker {
                    out: &mut *output,
                    address: stream.address,
                    delayed: false,
                };
                if before.high != day.high {
                    ticker.bare_price(fields::HIGH, figures.price(day.high));
                }
                if before.low != day.low {
                    ticker.bare_price(fields::LOW, figures.price(day.low));
                }
                printed.tell_volume(output, &stream.address);
            }
            if stream.generics.follow_trades {
                let text =
                    volumes.get_or_insert_with(|| trades.real_time_volume(&figures, price, lots, millis));
                generic::tell_trade(output, stream, last, text);
            }
        }
    }
}

/// Tells one stream, whose feed is not live, what changed between two pictures of the market.
pub(super) fn tell_changes(
    out: &mut Vec<Output>,
    stream: &mut Stream,
    figures: &Figures,
    open: bool,
    (top, day): (crate::exchange::Top, Session),
    stamp: u64,
) {
    let before = std::mem::replace(&mut stream.told, top);
    let earlier = std::mem::replace(&mut stream.day, day);
    let mut ticker = Ticker {
        out,
        address: stream.address,
        delayed: stream.feed.is_delayed(),
    };
    for (field, size_field, old, new) in [
        (fields::BID, fields::BID_SIZE, before.bid, top.bid),
        (fields::ASK, fields::ASK_SIZE, before.ask, top.ask),
    ] {
        match new {
            _ if old == new => {}
            Some((price, lots)) if old.is_some_and(|(known, _)| known == price) => {
                ticker.size(size_field, figures.size(lots));
            }
            Some((price, lots)) => {
                ticker.price(field, figures.price(price), figures.size(lots), quote_mask(open));
            }
            None => ticker.price(field, -1.0, "0".to_owned(), quote_mask(open)),
        }
    }
    if earlier.volume == day.volume {
        return;
    }
    ticker.text(fields::LAST_TIMESTAMP, stamp.to_string());
    ticker.price(
        fields::LAST,
        figures.price(day.last),
        figures.size(day.last_lots),
        0,
    );
    for (field, old, new) in [
        (fields::HIGH, earlier.high, day.high),
        (fields::LOW, earlier.low, day.low),
    ] {
        if old != new {
            ticker.bare_price(field, figures.price(new));
        }
    }
    ticker.size(fields::VOLUME, figures.size(day.volume));
}
