//! Places one limit order for every quote whose bid changed, and does nothing else: what is measured is the
//! way of an order, not the thinking about it.

use moored_plugin::{
    Context, InitError, Price, Quantity, Quote, Side, Strategy, Ticket, TimeInForce, export_strategy,
};

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    /// The only instrument it quotes on.
    symbol: String,
    quantity: Quantity,
    /// Added to the bid: negative rests below it, positive crosses the spread.
    #[serde(default)]
    offset: Price,
    /// Immediate or cancel instead of a day order.
    #[serde(default)]
    ioc: bool,
}

struct Pinger {
    ticket: Ticket,
    offset: Price,
    last: Price,
}

impl Strategy for Pinger {
    type Config = Config;

    fn new(config: Config, ctx: &mut Context<'_>) -> Result<Self, InitError> {
        let instrument = ctx.find("symbol", &config.symbol)?.id;
        ctx.subscribe_quotes(instrument)?;
        let life = if config.ioc {
            TimeInForce::Ioc
        } else {
            TimeInForce::Day
        };
        let ticket = Ticket::new(Side::Buy, instrument, config.quantity).lasting(life);
        Ok(Self {
            ticket,
            offset: config.offset,
            last: Price::ZERO,
        })
    }

    fn on_quote(&mut self, ctx: &mut Context<'_>, quote: &Quote) {
        if quote.bid != self.last {
            self.last = quote.bid;
            // The mark is the quote's own time, so that the two ends can be matched.
            let ticket = self.ticket.tagged(quote.ts.as_nanos());
            let _id = ctx.submit_limit(ticket, quote.bid + self.offset);
        }
    }
}

export_strategy!(Pinger);
