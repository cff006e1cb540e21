//! Follows a script: each step of `steps` is due some time after the start and does one thing.
//!
//! The tag of an order is the number of its step, from 0. A price is absolute (`limit`, `stop`), or a
//! distance from the last quote's other side (`limit_offset`, `stop_offset`): 0 takes, and a negative one
//! rests for a buy.
//!
//! A step may wait for a cue instead of the start: the instrument named by `cue` gives cue N when it is bid at
//! N thousand, so whoever moves its price decides when the step is due.

use core::time::Duration;

use moored_plugin::{
    Context, Gap, HostError, InitError, InstrumentId, Level, OrderEvent, OrderId, Price, Quantity, Quote,
    Side, Strategy, Ticket, Time, TimeInForce, export_strategy,
};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    steps: Vec<Step>,
    /// The instrument whose price gives cues.
    cue: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    /// Milliseconds after the start, or after its cue.
    #[serde(default)]
    at_ms: u64,
    /// How often it is done in all; 0 is once.
    #[serde(default)]
    times: u32,
    /// Milliseconds between two of these.
    #[serde(default)]
    every_ms: u64,
    /// The cue it waits for; 0 for the start.
    #[serde(default)]
    cue: u32,
    #[serde(rename = "do")]
    action: Action,
    /// What an order is for.
    #[serde(default)]
    symbol: String,
    /// What `replace` and `cancel` are about: the number of the step that placed it.
    #[serde(default)]
    step: usize,
    side: Option<Way>,
    #[serde(default)]
    quantity: Quantity,
    #[serde(default)]
    tif: Life,
    #[serde(default)]
    reduce_only: bool,
    limit: Option<Price>,
    limit_offset: Option<Price>,
    stop: Option<Price>,
    stop_offset: Option<Price>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Action {
    Market,
    Limit,
    Stop,
    StopLimit,
    Replace,
    Cancel,
    CancelAll,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Way {
    Buy,
    Sell,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Life {
    #[default]
    Day,
    Gtc,
    Ioc,
    Fok,
    Gtd,
    Opg,
}

/// What was placed by each step, and with what.
#[derive(Clone, Copy)]
struct Placed {
    id: OrderId,
    ticket: Ticket,
}

struct FixedOrders {
    steps: Vec<Step>,
    instruments: Vec<InstrumentId>,
    placed: Vec<Option<Placed>>,
    prompter: Option<InstrumentId>,
    /// The last cue that was given.
    cued: u32,
}

impl Step {
    fn ticket(&self, instrument: InstrumentId, number: usize) -> Result<Ticket, HostError> {
        let side = match self.side {
            Some(Way::Buy) => Side::Buy,
            Some(Way::Sell) => Side::Sell,
            None => return Err(HostError::Invalid(1)),
        };
        let life = match self.tif {
            Life::Day => TimeInForce::Day,
            Life::Gtc => TimeInForce::Gtc,
            Life::Ioc => TimeInForce::Ioc,
            Life::Fok => TimeInForce::Fok,
            Life::Gtd => TimeInForce::Gtd,
            Life::Opg => TimeInForce::Opg,
        };
        let ticket = Ticket::new(side, instrument, self.quantity)
            .lasting(life)
            .tagged(number as u64);
        Ok(if self.reduce_only {
            ticket.reduce_only()
        } else {
            ticket
        })
    }

    /// The limit and the stop; zero where the step has none.
    fn prices(&self, ctx: &mut Context<'_>, ticket: &Ticket) -> (Price, Price) {
        let mut resolve = |price: Option<Price>, offset: Option<Price>| match (price, offset) {
            (Some(price), _) => price,
            (None, None) => Price::ZERO,
            (None, Some(offset)) => {
                let quote = ctx.last_quote(ticket.instrument).unwrap_or_default();
                if ticket.side == Side::Buy {
                    quote.ask + offset
                } else {
                    quote.bid + offset
                }
            }
        };
        (
            resolve(self.limit, self.limit_offset),
            resolve(self.stop, self.stop_offset),
        )
    }
}

impl FixedOrders {
    fn run(&mut self, ctx: &mut Context<'_>, number: usize) -> Result<(), HostError> {
        let step = &self.steps[number];
        match step.action {
            Action::CancelAll => ctx.cancel_all(),
            Action::Cancel => ctx.cancel(self.earlier(step.step)?.id),
            Action::Replace => {
                let Placed { id, ticket } = self.earlier(step.step)?;
                let (limit, stop) = step.prices(ctx, &ticket);
                ctx.replace(id, step.quantity, limit, stop)
            }
            Action::Market | Action::Limit | Action::Stop | Action::StopLimit => {
                let ticket = step.ticket(self.instruments[number], number)?;
                let (limit, stop) = step.prices(ctx, &ticket);
                let id = match step.action {
                    Action::Market => ctx.submit_market(ticket)?,
                    Action::Limit => ctx.submit_limit(ticket, limit)?,
                    Action::Stop => ctx.submit_stop(ticket, stop)?,
                    _ => ctx.submit_stop_limit(ticket, stop, limit)?,
                };
                self.placed[number] = Some(Placed { id, ticket });
                Ok(())
            }
        }
    }

    fn earlier(&self, number: usize) -> Result<Placed, HostError> {
        self.placed
            .get(number)
            .copied()
            .flatten()
            .ok_or(HostError::UnknownId)
    }
}

impl Strategy for FixedOrders {
    type Config = Config;

    fn new(config: Config, ctx: &mut Context<'_>) -> Result<Self, InitError> {
        let mut instruments = Vec::new();
        for (number, step) in config.steps.iter().enumerate() {
            let mut instrument = InstrumentId::default();
            if !step.symbol.is_empty() {
                instrument = ctx.find(&format!("steps[{number}].symbol"), &step.symbol)?.id;
                ctx.subscribe_quotes(instrument)?;
            }
            instruments.push(instrument);
            if step.cue == 0 {
                ctx.set_timer(number as u32, ctx.now() + Duration::from_millis(step.at_ms))?;
            }
        }
        let mut prompter = None;
        if let Some(symbol) = &config.cue {
            let found = ctx.find("cue", symbol)?.id;
            ctx.subscribe_quotes(found)?;
            prompter = Some(found);
        }
        Ok(Self {
            prompter,
            cued: 0,
            placed: vec![None; config.steps.len()],
            steps: config.steps,
            instruments,
        })
    }

    fn on_quote(&mut self, ctx: &mut Context<'_>, quote: &Quote) {
        if self.prompter != Some(quote.instrument) {
            return;
        }
        // A bid may stand a little below the price that was set.
        let given = ((quote.bid.to_f64() + 50.0) / 1_000.0) as u32;
        if given <= self.cued {
            return;
        }
        ctx.log(Level::Info, format_args!("cue {given}"));
        let waiting = self.cued + 1..=given;
        self.cued = given;
        for (number, step) in self.steps.iter().enumerate() {
            if step.cue > 0 && waiting.contains(&step.cue) {
                let due = ctx.now() + Duration::from_millis(step.at_ms);
                if let Err(error) = ctx.set_timer(number as u32, due) {
                    ctx.log(Level::Warn, format_args!("step {number}: {error}"));
                }
            }
        }
    }

    fn on_timer(&mut self, ctx: &mut Context<'_>, id: u32, scheduled: Time) {
        if let Some(step) = self.steps.get_mut(id as usize).filter(|step| step.times > 1) {
            step.times -= 1;
            let next = scheduled + Duration::from_millis(step.every_ms);
            if let Err(error) = ctx.set_timer(id, next) {
                ctx.log(Level::Warn, format_args!("step {id} is not repeated: {error}"));
            }
        }
        if let Err(error) = self.run(ctx, id as usize) {
            ctx.log(Level::Warn, format_args!("step {id}: {error}"));
        }
    }

    fn on_gap(&mut self, ctx: &mut Context<'_>, gap: &Gap) {
        let symbol = ctx
            .instrument(gap.instrument)
            .map_or_else(|_| "?".to_owned(), |instrument| instrument.symbol);
        let (from, to) = (gap.from.as_nanos(), gap.to.as_nanos());
        ctx.log(Level::Info, format_args!("gap in {symbol} from {from} to {to}"));
    }

    fn on_order_event(&mut self, ctx: &mut Context<'_>, event: &OrderEvent) {
        ctx.log(
            Level::Info,
            format_args!("step {}: {:?}", event.tag, event.change),
        );
    }
}

export_strategy!(FixedOrders);
