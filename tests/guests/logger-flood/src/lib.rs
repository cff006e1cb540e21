//! Writes `lines` lines of `bytes` bytes at every quote, at the level operators read.

use moored_plugin::{Context, InitError, Level, Quote, Strategy, export_strategy};

#[derive(serde::Deserialize)]
struct Config {
    symbol: String,
    #[serde(default = "thousand")]
    lines: u32,
    #[serde(default = "mebibyte")]
    bytes: usize,
}

const fn thousand() -> u32 {
    1_000
}

const fn mebibyte() -> usize {
    1 << 20
}

struct LoggerFlood {
    lines: u32,
    line: String,
}

impl Strategy for LoggerFlood {
    type Config = Config;

    fn new(config: Config, ctx: &mut Context<'_>) -> Result<Self, InitError> {
        let instrument = ctx.find("symbol", &config.symbol)?;
        ctx.subscribe_quotes(instrument.id)?;
        Ok(Self {
            lines: config.lines,
            line: "flood ".repeat(config.bytes.div_ceil(6)),
        })
    }

    fn on_quote(&mut self, ctx: &mut Context<'_>, _quote: &Quote) {
        for _ in 0..self.lines {
            ctx.log(Level::Info, &self.line);
        }
    }
}

export_strategy!(LoggerFlood);
