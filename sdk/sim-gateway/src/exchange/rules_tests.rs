//! Price ladders: what they accept and where they round to.

use proptest::prelude::*;
use rust_decimal::Decimal;

use super::rules::{Grid, Ladder, Rounding};

fn grid(text: &str, tick: &str) -> Grid {
    let tick: Decimal = tick.parse().unwrap();
    text.parse::<Ladder>().unwrap().grid(tick).unwrap()
}

#[test]
fn ladders_accept_what_their_rungs_say() {
    let options = grid("0.01, 0.05 from 3", "0.01");
    for (price, holds) in [
        (1, true),
        (299, true),
        (300, true),
        (301, false),
        (305, true),
        (-301, false),
        (-305, true),
    ] {
        assert_eq!(options.holds(price), holds, "{price}");
    }
    let table = [
        (301, Rounding::Down, 300),
        (301, Rounding::Up, 305),
        (301, Rounding::Nearest, 300),
        (303, Rounding::Nearest, 305),
        (-301, Rounding::Down, -305),
        (-301, Rounding::Up, -300),
        (299, Rounding::Up, 299),
        (0, Rounding::Down, 0),
    ];
    for (price, way, wanted) in table {
        assert_eq!(options.round(price, way), wanted, "{price} {way:?}");
    }
    assert_eq!((options.increment_at(299), options.increment_at(300)), (1, 5));
}

#[test]
fn ladders_that_make_no_sense_are_refused() {
    for text in [
        "",
        "x",
        "0",
        "-1",
        "0.01 from 1",
        "0.01, 0.05 from 0",
        "0.01, 0.05 from 3.01",
        "0.01, 0.05 to 3",
    ] {
        assert!(text.parse::<Ladder>().is_err(), "{text}");
    }
    let ladder: Ladder = "0.25".parse().unwrap();
    assert_eq!(ladder.grid(Decimal::new(1, 1)), None);
}

proptest! {

#[test]
    fn rounding_finds_the_nearest_price_on_the_grid(price in -500_000_i64..500_000) {
        let grids = [
            grid("0.25", "0.25"),
            grid("0.01, 0.05 from 3", "0.01"),
            grid("0.001, 0.005 from 0.25, 0.01 from 0.5, 0.02 from 10, 0.05 from 20, 0.1 from 100", "0.001"),
        ];
        for grid in grids {
            let down = grid.round(price, Rounding::Down);
            let up = grid.round(price, Rounding::Up);
            let nearest = grid.round(price, Rounding::Nearest);
            prop_assert!(grid.holds(down) && grid.holds(up));
            prop_assert!(down <= price && price <= up);
            prop_assert!((down + 1..up).all(|between| !grid.holds(between)));
            let wanted = if price - down < up - price { down } else { up };
            prop_assert_eq!(nearest, wanted);
            prop_assert_eq!(grid.round(nearest, Rounding::Up), nearest);
        }
    }
}
