//! Names to indices and back: the ledger keeps names, because an index changes with the configuration.

use std::collections::HashMap;

use crate::domain::instrument::{Instrument, InstrumentId};
use crate::domain::plugin::{OPERATOR_NAME, PluginId};

/// The instruments and plugins of the configuration the ledger was opened with.
#[derive(Debug)]
pub(super) struct Names {
    instruments: Vec<(String, Option<i32>)>,
    instrument_ids: HashMap<String, InstrumentId>,
    plugins: Vec<String>,
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
            plugins: plugins.to_vec(),
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

    /// The plugin's name; one that no longer exists can only be a risk plugin's mark in a denial.
    pub(super) fn plugin_name(&self, id: PluginId) -> &str {
        match self.plugins.get(id.index()) {
            Some(name) => name,
            None if id == PluginId::OPERATOR => OPERATOR_NAME,
            None => "gone",
        }
    }

    /// The plugin of that name; [`PluginId::GONE`] if it is no longer configured.
    pub(super) fn plugin_id(&self, name: &str) -> PluginId {
        if name == OPERATOR_NAME {
            return PluginId::OPERATOR;
        }
        let index = self.plugins.iter().position(|plugin| plugin == name);
        index
            .and_then(|index| u16::try_from(index).ok())
            .map_or(PluginId::GONE, PluginId)
    }
}
