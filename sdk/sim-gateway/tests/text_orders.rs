//! Orders from a client's own code to text, through the program's reading and writing, and back through the
//! client's own code: each of its attributes must come back where it was set.
//!
//! `python/echoed_orders.py` writes the orders and compares them.

mod python;

use sim_gateway::wire::messages::order::{CompletedOrder, OpenOrder, Order, OrderState, PlaceOrderRequest};
use sim_gateway::wire::text::Fields;
use sim_gateway::wire::{Encoding, Request, Response, frame};

/// What an order costs and how it stands, each figure another.
fn state() -> OrderState {
    OrderState {
        status: Some("Submitted".to_owned()),
        init_margin_before: Some(1.5),
        maint_margin_before: Some(2.5),
        init_margin_change: Some(3.5),
        maint_margin_change: Some(4.5),
        init_margin_after: Some(5.5),
        maint_margin_after: Some(6.5),
        equity_with_loan_before: Some(7.5),
        equity_with_loan_change: Some(8.5),
        equity_with_loan_after: Some(9.5),
        commission_and_fees: Some(1.25),
        min_commission_and_fees: Some(1.0),
        max_commission_and_fees: Some(1.75),
        commission_and_fees_currency: Some("USD".to_owned()),
        warning_text: Some("beware".to_owned()),
        completed_time: Some("20260415 11:00:11 UTC".to_owned()),
        completed_status: Some("Filled Size: 3".to_owned()),
        ..OrderState::default()
    }
}

/// `frame` as its script reads it.
fn line(kind: &str, version: i32, message: &impl Response) -> String {
    let mut out = Vec::new();
    frame::encode(&mut out, Encoding::Text(version), message);
    let digits: String = out.iter().skip(4).map(|byte| format!("{byte:02x}")).collect();
    format!("{kind} {digits}\n")
}

/// An order of a client, as it is told when it is open and when it is completed.
fn told(digits: &str, version: i32) -> String {
    let bytes: Vec<u8> = (0..digits.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&digits[at..at + 2], 16).expect("hexadecimal digits"))
        .collect();
    let mut fields = Fields::new(&bytes, version);
    fields.skip().expect("the number of the message");
    let asked = PlaceOrderRequest::read(&mut fields).expect("an order");
    assert!(fields.is_empty(), "not all of the order was read");
    let order = Order {
        client_id: Some(5),
        perm_id: Some(1_234_567_890_123),
        ..asked.order.expect("an order")
    };
    let open = OpenOrder {
        order_id: Some(77),
        contract: asked.contract.clone(),
        order: Some(order.clone()),
        order_state: Some(state()),
    };
    let completed = CompletedOrder {
        contract: asked.contract,
        order: Some(Order {
            filled_quantity: Some("3".to_owned()),
            auto_cancel_date: Some("20261231".to_owned()),
            ref_futures_con_id: Some(15),
            shareholder: Some("nobody".to_owned()),
            imbalance_only: Some(true),
            route_marketable_to_bbo: Some(1),
            parent_perm_id: Some(16),
            ..order
        }),
        order_state: Some(state()),
    };
    line("open", version, &open) + &line("completed", version, &completed)
}

fn orders_come_back(client: &str, library: &str, version: i32) {
    let version_text = version.to_string();
    let run = |mode: &str, input: &str| {
        python::answered(client, "echoed_orders.py", &[library, &version_text, mode], input)
    };
    let orders = run("write", "");
    let answers: String = orders.lines().map(|order| told(order, version)).collect();
    let said = run("compare", &answers);
    assert!(said.contains("all of it as expected"), "{library}: {said}");
}

#[test]
fn orders_of_the_official_client_come_back_as_they_went() {
    orders_come_back("ibapi-stable==10.50.2", "ibapi", 178);
}

#[test]
fn orders_of_ib_async_come_back_as_they_went() {
    orders_come_back("ib_async==2.1.0", "ib_async", 178);
}

#[test]
fn orders_of_ib_insync_come_back_as_they_went() {
    orders_come_back("ib_insync==0.9.86", "ib_insync", 176);
}
