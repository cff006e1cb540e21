//! The yields that a bond's prices stand for.

use super::fields;
use super::options::Basis;
use super::ticker::Ticker;
use crate::exchange::{Instrument, InstrumentId, Kind, Ticks};
use crate::gateway::Gateway;
use crate::gateway::values::double;

const SECONDS_A_YEAR: f64 = 31_557_600.0;

/// The yield to maturity, in percent a year compounded yearly, of a bond that pays `coupon` percent a year
/// and costs `price` percent; `None` when it has matured or no yield explains the price.
fn yield_of(price: f64, coupon: f64, years: f64) -> Option<f64> {
    if years <= 0.0 || price <= 0.0 {
        return None;
    }
    let worth = |rate: f64| {
        let factor = libm::pow(1.0 + rate, -years);
        let coupons = if rate.abs() < 1e-9 {
            years
        } else {
            (1.0 - factor) / rate
        };
        coupon * coupons + 100.0 * factor
    };
    let (mut low, mut high) = (-0.5, 1.0);
    if worth(high) > price || worth(low) < price {
        return None;
    }
    for _ in 0..50 {
        let middle = 0.5 * (low + high);
        if worth(middle) > price {
            low = middle
        } else {
            high = middle
        }
    }
    // To the thousandth of a percent, as yields are quoted.
    Some(libm::round(50_000.0 * (low + high)) / 1_000.0)
}

/// What a price of a bond yields.
fn yield_at(instrument: &Instrument, ticks: Ticks, now: u64) -> Option<f64> {
    let terms = instrument.about.bond.as_ref()?;
    let matures = instrument.maturity?.expiration;
    let ends = matures
        .to_zoned(jiff::tz::TimeZone::UTC)
        .ok()?
        .timestamp()
        .as_second();
    let now = i64::try_from(now).ok()?;
    let years = (ends - now) as f64 / SECONDS_A_YEAR;
    yield_of(double(instrument.price(ticks)), double(terms.coupon), years)
}

impl Gateway {
    /// Tells the watchers of a bond what its prices yield, where those have changed.
    pub(super) fn tell_yields(&mut self, id: InstrumentId) {
        let now = self.exchange.unix_seconds(self.exchange.now());
        let Self {
            exchange,
            data,
            output,
            ..
        } = self;
        let market = exchange.market(id);
        if market.instrument.kind != Kind::Bond {
            return;
        }
        let Some(board) = data.boards.get_mut(id.0) else {
            return;
        };
        for stream in &mut board.streams {
            let basis = Basis::of(stream.told, stream.day, 0);
            if stream.computed == Some(basis) || stream.generics.without_quotes {
                continue;
            }
            stream.computed = Some(basis);
            let mut ticker = Ticker {
                out: &mut *output,
                address: stream.address,
                delayed: stream.feed.is_delayed(),
            };
            for (field, price) in [
                (fields::BID_YIELD, basis.bid),
                (fields::ASK_YIELD, basis.ask),
                (fields::LAST_YIELD, basis.last),
            ] {
                let found = price.and_then(|price| yield_at(&market.instrument, price, now));
                if let Some(percent) = found {
                    ticker.bare_price(field, percent);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::yield_of;

    #[test]
    fn yields_are_those_of_the_textbook() {
        assert_eq!(yield_of(100.0, 5.0, 10.0), Some(5.0));
        assert_eq!(yield_of(100.0, 0.0, 3.0), Some(0.0));
        // Ten years of nothing, then 100.
        assert_eq!(yield_of(61.391_325, 0.0, 10.0), Some(5.0));
        assert_eq!(yield_of(92.278_265, 4.0, 10.0), Some(5.0));
        assert_eq!(yield_of(100.0, 5.0, 0.0), None);
        assert_eq!(yield_of(0.0, 5.0, 3.0), None);
    }
}
