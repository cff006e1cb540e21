//! Generic tick lists: which are legal, and the ticks they ask for.

use super::ticker::Ticker;
use super::{Figures, Stream, fields};
use crate::exchange::{Exchange, Instrument, InstrumentId, Kind, Market, Right, Side};
use crate::gateway::data::statistics::{Facts, Trades};
use crate::gateway::data::{Board, statistics, venues};
use crate::gateway::values::double;
use crate::gateway::{ConnectionId, Gateway, Output, Problem};

/// Number, older number, name, and the asset classes it is legal for (none means all): what a real gateway
/// says when it refuses a list.
const LEGAL: [(i32, i32, &str, &[Kind]); 31] = [
    (100, 0, "Option Volume", &[]),
    (101, 0, "Option Open Interest", &[]),
    (105, 0, "Average Opt Volume", &[]),
    (106, 0, "impvolat", &[]),
    (162, 0, "Index Future Premium", &[Kind::Index]),
    (165, 0, "Misc. Stats", &[]),
    (221, 220, "Creditman Mark Price", &[]),
    (225, 0, "Auction", &[]),
    (232, 221, "Pl Price", &[]),
    (233, 0, "RTVolume", &[]),
    (236, 0, "inventory", &[]),
    (258, 47, "Fundamentals", &[]),
    (292, 0, "Wide_news", &[]),
    (293, 0, "TradeCount", &[]),
    (294, 0, "TradeRate", &[]),
    (295, 0, "VolumeRate", &[]),
    (318, 0, "LastRTHTrade", &[]),
    (375, 0, "RTTrdVolume", &[]),
    (411, 0, "rthistvol", &[]),
    (456, 59, "IBDividends", &DIVIDENDS),
    (460, 0, "Bond Factor Multiplier", &[]),
    (576, 0, "EtfNavBidAsk(navbidask)", &[]),
    (577, 0, "EtfNavLast(navlast)", &[]),
    (578, 0, "EtfNavClose(navclose)", &[]),
    (586, 0, "IPOHLMPRC", &[]),
    (587, 0, "Pl Price Delayed", &[]),
    (588, 0, "Futures Open Interest", &[]),
    (595, 0, "Short-Term Volume X Mins", &SHORT_TERM),
    (614, 0, "EtfNavMisc(high/low)", &[]),
    (619, 0, "Creditman Slow Mark Price", &[]),
    (623, 0, "EtfFrozenNavLast(fznavlast)", &[]),
];
const DIVIDENDS: [Kind; 6] = [
    Kind::Stock,
    Kind::Cfd,
    Kind::Option,
    Kind::FutureOption,
    Kind::Future,
    Kind::Index,
];
const SHORT_TERM: [Kind; 8] = [
    Kind::Stock,
    Kind::Cfd,
    Kind::Option,
    Kind::FutureOption,
    Kind::Warrant,
    Kind::Future,
    Kind::Bond,
    Kind::Crypto,
];
/// Legal, but not among those a real gateway lists: historical volatility and odd lots.
const UNLISTED: [i32; 2] = [104, 787];

/// What a request asked for beyond the usual ticks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::gateway::data) struct Generics {
    numbers: Vec<i32>,
    /// `mdoff`: only the generic ticks are wanted.
    pub(super) without_quotes: bool,
    /// Whether any of them goes with every trade.
    pub(super) follow_trades: bool,
    /// Providers whose headlines are wanted; `None` without news, empty for all.
    pub(in crate::gateway::data) news: Option<Vec<String>>,
    /// Rates and counts last told: trades, trades a minute, volume a minute, volumes of 3, 5, 10 minutes.
    told: Option<[i64; 6]>,
}

impl Generics {
    /// Reads a list. An empty one asks for nothing.
    ///
    /// # Errors
    /// 321 with the legal ones when any part of it is not legal for the asset class.
    pub(super) fn of(list: &str, kind: Kind) -> Result<Self, Problem> {
        let mut generics = Self::default();
        if list.is_empty() {
            return Ok(generics);
        }
        let illegal = || refusal(list, kind);
        for part in list.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            if part.eq_ignore_ascii_case("mdoff") {
                generics.without_quotes = true;
                continue;
            }
            let mut pieces = part.split(':');
            let number = pieces.next().unwrap_or_default();
            let parameter = pieces.next();
            if parameter == Some("") {
                return Err(illegal());
            }
            let number = number.parse().ok().and_then(|number| legal(number, kind));
            let number = number.ok_or_else(illegal)?;
            if number == 292 {
                let providers = parameter.unwrap_or_default().split('+');
                let named = providers.filter(|code| !code.is_empty());
                generics.news = Some(named.map(str::to_owned).collect());
            }
            generics.numbers.push(number);
        }
        if generics.numbers.is_empty() {
            return Err(illegal());
        }
        generics.follow_trades = [232, 233, 318, 375].iter().any(|each| generics.has(*each));
        Ok(generics)
    }

    fn has(&self, number: i32) -> bool {
        self.numbers.contains(&number)
    }
}

/// The number a client's number stands for, when it is legal for an asset class.
fn legal(number: i32, kind: Kind) -> Option<i32> {
    if UNLISTED.contains(&number) {
        return Some(number);
    }
    // An older number gives way to the same number's newer meaning, as on real gateways: 221 is 232.
    let (code, _, _, kinds) = LEGAL
        .iter()
        .find(|(_, older, _, _)| *older == number)
        .or_else(|| LEGAL.iter().find(|(code, _, _, _)| *code == number))?;
    (kinds.is_empty() || kinds.contains(&kind)).then_some(*code)
}

fn refusal(list: &str, kind: Kind) -> Problem {
    let legal = LEGAL
        .iter()
        .filter(|(_, _, _, kinds)| kinds.is_empty() || kinds.contains(&kind));
    let names: Vec<String> = legal
        .map(|(code, older, name, _)| match older {
            0 => format!("{code}({name})"),
            older => format!("{code}/{older}({name})"),
        })
        .collect();
    let kind = kind.sec_type();
    let text = format!(
        "Error validating request.-'bQ' : cause - Incorrect generic tick list of {list}.  Legal ones for \
         ({kind}) are: {}",
        names.join(",")
    );
    Problem::new(321, text)
}

/// Ticks that go with every trade; `text` is that of RTVolume.
pub(super) fn tell_trade(out: &mut Vec<Output>, stream: &Stream, last: f64, text: &str) {
    let generics = &stream.generics;
    let mut ticker = Ticker {
        out,
        address: stream.address,
        delayed: false,
    };
    if generics.has(233) {
        ticker.text(fields::RT_VOLUME, text.to_owned());
    }
    if generics.has(375) {
        ticker.text(fields::RT_TRADE_VOLUME, text.to_owned());
    }
    if generics.has(318) {
        ticker.bare_price(fields::LAST_REGULAR_TRADE, last);
    }
    if generics.has(232) {
        ticker.bare_price(fields::MARK, last);
    }
}

impl Gateway {
    /// The generic ticks a stream begins with.
    pub(super) fn open_generics(&mut self, id: InstrumentId, to: ConnectionId, request: i32) {
        let now = self.exchange.unix_seconds(self.exchange.now());
        let hundreds = self.data.rules.sizes_in_round_lots;
        let Some(stream) = self.stream(to, request, id) else {
            return;
        };
        if stream.generics.numbers.is_empty() {
            return;
        }
        let (address, delayed) = (stream.address, stream.feed.is_delayed());
        let generics = stream.generics.clone();
        let market = self.exchange.market(id);
        let facts = Facts::of(&market.instrument, now);
        let figures = Figures::new(&market.instrument, hundreds);
        let mut ticker = Ticker {
            out: &mut self.output,
            address,
            delayed,
        };
        tell_options(&mut ticker, &generics, &market.instrument, &facts);
        tell_market(&mut ticker, &generics, market, &facts, &figures);
        tell_past(&mut ticker, &generics, &self.exchange, id, &figures);
        tell_fund(&mut ticker, &generics, market, &figures);
        if generics.has(787) {
            tell_odd_lots(&mut ticker, market, &figures);
        }
        self.tell_rates(id, now);
        if let Some(wanted) = &generics.news {
            self.open_news(id, to, request, wanted);
        }
    }

    /// Counts and rates of trades, where they have changed.
    pub(super) fn tell_rates(&mut self, id: InstrumentId, now: u64) {
        let Self {
            exchange,
            data,
            output,
            ..
        } = self;
        let hundreds = data.rules.sizes_in_round_lots;
        let Some(Board { streams, trades, .. }) = data.boards.get_mut(id.0) else {
            return;
        };
        let wanted = |stream: &&mut Stream| {
            stream.feed.is_live() && [293, 294, 295, 595].iter().any(|each| stream.generics.has(*each))
        };
        let mut figures = None;
        for stream in streams.iter_mut().filter(wanted) {
            let figures =
                figures.get_or_insert_with(|| Figures::new(&exchange.market(id).instrument, hundreds));
            tell_stream_rates(output, stream, trades, figures, now);
        }
    }

    /// Which venues are at the best prices, where that has changed.
    pub(super) fn tell_venues(&mut self, id: InstrumentId) {
        let Self {
            exchange,
            data,
            output,
            ..
        } = self;
        let Some(board) = data.boards.get_mut(id.0) else {
            return;
        };
        let market = exchange.market(id);
        let instrument = &market.instrument;
        if !matches!(instrument.kind, Kind::Stock | Kind::Option) {
            return;
        }
        let (top, day) = (market.shown(), market.session());
        let last = Some((day.last, day.last_lots)).filter(|(_, lots)| *lots > 0);
        let names = [
            venues::letters(instrument, Side::Buy, top.bid),
            venues::letters(instrument, Side::Sell, top.ask),
            venues::letters(instrument, Side::Buy, last),
        ];
        for stream in board.streams.iter_mut().filter(|stream| stream.follows()) {
            let Some(told) = stream.venues.as_mut() else {
                continue;
            };
            let mut ticker = Ticker {
                out: &mut *output,
                address: stream.address,
                delayed: false,
            };
            let all = [fields::BID_EXCHANGE, fields::ASK_EXCHANGE, fields::LAST_EXCHANGE];
            for ((field, told), name) in all.into_iter().zip(told.iter_mut()).zip(&names) {
                if told != name {
                    told.clone_from(name);
                    ticker.text(field, name.clone());
                }
            }
        }
    }
}

fn tell_stream_rates(
    out: &mut Vec<Output>,
    stream: &mut Stream,
    trades: &Trades,
    figures: &Figures,
    now: u64,
) {
    let minute = trades.since(now, 60);
    let volume = |minutes: u64| trades.since(now, minutes * 60).0;
    let count = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    let current = [
        count(trades.count()),
        count(minute.1),
        minute.0,
        volume(3),
        volume(5),
        volume(10),
    ];
    let before = stream.generics.told.replace(current);
    let mut ticker = Ticker {
        out,
        address: stream.address,
        delayed: false,
    };
    let listed = [
        (293, fields::TRADE_COUNT),
        (294, fields::TRADE_RATE),
        (295, fields::VOLUME_RATE),
        (595, fields::VOLUME_3_MINUTES),
        (595, fields::VOLUME_5_MINUTES),
        (595, fields::VOLUME_10_MINUTES),
    ];
    for (place, ((number, field), value)) in listed.into_iter().zip(current).enumerate() {
        let known = before.and_then(|before| before.get(place).copied());
        if !stream.generics.has(number) || known == Some(value) {
            continue;
        }
        #[expect(clippy::cast_precision_loss, reason = "counts of a day's trades")]
        match number {
            595 => ticker.size(field, figures.size(value)),
            _ => ticker.number(field, value as f64),
        }
    }
}

/// What is known of the options on an instrument, or of an option.
fn tell_options(ticker: &mut Ticker<'_>, generics: &Generics, instrument: &Instrument, facts: &Facts) {
    let right = instrument.derivation.and_then(|from| from.right);
    let has_options = matches!(instrument.kind, Kind::Stock | Kind::Index | Kind::Future);
    if right.is_none() && !has_options {
        return;
    }
    let (calls, puts) = (right != Some(Right::Put), right != Some(Right::Call));
    let pairs = [
        (100, facts.option_volume, fields::CALL_VOLUME, fields::PUT_VOLUME),
        (
            101,
            facts.open_interest,
            fields::CALL_OPEN_INTEREST,
            fields::PUT_OPEN_INTEREST,
        ),
    ];
    for (number, (of_calls, of_puts), call_field, put_field) in pairs {
        if generics.has(number) && calls {
            ticker.size(call_field, of_calls.to_string());
        }
        if generics.has(number) && puts {
            ticker.size(put_field, of_puts.to_string());
        }
    }
    if generics.has(105) {
        let (calls, puts) = facts.option_volume;
        ticker.size(fields::AVERAGE_OPTION_VOLUME, ((calls + puts) / 2).to_string());
    }
}

/// What is known of the market itself and of those who hold it.
fn tell_market(
    ticker: &mut Ticker<'_>,
    generics: &Generics,
    market: &Market,
    facts: &Facts,
    figures: &Figures,
) {
    let instrument = &market.instrument;
    if generics.has(162) {
        ticker.number(fields::INDEX_FUTURE_PREMIUM, facts.future_premium);
    }
    if generics.has(232) {
        ticker.bare_price(fields::MARK, figures.price(market.mark()));
    }
    if generics.has(318) && market.session().last_lots > 0 {
        ticker.bare_price(fields::LAST_REGULAR_TRADE, figures.price(market.session().last));
    }
    if generics.has(236) && instrument.kind == Kind::Stock {
        // Above 2.5 at least a thousand shares can be borrowed.
        ticker.number(fields::SHORTABLE, 3.0);
        ticker.size(fields::SHORTABLE_SHARES, facts.shortable.to_string());
    }
    if let Some(dividends) = facts.dividends.clone().filter(|_| generics.has(456)) {
        ticker.text(fields::DIVIDENDS, dividends);
    }
    if generics.has(588) && instrument.kind == Kind::Future {
        ticker.size(
            fields::FUTURES_OPEN_INTEREST,
            facts.futures_open_interest.to_string(),
        );
    }
}

/// What follows from the market's past.
fn tell_past(
    ticker: &mut Ticker<'_>,
    generics: &Generics,
    exchange: &Exchange,
    id: InstrumentId,
    figures: &Figures,
) {
    let now = exchange.unix_seconds(exchange.now());
    let instrument = &exchange.market(id).instrument;
    if generics.has(104) || generics.has(411) {
        let volatility = statistics::historical_volatility(exchange, id, now);
        let volatility = volatility.unwrap_or(instrument.volatility);
        for (number, field) in [
            (104, fields::HISTORICAL_VOLATILITY),
            (411, fields::RT_HISTORICAL_VOLATILITY),
        ] {
            if generics.has(number) {
                ticker.number(field, volatility);
            }
        }
    }
    if generics.has(106) && matches!(instrument.kind, Kind::Stock | Kind::Index | Kind::Future) {
        ticker.number(fields::IMPLIED_VOLATILITY, exchange.past().volatility(id, now));
    }
    let year = generics.has(165).then(|| statistics::year(exchange, id, now));
    if let Some((weeks, average)) = year.flatten() {
        for (field, price) in (fields::LOW_13_WEEKS..).zip(weeks) {
            ticker.bare_price(field, figures.price(price));
        }
        if instrument.kind.prints_trades() && instrument.kind != Kind::Index {
            ticker.size(fields::AVERAGE_VOLUME, figures.size(average));
        }
    }
}

/// The value of what a fund holds; here its price is always right.
fn tell_fund(ticker: &mut Ticker<'_>, generics: &Generics, market: &Market, figures: &Figures) {
    let instrument = &market.instrument;
    if instrument.kind != Kind::Fund && !venues::is_fund(instrument) {
        return;
    }
    let (day, top) = (market.session(), market.shown());
    let bid = top.bid.map_or(day.last, |(price, _)| price);
    let ask = top.ask.map_or(day.last, |(price, _)| price);
    for (number, field, value) in [
        (578, fields::NAV_CLOSE, day.close),
        (578, fields::NAV_PRIOR_CLOSE, day.close),
        (576, fields::NAV_BID, bid),
        (576, fields::NAV_ASK, ask),
        (577, fields::NAV_LAST, day.last),
        (623, fields::NAV_FROZEN_LAST, day.last),
        (614, fields::NAV_HIGH, day.high),
        (614, fields::NAV_LOW, day.low),
    ] {
        if generics.has(number) {
            ticker.bare_price(field, figures.price(value));
        }
    }
}

/// The best quote where its size is below a round lot: 105 to 110.
fn tell_odd_lots(ticker: &mut Ticker<'_>, market: &Market, figures: &Figures) {
    let instrument = &market.instrument;
    if instrument.kind != Kind::Stock {
        return;
    }
    let top = market.shown();
    for (side, best, [price_field, size_field, venue_field]) in [
        (Side::Buy, top.bid, [105, 107, 109]),
        (Side::Sell, top.ask, [106, 108, 110]),
    ] {
        let odd = best.filter(|(_, lots)| double(instrument.quantity(*lots)) < 100.0);
        let Some((price, lots)) = odd else { continue };
        ticker.bare_price(price_field, figures.price(price));
        ticker.size(size_field, figures.size(lots));
        ticker.text(
            venue_field,
            venues::letters(instrument, side, Some((price, lots))),
        );
    }
}
