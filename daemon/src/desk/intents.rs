//! The way out: from what a plugin wants, through the gate, to what is sent.

use crate::domain::instrument::InstrumentId;
use crate::domain::order::{Cause, ClientOrderId, Intent, OrderId, OrderIntent, ReplaceIntent};
use crate::domain::plugin::PluginId;
use crate::domain::time::Timestamp;
use crate::orders::event::{OrderEvent, OrderEventKind};
use crate::orders::order::Order;
use crate::orders::placement::Placement;
use crate::risk::approved::Cleared;
use crate::risk::denial::{Denial, DenialCode};
use crate::risk::verdict::PluginVerdict;
use crate::risk::{Exposure, View, valuation_price};

use super::effect::{Effect, Notice, Review};
use super::record::Record;
use super::{Desk, Reviewing};

/// A change of a live order, as the gate sees it: the whole order with its new quantity and prices.
struct Change {
    intent: OrderIntent,
    replaces: OrderId,
}

impl Desk {
    pub(super) fn intent(&mut self, at: Timestamp, intent: Intent, cause: Cause, effects: &mut Vec<Effect>) {
        match intent {
            Intent::Submit(intent) => {
                self.tally(intent.plugin).intents += 1;
                self.ask_gate(at, intent, None, cause, effects);
            }
            Intent::Replace(replace) => {
                self.tally(replace.plugin).intents += 1;
                match self.change(replace) {
                    Ok(change) => self.ask_gate(at, change.intent, Some(change.replaces), cause, effects),
                    Err(denial) => {
                        let key = (replace.plugin, replace.client_order_id);
                        self.deny(key, 0, denial, OrderEventKind::ReplaceDenied, effects);
                    }
                }
            }
            Intent::Cancel {
                plugin,
                client_order_id,
            } => {
                match self
                    .orders
                    .owned(plugin, client_order_id)
                    .map(|order| order.placement.order_id)
                {
                    Some(order_id) => self.cancel_order(at, order_id, effects),
                    None => {
                        let denial = Denial::native(DenialCode::UnknownOrder, 0, 0);
                        let key = (plugin, client_order_id);
                        self.deny(key, 0, denial, OrderEventKind::ReplaceDenied, effects);
                    }
                }
            }
            Intent::CancelAll { plugin } => {
                self.cancel_where(at, effects, |order| order.placement.plugin == plugin);
            }
        }
    }

    fn change(&self, replace: ReplaceIntent) -> Result<Change, Denial> {
        let order = self.orders.amendable(replace.plugin, replace.client_order_id)?;
        // A total below what is filled already cannot be.
        if replace.quantity <= order.executed {
            let (limit, value) = (order.executed.nanos(), replace.quantity.nanos());
            return Err(Denial::native(DenialCode::Form, limit, value));
        }
        let placement = &order.placement;
        let intent = OrderIntent {
            client_order_id: placement.client_order_id,
            plugin: placement.plugin,
            instrument: placement.instrument,
            side: placement.side,
            kind: placement.kind.repriced(replace.limit, replace.stop),
            time_in_force: placement.time_in_force,
            quantity: replace.quantity,
            reduce_only: false,
            tag: placement.tag,
        };
        Ok(Change {
            intent,
            replaces: placement.order_id,
        })
    }

    fn ask_gate(
        &mut self,
        at: Timestamp,
        intent: OrderIntent,
        replaces: Option<OrderId>,
        cause: Cause,
        effects: &mut Vec<Effect>,
    ) {
        let exposure = self.exposure(at, intent.plugin, intent.instrument, replaces);
        let parties = self
            .instruments
            .get(intent.instrument.index())
            .zip(self.grants.get(intent.plugin.index()));
        let Some((instrument, grant)) = parties else {
            let denial = Denial::native(
                DenialCode::InstrumentNotGranted,
                0,
                i64::from(intent.instrument.0),
            );
            return self.deny_intent(&intent, replaces, denial, effects);
        };
        let quote = self.market.quote(intent.instrument);
        let view = View {
            at,
            trading_state: self.conditions.state(),
            instrument,
            quote,
            exposure,
            grant,
            limits: &self.limits,
            replaces: replaces.is_some(),
            unreconciled: self.comparison.register.blocks(intent.instrument),
        };
        let price = valuation_price(&intent, quote);
        let cleared = match self.risk.review(intent, &view) {
            Ok(cleared) => cleared,
            Err(denial) => return self.deny_intent(&intent, replaces, denial, effects),
        };
        if !self.risk_plugins {
            return self.conclude(at, cleared, replaces, cause, PluginVerdict::Allow, effects);
        }
        let price = price.unwrap_or_default();
        self.reviewing.insert(
            intent.client_order_id,
            Reviewing {
                cleared,
                replaces,
                cause,
            },
        );
        effects.push(Effect::Review(Review {
            intent,
            replaces: replaces.is_some(),
            price,
            exposure,
        }));
    }

    pub(super) fn verdict(
        &mut self,
        at: Timestamp,
        client_order_id: ClientOrderId,
        verdict: PluginVerdict,
        effects: &mut Vec<Effect>,
    ) {
        let Some(Reviewing {
            cleared,
            replaces,
            cause,
        }) = self.reviewing.remove(&client_order_id)
        else {
            let text = format!("the risk plugins answered for {client_order_id:?}, which nobody asked about");
            effects.push(Effect::Alarm {
                name: "verdict_unasked",
                text,
            });
            return;
        };
        self.conclude(at, cleared, replaces, cause, verdict, effects);
    }

    fn conclude(
        &mut self,
        at: Timestamp,
        cleared: Cleared,
        replaces: Option<OrderId>,
        cause: Cause,
        verdict: PluginVerdict,
        effects: &mut Vec<Effect>,
    ) {
        let intent = *cleared.intent();
        let exposure = self.exposure(at, intent.plugin, intent.instrument, replaces);
        let parties = self
            .instruments
            .get(intent.instrument.index())
            .zip(self.grants.get(intent.plugin.index()));
        let Some((instrument, grant)) = parties else {
            return;
        };
        let view = View {
            at,
            trading_state: self.conditions.state(),
            instrument,
            quote: self.market.quote(intent.instrument),
            exposure,
            grant,
            limits: &self.limits,
            replaces: replaces.is_some(),
            unreconciled: self.comparison.register.blocks(intent.instrument),
        };
        let approved = match self.risk.conclude(cleared, verdict, &view) {
            Ok(approved) => approved,
            Err(denial) => return self.deny_intent(&intent, replaces, denial, effects),
        };
        let accepted = match replaces {
            None => self.orders.accept(approved, at),
            Some(_) => self.orders.amend(approved, at),
        };
        match accepted {
            Ok(placement) => self.send(at, &intent, placement, replaces, cause, effects),
            Err(denial) => self.deny_intent(&intent, replaces, denial, effects),
        }
    }

    fn send(
        &mut self,
        at: Timestamp,
        intent: &OrderIntent,
        placement: Placement,
        replaces: Option<OrderId>,
        cause: Cause,
        effects: &mut Vec<Effect>,
    ) {
        let plugin = intent.plugin;
        let shrunk = placement.quantity < intent.quantity;
        let event = |kind| OrderEvent {
            client_order_id: intent.client_order_id,
            tag: intent.tag,
            kind,
        };
        let mut notices = Vec::with_capacity(2);
        if shrunk {
            notices.push(Notice::Order(event(OrderEventKind::Reduced(placement.quantity))));
        }
        if replaces.is_none() {
            self.tally(plugin).orders += 1;
            notices.push(Notice::Order(event(OrderEventKind::Sent)));
            effects.push(Effect::Record(Record::Placed(placement.clone())));
            effects.push(Effect::Place(placement));
        } else {
            effects.push(Effect::Record(Record::Replaced(placement.clone())));
            effects.push(Effect::Replace(placement));
        }
        if let Some(received) = cause.tick_received {
            effects.push(Effect::TickToOrder {
                plugin,
                latency: at.since(received),
            });
        }
        effects.extend(
            notices
                .into_iter()
                .map(|notice| Effect::Notify { plugin, notice }),
        );
    }

    fn deny_intent(
        &mut self,
        intent: &OrderIntent,
        replaces: Option<OrderId>,
        denial: Denial,
        effects: &mut Vec<Effect>,
    ) {
        let key = (intent.plugin, intent.client_order_id);
        let kind = if replaces.is_some() {
            OrderEventKind::ReplaceDenied
        } else {
            OrderEventKind::Denied
        };
        self.deny(key, intent.tag, denial, kind, effects);
    }

    fn deny(
        &mut self,
        (plugin, client_order_id): (PluginId, ClientOrderId),
        tag: u64,
        denial: Denial,
        kind: fn(Denial) -> OrderEventKind,
        effects: &mut Vec<Effect>,
    ) {
        *self.tally(plugin).denials.entry(denial.code).or_default() += 1;
        let name = self.names.plugin(plugin).to_owned();
        effects.push(Effect::Record(Record::Denied {
            client_order_id,
            plugin: name,
            denial,
        }));
        let event = OrderEvent {
            client_order_id,
            tag,
            kind: kind(denial),
        };
        effects.push(Effect::Notify {
            plugin,
            notice: Notice::Order(event),
        });
    }

    fn exposure(
        &self,
        at: Timestamp,
        plugin: PluginId,
        instrument: InstrumentId,
        except: Option<OrderId>,
    ) -> Exposure {
        let (open_buy, open_sell) = self.orders.open_quantities(plugin, instrument, except);
        let (external_buy, external_sell) = self.external_exposure(instrument);
        let quote = self.market.quote(instrument);
        let age = quote.map_or(u64::MAX, |quote| at.since(quote.received).as_nanos() as u64);
        Exposure {
            position: self.portfolio.position(plugin, instrument).size,
            open_buy,
            open_sell,
            external_buy,
            external_sell,
            reference: quote
                .and_then(crate::domain::quote::Quote::mid)
                .unwrap_or_default(),
            reference_age_ns: age,
            day_pnl: self.day_pnl(plugin, at),
        }
    }

    /// Cancels one order: recorded, then sent. Nothing denies a cancel.
    pub(super) fn cancel_order(&mut self, at: Timestamp, order_id: OrderId, effects: &mut Vec<Effect>) {
        if self.orders.cancel(order_id, at) {
            self.risk.count_cancel(at);
            effects.push(Effect::Record(Record::CancelRequested { order_id }));
            effects.push(Effect::Cancel { order_id });
        }
    }

    /// Cancels every live order that `which` picks, and says how many those were.
    pub(super) fn cancel_where(
        &mut self,
        at: Timestamp,
        effects: &mut Vec<Effect>,
        which: impl Fn(&Order) -> bool,
    ) -> usize {
        let picked: Vec<OrderId> = self
            .orders
            .live()
            .filter(|order| which(order))
            .map(|order| order.placement.order_id)
            .collect();
        for order_id in &picked {
            self.cancel_order(at, *order_id, effects);
        }
        picked.len()
    }
}
