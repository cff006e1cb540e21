//! What our books and the broker's do not agree on, until it is explained: it vanishes by a later reading, or an operator
//! accepts it by its name. A discrepancy in an instrument lets no new risk be taken there; cancels and reductions go.
//!
//! Pure: readings come in, changes come out. Never: a correction of either side's books.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::domain::instrument::InstrumentId;
use crate::domain::money::Quantity;
use crate::domain::time::Timestamp;

/// How long a difference must last before it is told: IB's lists follow each other with a delay of a second or two.
pub const SETTLE: Duration = Duration::from_secs(2);

/// What kind of disagreement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// The account holds another size than the fills we know add up to.
    PositionMismatch,
    /// The account holds something that we have never traded.
    ExternalPosition,
    /// A live order carries our mark and is not ours to manage: another client id placed it, or we cannot read it.
    UnknownOrder,
    /// An order of ours is in none of the broker's lists.
    MissingOrder,
    /// An order of ours had another quantity or price at the broker.
    OrderTermsDiffer,
    /// The broker says that more is filled than the executions we know add up to.
    FillMissing,
    /// One order of ours lives twice.
    IncarnationConflict,
    /// An execution of our client id names no order of ours.
    ExecutionUnattributed,
}

impl Kind {
    /// Every kind, for metrics that show one series each.
    pub const ALL: [Kind; 8] = [
        Kind::PositionMismatch,
        Kind::ExternalPosition,
        Kind::UnknownOrder,
        Kind::MissingOrder,
        Kind::OrderTermsDiffer,
        Kind::FillMissing,
        Kind::IncarnationConflict,
        Kind::ExecutionUnattributed,
    ];

    /// In words, for names, metrics and the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Kind::PositionMismatch => "position_mismatch",
            Kind::ExternalPosition => "external_position",
            Kind::UnknownOrder => "unknown_order",
            Kind::MissingOrder => "missing_order",
            Kind::OrderTermsDiffer => "order_terms_differ",
            Kind::FillMissing => "fill_missing",
            Kind::IncarnationConflict => "incarnation_conflict",
            Kind::ExecutionUnattributed => "execution_unattributed",
        }
    }

    /// What an operator can do about it.
    pub const fn fix(self) -> &'static str {
        match self {
            Kind::PositionMismatch | Kind::ExternalPosition => {
                "compare with the broker's statement; if the account is right, accept it: the difference is then \
                 recorded as an adjustment"
            }
            Kind::UnknownOrder => {
                "cancel it where it was placed, or in TWS; accept it if it may stay beside what is traded here"
            }
            Kind::MissingOrder => "wait: it is judged by a second reading, reconciliation.settle_ms later",
            Kind::OrderTermsDiffer => "none: the broker's terms were taken over; see who changed the order",
            Kind::FillMissing => {
                "look the executions up in the broker's statement; accept it if the position agrees"
            }
            Kind::IncarnationConflict => {
                "both lives are being canceled; if one stays, cancel it in TWS, or accept it and watch it"
            }
            Kind::ExecutionUnattributed => {
                "find out who traded under this client id; accept it to count the fill as done elsewhere"
            }
        }
    }

    /// Whether it is a matter of the size held, which an acceptance turns into an adjustment.
    pub const fn is_of_position(self) -> bool {
        matches!(self, Kind::PositionMismatch | Kind::ExternalPosition)
    }

    /// Whether it stands as soon as it is seen, and until somebody accepts it: it happened, no reading can undo it.
    const fn is_event(self) -> bool {
        matches!(self, Kind::ExecutionUnattributed)
    }
}

/// One disagreement as one reading found it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Its kind.
    pub kind: Kind,
    /// What it is about, for its name: an instrument, an order id, an execution id.
    pub subject: String,
    /// In which of our instruments; none for a contract that is not one of them, which blocks nothing.
    pub instrument: Option<InstrumentId>,
    /// Whose: an owner's name.
    pub owner: String,
    /// What is on either side, for people.
    pub detail: String,
    /// For positions: how much more the account holds than our books say.
    pub difference: Quantity,
}

/// One open disagreement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Discrepancy {
    /// Its stable name: the kind and the subject, as in `position_mismatch:AAPL`.
    pub name: String,
    /// What was found last.
    pub found: Found,
    /// When it was first seen.
    pub first_seen: Timestamp,
    /// When it was last seen.
    pub last_seen: Timestamp,
    /// Whether it has lasted long enough to be told.
    pub confirmed: bool,
    /// Who accepted it, and why.
    pub accepted: Option<Acceptance>,
}

/// An operator's word.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Acceptance {
    /// Who.
    pub user: String,
    /// Why.
    pub reason: String,
}

/// What a reading has changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// It has lasted: the operator should read this.
    Opened {
        /// Its name.
        name: String,
        /// What is on either side, and what to do.
        text: String,
    },
    /// It is not there any more.
    Closed {
        /// Its name.
        name: String,
        /// How long it stood.
        age: Duration,
    },
}

/// Every open disagreement, by name.
#[derive(Debug, Default)]
pub struct Register {
    rows: BTreeMap<String, Discrepancy>,
    /// Accepted before the last restart: accepted still, if they are found again.
    remembered: BTreeMap<String, Acceptance>,
}

impl Register {
    /// Puts back an acceptance that the ledger remembers.
    pub fn remember(&mut self, name: String, acceptance: Acceptance) {
        self.remembered.insert(name, acceptance);
    }

    /// Takes in what one whole reading found. What it did not find is explained.
    pub fn observe(&mut self, at: Timestamp, found: Vec<Found>) -> Vec<Change> {
        let mut changes = Vec::new();
        let mut seen = BTreeSet::new();
        for found in found {
            let name = format!("{}:{}", found.kind.as_str(), found.subject);
            let remembered = &self.remembered;
            let row = self.rows.entry(name.clone()).or_insert_with(|| Discrepancy {
                name: name.clone(),
                found: found.clone(),
                first_seen: at,
                last_seen: at,
                confirmed: false,
                accepted: remembered.get(&name).cloned(),
            });
            // Another difference under the same name is another one: it was not this that was accepted.
            if row.found.difference != found.difference {
                row.accepted = None;
                row.confirmed = false;
                row.first_seen = at;
            }
            row.last_seen = at;
            row.found = found;
            let lasted = row.found.kind.is_event() || at.since(row.first_seen) >= SETTLE;
            if lasted && !row.confirmed {
                row.confirmed = true;
                if row.accepted.is_none() {
                    let text = format!("{name}: {}; {}", row.found.detail, row.found.kind.fix());
                    changes.push(Change::Opened {
                        name: name.clone(),
                        text,
                    });
                }
            }
            seen.insert(name);
        }
        self.rows.retain(|name, row| {
            let stays = seen.contains(name) || (row.found.kind.is_event() && row.accepted.is_none());
            if !stays && row.confirmed {
                changes.push(Change::Closed {
                    name: name.clone(),
                    age: at.since(row.first_seen),
                });
            }
            stays
        });
        changes
    }

    /// Accepts one by its name; what was accepted, or nothing if there is none of that name.
    pub fn accept(&mut self, name: &str, acceptance: Acceptance) -> Option<Discrepancy> {
        let row = self.rows.get_mut(name)?;
        row.accepted = Some(acceptance.clone());
        let accepted = row.clone();
        let kind = accepted.found.kind;
        if kind.is_of_position() || kind.is_event() {
            self.rows.remove(name);
        } else {
            self.remembered.insert(name.to_owned(), acceptance);
        }
        Some(accepted)
    }

    /// Whether new risk in an instrument has to wait.
    pub fn blocks(&self, instrument: InstrumentId) -> bool {
        let mut open = self.rows.values().filter(|row| row.accepted.is_none());
        open.any(|row| row.found.instrument == Some(instrument))
    }

    /// All of them, in the order of their names.
    pub fn rows(&self) -> impl Iterator<Item = &Discrepancy> {
        self.rows.values()
    }

    /// Whether something was seen that has not lasted long enough to be told.
    pub fn unsettled(&self) -> bool {
        self.rows.values().any(|row| !row.confirmed)
    }

    /// Whether everything that was found is explained or accepted.
    pub fn is_clean(&self) -> bool {
        self.rows.values().all(|row| row.accepted.is_some())
    }
}
