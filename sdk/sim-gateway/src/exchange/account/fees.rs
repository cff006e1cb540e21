//! What trading costs: IB's published fixed prices (interactivebrokers.com, Pricing, Commissions), by asset
//! class and currency.
//!
//! Never: charging. Whoever books a fill decides what of an order's fee is still due.

use rust_decimal::Decimal;

use crate::exchange::instrument::{Instrument, Kind, Lots};

/// A price: so much for every unit and so much of the value, within bounds.
struct Price {
    per_unit: Decimal,
    of_value: Decimal,
    least: Decimal,
    /// Share of the value that the fee never exceeds.
    most: Option<Decimal>,
}

/// The fee of a whole order that has traded `lots` for `value` (price times quantity) so far, in the
/// instrument's currency.
///
/// US stocks half a cent a share, at least a dollar, at most one percent; other stocks a share of their
/// value with a minimum that depends on the currency; options 65 cents and futures 85 cents a contract;
/// currencies 0.2 basis points, at least two dollars.
#[must_use]
pub fn order_fee(instrument: &Instrument, lots: Lots, value: Decimal) -> Decimal {
    let price = price(instrument);
    let worth = (value * instrument.multiplier).abs();
    let fee = instrument.quantity(lots) * price.per_unit + worth * price.of_value;
    let fee = fee.max(price.least);
    let fee = price.most.map_or(fee, |most| fee.min(worth * most));
    fee.round_dp(6).normalize()
}

fn price(instrument: &Instrument) -> Price {
    let currency = instrument.currency.as_str();
    let contract = |cents: i64, least: i64| Price {
        per_unit: Decimal::new(cents, 2),
        of_value: Decimal::ZERO,
        least: Decimal::new(least, 2),
        most: None,
    };
    let share = |basis: Decimal, least: Decimal, most: Option<Decimal>| Price {
        per_unit: Decimal::ZERO,
        of_value: basis,
        least,
        most,
    };
    match instrument.kind {
        Kind::Stock | Kind::Cfd => stock(currency),
        Kind::Option => contract(65, 100),
        Kind::Future | Kind::FutureOption => contract(85, 0),
        Kind::Cash => share(Decimal::new(2, 5), small(currency, 200), None),
        Kind::Commodity => share(Decimal::new(15, 6), small(currency, 200), None),
        Kind::Bond => share(Decimal::new(1, 3), small(currency, 100), None),
        Kind::Crypto => share(
            Decimal::new(18, 4),
            small(currency, 175),
            Some(Decimal::new(1, 2)),
        ),
        Kind::Fund => share(Decimal::ZERO, small(currency, 1495), Some(Decimal::new(3, 2))),
        Kind::Warrant => share(Decimal::new(1, 3), small(currency, 400), None),
        Kind::Index => contract(0, 0),
        Kind::Bag => {
            let legs: Lots = instrument.legs.iter().map(|leg| leg.ratio.abs()).sum();
            contract(65 * legs, 100)
        }
    }
}

fn stock(currency: &str) -> Price {
    let (per_unit, of_value, least, most) = match currency {
        "USD" => (
            Decimal::new(5, 3),
            Decimal::ZERO,
            Decimal::ONE,
            Some(Decimal::new(1, 2)),
        ),
        "CAD" => (
            Decimal::new(1, 2),
            Decimal::ZERO,
            Decimal::ONE,
            Some(Decimal::new(5, 3)),
        ),
        "JPY" => (Decimal::ZERO, Decimal::new(8, 4), Decimal::from(80), None),
        "HKD" => (Decimal::ZERO, Decimal::new(8, 4), Decimal::from(18), None),
        "AUD" => (Decimal::ZERO, Decimal::new(8, 4), Decimal::from(6), None),
        "SGD" => (Decimal::ZERO, Decimal::new(8, 4), Decimal::new(25, 1), None),
        "CHF" => (Decimal::ZERO, Decimal::new(5, 4), Decimal::from(5), None),
        "SEK" | "NOK" | "DKK" => (Decimal::ZERO, Decimal::new(5, 4), Decimal::from(49), None),
        _ => (Decimal::ZERO, Decimal::new(5, 4), Decimal::from(3), None),
    };
    Price {
        per_unit,
        of_value,
        least,
        most,
    }
}

/// A minimum of so many US cents, in a currency of roughly that many units to the dollar.
fn small(currency: &str, cents: i64) -> Decimal {
    let units = match currency {
        "JPY" => 150,
        "KRW" => 1_300,
        "INR" => 85,
        "MXN" | "TWD" => 25,
        "HKD" | "CNH" | "SEK" | "NOK" | "DKK" => 8,
        _ => 1,
    };
    Decimal::new(cents * units, 2)
}
