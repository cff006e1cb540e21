//! Floor 1: what the market said last, of each instrument.
//!
//! Never: a subscription, a clock. Age is computed from the `at` of the one who asks.

use crate::domain::instrument::InstrumentId;
use crate::domain::quote::Quote;

/// The last quote of each instrument.
#[derive(Debug, Clone)]
pub struct Market {
    quotes: Vec<Option<Quote>>,
}

/// Whether a quote said anything new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QuoteChange {
    /// Prices or sizes differ from the last.
    Changed,
    /// The same again: only its age is new.
    Refreshed,
    /// Not one of ours.
    UnknownInstrument,
}

impl Market {
    /// Nothing known of `instruments` instruments.
    pub fn new(instruments: usize) -> Self {
        Market {
            quotes: vec![None; instruments],
        }
    }

    /// Takes in a quote.
    pub fn apply(&mut self, quote: Quote) -> QuoteChange {
        let Some(slot) = self.quotes.get_mut(quote.instrument.index()) else {
            return QuoteChange::UnknownInstrument;
        };
        let same = slot.is_some_and(|last| {
            Quote {
                received: quote.received,
                ..last
            } == quote
        });
        *slot = Some(quote);
        if same {
            QuoteChange::Refreshed
        } else {
            QuoteChange::Changed
        }
    }

    /// Forgets all quotes: what was said before a session broke is not evidence after it.
    pub fn forget(&mut self) {
        self.quotes.fill(None);
    }

    /// The last quote.
    pub fn quote(&self, instrument: InstrumentId) -> Option<&Quote> {
        self.quotes.get(instrument.index())?.as_ref()
    }
}
