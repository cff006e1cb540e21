//! The text encoding of server versions 176 and 178: fields ended by NUL, in an order of their own.
//!
//! It reads and writes the same structs that protobuf does and knows nothing of what they are for. Input
//! may be anything; nothing here panics on it.

mod account;
mod advisor;
mod bars;
mod contract;
mod contract_fields;
mod depth;
mod execution;
mod fields;
mod market;
mod news;
mod option;
mod order;
mod scanner;
mod session;
mod settings;
mod ticks;
mod writer;

#[cfg(test)]
mod any_bytes_tests;
#[cfg(test)]
mod data_answers_tests;
#[cfg(test)]
mod data_requests_tests;
#[cfg(test)]
mod text_tests;

pub use fields::{FieldError, Fields};
pub use writer::Writer;

use super::encoding::{Request, Response};

/// The request or order id in a request of message number `id`, if it has one and it can be found.
///
/// Older messages carry a version of their own in front of it.
#[must_use]
pub fn request_id(id: u32, fields: &mut Fields<'_>) -> Option<i32> {
    let before = match id {
        3 | 20 | 22 | 78 | 79 | 81 | 83 | 84 | 86..=90 | 92..=98 | 100..=104 => 0,
        1 | 2 | 4 | 7 | 9 | 10 | 11 | 21 | 23 | 25 | 50..=57 | 62 | 63 | 67..=70 | 74..=77 => 1,
        19 => 3,
        _ => return None,
    };
    for _ in 0..before {
        fields.skip().ok()?;
    }
    fields.integer().ok()?
}
