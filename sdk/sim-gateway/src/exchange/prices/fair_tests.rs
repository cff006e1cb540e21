//! Fair values: the same every time, made of their parts, as volatile as asked for, and moving together.

use proptest::prelude::*;

use super::fair::FairPath;
use crate::exchange::{Config, Exchange, Instrument, InstrumentId};

const NOW: u64 = 1_795_000_000;
const DAY: u64 = 86_400;

fn instrument(con_id: i32, beta: f64) -> Instrument {
    let exchange = Exchange::new(Config::default());
    Instrument {
        con_id,
        volatility: 0.3,
        beta,
        ..exchange.market(InstrumentId(0)).instrument.clone()
    }
}

proptest! {
    #[test]
    fn an_interval_is_made_of_its_parts(
        seed: u64,
        from in 0..4_000_000_000_u64,
        lengths in proptest::collection::vec(1..5_000_u64, 1..8),
    ) {
        let mut path = FairPath::new(seed, &instrument(1, 1.0));
        let mut other = path.clone();
        let mut at = from;
        let mut parts = None;
        for length in lengths {
            let part = path.over(at, at + length);
            prop_assert!(part.low <= part.open.min(part.close) && part.high >= part.open.max(part.close));
            parts = Some(parts.map_or(part, |all: super::fair::Reach| {
                assert_eq!(all.close, part.open);
                all.and(part)
            }));
            at += length;
        }
        prop_assert_eq!(parts.unwrap(), other.over(from, at));
    }

    #[test]
    fn it_does_not_matter_where_one_looked_before(
        seed: u64,
        looks in proptest::collection::vec(0..1_u64 << 33, 1..20),
    ) {
        let mut used = FairPath::new(seed, &instrument(1, 1.0));
        for at in looks {
            let mut fresh = FairPath::new(seed, &instrument(1, 1.0));
            prop_assert_eq!(used.at(at), fresh.at(at));
        }
    }
}

/// Logarithmic moves over consecutive days.
fn moves(path: &mut FairPath, days: u64) -> Vec<f64> {
    let values: Vec<f64> = (0..=days).map(|day| path.at(NOW - day * DAY)).collect();
    values.windows(2).map(|pair| pair[0] - pair[1]).collect()
}

fn deviation(moves: &[f64]) -> f64 {
    let squares: f64 = moves.iter().map(|each| each * each).sum();
    (squares / moves.len() as f64).sqrt()
}

#[test]
fn it_moves_as_much_as_its_volatility_says() {
    for seed in 1..4 {
        let mut path = FairPath::new(seed, &instrument(7, 1.0));
        for step in [1, 60, 3_600, DAY] {
            let values: Vec<f64> = (0..=2_000).map(|number| path.at(NOW - number * step)).collect();
            let moves: Vec<f64> = values.windows(2).map(|pair| pair[0] - pair[1]).collect();
            let yearly = deviation(&moves) * (365.25 * 86_400.0 / step as f64).sqrt();
            assert!((0.24..0.36).contains(&yearly), "{step} s: {yearly}");
        }
        // An hour's reach is about 1.6 deviations of its move.
        let hours = 1_000;
        let reach: f64 = (0..hours)
            .map(|hour| path.over(NOW + hour * 3_600, NOW + (hour + 1) * 3_600))
            .map(|reach| reach.high - reach.low)
            .sum();
        let wanted = 1.6 * 0.3 / (365.25_f64 * 24.0).sqrt() * hours as f64;
        assert!((0.6..1.4).contains(&(reach / wanted)), "{}", reach / wanted);
    }
}

#[test]
fn instruments_move_together_as_far_as_their_beta_says() {
    let correlation = |one: f64, other: f64| {
        let one = moves(&mut FairPath::new(5, &instrument(7, one)), 1_500);
        let other = moves(&mut FairPath::new(5, &instrument(8, other)), 1_500);
        let products: f64 = one.iter().zip(&other).map(|(a, b)| a * b).sum();
        products / one.len() as f64 / deviation(&one) / deviation(&other)
    };
    assert!((0.15..0.45).contains(&correlation(1.0, 1.0)));
    assert!((0.6..0.95).contains(&correlation(1.7, 1.7)));
    assert!(correlation(1.0, 0.0).abs() < 0.12);
    assert!(correlation(1.5, -1.5) < -0.4);
}
