//! What must hold once every fault is off and the world has come to rest: the desk and the broker agree.

use std::collections::{BTreeMap, BTreeSet};

use moored::domain::order::{ClientOrderId, OrderId};
use moored::domain::trading_state::{Latch, TradingState};
use moored::orders::lifecycle::OrderState;

use super::events::Scene;
use super::{Holding, Violation, Watch, truly_held, words};

/// The alarm that says that one order of ours has two lives at the broker.
const TWO_LIVES: &str = "incarnation_conflict";

impl Watch {
    /// The world is at rest.
    pub fn check_at_rest(&self, scene: &Scene<'_>, latch: Latch) -> Result<(), Violation> {
        self.holds_what_the_broker_holds(scene)?;
        self.knows_every_live_order(scene)?;
        self.believes_in_no_dead_order(scene)?;
        self.says_when_an_order_has_two_lives(scene)?;
        let state = scene.desk.trading_state();
        if latch == Latch::Running && state != TradingState::Active {
            let reasons = scene
                .desk
                .snapshot(moored::domain::time::Timestamp::NEVER)
                .reasons;
            let text = format!("{} at rest: {}", state.as_str(), reasons.join("; "));
            return Err(Violation::new("stuck", text));
        }
        Ok(())
    }

    fn holds_what_the_broker_holds(&self, scene: &Scene<'_>) -> Result<(), Violation> {
        let mut holdings: BTreeSet<Holding> = self.told.keys().cloned().collect();
        let facts = scene.broker.facts.values();
        holdings.extend(facts.map(|fact| (fact.plugin.clone(), fact.instrument)));
        for holding in holdings {
            let truly = truly_held(scene.broker, &holding);
            let told = self.held(&holding);
            // What the desk believes is what it was told, or an earlier check had failed.
            if truly != told {
                let text = format!(
                    "{} holds {truly} of instrument {} at the broker; the desk was told of {told}",
                    holding.0, holding.1
                );
                return Err(Violation::new("fills_lost", text));
            }
        }
        Ok(())
    }

    fn knows_every_live_order(&self, scene: &Scene<'_>) -> Result<(), Violation> {
        for live in scene.broker.live() {
            let order = scene.desk.orders().get(OrderId(live.order_id));
            let same = order.filter(|order| order.placement.client_order_id == ClientOrderId(live.number));
            let text = match same {
                None => format!(
                    "order {} works at the broker and the desk has it not",
                    live.order_id
                ),
                Some(order) if order.state.is_final() => {
                    let state = order.state.as_str();
                    format!(
                        "order {} works at the broker and is {state} at the desk",
                        live.order_id
                    )
                }
                Some(order) => {
                    let counted = words::lots(order.open_quantity());
                    let holding = (live.plugin.to_owned(), live.instrument);
                    // What was taken back of a fill may count as open: too much is not wrong.
                    let blurred = scene.broker.split.contains(&live.number)
                        || scene.broker.corrected_in.contains(&holding);
                    if counted == live.remaining || (blurred && counted > live.remaining) {
                        continue;
                    }
                    let left = live.remaining;
                    format!(
                        "order {} has {left} left at the broker and {counted} at the desk",
                        live.order_id
                    )
                }
            };
            return Err(Violation::new("orders_disagree", text));
        }
        Ok(())
    }

    fn believes_in_no_dead_order(&self, scene: &Scene<'_>) -> Result<(), Violation> {
        let live: BTreeSet<u64> = scene.broker.live().map(|live| live.number).collect();
        let ghost = scene.desk.orders().live().find(|order| {
            let unknown = order.state == OrderState::Unknown;
            !unknown && !live.contains(&order.placement.client_order_id.0)
        });
        match ghost {
            None => Ok(()),
            Some(order) => {
                let (id, state) = (order.placement.order_id.0, order.state.as_str());
                let text = format!("order {id} is {state} at the desk and does not work at the broker");
                Err(Violation::new("orders_disagree", text))
            }
        }
    }

    fn says_when_an_order_has_two_lives(&self, scene: &Scene<'_>) -> Result<(), Violation> {
        let mut lives: BTreeMap<u64, u32> = BTreeMap::new();
        for live in scene.broker.live() {
            *lives.entry(live.number).or_default() += 1;
        }
        let doubled = lives.into_iter().find(|(_, lives)| *lives > 1);
        match doubled {
            Some((number, _)) if !self.alarms.contains(TWO_LIVES) => {
                let text = format!("client order id {number} has two live orders and nobody was told");
                Err(Violation::new("two_lives_untold", text))
            }
            _ => Ok(()),
        }
    }
}
