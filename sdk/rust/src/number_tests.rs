use super::{Amount, Price, Quantity};

#[test]
fn decimals_read_and_print_the_same() {
    for text in [
        "0",
        "1",
        "-1",
        "0.01",
        "-0.000000001",
        "123.456789012",
        "9223372036.854775807",
    ] {
        let price: Price = text.parse().unwrap();
        assert_eq!(price.to_string(), text);
    }
    for text in [
        "",
        "-",
        ".5",
        "1e3",
        "0.0000000001",
        "9223372037",
        "1.2.3",
        "NaN",
        "+1",
    ] {
        assert!(text.parse::<Price>().is_err(), "{text:?} was read as a price");
    }
}

#[test]
fn json_takes_numbers_and_strings() {
    for (json, units) in [
        ("1", 1_000_000_000),
        ("0.01", 10_000_000),
        ("\"0.1\"", 100_000_000),
        ("-2", -2_000_000_000),
    ] {
        let quantity: Quantity = serde_json::from_str(json).unwrap();
        assert_eq!(quantity.units(), units, "{json}");
    }
    for json in ["1e300", "true", "\"x\"", "99999999999", "null"] {
        assert!(
            serde_json::from_str::<Quantity>(json).is_err(),
            "{json} was read as a quantity"
        );
    }
}

#[test]
fn floats_outside_the_range_are_nothing() {
    assert_eq!(Price::from_f64(1.25), Some(Price::from_units(1_250_000_000)));
    for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e10, -1e10] {
        assert_eq!(Price::from_f64(value), None, "{value}");
    }
}

#[test]
fn arithmetic_saturates() {
    let most = Amount::from_units(i64::MAX);
    assert_eq!(most + Amount::from_int(1), most);
    assert_eq!(-Amount::from_units(i64::MIN), most);
    assert_eq!(Amount::from_int(i64::MAX), most);
}

#[test]
fn rounding_to_a_step() {
    // value, step, floor, ceil
    for (value, step, floor, ceil) in [
        (1005, 10, 1000, 1010),
        (1010, 10, 1010, 1010),
        (-1005, 10, -1010, -1000),
        (7, 0, 7, 7),
    ] {
        let (price, step) = (Price::from_units(value), Price::from_units(step));
        assert_eq!(price.floor_to(step).units(), floor, "{value}");
        assert_eq!(price.ceil_to(step).units(), ceil, "{value}");
    }
    assert_eq!(
        Price::from_units(i64::MAX)
            .midpoint(Price::from_units(i64::MAX - 2))
            .units(),
        i64::MAX - 1
    );
}
