//! Buys one at the bid on every quote, and panics on every `every`-th after the order was queued: that
//! order must not leave. The tag of an order is the number of the quote since the plugin was started.

use moored_plugin::{Context, InitError, Quantity, Quote, Strategy, Ticket, export_strategy};

#[derive(serde::Deserialize)]
struct Config {
    symbol: String,
    #[serde(default = "three")]
    every: u64,
}

const fn three() -> u64 {
    3
}

struct Trapper {
    every: u64,
    quotes: u64,
}

impl Strategy for Trapper {
    type Config = Config;

    fn new(config: Config, ctx: &mut Context<'_>) -> Result<Self, InitError> {
        let instrument = ctx.find("symbol", &config.symbol)?;
        ctx.subscribe_quotes(instrument.id)?;
        if config.every == 0 {
            return Err(InitError::config("every", "must be at least 1"));
        }
        Ok(Self {
            every: config.every,
            quotes: 0,
        })
    }

    fn on_quote(&mut self, ctx: &mut Context<'_>, quote: &Quote) {
        self.quotes += 1;
        let ticket = Ticket::buy(quote.instrument, Quantity::from_int(1)).tagged(self.quotes);
        let _id = ctx.submit_limit(ticket, quote.bid);
        assert!(
            !self.quotes.is_multiple_of(self.every),
            "as every {}th time",
            self.every
        );
    }
}

export_strategy!(Trapper);
