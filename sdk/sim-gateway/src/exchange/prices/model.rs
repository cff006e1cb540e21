//! What an option is worth: the Black-Scholes formula in its general form, its derivatives and its inverse.

use crate::exchange::instrument::Right;

const DAYS_A_YEAR: f64 = 365.0;
/// Yearly interest, continuously compounded, for every currency here.
pub const INTEREST: f64 = 0.04;

/// What an option's price depends on besides volatility and its underlying.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Terms {
    /// Call or put.
    pub right: Right,
    /// Strike price.
    pub strike: f64,
    /// Years until it expires; zero and less is expired.
    pub years: f64,
    /// Yearly interest.
    pub rate: f64,
    /// Yearly cost of holding the underlying: the interest for a stock, nothing for a future.
    pub carry: f64,
}

/// An option's price with its sensitivities, in the units of IB's option computations.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Greeks {
    /// Yearly volatility the price stands for, as a fraction.
    pub volatility: f64,
    /// Price of one unit of the option.
    pub price: f64,
    /// Change of the price with the underlying's.
    pub delta: f64,
    /// Change of delta with the underlying's price.
    pub gamma: f64,
    /// Change of the price with one percentage point of volatility.
    pub vega: f64,
    /// Change of the price in one day.
    pub theta: f64,
    /// Price of the underlying.
    pub underlying: f64,
}

/// Share of a normal distribution below `x`.
fn normal(x: f64) -> f64 {
    0.5 * libm::erfc(-x / std::f64::consts::SQRT_2)
}

/// Height of the normal distribution at `x`.
fn bell(x: f64) -> f64 {
    libm::exp(-0.5 * x * x) / libm::sqrt(std::f64::consts::TAU)
}

/// Price of an option on `underlying` at a yearly `volatility`.
#[must_use]
pub fn price(terms: &Terms, underlying: f64, volatility: f64) -> f64 {
    greeks(terms, underlying, volatility).price
}

/// Price and sensitivities of an option on `underlying` at a yearly `volatility`.
#[must_use]
pub fn greeks(terms: &Terms, underlying: f64, volatility: f64) -> Greeks {
    let sign = match terms.right {
        Right::Call => 1.0,
        Right::Put => -1.0,
    };
    let Terms {
        strike,
        years,
        rate,
        carry,
        ..
    } = *terms;
    let deviation = volatility * libm::sqrt(years.max(0.0));
    if deviation < 1e-9 || underlying <= 0.0 || strike <= 0.0 {
        let inside = sign * (underlying - strike);
        return Greeks {
            volatility,
            price: inside.max(0.0),
            delta: if inside > 0.0 { sign } else { 0.0 },
            gamma: 0.0,
            vega: 0.0,
            theta: 0.0,
            underlying,
        };
    }
    let d1 = (libm::log(underlying / strike) + (carry + 0.5 * volatility * volatility) * years) / deviation;
    let d2 = d1 - deviation;
    let grown = libm::exp((carry - rate) * years);
    let discounted = libm::exp(-rate * years);
    let (near, far) = (normal(sign * d1), normal(sign * d2));
    let decay = -underlying * grown * bell(d1) * volatility / (2.0 * libm::sqrt(years));
    let yearly =
        decay - sign * (carry - rate) * underlying * grown * near - sign * rate * strike * discounted * far;
    Greeks {
        volatility,
        price: (sign * (underlying * grown * near - strike * discounted * far)).max(0.0),
        delta: sign * grown * near,
        gamma: grown * bell(d1) / (underlying * deviation),
        vega: underlying * grown * bell(d1) * libm::sqrt(years) / 100.0,
        theta: yearly / DAYS_A_YEAR,
        underlying,
    }
}

/// The volatility at which an option on `underlying` costs `price`, or `None` when none does: the price is
/// below what the option is worth at once, or above what it can ever be worth.
#[must_use]
pub fn implied_volatility(terms: &Terms, underlying: f64, wanted: f64) -> Option<f64> {
    let (mut low, mut high) = (1e-4, 10.0);
    let possible = terms.years > 0.0
        && wanted.is_finite()
        && price(terms, underlying, low) <= wanted
        && wanted <= price(terms, underlying, high);
    if !possible {
        return None;
    }
    // Halving always ends, whatever the price's slope; fifty times is beyond the precision of a price.
    for _ in 0..50 {
        let middle = 0.5 * (low + high);
        if price(terms, underlying, middle) < wanted {
            low = middle;
        } else {
            high = middle;
        }
    }
    Some(0.5 * (low + high))
}
