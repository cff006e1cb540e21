//! What waits for a plugin's next callbacks, already in the wire's types. Kept and reused, so that a tick
//! allocates nothing.

use super::bindings::exports::moored::plugin::gap_handler;
use super::bindings::moored::plugin::{market_types, order_types};
use super::convert;
use crate::desk::effect::Notice;
use crate::domain::time::Timestamp;
use crate::domain::trading_state::TradingState;

/// Events for one plugin, by kind.
#[derive(Debug, Default)]
pub struct Batch {
    /// The latest trading state, if it changed.
    pub trading_state: Option<TradingState>,
    /// Order events, oldest first.
    pub order_events: Vec<order_types::OrderEvent>,
    /// Gaps, one an instrument at most.
    pub gaps: Vec<gap_handler::Gap>,
    /// Trades, oldest first.
    pub trades: Vec<market_types::Trade>,
    /// Quotes, oldest first.
    pub quotes: Vec<market_types::Quote>,
    /// Whether a quote or a trade was replaced by a newer one since the plugin was last told.
    pub conflated: bool,
}

/// How market data is added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Adding {
    /// Each to each.
    All,
    /// The latest of each instrument takes the place of the one before.
    LatestWins,
}

impl Batch {
    /// Adds a notice; tells whether it took the place of another.
    pub fn add(&mut self, at: Timestamp, notice: &Notice, adding: Adding) -> bool {
        match notice {
            Notice::TradingState(state) => {
                self.trading_state = Some(*state);
                false
            }
            Notice::Order(event) => {
                self.order_events.push(convert::order_event(event, at));
                false
            }
            Notice::Gap(gap) => {
                self.add_gap(convert::gap(gap));
                false
            }
            Notice::Quote(quote) => {
                let quote = convert::quote(quote, false);
                self.add_quote(quote, adding)
            }
            Notice::Trade(trade) => {
                let trade = convert::trade(trade);
                self.add_trade(trade, adding)
            }
        }
    }

    /// Two gaps that nobody was told of yet are one. Quotes from before it are not worth telling any more.
    fn add_gap(&mut self, gap: gap_handler::Gap) {
        self.quotes
            .retain(|quote| quote.instrument != gap.instrument || quote.ts >= gap.to);
        let waiting = self
            .gaps
            .iter_mut()
            .find(|other| other.instrument == gap.instrument);
        match waiting {
            Some(waiting) => waiting.to = gap.to,
            None => self.gaps.push(gap),
        }
    }

    fn add_quote(&mut self, quote: market_types::Quote, adding: Adding) -> bool {
        let waiting = match adding {
            Adding::All => None,
            Adding::LatestWins => self
                .quotes
                .iter_mut()
                .find(|other| other.instrument == quote.instrument),
        };
        let Some(waiting) = waiting else {
            self.quotes.push(quote);
            return false;
        };
        *waiting = quote;
        self.conflated = true;
        true
    }

    fn add_trade(&mut self, trade: market_types::Trade, adding: Adding) -> bool {
        let waiting = match adding {
            Adding::All => None,
            Adding::LatestWins => self
                .trades
                .iter_mut()
                .find(|other| other.instrument == trade.instrument),
        };
        let Some(waiting) = waiting else {
            self.trades.push(trade);
            return false;
        };
        *waiting = trade;
        self.conflated = true;
        true
    }

    /// Whether quotes or trades wait.
    pub const fn has_data(&self) -> bool {
        !self.quotes.is_empty() || !self.trades.is_empty()
    }

    /// Whether nothing waits.
    pub const fn is_empty(&self) -> bool {
        !self.has_data()
            && self.gaps.is_empty()
            && self.order_events.is_empty()
            && self.trading_state.is_none()
    }

    /// How many events wait.
    pub const fn len(&self) -> usize {
        self.quotes.len()
            + self.trades.len()
            + self.order_events.len()
            + self.gaps.len()
            + self.trading_state.is_some() as usize
    }

    /// Forgets everything, but keeps the room.
    pub fn clear(&mut self) {
        self.trading_state = None;
        self.order_events.clear();
        self.gaps.clear();
        self.trades.clear();
        self.quotes.clear();
        self.conflated = false;
    }
}
