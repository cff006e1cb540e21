//! The simulated exchange and its broker: seeded prices, a book per instrument, orders, fills, fees,
//! accounts.
//!
//! It is pure. Time is a number handed in, chance comes from the seed, and consequences are [`Event`]s to
//! be collected with [`Exchange::take_events`]. It knows neither sockets nor messages: the same calls with
//! the same times give the same events, always.

mod account;
mod book;
mod calendar;
mod catalogue;
mod event;
mod instrument;
mod market;
mod order;
mod pace;
mod past;
mod prices;
mod rules;
mod trading;

#[cfg(test)]
mod book_tests;
#[cfg(test)]
mod exchange_tests;
#[cfg(test)]
mod rules_tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use rust_decimal::Decimal;

pub use account::{Account, BASE_CURRENCY, Estimate, Ledger, Position, Requirement, Terms, Valuation, worth};
pub use calendar::{BadDay, Hours, Phase, Schedule, TradingSession};
pub use catalogue::{BadCombination, Catalogue, Fault as CatalogueFault, OptionChain, Wanted};
pub use event::{Change, Event, Execution, Part};
pub use instrument::{
    About, BondTerms, Derivation, FundTerms, Instrument, InstrumentId, Kind, Leg, Lots, Maturity, Right,
    Ticks,
};
pub use market::{Halt, Market, Session, Top};
pub use order::{
    Adjustment, Algorithm, Attributes, Condition, ConditionTest, Distance, Hold, OcaGroup, OcaRule, Order,
    OrderKey, OrderKind, OrderRequest, Origin, Side, Status, TimeInForce,
};
pub use past::{Candle, Past, PastTick, Summary};
use prices::process;
pub use prices::{OptionFigures, model};
pub use rules::{BadLadder, Grid, Ladder, Rounding};
pub use trading::{CancelRefusal, ExerciseRefusal, LocateHold, Refusal, Switches, UnknownExecution};

const SECOND: u64 = 1_000_000_000;
const DAY: u64 = 86_400;

/// What a market starts from.
#[derive(Debug, Clone)]
pub struct Config {
    /// Seed of every price process.
    pub seed: u64,
    /// Synthetic stocks beyond the built-in instruments.
    pub synthetic: usize,
    /// Market moves per second, over all active instruments together.
    pub tick_rate: u32,
    /// Accounts, the first being the default.
    pub accounts: Vec<String>,
    /// Opening cash of each, US dollars.
    pub cash: Decimal,
    /// Unix time of logical instant zero, seconds.
    pub epoch: u64,
    /// What that leaves out of the instant, milliseconds: clients that compare clocks see it, the market does not.
    pub epoch_millis: u64,
    /// Whose hours markets keep.
    pub hours: Hours,
    /// What is listed.
    pub catalogue: Arc<Catalogue>,
    /// Whether the accounts are those of a financial advisor.
    pub advisor: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            seed: 1,
            synthetic: 0,
            tick_rate: 20,
            accounts: vec!["DU1234567".to_owned()],
            cash: Decimal::from(1_000_000),
            epoch: 1_795_000_000,
            epoch_millis: 0,
            hours: Hours::Always,
            catalogue: Catalogue::built_in(),
            advisor: false,
        }
    }
}

/// The exchange. All its instants are logical nanoseconds since its start.
#[derive(Debug)]
pub struct Exchange {
    config: Config,
    now: u64,
    period: u64,
    next_step: u64,
    cursor: usize,
    /// Markets somebody cares about, as far as noticed.
    followed: Vec<InstrumentId>,
    /// Those of them that move by themselves, in the order in which they do.
    moving: Vec<InstrumentId>,
    /// Whether a market was touched that may move from now on.
    stirred: bool,
    /// How many of the events are on the tapes.
    remembered: usize,
    /// Whether large moves halt a market.
    volatility_halts: bool,
    markets: Vec<Market>,
    /// Instruments by contract id.
    listed: BTreeMap<i32, InstrumentId>,
    orders: BTreeMap<OrderKey, Order>,
    accounts: Vec<Account>,
    /// Which pair prices each currency.
    pairs: account::Pairs,
    executions: Vec<Execution>,
    next_perm_id: i64,
    desk: trading::Desk,
    events: Vec<Event>,
}

impl Exchange {
    /// A market at logical instant zero.
    #[must_use]
    pub fn new(config: Config) -> Self {
        let instruments = config.catalogue.instruments(config.synthetic);
        let accounts = config
            .accounts
            .iter()
            .map(|name| Account::new(name, config.cash))
            .collect();
        let period = SECOND / u64::from(config.tick_rate.clamp(1, 10_000_000));
        // Runs of the program must not share permanent ids; a thousand a second and 32 bits are as in life.
        let next_perm_id = i64::try_from(config.epoch % 2_000_000).unwrap_or(0) * 1_000;
        let mut exchange = Self {
            period,
            next_step: period,
            cursor: 0,
            followed: Vec::new(),
            moving: Vec::new(),
            stirred: false,
            remembered: 0,
            volatility_halts: false,
            now: 0,
            markets: Vec::new(),
            listed: BTreeMap::new(),
            orders: BTreeMap::new(),
            accounts,
            pairs: account::Pairs::default(),
            executions: Vec::new(),
            next_perm_id,
            desk: trading::Desk::default(),
            events: Vec::new(),
            config,
        };
        for instrument in instruments {
            exchange.open_market(instrument);
        }
        exchange.pairs = account::Pairs::new(&exchange.markets);
        exchange
    }

    /// The events since the last call.
    pub fn take_events(&mut self) -> Vec<Event> {
        self.remember();
        self.remembered = 0;
        std::mem::take(&mut self.events)
    }

    /// The current logical instant, nanoseconds.
    #[must_use]
    pub fn now(&self) -> u64 {
        self.now
    }

    /// What the clocks of clients are ahead of the market's whole seconds, milliseconds.
    pub fn epoch_millis(&self) -> u64 {
        self.config.epoch_millis
    }

    /// Unix time in seconds of a logical instant.
    #[must_use]
    pub fn unix_seconds(&self, at: u64) -> u64 {
        self.config.epoch + at / SECOND
    }

    /// All markets with their ids.
    pub fn markets(&self) -> impl Iterator<Item = (InstrumentId, &Market)> {
        self.markets
            .iter()
            .enumerate()
            .map(|(index, market)| (InstrumentId(index), market))
    }

    /// One market. Ids come from this exchange only.
    ///
    /// # Panics
    /// On an id of another exchange.
    #[must_use]
    pub fn market(&self, id: InstrumentId) -> &Market {
        &self.markets[id.0]
    }

    /// One market, to change it: from now on it is followed for as long as anybody cares.
    pub(super) fn market_mut(&mut self, id: InstrumentId) -> &mut Market {
        let market = &mut self.markets[id.0];
        if !market.moving {
            self.stirred = true;
            if !market.followed {
                market.followed = true;
                self.followed.push(id);
                let unix = self.config.epoch + self.now / SECOND;
                market.tape.begin(unix, market.shown, market.session.last);
            }
        }
        market
    }

    /// All orders ever placed.
    pub fn orders(&self) -> impl Iterator<Item = &Order> {
        self.orders.values()
    }

    /// One order.
    #[must_use]
    pub fn order(&self, key: OrderKey) -> Option<&Order> {
        self.orders.get(&self.resolve(key))
    }

    /// All fills ever made, oldest first.
    #[must_use]
    pub fn executions(&self) -> &[Execution] {
        &self.executions
    }

    /// All accounts, the default one first.
    #[must_use]
    pub fn accounts(&self) -> &[Account] {
        &self.accounts
    }

    /// An account by its code.
    #[must_use]
    pub fn account(&self, name: &str) -> Option<&Account> {
        self.accounts.iter().find(|account| account.name == name)
    }
}
