//! Bytes that no gateway should write.

use super::action::Corruption;
use crate::wire::Encoding;
use crate::wire::frame;
use crate::wire::messages::session::ErrorMessage;

/// A length no frame can have, and noise.
const GARBAGE: &[u8] = b"\xff\xfe\xfd\xfc\x00\x17\x2a\x99garbage\x00\x01\x02\x80\x81\x82\xc3\x28\xf0\x90";
/// A message number that nothing has, in either encoding.
const UNKNOWN: u32 = 199;
/// Stands in a text for bytes that are no UTF-8.
const MARK: u8 = 1;

/// What a client that speaks so is sent.
pub(crate) fn damaged(kind: Corruption, encoding: Encoding) -> Vec<u8> {
    match kind {
        Corruption::Garbage => GARBAGE.to_vec(),
        Corruption::BadLength => vec![0x7f, 0xff, 0xff, 0xff],
        Corruption::HalfFrame => {
            let whole = notice(encoding, "This frame ends in the middle");
            whole.get(..whole.len() / 2).unwrap_or_default().to_vec()
        }
        Corruption::UnknownMessage => match encoding {
            Encoding::Protobuf(_) => framed(&[&(UNKNOWN + 200).to_be_bytes()[..], b"\x08\x01"].concat()),
            Encoding::Text(_) => framed(format!("{UNKNOWN}\x001\0nobody knows this\0").as_bytes()),
        },
        Corruption::WrongEncoding => match encoding {
            Encoding::Protobuf(_) => {
                framed(b"4\x002\0-1\x002104\0Market data farm connection is OK:usfarm\0")
            }
            Encoding::Text(_) => notice(Encoding::of(213), "Market data farm connection is OK:usfarm"),
        },
        Corruption::NotUtf8 => {
            let marks = char::from(MARK).to_string().repeat(6);
            let mut bytes = notice(encoding, &format!("Market data farm {marks} is OK:usfarm"));
            // Chinese, as a gateway on a Windows of that language writes it.
            let mut foreign = b"\xca\xb1\xbc\xe4\xb1\xea".iter().copied();
            let marked = bytes.windows(6).position(|six| six == [MARK; 6]).unwrap_or(0);
            let place = bytes.get_mut(marked..).unwrap_or_default();
            place
                .iter_mut()
                .take(6)
                .for_each(|byte| *byte = foreign.next().unwrap_or(*byte));
            bytes
        }
        Corruption::Multiple4096 => {
            let short = notice(encoding, "").len();
            // The text's own length takes a byte more in protobuf when it is long.
            let fits = (0..4096 - short)
                .rev()
                .map(|length| notice(encoding, &"x".repeat(length)))
                .find(|bytes| bytes.len() == 4096);
            fits.unwrap_or_default()
        }
    }
}

/// Adds fields that nobody knows to the end of a frame.
pub(crate) fn add_fields(bytes: &mut Vec<u8>, text: bool) {
    // In protobuf: field 4000, a number, and field 4001, three bytes.
    let more: &[u8] = if text {
        b"42\0later\0"
    } else {
        b"\x80\xfa\x01\x2a\x8a\xfa\x01\x03new"
    };
    bytes.extend_from_slice(more);
    let length = u32::try_from(bytes.len() - 4).unwrap_or(u32::MAX);
    if let Some(prefix) = bytes.get_mut(..4) {
        prefix.copy_from_slice(&length.to_be_bytes());
    }
}

fn notice(encoding: Encoding, text: &str) -> Vec<u8> {
    let message = ErrorMessage {
        id: Some(-1),
        error_code: Some(2104),
        error_msg: Some(text.to_owned()),
        ..ErrorMessage::default()
    };
    let mut bytes = Vec::new();
    frame::encode(&mut bytes, encoding, &message);
    bytes
}

fn framed(body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len()).unwrap_or_default();
    [&length.to_be_bytes()[..], body].concat()
}
