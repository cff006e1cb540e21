//! The catalogue file as it is written.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use rust_decimal::prelude::FromPrimitive;
use serde::{Deserialize, Deserializer};

use super::hours::{HolidaysEntry, HoursEntry};
use crate::exchange::instrument::{BondTerms, FundTerms};

/// A whole file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    #[serde(default)]
    pub(super) holidays: BTreeMap<String, HolidaysEntry>,
    pub(super) hours: BTreeMap<String, HoursEntry>,
    pub(super) rules: BTreeMap<String, String>,
    pub(super) markets: BTreeMap<String, MarketEntry>,
    pub(super) listed: ListedEntry,
}

/// `[listed]`: what there is to trade.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ListedEntry {
    /// Local symbols of the instruments that come first, before the synthetic stocks.
    #[serde(default)]
    pub(super) first: Vec<String>,
    /// The market of the synthetic stocks.
    pub(super) synthetic: Option<String>,
    pub(super) instruments: Vec<InstrumentEntry>,
    #[serde(default)]
    pub(super) chains: Vec<ChainEntry>,
}

/// `[markets.NAME]`: what the instruments of one market have in common.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MarketEntry {
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) currency: String,
    pub(super) exchanges: Vec<String>,
    /// One for all exchanges, or one for each.
    pub(super) rules: Vec<i32>,
    pub(super) hours: String,
    /// Trading classes by primary exchange, where they are not the local symbol.
    #[serde(default)]
    pub(super) classes: BTreeMap<String, String>,
    #[serde(default = "one", deserialize_with = "number")]
    pub(super) size_increment: Decimal,
    #[serde(default = "one", deserialize_with = "number")]
    pub(super) min_size: Decimal,
    #[serde(default = "one", deserialize_with = "number")]
    pub(super) multiplier: Decimal,
    #[serde(default = "unmagnified")]
    pub(super) price_magnifier: i32,
    pub(super) stock_type: Option<String>,
    #[serde(default = "usual_volatility")]
    pub(super) volatility: f64,
    #[serde(default)]
    pub(super) beta: f64,
    pub(super) lots: i64,
}

/// One instrument; what it leaves out is its market's.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct InstrumentEntry {
    pub(super) market: String,
    pub(super) con_id: i32,
    pub(super) symbol: String,
    pub(super) local: Option<String>,
    pub(super) class: Option<String>,
    pub(super) name: String,
    pub(super) primary: Option<String>,
    pub(super) exchanges: Option<Vec<String>>,
    pub(super) rules: Option<Vec<i32>>,
    pub(super) currency: Option<String>,
    #[serde(deserialize_with = "number")]
    pub(super) price: Decimal,
    #[serde(default, deserialize_with = "maybe_number")]
    pub(super) size_increment: Option<Decimal>,
    #[serde(default, deserialize_with = "maybe_number")]
    pub(super) multiplier: Option<Decimal>,
    pub(super) volatility: Option<f64>,
    pub(super) beta: Option<f64>,
    pub(super) lots: Option<i64>,
    #[serde(default)]
    pub(super) industry: String,
    #[serde(default)]
    pub(super) category: String,
    #[serde(default)]
    pub(super) subcategory: String,
    pub(super) stock_type: Option<String>,
    pub(super) isin: Option<String>,
    pub(super) cusip: Option<String>,
    /// Contract id of what it is derived from.
    pub(super) underlying: Option<i32>,
    #[serde(default, deserialize_with = "maybe_number")]
    pub(super) strike: Option<Decimal>,
    pub(super) right: Option<String>,
    /// Last trading day of a warrant, day of repayment of a bond.
    pub(super) maturity: Option<String>,
    pub(super) bond: Option<BondTerms>,
    pub(super) fund: Option<FundTerms>,
}

/// The futures or options of one class.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ChainEntry {
    pub(super) market: String,
    /// The class, and the symbol of futures.
    pub(super) class: String,
    pub(super) symbol: Option<String>,
    #[serde(default)]
    pub(super) name: String,
    /// Contract id of the underlying; of options on futures the class of these in `futures`.
    pub(super) underlying: Option<i32>,
    pub(super) futures: Option<String>,
    /// Letters of the contract months.
    #[serde(default = "every_month")]
    pub(super) months: String,
    /// How many of them are listed.
    #[serde(default)]
    pub(super) listed: usize,
    /// How many of the next Fridays are listed too.
    #[serde(default)]
    pub(super) weekly: usize,
    /// The last trading day in the contract month, or in relation to it.
    #[serde(default = "third_friday")]
    pub(super) expiry: String,
    /// Settled on the morning after its last trading day.
    #[serde(default)]
    pub(super) settles_next_morning: bool,
    /// When trading ends on the last day; otherwise with regular hours.
    pub(super) last_time: Option<String>,
    /// Premium over the underlying a year, as a fraction.
    #[serde(default)]
    pub(super) carry: f64,
    #[serde(default, deserialize_with = "maybe_number")]
    pub(super) strike_step: Option<Decimal>,
    /// Strikes on each side of the price.
    #[serde(default)]
    pub(super) strikes: i64,
    #[serde(default, deserialize_with = "maybe_number")]
    pub(super) multiplier: Option<Decimal>,
    /// How local symbols are written, with `{class}`, `{month}`, `{y}`, `{yy}`, `{mon}`.
    pub(super) local: Option<String>,
    pub(super) volatility: Option<f64>,
    pub(super) lots: Option<i64>,
    #[serde(default)]
    pub(super) exchanges: Option<Vec<String>>,
}

fn one() -> Decimal {
    Decimal::ONE
}

fn unmagnified() -> i32 {
    1
}

fn usual_volatility() -> f64 {
    0.3
}

fn every_month() -> String {
    "FGHJKMNQUVXZ".to_owned()
}

fn third_friday() -> String {
    "third friday".to_owned()
}

/// Reads a number as the decimal it is written as.
pub(in crate::exchange) fn number<'de, D: Deserializer<'de>>(from: D) -> Result<Decimal, D::Error> {
    let value = f64::deserialize(from)?;
    let decimal = Decimal::from_f64(value).map(|decimal| decimal.round_dp(10).normalize());
    decimal.ok_or_else(|| serde::de::Error::custom("this number is too large"))
}

fn maybe_number<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Decimal>, D::Error> {
    number(from).map(Some)
}
