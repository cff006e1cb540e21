//! Option computations: the volatilities and sensitivities behind bid, ask, last and model price.

use super::ticker::push;
use super::{Stream, fields};
use crate::exchange::model::Greeks;
use crate::exchange::{InstrumentId, Session, Ticks, Top};
use crate::gateway::Gateway;
use crate::gateway::data::Address;
use crate::wire::messages::option as wire;

/// Computed from prices, not from returns.
const FROM_PRICES: i32 = 1;
/// What the protocol says where something could not be computed: -1, and -2 where that may be meant.
const NO_VOLATILITY: f64 = -1.0;
const NOT_COMPUTED: f64 = -2.0;

/// What a client's computations were made from; while it stays, so do they.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Basis {
    pub(super) bid: Option<Ticks>,
    pub(super) ask: Option<Ticks>,
    pub(super) last: Option<Ticks>,
    underlying: Ticks,
}

impl Basis {
    pub(super) fn of(top: Top, day: Session, underlying: Ticks) -> Self {
        Self {
            bid: top.bid.map(|(price, _)| price),
            ask: top.ask.map(|(price, _)| price),
            last: (day.last_lots > 0).then_some(day.last),
            underlying,
        }
    }
}

/// One computation as a message.
pub(in crate::gateway::data) fn computation(
    request: i32,
    field: i32,
    found: Option<Greeks>,
    price: Option<f64>,
) -> wire::TickOptionComputation {
    let of = |figure: fn(&Greeks) -> f64| Some(found.as_ref().map_or(NOT_COMPUTED, figure));
    wire::TickOptionComputation {
        req_id: Some(request),
        tick_type: Some(field),
        tick_attrib: Some(FROM_PRICES),
        implied_vol: Some(found.map_or(NO_VOLATILITY, |greeks| greeks.volatility)),
        delta: of(|greeks| greeks.delta),
        opt_price: Some(
            price
                .or(found.map(|greeks| greeks.price))
                .unwrap_or(NO_VOLATILITY),
        ),
        // No underlying here pays a dividend before its options expire that the model would know of.
        pv_dividend: Some(0.0),
        gamma: of(|greeks| greeks.gamma),
        vega: of(|greeks| greeks.vega),
        theta: of(|greeks| greeks.theta),
        und_price: Some(found.map_or(NO_VOLATILITY, |greeks| greeks.underlying)),
    }
}

impl Gateway {
    /// Tells the watchers of an option its computations, where what they are made from has changed.
    pub(super) fn tell_computations(&mut self, id: InstrumentId) {
        let market = self.exchange.market(id);
        if !market.instrument.kind.is_option() {
            return;
        }
        let Some(derivation) = market.instrument.derivation else {
            return;
        };
        let underlying = self.exchange.market(derivation.underlying).mark();
        let basis = Basis::of(market.shown(), market.session(), underlying);
        let behind = |stream: &Stream| {
            stream.computed != Some(basis)
                && !stream.generics.without_quotes
                && stream.feed != super::Feed::Silent
        };
        let Some(board) = self.data.boards.get(id.0) else {
            return;
        };
        if !board.streams.iter().any(behind) {
            return;
        }
        let Some(figures) = self.exchange.greeks(id) else {
            return;
        };
        let all = [
            (fields::BID_OPTION, basis.bid.is_some(), figures.bid),
            (fields::ASK_OPTION, basis.ask.is_some(), figures.ask),
            (fields::LAST_OPTION, basis.last.is_some(), figures.last),
            (fields::MODEL_OPTION, true, Some(figures.model)),
        ];
        let Some(board) = self.data.boards.get_mut(id.0) else {
            return;
        };
        for stream in board.streams.iter_mut().filter(|stream| behind(stream)) {
            stream.computed = Some(basis);
            let Address { request, .. } = stream.address;
            for (field, known, greeks) in all {
                let field = match stream.feed.is_delayed() {
                    true => fields::delayed(field).unwrap_or(field),
                    false => field,
                };
                if known {
                    let message = computation(request, field, greeks, None);
                    push(&mut self.output, &stream.address, field, &message);
                }
            }
        }
    }
}
