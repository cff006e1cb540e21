//! Orders as the decoders of real clients take them apart, in that order.

use proptest::prelude::*;

use crate::wire::messages::contract::Contract;
use crate::wire::messages::order::{
    CompletedOrder, OpenOrder, Order, OrderCondition, OrderState, OrderStatus,
};
use crate::wire::text::text_tests::written;

const UNSET: &str = "1.7976931348623157E308";

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn option() -> Contract {
    Contract {
        con_id: Some(853_200_900),
        symbol: some("OBDC"),
        sec_type: some("OPT"),
        last_trade_date_or_contract_month: some("20261120"),
        strike: Some(10.0),
        right: some("P"),
        multiplier: Some(100.0),
        exchange: some("SMART"),
        currency: some("USD"),
        local_symbol: some("OBDC  261120P00010000"),
        trading_class: some("OBDC"),
        ..Contract::default()
    }
}

fn limit() -> Order {
    Order {
        action: some("SELL"),
        total_quantity: some("1"),
        order_type: some("LMT"),
        lmt_price: Some(1.2),
        tif: some("GTC"),
        account: some("DU9000001"),
        perm_id: Some(1_518_189_976),
        oca_type: Some(3),
        clearing_intent: some("IB"),
        dont_use_auto_price_for_hedge: Some(true),
        ..Order::default()
    }
}

/// The fields of an order recorded from a gateway, without those newer than the text encoding spoken here.
fn recorded(profile: &str) -> String {
    let margins = [UNSET; 9].join("|");
    let adjusted = [UNSET; 6].join("|");
    format!(
        "0|853200900|OBDC|OPT|20261120|10|P|100|SMART|USD|OBDC  261120P00010000|OBDC|SELL|1|LMT|1.2|0|GTC||\
         DU9000001||0||0|1518189976|0|0|0||||||{profile}|||||0||-1|0||||||2147483647|0|0|0||3|0|0||0|0||0|\
         None||0||||?|0|0||0|0||||||0|0|0|2147483647|2147483647|||0||IB|0|0||0|0|PreSubmitted|{margins}|\
         |||||0|0|0|None|{adjusted}|0||||0|1|0|0|0|||0|||||"
    )
}

#[test]
fn an_open_order_has_the_fields_recorded_from_a_gateway() {
    let open = OpenOrder {
        order_id: Some(0),
        contract: Some(option()),
        order: Some(limit()),
        order_state: Some(OrderState {
            status: some("PreSubmitted"),
            ..OrderState::default()
        }),
    };
    assert_eq!(written(&open, 178), recorded(""));
    assert_eq!(written(&open, 176), recorded("|"), "with the advisor's profile");
}

#[test]
fn a_completed_order_has_the_fields_recorded_from_a_gateway() {
    let completed = CompletedOrder {
        contract: Some(Contract {
            con_id: Some(265_598),
            symbol: some("AAPL"),
            sec_type: some("STK"),
            exchange: some("SMART"),
            currency: some("USD"),
            local_symbol: some("AAPL"),
            trading_class: some("NMS"),
            ..Contract::default()
        }),
        order: Some(Order {
            action: some("BUY"),
            order_type: some("TRAIL LIMIT"),
            lmt_price: Some(2000.05),
            aux_price: Some(1.0),
            tif: some("DAY"),
            perm_id: Some(1_426_085_924),
            trail_stop_price: Some(2000.0),
            lmt_price_offset: Some(0.05),
            filled_quantity: some("0"),
            shareholder: some("Not an insider or substantial shareholder"),
            ..limit()
        }),
        order_state: Some(OrderState {
            status: some("Cancelled"),
            completed_time: some("20260415 11:00:11 US/Eastern"),
            completed_status: some("Cancelled by Trader"),
            ..OrderState::default()
        }),
    };
    let recorded = "265598|AAPL|STK||0|?||SMART|USD|AAPL|NMS|BUY|1|TRAIL LIMIT|2000.05|1|DAY||DU9000001||0||\
                    1426085924|0|0|0||||||||||0||-1||||||2147483647|0|0||3|0||0|None||0|0|0||0|0|2000||\
                    |0|0|0|2147483647|2147483647||||IB|0|0||0|Cancelled|0|0|0|2000|0.05|0|1|0||0|2147483647|\
                    0|Not an insider or substantial shareholder|0|0|9223372036854775807|\
                    20260415 11:00:11 US/Eastern|Cancelled by Trader|||||";
    assert_eq!(written(&completed, 178), recorded);
}

#[test]
fn a_status_has_eleven_fields() {
    let status = OrderStatus {
        order_id: Some(7),
        status: some("Submitted"),
        remaining: some("100"),
        perm_id: Some(1_000_000_001),
        ..OrderStatus::default()
    };
    assert_eq!(written(&status, 178), "7|Submitted|0|100|0|1000000001|0|0|0||0");
}

/// An order with the parts that bring fields of their own.
fn any_order() -> impl Strategy<Value = Order> {
    let kind = prop::sample::select(vec!["LMT", "PEG BENCH", "PEG BEST", "PEG MID", "VOL"]);
    let step = prop::option::of(0.0..1.0);
    let condition = (prop::sample::select(vec![1, 3, 4, 5, 6, 7]), any::<bool>());
    let conditions = prop::collection::vec(condition, 0..4);
    let flags = any::<[bool; 4]>();
    (kind, step, conditions, flags, prop::option::of(0.01..1e6)).prop_map(
        |(kind, step, conditions, [hedge, algorithm, neutral, tier], price)| Order {
            order_type: some(kind),
            lmt_price: price,
            scale_price_increment: step,
            hedge_type: hedge.then(|| "B".to_owned()),
            hedge_param: hedge.then(|| "2".to_owned()),
            algo_strategy: algorithm.then(|| "Twap".to_owned()),
            algo_params: [("k".to_owned(), "v".to_owned())]
                .into_iter()
                .filter(|_| algorithm)
                .collect(),
            delta_neutral_order_type: neutral.then(|| "MKT".to_owned()),
            conditions: conditions
                .into_iter()
                .map(|(kind, and)| OrderCondition {
                    kind: Some(kind),
                    is_conjunction_connection: Some(and),
                    ..OrderCondition::default()
                })
                .collect(),
            compete_against_best_offset: tier.then_some(f64::INFINITY),
            ..limit()
        },
    )
}

/// The fields of a request to place `order`, made from what an open order says of it.
fn placed(order: &Order, version: i32) -> String {
    let open = OpenOrder {
        order: Some(order.clone()),
        ..OpenOrder::default()
    };
    written(&open, version)
}

proptest! {
    /// Both decoders count on the number of fields that an order's own parts say.
    #[test]
    fn an_order_has_as_many_fields_as_its_parts_say(order in any_order()) {
        let conditions: usize = order.conditions.iter().map(fields_of).sum();
        let expected = recorded("").split('|').count()
            + if order.order_type.as_deref() == Some("PEG BENCH") { 5 } else { 0 }
            + if order.scale_price_increment.is_some_and(|step| step > 0.0) { 7 } else { 0 }
            + usize::from(order.hedge_type.is_some())
            + if order.algo_strategy.is_some() { 3 } else { 0 }
            + conditions
            + if order.conditions.is_empty() { 0 } else { 2 };
        prop_assert_eq!(placed(&order, 178).split('|').count(), expected);
        prop_assert_eq!(placed(&order, 176).split('|').count(), expected + 1);
    }
}

fn fields_of(condition: &OrderCondition) -> usize {
    match condition.kind {
        Some(1) => 7,
        Some(6 | 7) => 6,
        Some(5) => 5,
        _ => 4,
    }
}
