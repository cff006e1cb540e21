//! Follows the cross of two exponential averages of the mid: long while the fast one is above the slow one,
//! short while it is below, one order under way per instrument.
//!
//! The position is the host's, not a count of its own: after a restart it goes on from what it really holds.

use core::time::Duration;
use std::collections::BTreeMap;

use moored_plugin::{
    Context, Gap, HostError, InitError, Instrument, InstrumentId, Level, OrderChange, OrderEvent, OrderId,
    Price, Quantity, Quote, Side, Strategy, Ticket, Time, export_strategy,
};

#[cfg(test)]
mod tests;

/// What may stand in the plugin's table.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// What to trade; everything granted when empty.
    symbols: Vec<String>,
    /// Length of the fast average, in quotes.
    fast: u32,
    /// Length of the slow average, in quotes. No order before that many.
    slow: u32,
    /// The position it takes on either side.
    quantity: Quantity,
    /// How it crosses the spread.
    order: OrderStyle,
    /// How many ticks beyond the other side a limit order may pay.
    slippage_ticks: u32,
    /// How many ticks the averages must be apart; less is noise.
    band_ticks: f64,
    /// Least time between two orders in one instrument; tenfold after a refusal.
    interval_ms: u64,
    /// After a gap in the data longer than this the averages begin anew.
    gap_reset_ms: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
enum OrderStyle {
    Limit,
    Market,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            symbols: Vec::new(),
            fast: 8,
            slow: 32,
            quantity: Quantity::from_int(10),
            order: OrderStyle::Limit,
            slippage_ticks: 2,
            band_ticks: 0.5,
            interval_ms: 500,
            gap_reset_ms: 60_000,
        }
    }
}

impl Config {
    fn check(&self) -> Result<(), InitError> {
        if self.fast == 0 {
            return Err(InitError::config("fast", "must be at least 1"));
        }
        if self.slow <= self.fast {
            return Err(InitError::config(
                "slow",
                format_args!("must be above fast, which is {}", self.fast),
            ));
        }
        if !self.quantity.is_positive() {
            return Err(InitError::config("quantity", "must be above 0"));
        }
        if !(self.band_ticks >= 0.0 && self.band_ticks.is_finite()) {
            return Err(InitError::config("band_ticks", "must be 0 or more"));
        }
        Ok(())
    }
}

/// The averages of one instrument and the order under way in it.
struct Book {
    instrument: Instrument,
    fast: f64,
    slow: f64,
    quotes: u32,
    pending: Option<OrderId>,
    /// The side it stands on; nothing while that is to be found out from the position.
    side: Option<Side>,
    not_before: Time,
}

/// The strategy.
pub struct EmaCross {
    config: Config,
    books: BTreeMap<InstrumentId, Book>,
}

impl Book {
    fn new(instrument: Instrument) -> Self {
        Self {
            instrument,
            fast: 0.0,
            slow: 0.0,
            quotes: 0,
            pending: None,
            side: None,
            not_before: Time::default(),
        }
    }

    fn learn(&mut self, config: &Config, mid: f64) {
        if self.quotes == 0 {
            (self.fast, self.slow) = (mid, mid);
        }
        let weight = |length: u32| 2.0 / (f64::from(length) + 1.0);
        self.fast += weight(config.fast) * (mid - self.fast);
        self.slow += weight(config.slow) * (mid - self.slow);
        self.quotes = self.quotes.saturating_add(1);
    }

    /// Forgets what was learned. The side stays: it is what was last asked for, not a reading of the market.
    fn forget(&mut self) {
        (self.fast, self.slow, self.quotes) = (0.0, 0.0, 0);
    }

    fn signal(&self, config: &Config) -> Option<Side> {
        let gap = self.fast - self.slow;
        if self.quotes < config.slow || gap.abs() <= config.band_ticks * self.instrument.tick.to_f64() {
            return None;
        }
        Some(if gap > 0.0 { Side::Buy } else { Side::Sell })
    }

    fn submit(
        &self,
        config: &Config,
        ctx: &mut Context<'_>,
        delta: Quantity,
        quote: &Quote,
    ) -> Result<OrderId, HostError> {
        let side = if delta.is_positive() {
            Side::Buy
        } else {
            Side::Sell
        };
        let ticket = Ticket::new(side, self.instrument.id, delta.abs());
        if config.order == OrderStyle::Market {
            return ctx.submit_market(ticket);
        }
        let tick = self.instrument.tick;
        let slippage = Price::from_units(tick.units().saturating_mul(i64::from(config.slippage_ticks)));
        let limit = match side {
            Side::Buy => (quote.ask + slippage).floor_to(tick),
            Side::Sell => (quote.bid - slippage).ceil_to(tick),
        };
        ctx.submit_limit(ticket.ioc(), limit)
    }
}

impl Strategy for EmaCross {
    type Config = Config;

    fn new(config: Config, ctx: &mut Context<'_>) -> Result<Self, InitError> {
        config.check()?;
        let mut books = BTreeMap::new();
        for instrument in ctx.find_all("symbols", &config.symbols)? {
            ctx.subscribe_quotes(instrument.id)?;
            books.insert(instrument.id, Book::new(instrument));
        }
        Ok(Self { config, books })
    }

    fn on_quote(&mut self, ctx: &mut Context<'_>, quote: &Quote) {
        let Some(book) = self.books.get_mut(&quote.instrument) else {
            return;
        };
        let Some(mid) = quote.mid().filter(|_| quote.is_live()) else {
            return;
        };
        if !ctx.resolve(&mut book.instrument) {
            return;
        }
        book.learn(&self.config, mid.to_f64());
        let Some(side) = book.signal(&self.config) else {
            return;
        };
        if book.side == Some(side)
            || book.pending.is_some()
            || !ctx.is_active()
            || ctx.now() < book.not_before
        {
            return;
        }
        book.side = Some(side);
        let delta = side.signed(self.config.quantity) - ctx.position(quote.instrument).size;
        if delta.is_zero() {
            return;
        }
        let interval = Duration::from_millis(self.config.interval_ms);
        match book.submit(&self.config, ctx, delta, quote) {
            Ok(id) => {
                book.pending = Some(id);
                book.not_before = ctx.now() + interval;
            }
            Err(error) => {
                book.side = None;
                book.not_before = ctx.now() + interval * 10;
                ctx.log(
                    Level::Warn,
                    format_args!("{}: order not taken: {error}", book.instrument.symbol),
                );
            }
        }
    }

    fn on_gap(&mut self, ctx: &mut Context<'_>, gap: &Gap) {
        let Some(book) = self.books.get_mut(&gap.instrument) else {
            return;
        };
        let (symbol, length) = (&book.instrument.symbol, gap.length());
        if length <= Duration::from_millis(self.config.gap_reset_ms) {
            ctx.log(
                Level::Info,
                format_args!("{symbol}: a gap of {length:?} is bridged"),
            );
            return;
        }
        ctx.log(
            Level::Info,
            format_args!("{symbol}: a gap of {length:?}, the averages begin anew"),
        );
        book.forget();
    }

    fn on_order_event(&mut self, ctx: &mut Context<'_>, event: &OrderEvent) {
        let Some(book) = self
            .books
            .values_mut()
            .find(|book| book.pending == Some(event.order))
        else {
            return;
        };
        // While the fate is unknown the order stays pending: the host finds out and a final event follows.
        if !event.is_final() {
            return;
        }
        book.pending = None;
        match &event.change {
            OrderChange::Filled(fill) => {
                let symbol = &book.instrument.symbol;
                ctx.log(
                    Level::Debug,
                    format_args!("{symbol}: filled {} at {}", fill.cumulative, fill.price),
                );
            }
            // Nothing or only a part was there to take: look again at the next quote.
            OrderChange::Canceled => book.side = None,
            refused => {
                book.side = None;
                book.not_before = ctx.now() + Duration::from_millis(self.config.interval_ms) * 10;
                ctx.log(
                    Level::Warn,
                    format_args!("{}: {refused:?}", book.instrument.symbol),
                );
            }
        }
    }
}

export_strategy!(EmaCross);
