//! The futures or options of one class: which contracts are listed on a day, and what they are called.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::ToSpan;
use jiff::civil::{Date, Time, date};
use rust_decimal::Decimal;
use rust_decimal::prelude::{FromPrimitive, ToPrimitive};

use super::Fault;
use super::file::ChainEntry;
use super::listings::{Market, Venues, end_of, venues};
use crate::exchange::calendar::DayRule;
use crate::exchange::instrument::{
    About, Derivation, Instrument, InstrumentId, Kind, Maturity, Right, Ticks,
};
use crate::exchange::rules::{Ladder, Rounding};

/// Contract ids of chains start here: chain, day, strike and right follow in 6, 12, 11 and 1 bits.
pub(super) const FIRST_CON_ID: i32 = 1_000_000_000;
const CHAINS: usize = 64;
const DAYS: i32 = 4_096;
const STRIKES: i64 = 2_048;
const LETTERS: &str = "FGHJKMNQUVXZ";
const MONTHS: [&str; 12] = [
    "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC",
];
const YEAR: f64 = 365.0 * 86_400.0;

/// A chain of the catalogue.
#[derive(Debug)]
pub(in crate::exchange) struct Chain {
    place: i32,
    pub(in crate::exchange) kind: Kind,
    pub(in crate::exchange) class: String,
    /// Symbol of futures; options carry their underlying's.
    symbol: Option<String>,
    entry: ChainEntry,
    /// Months of the year in which contracts end.
    months: Vec<i8>,
    rule: DayRule,
    last_time: Option<Time>,
    step: Decimal,
    market: Terms,
    venues: Venues,
}

/// What a chain takes from its market.
#[derive(Debug)]
struct Terms {
    currency: String,
    multiplier: Decimal,
    size_increment: Decimal,
    min_size: Decimal,
    volatility: f64,
    lots: i64,
    schedule: Arc<crate::exchange::calendar::Schedule>,
    about: Arc<About>,
}

/// One expiry of a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::exchange) struct Term {
    pub(in crate::exchange) maturity: Maturity,
    /// Unix time trading ends, seconds.
    pub(in crate::exchange) expires: u64,
}

/// Strike and right of an option.
pub(in crate::exchange) type StrikeAndRight = (Decimal, Right);

/// Reads every chain.
pub(super) fn chains(
    entries: Vec<ChainEntry>,
    markets: &BTreeMap<String, Market>,
    rules: &BTreeMap<i32, Ladder>,
) -> Result<Vec<Arc<Chain>>, Fault> {
    if entries.len() > CHAINS {
        let text = format_args!(
            "there are {} chains, and contract ids for {CHAINS}",
            entries.len()
        );
        return Err(Fault::new("chains", text));
    }
    let places = 0_i32..;
    let read = places
        .zip(entries)
        .map(|(place, entry)| read(place, entry, markets, rules));
    read.map(|chain| chain.map(Arc::new)).collect()
}

fn read(
    place: i32,
    entry: ChainEntry,
    markets: &BTreeMap<String, Market>,
    rules: &BTreeMap<i32, Ladder>,
) -> Result<Chain, Fault> {
    let at = format!("chains {}", entry.class);
    let market = markets.get(&entry.market).ok_or_else(|| {
        Fault::new(
            &at,
            format_args!(
                "there is no [markets.{}]; name one that the file defines",
                entry.market
            ),
        )
    })?;
    let letter = |letter: char| {
        let place = LETTERS
            .find(letter)
            .and_then(|place| i8::try_from(place + 1).ok());
        place.ok_or_else(|| {
            Fault::new(
                &at,
                format_args!("{letter} is no contract month; use letters of {LETTERS}"),
            )
        })
    };
    let months = entry.months.chars().map(letter).collect::<Result<Vec<_>, _>>()?;
    let day = |text: &str| text.parse::<DayRule>().map_err(|error| Fault::new(&at, error));
    let rule = day(&entry.expiry)?;
    let last_time = entry.last_time.as_deref().map(|text| {
        let time: Result<Time, _> = text.parse();
        time.map_err(|_| Fault::new(&at, format_args!("{text} is no time of day; write it as 08:30")))
    });
    let needs = match market.kind {
        Kind::Future | Kind::Option => entry.underlying.is_some(),
        Kind::FutureOption => entry.futures.is_some(),
        _ => {
            return Err(Fault::new(
                at,
                "a chain is of futures or options; its market's type is neither",
            ));
        }
    };
    let step = entry.strike_step.unwrap_or(Decimal::ZERO);
    let is_option = market.kind != Kind::Future;
    if !needs || is_option && (step <= Decimal::ZERO || entry.strikes < 1) {
        let text =
            "give the underlying (of options on futures, the class in \"futures\"), strike_step and strikes";
        return Err(Fault::new(at, text));
    }
    let exchanges = entry.exchanges.as_ref().unwrap_or(&market.entry.exchanges);
    Ok(Chain {
        place,
        kind: market.kind,
        class: entry.class.clone(),
        symbol: (!is_option).then(|| entry.symbol.clone().unwrap_or_else(|| entry.class.clone())),
        months,
        rule,
        last_time: last_time.transpose()?,
        step,
        venues: venues(&at, exchanges, &market.entry.rules, rules)?,
        market: terms(&entry, market),
        entry,
    })
}

fn terms(entry: &ChainEntry, market: &Market) -> Terms {
    Terms {
        currency: market.entry.currency.clone(),
        multiplier: entry.multiplier.unwrap_or(market.entry.multiplier),
        size_increment: market.entry.size_increment,
        min_size: market.entry.min_size,
        volatility: entry.volatility.unwrap_or(market.entry.volatility),
        lots: entry.lots.unwrap_or(market.entry.lots),
        schedule: Arc::clone(&market.schedule),
        about: Arc::new(About {
            price_magnifier: market.entry.price_magnifier,
            ..About::default()
        }),
    }
}

impl Chain {
    /// The contract id of its underlying, unless that is one of several futures.
    pub(in crate::exchange) fn underlying(&self) -> Option<i32> {
        self.entry.underlying
    }

    /// The class of the futures it is about, for options on them.
    pub(in crate::exchange) fn futures(&self) -> Option<&str> {
        self.entry.futures.as_deref()
    }

    /// Symbol of its futures; options carry their underlying's.
    pub(in crate::exchange) fn symbol(&self) -> Option<&str> {
        self.symbol.as_deref()
    }

    /// Where it trades.
    pub(in crate::exchange) fn exchanges(&self) -> &[String] {
        &self.venues.exchanges
    }

    /// Currency of its prices.
    pub(in crate::exchange) fn currency(&self) -> &str {
        &self.market.currency
    }

    /// Units of the underlying a contract is about.
    pub(in crate::exchange) fn multiplier(&self) -> Decimal {
        self.market.multiplier
    }

    /// The expiries listed at a Unix time, in order, after those of the last two years if `expired` ones
    /// count too.
    pub(in crate::exchange) fn terms(&self, unix: u64, expired: bool) -> Vec<Term> {
        let schedule = &self.market.schedule;
        let today = schedule.date(unix);
        let back = if expired { 24 } else { 1 };
        let first = today.first_of_month();
        let first = first.checked_sub(back.months()).unwrap_or(first);
        let months = first.series(1.month()).take(120);
        let months = months.filter(|month| self.months.contains(&month.month()));
        let mut terms: Vec<Term> = Vec::new();
        let mut ahead = 0;
        for term in months.filter_map(|month| self.term(month, &self.rule)) {
            let over = term.expires <= unix;
            if ahead == self.entry.listed {
                break;
            }
            ahead += usize::from(!over);
            if expired || !over {
                terms.push(term);
            }
        }
        let fridays = today
            .series(1.day())
            .filter(|day| day.weekday() == jiff::civil::Weekday::Friday);
        let weekly = fridays
            .filter_map(|day| self.ending(day, day))
            .filter(|term| term.expires > unix);
        terms.extend(weekly.take(self.entry.weekly));
        terms.sort_by_key(|term| term.maturity.expiration);
        terms.dedup_by_key(|term| term.maturity.expiration);
        terms
    }

    fn term(&self, month: Date, rule: &DayRule) -> Option<Term> {
        let open = |day: Date| self.market.schedule.is_trading_day(day);
        self.ending(month, rule.on(month.year(), month.month(), &open)?)
    }

    /// The expiry of a day, or of the last trading day before it.
    fn ending(&self, month: Date, day: Date) -> Option<Term> {
        let schedule = &self.market.schedule;
        let expiration = schedule.trading_day_by(day)?;
        let last_trade = match self.entry.settles_next_morning {
            true => schedule.trading_day_by(expiration.yesterday().ok()?)?,
            false => expiration,
        };
        Some(Term {
            maturity: Maturity {
                last_trade,
                expiration,
                month: month.first_of_month(),
            },
            expires: end_of(schedule, last_trade, self.last_time),
        })
    }

    /// The strikes listed around a price.
    pub(in crate::exchange) fn strikes(&self, price: Decimal) -> impl Iterator<Item = Decimal> {
        let middle = price.checked_div(self.step).unwrap_or_default().round();
        let middle = middle.to_i64().unwrap_or(0);
        let from = (middle - self.entry.strikes).max(1);
        let to = (middle + self.entry.strikes).min(STRIKES - 1);
        (from..=to).map(|index| (Decimal::from(index) * self.step).normalize())
    }

    /// The contract id: the same contract has the same one in every run.
    pub(in crate::exchange) fn con_id(&self, term: &Term, option: Option<StrikeAndRight>) -> i32 {
        let index = option.and_then(|(strike, _)| strike.checked_div(self.step)?.to_i32());
        let put = option.is_some_and(|(_, right)| right == Right::Put);
        FIRST_CON_ID
            + (self.place << 24)
            + (day_number(term.maturity.expiration) << 12)
            + (index.unwrap_or(0).rem_euclid(2_048) << 1)
            + i32::from(put)
    }

    /// Whether a contract id may be one of its own, and of which expiry.
    pub(in crate::exchange) fn owns(&self, con_id: i32) -> bool {
        con_id >= FIRST_CON_ID && (con_id - FIRST_CON_ID) >> 24 == self.place
    }

    /// Whether a contract id, one of its own, is of this expiry.
    pub(in crate::exchange) fn is_of(&self, con_id: i32, term: &Term) -> bool {
        (con_id - FIRST_CON_ID) >> 12 & (DAYS - 1) == day_number(term.maturity.expiration)
    }

    /// The symbol in local notation.
    pub(in crate::exchange) fn local_symbol(&self, term: &Term, option: Option<StrikeAndRight>) -> String {
        let month = term.maturity.month;
        let at = usize::try_from(month.month() - 1).unwrap_or(0);
        let fill = |pattern: &str| {
            pattern
                .replace("{class}", &self.class)
                .replace("{month}", LETTERS.get(at..=at).unwrap_or_default())
                .replace("{mon}", MONTHS.get(at).copied().unwrap_or_default())
                .replace("{yy}", &month.strftime("%y").to_string())
                .replace("{y}", &(month.year() % 10).to_string())
        };
        let pattern = self.entry.local.as_deref();
        match (option, self.kind) {
            (Some((strike, right)), Kind::Option) => {
                let day = term.maturity.expiration.strftime("%y%m%d");
                let thousandths = (strike * Decimal::ONE_THOUSAND).to_i64().unwrap_or(0);
                format!("{:<6}{day}{}{thousandths:08}", self.class, letter(right))
            }
            (Some((strike, right)), _) => {
                format!(
                    "{} {}{strike}",
                    fill(pattern.unwrap_or("{class}{month}{y}")),
                    letter(right)
                )
            }
            (None, _) => fill(pattern.unwrap_or("{class}{month}{y}")),
        }
    }

    /// A contract, opening at what `underlying` opens at and `epoch`, the start of the run, is from expiry.
    pub(in crate::exchange) fn instrument(
        &self,
        term: &Term,
        option: Option<StrikeAndRight>,
        (underlying_id, underlying): (InstrumentId, &Instrument),
        epoch: u64,
    ) -> Instrument {
        let years = i32::try_from(term.expires.saturating_sub(epoch)).map_or(10.0, f64::from) / YEAR;
        let spot = underlying.price(underlying.open).to_f64().unwrap_or(1.0);
        let volatility = match self.kind {
            Kind::Future => self.market.volatility,
            _ => underlying.volatility,
        };
        let price = match option {
            None => spot * (self.entry.carry * years).exp(),
            Some((strike, right)) => option_price(spot, strike, right, volatility, years),
        };
        let name = match self.kind {
            Kind::Future => self.entry.name.clone(),
            _ => underlying.long_name.clone(),
        };
        let local = self.venues.exchanges.iter().find(|each| *each != "SMART");
        Instrument {
            con_id: self.con_id(term, option),
            symbol: self.symbol.clone().unwrap_or_else(|| underlying.symbol.clone()),
            kind: self.kind,
            currency: self.market.currency.clone(),
            // Options have no listing exchange of their own.
            primary_exchange: match self.kind {
                Kind::Future => local.cloned().unwrap_or_default(),
                _ => String::new(),
            },
            valid_exchanges: self.venues.exchanges.clone(),
            local_symbol: self.local_symbol(term, option),
            trading_class: self.class.clone(),
            long_name: name,
            min_tick: self.venues.min_tick,
            size_increment: self.market.size_increment,
            min_size: self.market.min_size,
            market_rules: self.venues.rules.clone(),
            grids: Arc::clone(&self.venues.grids),
            multiplier: self.market.multiplier,
            maturity: Some(term.maturity),
            derivation: Some(Derivation {
                underlying: underlying_id,
                expires: term.expires,
                strike: option.map(|(strike, _)| strike),
                right: option.map(|(_, right)| right),
            }),
            legs: Vec::new(),
            volatility,
            beta: underlying.beta,
            open: self.ticks(price),
            typical_lots: self.market.lots,
            schedule: Arc::clone(&self.market.schedule),
            about: Arc::clone(&self.market.about),
        }
    }

    fn ticks(&self, price: f64) -> Ticks {
        let ticks = Decimal::from_f64(price).and_then(|price| price.checked_div(self.venues.min_tick));
        let ticks = ticks.and_then(|ticks| ticks.round().to_i64()).unwrap_or(1).max(1);
        let grid = self.venues.grids.first();
        grid.map_or(ticks, |grid| grid.round(ticks, Rounding::Nearest))
            .max(1)
    }
}

/// The letter of a right.
pub(in crate::exchange) fn letter(right: Right) -> char {
    match right {
        Right::Call => 'C',
        Right::Put => 'P',
    }
}

fn day_number(day: Date) -> i32 {
    let days = day.since(date(2024, 1, 1)).map_or(0, |span| span.get_days());
    days.rem_euclid(DAYS)
}

/// What an option is worth, near enough to open a market at: what exercising gives, or the time value of an
/// option at the money that fades with the distance of its strike.
fn option_price(spot: f64, strike: Decimal, right: Right, volatility: f64, years: f64) -> f64 {
    let strike = strike.to_f64().unwrap_or(spot);
    let gain = match right {
        Right::Call => spot - strike,
        Right::Put => strike - spot,
    };
    let spread = (volatility * years.max(0.0).sqrt()).max(1e-6);
    let distance = (strike / spot).ln() / spread;
    gain.max(0.0) + 0.4 * spot * spread * (-0.5 * distance * distance).exp() / (1.0 + distance.abs())
}
