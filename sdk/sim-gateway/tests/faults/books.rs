//! What holds whatever goes wrong.

use proptest::prelude::*;
use sim_gateway::wire::ids::request;
use sim_gateway::wire::messages::account::PositionsRequest;
use sim_gateway::wire::messages::execution::ExecutionRequest;
use sim_gateway::wire::messages::order::{CancelOrderRequest, OpenOrdersRequest};
use sim_gateway::wire::messages::session::CurrentTimeRequest;

use crate::wire_client::{Client, market, resting};
use crate::{client, eventually, inject, invariant, order_in_books, say, start};

#[test]
fn a_good_client_satisfies_all_ten() {
    let gateway = start(&[]);
    let mut client = client(&gateway, 7);
    client.place(1, market(10)).unwrap();
    client.wait_status(1, "Filled").unwrap();
    client.place(2, resting()).unwrap();
    client.wait_status(2, "Submitted").unwrap();
    let cancel = CancelOrderRequest {
        order_id: Some(2),
        ..Default::default()
    };
    client.send(request::CANCEL_ORDER, &cancel).unwrap();
    client.wait_status(2, "Cancelled").unwrap();
    let report = say(&gateway, "invariants");
    assert_eq!(report["ok"], true, "{report}");
    assert_eq!(invariant(&gateway, 10)["counted"]["cancels"], 1);
    assert!(invariant(&gateway, 5)["counted"]["ended"] == 2);
}

#[test]
fn a_hasty_client_is_found_out() {
    let gateway = start(&[]);
    let mut first = client(&gateway, 7);
    for _ in 0..60 {
        first.send(request::CURRENT_TIME, &CurrentTimeRequest {}).unwrap();
    }
    eventually(|| (invariant(&gateway, 3)["ok"] == false).then_some(()));
    drop(first);
    let mut second = eventually(|| Client::start(gateway.address, 7).ok()).0;
    second.place(1, resting()).unwrap();
    second.wait_status(1, "Submitted").unwrap();
    let verdict = invariant(&gateway, 4);
    assert_eq!(
        (&verdict["ok"], &verdict["offenders"][0]["order_id"]),
        (&false.into(), &1.into())
    );
    drop(second);
    let mut third = eventually(|| Client::start(gateway.address, 7).ok()).0;
    third.send(request::OPEN_ORDERS, &OpenOrdersRequest {}).unwrap();
    third
        .send(request::EXECUTIONS, &ExecutionRequest::default())
        .unwrap();
    third.send(request::POSITIONS, &PositionsRequest {}).unwrap();
    third.place(2, resting()).unwrap();
    third.wait_status(2, "Submitted").unwrap();
    assert_eq!(invariant(&gateway, 4)["offenders"].as_array().unwrap().len(), 1);
}

/// Anything that can be injected, with whatever it does ending by itself.
fn misfortune() -> impl Strategy<Value = String> {
    let lasting = prop::sample::select(vec![
        "do = \"freeze\"",
        "do = \"half-open\", to = 7",
        "do = \"backpressure\", rate = 2000",
        "do = \"dribble\", bytes = 7",
        "do = \"accept-silent\"",
        "do = \"accept-close\", how = \"rst\"",
        "do = \"wedge\"",
        "do = \"refuse\"",
        "do = \"delay\", by = \"10ms\"",
        "do = \"drop-frames\", frames = \"*\", share = 0.4",
        "do = \"duplicate-frames\", frames = \"*\", share = 0.4",
        "do = \"delay-frames\", frames = \"*\", by = \"5ms\", share = 0.4",
        "do = \"reorder-frames\", frames = \"*\", group = 3",
        "do = \"extra-fields\", frames = \"*\"",
        "do = \"dialog\"",
        "do = \"read-only\"",
        "do = \"link-down\"",
        "do = \"hold-id\", hold = \"5ms\"",
        "do = \"pace\", mode = \"reject\", rate = 10",
        "do = \"entitle\", as = \"competing\"",
        "do = \"lifecycle\", kind = \"restart\", boot = \"5ms\", rollback = 2",
    ]);
    let once = prop::sample::select(vec![
        "do = \"drop\"",
        "do = \"fin\"",
        "do = \"rst\"",
        "do = \"corrupt\", kind = \"garbage\"",
        "do = \"corrupt\", kind = \"half-frame\"",
        "do = \"corrupt\", kind = \"multiple-of-4096\"",
        "do = \"notice\", code = 1100",
        "do = \"reject\", code = 201",
        "do = \"split-perm\"",
        "do = \"rollback-id\", by = 3",
        "do = \"correct\", quantity = 3",
        "do = \"correct\", price = 190",
        "do = \"ext-order\", of = \"AAPL\", quantity = -20, price = 300",
        "do = \"ext-fill\", of = \"AAPL\", quantity = 20",
        "do = \"ext-liquidation\", of = \"MSFT\", quantity = -5",
        "do = \"ext-position\", of = \"SPY\", quantity = 11",
        "do = \"price\", of = \"AAPL\", value = 199.5",
        "do = \"lie\", field = \"execution-twice\"",
        "do = \"lie\", field = \"status\"",
        "do = \"duplicate\"",
        "do = \"clock\", jump = \"-26h\"",
        "do = \"clear\"",
    ]);
    let time = 1..40_u32;
    prop_oneof![
        (lasting, time).prop_map(|(what, time)| format!("{what}, for = \"{time}ms\"")),
        once.prop_map(str::to_owned),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn no_misfortune_breaks_the_books(misfortunes in prop::collection::vec((misfortune(), 0..3_u32), 1..20)) {
        let gateway = start(&[]);
        let mut client = Client::start(gateway.address, 7).ok().map(|(client, _)| client);
        let mut order = 1;
        for (what, kind) in misfortunes {
            // Some have nothing to work on, which is said and does no harm.
            gateway.command(&format!("inject {what}")).unwrap();
            if let Some(trader) = &mut client {
                let asked = if kind == 0 { resting() } else { market(10) };
                if trader.place(order, asked).is_err() {
                    client = None;
                }
                order += 1;
            } else {
                client = std::net::TcpStream::connect(gateway.address)
                    .ok()
                    .and_then(|_| Client::open(gateway.address).ok());
            }
            let verdict = invariant(&gateway, 2);
            prop_assert_eq!(&verdict["ok"], true, "{} after {}", verdict, what);
        }
        inject(&gateway, "do = \"clear\"");
        let mut after = eventually(|| Client::start(gateway.address, 70).ok()).0;
        after.place(10_000, resting()).unwrap();
        eventually(|| (!order_in_books(&gateway, 10_000).is_null()).then_some(()));
        prop_assert_eq!(&invariant(&gateway, 2)["ok"], true);
    }
}
