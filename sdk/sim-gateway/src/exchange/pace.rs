//! How time passes in the markets: which of them move, at what pace, and what a new second brings.
//!
//! Only markets that somebody cares about take part, so that any number of others costs nothing.

use super::calendar::Phase;
use super::event::Event;
use super::instrument::{InstrumentId, Kind, Ticks};
use super::market::{Halt, Session};
use super::prices::underlying;
use super::process::Move;
use super::{DAY, Exchange, SECOND};

/// How long a halt after a large move lasts, and over how long a move is measured, seconds.
const HALT: u64 = 300;
/// The move that halts a market, as one part in this many of its price.
const LARGE: Ticks = 10;

impl Exchange {
    /// Lets time pass, market moves included.
    pub fn advance(&mut self, to: u64) {
        while self.next_step <= to {
            let at = self.next_step;
            let Some(id) = self.next_active() else {
                // Nobody looks: markets stand still, and start again from the next whole period.
                self.next_step = to - to % self.period + self.period;
                break;
            };
            self.pass(at);
            // The new second may have closed the market.
            if self.market(id).is_active() {
                self.step(id);
            }
            self.remember();
            self.next_step = at + self.period;
        }
        self.pass(to);
    }

    /// When [`advance`](Self::advance) next has a market to move, or `None` while nobody looks.
    #[must_use]
    pub fn next_due(&self) -> Option<u64> {
        let moves = |id: &InstrumentId| self.market(*id).is_active();
        let any = if self.stirred {
            self.followed.iter().any(moves)
        } else {
            self.moving.iter().any(moves)
        };
        any.then_some(self.next_step)
    }

    /// Starts watching a market, so that it moves.
    pub fn watch(&mut self, id: InstrumentId) {
        self.look(id);
        self.market_mut(id).watchers += 1;
    }

    /// Ends one [`watch`](Self::watch).
    pub fn unwatch(&mut self, id: InstrumentId) {
        let market = self.market_mut(id);
        market.watchers = market.watchers.saturating_sub(1);
    }

    /// Brings up to date what a market shows. Markets nobody cares about stand still until somebody looks.
    pub fn look(&mut self, id: InstrumentId) {
        let unix = self.unix_seconds(self.now);
        let market = self.market(id);
        let followed = market.moving || market.frozen || market.is_wanted();
        if followed || market.looked_at == Some(unix) {
            return;
        }
        self.refresh(id, unix);
    }

    /// Makes an idle market stand where it would, had it moved all the time.
    fn refresh(&mut self, id: InstrumentId, unix: u64) {
        let phase = self.phase(id, unix);
        let until = self.next_change(id, unix).map(|(at, _)| at);
        let fair = self.fair_value(id, unix);
        let day = self.day_so_far(id, unix, fair);
        let begins = self.day_start(id, unix);
        let at_start = unix == self.config.epoch;
        let market = &mut self.markets[id.0];
        let opened = market.shown.bid.is_some() || market.shown.ask.is_some();
        market.session = day;
        market.day = begins;
        market.phase = phase;
        market.phase_until = until;
        market.looked_at = Some(unix);
        market.reference = (unix, fair);
        if !(at_start && opened) {
            market.process.move_to(fair);
            market.house = market.process.quote();
        }
        let house = if market.trades() {
            market.house
        } else {
            market.house.emptied()
        };
        market.settle_in(&house);
    }

    /// The trades of the day up to a moment, as they would have been.
    fn day_so_far(&self, id: InstrumentId, unix: u64, fair: Ticks) -> Session {
        let begins = self.day_start(id, unix);
        let mut past = self.past();
        let prints = self.market(id).instrument.kind.prints_trades();
        let so_far = past.open_summary(id, begins, unix);
        let candle = if prints { so_far.trades } else { so_far.bid };
        let (open, high, low) = candle.map_or((fair, fair, fair), |each| (each.open, each.high, each.low));
        let close = past.close_before(id, begins).unwrap_or(open);
        Session {
            last: fair,
            last_lots: if so_far.volume > 0 { 1 } else { 0 },
            open,
            high: high.max(fair),
            low: low.min(fair),
            close,
            volume: so_far.volume,
        }
    }

    /// One move of one market, and everything that follows from it.
    fn step(&mut self, id: InstrumentId) {
        let unix = self.unix_seconds(self.now);
        let instrument = &self.market(id).instrument;
        if underlying(instrument).is_some() || !instrument.legs.is_empty() {
            // Others price it by what they see of its underlying.
            let fair = self.fair_value(id, unix);
            self.market_mut(id).process.follow(fair);
        }
        match self.market_mut(id).process.advance() {
            Move::Quote(quote) => self.requote(id, quote),
            Move::Trade { side, lots } => self.strike(id, side, lots),
            Move::Value(price) => self.print(id, price, 0),
        }
        self.settle(id);
        self.watch_for_large_moves(id, unix);
    }

    /// Moves a market to a price at once, with a trade there, as news would.
    pub fn move_price(&mut self, id: InstrumentId, price: Ticks) {
        self.look(id);
        let unix = self.unix_seconds(self.now);
        let fair = self.fair_value(id, unix);
        let market = self.market_mut(id);
        let offset = price - (fair - market.offset_at(unix));
        market.set_offset(unix, offset);
        market.process.move_to(price);
        if market.halt.is_some() || market.phase == Phase::Closed {
            return;
        }
        let quote = market.process.quote();
        let lots = if market.instrument.kind == Kind::Index {
            0
        } else {
            1
        };
        self.requote(id, quote);
        self.print(id, price, lots);
        self.settle(id);
        self.watch_for_large_moves(id, unix);
    }

    /// Stops a market and lets only [`probe`](Self::probe) change what it shows.
    pub fn freeze(&mut self, id: InstrumentId, frozen: bool) {
        self.look(id);
        self.market_mut(id).frozen = frozen;
    }

    /// Changes the bid that a frozen market shows by exactly one tick, and nothing else.
    pub fn probe(&mut self, id: InstrumentId) {
        let market = self.market_mut(id);
        let Some((bid, lots)) = market.shown.bid else {
            return;
        };
        let moved = if bid == market.house.bid {
            bid - 1
        } else {
            market.house.bid
        };
        market.shown.bid = Some((moved, lots));
        self.events.push(Event::Quote { instrument: id });
    }

    /// Moves the next active market's quote, outside the ordinary pace: for load. False when nobody
    /// watches.
    pub fn flood_step(&mut self) -> bool {
        let Some(id) = self.next_active() else {
            return false;
        };
        let quote = self.market_mut(id).process.moved_quote();
        self.requote(id, quote);
        self.settle(id);
        true
    }

    /// Takes other people out of a market until [`resume`](Self::resume): nothing trades with them then.
    pub fn halt(&mut self, id: InstrumentId, halt: Halt) {
        self.look(id);
        self.stop_trading(id, halt, None);
    }

    /// Lets a halted market trade again.
    pub fn resume(&mut self, id: InstrumentId) {
        if self.market_mut(id).halt.take().is_some() {
            let unix = self.unix_seconds(self.now);
            self.reopen(id, unix);
        }
    }

    /// Whether a move of a tenth within five minutes halts a market for five minutes. It does not at first.
    pub fn halt_on_large_moves(&mut self, halts: bool) {
        self.volatility_halts = halts;
    }

    fn stop_trading(&mut self, id: InstrumentId, halt: Halt, until: Option<u64>) {
        let market = self.market_mut(id);
        market.halt = Some((halt, until));
        let nobody = market.house.emptied();
        self.requote(id, nobody);
        self.settle(id);
        // What shows a halt besides the quotes hears of it even if there were none.
        self.events.push(Event::Quote { instrument: id });
    }

    /// Other people come back to a market, with a trade to begin with.
    fn reopen(&mut self, id: InstrumentId, unix: u64) {
        let fair = self.fair_value(id, unix);
        let market = self.market_mut(id);
        market.reference = (unix, fair);
        market.process.move_to(fair);
        let lots = market.auction_lots();
        let quote = market.process.quote();
        if !market.trades() {
            return;
        }
        self.requote(id, quote);
        self.print(id, fair, lots);
        self.settle(id);
        self.events.push(Event::Quote { instrument: id });
    }

    fn watch_for_large_moves(&mut self, id: InstrumentId, unix: u64) {
        if !self.volatility_halts {
            return;
        }
        let market = &mut self.markets[id.0];
        let now = market.process.anchor();
        let (since, from) = market.reference;
        if unix.saturating_sub(since) >= HALT {
            market.reference = (unix, now);
        } else if market.halt.is_none() && (now - from).abs() * LARGE > from.abs() {
            self.stop_trading(id, Halt::Volatility, Some(unix + HALT));
        }
    }

    fn next_active(&mut self) -> Option<InstrumentId> {
        loop {
            if std::mem::take(&mut self.stirred) {
                self.sort_out();
            }
            if self.moving.is_empty() {
                return None;
            }
            let at = self.cursor % self.moving.len();
            let id = self.moving[at];
            if self.markets[id.0].is_active() {
                self.cursor = at + 1;
                return Some(id);
            }
            self.moving.remove(at);
            self.markets[id.0].moving = false;
            self.cursor = at;
            self.stirred = true;
        }
    }

    /// Lets markets move that can, and go that nobody cares about any more.
    fn sort_out(&mut self) {
        let unix = self.unix_seconds(self.now);
        let markets = &mut self.markets;
        self.followed.retain(|id| {
            let market = &mut markets[id.0];
            let wanted = market.is_wanted() || market.frozen || market.moving;
            if !wanted {
                market.tape.end(unix + 1);
                market.followed = false;
            } else if !market.moving && market.is_active() {
                market.moving = true;
                self.moving.push(*id);
            }
            wanted
        });
    }

    /// Sets the clock and lets happen what is due by then; at midnight UTC the accounts' day begins.
    fn pass(&mut self, to: u64) {
        let before = self.unix_seconds(self.now);
        self.ring(to);
        self.now = self.now.max(to);
        let unix = self.unix_seconds(self.now);
        if unix / DAY != before / DAY {
            self.end_day();
        }
        if unix != before {
            self.turn(unix);
        }
    }

    /// What a new second brings to the markets somebody cares about.
    fn turn(&mut self, unix: u64) {
        let mut at = 0;
        while let Some(id) = self.followed.get(at).copied() {
            at += 1;
            self.turn_market(id, unix);
        }
    }

    fn turn_market(&mut self, id: InstrumentId, unix: u64) {
        if self.market(id).phase_until.is_some_and(|until| until <= unix) {
            self.turn_phase(id, unix);
        } else if unix.is_multiple_of(1_800) && self.market(id).phase != Phase::Closed {
            // Where markets never close, a trading day ends at some hour of some zone.
            self.begin_day(id, unix);
        }
        let market = &mut self.markets[id.0];
        if market
            .halt
            .is_some_and(|(_, until)| until.is_some_and(|until| until <= unix))
        {
            self.resume(id);
        }
        let instrument = &self.market(id).instrument;
        if self.market(id).moving && underlying(instrument).is_none() && instrument.legs.is_empty() {
            let fair = self.fair_value(id, unix);
            self.market_mut(id).process.follow(fair);
        }
    }

    /// A session ends with a last trade, and begins with a first one, somewhere else as a rule.
    fn turn_phase(&mut self, id: InstrumentId, unix: u64) {
        let phase = self.phase(id, unix);
        let until = self.next_change(id, unix).map(|(at, _)| at);
        let market = self.market_mut(id);
        market.phase_until = until;
        let before = market.phase;
        if phase == Phase::Closed && before != Phase::Closed {
            let price = market.process.anchor();
            let lots = market.auction_lots();
            let nobody = market.house.emptied();
            if market.trades() {
                self.print(id, price, lots);
            }
            self.requote(id, nobody);
            self.market_mut(id).phase = phase;
            self.settle(id);
            return;
        }
        market.phase = phase;
        if phase != Phase::Closed {
            self.begin_day(id, unix);
        }
        if before == Phase::Closed && phase != Phase::Closed && self.market(id).halt.is_none() {
            self.reopen(id, unix);
        }
    }

    /// Starts the figures of a trading day afresh, if one begins.
    fn begin_day(&mut self, id: InstrumentId, unix: u64) {
        let begins = self.day_start(id, unix);
        let market = &mut self.markets[id.0];
        if market.day == begins {
            return;
        }
        market.day = begins;
        let last = market.session.last;
        let fair = market.process.anchor();
        market.session = Session {
            last,
            last_lots: 0,
            open: fair,
            high: fair,
            low: fair,
            close: last,
            volume: 0,
        };
    }

    /// Puts what has happened since the last call on the tapes, as of now.
    pub(super) fn remember(&mut self) {
        let unix = self.config.epoch + self.now / SECOND;
        for event in self.events.iter().skip(self.remembered) {
            match event {
                Event::Quote { instrument } => {
                    let market = &mut self.markets[instrument.0];
                    market.tape.quote(unix, market.shown);
                }
                Event::Trade {
                    instrument,
                    price,
                    lots,
                    ..
                } => self.markets[instrument.0].tape.trade(unix, *price, *lots),
                _ => {}
            }
        }
        self.remembered = self.events.len();
    }
}
