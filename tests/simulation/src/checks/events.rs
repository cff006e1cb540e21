//! What must hold after every event.

use moored::desk::Desk;
use moored::desk::effect::Effect;
use moored::desk::event::{Event, SessionEvent};
use moored::domain::order::{ClientOrderId, OrderId, Side};
use moored::domain::plugin::PluginId;
use moored::domain::report::{BrokerReport, BrokerTruth, Execution};
use moored::domain::trading_state::TradingState;
use moored::orders::placement::Placement;

use super::{Holding, Violation, Watch, family, owner, truly_held, words};
use crate::broker::Broker;
use crate::ledger::LedgerModel;
use crate::world::{MAX_POSITION, MESSAGES_PER_SECOND};

/// What the world looks like to the checks.
pub struct Scene<'a> {
    /// The desk.
    pub desk: &'a Desk,
    /// Its plugins' names.
    pub plugins: &'a [String],
    /// The truth.
    pub broker: &'a Broker,
    /// What is durable.
    pub ledger: &'a LedgerModel,
    /// Whether all the desk asked to be recorded is durable.
    pub durable: bool,
    /// Orders and changes on their way to the broker.
    pub under_way: Vec<&'a Placement>,
    /// Nanoseconds since the beginning.
    pub now: u64,
}

impl Watch {
    /// The desk is about to be told. Fills of a truth count only if the desk takes it, see [`Watch::settle_truth`].
    pub fn told(&mut self, event: &Event, broker: &Broker) {
        match event {
            Event::Report(BrokerReport::Execution(execution)) => self.told_execution(execution, broker),
            Event::Report(BrokerReport::Order(order)) if order.perm_id != 0 => {
                self.acknowledged.insert(order.perm_id);
            }
            Event::Report(BrokerReport::Status(status)) if status.perm_id != 0 => {
                self.acknowledged.insert(status.perm_id);
            }
            _ => {}
        }
    }

    fn told_execution(&mut self, execution: &Execution, broker: &Broker) {
        let (family, revision) = family(&execution.exec_id);
        let Some((plugin, _)) = owner(&execution.order_ref) else {
            return;
        };
        // A fill the exchange never made counts for nothing, whoever tells of it.
        let Some(signed) = broker.sizes.get(&execution.exec_id).copied() else {
            return;
        };
        let Some(instrument) = execution.instrument else {
            return;
        };
        let holding = (plugin.to_owned(), instrument.0);
        self.count(family, holding, signed, revision);
        self.acknowledged.insert(execution.perm_id);
    }

    /// A truth was handed to the desk, which takes it or, if it no longer waits for it, leaves it.
    pub fn settle_truth(&mut self, truth: &BrokerTruth, scene: &Scene<'_>) {
        let mut with = self.clone();
        for execution in &truth.executions {
            with.told_execution(execution, scene.broker);
        }
        for order in &truth.open_orders {
            with.acknowledged.insert(order.perm_id);
        }
        if with.counts_fills_once(scene).is_ok() {
            *self = with;
        }
    }

    /// After an event: what it asked for, and what the desk then believes.
    pub fn check(
        &mut self,
        event: &Event,
        before: TradingState,
        effects: &[Effect],
        scene: &Scene<'_>,
    ) -> Result<(), Violation> {
        if let Event::Session(SessionEvent::Truth(truth)) = event {
            self.settle_truth(truth, scene);
        }
        for effect in effects {
            if let Effect::Alarm { name, .. } = effect {
                self.alarms.insert(name);
            }
            if let Effect::Place(placement) | Effect::Replace(placement) = effect {
                self.leaves_only_when_allowed(placement, before, scene)?;
                self.keeps_the_rate(scene)?;
                self.keeps_the_position_limit(placement, effect, scene)?;
            }
        }
        self.counts_fills_once(scene)?;
        self.knows_what_works(scene)?;
        self.forgets_nothing(scene)
    }

    /// An order is handed to the way out.
    pub fn place(&mut self, placement: &Placement) -> Result<(), Violation> {
        let id = placement.client_order_id.0;
        if self.placed.insert(id) {
            return Ok(());
        }
        let text = format!(
            "client order id {id} left a second time as order {}",
            placement.order_id.0
        );
        Err(Violation::new("placed_twice", text))
    }

    /// Nothing that widens a position leaves unless the desk is active; a kill's flattening narrows.
    fn leaves_only_when_allowed(
        &self,
        placement: &Placement,
        state: TradingState,
        scene: &Scene<'_>,
    ) -> Result<(), Violation> {
        if state == TradingState::Active || placement.plugin == PluginId::OPERATOR {
            return Ok(());
        }
        let holding = (placement.plugin_name.clone(), placement.instrument.0);
        let held = self.held(&holding);
        let wanted = words::lots(placement.quantity);
        let narrows = match placement.side {
            Side::Buy => held < 0 && wanted <= -held,
            Side::Sell => held > 0 && wanted <= held,
        };
        if state == TradingState::ReduceOnly && narrows {
            return Ok(());
        }
        let text = format!(
            "order {} ({} {wanted}, {held} held) left while {} at {}",
            placement.order_id.0,
            placement.side.as_str(),
            state.as_str(),
            scene.now
        );
        Err(Violation::new("left_while_not_allowed", text))
    }

    fn keeps_the_rate(&mut self, scene: &Scene<'_>) -> Result<(), Violation> {
        self.sent.push_back(scene.now);
        let second = scene.now.saturating_sub(999_999_999);
        while self.sent.front().is_some_and(|at| *at < second) {
            self.sent.pop_front();
        }
        // A kill's flattening is counted and never refused: one order an instrument.
        let most = MESSAGES_PER_SECOND as usize + scene.desk.instruments().len();
        match self.sent.len() > most {
            true => Err(Violation::new(
                "message_rate",
                format!("{} orders in a second", self.sent.len()),
            )),
            false => Ok(()),
        }
    }

    /// By what the broker has and by what is on its way to it, no plugin can get past its limit.
    fn keeps_the_position_limit(
        &self,
        placement: &Placement,
        effect: &Effect,
        scene: &Scene<'_>,
    ) -> Result<(), Violation> {
        let holding: Holding = (placement.plugin_name.clone(), placement.instrument.0);
        let blurred =
            scene.broker.corrected_in.contains(&holding) || scene.broker.split_in.contains(&holding);
        if blurred || placement.plugin == PluginId::OPERATOR {
            return Ok(());
        }
        let side = placement.side;
        let sign = if side == Side::Buy { 1 } else { -1 };
        let held = truly_held(scene.broker, &holding) * sign;
        let others = scene.broker.live().filter(|live| {
            let same = live.plugin == holding.0 && live.instrument == holding.1 && live.side == side;
            same && live.number != placement.client_order_id.0
        });
        let working: i64 = others.map(|live| live.remaining).sum();
        let coming = scene.under_way.iter().filter(|other| {
            let same = other.plugin_name == holding.0 && other.instrument == placement.instrument;
            let new = scene.broker.order_id(other.client_order_id.0).is_none();
            same && other.side == side && other.client_order_id != placement.client_order_id && new
        });
        let coming: i64 = coming.map(|other| words::lots(other.quantity)).sum();
        let own = match effect {
            Effect::Replace(_) => scene
                .desk
                .orders()
                .get(placement.order_id)
                .map_or(0, |order| words::lots(placement.quantity.minus(order.executed))),
            _ => words::lots(placement.quantity),
        };
        let worst = held + working + coming + own;
        if worst <= MAX_POSITION || worst <= held.abs() {
            return Ok(());
        }
        let text = format!(
            "{} in instrument {}: {held} held, {working} working, {coming} coming and {own} of order {} make \
             {worst}, the limit is {MAX_POSITION}",
            holding.0, holding.1, placement.order_id.0
        );
        Err(Violation::new("position_limit", text))
    }

    /// What the desk holds is the sum of the fills it was told of, each counted once.
    fn counts_fills_once(&self, scene: &Scene<'_>) -> Result<(), Violation> {
        for (plugin, instrument, position) in scene.desk.portfolio().positions() {
            let name = match plugin {
                PluginId::OPERATOR => "operator",
                plugin => match scene.plugins.get(plugin.index()) {
                    Some(name) => name.as_str(),
                    // What others did is theirs.
                    None => continue,
                },
            };
            let holding = (name.to_owned(), instrument.0);
            let believed = words::lots(position.size);
            let told = self.held(&holding);
            if believed != told {
                let text = format!(
                    "{name} holds {believed} of instrument {} by the desk and {told} by what it was told",
                    instrument.0
                );
                return Err(Violation::new("fills_counted_once", text));
            }
        }
        let missing = self
            .counted
            .values()
            .map(|counted| &counted.holding)
            .find(|holding| {
                let plugin = match holding.0.as_str() {
                    "operator" => PluginId::OPERATOR,
                    name => {
                        let found = scene.plugins.iter().position(|known| known == name);
                        PluginId(found.unwrap_or(0) as u16)
                    }
                };
                let instrument = moored::domain::instrument::InstrumentId(holding.1);
                let believed = words::lots(scene.desk.portfolio().position(plugin, instrument).size);
                believed != self.held(holding)
            });
        match missing {
            None => Ok(()),
            Some(holding) => {
                let text = format!("the desk was told of fills of {} and holds nothing", holding.0);
                Err(Violation::new("fills_counted_once", text))
            }
        }
    }

    /// Every live order the desk was told of counts in its exposure with at least what is left of it.
    fn knows_what_works(&self, scene: &Scene<'_>) -> Result<(), Violation> {
        for live in scene.broker.live() {
            let known = self.acknowledged.contains(&live.perm_id);
            if !known || scene.broker.split.contains(&live.number) {
                continue;
            }
            let order = scene.desk.orders().get(OrderId(live.order_id));
            let same = order.filter(|order| order.placement.client_order_id == ClientOrderId(live.number));
            let counted = same.map_or(0, |order| words::lots(order.open_quantity()));
            if counted < live.remaining {
                let state = same.map_or("not known", |order| order.state.as_str());
                let text = format!(
                    "order {} of {} has {} left at the broker, the desk counts {counted} ({state})",
                    live.order_id, live.plugin, live.remaining
                );
                return Err(Violation::new("exposure_below_truth", text));
            }
        }
        Ok(())
    }

    /// What the ledger adds up to is what the desk has.
    fn forgets_nothing(&self, scene: &Scene<'_>) -> Result<(), Violation> {
        if !scene.durable {
            return Ok(());
        }
        for holding in self.told.keys().chain(scene.ledger.positions().keys()) {
            let size = scene.ledger.positions().get(holding).copied().unwrap_or(0);
            let ((name, instrument), told) = (holding, self.held(holding));
            let ours = name == "operator" || scene.plugins.contains(name);
            if ours && size != told {
                let text = format!(
                    "{name} holds {size} of instrument {instrument} by the ledger and {told} by what was told"
                );
                return Err(Violation::new("ledger_forgets", text));
            }
        }
        for order in scene.desk.orders().live() {
            let id = order.placement.order_id;
            let Some(remembered) = scene.ledger.open_order(id) else {
                let text = format!(
                    "order {} is {} and the ledger has it not",
                    id.0,
                    order.state.as_str()
                );
                return Err(Violation::new("ledger_forgets", text));
            };
            if remembered.filled != order.executed {
                let text = format!(
                    "order {}: {} filled by the ledger, {} by the desk",
                    id.0, remembered.filled, order.executed
                );
                return Err(Violation::new("ledger_forgets", text));
            }
        }
        Ok(())
    }
}
