//! Floor 1: what we hold, by owner and instrument, from our own fills: position, average price, profit, fees.
//!
//! Average-cost accounting: a fill that widens a position moves the average price, one that narrows it realizes profit
//! against it, one that crosses zero does both.
//!
//! Never: an order, a quote, a decision. What the broker says the account holds is compared with this, not mixed in.

use std::collections::BTreeMap;

use crate::domain::instrument::InstrumentId;
use crate::domain::money::{Money, NANO, Price, Quantity};
use crate::domain::order::Side;
use crate::domain::plugin::PluginId;
use crate::domain::time::Timestamp;

#[cfg(test)]
mod tests;

/// What one owner holds in one instrument.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Position {
    /// Signed size.
    pub size: Quantity,
    /// What the open size cost, signed, before the multiplier: size times average price.
    cost: Money,
    /// Profit realized since the ledger began, before fees.
    pub realized: Money,
    /// Commissions since the ledger began.
    pub fees: Money,
}

impl Position {
    /// A position as it was kept: what [`Position::cost`] said with the rest.
    pub const fn of(size: Quantity, cost: Money, realized: Money, fees: Money) -> Self {
        Position {
            size,
            cost,
            realized,
            fees,
        }
    }

    /// What the open size cost, signed, before the multiplier.
    pub const fn cost(&self) -> Money {
        self.cost
    }

    /// The same with the profit realized in units of the price turned into money.
    pub fn scaled(self, multiplier: Quantity) -> Self {
        Position {
            realized: scale(self.realized, multiplier),
            ..self
        }
    }

    /// Both together: two names that became one owner.
    pub fn merged(self, other: Position) -> Self {
        Position {
            size: self.size.plus(other.size),
            cost: self.cost.plus(other.cost),
            realized: self.realized.plus(other.realized),
            fees: self.fees.plus(other.fees),
        }
    }

    /// Average price of the open size; zero when flat.
    pub fn average_price(&self) -> Price {
        if self.size.is_zero() {
            return Price::ZERO;
        }
        let average = self.cost.nanos() * i128::from(NANO) / i128::from(self.size.nanos());
        Price::from_nanos(i64::try_from(average).unwrap_or(i64::MAX))
    }

    /// Unrealized profit at a price.
    pub fn unrealized(&self, price: Price, multiplier: Quantity) -> Money {
        let value = price.notional(self.size, Quantity::ONE).minus(self.cost);
        scale(value, multiplier)
    }

    /// Takes in one fill and returns the profit it realized.
    pub fn fill(&mut self, side: Side, size: Quantity, price: Price, multiplier: Quantity) -> Money {
        let signed = side.signed(size);
        let same_way = self.size.nanos().signum() * signed.nanos().signum() >= 0;
        if same_way {
            self.cost = self.cost.plus(price.notional(signed, Quantity::ONE));
            self.size = self.size.plus(signed);
            return Money::ZERO;
        }
        let closing = Quantity::from_nanos(size.nanos().min(self.size.abs().nanos()));
        let closing_signed = side.signed(closing);
        // The part of the cost that leaves with the closed size, in proportion, so nothing is lost to rounding when the
        // position goes flat.
        let released = if closing == self.size.abs() {
            self.cost
        } else {
            let part = self.cost.nanos() * i128::from(closing.nanos()) / i128::from(self.size.abs().nanos());
            Money::from_nanos(part)
        };
        let proceeds = price.notional(closing_signed.negated(), Quantity::ONE);
        let realized = scale(proceeds.minus(released), multiplier);
        self.cost = self.cost.minus(released);
        self.size = self.size.plus(closing_signed);
        self.realized = self.realized.plus(realized);
        let rest = size.minus(closing);
        if rest.is_positive() {
            self.cost = price.notional(side.signed(rest), Quantity::ONE);
            self.size = side.signed(rest);
        }
        realized
    }
}

fn scale(value: Money, multiplier: Quantity) -> Money {
    Money::from_nanos(value.nanos().saturating_mul(i128::from(multiplier.nanos())) / i128::from(NANO))
}

/// Realized profit less fees of one owner in one instrument on one day (UTC).
#[derive(Debug, Clone, Copy, Default)]
struct DayProfit {
    day: u64,
    profit: Money,
}

/// All owners' holdings.
#[derive(Debug, Clone, Default)]
pub struct Portfolio {
    positions: BTreeMap<(PluginId, InstrumentId), Position>,
    days: BTreeMap<(PluginId, InstrumentId), DayProfit>,
    /// What was held before the fills that are known one by one; profit before the multiplier.
    bases: BTreeMap<(PluginId, InstrumentId), Position>,
}

/// One fill, as the portfolio sees it.
#[derive(Debug, Clone, Copy)]
pub struct PortfolioFill {
    /// Whose.
    pub plugin: PluginId,
    /// In what.
    pub instrument: InstrumentId,
    /// Which way.
    pub side: Side,
    /// How much.
    pub size: Quantity,
    /// At what price.
    pub price: Price,
    /// The contract's multiplier.
    pub multiplier: Quantity,
    /// When we learned of it: decides the day its profit counts for.
    pub at: Timestamp,
}

/// One fill of one owner in one instrument, as it counts now, with its cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CountedFill {
    /// Which way.
    pub side: Side,
    /// How much.
    pub size: Quantity,
    /// At what price.
    pub price: Price,
    /// When it was learned of: decides the day its profit counts for.
    pub at: Timestamp,
    /// What it cost, once told.
    pub cost: Option<Money>,
}

impl Portfolio {
    /// Takes in a fill. The caller has made sure that it is told once.
    pub fn apply_fill(&mut self, fill: PortfolioFill) {
        let key = (fill.plugin, fill.instrument);
        let position = self.positions.entry(key).or_default();
        let realized = position.fill(fill.side, fill.size, fill.price, fill.multiplier);
        self.days.entry(key).or_default().earn(realized, fill.at);
    }

    /// Takes in a fill's cost. The caller has made sure that it is told once. `at` is when the fill was learned of: a
    /// restart counts a cost for the same day.
    pub fn apply_fee(&mut self, plugin: PluginId, instrument: InstrumentId, fee: Money, at: Timestamp) {
        let key = (plugin, instrument);
        let position = self.positions.entry(key).or_default();
        position.fees = position.fees.plus(fee);
        self.days.entry(key).or_default().earn(Money::ZERO.minus(fee), at);
    }

    /// Takes over what an owner held when older fills were added up; its profit is before the multiplier.
    pub fn restore(
        &mut self,
        plugin: PluginId,
        instrument: InstrumentId,
        held: Position,
        multiplier: Quantity,
    ) {
        let key = (plugin, instrument);
        let base = self.bases.entry(key).or_default();
        *base = base.merged(held);
        let position = self.positions.entry(key).or_default();
        *position = position.merged(held.scaled(multiplier));
    }

    /// Counts one owner's fills in one instrument anew, after what older ones added up to, because one of them was
    /// corrected or the multiplier has become
    /// known. The result is what a start would come to.
    pub fn recount(
        &mut self,
        plugin: PluginId,
        instrument: InstrumentId,
        multiplier: Quantity,
        fills: &[CountedFill],
    ) {
        let base = self.bases.get(&(plugin, instrument)).copied().unwrap_or_default();
        let (mut position, mut day) = (base.scaled(multiplier), DayProfit::default());
        for fill in fills {
            let realized = position.fill(fill.side, fill.size, fill.price, multiplier);
            let cost = fill.cost.unwrap_or(Money::ZERO);
            position.fees = position.fees.plus(cost);
            day.earn(realized.minus(cost), fill.at);
        }
        self.positions.insert((plugin, instrument), position);
        self.days.insert((plugin, instrument), day);
    }

    /// What one owner holds in one instrument.
    pub fn position(&self, plugin: PluginId, instrument: InstrumentId) -> Position {
        self.positions
            .get(&(plugin, instrument))
            .copied()
            .unwrap_or_default()
    }

    /// Everything anyone holds or held, in a fixed order.
    pub fn positions(&self) -> impl Iterator<Item = (PluginId, InstrumentId, &Position)> {
        self.positions
            .iter()
            .map(|((plugin, instrument), position)| (*plugin, *instrument, position))
    }

    /// The sum over all owners of ours in one instrument: what was done elsewhere is not among it.
    pub fn net(&self, instrument: InstrumentId) -> Quantity {
        let elsewhere = self.position(PluginId::EXTERNAL, instrument).size;
        self.account_net(instrument).minus(elsewhere)
    }

    /// What the fills we know, ours and others', add up to in one instrument.
    pub fn account_net(&self, instrument: InstrumentId) -> Quantity {
        let sizes = self.positions.iter().filter(|((_, held), _)| *held == instrument);
        sizes.fold(Quantity::ZERO, |sum, (_, position)| sum.plus(position.size))
    }

    /// Realized profit less fees of the owner on the day of `at`.
    pub fn day_profit(&self, plugin: PluginId, at: Timestamp) -> Money {
        let own = (plugin, InstrumentId(0))..=(plugin, InstrumentId(u32::MAX));
        let today = self.days.range(own).filter(|(_, day)| day.day == at.day());
        today.fold(Money::ZERO, |sum, (_, day)| sum.plus(day.profit))
    }
}

impl DayProfit {
    /// What belongs to a day that is over does not come back into today's.
    fn earn(&mut self, profit: Money, at: Timestamp) {
        if at.day() > self.day {
            *self = DayProfit {
                day: at.day(),
                profit: Money::ZERO,
            };
        }
        if at.day() == self.day {
            self.profit = self.profit.plus(profit);
        }
    }
}
