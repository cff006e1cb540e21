//! What bars can be asked for: their sizes, how far back, of what; and which of these go together.

use crate::exchange::{Instrument, Kind};
use crate::gateway::Problem;

/// Length of a bar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::gateway) enum BarSize {
    /// So many seconds, less than a day.
    Seconds(u64),
    /// A trading day.
    Day,
    /// A calendar week of trading days.
    Week,
    /// A calendar month of trading days.
    Month,
}

/// The settings a gateway knows, exactly as they must be written.
const SIZES: [(&str, BarSize); 27] = [
    ("1 secs", BarSize::Seconds(1)),
    ("5 secs", BarSize::Seconds(5)),
    ("10 secs", BarSize::Seconds(10)),
    ("15 secs", BarSize::Seconds(15)),
    ("30 secs", BarSize::Seconds(30)),
    ("1 min", BarSize::Seconds(60)),
    ("2 mins", BarSize::Seconds(120)),
    ("3 mins", BarSize::Seconds(180)),
    ("4 mins", BarSize::Seconds(240)),
    ("5 mins", BarSize::Seconds(300)),
    ("10 mins", BarSize::Seconds(600)),
    ("15 mins", BarSize::Seconds(900)),
    ("20 mins", BarSize::Seconds(1_200)),
    ("30 mins", BarSize::Seconds(1_800)),
    ("1 hour", BarSize::Seconds(3_600)),
    ("2 hours", BarSize::Seconds(7_200)),
    ("3 hours", BarSize::Seconds(10_800)),
    ("4 hours", BarSize::Seconds(14_400)),
    ("8 hours", BarSize::Seconds(28_800)),
    ("1 day", BarSize::Day),
    ("1W", BarSize::Week),
    ("1M", BarSize::Month),
    // Other ways to write some of them that a gateway takes too.
    ("1 sec", BarSize::Seconds(1)),
    ("1 week", BarSize::Week),
    ("1w", BarSize::Week),
    ("1 month", BarSize::Month),
    ("1m", BarSize::Month),
];

impl BarSize {
    /// Reads a setting.
    pub(in crate::gateway) fn read(text: &str) -> Result<Self, Problem> {
        let found = SIZES.into_iter().find(|(name, _)| *name == text.trim());
        found.map(|(_, size)| size).ok_or_else(|| {
            let legal: Vec<&str> = SIZES.iter().take(22).map(|(name, _)| *name).collect();
            Problem::invalid(format_args!(
                "Historical data bar size setting is invalid. Legal ones are: {}",
                legal.join(",")
            ))
        })
    }

    pub(in crate::gateway) fn is_intraday(self) -> bool {
        matches!(self, Self::Seconds(_))
    }

    fn text(self) -> &'static str {
        SIZES
            .into_iter()
            .find(|(_, size)| *size == self)
            .map_or("", |(name, _)| name)
    }
}

/// How far back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::gateway) enum Duration {
    /// Seconds in which the market was open.
    Seconds(u64),
    /// Trading days, the running one included.
    Days(u64),
    /// Calendar weeks.
    Weeks(u64),
    /// Calendar months.
    Months(u64),
    /// Calendar years.
    Years(u64),
}

impl Duration {
    /// Reads a setting such as `2 D`.
    pub(in crate::gateway) fn read(text: &str) -> Result<Self, Problem> {
        let wrong = || Problem::invalid("Duration format should be integer{SPACE}unit (S|D|W|M|Y)");
        let (count, unit) = text.trim().split_once(' ').ok_or_else(wrong)?;
        let count: u64 = count.parse().ok().filter(|count| *count > 0).ok_or_else(wrong)?;
        let duration = match unit.trim() {
            "S" => Self::Seconds(count),
            "D" => Self::Days(count),
            "W" => Self::Weeks(count),
            "M" => Self::Months(count),
            "Y" => Self::Years(count),
            _ => return Err(wrong()),
        };
        match duration {
            Self::Days(366..) => Err(Problem::invalid(
                "Historical data requests for durations longer than 365 days must be made in years.",
            )),
            Self::Weeks(53..) => Err(Problem::invalid(
                "Historical data requests for durations longer than 52 weeks must be made in years.",
            )),
            Self::Months(13..) => Err(Problem::invalid(
                "Historical data requests for durations longer than 12 months must be made in years.",
            )),
            Self::Seconds(86_401..) | Self::Years(69..) => Err(service("Time length exceed max.")),
            fits => Ok(fits),
        }
    }

    /// Shortest and longest bars of a duration. Beyond IB's table, bars of days and more go with every
    /// duration but seconds, as they do at a gateway.
    fn bars(self) -> (BarSize, BarSize) {
        match self {
            Self::Seconds(_) => (BarSize::Seconds(1), BarSize::Seconds(60)),
            Self::Days(_) => (BarSize::Seconds(5), BarSize::Seconds(3_600)),
            Self::Weeks(_) => (BarSize::Seconds(10), BarSize::Seconds(14_400)),
            Self::Months(_) => (BarSize::Seconds(30), BarSize::Seconds(28_800)),
            Self::Years(_) => (BarSize::Seconds(60), BarSize::Month),
        }
    }
}

/// Whether bars of a size may be asked for over a duration.
pub(in crate::gateway) fn check_step(size: BarSize, duration: Duration) -> Result<(), Problem> {
    let (shortest, longest) = duration.bars();
    let long = !size.is_intraday() && !matches!(duration, Duration::Seconds(_));
    if size < shortest || (size > longest && !long) {
        return Err(service(&format!("invalid step: {}", size.text())));
    }
    match (size, duration) {
        (BarSize::Seconds(1), Duration::Seconds(2_001..)) => Err(service("Time length exceed max.")),
        _ => Ok(()),
    }
}

/// What bars are made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::gateway) enum What {
    Trades,
    Midpoint,
    Bid,
    Ask,
    BidAsk,
    AdjustedLast,
    HistoricalVolatility,
    OptionImpliedVolatility,
    FeeRate,
    YieldBid,
    YieldAsk,
    YieldBidAsk,
    YieldLast,
    Schedule,
    AggTrades,
}

const WHATS: [(&str, What); 15] = [
    ("TRADES", What::Trades),
    ("MIDPOINT", What::Midpoint),
    ("BID", What::Bid),
    ("ASK", What::Ask),
    ("BID_ASK", What::BidAsk),
    ("ADJUSTED_LAST", What::AdjustedLast),
    ("HISTORICAL_VOLATILITY", What::HistoricalVolatility),
    ("OPTION_IMPLIED_VOLATILITY", What::OptionImpliedVolatility),
    ("FEE_RATE", What::FeeRate),
    ("YIELD_BID", What::YieldBid),
    ("YIELD_ASK", What::YieldAsk),
    ("YIELD_BID_ASK", What::YieldBidAsk),
    ("YIELD_LAST", What::YieldLast),
    ("SCHEDULE", What::Schedule),
    ("AGGTRADES", What::AggTrades),
];

impl What {
    /// Reads a setting.
    pub(in crate::gateway) fn read(text: &str) -> Result<Self, Problem> {
        let found = WHATS.into_iter().find(|(name, _)| *name == text.trim());
        found
            .map(|(_, what)| what)
            .ok_or_else(|| Problem::invalid(format_args!("Unknown or unsupported what to show: '{text}'")))
    }

    /// Whether its bars count trades and add up sizes.
    pub(in crate::gateway) fn has_volume(self) -> bool {
        matches!(self, Self::Trades | Self::AdjustedLast | Self::AggTrades)
    }

    /// The word for it in the texts of refusals.
    fn word(self) -> &'static str {
        match self {
            Self::Trades | Self::AdjustedLast | Self::AggTrades => "Last",
            Self::Bid => "Bid",
            Self::Ask => "Ask",
            Self::BidAsk => "Bid_Ask",
            Self::Midpoint => "Midpoint",
            other => WHATS
                .into_iter()
                .find(|(_, each)| *each == other)
                .map_or("", |(name, _)| name),
        }
    }

    /// Refuses what there is not of an instrument.
    pub(in crate::gateway) fn check(self, instrument: &Instrument) -> Result<(), Problem> {
        let kind = instrument.kind;
        let prints = kind.prints_trades();
        let exists = match self {
            Self::Trades if kind == Kind::Crypto => {
                return Err(Problem::new(
                    10299,
                    "Expected what to show is AGGTRADES, please use that instead of TRADES.",
                ));
            }
            Self::AggTrades if kind != Kind::Crypto && prints => {
                return Err(Problem::new(
                    10299,
                    "Expected what to show is TRADES, please use that instead of AGGTRADES.",
                ));
            }
            Self::Trades | Self::AggTrades => prints,
            Self::AdjustedLast | Self::FeeRate => kind == Kind::Stock,
            Self::Midpoint | Self::Bid | Self::Ask | Self::BidAsk => kind != Kind::Index,
            Self::HistoricalVolatility | Self::OptionImpliedVolatility => {
                matches!(kind, Kind::Stock | Kind::Index | Kind::Future)
            }
            Self::YieldBid | Self::YieldAsk | Self::YieldBidAsk | Self::YieldLast => kind == Kind::Bond,
            Self::Schedule => true,
        };
        if exists && kind != Kind::Bag {
            return Ok(());
        }
        Err(service(&format!(
            "No historical market data for {}/{}@{} {}",
            instrument.symbol,
            kind.sec_type(),
            instrument.valid_exchanges.first().map_or("SMART", String::as_str),
            self.word(),
        )))
    }

    /// The text about an empty answer.
    pub(in crate::gateway) fn nothing(self, instrument: &Instrument) -> Problem {
        let word = if self.has_volume() { "Trades" } else { self.word() };
        service(&format!(
            "HMDS query returned no data: {}@{} {word}",
            instrument.local_symbol,
            instrument.valid_exchanges.first().map_or("SMART", String::as_str),
        ))
    }
}

/// An error of the service that has the past.
pub(in crate::gateway) fn service(detail: &str) -> Problem {
    Problem::new(
        162,
        format!("Historical Market Data Service error message:{detail}"),
    )
}
