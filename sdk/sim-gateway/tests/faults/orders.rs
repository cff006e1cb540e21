//! Orders that are lost, late, held, doubled or refused.

use prost::Message;
use sim_gateway::server::Running;
use sim_gateway::wire::ids::{request, response};
use sim_gateway::wire::messages::order::{
    AllOpenOrdersRequest, CancelOrderRequest, CompletedOrdersRequest, OpenOrder, Order, OrderStatus,
};

use crate::wire_client::{Client, resting};
use crate::{client, eventually, faults, inject, invariant, order_in_books, play, say, start};

fn cancel(client: &mut Client, order: i32) {
    let cancel = CancelOrderRequest {
        order_id: Some(order),
        ..Default::default()
    };
    client.send(request::CANCEL_ORDER, &cancel).unwrap();
}

fn named(reference: &str) -> Order {
    Order {
        order_ref: Some(reference.to_owned()),
        ..resting()
    }
}

#[test]
fn an_order_is_lost_and_another_acted_on_after_its_client_has_gone() {
    let gateway = play(
        "[[step]]\non = \"placeOrder\"\nnth = 1\ndo = \"lose\"\n\
         [[step]]\non = \"placeOrder\"\nnth = 2\ndo = \"late\"\nby = \"200ms\"\n",
    );
    let mut before = client(&gateway, 7);
    before.place(1, resting()).unwrap();
    before.place(2, resting()).unwrap();
    eventually(|| (faults(&gateway, "late").len() == 1).then_some(()));
    drop(before);
    eventually(|| (say(&gateway, "books")["connections"][0]["disconnected_at_ns"].is_u64()).then_some(()));
    assert!(order_in_books(&gateway, 2).is_null());
    let order = eventually(|| Some(order_in_books(&gateway, 2)).filter(|order| !order.is_null()));
    assert_eq!(order["status"], "Submitted");
    assert!(order_in_books(&gateway, 1).is_null());
    assert_eq!(client_next_id(&gateway), 3);
}

fn client_next_id(gateway: &Running) -> i32 {
    Client::start(gateway.address, 7).unwrap().1
}

#[test]
fn a_dialog_holds_orders_until_somebody_answers_it() {
    let gateway = start(&[]);
    let mut client = client(&gateway, 7);
    inject(&gateway, "do = \"dialog\", orders = 2");
    for id in 1..=3 {
        client.place(id, resting()).unwrap();
    }
    let held = client.wait_status(1, "PendingSubmit").unwrap();
    assert_eq!(held.perm_id, Some(0));
    client.wait_status(3, "Submitted").unwrap();
    client
        .send(request::ALL_OPEN_ORDERS, &AllOpenOrdersRequest {})
        .unwrap();
    client.wait_status(2, "PendingSubmit").unwrap();
    cancel(&mut client, 2);
    client.wait_status(2, "ApiCancelled").unwrap();
    assert!(order_in_books(&gateway, 1).is_null());
    inject(&gateway, "do = \"release\"");
    client.wait_status(1, "Submitted").unwrap();
    inject(&gateway, "do = \"dialog\", forget = true");
    client.place(4, resting()).unwrap();
    client.wait_status(4, "PendingSubmit").unwrap();
    inject(&gateway, "do = \"release\"");
    // Its id is spent all the same.
    client.place(5, resting()).unwrap();
    client.wait_status(5, "Submitted").unwrap();
}

#[test]
fn a_released_order_goes_on_where_it_was() {
    let gateway = start(&[]);
    let mut client = client(&gateway, 7);
    inject(&gateway, "do = \"dialog\", for = \"200ms\"");
    client.place(1, resting()).unwrap();
    client.wait_status(1, "PendingSubmit").unwrap();
    client.wait_status(1, "Submitted").unwrap();
}

#[test]
fn a_read_only_gateway_takes_no_orders_and_lists_no_completed_ones() {
    let gateway = start(&[]);
    let mut client = client(&gateway, 7);
    inject(&gateway, "do = \"read-only\"");
    client.place(1, resting()).unwrap();
    let refused = client.wait_error(321).unwrap();
    assert!(refused.error_msg.unwrap().contains("Read-Only mode"));
    client
        .send(
            request::COMPLETED_ORDERS,
            &CompletedOrdersRequest {
                api_only: Some(false),
            },
        )
        .unwrap();
    assert!(client.is_silent(std::time::Duration::from_millis(100)));
}

#[test]
fn a_change_becomes_a_second_live_order_under_one_reference() {
    let gateway = start(&[]);
    let mut client = client(&gateway, 7);
    client.place(1, named("moored-1")).unwrap();
    let first = client.wait_status(1, "Submitted").unwrap().perm_id.unwrap();
    assert_eq!(invariant(&gateway, 1)["ok"], true);
    inject(&gateway, "do = \"split-perm\"");
    let changed = Order {
        lmt_price: Some(201.0),
        ..named("moored-1")
    };
    client.place(1, changed).unwrap();
    let second = client.wait_status(1, "Submitted").unwrap().perm_id.unwrap();
    assert_ne!(first, second);
    let verdict = invariant(&gateway, 1);
    assert_eq!(
        verdict["ok"],
        false,
        "{verdict} {}",
        say(&gateway, "books brief")["orders"]
    );
    assert_eq!(verdict["offenders"][0]["order_ref"], "moored-1");
    cancel(&mut client, 1);
    assert_eq!(client.wait_status(1, "Cancelled").unwrap().perm_id, Some(second));
    client
        .send(request::ALL_OPEN_ORDERS, &AllOpenOrdersRequest {})
        .unwrap();
    let left = OpenOrder::decode(client.wait_for(response::OPEN_ORDER).unwrap().as_slice()).unwrap();
    assert_eq!(
        (left.order_id, left.order.unwrap().perm_id),
        (Some(1), Some(first))
    );
    say(&gateway, "price AAPL 199.50");
    assert_eq!(client.wait_status(1, "Filled").unwrap().perm_id, Some(first));
    assert_eq!(invariant(&gateway, 2)["ok"], true);
}

#[test]
fn orders_sent_without_a_link_are_kept_or_deleted() {
    for (keeps, wanted) in [(true, "Submitted"), (false, "null")] {
        let gateway = play(&format!("[unknowns]\nmaintain_and_resubmit = {keeps}\n"));
        let mut client = client(&gateway, 7);
        inject(&gateway, "do = \"link-down\"");
        client.wait_error(1100).unwrap();
        client.place(1, resting()).unwrap();
        let stale = Order {
            tif: Some("GTD".to_owned()),
            good_till_date: Some("20200101 00:00:00".to_owned()),
            ..resting()
        };
        client.place(2, stale).unwrap();
        if keeps {
            client.wait_status(1, "PendingSubmit").unwrap();
            client.wait_status(2, "PendingSubmit").unwrap();
        }
        eventually(|| (invariant(&gateway, 4)["counted"]["orders"] == 2).then_some(()));
        assert!(order_in_books(&gateway, 1).is_null());
        let restored = inject(&gateway, "do = \"link-up\"");
        assert!(
            restored["detail"]
                .as_str()
                .unwrap()
                .contains(if keeps { "1 kept" } else { "0 kept" })
        );
        client.wait_error(1102).unwrap();
        if keeps {
            client.wait_status(1, wanted).unwrap();
        }
        assert_eq!(order_in_books(&gateway, 1).is_null(), !keeps);
        let verdict = invariant(&gateway, 4);
        assert_eq!(
            (&verdict["ok"], &verdict["offenders"][0]["order_id"]),
            (&false.into(), &1.into())
        );
    }
}

#[test]
fn a_client_that_comes_without_a_link_is_told_so() {
    let gateway = start(&[]);
    inject(
        &gateway,
        "do = \"link-down\", for = \"300ms\", restored = \"1101\"",
    );
    let (mut client, _) = Client::greet(gateway.address).unwrap();
    let start = sim_gateway::wire::messages::session::StartApiRequest {
        client_id: Some(7),
        ..Default::default()
    };
    client.send(request::START_API, &start).unwrap();
    client.wait_for(response::NEXT_VALID_ID).unwrap();
    client.wait_error(2110).unwrap();
    client.wait_error(1101).unwrap();
}

#[test]
fn a_status_is_said_twice_with_no_price() {
    let gateway = start(&[]);
    let mut client = client(&gateway, 7);
    inject(&gateway, "do = \"lie\", field = \"filled-twice\", count = 1");
    client.place(1, resting()).unwrap();
    client.wait_status(1, "Submitted").unwrap();
    say(&gateway, "fill 7:1");
    assert_eq!(
        client.wait_status(1, "Filled").unwrap().avg_fill_price,
        Some(200.0)
    );
    let body = client.wait_for(response::ORDER_STATUS).unwrap();
    let again = OrderStatus::decode(body.as_slice()).unwrap();
    assert_eq!(
        (again.status.as_deref(), again.avg_fill_price),
        (Some("Filled"), Some(0.0))
    );
}
