//! Writing single ticks to one stream's client.

use crate::gateway::data::Address;
use crate::gateway::data::quotes::fields;
use crate::gateway::{Class, Output};
use crate::wire::messages::market as wire;
use crate::wire::{Response, frame};

/// Most tick frames are shorter than this.
const USUAL_LENGTH: usize = 48;

/// The tick is good for automatic execution.
pub(super) const CAN_AUTO_EXECUTE: i32 = 1;
/// The price is of before the opening.
const PRE_OPEN: i32 = 4;

/// The attributes of a quote.
pub(super) fn quote_mask(open: bool) -> i32 {
    if open { CAN_AUTO_EXECUTE } else { PRE_OPEN }
}

/// Appends one frame that a newer one of the same field makes worthless.
pub(super) fn push(out: &mut Vec<Output>, address: &Address, field: i32, message: &impl Response) {
    let mut bytes = Vec::with_capacity(USUAL_LENGTH);
    frame::encode(&mut bytes, address.encoding, message);
    out.push(Output::Frame {
        to: address.to,
        class: Class::Tick {
            request: address.request,
            field,
        },
        id: message.id(),
        bytes,
    });
}

/// Ticks of one stream, under their delayed names where it is delayed; what has none is not sent.
pub(super) struct Ticker<'a> {
    pub(super) out: &'a mut Vec<Output>,
    pub(super) address: Address,
    pub(super) delayed: bool,
}

impl Ticker<'_> {
    fn field(&self, live: i32) -> Option<i32> {
        if self.delayed {
            fields::delayed(live)
        } else {
            Some(live)
        }
    }

    pub(super) fn price(&mut self, field: i32, price: f64, size: String, mask: i32) {
        let Some(field) = self.field(field) else { return };
        let message = wire::TickPrice {
            req_id: Some(self.address.request),
            tick_type: Some(field),
            price: Some(price),
            size: Some(size),
            attr_mask: Some(mask),
        };
        push(self.out, &self.address, field, &message);
    }

    /// A price that no size belongs to.
    pub(super) fn bare_price(&mut self, field: i32, price: f64) {
        self.price(field, price, "0".to_owned(), 0);
    }

    pub(super) fn size(&mut self, field: i32, size: String) {
        let Some(field) = self.field(field) else { return };
        let message = wire::TickSize {
            req_id: Some(self.address.request),
            tick_type: Some(field),
            size: Some(size),
        };
        push(self.out, &self.address, field, &message);
    }

    pub(super) fn text(&mut self, field: i32, value: String) {
        let Some(field) = self.field(field) else { return };
        let message = wire::TickString {
            req_id: Some(self.address.request),
            tick_type: Some(field),
            value: Some(value),
        };
        push(self.out, &self.address, field, &message);
    }

    pub(super) fn number(&mut self, field: i32, value: f64) {
        let Some(field) = self.field(field) else { return };
        let message = wire::TickGeneric {
            req_id: Some(self.address.request),
            tick_type: Some(field),
            value: Some(value),
        };
        push(self.out, &self.address, field, &message);
    }
}
