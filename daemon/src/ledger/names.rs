//! Names to indices and back: the ledger keeps names, because an index changes with the configuration.

use std::collections::HashMap;

use crate::domain::instrument::{Instrument, InstrumentId};
use crate::domain::plugin;

/// The instruments and plugins of the configuration the ledger was opened with.
#[derive(Debug)]
pub(super) struct Names {
    instruments: Vec<(String, Option<i32>)>,
    instrument_ids: HashMap<String, InstrumentId>,
    /// The plugins, both ways.
    pub plugins: plugin::Names,
}

impl Names {
    pub(super) fn new(instruments: &[Instrument], plugins: &[String]) -> Self {
        let named = |instrument: &Instrument| (instrument.name.clone(), instrument.con_id);
        let ids = instruments.iter().enumerate();
        Names {
            instruments: instruments.iter().map(named).collect(),
            instrument_ids: ids
                .map(|(index, instrument)| (instrument.name.clone(), InstrumentId(index as u32)))
                .collect(),
            plugins: plugin::Names::new(plugins.to_vec()),
        }
    }

    /// The name and, where the configuration has it, IB's contract id.
    pub(super) fn instrument(&self, id: InstrumentId) -> Option<(&str, Option<i32>)> {
        let (name, con_id) = self.instruments.get(id.index())?;
        Some((name, *con_id))
    }

    /// The instrument of that name, unless both contract ids are known and differ: then the name means
    /// something else now.
    pub(super) fn instrument_id(&self, name: &str, con_id: Option<i32>) -> Option<InstrumentId> {
        let id = *self.instrument_ids.get(name)?;
        let (_, configured) = self.instrument(id)?;
        let differs = matches!((con_id, configured), (Some(then), Some(now)) if then != 0 && then != now);
        (!differs).then_some(id)
    }
}
