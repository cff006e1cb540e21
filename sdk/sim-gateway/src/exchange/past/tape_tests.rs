//! The tape: what it is told is what it tells, exactly while fine, in sum when coarse, and in bounded memory.

use proptest::prelude::*;

use super::candle::{Candle, Summary};
use super::tape::{PastTick, Tape};
use crate::exchange::Top;

fn top(bid: i64, ask: i64) -> Top {
    Top {
        bid: (bid > 0).then_some((bid, 5)),
        ask: (ask > 0).then_some((ask, 7)),
    }
}

/// One thing that happens, some seconds after the one before.
fn happening() -> impl Strategy<Value = (u64, PastTick)> {
    let tick = prop_oneof![
        (0..60_i64, 60..90_i64).prop_map(|(bid, ask)| PastTick::Quote(top(bid, ask))),
        (40..80_i64, 1..9_i64).prop_map(|(price, lots)| PastTick::Trade(price, lots)),
    ];
    (0..4_u64, tick)
}

fn join(all: Option<Candle>, price: i64) -> Option<Candle> {
    Some(all.map_or(Candle::flat(price), |all| all.then(price)))
}

/// What the ticks of `from..to` make, with the quotes in force at `from`.
fn made(ticks: &[(u64, PastTick)], from: u64, to: u64) -> Summary {
    let mut made = Summary::default();
    let before = ticks.iter().rev().find_map(|(at, tick)| match tick {
        PastTick::Quote(top) if *at < from => Some((*at, *top)),
        _ => None,
    });
    let inside = ticks.iter().filter(|(at, _)| (from..to).contains(at));
    for (_, tick) in before
        .map(|(at, top)| (at, PastTick::Quote(top)))
        .iter()
        .chain(inside)
    {
        match tick {
            PastTick::Quote(top) => {
                let (bid, ask) = (top.bid.map(|each| each.0), top.ask.map(|each| each.0));
                made.bid = bid.map_or(made.bid, |bid| join(made.bid, bid));
                made.ask = ask.map_or(made.ask, |ask| join(made.ask, ask));
                made.middle = bid
                    .zip(ask)
                    .map_or(made.middle, |(bid, ask)| join(made.middle, bid + ask));
            }
            PastTick::Trade(price, lots) => {
                made.trades = join(made.trades, *price);
                made.volume += lots;
                made.turnover += i128::from(price * lots);
                made.count += 1;
            }
        }
    }
    made
}

fn recorded(happenings: &[(u64, PastTick)]) -> (Tape, Vec<(u64, PastTick)>, u64) {
    let mut tape = Tape::default();
    let mut unix = 1_000;
    tape.begin(unix, top(50, 60), 55);
    let mut ticks = vec![(unix, PastTick::Quote(top(50, 60)))];
    for (later, tick) in happenings {
        unix += later;
        match tick {
            PastTick::Quote(top) => tape.quote(unix, *top),
            PastTick::Trade(price, lots) => tape.trade(unix, *price, *lots),
        }
        ticks.push((unix, *tick));
    }
    (tape, ticks, unix)
}

proptest! {
    #[test]
    fn any_stretch_is_what_its_ticks_make(
        happenings in proptest::collection::vec(happening(), 0..200),
        from in 0..200_u64,
        length in 1..100_u64,
    ) {
        let (tape, ticks, last) = recorded(&happenings);
        let (from, to) = (1_000 + from.min(last - 1_000), 1_000 + from.min(last - 1_000) + length);
        let found = Summary { last: None, ..tape.over(from, to) };
        prop_assert_eq!(found, made(&ticks, from, to));
        let second: Vec<_> = tape.ticks(from).unwrap().collect();
        let wanted: Vec<_> = ticks.iter().filter(|(at, _)| *at == from).map(|(_, tick)| *tick).collect();
        prop_assert_eq!(second, wanted);
    }

    #[test]
    fn parts_make_the_whole(
        happenings in proptest::collection::vec(happening(), 0..200),
        cuts in proptest::collection::btree_set(1_001..1_500_u64, 0..10),
    ) {
        let (tape, _, _) = recorded(&happenings);
        let mut at = 1_000;
        let mut sum = Summary::default();
        for cut in cuts.into_iter().chain([1_600]) {
            sum = sum.and(&tape.over(at, cut));
            at = cut;
        }
        prop_assert_eq!(sum, tape.over(1_000, 1_600));
    }
}

#[test]
fn what_no_longer_fits_is_kept_in_sum() {
    let mut tape = Tape::default();
    let begin = 1_800_000_000 / 3_600 * 3_600;
    tape.begin(begin, top(50, 60), 55);
    let days = 4;
    for second in 0..days * 86_400 {
        let price = 40 + i64::try_from(second % 37).unwrap();
        tape.trade(begin + second, price, 1);
    }
    let end = begin + days * 86_400;
    let whole = tape.over(begin, end);
    assert_eq!(whole.count, days * 86_400);
    assert_eq!(
        whole.trades.map(|each| (each.open, each.high, each.low)),
        Some((40, 76, 40))
    );
    let hours: u64 = (0..days * 24)
        .map(|hour| tape.over(begin + hour * 3_600, begin + (hour + 1) * 3_600).count)
        .sum();
    assert_eq!(hours, days * 86_400);
    assert!(tape.ticks(begin).is_none() && tape.ticks(end - 1).is_some());
}

#[test]
fn only_what_was_looked_at_is_on_the_tape() {
    let mut tape = Tape::default();
    assert_eq!(tape.part(100, 200), (200, false));
    tape.begin(150, top(50, 60), 55);
    assert_eq!(tape.part(100, 200), (150, false));
    assert_eq!(tape.part(150, 200), (200, true));
    tape.end(160);
    assert_eq!(tape.part(150, 200), (160, true));
    assert_eq!(tape.part(160, 200), (200, false));
    // Nobody looked: what happens is not recorded.
    tape.trade(170, 55, 1);
    tape.begin(180, top(51, 60), 55);
    assert_eq!(tape.part(160, 200), (180, false));
    let found = tape.over(180, 200);
    assert_eq!((found.bid, found.count), (Some(Candle::flat(51)), 0));
    // Looking again at once continues the stretch.
    tape.end(190);
    tape.begin(190, top(52, 60), 55);
    assert_eq!(tape.part(180, 200), (200, true));
    let both = Candle::flat(51).then(52);
    assert_eq!(tape.over(180, 200).bid, Some(both));
}
