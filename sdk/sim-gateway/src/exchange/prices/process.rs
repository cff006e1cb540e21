//! The seeded price process of one instrument: what other people's quotes and trades do next.
//!
//! Quotes wander around an anchor, which is the instrument's fair value and moves with it. Every instrument
//! has a generator of its own, so its path does not depend on what else is watched.

use std::sync::Arc;

use rand_pcg::Pcg64Mcg;
use rand_pcg::rand_core::Rng;

use crate::exchange::instrument::{Instrument, Kind, Lots, Ticks};
use crate::exchange::order::Side;
use crate::exchange::rules::Grid;

/// How many price levels other people show on each side.
pub const DEPTH: usize = 5;

/// Other people's whole displayed book: sizes at the best price and each tick beyond.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HouseQuote {
    /// Best bid.
    pub bid: Ticks,
    /// Best ask, above the bid.
    pub ask: Ticks,
    /// From one level to the next: the increment the exchange accepts at these prices.
    pub step: Ticks,
    /// Sizes bid at `bid`, `bid - step`, …; zero where nobody bids.
    pub bid_lots: [Lots; DEPTH],
    /// Sizes offered at `ask`, `ask + step`, …; zero where nobody offers.
    pub ask_lots: [Lots; DEPTH],
}

impl HouseQuote {
    /// The same prices with nobody there.
    #[must_use]
    pub fn emptied(mut self) -> Self {
        self.bid_lots = [0; DEPTH];
        self.ask_lots = [0; DEPTH];
        self
    }
}

/// What happens next in a market.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Move {
    /// Other people replace their quotes.
    Quote(HouseQuote),
    /// Somebody hits the best price with this much.
    Trade {
        /// The aggressor's side.
        side: Side,
        /// Aggressor's size.
        lots: Lots,
    },
    /// A value is published that nobody can trade at.
    Value(Ticks),
}

/// How an instrument's market behaves, as far as classes of them differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Manner {
    /// Quotes wander and trades happen.
    Lively,
    /// Quotes stand at the anchor: one value a day, or one that somebody else makes.
    Still,
    /// There are no quotes.
    Value,
}

/// The generator behind one market.
#[derive(Debug, Clone)]
pub struct PriceProcess {
    random: Pcg64Mcg,
    manner: Manner,
    /// The fair value everything wanders around.
    anchor: Ticks,
    /// How far the bid is from the anchor.
    away: Ticks,
    spread: Ticks,
    typical: Lots,
    /// Largest step of the walk.
    jump: u64,
    /// Smallest spread.
    tight: Ticks,
    /// The prices an exchange accepts, and their increment around here.
    grids: Arc<[Grid]>,
    step: Ticks,
    /// Whether prices may be zero or less.
    signed: bool,
}

impl PriceProcess {
    /// The process of `instrument` in the world of `seed`.
    #[must_use]
    pub fn new(seed: u64, instrument: &Instrument) -> Self {
        let mixed =
            (u128::from(seed) << 64) ^ (u128::from(instrument.con_id.unsigned_abs()) * 0x9E37_79B9_7F4A_7C15);
        let mut random = Pcg64Mcg::new(mixed);
        random.next_u64();
        let manner = match instrument.kind {
            Kind::Index => Manner::Value,
            Kind::Fund => Manner::Still,
            _ => Manner::Lively,
        };
        // A price of very many ticks walks by more than a few of them.
        let magnitude = u64::try_from(instrument.open).unwrap_or(0);
        let jump = (magnitude / 10_000).min(8).max(magnitude / 40_000) + 1;
        let tight = Ticks::try_from(magnitude / 200_000).unwrap_or(0) + 1;
        let step = increment(&instrument.grids, instrument.open);
        Self {
            random,
            manner,
            anchor: instrument.open,
            away: -tight.max(step),
            spread: 2 * tight.max(step),
            grids: Arc::clone(&instrument.grids),
            step,
            typical: instrument.typical_lots.max(2),
            jump,
            tight,
            signed: instrument.kind == Kind::Bag,
        }
    }

    /// Makes everything wander around another fair value from now on.
    pub fn follow(&mut self, anchor: Ticks) {
        self.anchor = if self.signed { anchor } else { anchor.max(0) };
        self.step = increment(&self.grids, self.anchor);
    }

    /// The value everything wanders around.
    #[must_use]
    pub fn anchor(&self) -> Ticks {
        self.anchor
    }

    /// The next move.
    pub fn advance(&mut self) -> Move {
        if self.manner == Manner::Value {
            self.wander();
            return Move::Value(self.on_grid(self.anchor + self.away / 4).max(1));
        }
        match self.below(100) {
            0..55 => self.wander(),
            55..78 => {}
            _ => {
                let side = if self.below(2) == 0 { Side::Buy } else { Side::Sell };
                return Move::Trade {
                    side,
                    lots: 1 + self.lots_below(self.typical * 3 / 4),
                };
            }
        }
        Move::Quote(self.quote())
    }

    /// A fresh quote without a preceding trade: what a market opens with.
    pub fn quote(&mut self) -> HouseQuote {
        let mut sizes = || {
            let mut lots = [0; DEPTH];
            for (level, lot) in (1_i64..).zip(lots.iter_mut()) {
                *lot = 1 + self.typical / 4 + self.lots_below(self.typical * (1 + level) / 2);
            }
            lots
        };
        let (mut bid_lots, ask_lots) = (sizes(), sizes());
        let (bid, ask) = self.prices();
        if !self.signed {
            // Nobody bids nothing for a thing that is worth nothing.
            for (down, lots) in (0..).zip(bid_lots.iter_mut()) {
                if bid - down * self.step < 1 {
                    *lots = 0;
                }
            }
        }
        let quote = HouseQuote {
            bid,
            ask,
            step: self.step,
            bid_lots,
            ask_lots,
        };
        if self.manner == Manner::Value {
            return quote.emptied();
        }
        quote
    }

    fn on_grid(&self, price: Ticks) -> Ticks {
        price - price.rem_euclid(self.step)
    }

    fn prices(&self) -> (Ticks, Ticks) {
        let bid = self.on_grid(self.anchor + self.away);
        let ask = bid + self.on_grid(self.spread.max(self.step));
        if self.signed {
            return (bid, ask);
        }
        // Of what is worth next to nothing there is only an offer.
        (bid, ask.max(self.step))
    }

    /// A quote whose bid is certainly another than before; the spread stays.
    pub fn moved_quote(&mut self) -> HouseQuote {
        let before = self.away;
        self.wander();
        if self.away == before {
            self.away = before + self.step;
        }
        self.quote()
    }

    /// Stands close around a price, as after news or a pause.
    pub fn move_to(&mut self, price: Ticks) {
        self.follow(price);
        self.away = -self.tight.max(self.step);
        self.spread = 2 * self.tight.max(self.step);
    }

    /// A step of the walk, pulled gently back to the anchor, and a new spread.
    fn wander(&mut self) {
        if self.manner == Manner::Still {
            return;
        }
        let step = Ticks::try_from(1 + self.below(self.jump)).unwrap_or(1) * self.step;
        // Walks of long steps are pulled as hard as those of short ones.
        let scale = (Ticks::try_from(self.jump / 10).unwrap_or(0) + 1) * self.step;
        let pull = (self.away / scale).clamp(-40, 40);
        let up = Ticks::try_from(self.below(100)).unwrap_or(0) >= 50 + pull;
        self.away += if up { step } else { -step };
        if !self.signed {
            // The walk of a cheap thing stays as small as the thing.
            let room = (self.anchor / 20).max(2 * self.tight.max(self.step));
            self.away = self.away.clamp(-room, room);
        }
        self.spread = self.tight.max(self.step) * (1 + Ticks::try_from(self.below(3)).unwrap_or(0));
    }

    fn below(&mut self, bound: u64) -> u64 {
        // Multiply-shift: the bias of a 64-bit draw over bounds this small is beyond notice.
        let wide = u128::from(self.random.next_u64()) * u128::from(bound);
        u64::try_from(wide >> 64).unwrap_or(0)
    }

    fn lots_below(&mut self, bound: Lots) -> Lots {
        Lots::try_from(self.below(u64::try_from(bound.max(1)).unwrap_or(1))).unwrap_or(0)
    }
}

/// The increment in which other people quote around a price: where it grows soon, the larger one.
fn increment(grids: &[Grid], price: Ticks) -> Ticks {
    grids.first().map_or(1, |grid| {
        let here = grid.increment_at(price);
        grid.increment_at(price.saturating_abs().saturating_add(10 * here))
            .max(1)
    })
}
