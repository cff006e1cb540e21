//! Market scanners: ranking the catalogue by what its markets did, now and again.
//!
//! It never lists a scan, a filter or a place that it cannot answer for.

#[cfg(test)]
mod scanner_tests;

use std::cmp::Ordering;

use super::statistics::Facts;
use super::{Job, venues};
use crate::exchange::{InstrumentId, Kind, Market};
use crate::gateway::values::double;
use crate::gateway::{Class, ConnectionId, Gateway, Job as AnyJob, Problem};
use crate::wire::messages::scanner as wire;

/// Rows of one scan at most.
const MOST_ROWS: i32 = 50;

/// A running scan.
#[derive(Debug, Clone)]
pub(super) struct Scan {
    /// Tells this scan from an earlier one with the same id.
    number: u64,
    code: Code,
    kinds: &'static [Kind],
    bounds: Bounds,
    filter: wire::ScannerSubscription,
}

/// What a market's figures must lie between.
#[derive(Debug, Clone, Copy, Default)]
struct Bounds {
    price: (Option<f64>, Option<f64>),
    change: (Option<f64>, Option<f64>),
    volume: Option<f64>,
}

impl Bounds {
    /// From the fields of a subscription and from its filter options, which say more.
    fn of(filter: &wire::ScannerSubscription) -> Result<Self, Problem> {
        // The largest numbers stand for "not set" in both encodings.
        let set = |limit: Option<f64>| limit.filter(|limit| limit.is_finite() && *limit < 1e300);
        let least = filter.above_volume;
        let least = least.filter(|volume| (1..i64::from(i32::MAX)).contains(volume));
        #[expect(clippy::cast_precision_loss, reason = "a filter's bound")]
        let mut bounds = Self {
            price: (set(filter.above_price), set(filter.below_price)),
            change: (None, None),
            volume: least.map(|least| least as f64),
        };
        for (tag, value) in &filter.scanner_subscription_filter_options {
            let bound = match tag.as_str() {
                "priceAbove" => &mut bounds.price.0,
                "priceBelow" => &mut bounds.price.1,
                "volumeAbove" => &mut bounds.volume,
                "changePercAbove" => &mut bounds.change.0,
                "changePercBelow" => &mut bounds.change.1,
                _ => return Err(refused(format_args!("Filter {tag} is not supported"))),
            };
            let number = value.trim().parse().ok();
            let number =
                number.ok_or_else(|| refused(format_args!("Filter {tag} has no number: {value}")))?;
            *bound = Some(number);
        }
        Ok(bounds)
    }

    fn admit(&self, market: &Market) -> bool {
        let instrument = &market.instrument;
        let day = market.session();
        let within = |(least, most): (Option<f64>, Option<f64>), value: f64| {
            least.is_none_or(|least| value >= least) && most.is_none_or(|most| value <= most)
        };
        within(self.price, double(instrument.price(market.mark())))
            && within((self.volume, None), double(instrument.quantity(day.volume)))
            && within(
                self.change,
                100.0 * change_since(market, day.close).unwrap_or_default(),
            )
    }
}

/// How far a market has gone from a price, as a fraction of it.
fn change_since(market: &Market, from: i64) -> Option<f64> {
    #[expect(clippy::cast_precision_loss, reason = "for ranking and filters")]
    (from > 0).then(|| (market.mark() - from) as f64 / from as f64)
}

/// What a scan ranks by, highest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Code {
    Gain,
    Loss,
    GainSinceOpen,
    LossSinceOpen,
    Volume,
    HotVolume,
    HotPrice,
    Range,
    Trades,
    OptionVolume,
    ImpliedVolatility,
}

const CODES: [(&str, &str, Code); 12] = [
    ("TOP_PERC_GAIN", "Top % Gainers", Code::Gain),
    ("TOP_PERC_LOSE", "Top % Losers", Code::Loss),
    (
        "TOP_OPEN_PERC_GAIN",
        "Top % Gainers Since Open",
        Code::GainSinceOpen,
    ),
    (
        "TOP_OPEN_PERC_LOSE",
        "Top % Losers Since Open",
        Code::LossSinceOpen,
    ),
    ("MOST_ACTIVE", "Most Active", Code::Volume),
    ("HOT_BY_VOLUME", "Hot Contracts by Volume", Code::HotVolume),
    ("HOT_BY_PRICE", "Hot Contracts by Price", Code::HotPrice),
    ("TOP_PRICE_RANGE", "Top Price Range", Code::Range),
    ("HOT_BY_PRICE_RANGE", "Hot by Price Range", Code::Range),
    ("TOP_TRADE_COUNT", "Top Trade Count", Code::Trades),
    (
        "HIGH_OPT_VOLUME_PUT_CALL_RATIO",
        "High Option Volume P/C Ratio",
        Code::OptionVolume,
    ),
    (
        "TOP_OPT_IMP_VOLAT_GAIN",
        "Highest Option Imp Vol",
        Code::ImpliedVolatility,
    ),
];

/// Instrument codes, and the prefix a location must have.
const INSTRUMENTS: [(&str, &str, &str, &[Kind]); 6] = [
    ("STK", "US Stocks", "STK", &[Kind::Stock]),
    ("ETF.EQ.US", "US Equity ETFs", "ETF", &[Kind::Stock]),
    ("FUT.US", "US Futures", "FUT", &[Kind::Future]),
    ("IND.US", "US Indexes", "IND", &[Kind::Index]),
    ("BOND", "Corporate Bonds", "BOND", &[Kind::Bond]),
    ("STOCK.EU", "Europe Stocks", "STK.EU", &[Kind::Stock]),
];

fn refused(cause: impl std::fmt::Display) -> Problem {
    Problem::new(
        162,
        format!("Historical Market Data Service error message:{cause}"),
    )
}

impl Gateway {
    /// The document of everything that can be asked for: only what works here.
    pub(in crate::gateway::data) fn scanner_parameters(&mut self, to: ConnectionId) -> Result<(), Problem> {
        let message = wire::ScannerParameters {
            xml: Some(parameters()),
        };
        self.send(to, Class::Other, &message);
        Ok(())
    }

    pub(in crate::gateway::data) fn start_scan(
        &mut self,
        from: ConnectionId,
        asked: wire::ScannerSubscriptionRequest,
    ) -> Result<(), Problem> {
        let request = asked.req_id.unwrap_or(0);
        let filter = asked.scanner_subscription.unwrap_or_default();
        let (running, taken) = self.with_session(from, |session| {
            (
                session.data.scans.len(),
                session.data.scans.contains_key(&request),
            )
        })?;
        if taken {
            return Err(Problem::new(
                385,
                "Duplicate ticker ID for API scanner subscription.",
            ));
        }
        let most = self.data.rules.scans;
        if running >= most {
            return Err(refused(format_args!(
                "Only {most} simultaneous API scanner subscriptions are allowed."
            )));
        }
        let asked_code = filter.scan_code.as_deref().unwrap_or_default();
        let code = CODES.iter().find(|(name, _, _)| *name == asked_code);
        let (_, _, code) =
            code.ok_or_else(|| refused(format_args!("Scan code {asked_code} is not supported")))?;
        let asked_instrument = filter.instrument.as_deref().unwrap_or_default();
        let known = INSTRUMENTS
            .iter()
            .find(|(name, _, _, _)| *name == asked_instrument);
        let (_, _, prefix, kinds) =
            known.ok_or_else(|| refused(format_args!("Instrument {asked_instrument} is not supported")))?;
        let location = filter.location_code.as_deref().unwrap_or_default();
        if !location.starts_with(prefix) {
            return Err(refused(
                "Error: Market Scanner is not configured for one of the chosen locations.",
            ));
        }
        let bounds = Bounds::of(&filter)?;
        self.data.scans_started += 1;
        let scan = Scan {
            number: self.data.scans_started,
            code: *code,
            kinds,
            bounds,
            filter,
        };
        self.with_session(from, |session| session.data.scans.insert(request, scan))?;
        self.scan(from, request);
        Ok(())
    }

    pub(in crate::gateway::data) fn stop_scan(
        &mut self,
        from: ConnectionId,
        asked: &wire::CancelScannerSubscription,
    ) -> Result<(), Problem> {
        let request = asked.req_id.unwrap_or(0);
        let ended = self.with_session(from, |session| session.data.scans.remove(&request))?;
        if ended.is_none() {
            return Err(Problem::new(
                365,
                format!("No scanner subscription found for ticker id:{request}"),
            ));
        }
        // Real gateways acknowledge the cancel of a scan with an error.
        Err(refused(format_args!(
            "API scanner subscription cancelled: {request}"
        )))
    }

    /// Goes on with a scan, if it is still the one that was put off.
    pub(in crate::gateway::data) fn repeat_scan(&mut self, to: ConnectionId, request: i32, number: u64) {
        let session = self.sessions.get(&to);
        let scan = session.and_then(|session| session.data.scans.get(&request));
        if scan.is_some_and(|scan| scan.number == number) {
            self.scan(to, request);
        }
    }

    fn scan(&mut self, to: ConnectionId, request: i32) {
        let session = self.sessions.get(&to);
        let Some(scan) = session
            .and_then(|session| session.data.scans.get(&request))
            .cloned()
        else {
            return;
        };
        let found = self.ranked(&scan);
        if found.is_empty() {
            let text = "Historical Market Data Service query message:no items retrieved";
            self.error(to, request, &Problem::new(165, text));
        } else {
            let rows = (0..).zip(found).map(|(rank, id)| self.row(rank, id)).collect();
            let message = wire::ScannerData {
                req_id: Some(request),
                scanner_data_element: rows,
            };
            self.send(to, Class::Other, &message);
        }
        let due = self.exchange.now() + self.data.rules.scan_period;
        let number = scan.number;
        self.put_off(due, AnyJob::Data(Job::Scan { to, request, number }));
    }

    fn row(&self, rank: i32, id: InstrumentId) -> wire::ScannerDataElement {
        let instrument = &self.exchange.market(id).instrument;
        let exchange = instrument.valid_exchanges.first().map(String::as_str);
        wire::ScannerDataElement {
            rank: Some(rank),
            contract: Some(self.contract(id, exchange)),
            market_name: Some(instrument.trading_class.clone()),
            distance: Some(String::new()),
            benchmark: Some(String::new()),
            projection: Some(String::new()),
            combo_key: Some(String::new()),
        }
    }

    /// The markets a scan finds, best first; equal ones by their symbols.
    fn ranked(&mut self, scan: &Scan) -> Vec<InstrumentId> {
        let now = self.exchange.unix_seconds(self.exchange.now());
        let candidates = self
            .exchange
            .markets()
            .filter(|(_, market)| scan.kinds.contains(&market.instrument.kind));
        let candidates: Vec<InstrumentId> = candidates.map(|(id, _)| id).collect();
        // Markets that nobody watches stand still until somebody looks.
        for id in candidates {
            self.exchange.look(id);
        }
        let wanted = |market: &Market| scan.kinds.contains(&market.instrument.kind) && scan.admits(market);
        let mut found: Vec<(f64, &str, InstrumentId)> = self
            .exchange
            .markets()
            .filter(|(_, market)| wanted(market))
            .filter_map(|(id, market)| {
                let trades = self.data.boards.get(id.0).map_or(0, |board| board.trades.count());
                let score = scan.code.score(market, trades, now);
                score.map(|score| (score, market.instrument.symbol.as_str(), id))
            })
            .collect();
        found.sort_by(|(one, name, _), (other, other_name, _)| {
            let by_score = other.partial_cmp(one).unwrap_or(Ordering::Equal);
            by_score.then_with(|| name.cmp(other_name))
        });
        let asked = scan.filter.number_of_rows.filter(|rows| *rows > 0);
        let rows = asked.unwrap_or(MOST_ROWS).min(MOST_ROWS);
        found.truncate(usize::try_from(rows).unwrap_or(0));
        found.into_iter().map(|(_, _, id)| id).collect()
    }
}

impl Scan {
    /// Whether a market passes the filters on price, volume, listing and kind of stock.
    fn admits(&self, market: &Market) -> bool {
        let instrument = &market.instrument;
        let filter = &self.filter;
        let etf = venues::is_fund(instrument);
        let of_kind = match filter.stock_type_filter.as_deref().unwrap_or_default() {
            "ETF" => etf,
            "CORP" | "STOCK" => !etf,
            _ => filter.instrument.as_deref() != Some("ETF.EQ.US") || etf,
        };
        let location = filter.location_code.as_deref().unwrap_or_default();
        let listed = match location.split('.').nth(1).unwrap_or_default() {
            "" | "US" => instrument.currency == "USD",
            "EU" => matches!(instrument.currency.as_str(), "EUR" | "GBP" | "CHF"),
            "HK" => instrument.currency == "HKD",
            venue => instrument.primary_exchange == venue,
        };
        of_kind && listed && self.bounds.admit(market)
    }
}

impl Code {
    /// How high a market ranks, or `None` when it has no such figure.
    #[expect(clippy::cast_precision_loss, reason = "for ranking")]
    fn score(self, market: &Market, trades: u64, today: u64) -> Option<f64> {
        let (day, instrument) = (market.session(), &market.instrument);
        let change = |from: i64| change_since(market, from);
        let range = (day.high - day.low) as f64;
        match self {
            Self::Gain => change(day.close),
            Self::Loss => change(day.close).map(|change| -change),
            Self::GainSinceOpen => change(day.open),
            Self::LossSinceOpen => change(day.open).map(|change| -change),
            Self::Volume => Some(double(instrument.quantity(day.volume))),
            // Against what is usual for it: its usual size at a price stands for that.
            Self::HotVolume => Some(day.volume as f64 / instrument.typical_lots.max(1) as f64),
            Self::HotPrice => change(day.close).map(f64::abs),
            Self::Range => (day.close > 0).then(|| range / day.close as f64),
            Self::Trades => Some(trades as f64),
            Self::OptionVolume => {
                let (calls, puts) = Facts::of(instrument, today).option_volume;
                Some(puts as f64 / calls.max(1) as f64)
            }
            // Spread a little, so that instruments of one volatility have an order of their own.
            Self::ImpliedVolatility => Some(
                instrument.volatility + (venues::mixed(i64::from(instrument.con_id)) % 1000) as f64 * 1e-9,
            ),
        }
    }
}

fn parameters() -> String {
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ScanParameterResponse>\n");
    xml.push_str("<InstrumentList varName=\"instrumentList\">\n");
    for (code, name, _, _) in INSTRUMENTS {
        xml.push_str(&format!(
            "<Instrument><name>{name}</name><type>{code}</type></Instrument>\n"
        ));
    }
    xml.push_str("</InstrumentList>\n<LocationTree varName=\"locationTree\">\n");
    for (code, name, prefix, _) in INSTRUMENTS {
        let location = if prefix.contains('.') {
            prefix.to_owned()
        } else {
            format!("{prefix}.US")
        };
        xml.push_str(&format!(
            "<Location><displayName>{name}</displayName><locationCode>{location}</locationCode>\
             <instruments>{code}</instruments></Location>\n"
        ));
    }
    xml.push_str("</LocationTree>\n<ScanTypeList varName=\"scanTypeList\">\n");
    let all: Vec<&str> = INSTRUMENTS.iter().map(|(code, _, _, _)| *code).collect();
    for (code, name, _) in CODES {
        xml.push_str(&format!(
            "<ScanType><displayName>{name}</displayName><scanCode>{code}</scanCode>\
             <instruments>{}</instruments></ScanType>\n",
            all.join(",")
        ));
    }
    xml.push_str("</ScanTypeList>\n<FilterList varName=\"filterList\">\n");
    for (id, code, name) in [
        ("PRICE", "priceAbove", "Price Above"),
        ("PRICE", "priceBelow", "Price Below"),
        ("VOLUME", "volumeAbove", "Volume Above"),
        ("CHANGEPERC", "changePercAbove", "Change % Above"),
        ("CHANGEPERC", "changePercBelow", "Change % Below"),
    ] {
        xml.push_str(&format!(
            "<RangeFilter><id>{id}</id><code>{code}</code><displayName>{name}</displayName></RangeFilter>\n"
        ));
    }
    xml.push_str("</FilterList>\n</ScanParameterResponse>\n");
    xml
}
