use proptest::prelude::*;

use super::{Portfolio, PortfolioFill, Position};
use crate::domain::instrument::InstrumentId;
use crate::domain::money::{Money, Price, Quantity};
use crate::domain::order::Side;
use crate::domain::plugin::PluginId;
use crate::domain::time::Timestamp;

const PLUGIN: PluginId = PluginId(0);
const STOCK: InstrumentId = InstrumentId(0);

fn fill(side: Side, size: i32, price: &str) -> PortfolioFill {
    PortfolioFill {
        plugin: PLUGIN,
        instrument: STOCK,
        side,
        size: Quantity::from_units(size),
        price: price.parse().unwrap(),
        multiplier: Quantity::ONE,
        at: Timestamp::from_nanos(1),
    }
}

fn check(fills: &[(Side, i32, &str)], size: i32, average: &str, realized: &str) {
    let mut portfolio = Portfolio::default();
    for (side, size, price) in fills {
        portfolio.apply_fill(fill(*side, *size, price));
    }
    let position = portfolio.position(PLUGIN, STOCK);
    assert_eq!(position.size, Quantity::from_units(size));
    assert_eq!(position.average_price(), average.parse().unwrap());
    assert_eq!(position.realized, realized.parse().unwrap());
}

#[test]
fn average_cost_accounting() {
    use Side::{Buy, Sell};
    check(&[(Buy, 100, "10")], 100, "10", "0");
    check(&[(Buy, 100, "10"), (Buy, 100, "12")], 200, "11", "0");
    check(&[(Buy, 100, "10"), (Sell, 40, "11")], 60, "10", "40");
    check(&[(Buy, 100, "10"), (Sell, 100, "9.5")], 0, "0", "-50");
    check(&[(Buy, 100, "10"), (Sell, 150, "11")], -50, "11", "100");
    check(&[(Sell, 100, "10"), (Buy, 50, "9")], -50, "10", "50");
    check(&[(Sell, 10, "10"), (Buy, 30, "8")], 20, "8", "20");
}

#[test]
fn fees_lower_the_day_and_the_day_ends_at_midnight() {
    let mut portfolio = Portfolio::default();
    portfolio.apply_fill(fill(Side::Buy, 10, "10"));
    portfolio.apply_fill(fill(Side::Sell, 10, "11"));
    let today = Timestamp::from_nanos(1);
    portfolio.apply_fee(PLUGIN, STOCK, "2.5".parse().unwrap(), today);
    assert_eq!(portfolio.day_profit(PLUGIN, today), "7.5".parse().unwrap());
    let tomorrow = Timestamp::from_nanos(86_400_000_000_001);
    assert_eq!(portfolio.day_profit(PLUGIN, tomorrow), Money::ZERO);
}

proptest! {
    /// Whatever is bought and sold, the profit marked at the last price is the cash that came in and the value held.
    #[test]
    fn profit_is_cash_and_value(
        fills in proptest::collection::vec((any::<bool>(), 1i32..500, 1i64..1_000_000), 1..60),
    ) {
        let mut position = Position::default();
        let mut cash = Money::ZERO;
        let mut last = Price::ZERO;
        for (buy, size, cents) in fills {
            let side = if buy { Side::Buy } else { Side::Sell };
            let size = Quantity::from_units(size);
            last = Price::from_nanos(cents * 10_000_000);
            position.fill(side, size, last, Quantity::ONE);
            cash = cash.minus(last.notional(side.signed(size), Quantity::ONE));
        }
        let held = last.notional(position.size, Quantity::ONE);
        let profit = position.realized.plus(position.unrealized(last, Quantity::ONE));
        // Proportional release rounds by less than one nano a fill.
        prop_assert!(profit.minus(cash.plus(held)).abs() < Money::from_nanos(100));
    }
}
