//! Accounts: cash, positions with their cost, fees, and the equity and margin that follow from them.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::instrument::{Instrument, InstrumentId, Kind, Lots, Ticks};
use super::order::Side;

/// A holding in one instrument.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Position {
    /// Size held; negative when short.
    pub lots: Lots,
    /// What the holding cost, fees included; negative when short.
    pub cost: Decimal,
    /// Profit realised so far, fees included.
    pub realized: Decimal,
}

impl Position {
    /// Cost of one unit, fees included; zero when flat.
    #[must_use]
    pub fn average_cost(&self, instrument: &Instrument) -> Decimal {
        let quantity = instrument.quantity(self.lots);
        if quantity.is_zero() {
            Decimal::ZERO
        } else {
            (self.cost / quantity).round_dp(8).normalize()
        }
    }
}

/// One account in US dollars.
#[derive(Debug, Clone)]
pub struct Account {
    /// Account code.
    pub name: String,
    /// Cash it opened with.
    pub opening_cash: Decimal,
    /// Cash now.
    pub cash: Decimal,
    /// All fees paid.
    pub fees: Decimal,
    /// Equity at the start of the day.
    pub opening_equity: Decimal,
    positions: BTreeMap<InstrumentId, Position>,
}

impl Account {
    pub(super) fn new(name: &str, cash: Decimal) -> Self {
        Self {
            name: name.to_owned(),
            opening_cash: cash,
            cash,
            fees: Decimal::ZERO,
            opening_equity: cash,
            positions: BTreeMap::new(),
        }
    }

    /// Every instrument ever held, flat ones included.
    pub fn positions(&self) -> impl Iterator<Item = (InstrumentId, &Position)> {
        self.positions.iter().map(|(id, position)| (*id, position))
    }

    /// The holding in one instrument.
    #[must_use]
    pub fn position(&self, id: InstrumentId) -> Position {
        self.positions.get(&id).cloned().unwrap_or_default()
    }

    /// Books a fill. Returns the profit it realised when it closed something.
    pub(super) fn book(&mut self, id: InstrumentId, instrument: &Instrument, fill: &Fill) -> Option<Decimal> {
        let price = instrument.price(fill.price);
        let signed = fill.side.signed(fill.lots);
        self.cash -= instrument.quantity(signed) * price + fill.fee;
        self.fees += fill.fee;
        let position = self.positions.entry(id).or_default();
        let closing = if position.lots.signum() * signed.signum() < 0 {
            position.lots.abs().min(fill.lots)
        } else {
            0
        };
        let closing_fee = (fill.fee * Decimal::from(closing) / Decimal::from(fill.lots)).round_dp(8);
        let mut realized = None;
        if closing > 0 {
            let left = position.lots + fill.side.signed(closing);
            // Multiply before dividing, so that closing everything releases exactly the whole cost.
            let kept = if left == 0 {
                Decimal::ZERO
            } else {
                (position.cost * Decimal::from(left) / Decimal::from(position.lots)).round_dp(8)
            };
            let proceeds = instrument.quantity(-fill.side.signed(closing)) * price;
            let profit = proceeds - (position.cost - kept) - closing_fee;
            position.cost = kept;
            position.lots = left;
            position.realized += profit;
            realized = Some(profit);
        }
        let opening = fill.side.signed(fill.lots - closing);
        if opening != 0 {
            position.lots += opening;
            position.cost += instrument.quantity(opening) * price + (fill.fee - closing_fee);
        }
        realized
    }
}

/// What [`Account::book`] needs to know of a fill.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fill {
    pub(super) side: Side,
    pub(super) lots: Lots,
    pub(super) price: Ticks,
    pub(super) fee: Decimal,
}

/// The fee of a whole order that has traded `lots` for `value` so far: IB's fixed pricing. Stocks half a
/// cent a share, at least one dollar, at most one percent; currencies 0.2 basis points, at least two
/// dollars.
#[must_use]
pub fn order_fee(instrument: &Instrument, lots: Lots, value: Decimal) -> Decimal {
    let fee = match instrument.kind {
        Kind::Stock => {
            let per_share = instrument.quantity(lots) * Decimal::new(5, 3);
            per_share.max(Decimal::ONE).min(value * Decimal::new(1, 2))
        }
        _ => (value * Decimal::new(2, 5)).max(Decimal::TWO),
    };
    fee.round_dp(6).normalize()
}

/// What an account is worth at given prices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Valuation {
    /// Cash plus positions.
    pub equity: Decimal,
    /// Value of positions, long minus short.
    pub positions: Decimal,
    /// Value of positions, long plus short.
    pub gross: Decimal,
    /// Equity that the positions require.
    pub margin: Decimal,
    /// Profit of the open positions.
    pub unrealized: Decimal,
    /// Profit of closed ones.
    pub realized: Decimal,
    /// Change of equity since the day began.
    pub daily: Decimal,
}
