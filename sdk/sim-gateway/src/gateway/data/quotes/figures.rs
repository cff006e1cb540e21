//! How one instrument's prices and sizes are written, without a decimal's detour: this is done for every
//! tick.

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use crate::exchange::{Instrument, Kind, Lots, Ticks};
use crate::gateway::values::{double, written};

/// Every power of ten that a double holds exactly and a price increment needs.
const POWERS: [f64; 11] = [1.0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10];

/// The way from ticks and lots to what messages carry.
#[derive(Debug, Clone, Copy)]
pub(in crate::gateway::data) struct Figures {
    min_tick: Decimal,
    size_increment: Decimal,
    /// The price increment is this over `divisor`, both exact.
    multiple: i64,
    divisor: Option<f64>,
    /// The size increment, when it is a whole number.
    whole_lot: Option<i64>,
}

impl Figures {
    /// For one instrument. `hundreds`: the gateway writes sizes of US stocks in round lots of 100, as
    /// gateways did before they could be told not to.
    pub(in crate::gateway::data) fn new(instrument: &Instrument, hundreds: bool) -> Self {
        let round = hundreds && instrument.kind == Kind::Stock && instrument.currency == "USD";
        let size_increment = if round {
            instrument.size_increment / Decimal::ONE_HUNDRED
        } else {
            instrument.size_increment
        };
        let multiple = instrument.min_tick.mantissa().to_i64();
        let scale = usize::try_from(instrument.min_tick.scale()).unwrap_or(usize::MAX);
        Self {
            min_tick: instrument.min_tick,
            size_increment,
            multiple: multiple.unwrap_or_default(),
            divisor: multiple.and(POWERS.get(scale).copied()),
            whole_lot: (size_increment.scale() == 0)
                .then(|| size_increment.to_i64())
                .flatten(),
        }
    }

    /// A price as a double.
    pub(in crate::gateway::data) fn price(&self, ticks: Ticks) -> f64 {
        let exact = ticks
            .checked_mul(self.multiple)
            .filter(|product| product.unsigned_abs() < 1 << 53)
            .zip(self.divisor);
        match exact {
            #[expect(clippy::cast_precision_loss, reason = "exact below 2^53")]
            // Both are exact, so the one division rounds correctly.
            Some((product, divisor)) => product as f64 / divisor,
            None => double(Decimal::from(ticks) * self.min_tick),
        }
    }

    /// The average price of trades whose prices times sizes add up to `turnover`; zero without any.
    #[expect(clippy::cast_precision_loss, reason = "an average for people to look at")]
    pub(in crate::gateway::data) fn average(&self, turnover: i128, lots: Lots) -> f64 {
        if lots == 0 {
            return 0.0;
        }
        turnover as f64 / lots as f64 * double(self.min_tick)
    }

    /// A size as the protocol writes it.
    pub(in crate::gateway::data) fn size(&self, lots: Lots) -> String {
        match self.whole_lot.and_then(|each| lots.checked_mul(each)) {
            Some(size) => size.to_string(),
            None => written(Decimal::from(lots) * self.size_increment),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::{Config, Exchange};

    #[test]
    fn figures_are_those_of_the_exact_decimals() {
        let exchange = Exchange::new(Config::default());
        for (_, market) in exchange.markets() {
            let figures = Figures::new(&market.instrument, false);
            for count in [-1, 0, 1, 7, 22_999, 23_001, 123_456_789] {
                let exact = market.instrument.price(count);
                assert_eq!(figures.price(count).to_string(), double(exact).to_string());
                assert_eq!(figures.size(count), written(market.instrument.quantity(count)));
            }
        }
    }

    #[test]
    fn sizes_in_round_lots_concern_american_stocks_only() {
        let exchange = Exchange::new(Config::default());
        let size = |symbol: &str, lots| {
            let mut markets = exchange.markets();
            let (_, market) = markets
                .find(|(_, each)| each.instrument.symbol == symbol)
                .unwrap();
            Figures::new(&market.instrument, true).size(lots)
        };
        assert_eq!(size("AAPL", 400), "4");
        assert_eq!(size("AAPL", 450), "4.5");
        assert_eq!(size("EUR", 450), "450");
    }
}
