//! The built-in catalogue, its chains, and what is said about a bad file.

use std::collections::BTreeSet;

use rust_decimal::Decimal;

use super::{Catalogue, Wanted};
use crate::exchange::{Config, Exchange, InstrumentId, Kind, Leg, Right, Side};

/// Monday, 23 November 2026, 12:00 UTC.
const NOVEMBER: u64 = 1_795_435_200;

fn exchange() -> Exchange {
    Exchange::new(Config {
        epoch: NOVEMBER,
        ..Config::default()
    })
}

fn locals(exchange: &Exchange, ids: &[InstrumentId]) -> Vec<String> {
    let local = |id: &InstrumentId| exchange.market(*id).instrument.local_symbol.clone();
    ids.iter().map(local).collect()
}

fn days(exchange: &Exchange, ids: &[InstrumentId]) -> Vec<String> {
    let day = |id: &InstrumentId| exchange.market(*id).instrument.maturity.unwrap().last_trade;
    let days: BTreeSet<_> = ids.iter().map(day).collect();
    days.into_iter().map(|day| day.to_string()).collect()
}

#[test]
fn the_built_in_catalogue_keeps_its_first_instruments() {
    let exchange = Exchange::new(Config {
        synthetic: 2,
        ..Config::default()
    });
    let told: Vec<String> = exchange
        .markets()
        .take(9)
        .map(|(_, market)| {
            let each = &market.instrument;
            let price = each.price(each.open);
            format!(
                "{} {} {price} {} {:?}",
                each.con_id, each.local_symbol, each.min_tick, each.market_rules[0]
            )
        })
        .collect();
    let wanted = [
        "265598 AAPL 230 0.01 26",
        "272093 MSFT 420 0.01 26",
        "4815747 NVDA 140 0.01 26",
        "756733 SPY 590 0.01 26",
        "76792991 TSLA 340 0.01 26",
        "12087792 EUR.USD 1.085 0.00005 59",
        "900000001 SYM001 21 0.01 26",
        "900000002 SYM002 22 0.01 26",
        "3691937 AMZN 205 0.01 26",
    ];
    assert_eq!(told, wanted);
    let kinds: BTreeSet<Kind> = exchange
        .markets()
        .map(|(_, market)| market.instrument.kind)
        .collect();
    assert_eq!(kinds.len(), 9, "{kinds:?}");
}

/// Class, kind, last trading days, and the first contract in local notation.
const CONVENTIONS: [(&str, Kind, &str, &str); 10] = [
    (
        "ES",
        Kind::Future,
        "2026-12-18 2027-03-19 2027-06-18 2027-09-17 2027-12-17",
        "ESZ6",
    ),
    (
        "6E",
        Kind::Future,
        "2026-12-14 2027-03-15 2027-06-14 2027-09-13",
        "6EZ6",
    ),
    ("ZN", Kind::Future, "2026-12-21 2027-03-19 2027-06-21", "ZNZ6"),
    (
        "HSI",
        Kind::Future,
        "2026-11-27 2026-12-30 2027-01-28 2027-02-25",
        "HSIX26",
    ),
    (
        "FDAX",
        Kind::Future,
        "2026-12-18 2027-03-19 2027-06-18",
        "FDAX DEC 26",
    ),
    (
        "225",
        Kind::Future,
        "2026-12-10 2027-03-11 2027-06-10 2027-09-09 2027-12-09",
        "225Z26",
    ),
    (
        "SPXW",
        Kind::Option,
        "2026-11-27 2026-12-04 2026-12-11 2026-12-18 2026-12-24 2026-12-31",
        "SPXW  261127C05200000",
    ),
    (
        "SPX",
        Kind::Option,
        "2026-12-17 2027-01-14 2027-02-18 2027-03-18 2027-04-15",
        "SPX   261218C05200000",
    ),
    (
        "EW",
        Kind::FutureOption,
        "2026-11-30 2026-12-31 2027-01-29",
        "EWX6 C5350",
    ),
    (
        "LO",
        Kind::FutureOption,
        "2026-12-16 2027-01-15 2027-02-17 2027-03-17",
        "LOF7 C58.5",
    ),
];

#[test]
fn chains_follow_their_conventions() {
    let mut exchange = exchange();
    for (class, kind, dates, local) in CONVENTIONS {
        let wanted = Wanted {
            class,
            kind: Some(kind),
            ..Wanted::default()
        };
        let found = exchange.chain_contracts(&wanted);
        assert_eq!(days(&exchange, &found).join(" "), dates, "{class}");
        assert_eq!(locals(&exchange, &found)[0], local, "{class}");
    }
    let oil = exchange.chain_contracts(&Wanted {
        class: "CL",
        date: "202701",
        ..Wanted::default()
    });
    assert_eq!(
        days(&exchange, &oil),
        ["2026-12-21"],
        "a month ends before it begins"
    );
}

#[test]
fn options_are_found_by_parts_and_by_number() {
    let mut exchange = exchange();
    let call = exchange.chain_contracts(&Wanted {
        symbol: "AAPL",
        kind: Some(Kind::Option),
        date: "20261218",
        strike: Some(Decimal::from(230)),
        right: Some(Right::Call),
        ..Wanted::default()
    });
    assert_eq!(locals(&exchange, &call), ["AAPL  261218C00230000"]);
    let instrument = exchange.market(call[0]).instrument.clone();
    let derivation = instrument.derivation.unwrap();
    assert_eq!(derivation.underlying, InstrumentId(0));
    assert_eq!(derivation.strike, Some(Decimal::from(230)));
    assert_eq!(derivation.expires, 1_797_627_600, "16:00 in New York");
    assert_eq!(instrument.multiplier, Decimal::ONE_HUNDRED);
    let month = exchange.chain_contracts(&Wanted {
        symbol: "AAPL",
        kind: Some(Kind::Option),
        date: "202612",
        right: Some(Right::Put),
        ..Wanted::default()
    });
    assert_eq!(
        days(&exchange, &month),
        ["2026-12-04", "2026-12-11", "2026-12-18"]
    );
    assert_eq!(month.len(), 3 * 49);
    // In another run, where nothing has been listed yet, the number means the same contract.
    let mut other = self::exchange();
    for id in call.iter().chain(month.iter().step_by(20)) {
        let one = &exchange.market(*id).instrument;
        let found = other.find(one.con_id).unwrap();
        assert_eq!(other.market(found).instrument.local_symbol, one.local_symbol);
        assert_eq!(other.market(found).instrument.open, one.open);
    }
    assert_eq!(other.find(1_000_000_001), None);
    assert_eq!(other.find(i32::MAX), None);
}

#[test]
fn contracts_end_and_others_follow() {
    let mut exchange = exchange();
    let front = Wanted {
        class: "ES",
        kind: Some(Kind::Future),
        front: true,
        ..Wanted::default()
    };
    let now = exchange.chain_contracts(&front);
    assert_eq!(locals(&exchange, &now), ["ESZ6"]);
    let expires = exchange.market(now[0]).instrument.derivation.unwrap().expires;
    exchange.advance((expires - NOVEMBER) * 1_000_000_000);
    assert_eq!(
        exchange.phase(now[0], expires - 1),
        crate::exchange::Phase::Regular
    );
    assert_eq!(exchange.phase(now[0], expires), crate::exchange::Phase::Closed);
    let next = exchange.chain_contracts(&front);
    assert_eq!(locals(&exchange, &next), ["ESH7"]);
    let past = exchange.chain_contracts(&Wanted {
        date: "2026",
        expired: true,
        front: false,
        ..front
    });
    assert_eq!(locals(&exchange, &past), ["ESH6", "ESM6", "ESU6", "ESZ6"]);
}

#[test]
fn options_on_futures_deliver_the_next_one() {
    let mut exchange = exchange();
    let option = exchange.chain_contracts(&Wanted {
        class: "EW",
        date: "202612",
        strike: Some(Decimal::from(5_950)),
        right: Some(Right::Put),
        ..Wanted::default()
    });
    let option = exchange.market(option[0]).instrument.derivation.unwrap();
    assert_eq!(exchange.market(option.underlying).instrument.local_symbol, "ESH7");
    let future = exchange
        .find(exchange.market(option.underlying).instrument.con_id)
        .unwrap();
    let chains = exchange.option_chains(future);
    let told: Vec<_> = chains
        .iter()
        .map(|each| (each.class.as_str(), each.expirations.len()))
        .collect();
    assert_eq!(told, [("ES", 1), ("EW", 2)]);
}

#[test]
fn equal_legs_are_one_combination() {
    let mut exchange = exchange();
    let leg = |at: usize, ratio, side| Leg {
        instrument: InstrumentId(at),
        ratio,
        side,
    };
    let one = exchange
        .combination(&[leg(0, 2, Side::Buy), leg(1, 1, Side::Sell)])
        .unwrap();
    let two = exchange
        .combination(&[leg(1, 1, Side::Sell), leg(0, 2, Side::Buy)])
        .unwrap();
    let other = exchange
        .combination(&[leg(0, 1, Side::Buy), leg(1, 1, Side::Sell)])
        .unwrap();
    assert_eq!(one, two);
    assert_ne!(one, other);
    let instrument = &exchange.market(one).instrument;
    assert_eq!(
        (instrument.kind, instrument.symbol.as_str()),
        (Kind::Bag, "AAPL,MSFT")
    );
    assert_eq!(instrument.price(instrument.open), Decimal::from(40));
    let negative = &exchange.market(other).instrument;
    assert_eq!(negative.price(negative.open), Decimal::from(-190));
    assert_eq!(negative.ticks(Decimal::from(-190)), Some(-19_000));
    for bad in [
        vec![],
        vec![leg(0, 1, Side::Buy)],
        vec![leg(0, 0, Side::Buy), leg(1, 1, Side::Buy)],
    ] {
        assert!(exchange.combination(&bad).is_err());
    }
    assert!(
        exchange
            .combination(&[leg(one.0, 1, Side::Buy), leg(1, 1, Side::Buy)])
            .is_err()
    );
}

#[test]
fn mistakes_in_a_file_are_named() {
    let built_in = include_str!("../../../catalogue.toml");
    // What is written instead of what, and what the message must name.
    let table = [
        (
            "zone = \"Asia/Tokyo\"",
            "zone = \"Asia/Tokio\"",
            ["hours.", "Asia/Tokio"],
        ),
        ("\"easter -2\"", "\"ester -2\"", ["holidays.", "ester"]),
        ("\"09:30-16:00\"", "\"09:30\"", ["hours.", "\"09:30\""]),
        ("67 = \"0.25\"", "67 = \"quarter\"", ["rules.67", "quarter"]),
        ("rules = [67]\n", "rules = [66]\n", ["markets.cme-equity", "66"]),
        ("hours = \"globex\"", "hours = \"globes\"", ["markets.", "globes"]),
        (
            "con_id = 272093",
            "con_id = 265598",
            ["265598", "contract id of its own"],
        ),
        (
            "con_id = 272093",
            "con_id = 960000001",
            ["960000001", "950000000"],
        ),
        ("price = 420.0", "price = 420.001", ["MSFT", "420.001"]),
        ("underlying = 14204", "underlying = 14205", ["SAP", "underlying"]),
        ("futures = \"CL\"", "futures = \"CX\"", ["chains LO", "futures"]),
        (
            "months = \"HMUZ\"",
            "months = \"HMUA\"",
            ["chains ES", "A is no contract month"],
        ),
        ("\"EUR.USD\"]", "\"EUR.USX\"]", ["first", "EUR.USX"]),
        (
            "synthetic = \"us-stock\"",
            "synthetic = \"forex\"",
            ["synthetic", "stocks"],
        ),
        ("price = 420.0", "prise = 420.0", ["not a catalogue", "prise"]),
    ];
    assert!(Catalogue::read(built_in).is_ok());
    for (right, wrong, names) in table {
        assert!(built_in.contains(right), "{right}");
        let fault = Catalogue::read(&built_in.replacen(right, wrong, 1))
            .unwrap_err()
            .to_string();
        for name in names {
            assert!(fault.contains(name), "{wrong}: {fault}");
        }
    }
}
