//! Never comes back from its first quote. The order it queued before must not leave.

use moored_plugin::{Context, InitError, Quantity, Quote, Strategy, Ticket, export_strategy};

#[derive(serde::Deserialize)]
struct Config {
    symbol: String,
}

struct Spinner;

impl Strategy for Spinner {
    type Config = Config;

    fn new(config: Config, ctx: &mut Context<'_>) -> Result<Self, InitError> {
        let instrument = ctx.find("symbol", &config.symbol)?;
        ctx.subscribe_quotes(instrument.id)?;
        Ok(Self)
    }

    fn on_quote(&mut self, ctx: &mut Context<'_>, quote: &Quote) {
        let _id = ctx.submit_limit(Ticket::buy(quote.instrument, Quantity::from_int(1)), quote.bid);
        let mut turns = 0_u64;
        loop {
            turns = core::hint::black_box(turns.wrapping_add(1));
        }
    }
}

export_strategy!(Spinner);
