use super::money::{Money, Price, Quantity};

fn check(text: &str, expected: Result<i64, ()>) {
    let parsed = text.parse::<Price>().map(Price::nanos).map_err(|_| ());
    assert_eq!(parsed, expected, "{text:?}");
}

#[test]
fn decimal_text_reads_exactly_or_not_at_all() {
    check("187.25", Ok(187_250_000_000));
    check("-0.000000001", Ok(-1));
    check(".5", Ok(500_000_000));
    check("0.0000000001", Err(()));
    check("1e3", Err(()));
    check("", Err(()));
    check("-", Err(()));
    check("1.2.3", Err(()));
    check("9300000000", Err(()));
}

#[test]
fn display_is_the_shortest_text_that_reads_back() {
    for text in ["187.25", "-0.000000001", "0", "-3", "9223372036.854775807"] {
        assert_eq!(text.parse::<Price>().unwrap().to_string(), text);
    }
}

#[test]
fn notional_is_price_times_quantity_times_multiplier() {
    let price: Price = "187.25".parse().unwrap();
    let notional = price.notional(Quantity::from_units(100), Quantity::from_units(50));
    assert_eq!(notional, "936250".parse::<Money>().unwrap());
}

#[test]
fn a_configuration_may_write_numbers_or_text() {
    #[derive(serde::Deserialize)]
    struct Table {
        a: Quantity,
        b: Price,
        c: Money,
    }
    let table: Table = toml::from_str("a = 3\nb = 0.05\nc = \"1000000.5\"").unwrap();
    assert_eq!(table.a, Quantity::from_units(3));
    assert_eq!(table.b, Price::from_nanos(50_000_000));
    assert_eq!(table.c.to_string(), "1000000.5");
}

#[test]
fn extremes_stop_instead_of_wrapping() {
    let most = Price::from_nanos(i64::MAX);
    assert_eq!(most.distance(Price::from_nanos(i64::MIN)), most);
    assert_eq!(most.parts_per_million(u32::MAX), most);
    let quantity = Quantity::from_nanos(i64::MAX);
    assert_eq!(quantity.plus(quantity), quantity);
    let money = most.notional(quantity, quantity);
    assert!(money > Money::ZERO);
    assert_eq!(money.nanos_saturating(), i64::MAX);
}
