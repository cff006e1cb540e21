//! Delayed data: what the market showed a quarter of an hour ago, from the exchange's own memory.

use super::{Figures, publish};
use crate::exchange::{Exchange, InstrumentId, Past, PastTick, Phase, Session, Top};
use crate::gateway::Gateway;

/// Seconds that are followed one by one; after a longer gap everything is looked up anew.
const FOLLOWED: u64 = 60;
/// Seconds to look back for the sizes of a quote that has not changed since.
const QUIET: u64 = 30;

/// No venue is shut for longer, seconds.
const LONGEST_BREAK: u64 = 12 * 86_400;

/// What a market showed at a moment of the past.
#[derive(Debug, Clone, Copy)]
pub(in crate::gateway::data) struct Late {
    /// Unix time, seconds.
    at: u64,
    /// When the trading day of that moment began.
    day: u64,
    top: Top,
    session: Session,
}

impl Late {
    /// Looked up from nothing but the past.
    fn at(exchange: &Exchange, id: InstrumentId, at: u64) -> Self {
        let day = exchange.day_start(id, at);
        let mut past = exchange.past();
        let summary = past.open_summary(id, day, at + 1);
        let close = past.close_before(id, day);
        let close = close.unwrap_or_else(|| exchange.market(id).session().close);
        let traded = summary
            .trades
            .or(summary.middle.map(|doubled| crate::exchange::Candle {
                open: doubled.open / 2,
                high: doubled.high / 2,
                low: doubled.low / 2,
                close: doubled.close / 2,
            }));
        let lots = exchange.market(id).instrument.typical_lots;
        let session = Session {
            last: traded.map_or(close, |candle| candle.close),
            last_lots: 0,
            open: traded.map_or(close, |candle| candle.open),
            high: traded.map_or(close, |candle| candle.high),
            low: traded.map_or(close, |candle| candle.low),
            close,
            volume: summary.volume,
        };
        let top = Top {
            bid: summary.bid.map(|candle| (candle.close, lots)),
            ask: summary.ask.map(|candle| (candle.close, lots)),
        };
        let mut late = Self {
            at,
            day,
            top,
            session,
        };
        // The day's volume knows these trades already: only prices and sizes are taken from them.
        for unix in at.saturating_sub(QUIET)..=at {
            late.follow(exchange, &mut past, id, unix);
        }
        late.session.volume = summary.volume;
        late
    }

    /// What happened in one second.
    fn follow(&mut self, exchange: &Exchange, past: &mut Past<'_>, id: InstrumentId, unix: u64) {
        if exchange.phase(id, unix) == Phase::Closed {
            return;
        }
        for tick in past.ticks(id, unix) {
            match tick {
                PastTick::Quote(top) => self.top = top,
                PastTick::Trade(price, lots) => {
                    let session = &mut self.session;
                    session.last = price;
                    session.last_lots = lots;
                    session.high = session.high.max(price);
                    session.low = session.low.min(price);
                    session.volume += lots;
                }
            }
        }
    }

    /// A later moment, following what happened until then.
    fn until(mut self, exchange: &Exchange, id: InstrumentId, at: u64) -> Self {
        let turned = self.at / 60 != at / 60 && exchange.day_start(id, at) != self.day;
        if turned || at < self.at || at - self.at > FOLLOWED {
            return Self::at(exchange, id, at);
        }
        let mut past = exchange.past();
        for unix in self.at + 1..=at {
            self.follow(exchange, &mut past, id, unix);
        }
        self.at = at;
        self
    }
}

impl Gateway {
    /// The last quote before a market closed.
    pub(super) fn closing_quote(&self, id: InstrumentId, now: u64) -> Option<Top> {
        let from = now.saturating_sub(LONGEST_BREAK);
        let sessions = self.exchange.open_hours(id, from, now, false);
        let closed = sessions.last()?.close;
        Some(Late::at(&self.exchange, id, closed.saturating_sub(1)).top)
    }

    /// What a delayed feed shows of a market now.
    pub(super) fn late_picture(&mut self, id: InstrumentId) -> (Top, Session) {
        let now = self.exchange.unix_seconds(self.exchange.now());
        let at = now.saturating_sub(self.data.rules.delay);
        let known = self.data.board(id).late;
        let late = match known {
            Some(late) => late.until(&self.exchange, id, at),
            None => Late::at(&self.exchange, id, at),
        };
        self.data.board(id).late = Some(late);
        (late.top, late.session)
    }

    /// Tells streams of delayed data what changed a quarter of an hour ago.
    pub(super) fn tell_delayed(&mut self, id: InstrumentId, now: u64) {
        let delayed = |stream: &super::Stream| stream.feed.is_delayed() && !stream.generics.without_quotes;
        let board = self.data.boards.get(id.0);
        if !board.is_some_and(|board| board.streams.iter().any(delayed)) {
            return;
        }
        let picture = self.late_picture(id);
        let Self {
            exchange,
            data,
            output,
            ..
        } = self;
        let at = now.saturating_sub(data.rules.delay);
        let hundreds = data.rules.sizes_in_round_lots;
        let figures = Figures::new(&exchange.market(id).instrument, hundreds);
        let Some(board) = data.boards.get_mut(id.0) else {
            return;
        };
        for stream in board.streams.iter_mut().filter(|stream| delayed(stream)) {
            publish::tell_changes(output, stream, &figures, board.open, picture, at);
        }
    }
}
