//! An order as it goes to the broker: what the ledger keeps and order entry writes.

use crate::domain::instrument::InstrumentId;
use crate::domain::money::Quantity;
use crate::domain::order::{ClientOrderId, OrderId, OrderKind, Side, TimeInForce};
use crate::domain::plugin::PluginId;

/// Everything needed to write one order to the socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placement {
    /// The API order id.
    pub order_id: OrderId,
    /// The owner's name for it.
    pub client_order_id: ClientOrderId,
    /// Who asked.
    pub plugin: PluginId,
    /// Who asked, by name, which outlives a change of the configuration's order.
    pub plugin_name: String,
    /// In what.
    pub instrument: InstrumentId,
    /// Which way.
    pub side: Side,
    /// How.
    pub kind: OrderKind,
    /// How long.
    pub time_in_force: TimeInForce,
    /// Total quantity, filled part included.
    pub quantity: Quantity,
    /// The owner tag carried in IB's `orderRef`; see [`super::ids`].
    pub order_ref: String,
    /// The owner's mark.
    pub tag: u64,
}
