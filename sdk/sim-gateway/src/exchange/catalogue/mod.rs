//! What the exchange lists: the catalogue file, and the derivatives that follow from it.
//!
//! The catalogue never changes once read: what a run adds, such as a chain's contracts, belongs to the
//! exchange.

mod chain;
mod combination;
mod file;
mod hours;
mod listed;
mod listings;

#[cfg(test)]
mod catalogue_tests;

use std::collections::BTreeMap;
use std::fmt::Display;
use std::sync::{Arc, LazyLock};

use rust_decimal::Decimal;

use self::chain::Chain;
pub use self::combination::BadCombination;
pub(super) use self::file::number;
pub use self::listed::{OptionChain, Wanted};
use self::listings::Listing;
use super::calendar::Schedule;
use super::instrument::{Instrument, InstrumentId, Kind};
use super::rules::Ladder;

/// Why a catalogue cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{entry}: {problem}")]
pub struct Fault {
    /// Which entry of the file, such as `hours.lse`.
    entry: String,
    /// What is wrong with it and what to write instead.
    problem: String,
}

impl Fault {
    fn new(entry: impl Into<String>, problem: impl Display) -> Self {
        Self {
            entry: entry.into(),
            problem: problem.to_string(),
        }
    }
}

/// Everything a catalogue file says.
#[derive(Debug)]
pub struct Catalogue {
    schedules: BTreeMap<String, Arc<Schedule>>,
    rules: BTreeMap<i32, Ladder>,
    /// Those that come first, and after them all others.
    listings: Vec<Listing>,
    first: usize,
    /// The pattern of synthetic stocks.
    synthetic: Option<Instrument>,
    chains: Vec<Arc<Chain>>,
}

static BUILT_IN: LazyLock<Arc<Catalogue>> = LazyLock::new(|| {
    let text = include_str!("../../../catalogue.toml");
    // The file is part of the program, and a test reads it.
    Arc::new(Catalogue::read(text).unwrap_or_else(|fault| panic!("the built-in catalogue: {fault}")))
});

/// Contract ids of synthetic stocks, combinations and chains: not for the file.
const RESERVED: [std::ops::RangeInclusive<i32>; 2] = [900_000_000..=949_999_999, 960_000_000..=i32::MAX];

impl Catalogue {
    /// The catalogue that comes with the program.
    ///
    /// # Panics
    /// Never in a released program: the file is built in, and a test reads it.
    #[must_use]
    pub fn built_in() -> Arc<Self> {
        Arc::clone(&BUILT_IN)
    }

    /// Reads a catalogue file.
    ///
    /// # Errors
    /// When it is no TOML, or an entry makes no sense; the error names the entry and says what to do.
    pub fn read(text: &str) -> Result<Self, Fault> {
        let file: file::File = toml::from_str(text).map_err(|error| Fault::new("not a catalogue", error))?;
        let schedules = hours::schedules(&file.holidays, &file.hours)?;
        let rules = listings::rules(&file.rules)?;
        let markets = listings::markets(file.markets, &rules, &schedules)?;
        let listed = file.listed;
        let read = |entry| listings::listing(entry, &markets, &rules);
        let mut all = listed
            .instruments
            .into_iter()
            .map(read)
            .collect::<Result<Vec<_>, _>>()?;
        let taken = all.iter().map(|each| each.instrument.con_id);
        if let Some(id) = taken
            .into_iter()
            .find(|id| RESERVED.iter().any(|range| range.contains(id)))
        {
            let text = "its contract id is kept for contracts the exchange makes; use one from 950000000 to 959999999";
            return Err(Fault::new(format!("instruments {id}"), text));
        }
        listings::check(&all)?;
        for name in listed.first.iter().rev() {
            let at = all.iter().position(|each| each.instrument.local_symbol == *name);
            let at = at.ok_or_else(|| Fault::new("first", format_args!("no instrument is called {name}")))?;
            let listing = all.remove(at);
            all.insert(0, listing);
        }
        let chains = chain::chains(listed.chains, &markets, &rules)?;
        check_chains(&chains, &all)?;
        let synthetic = listed
            .synthetic
            .map(|name| pattern(&name, &markets, &rules))
            .transpose()?;
        Ok(Self {
            schedules,
            rules,
            first: listed.first.len(),
            listings: all,
            synthetic,
            chains,
        })
    }

    /// Hours by their name in the file.
    #[must_use]
    pub fn schedule(&self, name: &str) -> Option<&Arc<Schedule>> {
        self.schedules.get(name)
    }

    /// A market rule by its number.
    #[must_use]
    pub fn rule(&self, number: i32) -> Option<&Ladder> {
        self.rules.get(&number)
    }

    /// The instruments in their order, with so many synthetic stocks after the first ones.
    pub(super) fn instruments(&self, synthetic: usize) -> Vec<Instrument> {
        let (first, rest) = self.listings.split_at(self.first.min(self.listings.len()));
        let made =
            (1..=synthetic).filter_map(|number| Some(synthetic_stock(self.synthetic.as_ref()?, number)));
        let mut all: Vec<Instrument> = first.iter().map(|each| each.instrument.clone()).collect();
        all.extend(made);
        let gap = all.len() - first.len();
        all.extend(rest.iter().map(|each| each.instrument.clone()));
        let places = |place: usize| if place < first.len() { place } else { place + gap };
        for (place, listing) in self.listings.iter().enumerate() {
            let is_it = |each: &Listing| Some(each.instrument.con_id) == listing.underlying;
            let underlying = self.listings.iter().position(is_it);
            let instrument = all.get_mut(places(place));
            let derivation = instrument.and_then(|instrument| instrument.derivation.as_mut());
            if let (Some(derivation), Some(underlying)) = (derivation, underlying) {
                derivation.underlying = InstrumentId(places(underlying));
            }
        }
        all
    }

    /// The futures of a class.
    fn futures(&self, class: &str) -> Option<&Arc<Chain>> {
        let mut chains = self.chains.iter();
        chains.find(|chain| chain.kind == Kind::Future && chain.class == class)
    }
}

fn check_chains(chains: &[Arc<Chain>], listings: &[Listing]) -> Result<(), Fault> {
    for chain in chains {
        let at = || format!("chains {}", chain.class);
        let listed = |id: i32| listings.iter().any(|each| each.instrument.con_id == id);
        if chain.underlying().is_some_and(|id| !listed(id)) {
            return Err(Fault::new(
                at(),
                "no instrument has the contract id of its underlying",
            ));
        }
        let future = |class: &str| {
            let mut all = chains.iter();
            all.any(|each| each.kind == Kind::Future && each.class == class)
        };
        if chain.futures().is_some_and(|class| !future(class)) {
            return Err(Fault::new(at(), "no chain of futures has the class it names"));
        }
    }
    Ok(())
}

/// What every synthetic stock looks like.
fn pattern(
    market: &str,
    markets: &BTreeMap<String, listings::Market>,
    rules: &BTreeMap<i32, Ladder>,
) -> Result<Instrument, Fault> {
    let text = format!(
        "market = \"{market}\"\ncon_id = 900000000\nsymbol = \"SYM\"\nname = \"SYNTHETIC STOCK\"\nprice = 20\n\
         primary = \"NASDAQ\"\nlots = 500"
    );
    let entry = toml::from_str(&text).map_err(|error| Fault::new("synthetic", error))?;
    let instrument = listings::listing(entry, markets, rules)?.instrument;
    if instrument.kind == Kind::Stock {
        return Ok(instrument);
    }
    Err(Fault::new("synthetic", "name a market of stocks"))
}

fn synthetic_stock(pattern: &Instrument, number: usize) -> Instrument {
    let symbol = format!("SYM{number:03}");
    let count = i32::try_from(number).unwrap_or(0).min(49_999_999);
    let price = Decimal::from(20 + i64::from(count));
    let class = if pattern.trading_class == pattern.local_symbol {
        symbol.clone()
    } else {
        pattern.trading_class.clone()
    };
    Instrument {
        con_id: pattern.con_id + count,
        long_name: format!("{} {number}", pattern.long_name),
        local_symbol: symbol.clone(),
        trading_class: class,
        symbol,
        open: pattern.ticks(price).unwrap_or(pattern.open),
        ..pattern.clone()
    }
}
