use super::bindings::moored::plugin::order_types;
use super::convert;
use crate::domain::instrument::InstrumentId;
use crate::domain::money::{Price, Quantity};
use crate::domain::order::ClientOrderId;
use crate::domain::quote::Quote;
use crate::domain::time::Timestamp;
use crate::orders::event::{OrderEvent, OrderEventKind, Rejection};

#[test]
fn bits_of_a_quote_tell_what_is_known() {
    let empty = Quote::empty(InstrumentId(3));
    let bid = Quote {
        bid: Some(Price::from_nanos(5)),
        ..empty
    };
    let both = Quote {
        ask: Some(Price::from_nanos(6)),
        delayed: true,
        ..bid
    };
    for (quote, stale, bits) in [
        (empty, false, 0),
        (bid, false, 1),
        (both, false, 7),
        (both, true, 15),
    ] {
        let wire = convert::quote(&quote, stale);
        assert_eq!((wire.instrument, wire.bits), (3, bits));
    }
    assert_eq!(convert::quote(&both, false).ask, 6);
}

/// A guest's text and what a log may have of it.
fn check_printable(text: &str, expected: &str) {
    assert_eq!(convert::printable(text, 12), expected);
}

#[test]
fn a_guests_text_stays_on_its_line() {
    check_printable("plain", "plain");
    check_printable("a\nb\u{1b}[m", "a\\u{a}b\\u{1b}[m");
    check_printable("x\u{202e}y", "x\\u{202e}y");
    check_printable("exactly 12..", "exactly 12..");
    check_printable("more than twelve", "more than tw…");
    check_printable("eleven chars€", "eleven chars…");
}

#[test]
fn a_rejection_is_cut_between_characters() {
    let rejection = Rejection {
        code: -1,
        text: "€".repeat(100),
    };
    let kind = OrderEventKind::Rejected(rejection);
    let event = OrderEvent {
        client_order_id: ClientOrderId(9),
        tag: 8,
        kind,
    };
    let wire = convert::order_event(&event, Timestamp::NEVER);
    let order_types::OrderEvent::Rejected(wire) = wire else {
        panic!("{wire:?}");
    };
    assert_eq!((wire.order, wire.tag, wire.code), (9, 8, 0));
    assert_eq!(wire.text, "€".repeat(85));
}

#[test]
fn a_position_is_valued_at_the_mid_or_not_at_all() {
    let flat = convert::position(InstrumentId(0), &Default::default(), None, Quantity::ONE);
    assert_eq!((flat.size, flat.average_price, flat.unrealized), (0, 0, 0));
}
