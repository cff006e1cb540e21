//! What can be traded, and how its prices and sizes are counted.
//!
//! Inside the exchange a price is a whole number of ticks and a size a whole number of lots; an
//! [`Instrument`] turns both into decimals.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::Deserialize;

use super::calendar::Schedule;
use super::rules::Grid;

/// A price in minimum increments of its instrument.
pub type Ticks = i64;
/// A size in size increments of its instrument.
pub type Lots = i64;

/// Position of an instrument in the exchange's catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InstrumentId(pub usize);

/// Asset class, with what differs between classes in this market.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A stock or exchange-traded fund.
    Stock,
    /// An option on a stock or an index.
    Option,
    /// A future.
    Future,
    /// An option on a future.
    FutureOption,
    /// A currency pair: quotes only, no trade prints.
    Cash,
    /// A bond, priced in percent of its face value.
    Bond,
    /// A contract for difference: quotes that follow its underlying, no trade prints.
    Cfd,
    /// An index: a value, no quotes, not tradable.
    Index,
    /// A warrant.
    Warrant,
    /// A spot commodity: quotes only, no trade prints.
    Commodity,
    /// A cryptocurrency.
    Crypto,
    /// A mutual fund: one net asset value a day.
    Fund,
    /// A combination of other instruments, traded as one at a price that may be negative.
    Bag,
}

const ALL: [Kind; 13] = [
    Kind::Stock,
    Kind::Option,
    Kind::Future,
    Kind::FutureOption,
    Kind::Cash,
    Kind::Bond,
    Kind::Cfd,
    Kind::Index,
    Kind::Warrant,
    Kind::Commodity,
    Kind::Crypto,
    Kind::Fund,
    Kind::Bag,
];

impl Kind {
    /// The asset class of a `secType`, or `None` when there is none of that name.
    #[must_use]
    pub fn of(sec_type: &str) -> Option<Self> {
        ALL.into_iter().find(|kind| kind.sec_type() == sec_type)
    }

    /// The protocol's `secType`.
    #[must_use]
    pub fn sec_type(self) -> &'static str {
        match self {
            Kind::Stock => "STK",
            Kind::Option => "OPT",
            Kind::Future => "FUT",
            Kind::FutureOption => "FOP",
            Kind::Cash => "CASH",
            Kind::Bond => "BOND",
            Kind::Cfd => "CFD",
            Kind::Index => "IND",
            Kind::Warrant => "WAR",
            Kind::Commodity => "CMDTY",
            Kind::Crypto => "CRYPTO",
            Kind::Fund => "FUND",
            Kind::Bag => "BAG",
        }
    }

    /// Whether its trades are printed, so that it has a last price and a volume.
    #[must_use]
    pub fn prints_trades(self) -> bool {
        !matches!(
            self,
            Kind::Cash | Kind::Cfd | Kind::Commodity | Kind::Fund | Kind::Bag
        )
    }

    /// Whether it has a strike and a right.
    #[must_use]
    pub fn is_option(self) -> bool {
        matches!(self, Kind::Option | Kind::FutureOption | Kind::Warrant)
    }

    /// Share of a position's value that must be covered by equity.
    #[must_use]
    pub fn margin_rate(self) -> Decimal {
        match self {
            Kind::Cash | Kind::Commodity => Decimal::new(25, 3),
            Kind::Future | Kind::Cfd => Decimal::new(10, 2),
            Kind::Option | Kind::FutureOption | Kind::Warrant | Kind::Crypto | Kind::Fund => Decimal::ONE,
            Kind::Stock | Kind::Bond | Kind::Index | Kind::Bag => Decimal::new(25, 2),
        }
    }
}

/// The right an option gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Right {
    /// To buy.
    Call,
    /// To sell.
    Put,
}

/// What an instrument is derived from, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Derivation {
    /// The underlying instrument.
    pub underlying: InstrumentId,
    /// Unix time of the last moment it trades, seconds; zero when it has no end.
    pub expires: u64,
    /// Strike price, for options.
    pub strike: Option<Decimal>,
    /// Right, for options.
    pub right: Option<Right>,
}

/// One leg of a combination.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Leg {
    /// Which instrument.
    pub instrument: InstrumentId,
    /// How many of it in one combination.
    pub ratio: Lots,
    /// Which way when the combination is bought.
    pub side: super::order::Side,
}

/// The dates with which an instrument ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Maturity {
    /// The last day it trades.
    pub last_trade: Date,
    /// The day it expires or is paid back, which may be later.
    pub expiration: Date,
    /// The first of the contract month, which may be another than that of the dates.
    pub month: Date,
}

/// What clients are told about an instrument and nothing in the market depends on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct About {
    /// Line of business, from coarse to fine.
    pub industry: String,
    /// Within the industry.
    pub category: String,
    /// Within the category.
    pub subcategory: String,
    /// `COMMON`, `ETF`, `ADR` …, for stocks.
    pub stock_type: Option<String>,
    /// Other identifiers by their kind: ISIN, CUSIP.
    pub sec_ids: BTreeMap<String, String>,
    /// What quoted prices are divided by to get the currency: 100 for prices in pence.
    pub price_magnifier: i32,
    /// Terms of a bond.
    pub bond: Option<BondTerms>,
    /// Terms of a fund.
    pub fund: Option<FundTerms>,
}

/// The terms of a bond.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BondTerms {
    /// Issue date, `YYYYMMDD`.
    pub issued: String,
    /// Ratings, such as `AAA`.
    pub ratings: String,
    /// Such as `US Govt Note` or `Corporate`.
    pub bond_type: String,
    /// Percent a year.
    #[serde(deserialize_with = "super::catalogue::number")]
    pub coupon: Decimal,
    /// Such as `FIXED`.
    pub coupon_type: String,
    /// Whether it can be turned into shares.
    pub convertible: bool,
    /// Whether the issuer may pay it back early.
    pub callable: bool,
    /// Whether the holder may ask for that.
    pub puttable: bool,
    /// Anything else.
    pub notes: String,
}

/// The terms of a fund.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FundTerms {
    /// The company that runs it.
    pub family: String,
    /// Such as `Equity Fund`.
    pub fund_type: String,
    /// Percent taken when buying.
    pub front_load: String,
    /// Percent taken when selling.
    pub back_load: String,
    /// Percent a year.
    pub management_fee: String,
    /// Whether nobody can buy.
    pub closed: bool,
    /// Smallest first purchase, in its currency.
    pub minimum_initial: String,
    /// Smallest later purchase.
    pub minimum_subsequent: String,
    /// `N` accumulates, `Y` pays out.
    pub distribution: String,
    /// `000` others, `001` money market, `002` fixed income, `003` multi-asset, `004` equity …
    pub asset_type: String,
}

/// One instrument of the catalogue.
#[derive(Debug, Clone)]
pub struct Instrument {
    /// IB's contract id.
    pub con_id: i32,
    /// Symbol; for a currency pair the base currency.
    pub symbol: String,
    /// Asset class.
    pub kind: Kind,
    /// Currency prices are quoted in.
    pub currency: String,
    /// The listing exchange, or the only one.
    pub primary_exchange: String,
    /// Where orders can be sent, `SMART` included.
    pub valid_exchanges: Vec<String>,
    /// Symbol in local notation.
    pub local_symbol: String,
    /// Trading class.
    pub trading_class: String,
    /// Name for people.
    pub long_name: String,
    /// Smallest price increment.
    pub min_tick: Decimal,
    /// Smallest size increment.
    pub size_increment: Decimal,
    /// Smallest size of an order.
    pub min_size: Decimal,
    /// IB's market rule number at each of the valid exchanges.
    pub market_rules: Vec<i32>,
    /// The prices each of the valid exchanges accepts.
    pub grids: Arc<[Grid]>,
    /// Units of the underlying, or of currency, one unit of price is worth.
    pub multiplier: Decimal,
    /// When it ends, for what has an end.
    pub maturity: Option<Maturity>,
    /// What it is derived from, if anything.
    pub derivation: Option<Derivation>,
    /// Its legs, for a combination.
    pub legs: Vec<Leg>,
    /// Yearly volatility of its price, as a fraction.
    pub volatility: f64,
    /// How strongly it moves with the market as a whole; one is as the market does.
    pub beta: f64,
    /// Price the market opens at.
    pub open: Ticks,
    /// Size usually shown at the best price.
    pub typical_lots: Lots,
    /// The hours its venue keeps.
    pub schedule: Arc<Schedule>,
    /// What else there is to say about it.
    pub about: Arc<About>,
}

impl Instrument {
    /// A price as a decimal.
    #[must_use]
    pub fn price(&self, ticks: Ticks) -> Decimal {
        (Decimal::from(ticks) * self.min_tick).normalize()
    }

    /// A size as a decimal.
    #[must_use]
    pub fn quantity(&self, lots: Lots) -> Decimal {
        (Decimal::from(lots) * self.size_increment).normalize()
    }

    /// Its strike, for options.
    #[must_use]
    pub fn strike(&self) -> Option<Decimal> {
        self.derivation.and_then(|from| from.strike)
    }

    /// Its right, for options.
    #[must_use]
    pub fn right(&self) -> Option<Right> {
        self.derivation.and_then(|from| from.right)
    }

    /// A decimal price as ticks, or `None` when it is no whole number of them, beyond all reason, or not
    /// positive; only combinations trade at zero and below.
    #[must_use]
    pub fn ticks(&self, price: Decimal) -> Option<Ticks> {
        let ticks = price.checked_div(self.min_tick)?;
        if self.kind == Kind::Bag && ticks.is_sign_negative() {
            return whole(-ticks).map(|ticks| -ticks);
        }
        if self.kind == Kind::Bag && ticks.is_zero() {
            return Some(0);
        }
        whole(ticks)
    }

    /// A decimal size as lots, or `None` when it is no whole number of increments, not positive or absurd.
    #[must_use]
    pub fn lots(&self, quantity: Decimal) -> Option<Lots> {
        whole(quantity.checked_div(self.size_increment)?)
    }
}

/// Far below where products of ticks and lots could overflow, far above any real order.
const LARGEST: i64 = 1_000_000_000_000;

fn whole(value: Decimal) -> Option<i64> {
    if !value.normalize().is_integer() {
        return None;
    }
    i64::try_from(value)
        .ok()
        .filter(|whole| (1..=LARGEST).contains(whole))
}
