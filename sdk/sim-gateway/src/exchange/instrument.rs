//! What can be traded, and how its prices and sizes are counted.
//!
//! Inside the exchange a price is a whole number of ticks and a size a whole number of lots; an
//! [`Instrument`] turns both into decimals.

use std::sync::Arc;

use rust_decimal::Decimal;

use super::calendar::Schedule;

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

impl Kind {
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
    /// IB's market rule number for the increment.
    pub market_rule: i32,
    /// Units of the underlying, or of currency, one unit of price is worth.
    pub multiplier: Decimal,
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

    /// A decimal price as ticks, or `None` when it is off the tick grid, not positive or beyond all reason.
    #[must_use]
    pub fn ticks(&self, price: Decimal) -> Option<Ticks> {
        whole(price.checked_div(self.min_tick)?)
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

/// The built-in instruments, followed by `synthetic` stocks named SYM001, SYM002, …
#[must_use]
pub fn catalogue(synthetic: usize, catalogue: &super::Catalogue) -> Vec<Instrument> {
    let schedule = |name: &str| {
        catalogue
            .schedule(name)
            .cloned()
            .unwrap_or_else(|| panic!("no {name}"))
    };
    let (stocks, forex) = (&schedule("us-stock"), schedule("forex"));
    let mut all = vec![
        stock(265_598, "AAPL", "NASDAQ", "APPLE INC", 23_000, 400, stocks),
        stock(272_093, "MSFT", "NASDAQ", "MICROSOFT CORP", 42_000, 300, stocks),
        stock(4_815_747, "NVDA", "NASDAQ", "NVIDIA CORP", 14_000, 900, stocks),
        stock(
            756_733,
            "SPY",
            "ARCA",
            "SS SPDR S&P 500 ETF TRUST-US",
            59_000,
            1_200,
            stocks,
        ),
        stock(76_792_991, "TSLA", "NASDAQ", "TESLA INC", 34_000, 300, stocks),
        euro_dollar(forex),
    ];
    all.extend((1..=synthetic).map(|number| {
        let symbol = format!("SYM{number:03}");
        let name = format!("SYNTHETIC STOCK {number}");
        let number = i32::try_from(number).unwrap_or(i32::MAX - 900_000_000);
        stock(
            900_000_000 + number,
            &symbol,
            "NASDAQ",
            &name,
            2_000 + 100 * i64::from(number),
            500,
            stocks,
        )
    }));
    all
}

fn stock(
    con_id: i32,
    symbol: &str,
    primary: &str,
    name: &str,
    open: Ticks,
    typical: Lots,
    schedule: &Arc<Schedule>,
) -> Instrument {
    Instrument {
        con_id,
        symbol: symbol.to_owned(),
        kind: Kind::Stock,
        currency: "USD".to_owned(),
        primary_exchange: primary.to_owned(),
        valid_exchanges: ["SMART", "NASDAQ", "NYSE", "ARCA", "IEX", "BATS"]
            .map(str::to_owned)
            .to_vec(),
        local_symbol: symbol.to_owned(),
        trading_class: if primary == "NASDAQ" {
            "NMS".to_owned()
        } else {
            symbol.to_owned()
        },
        long_name: name.to_owned(),
        min_tick: Decimal::new(1, 2),
        size_increment: Decimal::ONE,
        market_rule: 26,
        multiplier: Decimal::ONE,
        derivation: None,
        legs: Vec::new(),
        volatility: 0.3,
        beta: 1.0,
        open,
        typical_lots: typical,
        schedule: Arc::clone(schedule),
    }
}

fn euro_dollar(schedule: Arc<Schedule>) -> Instrument {
    Instrument {
        con_id: 12_087_792,
        symbol: "EUR".to_owned(),
        kind: Kind::Cash,
        currency: "USD".to_owned(),
        primary_exchange: "IDEALPRO".to_owned(),
        valid_exchanges: vec!["IDEALPRO".to_owned()],
        local_symbol: "EUR.USD".to_owned(),
        trading_class: "EUR.USD".to_owned(),
        long_name: "European Monetary Union Euro".to_owned(),
        min_tick: Decimal::new(5, 5),
        size_increment: Decimal::ONE,
        market_rule: 59,
        multiplier: Decimal::ONE,
        derivation: None,
        legs: Vec::new(),
        volatility: 0.08,
        beta: 0.0,
        open: 21_700,
        typical_lots: 2_000_000,
        schedule,
    }
}
