//! What the exchange lists beyond the catalogue's own instruments, each contract when it is first asked for:
//! there are thousands, and most are never looked at.

use jiff::civil::Date;
use rust_decimal::Decimal;
use std::sync::Arc;

use super::chain::{Chain, StrikeAndRight, Term};
use crate::exchange::Exchange;
use crate::exchange::instrument::{Instrument, InstrumentId, Kind, Right};
use crate::exchange::market::Market;

/// What is asked of a chain's contracts. What is left out, or empty, matches anything.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Wanted<'a> {
    /// Asset class: a future or an option.
    pub kind: Option<Kind>,
    /// Symbol.
    pub symbol: &'a str,
    /// Trading class.
    pub class: &'a str,
    /// Symbol in local notation.
    pub local_symbol: &'a str,
    /// One of its exchanges.
    pub exchange: &'a str,
    /// Currency.
    pub currency: &'a str,
    /// Last trading day as `YYYYMMDD`, or contract month as `YYYYMM`.
    pub date: &'a str,
    /// Strike.
    pub strike: Option<Decimal>,
    /// Right.
    pub right: Option<Right>,
    /// Multiplier.
    pub multiplier: Option<Decimal>,
    /// Whether futures that have expired count too.
    pub expired: bool,
    /// Only the future that is next to expire of each class.
    pub front: bool,
}

/// Expiries and strikes of the options of one class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OptionChain {
    /// Trading class.
    pub class: String,
    /// Where it trades.
    pub exchanges: Vec<String>,
    /// Units of the underlying a contract is about.
    pub multiplier: Decimal,
    /// Last trading days, in order.
    pub expirations: Vec<Date>,
    /// Strikes, in order.
    pub strikes: Vec<Decimal>,
}

fn fits(asked: &str, have: &str) -> bool {
    asked.is_empty() || asked.eq_ignore_ascii_case(have)
}

impl Wanted<'_> {
    fn chain(&self, chain: &Chain, symbol: &str) -> bool {
        self.kind.is_none_or(|kind| kind == chain.kind)
            && fits(self.symbol, symbol)
            && fits(self.class, &chain.class)
            && fits(self.currency, chain.currency())
            && (self.exchange.is_empty() || chain.exchanges().iter().any(|each| each == self.exchange))
            && self
                .multiplier
                .is_none_or(|multiplier| multiplier == chain.multiplier())
    }

    fn term(&self, term: &Term) -> bool {
        let day = term.maturity.last_trade.strftime("%Y%m%d").to_string();
        let month = term.maturity.month.strftime("%Y%m").to_string();
        match self.date.len() {
            0 => true,
            8.. => day.starts_with(self.date.get(..8).unwrap_or(self.date)),
            _ => month.starts_with(self.date),
        }
    }
}

impl Exchange {
    /// An instrument by its contract id; a contract of a chain is listed if it is not yet.
    pub fn find(&mut self, con_id: i32) -> Option<InstrumentId> {
        if let Some(id) = self.listed.get(&con_id) {
            return Some(*id);
        }
        let catalogue = Arc::clone(&self.config.catalogue);
        let chain = catalogue.chains.iter().find(|chain| chain.owns(con_id))?;
        let unix = self.unix_seconds(self.now);
        let terms = chain.terms(unix, chain.kind == Kind::Future);
        let term = terms.iter().find(|term| chain.is_of(con_id, term))?;
        let (underlying, spot) = self.underlying(chain, term)?;
        let option = options(chain, spot).find(|option| chain.con_id(term, *option) == con_id)?;
        self.list(chain, term, option, underlying)
    }

    /// The contracts of all chains that fit, in the order of the catalogue, their dates and their strikes.
    pub fn chain_contracts(&mut self, wanted: &Wanted<'_>) -> Vec<InstrumentId> {
        let catalogue = Arc::clone(&self.config.catalogue);
        let unix = self.unix_seconds(self.now);
        let mut found = Vec::new();
        for chain in &catalogue.chains {
            let symbol = self.symbol_of(chain);
            if !wanted.chain(chain, &symbol) {
                continue;
            }
            let terms = chain.terms(unix, wanted.expired && chain.kind == Kind::Future);
            let terms = terms.iter().filter(|term| wanted.term(term));
            let most = if wanted.front { 1 } else { usize::MAX };
            for term in terms.take(most) {
                self.term_contracts(chain, term, wanted, &mut found);
            }
        }
        found
    }

    fn term_contracts(
        &mut self,
        chain: &Chain,
        term: &Term,
        wanted: &Wanted<'_>,
        found: &mut Vec<InstrumentId>,
    ) {
        let Some((underlying, spot)) = self.underlying(chain, term) else {
            return;
        };
        let fitting = |option: &Option<StrikeAndRight>| {
            let strike = wanted
                .strike
                .is_none_or(|strike| option.is_some_and(|has| has.0 == strike));
            let right = wanted
                .right
                .is_none_or(|right| option.is_some_and(|has| has.1 == right));
            strike && right && fits(wanted.local_symbol, &chain.local_symbol(term, *option))
        };
        for option in options(chain, spot).filter(fitting) {
            found.extend(self.list(chain, term, option, underlying));
        }
    }

    /// The option chains on an instrument: those of each class, as of now.
    #[must_use]
    pub fn option_chains(&self, underlying: InstrumentId) -> Vec<OptionChain> {
        let instrument = &self.market(underlying).instrument;
        let unix = self.unix_seconds(self.now);
        let spot = instrument.price(instrument.open);
        let chains = self.config.catalogue.chains.iter();
        let chains = chains.filter(|chain| match chain.futures() {
            Some(class) => instrument.kind == Kind::Future && instrument.trading_class == class,
            None => chain.kind == Kind::Option && chain.underlying() == Some(instrument.con_id),
        });
        let chains = chains.map(|chain| {
            let terms = chain.terms(unix, false).into_iter();
            let terms = terms.filter(|term| match chain.futures() {
                Some(_) => self.delivers(chain, term, instrument),
                None => true,
            });
            OptionChain {
                class: chain.class.clone(),
                exchanges: chain.exchanges().to_vec(),
                multiplier: chain.multiplier(),
                expirations: terms.map(|term| term.maturity.last_trade).collect(),
                strikes: chain.strikes(spot).collect(),
            }
        });
        chains.filter(|chain| !chain.expirations.is_empty()).collect()
    }

    /// The asset classes derived from an instrument.
    #[must_use]
    pub fn derivatives(&self, underlying: InstrumentId) -> Vec<Kind> {
        let con_id = self.market(underlying).instrument.con_id;
        let chains = self.config.catalogue.chains.iter();
        let chained = chains
            .filter(|chain| chain.underlying() == Some(con_id))
            .map(|chain| chain.kind);
        let fixed = self
            .markets
            .iter()
            .map(|market| &market.instrument)
            .filter(|each| {
                matches!(each.kind, Kind::Cfd | Kind::Warrant)
                    && each.derivation.is_some_and(|from| from.underlying == underlying)
            });
        let mut kinds: Vec<Kind> = chained.chain(fixed.map(|each| each.kind)).collect();
        if kinds.contains(&Kind::Option) {
            kinds.push(Kind::Bag);
        }
        kinds.sort_unstable();
        kinds.dedup();
        kinds
    }

    /// The exchanges on which chains are listed, with their asset classes.
    pub fn chain_venues(&self) -> impl Iterator<Item = (Kind, &str)> {
        let chains = self.config.catalogue.chains.iter();
        chains.flat_map(|chain| chain.exchanges().iter().map(|name| (chain.kind, name.as_str())))
    }

    /// Whether the accounts are those of a financial advisor.
    #[must_use]
    pub fn is_advised(&self) -> bool {
        self.config.advisor
    }

    /// Adds an instrument and opens its market.
    pub(in crate::exchange) fn open_market(&mut self, instrument: Instrument) -> InstrumentId {
        let id = InstrumentId(self.markets.len());
        self.listed.insert(instrument.con_id, id);
        self.markets.push(Market::new(self.config.seed, instrument));
        id
    }

    fn symbol_of(&self, chain: &Chain) -> String {
        let catalogue = &self.config.catalogue;
        let futures = || catalogue.futures(chain.futures()?)?.symbol().map(str::to_owned);
        let underlying = || {
            let id = self.listed.get(&chain.underlying()?)?;
            Some(self.market(*id).instrument.symbol.clone())
        };
        let own = chain.symbol().map(str::to_owned);
        own.or_else(futures).or_else(underlying).unwrap_or_default()
    }

    /// What a contract of a chain is derived from, and the price strikes are listed around.
    fn underlying(&mut self, chain: &Chain, term: &Term) -> Option<(InstrumentId, Decimal)> {
        let id = match chain.futures() {
            None => *self.listed.get(&chain.underlying()?)?,
            Some(class) => {
                let catalogue = Arc::clone(&self.config.catalogue);
                let futures = catalogue.futures(class)?;
                let delivered = self.delivered(chain, term)?;
                let (underlying, _) = self.underlying(futures, &delivered)?;
                self.list(futures, &delivered, None, underlying)?
            }
        };
        let instrument = &self.market(id).instrument;
        Some((id, instrument.price(instrument.open)))
    }

    /// The expiry of the future that an option on futures delivers: the next to expire with it or after it.
    fn delivered(&self, chain: &Chain, term: &Term) -> Option<Term> {
        let futures = self.config.catalogue.futures(chain.futures()?)?;
        let terms = futures.terms(self.unix_seconds(self.now), false);
        let last = |each: &Term| each.maturity.last_trade >= term.maturity.last_trade;
        terms.into_iter().find(last)
    }

    fn delivers(&self, chain: &Chain, term: &Term, future: &Instrument) -> bool {
        let delivered = self.delivered(chain, term).map(|delivered| delivered.maturity);
        delivered.is_some() && delivered == future.maturity
    }

    fn list(
        &mut self,
        chain: &Chain,
        term: &Term,
        option: Option<StrikeAndRight>,
        underlying: InstrumentId,
    ) -> Option<InstrumentId> {
        let con_id = chain.con_id(term, option);
        if let Some(id) = self.listed.get(&con_id) {
            return Some(*id);
        }
        let from = (underlying, &self.market(underlying).instrument);
        let instrument = chain.instrument(term, option, from, self.config.epoch);
        Some(self.open_market(instrument))
    }
}

/// The contracts of one expiry: the future alone, or a call and a put at every strike.
fn options(chain: &Chain, spot: Decimal) -> Box<dyn Iterator<Item = Option<StrikeAndRight>> + '_> {
    if chain.kind == Kind::Future {
        return Box::new(std::iter::once(None));
    }
    let strikes = chain.strikes(spot);
    Box::new(strikes.flat_map(|strike| [Some((strike, Right::Call)), Some((strike, Right::Put))]))
}
