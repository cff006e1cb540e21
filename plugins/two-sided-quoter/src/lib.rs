//! Quotes both sides around the mid, leans against its inventory, and takes its quotes back when the market
//! goes quiet or trading is not active.
//!
//! It never takes: a quote is kept a tick away from the other side. The inventory is the host's position.

use core::time::Duration;
use std::collections::BTreeMap;

use moored_plugin::{
    Context, InitError, Instrument, InstrumentId, Level, OrderEvent, Price, Quantity, Quote, Side, Strategy,
    Time, TradingState, export_strategy,
};

use config::Config;
use slot::{Slot, Wish};

mod config;
mod slot;
#[cfg(test)]
mod tests;

/// The timer that looks for markets gone quiet.
const WATCH: u32 = 1;

/// One instrument and the two orders in it.
struct Book {
    instrument: Instrument,
    bid: Slot,
    ask: Slot,
    quoted_at: Time,
    not_before: Time,
}

/// The strategy.
pub struct TwoSidedQuoter {
    config: Config,
    books: BTreeMap<InstrumentId, Book>,
}

impl Book {
    fn new(instrument: Instrument) -> Self {
        let id = instrument.id;
        Self {
            instrument,
            bid: Slot::new(Side::Buy, id),
            ask: Slot::new(Side::Sell, id),
            quoted_at: Time::default(),
            not_before: Time::default(),
        }
    }

    /// Where both sides should stand now; nothing on a side that would go beyond the inventory limit.
    fn wishes(
        &self,
        config: &Config,
        quote: &Quote,
        mid: Price,
        inventory: Quantity,
    ) -> (Option<Wish>, Option<Wish>) {
        let tick = self.instrument.tick;
        let ticks = |count: f64| Price::from_f64(tick.to_f64() * count).unwrap_or_default();
        let lean = ticks(config.skew_ticks * inventory.to_f64() / config.max_position.to_f64());
        let (center, half) = (mid - lean, ticks(config.spread_ticks / 2.0));
        let bid = (center - half)
            .floor_to(tick)
            .min((quote.ask - tick).floor_to(tick));
        let ask = (center + half)
            .ceil_to(tick)
            .max((quote.bid + tick).ceil_to(tick));
        let wish = |price: Price, after: Quantity| {
            (after.abs() <= config.max_position && price.is_positive()).then_some(Wish {
                price,
                quantity: config.quantity,
            })
        };
        (
            wish(bid, inventory + config.quantity),
            wish(ask, inventory - config.quantity),
        )
    }

    fn withdraw(&mut self, ctx: &mut Context<'_>) {
        self.bid.pursue(ctx, None, Price::ZERO);
        self.ask.pursue(ctx, None, Price::ZERO);
    }
}

impl Strategy for TwoSidedQuoter {
    type Config = Config;

    fn new(config: Config, ctx: &mut Context<'_>) -> Result<Self, InitError> {
        config.check()?;
        let mut books = BTreeMap::new();
        for instrument in ctx.find_all("symbols", &config.symbols)? {
            ctx.subscribe_quotes(instrument.id)?;
            books.insert(instrument.id, Book::new(instrument));
        }
        let period = Duration::from_millis(config.quiet_ms) / 2;
        ctx.set_timer_every(WATCH, ctx.now() + period, period)?;
        Ok(Self { config, books })
    }

    fn on_quote(&mut self, ctx: &mut Context<'_>, quote: &Quote) {
        let Some(book) = self.books.get_mut(&quote.instrument) else {
            return;
        };
        let Some(mid) = quote.mid().filter(|_| quote.is_live()) else {
            return;
        };
        let now = ctx.now();
        book.quoted_at = now;
        if !ctx.is_active() || now < book.not_before || !ctx.resolve(&mut book.instrument) {
            return;
        }
        let inventory = ctx.position(quote.instrument).size;
        let (bid, ask) = book.wishes(&self.config, quote, mid, inventory);
        let step = Price::from_units(
            book.instrument
                .tick
                .units()
                .saturating_mul(self.config.requote_ticks.into()),
        );
        let asked = book.bid.pursue(ctx, bid, step) | book.ask.pursue(ctx, ask, step);
        if asked {
            book.not_before = now + Duration::from_millis(self.config.interval_ms);
        }
    }

    fn on_order_event(&mut self, ctx: &mut Context<'_>, event: &OrderEvent) {
        for book in self.books.values_mut() {
            let refused = book.bid.apply(event) | book.ask.apply(event);
            if refused {
                book.not_before = ctx.now() + Duration::from_millis(self.config.interval_ms) * 10;
                ctx.log(
                    Level::Warn,
                    format_args!("{}: {:?}", book.instrument.symbol, event.change),
                );
            }
        }
    }

    fn on_timer(&mut self, ctx: &mut Context<'_>, _id: u32, _scheduled: Time) {
        let quiet = Duration::from_millis(self.config.quiet_ms);
        let now = ctx.now();
        for book in self
            .books
            .values_mut()
            .filter(|book| now.since(book.quoted_at) > quiet)
        {
            book.withdraw(ctx);
        }
    }

    fn on_trading_state(&mut self, ctx: &mut Context<'_>, state: TradingState) {
        if matches!(
            state,
            TradingState::ReduceOnly | TradingState::Halted | TradingState::Draining
        ) {
            for book in self.books.values_mut() {
                book.withdraw(ctx);
            }
        }
    }

    fn on_stop(&mut self, ctx: &mut Context<'_>) {
        if let Err(error) = ctx.cancel_all() {
            ctx.log(Level::Warn, format_args!("quotes left in the market: {error}"));
        }
    }
}

export_strategy!(TwoSidedQuoter);
