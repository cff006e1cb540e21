//! What must hold, whatever is done to the world. [`Watch`] keeps its own small account of what the desk was told and
//! asked for; it believes neither the desk nor the ledger.
//!
//! `events.rs` is checked after every event, `rest.rs` once every fault is off and the world has come to rest.
//!
//! Never: a change of the world.

pub mod events;
mod rest;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::broker::{Broker, family, words};

/// Something that must never be and was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name}: {text}")]
pub struct Violation {
    /// Which invariant, by its stable name.
    pub name: &'static str,
    /// What was seen.
    pub text: String,
}

impl Violation {
    /// A violation.
    pub fn new(name: &'static str, text: impl Into<String>) -> Self {
        let text = text.into();
        Violation { name, text }
    }
}

/// Whose, in what.
type Holding = (String, u32);

/// A fill the desk was told of.
#[derive(Debug, Clone)]
struct Counted {
    holding: Holding,
    signed: i64,
    revision: u32,
}

/// What the checks remember.
#[derive(Debug, Clone, Default)]
pub struct Watch {
    counted: BTreeMap<String, Counted>,
    /// What they add up to, each in its newest version.
    told: BTreeMap<Holding, i64>,
    /// Every order that was ever handed to the way out.
    pub(crate) placed: BTreeSet<u64>,
    /// When orders and changes were handed to the way out in this life.
    sent: VecDeque<u64>,
    /// Alarms raised since the beginning.
    pub(crate) alarms: BTreeSet<&'static str>,
    /// Permanent ids of live orders the desk was told of in this life.
    acknowledged: BTreeSet<i64>,
}

impl Watch {
    /// The daemon starts: it knows what the ledger holds and nothing else.
    pub fn started(&mut self, executions: &[moored::desk::record::RememberedExecution]) {
        self.counted.clear();
        self.told.clear();
        self.sent.clear();
        self.acknowledged.clear();
        for remembered in executions {
            let execution = &remembered.record.execution;
            let (family, revision) = family(&execution.exec_id);
            let Some(instrument) = execution.instrument else {
                continue;
            };
            let holding = (remembered.record.plugin.clone(), instrument.0);
            if holding.0.is_empty() {
                continue;
            }
            let signed = words::lots(execution.side.signed(execution.size));
            self.count(family, holding, signed, revision);
        }
    }

    fn count(&mut self, family: &str, holding: Holding, signed: i64, revision: u32) {
        if let Some(known) = self.counted.get_mut(family) {
            if revision > known.revision {
                *self.told.entry(holding).or_default() += signed - known.signed;
                (known.signed, known.revision) = (signed, revision);
            }
            return;
        }
        *self.told.entry(holding.clone()).or_default() += signed;
        let counted = Counted {
            holding,
            signed,
            revision,
        };
        self.counted.insert(family.to_owned(), counted);
    }

    /// What the plugin holds by what the desk was told.
    fn held(&self, holding: &Holding) -> i64 {
        self.told.get(holding).copied().unwrap_or(0)
    }
}

/// What a plugin holds at the broker, by the fills of its orders.
pub fn truly_held(broker: &Broker, holding: &Holding) -> i64 {
    let own = broker
        .facts
        .values()
        .filter(|fact| fact.plugin == holding.0 && fact.instrument == holding.1);
    own.map(|fact| fact.signed).sum()
}

/// The plugin and the number in an owner tag, read anew.
pub fn owner(order_ref: &str) -> Option<(&str, u64)> {
    let rest = order_ref.strip_prefix("moored:")?;
    let (plugin, number) = rest.rsplit_once(':')?;
    Some((plugin, number.parse().ok()?))
}
