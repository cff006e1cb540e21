//! Every kind of instrument of the catalogue has a price that makes sense, moves, and has a past.

use std::collections::BTreeSet;

use crate::exchange::{
    Config, Exchange, Hours, InstrumentId, Kind, Leg, Phase, Right, Side, TradingSession, Wanted,
};

const SECOND: u64 = 1_000_000_000;
const EPOCH: u64 = 1_795_000_000;

fn listed(exchange: &Exchange, kind: Kind) -> Vec<InstrumentId> {
    let all = exchange.markets();
    all.filter(|(_, market)| market.instrument.kind == kind)
        .map(|(id, _)| id)
        .collect()
}

/// Contracts of a chain on a symbol, the nearest first.
fn chain(exchange: &mut Exchange, kind: Kind, symbol: &str) -> Vec<InstrumentId> {
    exchange.chain_contracts(&Wanted {
        kind: Some(kind),
        symbol,
        ..Wanted::default()
    })
}

/// The price in the middle of what a market shows, as a number.
fn middle(exchange: &Exchange, id: InstrumentId) -> f64 {
    exchange.market(id).middle()
}

fn of_all_kinds(exchange: &mut Exchange) -> Vec<InstrumentId> {
    let mut all = Vec::new();
    for kind in [
        Kind::Stock,
        Kind::Cash,
        Kind::Bond,
        Kind::Cfd,
        Kind::Index,
        Kind::Warrant,
        Kind::Commodity,
        Kind::Crypto,
        Kind::Fund,
    ] {
        all.extend(listed(exchange, kind).into_iter().take(3));
    }
    all.extend(
        chain(exchange, Kind::Option, "AAPL")
            .into_iter()
            .step_by(37)
            .take(6),
    );
    all.extend(chain(exchange, Kind::Future, "ES").into_iter().take(2));
    all.extend(
        chain(exchange, Kind::FutureOption, "ES")
            .into_iter()
            .step_by(41)
            .take(4),
    );
    all
}

#[test]
fn every_kind_moves_on_the_grid_of_its_exchange() {
    let mut exchange = Exchange::new(Config {
        tick_rate: 500,
        ..Config::default()
    });
    let all = of_all_kinds(&mut exchange);
    let kinds: BTreeSet<Kind> = all
        .iter()
        .map(|id| exchange.market(*id).instrument.kind)
        .collect();
    assert_eq!(kinds.len(), 12);
    for id in &all {
        exchange.watch(*id);
    }
    let mut moves = vec![BTreeSet::new(); all.len()];
    for second in 1..60 {
        exchange.advance(second * SECOND);
        for (id, seen) in all.iter().zip(&mut moves) {
            let market = exchange.market(*id);
            let (shown, instrument) = (market.shown(), &market.instrument);
            let grid = instrument.grid(&instrument.valid_exchanges[0]);
            if instrument.kind == Kind::Index {
                assert_eq!((shown.bid, shown.ask), (None, None));
                seen.insert(market.session().last);
                continue;
            }
            let ask = shown.ask.unwrap().0;
            assert!(grid.holds(ask) && ask > 0, "{} {ask}", instrument.local_symbol);
            if let Some((bid, _)) = shown.bid {
                assert!(
                    grid.holds(bid) && 0 < bid && bid < ask,
                    "{} {bid}",
                    instrument.local_symbol
                );
            }
            seen.insert(ask);
        }
    }
    for (id, seen) in all.iter().zip(&moves) {
        let market = exchange.market(*id);
        let still = market.instrument.kind == Kind::Fund || market.session().last < 20;
        assert!(
            seen.len() > 3 || still,
            "{} {seen:?}",
            market.instrument.local_symbol
        );
    }
}

#[test]
fn options_cost_what_the_model_says_and_their_prices_say_what_the_model_needs() {
    let mut exchange = Exchange::new(Config::default());
    let options = chain(&mut exchange, Kind::Option, "AAPL");
    let apple = InstrumentId(0);
    exchange.watch(apple);
    let mut seen = 0;
    for id in options.into_iter().step_by(11) {
        exchange.watch(id);
        let figures = exchange.greeks(id).unwrap();
        let derivation = exchange.market(id).instrument.derivation.unwrap();
        let model = figures.model;
        assert!((model.underlying - middle(&exchange, apple)).abs() < 1e-9);
        let sign = if derivation.right == Some(Right::Call) {
            1.0
        } else {
            -1.0
        };
        assert!((0.0..=1.0).contains(&(sign * model.delta)), "{model:?}");
        assert!(model.gamma >= 0.0 && model.vega >= 0.0 && model.volatility > 0.05);
        let away = (middle(&exchange, id) - model.price).abs();
        assert!(away < 0.1 + 0.05 * model.price, "{away} {model:?}");
        if let (Some(bid), Some(ask)) = (figures.bid, figures.ask) {
            assert!(bid.price < ask.price && bid.volatility <= ask.volatility);
            let found = exchange
                .option_volatility(id, model.price, model.underlying)
                .unwrap();
            assert!((found.price - model.price).abs() < 1e-6);
            let same = exchange
                .option_price(id, found.volatility, model.underlying)
                .unwrap();
            assert!((same.price - model.price).abs() < 1e-6);
            seen += 1;
        }
        exchange.unwatch(id);
    }
    assert!(seen > 10);
    assert_eq!(exchange.greeks(apple), None);
}

#[test]
fn what_is_derived_follows_what_it_is_derived_from() {
    let mut exchange = Exchange::new(Config::default());
    let apple = InstrumentId(0);
    let near = |id: &InstrumentId, exchange: &Exchange| {
        let derivation = exchange.market(*id).instrument.derivation.unwrap();
        let days = (derivation.expires - EPOCH) / 86_400;
        derivation.right == Some(Right::Call) && (20..60).contains(&days)
    };
    let calls = chain(&mut exchange, Kind::Option, "AAPL");
    let call = *calls.iter().find(|id| near(id, &exchange)).unwrap();
    let cfd = listed(&exchange, Kind::Cfd)[0];
    let below = exchange.market(cfd).instrument.derivation.unwrap().underlying;
    for id in [apple, call, cfd, below] {
        exchange.watch(id);
    }
    let before = (
        middle(&exchange, call),
        middle(&exchange, cfd),
        middle(&exchange, below),
    );
    let up = exchange.market(apple).session().last + 2_000;
    exchange.move_price(apple, up);
    let price = exchange.market(below).session().last;
    exchange.move_price(below, price + price / 10);
    exchange.advance(3 * SECOND);
    assert!(middle(&exchange, call) > before.0 + 1.0);
    let (followed, led) = (
        middle(&exchange, cfd) / before.1,
        middle(&exchange, below) / before.2,
    );
    assert!((followed - led).abs() < 0.01 && led > 1.05, "{followed} {led}");
}

#[test]
fn a_combination_is_its_legs_and_may_be_worth_less_than_nothing() {
    let mut exchange = Exchange::new(Config::default());
    let leg = |instrument: usize, side| Leg {
        instrument: InstrumentId(instrument),
        ratio: 1,
        side,
    };
    // Apple less Microsoft.
    let legs = [leg(0, Side::Buy), leg(1, Side::Sell)];
    let id = exchange.combination(&legs).unwrap();
    exchange.watch(id);
    exchange.advance(2 * SECOND);
    let price = middle(&exchange, id);
    assert!((-200.0..-180.0).contains(&price), "{price}");
    assert!(exchange.market(id).shown().bid.unwrap().0 < 0);
}

#[test]
fn futures_and_options_have_a_past_of_their_own() {
    let mut exchange = Exchange::new(Config::default());
    let all = of_all_kinds(&mut exchange);
    for id in all {
        let mut past = exchange.past();
        let whole = past.summary(id, EPOCH - 100_000, EPOCH - 50_000);
        let parts = past
            .summary(id, EPOCH - 100_000, EPOCH - 77_777)
            .and(&past.summary(id, EPOCH - 77_777, EPOCH - 50_000));
        assert_eq!(
            (whole.trades, whole.bid, whole.volume),
            (parts.trades, parts.bid, parts.volume)
        );
        assert!(whole.trades.is_some() || whole.bid.is_some());
        assert!(exchange.begins(id) < EPOCH);
    }
    let future = chain(&mut exchange, Kind::Future, "ES")[0];
    let below = exchange.market(future).instrument.derivation.unwrap().underlying;
    let mut past = exchange.past();
    let last = |summary: crate::exchange::Summary| summary.last.unwrap();
    let led = last(past.summary(below, EPOCH - 9, EPOCH - 8));
    let led = super::as_price(&exchange.market(below).instrument, led);
    let followed = last(past.summary(future, EPOCH - 9, EPOCH - 8));
    let followed = super::as_price(&exchange.market(future).instrument, followed);
    assert!((1.0..1.02).contains(&(followed / led)), "{followed} {led}");
}

#[test]
fn with_venue_hours_markets_close_and_open_with_a_print() {
    // Half an hour before New York's regular session ends on a Tuesday.
    let mut exchange = Exchange::new(Config {
        epoch: 1_794_949_200 - 1_800,
        hours: Hours::Venue,
        ..Config::default()
    });
    let apple = InstrumentId(0);
    let epoch = 1_794_949_200 - 1_800;
    exchange.watch(apple);
    assert_eq!(exchange.phase(apple, epoch), Phase::Regular);
    let volume = exchange.market(apple).session().volume;
    assert!(volume > 1_000_000, "what happened before today counts: {volume}");
    let sessions: Vec<TradingSession> = exchange.sessions(apple, epoch, epoch + 86_400);
    let closes = sessions
        .iter()
        .rfind(|each| each.day == sessions[0].day)
        .unwrap()
        .close;
    let opens = sessions
        .iter()
        .find(|each| each.day != sessions[0].day)
        .unwrap()
        .open;
    let mut at = 0;
    let mut until = |exchange: &mut Exchange, unix: u64| {
        while epoch + at < unix {
            at += 20;
            exchange.advance(at * SECOND);
        }
    };
    until(&mut exchange, closes + 40);
    let closed = exchange.market(apple).session();
    assert_eq!(exchange.market(apple).shown().bid, None);
    exchange.take_events();
    until(&mut exchange, opens - 40);
    assert!(exchange.take_events().is_empty());
    assert_eq!(exchange.market(apple).session(), closed);
    until(&mut exchange, opens + 40);
    let day = exchange.market(apple).session();
    assert_eq!(day.close, closed.last);
    assert_ne!(day.open, closed.last);
    assert!(day.volume > 0 && exchange.market(apple).shown().bid.is_some());
}
