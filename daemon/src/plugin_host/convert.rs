//! Between the desk's words and the wire's, pure, one function each.

use super::bindings::exports::moored::plugin::{gap_handler, risk_check};
use super::bindings::moored::plugin::{account, instruments, log, market_types, order_types, types};
use crate::desk::effect::Review;
use crate::domain::instrument::{Instrument, InstrumentId};
use crate::domain::money::Quantity;
use crate::domain::order::{Side, TimeInForce};
use crate::domain::quote::{Quote, Trade};
use crate::domain::stream::Gap;
use crate::domain::time::Timestamp;
use crate::domain::trading_state::TradingState;
use crate::orders::event::{OrderEvent, OrderEventKind, Rejection};
use crate::portfolio::Position;
use crate::risk::denial::Denial;

/// The longest text of a rejection, in bytes.
const REJECTION_TEXT: usize = 256;

/// Bits of a quote and a trade.
mod bits {
    pub const BID_KNOWN: u32 = 1;
    pub const ASK_KNOWN: u32 = 1 << 1;
    pub const DELAYED: u32 = 1 << 2;
    pub const STALE: u32 = 1 << 3;
}

/// A quote; `stale` is for the caller to decide, who knows the time.
pub fn quote(quote: &Quote, stale: bool) -> market_types::Quote {
    let flag = |set: bool, bit: u32| if set { bit } else { 0 };
    market_types::Quote {
        instrument: quote.instrument.0,
        bits: flag(quote.bid.is_some(), bits::BID_KNOWN)
            | flag(quote.ask.is_some(), bits::ASK_KNOWN)
            | flag(quote.delayed, bits::DELAYED)
            | flag(stale, bits::STALE),
        bid: quote.bid.unwrap_or_default().nanos(),
        ask: quote.ask.unwrap_or_default().nanos(),
        bid_size: quote.bid_size.nanos(),
        ask_size: quote.ask_size.nanos(),
        ts: quote.received.nanos(),
    }
}

/// A trade.
pub fn trade(trade: &Trade) -> market_types::Trade {
    market_types::Trade {
        instrument: trade.instrument.0,
        bits: 0,
        price: trade.price.nanos(),
        size: trade.size.nanos(),
        ts: trade.received.nanos(),
    }
}

/// A gap.
pub const fn gap(gap: &Gap) -> gap_handler::Gap {
    gap_handler::Gap {
        instrument: gap.instrument.0,
        bits: 0,
        from: gap.from.nanos(),
        to: gap.to.nanos(),
    }
}

/// The trading state.
pub fn trading_state(state: TradingState) -> types::TradingState {
    match state {
        TradingState::Recovering => types::TradingState::Recovering,
        TradingState::Active => types::TradingState::Active,
        TradingState::ReduceOnly => types::TradingState::ReduceOnly,
        TradingState::Halted => types::TradingState::Halted,
        TradingState::Draining => types::TradingState::Draining,
    }
}

fn side(side: Side) -> types::Side {
    match side {
        Side::Buy => types::Side::Buy,
        Side::Sell => types::Side::Sell,
    }
}

/// A side as the guest gave it.
pub fn domain_side(side: types::Side) -> Side {
    match side {
        types::Side::Buy => Side::Buy,
        types::Side::Sell => Side::Sell,
    }
}

/// A time in force as the guest gave it; nothing for those this host does not offer.
pub fn time_in_force(time_in_force: order_types::TimeInForce) -> Option<TimeInForce> {
    match time_in_force {
        order_types::TimeInForce::Day => Some(TimeInForce::Day),
        order_types::TimeInForce::Gtc => Some(TimeInForce::Gtc),
        order_types::TimeInForce::Ioc => Some(TimeInForce::Ioc),
        order_types::TimeInForce::Fok | order_types::TimeInForce::Gtd | order_types::TimeInForce::Opg => None,
    }
}

/// An event of an order; `at` is when the desk told of it.
pub fn order_event(event: &OrderEvent, at: Timestamp) -> order_types::OrderEvent {
    use order_types::OrderEvent as Wire;
    let (order, tag) = (event.client_order_id.0, event.tag);
    let reference = order_types::OrderRef { order, tag };
    let resized = |quantity: Quantity| order_types::Resized {
        order,
        tag,
        quantity: quantity.nanos(),
    };
    match &event.kind {
        OrderEventKind::Denied(no) => Wire::Denied(denial(order, tag, no)),
        OrderEventKind::Reduced(quantity) => Wire::Reduced(resized(*quantity)),
        OrderEventKind::Sent => Wire::Sent(reference),
        OrderEventKind::Working => Wire::Working(reference),
        OrderEventKind::Filled(fill) => Wire::Filled(order_types::Fill {
            order,
            tag,
            instrument: fill.instrument.0,
            side: side(fill.side),
            price: fill.price.nanos(),
            size: fill.size.nanos(),
            cumulative: fill.cumulative.nanos(),
            leaves: fill.leaves.nanos(),
            ts: at.nanos(),
        }),
        OrderEventKind::Commissioned(amount) => Wire::Commissioned(order_types::Commission {
            order,
            tag,
            amount: amount.nanos_saturating(),
        }),
        OrderEventKind::Replaced(quantity) => Wire::Replaced(resized(*quantity)),
        OrderEventKind::ReplaceDenied(no) => Wire::ReplaceDenied(denial(order, tag, no)),
        OrderEventKind::ReplaceRejected(no) => Wire::ReplaceRejected(rejection(order, tag, no)),
        OrderEventKind::Canceled => Wire::Canceled(reference),
        OrderEventKind::CancelRejected(no) => Wire::CancelRejected(rejection(order, tag, no)),
        OrderEventKind::Rejected(no) => Wire::Rejected(rejection(order, tag, no)),
        OrderEventKind::Unknown => Wire::Unknown(reference),
    }
}

fn denial(order: u64, tag: u64, denial: &Denial) -> order_types::Denial {
    order_types::Denial {
        order,
        tag,
        code: denial.code.number(),
        limit: denial.limit,
        value: denial.value,
    }
}

fn rejection(order: u64, tag: u64, rejection: &Rejection) -> order_types::Rejection {
    order_types::Rejection {
        order,
        tag,
        code: u32::try_from(rejection.code).unwrap_or(0),
        text: cut(&rejection.text, REJECTION_TEXT).to_owned(),
    }
}

/// An instrument.
pub fn instrument(instrument: &Instrument) -> instruments::Instrument {
    instruments::Instrument {
        id: instrument.id.0,
        symbol: instrument.symbol.clone(),
        security_type: instrument.security_type.as_str().to_owned(),
        exchange: instrument.exchange.clone(),
        currency: instrument.currency.clone(),
        tick: instrument.tick.nanos(),
        multiplier: instrument.multiplier.nanos(),
        con_id: instrument
            .con_id
            .and_then(|id| u32::try_from(id).ok())
            .unwrap_or(0),
    }
}

/// A position with its unrealized profit at the last quote's mid.
pub fn position(
    instrument: InstrumentId,
    position: &Position,
    last: Option<&Quote>,
    multiplier: Quantity,
) -> account::Position {
    let unrealized = last
        .and_then(Quote::mid)
        .map(|mid| position.unrealized(mid, multiplier));
    account::Position {
        instrument: instrument.0,
        size: position.size.nanos(),
        average_price: position.average_price().nanos(),
        realized: position.realized.nanos_saturating(),
        unrealized: unrealized.unwrap_or_default().nanos_saturating(),
        fees: position.fees.nanos_saturating(),
    }
}

/// What a risk plugin is asked, with the quantity the ones before it left.
pub fn proposal(review: &Review, quantity: Quantity) -> risk_check::Proposal {
    let intent = &review.intent;
    risk_check::Proposal {
        instrument: intent.instrument.0,
        strategy: u32::from(intent.plugin.0),
        side: side(intent.side),
        kind: intent.kind.fix_code() | if review.replaces { 1 << 8 } else { 0 },
        quantity: quantity.nanos(),
        price: review.price.nanos(),
    }
}

/// What a risk plugin may base its verdict on.
pub fn exposure(review: &Review) -> risk_check::Exposure {
    let exposure = &review.exposure;
    risk_check::Exposure {
        position: exposure.position.nanos(),
        open_buy: exposure.open_buy.nanos(),
        open_sell: exposure.open_sell.nanos(),
        reference: exposure.reference.nanos(),
        reference_age_ns: exposure.reference_age_ns,
        day_pnl: exposure.day_pnl.nanos_saturating(),
    }
}

/// A log level.
pub fn level(level: log::Level) -> tracing::Level {
    match level {
        log::Level::Trace => tracing::Level::TRACE,
        log::Level::Debug => tracing::Level::DEBUG,
        log::Level::Info => tracing::Level::INFO,
        log::Level::Warn => tracing::Level::WARN,
        log::Level::Error => tracing::Level::ERROR,
    }
}

/// At most `limit` bytes of a text, cut between characters.
pub fn cut(text: &str, limit: usize) -> &str {
    if text.len() <= limit {
        return text;
    }
    let mut end = limit;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// A guest's text as a log may have it: short, on one line, without control characters.
pub fn printable(text: &str, limit: usize) -> String {
    let short = cut(text, limit);
    let mut clean = String::with_capacity(short.len() + 8);
    for character in short.chars() {
        if character.is_control() || is_direction_mark(character) {
            clean.extend(character.escape_unicode());
        } else {
            clean.push(character);
        }
    }
    if short.len() < text.len() {
        clean.push('…');
    }
    clean
}

/// Marks that make a line read other than it is.
const fn is_direction_mark(character: char) -> bool {
    matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
