//! Orders through the gateway: the recorded sequences of frames, and the documented refusals.

use proptest::prelude::*;

use crate::gateway::gateway_tests::{Desk, limit, order};
use crate::wire::ids::request;
use crate::wire::messages::execution as fills;
use crate::wire::messages::order::Order;

#[test]
fn a_market_order_is_told_as_recorded() {
    let mut desk = Desk::started();
    let wanted = [
        "openOrder PreSubmitted",
        "status PreSubmitted 0/10",
        "execution -1",
        "openOrder Filled",
        "status Filled 10/0",
    ];
    assert_eq!(desk.place(1, order("BUY", "MKT", 10)), wanted);
    // What it cost is known a moment later, never before 20 ms and always within 200.
    assert_eq!(desk.pass(19_000_000), [""; 0]);
    let late = desk.pass(181_000_000);
    assert_eq!(late, ["openOrder Filled fees", "commission"]);
}

#[test]
fn a_limit_order_rests_changes_and_is_cancelled_as_recorded() {
    let mut desk = Desk::started();
    let wanted = [
        "openOrder PreSubmitted",
        "status PreSubmitted 0/10",
        "openOrder Submitted",
        "status Submitted 0/10",
    ];
    assert_eq!(desk.place(1, limit(200.0, 10)), wanted);
    assert_eq!(
        desk.place(1, limit(201.0, 20)),
        ["openOrder Submitted", "status Submitted 0/20"]
    );
    assert_eq!(
        desk.cancel(1),
        [
            "status PendingCancel 0/20",
            "status Cancelled 0/20",
            "error 1 202"
        ]
    );
}

#[test]
fn stops_unfilled_immediates_and_untransmitted_orders_are_told_as_recorded() {
    let mut desk = Desk::started();
    let stop = Order {
        aux_price: Some(250.0),
        ..order("BUY", "STP", 10)
    };
    let held = ["openOrder PreSubmitted", "status PreSubmitted 0/10 (trigger)"];
    assert_eq!(desk.place(1, stop), [held, held].concat());
    let immediate = Order {
        tif: Some("IOC".to_owned()),
        ..limit(200.0, 10)
    };
    let told = desk.place(2, immediate);
    assert_eq!(
        told[2..],
        [
            "status PendingCancel 0/10",
            "status Cancelled 0/10",
            "error 2 202"
        ]
    );
    assert_eq!(
        desk.place(
            3,
            Order {
                transmit: None,
                ..limit(200.0, 10)
            }
        ),
        [""; 0]
    );
    assert_eq!(desk.place(3, limit(200.0, 10)).len(), 4);
    let rejected = desk.place(4, order("BUY", "MKT", 1_000_000));
    assert_eq!(
        rejected,
        ["error 4 201", "openOrder Inactive", "status Inactive 0/1000000"]
    );
}

#[test]
fn a_preview_places_nothing() {
    let mut desk = Desk::started();
    let told = desk.place(
        1,
        Order {
            what_if: Some(true),
            ..order("BUY", "MKT", 10)
        },
    );
    assert_eq!(told, ["openOrder PreSubmitted fees"]);
    assert_eq!(desk.gateway.exchange().orders().count(), 0);
}

#[test]
fn executions_are_listed_by_filter() {
    let mut desk = Desk::started();
    desk.place(1, order("BUY", "MKT", 10));
    desk.place(2, order("SELL", "MKT", 10));
    let mut count = |filter: fills::ExecutionFilter| {
        let asked = fills::ExecutionRequest {
            req_id: Some(60),
            execution_filter: Some(filter),
        };
        desk.ask(request::EXECUTIONS, &asked)
            .iter()
            .filter(|told| *told == "execution 60")
            .count()
    };
    let text = |text: &str| Some(text.to_owned());
    let any = fills::ExecutionFilter::default;
    assert_eq!(count(any()), 2);
    assert_eq!(
        count(fills::ExecutionFilter {
            side: text("BUY"),
            ..any()
        }),
        1
    );
    assert_eq!(
        count(fills::ExecutionFilter {
            client_id: Some(8),
            ..any()
        }),
        0
    );
    assert_eq!(
        count(fills::ExecutionFilter {
            client_id: Some(7),
            symbol: text("AAPL"),
            ..any()
        }),
        2
    );
    assert_eq!(
        count(fills::ExecutionFilter {
            symbol: text("MSFT"),
            ..any()
        }),
        0
    );
    assert_eq!(
        count(fills::ExecutionFilter {
            time: text("20991231-00:00:00"),
            ..any()
        }),
        0
    );
    assert_eq!(
        count(fills::ExecutionFilter {
            time: text("20200101 00:00:00"),
            ..any()
        }),
        2
    );
    assert_eq!(
        count(fills::ExecutionFilter {
            sec_type: text("CASH"),
            ..any()
        }),
        0
    );
}

proptest! {
    #[test]
    fn any_order_does_no_harm(
        quantity in "[0-9.eE+-]{0,40}",
        price in any::<f64>(),
        stop in any::<f64>(),
        kind in prop::sample::select(vec!["MKT", "LMT", "STP", "STP LMT", "", "X"]),
        tif in prop::sample::select(vec!["", "DAY", "GTC", "IOC", "FOK", "OPG"]),
        id in any::<i32>(),
    ) {
        let mut desk = Desk::started();
        let told = desk.place(id, Order {
            total_quantity: Some(quantity),
            lmt_price: Some(price),
            aux_price: Some(stop),
            tif: Some(tif.to_owned()),
            ..order("SELL", kind, 1)
        });
        prop_assert!(!told.is_empty());
    }
}
