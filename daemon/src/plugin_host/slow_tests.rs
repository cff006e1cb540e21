//! Plugins on threads of their own: the same guests, the same containment, and a lane that never waits for
//! them.

use super::bench::{Bench, guest, on_aapl};
use crate::desk::effect::Notice;
use crate::desk::event::Event;
use crate::domain::order::{ClientOrderId, Intent};
use crate::domain::plugin::{PluginId, PluginState};
use crate::orders::event::{OrderEvent, OrderEventKind};

const OWN_THREAD: &str = "own_thread = true";

#[test]
fn a_quote_becomes_an_order_on_the_plugins_thread() {
    let mut bench = Bench::new(&guest("pinger", OWN_THREAD, "symbol = \"AAPL\"\nquantity = 1"));
    let quote = bench.quote(18_725);
    let Notice::Quote(sent) = quote else {
        unreachable!()
    };
    bench.deliver(0, &[quote]);
    assert!(
        matches!(bench.out.as_slice(), [Event::Subscription { .. }]),
        "{:?}",
        bench.out
    );
    let Event::Intent {
        intent: Intent::Submit(intent),
        cause,
    } = bench.receive()
    else {
        panic!("no order");
    };
    assert_eq!((intent.plugin, intent.tag), (PluginId(0), sent.received.nanos()));
    assert_eq!(cause.tick_received, Some(sent.received));
    bench.until("its status counts the call", |bench| bench.status(0).calls == 3);
    assert!(bench.status(0).own_thread);
}

#[test]
fn a_trap_is_contained_and_the_plugin_comes_back() {
    let toml = guest("trapper", OWN_THREAD, "symbol = \"AAPL\"\nevery = 1") + &on_aapl("pinger");
    let mut bench = Bench::new(&toml);
    bench.tick(0, 18_700);
    bench.until("the failure is told", |bench| !bench.failures(0).is_empty());
    assert!(matches!(bench.failures(0).as_slice(), [(false, text)] if text.contains("on_quotes trapped")));
    assert!(
        matches!(bench.receive(), Event::Subscription { .. }),
        "only its subscription ends"
    );
    bench.until("it is started again", |bench| bench.status(0).restarts == 1);
    assert!(
        matches!(bench.receive(), Event::Subscription { .. }),
        "it subscribes again"
    );
    assert!(bench.submits(0).is_empty());
    bench.tick(1, 18_700);
    assert_eq!(bench.submits(1).len(), 1);
}

#[test]
fn a_plugin_that_leaves_its_order_events_unread_is_quarantined() {
    let budget = "own_thread = true\nfuel_per_call = 100000000000000\ndeadline_ms = 1000";
    let mut bench = Bench::new(&(guest("spinner", budget, "symbol = \"AAPL\"") + &on_aapl("pinger")));
    bench.tick(0, 18_700);
    let event = Notice::Order(OrderEvent {
        client_order_id: ClientOrderId(1),
        tag: 0,
        kind: OrderEventKind::Working,
    });
    bench.until("its mailbox is full", |bench| {
        bench.deliver(0, std::slice::from_ref(&event));
        !bench.failures(0).is_empty()
    });
    assert!(matches!(bench.failures(0).as_slice(), [(true, text)] if text.contains("mailbox is full")));
    assert_eq!(bench.status(0).state, PluginState::Quarantined);
    bench.tick(1, 18_700);
    assert_eq!(bench.submits(1).len(), 1, "the lane goes on");
}
