//! Submits hundreds of orders in every callback, whatever the host answers.

use moored_plugin::{Context, InitError, Quantity, Quote, Strategy, Ticket, export_strategy};

#[derive(serde::Deserialize)]
struct Config {
    symbol: String,
    #[serde(default = "hundreds")]
    orders: u64,
}

const fn hundreds() -> u64 {
    500
}

struct Flooder {
    orders: u64,
}

impl Strategy for Flooder {
    type Config = Config;

    fn new(config: Config, ctx: &mut Context<'_>) -> Result<Self, InitError> {
        let instrument = ctx.find("symbol", &config.symbol)?;
        ctx.subscribe_quotes(instrument.id)?;
        Ok(Self {
            orders: config.orders,
        })
    }

    fn on_quote(&mut self, ctx: &mut Context<'_>, quote: &Quote) {
        for tag in 0..self.orders {
            let ticket = Ticket::buy(quote.instrument, Quantity::from_int(1)).tagged(tag);
            let _refusal = ctx.submit_limit(ticket, quote.bid);
        }
    }
}

export_strategy!(Flooder);
