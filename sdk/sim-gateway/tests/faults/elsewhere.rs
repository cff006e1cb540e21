//! What happens in an account without this gateway's clients.

use prost::Message;
use sim_gateway::server::Running;
use sim_gateway::wire::ids::{request, response};
use sim_gateway::wire::messages::account::{Position, PositionsRequest};
use sim_gateway::wire::messages::execution::{Execution, ExecutionDetails, ExecutionRequest};
use sim_gateway::wire::messages::order::{AllOpenOrdersRequest, OpenOrder};

use crate::wire_client::{Client, market};
use crate::{client, inject, invariant, play, start};

fn position(client: &mut Client) -> Option<String> {
    let body = client.wait_for(response::POSITION).unwrap();
    Position::decode(body.as_slice()).unwrap().position
}

fn execution(client: &mut Client) -> Execution {
    let body = client.wait_for(response::EXECUTION_DETAILS).unwrap();
    ExecutionDetails::decode(body.as_slice())
        .unwrap()
        .execution
        .unwrap()
}

fn agree(gateway: &Running) {
    let verdict = invariant(gateway, 2);
    assert_eq!(verdict["ok"], true, "{verdict}");
}

#[test]
fn a_manual_order_is_seen_by_all_and_owned_by_nobody_here() {
    let gateway = start(&[]);
    let mut client = client(&gateway, 7);
    inject(
        &gateway,
        "do = \"ext-order\", of = \"AAPL\", quantity = 30, price = 150",
    );
    client
        .send(request::ALL_OPEN_ORDERS, &AllOpenOrdersRequest {})
        .unwrap();
    let open = OpenOrder::decode(client.wait_for(response::OPEN_ORDER).unwrap().as_slice()).unwrap();
    let order = open.order.unwrap();
    assert_eq!(
        (open.order_id, order.client_id, order.order_id),
        (Some(0), Some(0), Some(0))
    );
    assert!(order.perm_id.unwrap() > 0);
}

#[test]
fn fills_and_positions_come_from_elsewhere() {
    let gateway = start(&[]);
    let mut client = client(&gateway, 7);
    client.send(request::POSITIONS, &PositionsRequest {}).unwrap();
    inject(&gateway, "do = \"ext-fill\", of = \"AAPL\", quantity = 40");
    while position(&mut client).as_deref() != Some("40") {}
    inject(
        &gateway,
        "do = \"ext-position\", of = \"AAPL\", quantity = -15, price = 100",
    );
    assert_eq!(position(&mut client).as_deref(), Some("25"));
    agree(&gateway);
}

#[test]
fn a_liquidation_is_told_to_everybody() {
    let gateway = start(&[]);
    let mut client = client(&gateway, 7);
    client.place(1, market(50)).unwrap();
    client.wait_status(1, "Filled").unwrap();
    inject(&gateway, "do = \"notice\", code = 2148");
    inject(
        &gateway,
        "do = \"ext-liquidation\", of = \"AAPL\", quantity = -50",
    );
    client.wait_error(2148).unwrap();
    let told = execution(&mut client);
    assert_eq!(
        (
            told.order_id,
            told.client_id,
            told.is_liquidation,
            told.side.as_deref()
        ),
        (Some(-1), Some(0), Some(true), Some("SLD"))
    );
    agree(&gateway);
}

#[test]
fn corrections_replace_or_add() {
    for (mode, wanted) in [("replace", ["60", "60"]), ("delta", ["40", "100"])] {
        let gateway = play(&format!("[unknowns]\ncorrections = \"{mode}\"\n"));
        let mut client = client(&gateway, 7);
        client.place(1, market(100)).unwrap();
        client.wait_status(1, "Filled").unwrap();
        // The size shown may have been less than the order, so the newest fill may be a part of it.
        client.send(request::POSITIONS, &PositionsRequest {}).unwrap();
        assert_eq!(position(&mut client).as_deref(), Some("100"));
        let all = ExecutionRequest::default();
        client.send(request::EXECUTIONS, &all).unwrap();
        let old = execution(&mut client);
        assert_eq!(old.shares.as_deref(), Some("100"), "one fill for the whole of it");
        assert!(old.exec_id.as_deref().unwrap().ends_with(".01"));
        inject(&gateway, "do = \"correct\", quantity = 60");
        let new = execution(&mut client);
        assert!(new.exec_id.as_deref().unwrap().ends_with(".02"));
        assert_eq!(new.shares.as_deref(), Some(wanted[0]), "{mode}");
        assert_eq!(position(&mut client).as_deref(), Some("60"));
        assert_eq!(old.perm_id, new.perm_id);
        agree(&gateway);
    }
}
