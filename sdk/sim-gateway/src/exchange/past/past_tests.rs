//! The past: made of its parts, the same whenever asked for, and what was seen where somebody looked.

use proptest::prelude::*;

use super::{Candle, PastTick, Summary};
use crate::exchange::{Config, Event, Exchange, Halt, InstrumentId};

const APPLE: InstrumentId = InstrumentId(0);
const EURO: InstrumentId = InstrumentId(5);
const SECOND: u64 = 1_000_000_000;
const EPOCH: u64 = 1_795_000_000;

/// What single ticks make; the quotes of the second before count as in force at the beginning.
fn made(ticks: &[PastTick]) -> Summary {
    let mut made = Summary::default();
    for tick in ticks {
        match tick {
            PastTick::Quote(top) => made.quote(top.bid.map(|each| each.0), top.ask.map(|each| each.0)),
            PastTick::Trade(price, lots) => made.trade(*price, *lots),
        }
    }
    made
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn the_past_is_made_of_its_parts(
        id in 0..6_usize,
        ago in 100..200_000_000_u64,
        lengths in proptest::collection::vec(1..100_000_u64, 1..6),
    ) {
        let exchange = Exchange::new(Config::default());
        let id = InstrumentId(id);
        let (mut past, mut other) = (exchange.past(), exchange.past());
        let from = EPOCH - ago;
        let mut at = from;
        let mut sum = Summary::default();
        for length in lengths {
            let to = (at + length).min(EPOCH);
            sum = sum.and(&past.summary(id, at, to));
            at = to;
        }
        let whole = other.summary(id, from, at);
        // The average price of a stretch nobody looked at is an estimate.
        prop_assert_eq!(Summary { turnover: 0, ..sum }, Summary { turnover: 0, ..whole });
    }

    #[test]
    fn a_second_is_made_of_its_ticks(id in 0..6_usize, ago in 2..200_000_000_u64) {
        let exchange = Exchange::new(Config::default());
        let mut past = exchange.past();
        let whole = past.summary(InstrumentId(id), EPOCH - ago, EPOCH - ago + 1);
        let made = made(&past.ticks(InstrumentId(id), EPOCH - ago));
        prop_assert_eq!((made.trades, made.middle), (whole.trades, whole.middle));
        prop_assert_eq!((made.bid, made.ask), (whole.bid, whole.ask));
        prop_assert_eq!((made.volume, made.count), (whole.volume, whole.count));
    }
}

/// Lets time pass in steps of a tenth of a second and notes what was published, with its second.
fn seen(exchange: &mut Exchange, id: InstrumentId, from: u64, seconds: u64) -> Vec<(u64, PastTick)> {
    let mut seen = Vec::new();
    let (mut at, end) = (from * SECOND, (from + seconds) * SECOND);
    while at < end {
        at = exchange.next_due().map_or(end, |due| due.clamp(at + 1, end));
        exchange.advance(at);
        for event in exchange.take_events() {
            let unix = exchange.unix_seconds(exchange.now());
            match event {
                Event::Quote { instrument } if instrument == id => {
                    seen.push((unix, PastTick::Quote(exchange.market(id).shown())));
                }
                Event::Trade {
                    instrument,
                    price,
                    lots,
                    ..
                } if instrument == id => {
                    seen.push((unix, PastTick::Trade(price, lots)));
                }
                _ => {}
            }
        }
    }
    seen
}

#[test]
fn what_was_seen_is_what_is_remembered() {
    for id in [APPLE, EURO] {
        let mut exchange = Exchange::new(Config::default());
        exchange.advance(7 * SECOND);
        exchange.watch(id);
        let opening = exchange.market(id).shown();
        let mut ticks = vec![(EPOCH + 7, PastTick::Quote(opening))];
        ticks.extend(seen(&mut exchange, id, 7, 400));
        let all: Vec<PastTick> = ticks
            .iter()
            .filter(|(at, _)| *at < EPOCH + 407)
            .map(|(_, tick)| *tick)
            .collect();
        assert!(all.len() > 1_000);
        let found = exchange.past().summary(id, EPOCH + 7, EPOCH + 407);
        let wanted = made(&all);
        assert_eq!(Summary { last: None, ..found }, Summary { last: None, ..wanted });
        let one: Vec<PastTick> = exchange.past().ticks(id, EPOCH + 100);
        let wanted: Vec<PastTick> = ticks
            .iter()
            .filter(|(at, _)| *at == EPOCH + 100)
            .map(|(_, tick)| *tick)
            .collect();
        assert_eq!(one, wanted);
        // Nobody looks any more; the past stays, and what follows is as if nobody ever had.
        exchange.unwatch(id);
        exchange.advance(900 * SECOND);
        assert_eq!(exchange.past().summary(id, EPOCH + 7, EPOCH + 407), found);
        let fresh = Exchange::new(Config::default());
        let mut later = exchange.past();
        let (from, to) = (EPOCH + 500, EPOCH + 800);
        assert_ne!(later.summary(id, from, to), Summary::default());
        let mut ahead = fresh;
        ahead.advance(900 * SECOND);
        assert_eq!(later.summary(id, from, to), ahead.past().summary(id, from, to));
    }
}

#[test]
fn asking_changes_nothing() {
    let told = |asks: bool| {
        let mut exchange = Exchange::new(Config::default());
        exchange.watch(APPLE);
        let mut all = Vec::new();
        for second in 1..60 {
            exchange.advance(second * SECOND);
            if asks {
                let end = exchange.past().end();
                exchange.past().summary(APPLE, end - 5_000, end);
            }
            all.extend(exchange.take_events());
        }
        format!("{all:?}")
    };
    assert_eq!(told(true), told(false));
}

#[test]
fn markets_wander_around_their_fair_value() {
    let mut exchange = Exchange::new(Config::default());
    for id in 0..6 {
        exchange.watch(InstrumentId(id));
    }
    exchange.advance(3_600 * SECOND);
    for id in (0..6).map(InstrumentId) {
        let market = exchange.market(id);
        let away = (market.session().last - market.process.anchor()).abs();
        assert!(
            away * 50 < market.instrument.open || market.instrument.kind == super::Kind::Cash,
            "{away}"
        );
        let mut fresh = Exchange::new(Config::default());
        fresh.advance(3_600 * SECOND);
        let unwatched = fresh.past().close_before(id, EPOCH + 3_600);
        assert!(unwatched.is_some());
    }
}

#[test]
fn a_decreed_price_lasts_and_a_look_later_finds_it() {
    let mut exchange = Exchange::new(Config::default());
    exchange.move_price(APPLE, 30_000);
    assert_eq!(exchange.market(APPLE).session().last, 30_000);
    exchange.advance(600 * SECOND);
    exchange.look(APPLE);
    let last = exchange.market(APPLE).session().last;
    assert!((29_000..31_000).contains(&last), "{last}");
    let candle = exchange.past().summary(APPLE, EPOCH + 300, EPOCH + 301).trades;
    assert!(candle.is_some_and(|candle| candle.low > 29_000));
    let before = exchange.past().summary(APPLE, EPOCH - 300, EPOCH - 299).trades;
    assert!(before.is_some_and(|candle: Candle| candle.high < 24_000));
}

#[test]
fn halted_markets_show_and_trade_nothing() {
    let mut exchange = Exchange::new(Config::default());
    exchange.watch(APPLE);
    exchange.advance(10 * SECOND);
    exchange.halt(APPLE, Halt::General);
    exchange.take_events();
    exchange.advance(60 * SECOND);
    let market = exchange.market(APPLE);
    assert_eq!(market.halted(), Some(Halt::General));
    assert_eq!((market.shown().bid, market.shown().ask), (None, None));
    assert!(exchange.take_events().is_empty());
    exchange.resume(APPLE);
    assert!(exchange.market(APPLE).shown().bid.is_some());
    exchange.advance(70 * SECOND);
    assert!(exchange.take_events().len() > 20);
}

#[test]
fn large_moves_halt_a_market_for_a_while_if_wanted() {
    let mut exchange = Exchange::new(Config::default());
    exchange.watch(APPLE);
    exchange.move_price(APPLE, 28_000);
    assert_eq!(exchange.market(APPLE).halted(), None);
    exchange.halt_on_large_moves(true);
    exchange.advance(400 * SECOND);
    exchange.move_price(APPLE, 23_000);
    assert_eq!(exchange.market(APPLE).halted(), Some(Halt::Volatility));
    exchange.advance(690 * SECOND);
    assert_eq!(exchange.market(APPLE).halted(), Some(Halt::Volatility));
    exchange.advance(701 * SECOND);
    assert_eq!(exchange.market(APPLE).halted(), None);
    assert!(exchange.market(APPLE).shown().bid.is_some());
}
