//! Flattening after a kill: once nothing of ours works in an instrument any more, the sum of what the plugins hold there is
//! closed at the market, by an order of the desk's own. A kill survives a restart, and so does this.
//!
//! What the account holds beside the plugins is not touched.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::domain::instrument::InstrumentId;
use crate::domain::money::Quantity;
use crate::domain::order::{ClientOrderId, OrderIntent, OrderKind, Side, TimeInForce};
use crate::domain::plugin::PluginId;
use crate::domain::time::Timestamp;
use crate::domain::trading_state::Latch;

use super::Desk;
use super::effect::Effect;
use super::record::Record;

/// Attempts in one instrument before the operator has to act: the market may be closed, or the broker refuses.
const ATTEMPTS: u32 = 3;
/// Between two attempts.
const PAUSE: Duration = Duration::from_secs(10);

/// What was tried since the kill.
#[derive(Debug, Default)]
pub(super) struct Flattening {
    tried: BTreeMap<InstrumentId, (u32, Timestamp)>,
    alarmed: bool,
}

impl Desk {
    /// Sends the flattening orders that can be sent now; does nothing unless killed.
    pub(super) fn flatten(&mut self, at: Timestamp, effects: &mut Vec<Effect>) {
        let conditions = &self.conditions;
        let can_send = conditions.reconciled
            && conditions.upstream
            && conditions.ledger_writable
            && !conditions.draining
            && self.truth.session_up();
        if conditions.latch != Latch::Killed || !can_send {
            return;
        }
        let instruments: Vec<InstrumentId> = self.instruments.iter().map(|known| known.id).collect();
        for instrument in instruments {
            let net = self.portfolio.net(instrument);
            let working = self
                .orders
                .unsettled_orders()
                .any(|order| order.placement.instrument == instrument);
            if !net.is_zero() && !working {
                self.flatten_one(at, instrument, net, effects);
            }
        }
    }

    fn flatten_one(
        &mut self,
        at: Timestamp,
        instrument: InstrumentId,
        net: Quantity,
        effects: &mut Vec<Effect>,
    ) {
        let (attempts, last) = self
            .flattening
            .tried
            .get(&instrument)
            .copied()
            .unwrap_or_default();
        if attempts > 0 && at.since(last) < PAUSE {
            return;
        }
        if attempts >= ATTEMPTS {
            if !self.flattening.alarmed {
                self.flattening.alarmed = true;
                let name = self
                    .instruments
                    .get(instrument.index())
                    .map_or("?", |known| known.name.as_str());
                let text =
                    format!("{name}: {net} could not be flattened in {ATTEMPTS} attempts; do it by hand");
                effects.push(Effect::Alarm {
                    name: "flatten_failed",
                    text,
                });
            }
            return;
        }
        self.flattening.tried.insert(instrument, (attempts + 1, at));
        let side = if net > Quantity::ZERO {
            Side::Sell
        } else {
            Side::Buy
        };
        let intent = OrderIntent {
            client_order_id: ClientOrderId(
                ClientOrderId::FIRST_OF_DESK + at.nanos() + u64::from(instrument.0),
            ),
            plugin: PluginId::OPERATOR,
            instrument,
            side,
            kind: OrderKind::Market,
            time_in_force: TimeInForce::Day,
            quantity: net.abs(),
            reduce_only: true,
            tag: 0,
        };
        let approved = self.risk.approve_flattening(intent, net, at);
        match approved.and_then(|approved| self.orders.accept(approved, at)) {
            Ok(placement) => {
                effects.push(Effect::Record(Record::Placed(placement.clone())));
                effects.push(Effect::Place(placement));
            }
            Err(denial) => {
                let text = format!("a flattening order was denied: {}", denial.code.as_str());
                effects.push(Effect::Alarm {
                    name: "flatten_denied",
                    text,
                });
            }
        }
    }
}
