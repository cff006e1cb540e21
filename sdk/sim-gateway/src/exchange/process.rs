//! The seeded price process of one instrument: what other people's quotes and trades do next.
//!
//! Every instrument has a generator of its own, so its path does not depend on what else is watched.

use rand_pcg::Pcg64Mcg;
use rand_pcg::rand_core::Rng;

use super::instrument::{Instrument, Lots, Ticks};
use super::order::Side;

/// How many price levels other people show on each side.
pub const DEPTH: usize = 5;

/// Other people's whole displayed book: sizes at the best price and each tick beyond.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HouseQuote {
    /// Best bid.
    pub bid: Ticks,
    /// Best ask, above the bid.
    pub ask: Ticks,
    /// Sizes bid at `bid`, `bid - 1`, …
    pub bid_lots: [Lots; DEPTH],
    /// Sizes offered at `ask`, `ask + 1`, …
    pub ask_lots: [Lots; DEPTH],
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
}

/// The generator behind one market.
#[derive(Debug, Clone)]
pub struct PriceProcess {
    random: Pcg64Mcg,
    anchor: Ticks,
    bid: Ticks,
    spread: Ticks,
    typical: Lots,
    jump: u64,
}

impl PriceProcess {
    /// The process of `instrument` in the world of `seed`.
    #[must_use]
    pub fn new(seed: u64, instrument: &Instrument) -> Self {
        let mixed =
            (u128::from(seed) << 64) ^ (u128::from(instrument.con_id.unsigned_abs()) * 0x9E37_79B9_7F4A_7C15);
        let mut random = Pcg64Mcg::new(mixed);
        random.next_u64();
        let jump = u64::try_from(instrument.open / 10_000).unwrap_or(0).min(8) + 1;
        Self {
            random,
            anchor: instrument.open,
            bid: instrument.open - 1,
            spread: 2,
            typical: instrument.typical_lots.max(2),
            jump,
        }
    }

    /// The next move.
    pub fn advance(&mut self) -> Move {
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
        let (bid_lots, ask_lots) = (sizes(), sizes());
        HouseQuote {
            bid: self.bid,
            ask: self.bid + self.spread,
            bid_lots,
            ask_lots,
        }
    }

    /// A quote whose bid is certainly another than before; the spread stays.
    pub fn moved_quote(&mut self) -> HouseQuote {
        let before = self.bid;
        self.wander();
        if self.bid == before {
            self.bid = before + 1;
        }
        self.quote()
    }

    /// Moves the whole process to a price, as news would.
    pub fn move_to(&mut self, price: Ticks) {
        self.anchor = price.max(DEPTH as Ticks + 2);
        self.bid = self.anchor - 1;
        self.spread = 2;
    }

    /// A step of the walk, pulled gently back to the anchor, and a new spread.
    fn wander(&mut self) {
        let step = Ticks::try_from(1 + self.below(self.jump)).unwrap_or(1);
        let pull = (self.bid - self.anchor).clamp(-40, 40);
        let up = Ticks::try_from(self.below(100)).unwrap_or(0) >= 50 + pull;
        self.bid = (self.bid + if up { step } else { -step }).max(DEPTH as Ticks + 1);
        self.spread = 1 + Ticks::try_from(self.below(3)).unwrap_or(0);
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
