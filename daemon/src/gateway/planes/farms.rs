//! IB's data farms, each by its name. A farm that sleeps until it is needed is healthy. Nothing here ever closes the
//! socket.

use std::collections::BTreeMap;

use crate::domain::session::{Farm, FarmKind, FarmState};
use crate::domain::time::Timestamp;

/// Farms a gateway may name before more are ignored; IB has about twenty.
pub const FARMS_MAX: usize = 64;

/// The farms named in this session.
#[derive(Debug, Default)]
pub struct Farms(BTreeMap<String, Farm>);

/// A farm that is not as it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FarmEdge {
    /// The farm, as it is now.
    pub farm: Farm,
    /// How it was; `None` if it was not known.
    pub from: Option<FarmState>,
}

impl Farms {
    /// Takes in the gateway's word on one farm; something if that is news.
    pub fn told(&mut self, at: Timestamp, name: &str, kind: FarmKind, state: FarmState) -> Option<FarmEdge> {
        if let Some(farm) = self.0.get_mut(name) {
            farm.notices += 1;
            farm.kind = kind;
            if farm.state == state {
                return None;
            }
            let from = Some(std::mem::replace(&mut farm.state, state));
            farm.since = at;
            return Some(FarmEdge {
                farm: farm.clone(),
                from,
            });
        }
        if name.is_empty() || self.0.len() >= FARMS_MAX {
            return None;
        }
        let farm = Farm {
            name: name.to_owned(),
            kind,
            state,
            since: at,
            notices: 1,
        };
        self.0.insert(name.to_owned(), farm.clone());
        Some(FarmEdge { farm, from: None })
    }

    /// Takes in the list that comes with 1102: those farms work.
    pub fn seed(&mut self, at: Timestamp, names: &[String]) -> Vec<FarmEdge> {
        let edges = names.iter().filter_map(|name| {
            let kind = self.0.get(name).map_or_else(|| kind_of(name), |farm| farm.kind);
            self.told(at, name, kind, FarmState::Up)
        });
        edges.collect()
    }

    /// The rows, by name.
    pub fn rows(&self) -> Vec<Farm> {
        self.0.values().cloned().collect()
    }

    /// The session ended: the next one names its farms anew. Yields those that were known.
    pub fn forget(&mut self) -> Vec<Farm> {
        std::mem::take(&mut self.0).into_values().collect()
    }
}

/// What a farm serves, by its name; IB's names say it.
fn kind_of(name: &str) -> FarmKind {
    if name.contains("hmds") {
        FarmKind::History
    } else if name.contains("secdef") {
        FarmKind::Definitions
    } else {
        FarmKind::MarketData
    }
}

/// What a farm serves, by the code that names it; `None` for codes about other things.
pub const fn kind_by_code(code: i32) -> FarmKind {
    match code {
        2105..=2107 => FarmKind::History,
        2157 | 2158 => FarmKind::Definitions,
        _ => FarmKind::MarketData,
    }
}
