//! The formula against known prices, its own limits, and its inverse.

use proptest::prelude::*;

use super::model::{Terms, greeks, implied_volatility, price};
use crate::exchange::Right;

fn terms(right: Right, strike: f64, years: f64, rate: f64, carry: f64) -> Terms {
    Terms {
        right,
        strike,
        years,
        rate,
        carry,
    }
}

#[test]
fn known_prices_come_out() {
    // Textbook examples: a stock (Hull), an option on a future (Black), and what is left at the end.
    let table = [
        (terms(Right::Call, 40.0, 0.5, 0.1, 0.1), 42.0, 0.2, 4.759_422),
        (terms(Right::Put, 40.0, 0.5, 0.1, 0.1), 42.0, 0.2, 0.808_599),
        (
            terms(Right::Put, 20.0, 1.0 / 3.0, 0.09, 0.0),
            20.0,
            0.25,
            1.116_641,
        ),
        (terms(Right::Call, 40.0, 0.0, 0.1, 0.1), 42.0, 0.2, 2.0),
        (terms(Right::Put, 40.0, 0.0, 0.1, 0.1), 42.0, 0.2, 0.0),
    ];
    for (terms, underlying, volatility, wanted) in table {
        let found = price(&terms, underlying, volatility);
        assert!((found - wanted).abs() < 1e-5, "{terms:?}: {found}");
    }
}

#[test]
fn sensitivities_are_the_slopes_of_the_price() {
    for right in [Right::Call, Right::Put] {
        for carry in [0.04, 0.0] {
            let terms = terms(right, 100.0, 0.3, 0.04, carry);
            let at = greeks(&terms, 103.0, 0.25);
            let slope = |low: f64, high: f64, width: f64| (high - low) / width;
            let delta = slope(price(&terms, 102.99, 0.25), price(&terms, 103.01, 0.25), 0.02);
            let vega = slope(price(&terms, 103.0, 0.249), price(&terms, 103.0, 0.251), 0.2);
            let sooner = Terms {
                years: terms.years - 0.5 / 365.0,
                ..terms
            };
            let later = Terms {
                years: terms.years + 0.5 / 365.0,
                ..terms
            };
            let theta = slope(price(&later, 103.0, 0.25), price(&sooner, 103.0, 0.25), 1.0);
            let gamma = slope(
                greeks(&terms, 102.99, 0.25).delta,
                greeks(&terms, 103.01, 0.25).delta,
                0.02,
            );
            for (name, found, wanted) in [
                ("delta", at.delta, delta),
                ("vega", at.vega, vega),
                ("theta", at.theta, theta),
                ("gamma", at.gamma, gamma),
            ] {
                assert!(
                    (found - wanted).abs() < 1e-4,
                    "{right:?} {carry} {name}: {found} {wanted}"
                );
            }
        }
    }
}

#[test]
fn a_price_below_what_it_is_worth_at_once_implies_nothing() {
    let terms = terms(Right::Call, 100.0, 0.5, 0.04, 0.04);
    for wanted in [-1.0, 0.0, 19.0, 121.0, f64::NAN] {
        assert_eq!(implied_volatility(&terms, 120.0, wanted), None, "{wanted}");
    }
}

proptest! {
    #[test]
    fn the_inverse_finds_the_volatility(
        call: bool,
        moneyness in 0.8..1.25_f64,
        years in 0.05..2.0_f64,
        volatility in 0.1..1.5_f64,
    ) {
        let right = if call { Right::Call } else { Right::Put };
        let terms = terms(right, 100.0, years, 0.04, 0.04);
        let wanted = price(&terms, 100.0 * moneyness, volatility);
        let found = implied_volatility(&terms, 100.0 * moneyness, wanted);
        // Far from the strike many volatilities give the same price; it is the price that must come back.
        let found = found.map(|each| price(&terms, 100.0 * moneyness, each));
        prop_assert!(found.is_some_and(|found| (found - wanted).abs() < 1e-7), "{:?} {}", found, wanted);
    }

    #[test]
    fn calls_and_puts_keep_their_parity(
        underlying in 1.0..1000.0_f64,
        strike in 1.0..1000.0_f64,
        years in 0.0..3.0_f64,
        volatility in 0.01..2.0_f64,
    ) {
        let call = price(&terms(Right::Call, strike, years, 0.04, 0.04), underlying, volatility);
        let put = price(&terms(Right::Put, strike, years, 0.04, 0.04), underlying, volatility);
        let wanted = underlying - strike * (-0.04 * years).exp();
        prop_assert!((call - put - wanted).abs() < 1e-6 * (underlying + strike));
    }
}
