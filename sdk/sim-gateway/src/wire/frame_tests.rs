//! The framing against good, broken and absurd input.

use proptest::prelude::*;

use super::frame::{Decoder, FrameError, Inbound, encode, hello_bytes, version_frame};
use super::messages::session::{CurrentTime, NextValidId};
use super::{Body, Encoding};

const PROTOBUF: Encoding = Encoding::Protobuf(226);

fn decode_all(decoder: &mut Decoder, bytes: &[u8], encoding: Encoding) -> (Vec<Inbound>, Option<FrameError>) {
    decoder.push(bytes);
    let mut messages = Vec::new();
    loop {
        match decoder.next_message(Some(encoding)) {
            Ok(Some(message)) => messages.push(message),
            Ok(None) => return (messages, None),
            Err(error) => return (messages, Some(error)),
        }
    }
}

fn check(bytes: &[u8], wanted: &[Inbound], error: Option<FrameError>) {
    let (messages, failure) = decode_all(&mut Decoder::default(), bytes, PROTOBUF);
    assert_eq!((messages.as_slice(), failure), (wanted, error), "for {bytes:?}");
}

fn greeting(versions: &str) -> Vec<u8> {
    let mut bytes = b"API\0".to_vec();
    bytes.extend_from_slice(&u32::try_from(versions.len()).unwrap().to_be_bytes());
    bytes.extend_from_slice(versions.as_bytes());
    bytes
}

#[test]
fn the_opening_names_a_range_of_versions() {
    let hello = |oldest, newest| [Inbound::Hello { oldest, newest }];
    check(&hello_bytes(213, 226), &hello(213, 226), None);
    check(&greeting("v100..226 +PACEAPI"), &hello(100, 226), None);
    check(&greeting("v176..176 "), &hello(176, 176), None);
    check(&greeting("v178"), &hello(178, 178), None);
    check(
        &greeting("hello"),
        &[],
        Some(FrameError::Versions("hello".to_owned())),
    );
    check(
        &greeting("v1..x"),
        &[],
        Some(FrameError::Versions("v1..x".to_owned())),
    );
    check(b"GET / HTTP/1.1\r\n", &[], Some(FrameError::Greeting));
    check(b"AP", &[], None);
}

#[test]
fn a_length_no_frame_can_have_ends_the_stream() {
    for length in [0_u32, 1, 3, 0x0100_0000, 0xFFFF_FFFF] {
        let mut bytes = hello_bytes(213, 226);
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(&[0; 8]);
        let hello = [Inbound::Hello {
            oldest: 213,
            newest: 226,
        }];
        check(&bytes, &hello, Some(FrameError::Length(length as usize)));
    }
}

#[test]
fn frames_on_the_wire_look_as_documented() {
    let mut bytes = Vec::new();
    encode(&mut bytes, PROTOBUF, &NextValidId { order_id: Some(5) });
    assert_eq!(bytes, [0, 0, 0, 6, 0, 0, 0, 209, 8, 5]);
    assert_eq!(version_frame(226, "x y"), b"\0\0\0\x08226\0x y\0");
}

#[test]
fn text_frames_are_cut_at_their_first_field() {
    let mut bytes = hello_bytes(157, 178);
    bytes.extend_from_slice(b"\0\0\0\x0571\x002\0\0\0\0\x01x");
    let text = Encoding::Text(178);
    let (messages, error) = decode_all(&mut Decoder::default(), &bytes, text);
    let start = Inbound::Message {
        id: 71,
        body: Body {
            encoding: text,
            bytes: b"2\0".to_vec(),
        },
    };
    assert_eq!((messages.get(1), error), (Some(&start), None));
    assert_eq!(messages.get(2), Some(&Inbound::Foreign { id: 0 }));
}

#[test]
fn text_messages_are_told_from_protobuf_ones() {
    let mut bytes = hello_bytes(213, 226);
    bytes.extend_from_slice(&[0, 0, 0, 7, 0, 0, 0, 49, b'1', 0, 0]);
    check(
        &bytes,
        &[
            Inbound::Hello {
                oldest: 213,
                newest: 226,
            },
            Inbound::Foreign { id: 49 },
        ],
        None,
    );
}

proptest! {
    #[test]
    fn any_bytes_in_any_pieces_do_no_harm(
        pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 0..20),
        encoding in prop::sample::select(vec![PROTOBUF, Encoding::Text(178)]),
    ) {
        let mut decoder = Decoder::default();
        for piece in pieces {
            if decode_all(&mut decoder, &piece, encoding).1.is_some() {
                break;
            }
        }
    }

    #[test]
    fn any_bytes_after_the_opening_do_no_harm(
        bodies in prop::collection::vec((any::<u32>(), prop::collection::vec(any::<u8>(), 0..100)), 0..20),
        tail in prop::collection::vec(any::<u8>(), 0..50),
    ) {
        let mut bytes = hello_bytes(100, 226);
        for (id, body) in &bodies {
            bytes.extend_from_slice(&u32::try_from(body.len() + 4).unwrap().to_be_bytes());
            bytes.extend_from_slice(&id.to_be_bytes());
            bytes.extend_from_slice(body);
        }
        bytes.extend_from_slice(&tail);
        let (messages, _) = decode_all(&mut Decoder::default(), &bytes, PROTOBUF);
        prop_assert!(messages.len() > bodies.len());
    }

    #[test]
    fn pieces_make_no_difference(times in prop::collection::vec(any::<i64>(), 1..20), size in 1_usize..40) {
        let mut bytes = hello_bytes(213, 226);
        for time in &times {
            encode(&mut bytes, PROTOBUF, &CurrentTime { current_time: Some(*time) });
        }
        let whole = decode_all(&mut Decoder::default(), &bytes, PROTOBUF);
        let mut decoder = Decoder::default();
        let mut pieces = Vec::new();
        for piece in bytes.chunks(size) {
            pieces.extend(decode_all(&mut decoder, piece, PROTOBUF).0);
        }
        prop_assert_eq!(whole.1, None);
        prop_assert_eq!(pieces, whole.0);
    }
}
