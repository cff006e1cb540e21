//! Which of IB's contracts our instruments are. Looked up once, kept for the life of the daemon, and checked again
//! now and then in later sessions: an id or a tick size may change overnight.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use ibapi::Client;
use ibapi::contracts::{Contract, ContractDetails};
use tracing::{debug, warn};

use super::codes::About;
use super::governor::Lane;
use super::streams::hours;
use super::{Shared, convert};
use crate::clock;
use crate::desk::event::SessionEvent;
use crate::domain::hours::{Hours, Openness};
use crate::domain::instrument::{ContractFacts, Instrument, InstrumentId};
use crate::domain::time::Timestamp;

/// How often each contract is checked again.
const CHECK_EVERY: Duration = Duration::from_secs(24 * 3_600);
/// Hours are asked for again when less than this of them is left to come …
const HOURS_AHEAD: Duration = Duration::from_secs(12 * 3_600);
/// … but no more often than this: IB may tell of no more days.
const HOURS_EVERY: Duration = Duration::from_secs(3_600);

/// Why an instrument has no contract yet.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ResolveError {
    /// IB answered with an error.
    #[error("IB has no contract for {name}: {text}; check its symbol, type, exchange and currency")]
    Refused {
        /// The instrument.
        name: String,
        /// IB's code, where it gave one.
        code: Option<i32>,
        /// IB's code and text.
        text: String,
    },
    /// The description fits several contracts.
    #[error("{count} contracts fit {name}; set its primary_exchange or expiry")]
    Ambiguous {
        /// The instrument.
        name: String,
        /// How many.
        count: usize,
    },
    /// The answer is not usable.
    #[error("IB's contract for {name} has no id, tick size or multiplier we can read")]
    Unusable {
        /// The instrument.
        name: String,
    },
    /// No answer in time.
    #[error("no contract details for {name} within {deadline:?}")]
    Silent {
        /// The instrument.
        name: String,
        /// How long we waited.
        deadline: Duration,
    },
}

/// The instruments with what IB said of them. Lives as long as the gateway.
#[derive(Debug)]
pub struct Catalogue {
    entries: Vec<Entry>,
    by_con_id: RefCell<HashMap<i32, InstrumentId>>,
}

#[derive(Debug)]
struct Entry {
    instrument: Instrument,
    contract: RefCell<Rc<Contract>>,
    facts: RefCell<Option<ContractFacts>>,
    /// When IB was last asked.
    checked: Cell<Option<Timestamp>>,
}

impl Catalogue {
    /// Nothing looked up yet.
    pub fn new(instruments: Vec<Instrument>) -> Self {
        let by_con_id = instruments
            .iter()
            .filter_map(|instrument| Some((instrument.con_id?, instrument.id)))
            .collect();
        let entry = |instrument: Instrument| Entry {
            contract: RefCell::new(Rc::new(convert::contract(&instrument))),
            facts: RefCell::new(None),
            checked: Cell::new(None),
            instrument,
        };
        Catalogue {
            entries: instruments.into_iter().map(entry).collect(),
            by_con_id: RefCell::new(by_con_id),
        }
    }

    /// How many instruments.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// The operator's name for an instrument.
    pub fn name(&self, id: InstrumentId) -> &str {
        let entry = self.entries.get(id.index());
        entry.map_or("?", |entry| entry.instrument.name.as_str())
    }

    /// The contract to order and subscribe with.
    pub fn contract(&self, id: InstrumentId) -> Option<Rc<Contract>> {
        let entry = self.entries.get(id.index())?;
        Some(Rc::clone(&entry.contract.borrow()))
    }

    /// What IB said, if it was asked.
    pub fn facts(&self, id: InstrumentId) -> Option<ContractFacts> {
        self.entries.get(id.index())?.facts.borrow().clone()
    }

    /// How long its stream may be silent, where the operator said so for this instrument.
    pub fn silent_after(&self, id: InstrumentId) -> Option<Duration> {
        self.entries.get(id.index())?.instrument.silent_after
    }

    /// Whether an instrument's market is open, in its regular session.
    pub fn openness(&self, id: InstrumentId, at: Timestamp) -> Openness {
        let entry = self.entries.get(id.index());
        let facts = entry.map(|entry| entry.facts.borrow());
        let hours = facts
            .as_deref()
            .and_then(Option::as_ref)
            .and_then(|facts| facts.hours.as_ref());
        hours.map_or(Openness::Unknown, |hours| hours.liquid.at(at))
    }

    /// Whether IB should be asked about an instrument again: a day after the last time, and sooner when the last day of
    /// which it told the hours ends.
    pub fn is_due(&self, id: InstrumentId, now: Timestamp) -> bool {
        let Some(entry) = self.entries.get(id.index()) else {
            return false;
        };
        let facts = entry.facts.borrow();
        let Some(facts) = facts.as_ref() else {
            return false;
        };
        let Some(checked) = entry.checked.get() else {
            return true;
        };
        let ends = facts
            .hours
            .as_ref()
            .is_some_and(|hours| hours.liquid.known_until() <= now.after(HOURS_AHEAD));
        let age = now.since(checked);
        age >= CHECK_EVERY || (ends && age >= HOURS_EVERY)
    }

    /// Which of our instruments a contract is. Before its id is known, its description decides, if it fits only one.
    pub fn instrument_of(&self, contract: &Contract) -> Option<InstrumentId> {
        if let Some(id) = self.by_con_id.borrow().get(&contract.contract_id) {
            return Some(*id);
        }
        let mut fitting = self
            .entries
            .iter()
            .filter(|entry| convert::describes(contract, &entry.instrument));
        let entry = fitting.next()?;
        let unresolved = entry.facts.borrow().is_none() && entry.instrument.con_id.is_none();
        (unresolved && fitting.next().is_none()).then_some(entry.instrument.id)
    }

    /// The hours IB tells. Where they cannot be read that is said once, and the market counts as open.
    fn hours(&self, id: InstrumentId, details: &ContractDetails) -> Option<Arc<Hours>> {
        let (trading, liquid) = (details.trading_hours.join(";"), details.liquid_hours.join(";"));
        let instrument = self.name(id);
        match hours::parse(&trading, &liquid, &details.time_zone_id) {
            Ok(hours) => Some(Arc::new(hours)),
            Err(error) => {
                let entry = self.entries.get(id.index());
                if entry.is_some_and(|entry| entry.checked.get().is_none()) {
                    warn!(instrument, %error, "its market counts as always open: silence will be reported");
                }
                None
            }
        }
    }

    /// IB was asked about an instrument.
    pub fn checked(&self, id: InstrumentId, at: Timestamp) {
        if let Some(entry) = self.entries.get(id.index()) {
            entry.checked.set(Some(at));
        }
    }

    /// Takes in what IB said; true if that is news.
    pub fn learn(&self, facts: &ContractFacts) -> bool {
        let Some(entry) = self.entries.get(facts.instrument.index()) else {
            return false;
        };
        let known = entry.facts.borrow().clone();
        if known.as_ref() == Some(facts) {
            return false;
        }
        // Hours are news every day.
        let same_but_hours = |known: &ContractFacts| {
            let hours = known.hours.clone();
            ContractFacts {
                hours,
                ..facts.clone()
            } == *known
        };
        if known.as_ref().is_some_and(same_but_hours) {
            *entry.facts.borrow_mut() = Some(facts.clone());
            return true;
        }
        if let Some(known) = known {
            let name = &entry.instrument.name;
            warn!(name, ?known, ?facts, "IB changed its mind about a contract");
        }
        let mut instrument = entry.instrument.clone();
        instrument.con_id = Some(facts.con_id);
        let contract = convert::contract(&instrument);
        *entry.contract.borrow_mut() = Rc::new(contract);
        *entry.facts.borrow_mut() = Some(facts.clone());
        let mut by_con_id = self.by_con_id.borrow_mut();
        by_con_id.insert(facts.con_id, facts.instrument);
        true
    }
}

/// Tells the desk what is already known, so that it need not wait for lookups.
pub fn announce(shared: &Shared) {
    for index in 0..shared.catalogue.len() {
        if let Some(facts) = shared.catalogue.facts(InstrumentId(index as u32)) {
            shared.reports.session(SessionEvent::Resolved(facts));
        }
    }
}

impl ResolveError {
    /// IB's code, where it gave one.
    pub const fn code(&self) -> Option<i32> {
        match self {
            ResolveError::Refused { code, .. } => *code,
            _ => None,
        }
    }

    /// Whether nobody answered, rather than with a refusal.
    pub const fn is_silence(&self) -> bool {
        matches!(self, ResolveError::Silent { .. })
    }
}

/// Looks an instrument up, keeps the answer and tells the desk if it is news.
pub async fn resolve(shared: &Shared, client: &Client, id: InstrumentId) -> Result<(), ResolveError> {
    let name = || shared.catalogue.name(id).to_owned();
    let Some(contract) = shared.catalogue.contract(id) else {
        return Err(ResolveError::Unusable { name: name() });
    };
    let deadline = shared.config.request_timeout();
    let answer = tokio::time::timeout(deadline, client.contract_details(&contract)).await;
    let details = match answer {
        Err(_) | Ok(Err(ibapi::Error::Timeout)) => {
            return Err(ResolveError::Silent {
                name: name(),
                deadline,
            });
        }
        Ok(Err(error)) => {
            let code = match &error {
                ibapi::Error::Notice(notice) => {
                    shared.heard(About::Request, notice);
                    Some(notice.code)
                }
                _ => None,
            };
            return Err(ResolveError::Refused {
                name: name(),
                code,
                text: error.to_string(),
            });
        }
        Ok(Ok(details)) => details,
    };
    let primary = contract.primary_exchange.as_str();
    let chosen =
        choose(&details, primary).map_err(|count| ResolveError::Ambiguous { name: name(), count })?;
    let mut facts =
        convert::contract_facts(id, chosen).ok_or_else(|| ResolveError::Unusable { name: name() })?;
    facts.hours = shared.catalogue.hours(id, chosen);
    shared.catalogue.checked(id, clock::now());
    if shared.catalogue.learn(&facts) {
        debug!(instrument = name(), con_id = facts.con_id, tick = %facts.tick, "contract resolved");
        shared.reports.session(SessionEvent::Resolved(facts));
        shared.review_instruments();
    }
    Ok(())
}

/// The one contract meant, or how many it could be.
fn choose<'a>(details: &'a [ContractDetails], primary: &str) -> Result<&'a ContractDetails, usize> {
    let first = details.first().ok_or(0_usize)?;
    let same = |other: &ContractDetails| other.contract.contract_id == first.contract.contract_id;
    if details.iter().all(same) {
        return Ok(first);
    }
    let listed_there = |candidate: &&ContractDetails| {
        !primary.is_empty() && candidate.contract.primary_exchange.as_str() == primary
    };
    let mut listed = details.iter().filter(listed_there);
    match (listed.next(), listed.next()) {
        (Some(only), None) => Ok(only),
        _ => Err(details.len()),
    }
}

/// Checks the cached contracts again and again, slowly, and not before the session had time for better things.
pub async fn verify(shared: Rc<Shared>, client: Arc<Client>) {
    const ROUND: Duration = Duration::from_secs(60);
    const BETWEEN: Duration = Duration::from_secs(2);
    // An id may have changed while there was no session: each is checked once in every session.
    let mut first = true;
    loop {
        tokio::time::sleep(ROUND).await;
        for index in 0..shared.catalogue.len() {
            let id = InstrumentId(index as u32);
            // What was never found is asked for with its market data.
            let known = shared.catalogue.facts(id).is_some();
            if !known || !(first || shared.catalogue.is_due(id, clock::now())) {
                continue;
            }
            tokio::time::sleep(BETWEEN).await;
            shared.governor.turn(Lane::Contracts).await;
            if let Err(error) = resolve(&shared, &client, id).await {
                warn!(%error, "a contract could not be checked again; the known one stays");
                shared.catalogue.checked(id, clock::now());
            }
        }
        first = false;
    }
}
