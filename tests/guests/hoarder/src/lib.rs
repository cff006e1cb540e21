//! Takes memory without end on its first quote, a mebibyte at a time, and writes to all of it.

use moored_plugin::{Context, InitError, Quote, Strategy, export_strategy};

#[derive(serde::Deserialize)]
struct Config {
    symbol: String,
}

struct Hoarder {
    hoard: Vec<Vec<u8>>,
}

impl Strategy for Hoarder {
    type Config = Config;

    fn new(config: Config, ctx: &mut Context<'_>) -> Result<Self, InitError> {
        let instrument = ctx.find("symbol", &config.symbol)?;
        ctx.subscribe_quotes(instrument.id)?;
        Ok(Self { hoard: Vec::new() })
    }

    fn on_quote(&mut self, _ctx: &mut Context<'_>, _quote: &Quote) {
        loop {
            self.hoard.push(core::hint::black_box(vec![1; 1 << 20]));
        }
    }
}

export_strategy!(Hoarder);
