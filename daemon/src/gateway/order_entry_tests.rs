use std::rc::Rc;

use super::contracts::Catalogue;
use super::governor::Governor;
use super::metrics::Metrics;
use super::order_entry::{OrderEntry, WriteKind};
use crate::desk::event::Event;
use crate::domain::instrument::InstrumentId;
use crate::domain::money::Quantity;
use crate::domain::order::{ClientOrderId, OrderId, OrderKind, Side, TimeInForce};
use crate::domain::plugin::PluginId;
use crate::mailbox::{Letter, Mailbox};
use crate::orders::placement::Placement;

fn placement(order_id: i32) -> Placement {
    Placement {
        order_id: OrderId(order_id),
        client_order_id: ClientOrderId(1),
        plugin: PluginId(0),
        plugin_name: "p".to_owned(),
        instrument: InstrumentId(0),
        side: Side::Buy,
        kind: OrderKind::Market,
        time_in_force: TimeInForce::Day,
        quantity: Quantity::ONE,
        order_ref: String::new(),
        tag: 0,
    }
}

#[test]
fn without_a_session_every_write_is_told_to_have_failed() {
    let mut mailbox = Mailbox::new(0);
    let metrics = Rc::new(Metrics::register(&prometheus::Registry::new()).unwrap());
    let catalogue = Rc::new(Catalogue::new(Vec::new()));
    let governor = Rc::new(Governor::register(45, &prometheus::Registry::new()).unwrap());
    let entry = OrderEntry::new(
        mailbox.reports.clone(),
        catalogue,
        Rc::clone(&metrics),
        governor,
        7,
    );
    assert_eq!(entry.reserve_id(3), 8, "whatever the gateway says");
    entry.send(placement(41), WriteKind::Place).unwrap();
    assert_eq!(entry.reserve_id(3), 42, "above all that was used");
    assert_eq!(entry.reserve_id(100), 100);
    entry.send(placement(41), WriteKind::Replace).unwrap();
    entry.cancel(OrderId(42)).unwrap();
    for (order_id, kind) in [(41, "place"), (41, "replace"), (42, "cancel")] {
        let Some(Letter::Event(Event::WriteFailed {
            order_id: told,
            reason,
        })) = mailbox.inbox.try_next()
        else {
            panic!("nothing was told about the {kind} of {order_id}");
        };
        assert_eq!(told, OrderId(order_id));
        assert!(
            reason.starts_with(kind) && reason.contains("no session"),
            "{reason}"
        );
    }
    assert_eq!(metrics.write_failures.get(), 3);
}
