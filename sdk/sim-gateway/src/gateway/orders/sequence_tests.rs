//! Who hears of which order, in which order, and what the frames say.

use prost::Message;

use crate::exchange::{Attributes, InstrumentId, OrderKey, OrderKind, OrderRequest, Side, TimeInForce};
use crate::gateway::gateway_tests::{Desk, apple, limit, order};
use crate::gateway::{ConnectionId, Output};
use crate::wire::ids::{request, response};
use crate::wire::messages::execution as fills;
use crate::wire::messages::order::{
    AutoOpenOrdersRequest, CompletedOrder, CompletedOrdersRequest, ExerciseOptionsRequest,
    GlobalCancelRequest, OpenOrder, OpenOrdersRequest, Order, OrderBound, OrderCancel, OrderStatus,
    PlaceOrderRequest,
};

const OTHER: ConnectionId = ConnectionId(2);
const APPLE: InstrumentId = InstrumentId(0);

/// The bodies of the frames of one message to one connection, in order.
pub(super) fn bodies<M: Message + Default>(output: &[Output], to: ConnectionId, wanted: u32) -> Vec<M> {
    let read = |each: &Output| match each {
        Output::Frame {
            id, bytes, to: at, ..
        } if *id == wanted && *at == to => M::decode(&bytes[8..]).ok(),
        _ => None,
    };
    output.iter().filter_map(read).collect()
}

pub(super) const ME: ConnectionId = ConnectionId(1);

fn manual(side: Side, limit: i64) -> OrderRequest {
    OrderRequest {
        account: "DU1234567".to_owned(),
        instrument: APPLE,
        side,
        quantity: 10,
        kind: OrderKind::Limit { limit },
        tif: TimeInForce::Day,
        transmit: true,
        attributes: Attributes::default(),
    }
}

pub(super) fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

#[test]
fn a_bracket_is_silent_until_its_last_child_and_then_one_group() {
    let mut desk = Desk::started();
    let parent = Order {
        transmit: Some(false),
        ..limit(229.0, 10)
    };
    let child = |kind: &str, price: f64, transmit: bool| Order {
        parent_id: Some(1),
        transmit: Some(transmit),
        lmt_price: Some(price),
        aux_price: Some(price),
        ..order("SELL", kind, 10)
    };
    assert_eq!(desk.place(1, parent), [""; 0]);
    assert_eq!(desk.place(2, child("LMT", 250.0, false)), [""; 0]);
    assert_eq!(
        desk.ask(request::OPEN_ORDERS, &OpenOrdersRequest {}),
        ["message 53"]
    );
    let told = desk.frames_of_order(3, child("STP", 210.0, true));
    let opened: Vec<OpenOrder> = bodies(&told, ME, response::OPEN_ORDER);
    let of = |id: i32| {
        let last = opened.iter().rfind(|each| each.order_id == Some(id));
        last.and_then(|each| each.order.clone()).unwrap()
    };
    let (parent, profit, stop) = (of(1), of(2), of(3));
    assert_eq!((profit.parent_id, stop.parent_id), (Some(1), Some(1)));
    assert_eq!(profit.parent_perm_id, parent.perm_id);
    assert!(profit.oca_group.is_some() && profit.oca_group == stop.oca_group);
    assert_eq!(parent.oca_group, None);
    let states: Vec<OrderStatus> = bodies(&told, ME, response::ORDER_STATUS);
    let held = states.iter().filter(|each| each.order_id != Some(1));
    assert!(held.clone().count() > 1);
    for status in held {
        assert_eq!(status.status, text("PreSubmitted"));
        assert_eq!(status.parent_id, Some(1));
    }
    // Filled, the parent lets its children go; one of them ends the other.
    desk.gateway
        .operate(|exchange| exchange.force_fill(OrderKey { client: 7, order: 1 }, None))
        .unwrap();
    desk.gateway.take_output();
    desk.gateway
        .operate(|exchange| exchange.force_fill(OrderKey { client: 7, order: 2 }, None))
        .unwrap();
    let told = desk.gateway.take_output();
    let states: Vec<OrderStatus> = bodies(&told, ME, response::ORDER_STATUS);
    let last = states.iter().rfind(|each| each.order_id == Some(3)).unwrap();
    assert_eq!(last.status, text("Cancelled"));
}

#[test]
fn an_order_comes_back_as_it_was_written() {
    let mut desk = Desk::started();
    let written = Order {
        order_ref: text("ref-1"),
        outside_rth: Some(true),
        hidden: Some(true),
        tif: text("GTD"),
        good_till_date: text("20991231 10:00:00 UTC"),
        min_qty: Some(5),
        trigger_method: Some(2),
        model_code: text("Growth"),
        ..limit(200.0, 10)
    };
    let told = desk.frames_of_order(1, written.clone());
    let opened: Vec<OpenOrder> = bodies(&told, ME, response::OPEN_ORDER);
    let echoed = opened[0].order.clone().unwrap();
    let wanted = Order {
        client_id: Some(7),
        order_id: Some(1),
        perm_id: echoed.perm_id,
        parent_id: Some(0),
        account: text("DU1234567"),
        aux_price: Some(0.0),
        oca_type: Some(3),
        ..written
    };
    assert_eq!(echoed, wanted);
    assert!(echoed.perm_id.unwrap() > 0);
}

#[test]
fn a_trailing_stop_shows_where_it_stands() {
    let mut desk = Desk::started();
    let trail = Order {
        aux_price: Some(5.0),
        ..order("SELL", "TRAIL", 10)
    };
    let told = desk.frames_of_order(1, trail);
    let opened: Vec<OpenOrder> = bodies(&told, ME, response::OPEN_ORDER);
    let stop = opened
        .last()
        .unwrap()
        .order
        .clone()
        .unwrap()
        .trail_stop_price
        .unwrap();
    assert!((220.0..230.0).contains(&stop), "{stop}");
}

#[test]
fn the_master_client_hears_of_everybody_and_owns_nothing() {
    let mut desk = Desk::started();
    desk.join(OTHER, 99);
    desk.gateway.set_master_client(Some(99));
    let told = desk.frames_of_order(1, limit(200.0, 10));
    let (mine, theirs): (Vec<OrderStatus>, Vec<OrderStatus>) = (
        bodies(&told, ME, response::ORDER_STATUS),
        bodies(&told, OTHER, response::ORDER_STATUS),
    );
    assert_eq!(mine, theirs);
    assert_eq!(theirs[0].client_id, Some(7));
    let told = desk.frames_of_order(2, order("BUY", "MKT", 10));
    let fills: Vec<fills::ExecutionDetails> = bodies(&told, OTHER, response::EXECUTION_DETAILS);
    assert_eq!(fills.len(), 1);
    let cancel = crate::wire::messages::order::CancelOrderRequest {
        order_id: Some(1),
        order_cancel: None,
    };
    assert_eq!(
        desk.ask_as(OTHER, request::CANCEL_ORDER, &cancel),
        ["error 1 10147"]
    );
    let told = desk.ask_as(OTHER, request::GLOBAL_CANCEL, &GlobalCancelRequest::default());
    assert!(told.contains(&"status Cancelled 0/10".to_owned()), "{told:?}");
}

#[test]
fn client_zero_binds_manual_orders_and_then_owns_them() {
    let mut desk = Desk::new();
    desk.join(ME, 0);
    desk.join(OTHER, 5);
    desk.gateway
        .operate(|exchange| exchange.place_external(manual(Side::Buy, 20_000)));
    assert_eq!(desk.gateway.take_output(), []);
    // Everybody can see it, as an order that belongs to nobody.
    let seen = desk.ask_as(OTHER, request::ALL_OPEN_ORDERS, &OpenOrdersRequest {});
    assert_eq!(seen.len(), 3);
    assert_eq!(
        desk.ask_as(OTHER, request::OPEN_ORDERS, &OpenOrdersRequest {}),
        ["message 53"]
    );
    let told = desk.frames(request::OPEN_ORDERS, &OpenOrdersRequest {});
    let bound: Vec<OrderBound> = bodies(&told, ME, response::ORDER_BOUND);
    assert_eq!((bound[0].client_id, bound[0].order_id), (Some(0), Some(-1)));
    let opened: Vec<OpenOrder> = bodies(&told, ME, response::OPEN_ORDER);
    let shown = opened.last().unwrap().order.clone().unwrap();
    assert_eq!((shown.action, shown.order_type), (text("BUY"), text("LMT")));
    assert_eq!(shown.lmt_price, Some(200.0));
    assert_eq!(
        desk.place(-1, limit(201.0, 10)),
        ["openOrder Submitted", "status Submitted 0/10"]
    );
    assert_eq!(desk.cancel(-1).len(), 3);
    // Future ones are bound as they come.
    let bind = AutoOpenOrdersRequest {
        auto_bind: Some(true),
    };
    assert_eq!(
        desk.ask_as(OTHER, request::AUTO_OPEN_ORDERS, &bind),
        ["error -1 327"]
    );
    desk.ask(request::AUTO_OPEN_ORDERS, &bind);
    desk.gateway
        .operate(|exchange| exchange.place_external(manual(Side::Sell, 30_000)));
    let told = desk.gateway.take_output();
    assert_eq!(bodies::<OrderBound>(&told, ME, response::ORDER_BOUND).len(), 1);
}

#[test]
fn liquidations_are_told_to_everybody_as_the_brokers() {
    let mut desk = Desk::started();
    desk.place(1, order("BUY", "MKT", 10));
    desk.gateway
        .operate(|exchange| exchange.liquidate("DU1234567", APPLE, None));
    let told = desk.gateway.take_output();
    let fills: Vec<fills::ExecutionDetails> = bodies(&told, ME, response::EXECUTION_DETAILS);
    let execution = fills[0].execution.clone().unwrap();
    assert_eq!((execution.order_id, execution.client_id), (Some(-1), Some(0)));
    assert_eq!(
        (execution.is_liquidation, execution.side),
        (Some(true), text("SLD"))
    );
}

#[test]
fn a_corrected_execution_comes_again_and_stands_for_the_first() {
    let mut desk = Desk::started();
    let told = desk.frames_of_order(1, order("BUY", "MKT", 10));
    let fills: Vec<fills::ExecutionDetails> = bodies(&told, ME, response::EXECUTION_DETAILS);
    let first = fills[0].execution.clone().unwrap().exec_id.unwrap();
    assert!(first.ends_with(".01"));
    desk.pass(1_000_000_000);
    let corrected = desk
        .gateway
        .operate(|exchange| exchange.correct_execution(&first, Some(20_000), None))
        .unwrap();
    assert!(corrected.ends_with(".02"));
    let told = desk.gateway.take_output();
    let fills: Vec<fills::ExecutionDetails> = bodies(&told, ME, response::EXECUTION_DETAILS);
    assert_eq!(fills[0].execution.clone().unwrap().price, Some(200.0));
    assert_eq!(bodies::<OpenOrder>(&told, ME, response::OPEN_ORDER), []);
    let told = desk.frames(request::EXECUTIONS, &fills::ExecutionRequest::default());
    let fills: Vec<fills::ExecutionDetails> = bodies(&told, ME, response::EXECUTION_DETAILS);
    let listed: Vec<String> = fills
        .into_iter()
        .filter_map(|each| each.execution?.exec_id)
        .collect();
    assert_eq!(listed, [corrected]);
}

#[test]
fn completed_orders_say_what_was_left() {
    let mut desk = Desk::started();
    desk.place(1, order("BUY", "MKT", 10));
    desk.place(2, limit(200.0, 20));
    desk.cancel(2);
    desk.gateway
        .operate(|exchange| exchange.fill_external("DU1234567", APPLE, Side::Buy, 5, 20_000));
    desk.gateway.take_output();
    let listed = |desk: &mut Desk, api_only| {
        let asked = CompletedOrdersRequest {
            api_only: Some(api_only),
        };
        let told = desk.frames(request::COMPLETED_ORDERS, &asked);
        bodies::<CompletedOrder>(&told, ME, response::COMPLETED_ORDER)
    };
    assert_eq!(listed(&mut desk, false).len(), 3);
    let mut mine = listed(&mut desk, true);
    assert_eq!(mine.len(), 2);
    let cancelled = mine.pop().unwrap().order.unwrap();
    let filled = mine.pop().unwrap();
    let order = filled.order.unwrap();
    assert_eq!(
        (order.total_quantity, order.filled_quantity),
        (text("0"), text("10"))
    );
    assert_eq!(order.order_id, Some(0));
    assert_eq!(
        filled.order_state.unwrap().completed_status,
        text("Filled Size: 10")
    );
    assert_eq!(
        (cancelled.total_quantity, cancelled.filled_quantity),
        (text("20"), text("0"))
    );
}

#[test]
fn a_cancel_may_say_when_it_was_decided() {
    let mut desk = Desk::started();
    desk.place(1, limit(200.0, 10));
    let cancel = |at: &str| GlobalCancelRequest {
        order_cancel: Some(OrderCancel {
            manual_order_cancel_time: text(at),
            ..OrderCancel::default()
        }),
    };
    assert_eq!(
        desk.ask(request::GLOBAL_CANCEL, &cancel("yesterday")),
        ["error -1 343"]
    );
    assert_eq!(
        desk.ask(request::GLOBAL_CANCEL, &cancel("20261122-10:00:00"))
            .len(),
        3
    );
}

#[test]
fn a_what_if_tells_margins_and_fees() {
    let mut desk = Desk::started();
    let ask = |desk: &mut Desk, quantity| {
        let order = Order {
            what_if: Some(true),
            ..order("BUY", "MKT", quantity)
        };
        let told = desk.frames_of_order(1, order);
        let opened: Vec<OpenOrder> = bodies(&told, ME, response::OPEN_ORDER);
        opened[0].order_state.clone().unwrap()
    };
    let state = ask(&mut desk, 100);
    let change = state.init_margin_change.unwrap();
    assert!((5_000.0..6_000.0).contains(&change), "{change}");
    assert_eq!(state.init_margin_before, Some(0.0));
    assert_eq!(state.init_margin_after, state.init_margin_change);
    assert_eq!(state.equity_with_loan_before, Some(1_000_000.0));
    assert_eq!(state.init_margin_after_outside_rth, state.init_margin_after);
    assert_eq!(state.commission_and_fees, Some(1.0));
    assert_eq!(state.margin_currency, text("USD"));
    assert_eq!(state.warning_text, None);
    assert!(ask(&mut desk, 1_000_000).warning_text.is_some());
}

#[test]
fn untransmitted_orders_do_not_survive_a_restart_and_ids_may_fall_back() {
    let mut desk = Desk::started();
    let parked = Order {
        transmit: None,
        ..limit(200.0, 10)
    };
    desk.place(4, parked);
    desk.place(5, limit(200.0, 10));
    desk.gateway.restart();
    let open = desk.ask(request::ALL_OPEN_ORDERS, &OpenOrdersRequest {});
    assert_eq!(open.len(), 3);
    assert_eq!(desk.gateway.exchange().orders().count(), 1);
    desk.gateway.roll_back_ids(7, 2);
    desk.gateway.disconnect(ME);
    assert!(desk.join(ME, 7).contains(&"next 4".to_owned()));
}

#[test]
fn only_options_can_be_exercised() {
    let mut desk = Desk::started();
    let ask = |id: i32, action: i32| ExerciseOptionsRequest {
        order_id: Some(id),
        contract: Some(apple()),
        exercise_action: Some(action),
        exercise_quantity: Some(1),
        ..ExerciseOptionsRequest::default()
    };
    assert_eq!(desk.ask(request::EXERCISE_OPTIONS, &ask(1, 1)), ["error 1 321"]);
    assert_eq!(desk.ask(request::EXERCISE_OPTIONS, &ask(1, 3)), ["error 1 321"]);
    let place = PlaceOrderRequest {
        order_id: Some(1),
        contract: Some(apple()),
        order: Some(limit(200.0, 10)),
        attached_orders: None,
    };
    desk.ask(request::PLACE_ORDER, &place);
    assert_eq!(desk.ask(request::EXERCISE_OPTIONS, &ask(1, 1)), ["error 1 103"]);
}
