//! Who asks for an order.

use serde::{Deserialize, Serialize};

/// A plugin's place in the configuration. `OPERATOR` is the desk itself acting for the operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PluginId(pub u16);

impl PluginId {
    /// Orders the desk makes on the operator's command, such as flattening.
    pub const OPERATOR: PluginId = PluginId(u16::MAX);

    /// The owner of orders and positions whose plugin is no longer configured.
    pub const GONE: PluginId = PluginId(u16::MAX - 1);

    /// The owner of what was done on the account by others: by hand in TWS, by other clients, by the broker.
    pub const EXTERNAL: PluginId = PluginId(u16::MAX - 2);

    /// As an index into a table of plugins; meaningless for `OPERATOR`, `GONE` and `EXTERNAL`.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// The owner's name used for the operator in references, the ledger and metrics.
pub const OPERATOR_NAME: &str = "operator";

/// The owner's name used for what was done by others.
pub const EXTERNAL_NAME: &str = "external";

/// Plugins by their place and by their name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Names(Vec<String>);

impl Names {
    /// In the order of the configuration.
    pub const fn new(names: Vec<String>) -> Self {
        Names(names)
    }

    /// The name of an owner.
    pub fn plugin(&self, plugin: PluginId) -> &str {
        match plugin {
            PluginId::OPERATOR => OPERATOR_NAME,
            PluginId::GONE => "gone",
            PluginId::EXTERNAL => EXTERNAL_NAME,
            PluginId(index) => self.0.get(usize::from(index)).map_or("gone", String::as_str),
        }
    }

    /// The owner of that name; `GONE` if it is no longer configured.
    pub fn id(&self, name: &str) -> PluginId {
        if name == OPERATOR_NAME {
            return PluginId::OPERATOR;
        }
        if name == EXTERNAL_NAME {
            return PluginId::EXTERNAL;
        }
        let found = self
            .0
            .iter()
            .position(|known| known == name)
            .and_then(|index| u16::try_from(index).ok());
        found.map_or(PluginId::GONE, PluginId)
    }

    /// Every plugin.
    pub fn ids(&self) -> impl Iterator<Item = PluginId> + use<> {
        (0..u16::try_from(self.0.len()).unwrap_or(u16::MAX)).map(PluginId)
    }
}

/// What a plugin is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PluginKind {
    /// Sees data and submits orders.
    Strategy,
    /// Sees every order and may stop or shrink it.
    Risk,
}

/// Whether a plugin answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PluginState {
    /// It answers.
    Running,
    /// It failed and is started again after a pause.
    Restarting,
    /// It failed too often; it stays out until the operator acts.
    Quarantined,
}

impl PluginState {
    /// Every state, for metrics that show one series each.
    pub const ALL: [PluginState; 3] = [
        PluginState::Running,
        PluginState::Restarting,
        PluginState::Quarantined,
    ];

    /// In words, for metrics, logs and the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            PluginState::Running => "running",
            PluginState::Restarting => "restarting",
            PluginState::Quarantined => "quarantined",
        }
    }
}

/// How one plugin is, as its host publishes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PluginStatus {
    /// Its name in the configuration.
    pub name: String,
    /// What it is for.
    pub kind: PluginKind,
    /// The name and version it gave itself.
    pub version: String,
    /// Whether it runs on a thread of its own.
    pub own_thread: bool,
    /// Whether it answers.
    pub state: PluginState,
    /// The interfaces its component imports: all it can reach.
    pub imports: Vec<String>,
    /// Callbacks that returned.
    pub calls: u64,
    /// Traps, exhausted budgets and deadlines.
    pub failures: u64,
    /// Times it was started again.
    pub restarts: u64,
    /// The last failure, for people; empty if there was none.
    pub last_failure: String,
}
