//! Prices, quantities and amounts: fixed point, one unit is 1e-9, as they travel over the wire.
//!
//! Arithmetic saturates: a strategy that multiplied its way past 9.2 billion must not trap in the middle of
//! a callback, and the host refuses such a number anyway. Floats are for indicators; they come back through
//! `from_f64`.

use core::fmt;
use core::ops::{Add, Neg, Sub};

use serde::de::{self, Deserialize, Deserializer, Visitor};

/// Units in one whole.
const ONE: i64 = 1_000_000_000;
/// Decimal places of one unit.
const PLACES: usize = 9;

macro_rules! fixed_point {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(transparent)]
        pub struct $name(i64);

        impl $name {
            /// Nothing of it.
            pub const ZERO: Self = Self(0);

            /// From units of 1e-9, as the wire has it.
            #[must_use]
            pub const fn from_units(units: i64) -> Self {
                Self(units)
            }

            /// Units of 1e-9.
            #[must_use]
            pub const fn units(self) -> i64 {
                self.0
            }

            /// A whole number of it; saturates.
            #[must_use]
            pub const fn from_int(whole: i64) -> Self {
                Self(whole.saturating_mul(ONE))
            }

            /// The nearest representable value; `None` when `value` is not finite or out of range.
            #[must_use]
            pub fn from_f64(value: f64) -> Option<Self> {
                units_of(value).map(Self)
            }

            /// For indicators and display; not for anything that is sent.
            #[must_use]
            pub fn to_f64(self) -> f64 {
                self.0 as f64 / ONE as f64
            }

            /// The distance from zero; saturates.
            #[must_use]
            pub const fn abs(self) -> Self {
                Self(self.0.saturating_abs())
            }

            /// Whether it is above zero.
            #[must_use]
            pub const fn is_positive(self) -> bool {
                self.0 > 0
            }

            /// Whether it is below zero.
            #[must_use]
            pub const fn is_negative(self) -> bool {
                self.0 < 0
            }

            /// Whether it is zero.
            #[must_use]
            pub const fn is_zero(self) -> bool {
                self.0 == 0
            }

            /// The greatest multiple of `step` that is not above it; itself when `step` is not positive.
            #[must_use]
            pub const fn floor_to(self, step: Self) -> Self {
                if step.0 <= 0 { self } else { Self(self.0.saturating_sub(self.0.rem_euclid(step.0))) }
            }

            /// The smallest multiple of `step` that is not below it; itself when `step` is not positive.
            #[must_use]
            pub const fn ceil_to(self, step: Self) -> Self {
                if step.0 <= 0 {
                    return self;
                }
                match self.0.rem_euclid(step.0) {
                    0 => self,
                    rest => Self(self.0.saturating_add(step.0 - rest)),
                }
            }
        }

        impl Add for $name {
            type Output = Self;
            fn add(self, other: Self) -> Self {
                Self(self.0.saturating_add(other.0))
            }
        }

        impl Sub for $name {
            type Output = Self;
            fn sub(self, other: Self) -> Self {
                Self(self.0.saturating_sub(other.0))
            }
        }

        impl Neg for $name {
            type Output = Self;
            fn neg(self) -> Self {
                Self(self.0.saturating_neg())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write_decimal(self.0, f)
            }
        }

        impl core::str::FromStr for $name {
            type Err = NotADecimal;
            fn from_str(text: &str) -> Result<Self, NotADecimal> {
                parse_decimal(text).map(Self).ok_or(NotADecimal)
            }
        }

        /// Reads a number, or a string where every digit counts: `0.01` and `"0.01"` are the same.
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_any(Units).map(Self)
            }
        }
    };
}

fixed_point! {
    /// A price in the instrument's currency, 1e-9 of it to the unit.
    Price
}
fixed_point! {
    /// Shares, contracts or units, 1e-9 of one to the unit; negative only for short positions.
    Quantity
}
fixed_point! {
    /// An amount of the account's base currency, 1e-9 of it to the unit.
    Amount
}

impl Price {
    /// Half way between two prices, rounded down to the unit.
    #[must_use]
    pub const fn midpoint(self, other: Self) -> Self {
        Self(((self.0 as i128 + other.0 as i128) >> 1) as i64)
    }
}

/// The text is not a decimal number with at most nine places, or it is out of range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotADecimal;

impl fmt::Display for NotADecimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a decimal number with at most nine places")
    }
}

impl core::error::Error for NotADecimal {}

fn units_of(value: f64) -> Option<i64> {
    // 2^63 is exact as a float and i64::MAX is not, so the upper bound has to be an exclusive one.
    const END: f64 = 9_223_372_036_854_775_808.0;
    let units = (value * ONE as f64).round();
    (-END..END).contains(&units).then_some(units as i64)
}

fn parse_decimal(text: &str) -> Option<i64> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let is_number = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || part.len() > PLACES || !is_number(whole) || !is_number(part) {
        return None;
    }
    let mut units: i64 = whole.parse::<i64>().ok()?.checked_mul(ONE)?;
    let mut place = ONE;
    for digit in part.bytes() {
        place /= 10;
        units = units.checked_add(i64::from(digit - b'0') * place)?;
    }
    Some(if negative { -units } else { units })
}

fn write_decimal(units: i64, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let magnitude = units.unsigned_abs();
    let (whole, part) = (magnitude / ONE as u64, magnitude % ONE as u64);
    let sign = if units < 0 { "-" } else { "" };
    if part == 0 {
        return write!(f, "{sign}{whole}");
    }
    let digits = format!("{part:09}");
    write!(f, "{sign}{whole}.{}", digits.trim_end_matches('0'))
}

struct Units;

impl Visitor<'_> for Units {
    type Value = i64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a decimal number")
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<i64, E> {
        units_of(value).ok_or_else(|| E::invalid_value(de::Unexpected::Float(value), &self))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<i64, E> {
        value
            .checked_mul(ONE)
            .ok_or_else(|| E::invalid_value(de::Unexpected::Signed(value), &self))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<i64, E> {
        let whole = i64::try_from(value).ok().and_then(|whole| whole.checked_mul(ONE));
        whole.ok_or_else(|| E::invalid_value(de::Unexpected::Unsigned(value), &self))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<i64, E> {
        parse_decimal(text).ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))
    }
}

#[cfg(test)]
#[path = "number_tests.rs"]
mod tests;
