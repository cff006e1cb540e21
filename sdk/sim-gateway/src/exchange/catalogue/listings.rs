//! Turns the file's markets and instruments into instruments.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::civil::{Date, Time};
use rust_decimal::Decimal;

use super::Fault;
use super::file::{InstrumentEntry, MarketEntry};
use crate::exchange::calendar::Schedule;
use crate::exchange::instrument::{
    About, Derivation, Instrument, InstrumentId, Kind, Maturity, Right, Ticks,
};
use crate::exchange::rules::{Grid, Ladder};

/// What the instruments of one market share, worked out.
#[derive(Debug)]
pub(super) struct Market {
    pub(super) entry: MarketEntry,
    pub(super) kind: Kind,
    pub(super) schedule: Arc<Schedule>,
}

/// An instrument whose underlying is still known by its contract id alone.
#[derive(Debug, Clone)]
pub(super) struct Listing {
    pub(super) instrument: Instrument,
    pub(super) underlying: Option<i32>,
}

/// Where an instrument trades and at which prices.
#[derive(Debug, Clone)]
pub(super) struct Venues {
    pub(super) exchanges: Vec<String>,
    pub(super) rules: Vec<i32>,
    pub(super) grids: Arc<[Grid]>,
    pub(super) min_tick: Decimal,
}

/// Rules by their number.
pub(super) fn rules(texts: &BTreeMap<String, String>) -> Result<BTreeMap<i32, Ladder>, Fault> {
    let read = |(number, text): (&String, &String)| {
        let at = || format!("rules.{number}");
        let key = number.parse().ok().filter(|number| *number > 0);
        let key = key.ok_or_else(|| Fault::new(at(), "a market rule is named by a number above zero"))?;
        let ladder = text.parse().map_err(|error| Fault::new(at(), error))?;
        Ok((key, ladder))
    };
    texts.iter().map(read).collect()
}

/// Markets by their name.
pub(super) fn markets(
    entries: BTreeMap<String, MarketEntry>,
    rules: &BTreeMap<i32, Ladder>,
    schedules: &BTreeMap<String, Arc<Schedule>>,
) -> Result<BTreeMap<String, Market>, Fault> {
    let mut markets = BTreeMap::new();
    for (name, entry) in entries {
        let at = format!("markets.{name}");
        let kind = Kind::of(&entry.kind)
            .filter(|kind| *kind != Kind::Bag)
            .ok_or_else(|| {
                let text = format_args!(
                    "there is no type {}; use STK, OPT, FUT … as the API names them",
                    entry.kind
                );
                Fault::new(&at, text)
            })?;
        let schedule = schedules.get(&entry.hours).ok_or_else(|| {
            Fault::new(
                &at,
                format_args!(
                    "there is no [hours.{}]; name one that the file defines",
                    entry.hours
                ),
            )
        })?;
        if entry.size_increment <= Decimal::ZERO || entry.multiplier <= Decimal::ZERO || entry.lots < 1 {
            return Err(Fault::new(
                at,
                "size_increment, multiplier and lots must be above zero",
            ));
        }
        venues(&at, &entry.exchanges, &entry.rules, rules)?;
        let schedule = Arc::clone(schedule);
        markets.insert(
            name,
            Market {
                entry,
                kind,
                schedule,
            },
        );
    }
    Ok(markets)
}

/// Works out the exchanges of an instrument: their rules, and the tick that counts the prices of all.
pub(super) fn venues(
    at: &str,
    exchanges: &[String],
    numbers: &[i32],
    rules: &BTreeMap<i32, Ladder>,
) -> Result<Venues, Fault> {
    let numbers = match numbers {
        [one] => vec![*one; exchanges.len()],
        many => many.to_vec(),
    };
    if exchanges.is_empty() || numbers.len() != exchanges.len() {
        return Err(Fault::new(
            at,
            "give at least one exchange, and one market rule for all or one for each",
        ));
    }
    let ladder = |number: &i32| {
        let text = format_args!("there is no market rule {number}; add it to [rules]").to_string();
        rules.get(number).ok_or_else(|| Fault::new(at, text))
    };
    let ladders = numbers.iter().map(ladder).collect::<Result<Vec<_>, _>>()?;
    let min_tick = ladders
        .iter()
        .map(|ladder| ladder.smallest())
        .min()
        .unwrap_or(Decimal::ONE);
    let grids = ladders
        .iter()
        .map(|ladder| ladder.grid(min_tick))
        .collect::<Option<Arc<[Grid]>>>();
    let grids = grids.ok_or_else(|| {
        let text = format_args!(
            "not all increments are multiples of the smallest, {min_tick}; use other market rules"
        );
        Fault::new(at, text)
    })?;
    Ok(Venues {
        exchanges: exchanges.to_vec(),
        rules: numbers,
        grids,
        min_tick,
    })
}

/// Reads one instrument.
pub(super) fn listing(
    entry: InstrumentEntry,
    markets: &BTreeMap<String, Market>,
    rules: &BTreeMap<i32, Ladder>,
) -> Result<Listing, Fault> {
    let at = format!("instruments {} ({})", entry.con_id, entry.symbol);
    let market = markets.get(&entry.market).ok_or_else(|| {
        Fault::new(
            &at,
            format_args!(
                "there is no [markets.{}]; name one that the file defines",
                entry.market
            ),
        )
    })?;
    let exchanges = entry.exchanges.as_ref().unwrap_or(&market.entry.exchanges);
    let venues = venues(
        &at,
        exchanges,
        entry.rules.as_ref().unwrap_or(&market.entry.rules),
        rules,
    )?;
    let first = exchanges
        .iter()
        .find(|each| *each != "SMART")
        .or(exchanges.first());
    let primary = entry.primary.clone().or(first.cloned()).unwrap_or_default();
    let currency = entry
        .currency
        .clone()
        .unwrap_or_else(|| market.entry.currency.clone());
    let local = entry.local.clone().unwrap_or_else(|| match market.kind {
        Kind::Cash => format!("{}.{currency}", entry.symbol),
        _ => entry.symbol.clone(),
    });
    let class = entry
        .class
        .clone()
        .or_else(|| market.entry.classes.get(&primary).cloned());
    let maturity = maturity(&at, &entry)?;
    let instrument = Instrument {
        con_id: entry.con_id,
        symbol: entry.symbol.clone(),
        kind: market.kind,
        currency,
        primary_exchange: primary,
        valid_exchanges: venues.exchanges,
        trading_class: class.unwrap_or_else(|| local.clone()),
        local_symbol: local,
        long_name: entry.name.clone(),
        open: opening(&at, entry.price, venues.min_tick, &venues.grids)?,
        min_tick: venues.min_tick,
        size_increment: entry.size_increment.unwrap_or(market.entry.size_increment),
        min_size: entry.size_increment.unwrap_or(market.entry.min_size),
        market_rules: venues.rules,
        grids: venues.grids,
        multiplier: entry.multiplier.unwrap_or(market.entry.multiplier),
        maturity,
        derivation: derivation(&at, &entry, market, maturity)?,
        legs: Vec::new(),
        volatility: entry.volatility.unwrap_or(market.entry.volatility),
        beta: entry.beta.unwrap_or(market.entry.beta),
        typical_lots: entry.lots.unwrap_or(market.entry.lots),
        schedule: Arc::clone(&market.schedule),
        about: Arc::new(about(&entry, market)),
    };
    Ok(Listing {
        instrument,
        underlying: entry.underlying,
    })
}

fn about(entry: &InstrumentEntry, market: &Market) -> About {
    let ids = [("CUSIP", &entry.cusip), ("ISIN", &entry.isin)];
    let ids = ids
        .into_iter()
        .filter_map(|(kind, id)| Some((kind.to_owned(), id.clone()?)));
    About {
        industry: entry.industry.clone(),
        category: entry.category.clone(),
        subcategory: entry.subcategory.clone(),
        stock_type: entry
            .stock_type
            .clone()
            .or_else(|| market.entry.stock_type.clone()),
        sec_ids: ids.collect(),
        price_magnifier: market.entry.price_magnifier,
        bond: entry.bond.clone(),
        fund: entry.fund.clone(),
    }
}

fn opening(at: &str, price: Decimal, tick: Decimal, grids: &[Grid]) -> Result<Ticks, Fault> {
    let ticks = (price / tick).normalize();
    let whole = ticks.is_integer().then(|| Ticks::try_from(ticks).ok()).flatten();
    let fits = |ticks: &Ticks| *ticks > 0 && grids.first().is_some_and(|grid| grid.holds(*ticks));
    whole.filter(fits).ok_or_else(|| {
        let text =
            format_args!("its market rule has no price {price}; give one above zero on its increments");
        Fault::new(at, text)
    })
}

fn maturity(at: &str, entry: &InstrumentEntry) -> Result<Option<Maturity>, Fault> {
    let Some(text) = &entry.maturity else {
        return Ok(None);
    };
    let day: Date = text
        .parse()
        .map_err(|_| Fault::new(at, format_args!("{text} is no date; write it as 2028-12-15")))?;
    Ok(Some(Maturity {
        last_trade: day,
        expiration: day,
        month: day.first_of_month(),
    }))
}

fn derivation(
    at: &str,
    entry: &InstrumentEntry,
    market: &Market,
    maturity: Option<Maturity>,
) -> Result<Option<Derivation>, Fault> {
    let right = match entry.right.as_deref() {
        None => None,
        Some("C") => Some(Right::Call),
        Some("P") => Some(Right::Put),
        Some(_) => return Err(Fault::new(at, "right is C or P")),
    };
    if market.kind.is_option() && (right.is_none() || entry.strike.is_none() || maturity.is_none()) {
        return Err(Fault::new(
            at,
            "a warrant needs strike, right, maturity and underlying",
        ));
    }
    if entry.underlying.is_none() {
        return match market.kind {
            Kind::Warrant | Kind::Cfd => Err(Fault::new(at, "give the contract id of its underlying")),
            _ => Ok(None),
        };
    }
    Ok(Some(Derivation {
        // Its place is only known once everything is listed.
        underlying: InstrumentId(0),
        expires: maturity.map_or(0, |maturity| end_of(&market.schedule, maturity.last_trade, None)),
        strike: entry.strike,
        right,
    }))
}

/// When trading ends on a last trading day: at a time of its own or with regular hours.
pub(super) fn end_of(schedule: &Schedule, day: Date, time: Option<Time>) -> u64 {
    let regular = schedule.day(day).iter().rev();
    let regular = regular.max_by_key(|each| each.phase).map(|each| each.close);
    match time {
        Some(time) => schedule.unix(day, time),
        None => regular.unwrap_or_else(|| schedule.unix(day, Time::constant(16, 0, 0, 0))),
    }
}

/// Checks what only all instruments together can break: contract ids and underlyings.
pub(super) fn check(listings: &[Listing]) -> Result<(), Fault> {
    let mut ids = BTreeSet::new();
    for listing in listings {
        let id = listing.instrument.con_id;
        let at = || format!("instruments {id} ({})", listing.instrument.symbol);
        if id <= 0 || !ids.insert(id) {
            return Err(Fault::new(
                at(),
                "every instrument needs a contract id of its own, above zero",
            ));
        }
    }
    for listing in listings {
        if listing
            .underlying
            .is_some_and(|underlying| !ids.contains(&underlying))
        {
            let at = format!(
                "instruments {} ({})",
                listing.instrument.con_id, listing.instrument.symbol
            );
            return Err(Fault::new(
                at,
                "no instrument has the contract id of its underlying",
            ));
        }
    }
    Ok(())
}
