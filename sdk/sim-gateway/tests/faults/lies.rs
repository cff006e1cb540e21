//! Fields that are not what they should be.

use prost::Message;
use sim_gateway::wire::ids::{request, response};
use sim_gateway::wire::messages::account::{
    AccountDataRequest, AccountValue, Pnl, PnlRequest, Position, PositionsRequest,
};
use sim_gateway::wire::messages::execution::{CommissionAndFeesReport, Execution, ExecutionDetails};
use sim_gateway::wire::messages::order::{OpenOrder, OrderStatus};
use sim_gateway::wire::messages::session::{ManagedAccounts, NextValidId, StartApiRequest};

use crate::wire_client::{Client, market, resting};
use crate::{client, inject, start};

/// Whether a status says what the lie made of it.
type Holds = fn(&OrderStatus) -> bool;

fn read<M: Message + Default>(client: &mut Client, id: u32) -> M {
    M::decode(client.wait_for(id).unwrap().as_slice()).unwrap()
}

fn lie(gateway: &sim_gateway::server::Running, what: &str) {
    inject(gateway, &format!("do = \"lie\", {what}, count = 1"));
}

#[test]
fn accounts_and_ids_are_somebody_elses() {
    let gateway = start(&[]);
    lie(&gateway, "field = \"accounts\", value = \"U1\"");
    lie(&gateway, "field = \"next-id\", value = 99");
    let (mut client, _) = Client::greet(gateway.address).unwrap();
    let start = StartApiRequest {
        client_id: Some(7),
        ..Default::default()
    };
    client.send(request::START_API, &start).unwrap();
    let accounts: ManagedAccounts = read(&mut client, response::MANAGED_ACCOUNTS);
    assert_eq!(accounts.accounts_list.as_deref(), Some("U1"));
    let next: NextValidId = read(&mut client, response::NEXT_VALID_ID);
    assert_eq!(next.order_id, Some(99));
}

#[test]
fn executions_name_the_wrong_order_come_twice_and_count_wrong() {
    let gateway = start(&[]);
    let mut client = client(&gateway, 7);
    let mut fill = |field: &str, order: i32| -> Execution {
        lie(&gateway, field);
        client.place(order, market(10)).unwrap();
        let details: ExecutionDetails = read(&mut client, response::EXECUTION_DETAILS);
        details.execution.unwrap()
    };
    assert_eq!(
        fill("field = \"execution-order-id\", value = -1", 1).order_id,
        Some(-1)
    );
    let wrong = fill("field = \"cumulative-quantity\", value = 7", 2);
    assert_eq!(wrong.cum_qty.as_deref(), Some("7"));
    let first = fill("field = \"execution-twice\"", 3);
    let second: ExecutionDetails = read(&mut client, response::EXECUTION_DETAILS);
    let second = second.execution.unwrap();
    assert_eq!((first.order_id, &first.shares), (second.order_id, &second.shares));
    assert_ne!(first.exec_id, second.exec_id);
}

#[test]
fn statuses_and_open_orders_say_what_is_not_so() {
    let gateway = start(&[]);
    let mut client = client(&gateway, 7);
    let cases: [(&str, Holds); 4] = [
        ("field = \"status\", value = \"Bewitched\"", |told| {
            told.status.as_deref() == Some("Bewitched")
        }),
        ("field = \"why-held\"", |told| {
            told.why_held.as_deref() == Some("locate")
        }),
        ("field = \"perm-id\"", |told| told.perm_id == Some(0)),
        ("field = \"average-price\"", |told| {
            told.avg_fill_price == Some(0.0)
        }),
    ];
    for (order, (what, holds)) in (1..).zip(cases) {
        lie(&gateway, what);
        client.place(order, resting()).unwrap();
        let told: OrderStatus = read(&mut client, response::ORDER_STATUS);
        assert!(holds(&told), "{what}: {told:?}");
        client.wait_status(order, "Submitted").unwrap();
    }
    lie(&gateway, "field = \"open-order-filled\"");
    client.place(9, resting()).unwrap();
    let open: OpenOrder = read(&mut client, response::OPEN_ORDER);
    assert_eq!(open.order.unwrap().filled_quantity, None);
}

#[test]
fn fees_are_pending_negative_or_not_set() {
    let gateway = start(&[]);
    let mut client = client(&gateway, 7);
    let cases = [
        ("", None),
        (", value = -1", Some(-1.0)),
        (", value = \"unset\"", Some(f64::MAX)),
    ];
    for (order, (value, wanted)) in (1..).zip(cases) {
        lie(&gateway, &format!("field = \"commission\"{value}"));
        client.place(order, market(10)).unwrap();
        let report: CommissionAndFeesReport = read(&mut client, response::COMMISSION_AND_FEES_REPORT);
        assert_eq!(report.commission_and_fees, wanted);
    }
}

#[test]
fn accounts_are_not_ready_and_positions_and_profit_not_so() {
    let gateway = start(&[]);
    let mut client = client(&gateway, 7);
    client.place(1, market(10)).unwrap();
    client.wait_status(1, "Filled").unwrap();
    inject(&gateway, "do = \"lie\", field = \"account-ready\"");
    let subscribe = AccountDataRequest {
        subscribe: Some(true),
        acct_code: None,
    };
    client.send(request::ACCOUNT_DATA, &subscribe).unwrap();
    let (mut ready, mut worth) = (None, None);
    while ready.is_none() || worth.is_none() {
        let value: AccountValue = read(&mut client, response::ACCOUNT_VALUE);
        match value.key.as_deref() {
            Some("AccountReady") => ready = value.value,
            Some("NetLiquidation") => worth = value.value,
            _ => {}
        }
    }
    assert_eq!(
        (ready.as_deref(), worth.as_deref()),
        (Some("false"), Some("0.00"))
    );
    inject(&gateway, "do = \"honest\"");
    lie(&gateway, "field = \"position\", value = -500");
    lie(&gateway, "field = \"position-exchange\"");
    client.send(request::POSITIONS, &PositionsRequest {}).unwrap();
    let position: Position = read(&mut client, response::POSITION);
    assert_eq!(position.position.as_deref(), Some("-500"));
    assert_eq!(position.contract.unwrap().exchange.as_deref(), Some(""));
    lie(&gateway, "field = \"profit\", value = \"unset\"");
    let profit = PnlRequest {
        req_id: Some(5),
        ..Default::default()
    };
    client.send(request::PNL, &profit).unwrap();
    let told: Pnl = read(&mut client, response::PNL);
    assert_eq!(
        (told.daily_pnl, told.realized_pnl),
        (Some(f64::MAX), Some(f64::MAX))
    );
}
