use ibapi::contracts::tick_types::TickType;
use ibapi::contracts::{Contract, ContractDetails, SecurityType as IbSecurityType};
use ibapi::market_data::MarketDataType;
use ibapi::market_data::realtime::{TickGeneric, TickPrice, TickPriceSize, TickSize, TickTypes};
use ibapi::orders::{
    Action, CommissionReport, Execution as IbExecution, ExecutionData, ExecutionSide, Order, OrderData,
    OrderStatus, OrderStatusKind, TimeInForce as IbTimeInForce,
};
use proptest::prelude::*;

use super::convert;
use crate::domain::instrument::{Instrument, InstrumentId, SecurityType};
use crate::domain::money::{Price, Quantity};
use crate::domain::order::{ClientOrderId, OrderId, OrderKind, Side, TimeInForce};
use crate::domain::plugin::PluginId;
use crate::domain::quote::Tick;
use crate::domain::report::BrokerStatus;
use crate::orders::placement::Placement;

fn price(text: &str) -> Price {
    text.parse().unwrap()
}

fn units(units: i32) -> Quantity {
    Quantity::from_units(units)
}

#[test]
fn doubles_become_the_decimals_they_stand_for() {
    let check = |value: f64, expected: Option<&str>| {
        let nanos = convert::nanos(value);
        assert_eq!(nanos, expected.map(|text| price(text).nanos()), "{value}");
    };
    check(187.25, Some("187.25"));
    check(0.1 + 0.2, Some("0.3"));
    check(1.08765, Some("1.08765"));
    check(-37.63, Some("-37.63"));
    check(999_999.999_999_999, Some("999999.999999999"));
    check(5e8 + 0.1, Some("500000000.1"));
    check(-123_456_789.123_456_78, Some("-123456789.12345678"));
    check(9_199_999_999.0, Some("9199999999"));
    check(1e-10, Some("0"));
    for unset in [f64::MAX, f64::MIN, f64::NAN, f64::INFINITY, 9.3e9] {
        check(unset, None);
    }
}

proptest! {
    #[test]
    fn decimals_survive_the_wire(cents in -100_000_000_000_i64..100_000_000_000) {
        // Anything with up to four places below ten million, as prices and quantities have.
        let nanos = cents * 100_000;
        prop_assert_eq!(convert::nanos(convert::float(nanos)), Some(nanos));
    }

    #[test]
    fn fine_decimals_survive_the_wire(nanos in -900_000_000_000_000_i64..900_000_000_000_000) {
        prop_assert_eq!(convert::nanos(convert::float(nanos)), Some(nanos));
    }

    #[test]
    fn no_double_panics(bits: u64) {
        convert::nanos(f64::from_bits(bits));
    }
}

fn quoted(kind: TickType, price: f64, size: f64) -> TickTypes {
    TickTypes::PriceSize(TickPriceSize {
        price_tick_type: kind,
        price,
        size,
        ..TickPriceSize::default()
    })
}

fn bare(kind: TickType, price: f64) -> TickTypes {
    TickTypes::Price(TickPrice {
        tick_type: kind,
        price,
        ..TickPrice::default()
    })
}

fn sized(tick_type: TickType, size: f64) -> TickTypes {
    TickTypes::Size(TickSize { tick_type, size })
}

#[test]
fn ticks() {
    let check =
        |told: TickTypes, expected: Option<Tick>| assert_eq!(convert::tick(&told), expected, "{told:?}");
    let (p, q) = (|text| Some(price(text)), |count| Some(units(count)));
    check(
        quoted(TickType::Bid, 187.25, 300.0),
        Some(Tick::Bid(p("187.25"), q(300))),
    );
    check(
        quoted(TickType::Ask, 187.26, 0.5),
        Some(Tick::Ask(p("187.26"), "0.5".parse().ok())),
    );
    check(
        quoted(TickType::DelayedBid, 10.0, 1.0),
        Some(Tick::Bid(p("10"), q(1))),
    );
    check(bare(TickType::Ask, 1.0877), Some(Tick::Ask(p("1.0877"), None)));
    // Nothing bid, in IB's ways of saying it; and a spread that is really bid at minus one.
    check(quoted(TickType::Bid, -1.0, 0.0), Some(Tick::Bid(None, q(0))));
    check(quoted(TickType::Ask, 0.0, 0.0), Some(Tick::Ask(None, q(0))));
    check(bare(TickType::Bid, -1.0), Some(Tick::Bid(None, None)));
    check(quoted(TickType::Bid, -1.0, 7.0), Some(Tick::Bid(p("-1"), q(7))));
    check(quoted(TickType::Bid, f64::MAX, 7.0), None);
    check(
        quoted(TickType::Last, 187.3, 100.0),
        Some(Tick::Last(price("187.3"), q(100))),
    );
    check(
        quoted(TickType::Last, 187.3, 0.0),
        Some(Tick::Last(price("187.3"), None)),
    );
    check(quoted(TickType::Last, -1.0, 0.0), None);
    check(sized(TickType::BidSize, 0.0), Some(Tick::BidSize(units(0))));
    check(
        sized(TickType::DelayedAskSize, 12.0),
        Some(Tick::AskSize(units(12))),
    );
    check(sized(TickType::LastSize, 5.0), Some(Tick::LastSize(units(5))));
    check(sized(TickType::LastSize, 0.0), None);
    check(sized(TickType::Volume, 1e6), None);
    check(bare(TickType::High, 190.0), None);
    check(
        TickTypes::MarketDataType(MarketDataType::Realtime),
        Some(Tick::Delayed(false)),
    );
    check(
        TickTypes::MarketDataType(MarketDataType::Frozen),
        Some(Tick::Delayed(false)),
    );
    check(
        TickTypes::MarketDataType(MarketDataType::DelayedFrozen),
        Some(Tick::Delayed(true)),
    );
    check(TickTypes::Generic(TickGeneric::default()), None);
}

fn placement(kind: OrderKind, time_in_force: TimeInForce) -> Placement {
    Placement {
        order_id: OrderId(41),
        client_order_id: ClientOrderId(7),
        plugin: PluginId(0),
        plugin_name: "p".to_owned(),
        instrument: InstrumentId(0),
        side: Side::Sell,
        kind,
        time_in_force,
        quantity: units(100),
        order_ref: "m:p:7".to_owned(),
        tag: 0,
    }
}

#[test]
fn orders_say_everything_a_preset_could_change() {
    let check = |kind, tif, order_type: &str, limit, stop, wire_tif| {
        let order = convert::order(placement(kind, tif), "DU1");
        let prices = (order.limit_price, order.aux_price);
        assert_eq!(
            (order.order_type.as_str(), prices, order.tif),
            (order_type, (limit, stop), wire_tif)
        );
        assert_eq!((order.action, order.total_quantity), (Action::Sell, 100.0));
        assert_eq!(
            (order.account.as_str(), order.order_ref.as_str()),
            ("DU1", "m:p:7")
        );
        assert!(order.transmit && !order.outside_rth && !order.what_if);
    };
    let (limit, stop) = (price("187.26"), price("186.5"));
    check(
        OrderKind::Market,
        TimeInForce::Day,
        "MKT",
        None,
        None,
        IbTimeInForce::Day,
    );
    let kind = OrderKind::Limit { limit };
    check(
        kind,
        TimeInForce::Gtc,
        "LMT",
        Some(187.26),
        None,
        IbTimeInForce::GoodTillCanceled,
    );
    let kind = OrderKind::Stop { stop };
    check(
        kind,
        TimeInForce::Day,
        "STP",
        None,
        Some(186.5),
        IbTimeInForce::Day,
    );
    let kind = OrderKind::StopLimit { stop, limit };
    check(
        kind,
        TimeInForce::Ioc,
        "STP LMT",
        Some(187.26),
        Some(186.5),
        IbTimeInForce::ImmediateOrCancel,
    );
}

#[test]
fn an_order_comes_back_as_it_went() {
    let (limit, stop) = (price("187.26"), price("186.5"));
    let kinds = [
        OrderKind::Market,
        OrderKind::Limit { limit },
        OrderKind::Stop { stop },
        OrderKind::StopLimit { stop, limit },
    ];
    for (kind, tif) in kinds.into_iter().zip([
        TimeInForce::Day,
        TimeInForce::Gtc,
        TimeInForce::Ioc,
        TimeInForce::Day,
    ]) {
        let order = convert::order(placement(kind, tif), "DU1");
        let told = OrderData {
            order_id: 41,
            order,
            ..OrderData::default()
        };
        let back = convert::broker_order(told, Some(InstrumentId(0)));
        assert_eq!(
            (back.kind, back.time_in_force, back.side),
            (Some(kind), Some(tif), Side::Sell)
        );
        assert_eq!(
            (back.order_id, back.quantity, back.filled),
            (OrderId(41), units(100), None)
        );
        assert_eq!(back.order_ref, "m:p:7");
    }
}

#[test]
fn what_we_do_not_speak_is_none_and_not_a_guess() {
    let order = Order {
        order_type: "TRAIL".to_owned(),
        tif: IbTimeInForce::OnOpen,
        ..Order::default()
    };
    let told = OrderData {
        order_id: -5,
        order,
        ..OrderData::default()
    };
    let back = convert::broker_order(told, None);
    assert_eq!(
        (back.kind, back.time_in_force, back.instrument),
        (None, None, None)
    );
    assert!(back.order_id.0 <= 0);
}

#[test]
fn completed_orders_count_what_was_left() {
    let check = |status: OrderStatusKind, filled: f64, left: f64, expected: (BrokerStatus, i32)| {
        let mut told = OrderData {
            order_id: -1,
            ..OrderData::default()
        };
        told.order.total_quantity = left;
        told.order.filled_quantity = filled;
        told.order_state.status = status;
        told.order_state.completed_status = "as IB words it".to_owned();
        let back = convert::completed_order(told, None);
        assert_eq!((back.status, back.quantity), (expected.0, units(expected.1)));
        assert_eq!(back.filled, Some(convert::quantity(filled)));
        assert_eq!(back.reason.as_deref(), Some("as IB words it"));
    };
    check(OrderStatusKind::Filled, 100.0, 0.0, (BrokerStatus::Filled, 100));
    check(
        OrderStatusKind::Cancelled,
        40.0,
        60.0,
        (BrokerStatus::Cancelled, 100),
    );
    check(
        OrderStatusKind::Inactive,
        0.0,
        100.0,
        (BrokerStatus::Inactive, 100),
    );
    check(
        OrderStatusKind::Unknown("New".into()),
        100.0,
        0.0,
        (BrokerStatus::Filled, 100),
    );
    check(
        OrderStatusKind::Unknown("New".into()),
        0.0,
        1.0,
        (BrokerStatus::Cancelled, 1),
    );
}

#[test]
fn an_unknown_status_is_no_status() {
    let told = |status| OrderStatus {
        order_id: 41,
        status,
        filled: 3.0,
        remaining: 7.0,
        why_held: "locate".to_owned(),
        ..OrderStatus::default()
    };
    assert_eq!(
        convert::status_report(told(OrderStatusKind::Unknown("Held".into()))),
        None
    );
    let report = convert::status_report(told(OrderStatusKind::Inactive)).unwrap();
    assert_eq!((report.filled, report.remaining), (units(3), units(7)));
    assert_eq!(
        (report.status, report.why_held.as_deref()),
        (BrokerStatus::Inactive, Some("locate"))
    );
}

#[test]
fn executions_and_their_costs() {
    let told = |price| ExecutionData {
        execution: IbExecution {
            order_id: 41,
            client_id: 1,
            execution_id: "0001.01".to_owned(),
            side: ExecutionSide::Sold,
            shares: 30.0,
            cumulative_quantity: 70.0,
            price,
            order_reference: "m:p:7".to_owned(),
            ..IbExecution::default()
        },
        ..ExecutionData::default()
    };
    let fill = convert::execution(told(187.25), Some(InstrumentId(3))).unwrap();
    assert_eq!(
        (fill.side, fill.size, fill.cumulative),
        (Side::Sell, units(30), units(70))
    );
    assert_eq!(
        (fill.price, fill.instrument),
        (price("187.25"), Some(InstrumentId(3)))
    );
    assert_eq!(convert::execution(told(f64::MAX), None), None);
    // A combination is told as a whole and by its legs: the whole counts nowhere.
    let mut whole = told(1.0);
    whole.contract.security_type = ibapi::contracts::SecurityType::Spread;
    let whole = convert::execution(whole, Some(InstrumentId(3))).unwrap();
    assert_eq!(whole.instrument, None);

    let cost = |commission| {
        convert::commission(CommissionReport {
            execution_id: "0001.01".to_owned(),
            commission,
            currency: "USD".to_owned(),
            ..CommissionReport::default()
        })
    };
    assert_eq!(cost(1.05).unwrap().amount.to_string(), "1.05");
    // A rebate is a cost below zero; the largest double, or exactly −1, is a cost nobody knows yet.
    for rebate in [-0.2, -1.01, -0.99, -10.0] {
        assert_eq!(cost(rebate).unwrap().amount.to_string(), rebate.to_string());
    }
    assert_eq!(cost(f64::MAX), None);
    assert_eq!(cost(-1.0), None);
}

fn future() -> Instrument {
    Instrument {
        id: InstrumentId(0),
        name: "ES".to_owned(),
        symbol: "ES".to_owned(),
        security_type: SecurityType::Fut,
        exchange: "CME".to_owned(),
        primary_exchange: None,
        currency: "USD".to_owned(),
        expiry: Some("202612".to_owned()),
        con_id: None,
        tick: Price::ZERO,
        multiplier: Quantity::ONE,
        hours: None,
        silent_after: None,
    }
}

#[test]
fn contracts_are_described_and_recognised() {
    let contract = convert::contract(&future());
    assert_eq!(
        (contract.contract_id, contract.security_type.clone()),
        (0, IbSecurityType::Future)
    );
    assert_eq!(contract.last_trade_date_or_contract_month, "202612");
    let told = |expiry: &str, exchange: &str| Contract {
        last_trade_date_or_contract_month: expiry.to_owned(),
        exchange: exchange.into(),
        ..contract.clone()
    };
    assert!(convert::describes(&told("20261218", ""), &future()));
    assert!(!convert::describes(&told("20270319", "CME"), &future()));
}

#[test]
fn contract_details_make_facts_or_nothing() {
    let check = |con_id, min_tick, multiplier: &str, expected: Option<(&str, i32)>| {
        let details = ContractDetails {
            contract: Contract {
                contract_id: con_id,
                multiplier: multiplier.to_owned(),
                ..Contract::default()
            },
            min_tick,
            ..ContractDetails::default()
        };
        let facts = convert::contract_facts(InstrumentId(0), &details);
        let facts = facts.map(|facts| (facts.tick, facts.multiplier));
        assert_eq!(
            facts,
            expected.map(|(tick, multiplier)| (price(tick), units(multiplier)))
        );
    };
    check(495_512_552, 0.25, "50", Some(("0.25", 50)));
    check(265_598, 0.01, "", Some(("0.01", 1)));
    check(12_087_792, 0.00005, "1", Some(("0.00005", 1)));
    check(0, 0.01, "", None);
    check(1, f64::MAX, "", None);
    check(1, 0.01, "a lot", None);
}
