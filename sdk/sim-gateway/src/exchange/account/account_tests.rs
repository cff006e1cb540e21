//! Fees by asset class, and accounts that book, value and lend as documented.

use rust_decimal::Decimal;

use super::{Account, Fill, Terms, order_fee};
use crate::exchange::instrument::{Derivation, Instrument, InstrumentId, Kind, Right};
use crate::exchange::order::{Attributes, OrderKey, OrderKind, OrderRequest, Side, TimeInForce};
use crate::exchange::{Config, Exchange, ExerciseRefusal};

macro_rules! dec {
    ($number:expr) => {
        stringify!($number).parse::<Decimal>().unwrap()
    };
}

fn instrument(kind: Kind, currency: &str, multiplier: i64) -> Instrument {
    let exchange = Exchange::new(Config::default());
    let (_, market) = exchange.markets().next().unwrap();
    Instrument {
        kind,
        currency: currency.to_owned(),
        multiplier: Decimal::from(multiplier),
        ..market.instrument.clone()
    }
}

#[test]
fn fees_follow_the_published_prices() {
    let cases = [
        (Kind::Stock, "USD", 1, 10, dec!(2300), dec!(1)),
        (Kind::Stock, "USD", 1, 1000, dec!(230000), dec!(5)),
        (Kind::Stock, "USD", 1, 10, dec!(20), dec!(0.2)),
        (Kind::Stock, "EUR", 1, 10, dec!(100), dec!(3)),
        (Kind::Stock, "JPY", 1, 100, dec!(1000000), dec!(800)),
        (Kind::Option, "USD", 100, 1, dec!(2.5), dec!(1)),
        (Kind::Option, "USD", 100, 10, dec!(25), dec!(6.5)),
        (Kind::Future, "USD", 50, 2, dec!(12000), dec!(1.7)),
        (Kind::Cash, "USD", 1, 20000, dec!(21700), dec!(2)),
        (Kind::Cash, "USD", 1, 2000000, dec!(2170000), dec!(43.4)),
        (Kind::Crypto, "USD", 1, 1, dec!(90000), dec!(162)),
        (Kind::Fund, "USD", 1, 100, dec!(1000), dec!(14.95)),
    ];
    for (kind, currency, multiplier, lots, value, wanted) in cases {
        let fee = order_fee(&instrument(kind, currency, multiplier), lots, value);
        assert_eq!(fee, wanted, "{kind:?} {currency} {lots} for {value}");
    }
}

fn fill(side: Side, lots: i64, price: i64, fee: Decimal) -> Fill {
    Fill {
        side,
        lots,
        price,
        fee,
    }
}

#[test]
fn an_option_costs_its_multiplier_and_its_fee() {
    let option = instrument(Kind::Option, "USD", 100);
    let mut account = Account::new("DU1", dec!(10000));
    let id = InstrumentId(0);
    assert_eq!(
        account.book(id, &option, &fill(Side::Buy, 2, 250, dec!(1.3))),
        None
    );
    assert_eq!(account.cash, dec!(9498.7));
    assert_eq!(account.position(id).average_cost(&option), dec!(250.65));
    let profit = account.book(id, &option, &fill(Side::Sell, 1, 300, dec!(1)));
    assert_eq!(profit, Some(dec!(48.35)));
    assert_eq!(account.position(id).lots, 1);
}

#[test]
fn a_future_is_not_paid_for_but_its_profit_is() {
    let future = instrument(Kind::Future, "USD", 50);
    let mut account = Account::new("DU1", dec!(10000));
    let id = InstrumentId(0);
    account.book(id, &future, &fill(Side::Buy, 1, 600_000, dec!(0.85)));
    assert_eq!(account.cash, dec!(9999.15));
    assert_eq!(account.position(id).average_cost(&future), dec!(300000.85));
    let profit = account.book(id, &future, &fill(Side::Sell, 2, 601_000, dec!(1.7)));
    // One closes, one goes short: 500 made, less the fees of both ends.
    assert_eq!(profit, Some(dec!(498.3)));
    assert_eq!(account.cash, dec!(10497.45));
    assert_eq!(account.position(id).lots, -1);
}

fn request(account: &str, instrument: usize, side: Side, quantity: i64) -> OrderRequest {
    OrderRequest {
        account: account.to_owned(),
        instrument: InstrumentId(instrument),
        side,
        quantity,
        kind: OrderKind::Market,
        tif: TimeInForce::Day,
        transmit: true,
        attributes: Attributes::default(),
    }
}

fn find(exchange: &Exchange, symbol: &str) -> usize {
    exchange
        .markets()
        .find(|(_, market)| market.instrument.local_symbol == symbol)
        .map(|(id, _)| id.0)
        .unwrap()
}

fn key(order: i32) -> OrderKey {
    OrderKey { client: 7, order }
}

#[test]
fn a_currency_bought_is_cash_in_that_currency() {
    let mut exchange = Exchange::new(Config::default());
    let pair = find(&exchange, "EUR.USD");
    exchange
        .place(key(1), request("DU1234567", pair, Side::Buy, 20_000))
        .unwrap();
    let account = &exchange.accounts()[0];
    assert_eq!(account.balance("EUR"), dec!(20000));
    let value = exchange.valuation(account);
    let gap = value.equity - (account.opening_cash + value.unrealized);
    assert!(gap.abs() < dec!(0.001), "{gap}");
    assert_eq!(value.positions, Decimal::ZERO);
    assert!(value.required.initial > dec!(500) && value.required.initial < dec!(600));
    let ledgers = exchange.ledgers(account);
    assert_eq!(ledgers["EUR"].cash, dec!(20000));
    let total: Decimal = ledgers
        .iter()
        .map(|(name, each)| each.total() * exchange.rate(name))
        .sum();
    assert!((total - value.equity).abs() < dec!(0.001));
}

#[test]
fn working_orders_set_buying_power_aside() {
    let mut exchange = Exchange::new(Config::default());
    let apple = find(&exchange, "AAPL");
    let resting = |quantity| OrderRequest {
        kind: OrderKind::Limit { limit: 20_000 },
        ..request("DU1234567", apple, Side::Buy, quantity)
    };
    let status = |exchange: &Exchange, order| exchange.order(key(order)).unwrap().status.as_str();
    // A quarter of 200 a share: a million carries 20,000 shares, not one more.
    exchange.place(key(1), resting(12_000)).unwrap();
    exchange.place(key(2), resting(12_000)).unwrap();
    assert_eq!(
        (status(&exchange, 1), status(&exchange, 2)),
        ("Submitted", "Inactive")
    );
    exchange.cancel(key(1)).unwrap();
    exchange.place(key(3), resting(12_000)).unwrap();
    assert_eq!(status(&exchange, 3), "Submitted");
}

#[test]
fn a_cash_account_borrows_neither_money_nor_shares() {
    let mut exchange = Exchange::new(Config {
        accounts: vec!["DU1:cash".to_owned()],
        cash: dec!(10000),
        ..Config::default()
    });
    assert_eq!(exchange.accounts()[0].terms, Terms::Cash);
    let apple = find(&exchange, "AAPL");
    let cases = [
        (Side::Sell, 1, "Inactive"),
        (Side::Buy, 100, "Inactive"),
        (Side::Buy, 40, "Filled"),
        (Side::Sell, 41, "Inactive"),
        (Side::Sell, 40, "Filled"),
    ];
    for (number, (side, quantity, wanted)) in (1..).zip(cases) {
        exchange
            .place(key(number), request("DU1", apple, side, quantity))
            .unwrap();
        let status = exchange.order(key(number)).unwrap().status.as_str();
        assert_eq!(status, wanted, "{side:?} {quantity}");
    }
}

#[test]
fn shorts_require_more_and_profit_is_counted_from_the_days_opening() {
    let mut exchange = Exchange::new(Config::default());
    let apple = find(&exchange, "AAPL");
    exchange
        .place(key(1), request("DU1234567", apple, Side::Sell, 100))
        .unwrap();
    let id = InstrumentId(apple);
    let value = exchange.valuation(&exchange.accounts()[0]);
    assert_eq!(value.required.initial, value.gross * dec!(0.30));
    exchange.start_accounting_day();
    let mark = exchange.market(id).mark();
    exchange.move_price(id, mark - 100);
    let account = &exchange.accounts()[0];
    let market = exchange.market(id);
    let daily = account.position(id).daily(&market.instrument, market.mark());
    assert_eq!(daily, dec!(100));
    assert_eq!(exchange.valuation(account).daily, dec!(100));
    assert_eq!(account.position(id).realized_today(), Decimal::ZERO);
}

/// Turns the second instrument of the market into a call on the first, at 200.
fn with_a_call(exchange: &mut Exchange) -> (InstrumentId, InstrumentId) {
    let (apple, call) = (InstrumentId(0), InstrumentId(1));
    let instrument = &mut exchange.market_mut(call).instrument;
    instrument.kind = Kind::Option;
    instrument.multiplier = dec!(100);
    instrument.derivation = Some(Derivation {
        underlying: apple,
        expires: 0,
        strike: Some(dec!(200)),
        right: Some(Right::Call),
    });
    (apple, call)
}

#[test]
fn exercised_calls_become_shares_at_the_strike() {
    let mut exchange = Exchange::new(Config::default());
    let (apple, call) = with_a_call(&mut exchange);
    let exercise = |exchange: &mut Exchange, order, lots| {
        exchange.exercise(key(order), "DU1234567", call, lots, true, false)
    };
    assert_eq!(exercise(&mut exchange, 1, 1), Err(ExerciseRefusal::NotHeld));
    exchange.assign("DU1234567", call, 3, 3_000);
    let cash = exchange.accounts()[0].cash;
    exercise(&mut exchange, 1, 2).unwrap();
    let account = &exchange.accounts()[0];
    assert_eq!((account.held(call), account.held(apple)), (1, 200));
    assert_eq!(account.cash, cash - dec!(40000));
    assert_eq!(exchange.order(key(1)).unwrap().status.as_str(), "Filled");
    exchange
        .exercise(key(2), "DU1234567", call, 1, false, false)
        .unwrap();
    let account = &exchange.accounts()[0];
    assert_eq!((account.held(call), account.held(apple)), (0, 200));
    exchange.move_price(apple, 19_000);
    exchange.assign("DU1234567", call, 1, 100);
    assert_eq!(exercise(&mut exchange, 3, 1), Err(ExerciseRefusal::OutOfTheMoney));
    assert_eq!(
        exchange.exercise(key(3), "DU1234567", apple, 1, true, true),
        Err(ExerciseRefusal::NoOption)
    );
}

#[test]
fn bought_options_cost_their_premium_and_written_ones_require_a_share_of_the_underlying() {
    let mut exchange = Exchange::new(Config::default());
    let (apple, call) = with_a_call(&mut exchange);
    let mark = exchange.market(call).mark();
    let underlying = exchange
        .market(apple)
        .instrument
        .price(exchange.market(apple).mark());
    assert_eq!(exchange.requirement(call, 5, mark).initial, Decimal::ZERO);
    let premium = exchange.market(call).instrument.price(mark) * dec!(100);
    let written = exchange.requirement(call, -1, mark).initial;
    assert_eq!(written, premium + underlying * dec!(0.20) * dec!(100));
    // Far out of the money the floor holds: a tenth of the underlying.
    exchange
        .market_mut(call)
        .instrument
        .derivation
        .as_mut()
        .unwrap()
        .strike = Some(dec!(1000));
    let far = exchange.requirement(call, -1, mark).initial;
    assert_eq!(far, premium + underlying * dec!(0.10) * dec!(100));
    exchange.assign("DU1234567", call, 1, mark);
    let value = exchange.valuation(&exchange.accounts()[0]);
    assert_eq!(value.with_loan(), value.equity - value.options);
    assert_eq!(value.options, premium);
}
