//! Which fills and commissions were told already. The broker repeats them after every reconnect; they count once. It
//! also corrects them: a fill whose last id segment grew replaces the one before it, and keeps its place among the fills.

use std::collections::BTreeMap;

use crate::domain::instrument::InstrumentId;
use crate::domain::money::{Money, Quantity};
use crate::domain::order::OrderId;
use crate::domain::plugin::PluginId;
use crate::domain::report::{Commission, Execution};
use crate::domain::time::Timestamp;
use crate::portfolio::CountedFill;

/// Whose fill, in what.
pub(super) type Owner = Option<(PluginId, InstrumentId)>;

/// Fills by execution id, less the part that counts corrections.
#[derive(Debug, Default)]
pub(super) struct ExecutionBook {
    fills: BTreeMap<String, Known>,
    /// Commissions that came before their fill, by the family of its id.
    early: BTreeMap<String, Commission>,
    /// Fills so far: each one's place in the order in which they were learned of.
    count: u64,
    /// How many fills of each owner in each instrument have told no cost yet.
    uncommissioned: BTreeMap<(PluginId, InstrumentId), u64>,
}

#[derive(Debug)]
struct Known {
    revision: u32,
    order_id: OrderId,
    perm_id: i64,
    owner: Owner,
    place: u64,
    fill: CountedFill,
    /// The revision whose cost is counted.
    commission: Option<u32>,
}

/// What a fill is to us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Novelty {
    /// Not known; a commission may have come before it.
    New(Option<Commission>),
    /// Told again, or corrected already.
    Repeated,
    /// The exchange corrected a fill we have counted.
    Correction(Replaced),
}

/// What a correction takes the place of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Replaced {
    /// The size that was counted.
    pub(super) size: Quantity,
    /// The order it was counted for.
    pub(super) order_id: OrderId,
    /// Its owner.
    pub(super) owner: Owner,
}

/// A cost to be counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cost {
    /// Whose.
    pub(super) owner: Owner,
    /// How much more it costs than was counted for the fill before.
    pub(super) more: Money,
    /// When the fill was learned of: its day bears the cost.
    pub(super) at: Timestamp,
}

/// Commissions without a fill that are kept; other clients' fills send us theirs.
const EARLY_KEPT: usize = 1_024;

impl ExecutionBook {
    /// Puts back what the ledger remembers.
    pub(super) fn restore(
        &mut self,
        execution: &Execution,
        cost: Option<Money>,
        owner: Owner,
        at: Timestamp,
    ) {
        let (family, revision) = family(&execution.exec_id);
        let mut known = self.known(execution, owner, revision, at);
        known.fill.cost = cost;
        known.commission = cost.map(|_| revision);
        if let (Some(owner), None) = (owner, cost) {
            *self.uncommissioned.entry(owner).or_default() += 1;
        }
        self.fills.insert(family.to_owned(), known);
    }

    /// Takes in a fill.
    pub(super) fn fill(&mut self, execution: &Execution, owner: Owner, at: Timestamp) -> Novelty {
        let (family, revision) = family(&execution.exec_id);
        if let Some(known) = self.fills.get_mut(family) {
            if revision <= known.revision {
                return Novelty::Repeated;
            }
            let replaced = Replaced {
                size: known.fill.size,
                order_id: known.order_id,
                owner: known.owner,
            };
            known.revision = revision;
            known.fill.side = execution.side;
            known.fill.size = execution.size;
            known.fill.price = execution.price;
            return Novelty::Correction(replaced);
        }
        let known = self.known(execution, owner, revision, at);
        self.fills.insert(family.to_owned(), known);
        if let Some(owner) = owner {
            *self.uncommissioned.entry(owner).or_default() += 1;
        }
        Novelty::New(self.early.remove(family))
    }

    /// Whether this version of a fill, or a later one, was told.
    pub(super) fn knows(&self, exec_id: &str) -> bool {
        let (family, revision) = family(exec_id);
        let known = self.fills.get(family);
        known.is_some_and(|known| revision <= known.revision)
    }

    fn known(&mut self, execution: &Execution, owner: Owner, revision: u32, at: Timestamp) -> Known {
        self.count += 1;
        Known {
            revision,
            order_id: execution.order_id,
            perm_id: execution.perm_id,
            owner,
            place: self.count,
            fill: CountedFill {
                side: execution.side,
                size: execution.size,
                price: execution.price,
                at,
                cost: None,
            },
            commission: None,
        }
    }

    /// What a commission adds to what was counted; nothing if it is old news, or its fill is not known yet.
    pub(super) fn commission(&mut self, commission: &Commission) -> Option<Cost> {
        let (family, revision) = family(&commission.exec_id);
        let Some(known) = self.fills.get_mut(family) else {
            self.keep_early(family, revision, commission);
            return None;
        };
        if known.commission.is_some_and(|counted| revision < counted) {
            return None;
        }
        let before = known.fill.cost;
        if before == Some(commission.amount) {
            known.commission = Some(revision);
            return None;
        }
        known.commission = Some(revision);
        known.fill.cost = Some(commission.amount);
        if before.is_none()
            && let Some(waiting) = known.owner.and_then(|owner| self.uncommissioned.get_mut(&owner))
        {
            *waiting = waiting.saturating_sub(1);
        }
        Some(Cost {
            owner: known.owner,
            more: commission.amount.minus(before.unwrap_or(Money::ZERO)),
            at: known.fill.at,
        })
    }

    fn keep_early(&mut self, family: &str, revision: u32, commission: &Commission) {
        let newer = |kept: &Commission| self::family(&kept.exec_id).1 > revision;
        if self.early.get(family).is_some_and(newer) {
            return;
        }
        if self.early.len() >= EARLY_KEPT {
            self.early.pop_first();
        }
        self.early.insert(family.to_owned(), commission.clone());
    }

    /// The fills of one owner in one instrument as they count now, in the order in which they were learned of.
    pub(super) fn counted(&self, owner: (PluginId, InstrumentId)) -> Vec<CountedFill> {
        let own = self.fills.values().filter(|known| known.owner == Some(owner));
        let mut own: Vec<(u64, CountedFill)> = own.map(|known| (known.place, known.fill)).collect();
        own.sort_unstable_by_key(|(place, _)| *place);
        own.into_iter().map(|(_, fill)| fill).collect()
    }

    /// What is counted for an API order id of one owner.
    pub(super) fn filled_of(&self, order_id: OrderId, owner: (PluginId, InstrumentId)) -> Quantity {
        let of_order = |known: &&Known| known.order_id == order_id && known.owner == Some(owner);
        let sizes = self.fills.values().filter(of_order).map(|known| known.fill.size);
        sizes.fold(Quantity::ZERO, Quantity::plus)
    }

    /// What is counted under one of IB's permanent ids.
    pub(super) fn filled_under(&self, perm_id: i64) -> Quantity {
        let own = self.fills.values().filter(|known| known.perm_id == perm_id);
        own.fold(Quantity::ZERO, |sum, known| sum.plus(known.fill.size))
    }

    /// How many fills of one owner in one instrument have told no cost yet.
    pub(super) fn uncommissioned(&self, owner: (PluginId, InstrumentId)) -> u64 {
        self.uncommissioned.get(&owner).copied().unwrap_or_default()
    }
}

/// An execution id without its last part, and that part as a number: `0000e0d5.6612ab01.01.02` is revision 2 of
/// `0000e0d5.6612ab01.01`.
pub fn family(exec_id: &str) -> (&str, u32) {
    match exec_id.rsplit_once('.') {
        Some((base, last)) if last.len() == 2 && last.bytes().all(|b| b.is_ascii_digit()) => {
            match last.parse() {
                Ok(revision) => (base, revision),
                Err(_) => (exec_id, 0),
            }
        }
        _ => (exec_id, 0),
    }
}
