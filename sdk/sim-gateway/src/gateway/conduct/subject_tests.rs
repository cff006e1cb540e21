//! What a frame is about, in both encodings.

use super::frame_subject;
use crate::wire::messages::execution::ExecutionDetailsEnd;
use crate::wire::messages::market::{TickPrice, TickSize};
use crate::wire::messages::order::OrderStatus;
use crate::wire::messages::session::{CurrentTime, ErrorMessage};
use crate::wire::{Encoding, Response, frame};

fn about<M: Response>(message: &M) -> [Option<i32>; 2] {
    [Encoding::of(178), Encoding::of(226)].map(|encoding| {
        let mut bytes = Vec::new();
        frame::encode(&mut bytes, encoding, message);
        frame_subject(encoding, message.id(), &bytes)
    })
}

#[test]
fn both_encodings_tell_what_a_frame_is_about() {
    let both = [Some(7), Some(7)];
    let status = OrderStatus {
        order_id: Some(7),
        status: Some("Submitted".to_owned()),
        ..OrderStatus::default()
    };
    assert_eq!(about(&status), both);
    let error = ErrorMessage {
        id: Some(7),
        error_code: Some(201),
        ..ErrorMessage::default()
    };
    assert_eq!(about(&error), both);
    let price = TickPrice {
        req_id: Some(7),
        tick_type: Some(1),
        price: Some(1.0),
        ..TickPrice::default()
    };
    assert_eq!(about(&price), both);
    let size = TickSize {
        req_id: Some(7),
        tick_type: Some(0),
        ..TickSize::default()
    };
    assert_eq!(about(&size), both);
    assert_eq!(about(&ExecutionDetailsEnd { req_id: Some(7) }), both);
    let time = CurrentTime {
        current_time: Some(1),
    };
    assert_eq!(about(&time)[0], None);
    assert_eq!(frame_subject(Encoding::of(178), 3, b""), None);
    assert_eq!(frame_subject(Encoding::of(226), 3, &[0; 6]), None);
}
