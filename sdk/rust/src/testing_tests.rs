use core::time::Duration;

use serde::Deserialize;

use crate::testing::{Bench, Desk, Request};
use crate::{
    Context, HostError, InitError, InstrumentId, Level, OrderChange, OrderEvent, OrderId, Price, Quantity,
    Quote, Strategy, Ticket, TradingState,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    symbol: String,
}

/// Sells one at the ask of every live quote while trading is active, and logs what the host refuses.
#[derive(Debug)]
struct Seller {
    filled: u32,
}

impl Strategy for Seller {
    type Config = Table;

    fn new(table: Table, ctx: &mut Context<'_>) -> Result<Self, InitError> {
        let instrument = ctx.find("symbol", &table.symbol)?;
        ctx.subscribe_quotes(instrument.id)?;
        Ok(Self { filled: 0 })
    }

    fn on_quote(&mut self, ctx: &mut Context<'_>, quote: &Quote) {
        if ctx.is_active() && quote.is_live() {
            let ticket = Ticket::sell(quote.instrument, Quantity::from_int(1)).tagged(7);
            if let Err(error) = ctx.submit_limit(ticket, quote.ask) {
                ctx.log(Level::Warn, error);
            }
        }
    }

    fn on_order_event(&mut self, _ctx: &mut Context<'_>, event: &OrderEvent) {
        self.filled += u32::from(matches!(event.change, OrderChange::Filled(_)) && event.is_final());
    }
}

const ONE: InstrumentId = InstrumentId(1);

fn started() -> Bench<Seller> {
    let (bench, requests) = Bench::start(Desk::with_stocks(&["A", "B"]), r#"{"symbol": "B"}"#).unwrap();
    assert_eq!(requests, [Request::SubscribeQuotes(ONE)]);
    bench
}

#[test]
fn requests_come_back_from_the_callback_that_made_them() {
    let mut bench = started();
    let ticket = Ticket::sell(ONE, Quantity::from_int(1)).tagged(7);
    let limit = Price::from_f64(10.02).unwrap();
    assert_eq!(
        bench.quote(ONE, 10.0, 10.02),
        [Request::Limit(OrderId(1), ticket, limit)]
    );
    assert_eq!(bench.fill(OrderId(1), ticket, limit), []);
    assert_eq!(bench.strategy.filled, 1);
    bench.desk.advance(Duration::from_secs(1));
    assert_eq!(
        bench.quote(ONE, 10.0, 10.02),
        [Request::Limit(OrderId(2), ticket, limit)]
    );
}

#[test]
fn a_stale_quote_and_a_halt_are_seen() {
    let mut bench = started();
    let stale = Quote {
        instrument: ONE,
        bits: Quote::BID | Quote::ASK | Quote::STALE,
        ..Quote::default()
    };
    assert_eq!(bench.raw_quote(stale), []);
    bench.trading_state(TradingState::Halted);
    assert_eq!(bench.quote(ONE, 1.0, 1.01), []);
}

#[test]
fn a_refusal_reaches_the_strategy() {
    let mut bench = started();
    bench.desk.refuse(Some(HostError::TooMany));
    assert_eq!(bench.quote(ONE, 1.0, 1.01), []);
    assert_eq!(
        bench.desk.lines(),
        [(Level::Warn, HostError::TooMany.to_string())]
    );
}

#[test]
fn an_instrument_outside_the_grant_is_named_by_its_key() {
    let refused = Bench::<Seller>::start(Desk::with_stocks(&["A"]), r#"{"symbol": "B"}"#);
    assert_eq!(
        refused.unwrap_err(),
        InitError::config("symbol", "no instrument \"B\" is granted to this plugin")
    );
}
