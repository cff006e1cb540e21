//! The fair value of an instrument at every second there is: a pure function of seed, instrument and time.
//!
//! It is a Brownian path over all of Unix time, found by halving: an interval's values at both ends and its
//! extremes are known, its middle is drawn, and so is which half reaches the extremes. Every second, and
//! every interval's open, high, low and close, can be had without walking there, and intervals always agree
//! with their parts. Instruments move together as far as their middles share the market's draw.

use super::super::instrument::Instrument;

/// The path covers `0..2^HEIGHT` seconds of Unix time.
const HEIGHT: u32 = 32;
const SECONDS_A_YEAR: f64 = 31_557_600.0;
/// Yearly volatility of the market as a whole.
const MARKET_VOLATILITY: f64 = 0.16;
/// Extremes that are drawn before what lies between them take part of the movement away, at every scale
/// alike: by so much it must be drawn larger. Found by measuring.
const WIDENING: f64 = 1.55;
const MARKET: u64 = 0x6D61_726B_6574;

/// Values of a path over an interval, as logarithms relative to its beginning of time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reach {
    /// At its start.
    pub open: f64,
    /// Highest.
    pub high: f64,
    /// Lowest.
    pub low: f64,
    /// At its end.
    pub close: f64,
}

impl Reach {
    /// This interval and the one that follows it.
    #[must_use]
    pub fn and(self, next: Self) -> Self {
        Self {
            open: self.open,
            high: self.high.max(next.high),
            low: self.low.min(next.low),
            close: next.close,
        }
    }
}

#[derive(Debug, Clone, Copy)]
struct Node {
    start: u64,
    /// It covers `2^height` seconds.
    height: u32,
    reach: Reach,
}

impl Node {
    fn end(&self) -> u64 {
        self.start + (1 << self.height)
    }

    fn holds(&self, from: u64, to: u64) -> bool {
        self.start <= from && to <= self.end()
    }
}

/// A path, and where in it somebody looked last, so that the next look nearby is cheap.
#[derive(Debug, Clone)]
pub struct FairPath {
    market_key: u64,
    own_key: u64,
    /// How much of a move is the market's, and how much its own; the squares add up to one.
    shared: f64,
    own: f64,
    /// Standard deviation over one second.
    deviation: f64,
    /// The interval looked at last, within all that hold it.
    nodes: Vec<Node>,
}

impl FairPath {
    /// The path of an instrument in the world of `seed`.
    #[must_use]
    pub fn new(seed: u64, instrument: &Instrument) -> Self {
        let yearly = instrument.volatility.clamp(1e-4, 5.0);
        let shared = (instrument.beta * MARKET_VOLATILITY / yearly).clamp(-0.95, 0.95);
        let deviation = WIDENING * yearly / libm::sqrt(SECONDS_A_YEAR);
        let own_key = mix(mix(seed) ^ u64::from(instrument.con_id.unsigned_abs()));
        let length = libm::sqrt(libm::exp2(f64::from(HEIGHT)));
        let root = Node {
            start: 0,
            height: HEIGHT,
            reach: Reach {
                open: 0.0,
                high: bridge_maximum(0.0, 0.0, deviation * length, fraction(mix(own_key ^ 1))),
                low: -bridge_maximum(0.0, 0.0, deviation * length, fraction(mix(own_key ^ 2))),
                close: 0.0,
            },
        };
        let mut nodes = Vec::with_capacity(HEIGHT as usize + 1);
        nodes.push(root);
        Self {
            market_key: mix(mix(seed) ^ MARKET),
            own_key,
            shared,
            own: libm::sqrt(1.0 - shared * shared),
            deviation,
            nodes,
        }
    }

    /// The value at a second.
    pub fn at(&mut self, unix: u64) -> f64 {
        self.over(unix, unix + 1).open
    }

    /// Open, high, low and close over `from..to`. Times beyond the path's end stand still there.
    pub fn over(&mut self, from: u64, to: u64) -> Reach {
        let last = (1 << HEIGHT) - 1;
        let from = from.min(last);
        let to = to.clamp(from + 1, last + 1);
        while self.nodes.len() > 1 && self.nodes.last().is_some_and(|node| !node.holds(from, to)) {
            self.nodes.pop();
        }
        while let Some(node) = self.nodes.last().copied().filter(|node| node.height > 0) {
            let (left, right) = self.halves(&node);
            if left.holds(from, to) {
                self.nodes.push(left);
            } else if right.holds(from, to) {
                self.nodes.push(right);
            } else {
                return self.gather(&left, from, to).and(self.gather(&right, from, to));
            }
        }
        // The root is never popped.
        self.nodes.last().map_or(
            Reach {
                open: 0.0,
                high: 0.0,
                low: 0.0,
                close: 0.0,
            },
            |node| node.reach,
        )
    }

    /// The part of a node within `from..to`, which overlaps it.
    fn gather(&self, node: &Node, from: u64, to: u64) -> Reach {
        if from <= node.start && node.end() <= to {
            return node.reach;
        }
        let (left, right) = self.halves(node);
        if to <= right.start {
            self.gather(&left, from, to)
        } else if right.start <= from {
            self.gather(&right, from, to)
        } else {
            self.gather(&left, from, to).and(self.gather(&right, from, to))
        }
    }

    fn halves(&self, node: &Node) -> (Node, Node) {
        let height = node.height - 1;
        let middle_at = node.start + (1 << height);
        let whole = node.reach;
        // A midpoint is an odd multiple of its own power of two, so its instant names it.
        let own = mix(self.own_key ^ middle_at);
        let draw = self.shared * bell(mix(self.market_key ^ middle_at)) + self.own * bell(own);
        let half = self.deviation * libm::sqrt(libm::exp2(f64::from(height)));
        let middle = 0.5 * (whole.open + whole.close) + half * std::f64::consts::FRAC_1_SQRT_2 * draw;
        let middle = middle.clamp(whole.low, whole.high);
        let bits = mix(own ^ 0xA5A5);
        let part = |open: f64, close: f64, salt: u64| Reach {
            open,
            high: bridge_maximum(open, close, half, fraction(mix(bits ^ salt))).min(whole.high),
            low: -bridge_maximum(-open, -close, half, fraction(mix(bits ^ salt ^ 8))).min(-whole.low),
            close,
        };
        let mut left = part(whole.open, middle, 16);
        let mut right = part(middle, whole.close, 32);
        if left.high >= right.high {
            left.high = whole.high;
        } else {
            right.high = whole.high;
        }
        if left.low <= right.low {
            left.low = whole.low;
        } else {
            right.low = whole.low;
        }
        let node = |start: u64, reach: Reach| Node { start, height, reach };
        (node(node_start(middle_at, height), left), node(middle_at, right))
    }
}

fn node_start(middle: u64, height: u32) -> u64 {
    middle - (1 << height)
}

/// The highest value of a Brownian bridge between two values, whose end deviates by `deviation`; `chance`
/// is uniform.
fn bridge_maximum(open: f64, close: f64, deviation: f64, chance: f64) -> f64 {
    let apart = close - open;
    let spread = apart * apart - 2.0 * deviation * deviation * libm::log(chance);
    (0.5 * (open + close + libm::sqrt(spread))).max(open.max(close))
}

/// Scatters a number over all 64 bits.
pub(in crate::exchange) fn mix(value: u64) -> u64 {
    let value = value.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    value ^ (value >> 31)
}

/// A uniform number above zero and at most one.
pub(in crate::exchange) fn fraction(bits: u64) -> f64 {
    const STEPS: f64 = 4_294_967_296.0;
    (f64::from((bits >> 32) as u32) + 1.0) / STEPS
}

/// A number of mean zero and variance one, nearly normal: the sum of four uniform ones.
fn bell(bits: u64) -> f64 {
    let sum: u32 = (0..4).map(|part| (bits >> (16 * part)) as u32 & 0xFFFF).sum();
    (f64::from(sum) - 131_070.0) / 65_536.0 * 1.732_050_807_568_877_2
}
