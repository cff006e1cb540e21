//! Prices, quantities and money: fixed point, one unit is 1e-9, checked arithmetic.
//!
//! Floats exist only where IB's wire has them (the gateway's conversions). Everything the desk decides is decided in
//! whole numbers, so equality means equality and a sum does not depend on its order.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// How many nano units make one.
pub const NANO: i64 = 1_000_000_000;

/// Text that is not a decimal with at most nine places.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a decimal number with at most 9 places and below 9.2e9")]
pub struct ParseDecimalError {
    text: String,
}

/// A price in 1e-9 of the instrument's currency. May be negative: some futures and spreads are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Price(i64);

/// A quantity in 1e-9 of a share, contract or unit. Signed where it is a position, positive where it is a size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Quantity(i64);

/// An amount of money in 1e-9 of a currency. 128 bits, because a notional is a price times a quantity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Money(i128);

impl Price {
    /// No price at all.
    pub const ZERO: Price = Price(0);

    /// From nano units.
    pub const fn from_nanos(nanos: i64) -> Self {
        Price(nanos)
    }

    /// In nano units.
    pub const fn nanos(self) -> i64 {
        self.0
    }

    /// The value of `quantity` at this price, times the contract's `multiplier`.
    pub fn notional(self, quantity: Quantity, multiplier: Quantity) -> Money {
        // i64 * i64 fits i128 with room for one division before the second multiplication.
        let value = (i128::from(self.0) * i128::from(quantity.0)) / i128::from(NANO);
        Money(value.saturating_mul(i128::from(multiplier.0)) / i128::from(NANO))
    }

    /// How far apart two prices are, as a positive price.
    pub fn distance(self, other: Price) -> Price {
        Price(self.0.saturating_sub(other.0).saturating_abs())
    }

    /// The middle of two prices.
    pub fn midpoint(self, other: Price) -> Price {
        let sum = i128::from(self.0) + i128::from(other.0);
        Price((sum / 2) as i64)
    }

    /// `part` per million of this price, as a positive price.
    pub fn parts_per_million(self, part: u32) -> Price {
        let scaled = i128::from(self.0).abs() * i128::from(part) / 1_000_000;
        Price(i64::try_from(scaled).unwrap_or(i64::MAX))
    }

    /// Whether this is a whole number of `tick`s. A zero tick accepts everything.
    pub fn is_on_tick(self, tick: Price) -> bool {
        tick.0 == 0 || self.0 % tick.0 == 0
    }
}

impl Quantity {
    /// Nothing.
    pub const ZERO: Quantity = Quantity(0);
    /// One share, contract or unit.
    pub const ONE: Quantity = Quantity(NANO);

    /// From nano units.
    pub const fn from_nanos(nanos: i64) -> Self {
        Quantity(nanos)
    }

    /// From whole units.
    pub const fn from_units(units: i32) -> Self {
        Quantity(units as i64 * NANO)
    }

    /// In nano units.
    pub const fn nanos(self) -> i64 {
        self.0
    }

    /// Greater than nothing.
    pub const fn is_positive(self) -> bool {
        self.0 > 0
    }

    /// Nothing at all.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// Without its sign.
    pub const fn abs(self) -> Quantity {
        Quantity(self.0.saturating_abs())
    }

    /// With the other sign.
    pub const fn negated(self) -> Quantity {
        Quantity(self.0.saturating_neg())
    }

    /// The sum, stopping at the ends of the range.
    pub const fn plus(self, other: Quantity) -> Quantity {
        Quantity(self.0.saturating_add(other.0))
    }

    /// The difference, stopping at the ends of the range.
    pub const fn minus(self, other: Quantity) -> Quantity {
        Quantity(self.0.saturating_sub(other.0))
    }
}

impl Money {
    /// Nothing.
    pub const ZERO: Money = Money(0);

    /// From nano units.
    pub const fn from_nanos(nanos: i128) -> Self {
        Money(nanos)
    }

    /// In nano units.
    pub const fn nanos(self) -> i128 {
        self.0
    }

    /// In nano units, stopping at the ends of 64 bits: for places with no room for more.
    pub fn nanos_saturating(self) -> i64 {
        i64::try_from(self.0).unwrap_or(if self.0 < 0 { i64::MIN } else { i64::MAX })
    }

    /// The sum, stopping at the ends of the range.
    pub const fn plus(self, other: Money) -> Money {
        Money(self.0.saturating_add(other.0))
    }

    /// The difference, stopping at the ends of the range.
    pub const fn minus(self, other: Money) -> Money {
        Money(self.0.saturating_sub(other.0))
    }

    /// Without its sign.
    pub const fn abs(self) -> Money {
        Money(self.0.saturating_abs())
    }
}

fn format_nanos(nanos: i128, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let sign = if nanos < 0 { "-" } else { "" };
    let magnitude = nanos.unsigned_abs();
    let (whole, fraction) = (magnitude / NANO as u128, magnitude % NANO as u128);
    let digits = format!("{fraction:09}");
    let digits = digits.trim_end_matches('0');
    let text = if digits.is_empty() {
        format!("{sign}{whole}")
    } else {
        format!("{sign}{whole}.{digits}")
    };
    f.pad(&text)
}

fn parse_nanos(text: &str) -> Result<i128, ParseDecimalError> {
    let fail = || ParseDecimalError {
        text: text.to_owned(),
    };
    let trimmed = text.trim();
    let (negative, digits) = match trimmed.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, trimmed),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if (whole.is_empty() && fraction.is_empty()) || whole.len() > 20 || fraction.len() > 9 {
        return Err(fail());
    }
    if !all_digits(whole) || !all_digits(fraction) {
        return Err(fail());
    }
    let whole: i128 = if whole.is_empty() {
        0
    } else {
        whole.parse().map_err(|_| fail())?
    };
    let fraction: i128 = format!("{fraction:0<9}").parse().map_err(|_| fail())?;
    let nanos = whole * i128::from(NANO) + fraction;
    Ok(if negative { -nanos } else { nanos })
}

macro_rules! decimal_text {
    ($type:ident, $inner:ty) => {
        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                format_nanos(i128::from(self.0), f)
            }
        }

        impl FromStr for $type {
            type Err = ParseDecimalError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let nanos = parse_nanos(text)?;
                let narrow = <$inner>::try_from(nanos);
                narrow.map($type).map_err(|_| ParseDecimalError {
                    text: text.to_owned(),
                })
            }
        }

        // Decimal text, because a JSON number is a float to most who read it.
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer
                    .deserialize_any(DecimalVisitor)
                    .and_then(|nanos| {
                        let narrow = <$inner>::try_from(nanos);
                        narrow
                            .map($type)
                            .map_err(|_| serde::de::Error::custom("number out of range"))
                    })
            }
        }
    };
}

decimal_text!(Price, i64);
decimal_text!(Quantity, i64);
decimal_text!(Money, i128);

/// Takes what people write in a configuration: 12, 12.5 or "12.5".
struct DecimalVisitor;

impl serde::de::Visitor<'_> for DecimalVisitor {
    type Value = i128;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a decimal number, or one in quotes")
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<i128, E> {
        Ok(i128::from(value) * i128::from(NANO))
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<i128, E> {
        Ok(i128::from(value) * i128::from(NANO))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<i128, E> {
        // The shortest text that reads back as the same float is what the person wrote.
        parse_nanos(&value.to_string()).map_err(E::custom)
    }

    fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<i128, E> {
        parse_nanos(value).map_err(E::custom)
    }
}
