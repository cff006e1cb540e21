//! Order ids and the owner tag.
//!
//! An API order id is used once for the life of a client id at IB: the next is above everything the ledger remembers,
//! everything the broker shows and everything the gateway announces. The gateway's own counter can go backwards
//! (a reset of its sequence); ours never does.

use crate::domain::order::{ClientOrderId, OrderId};

/// The client's own request ids begin here, and error messages use one number for both.
const FIRST_REQUEST_ID: i32 = 1_500_000_000;

/// The source of API order ids.
#[derive(Debug, Clone)]
pub struct OrderIds {
    next: i32,
}

impl OrderIds {
    /// Above the highest ever used.
    pub const fn after(highest: i32) -> Self {
        OrderIds {
            next: if highest < 0 { 1 } else { highest.saturating_add(1) },
        }
    }

    /// The gateway, or an order it shows, proves that ids below `floor` may be used up.
    pub const fn raise_to(&mut self, floor: i32) {
        if floor > self.next && floor < FIRST_REQUEST_ID {
            self.next = floor;
        }
    }

    /// One id, or none when they are used up (after a billion and a half orders).
    pub const fn take(&mut self) -> Option<OrderId> {
        if self.next >= FIRST_REQUEST_ID {
            return None;
        }
        let id = self.next;
        self.next += 1;
        Some(OrderId(id))
    }
}

/// Marks an order as ours in IB's `orderRef`, where it survives anything that happens to us.
const OWNER_MARK: &str = "moored";

/// The owner tag: `moored:<plugin>:<client order id>`.
pub fn order_ref(plugin: &str, client_order_id: ClientOrderId) -> String {
    format!("{OWNER_MARK}:{plugin}:{}", client_order_id.0)
}

/// Reads an owner tag; nothing if the order is not ours.
pub fn parse_order_ref(text: &str) -> Option<(&str, ClientOrderId)> {
    let rest = text.strip_prefix(OWNER_MARK)?.strip_prefix(':')?;
    let (plugin, number) = rest.rsplit_once(':')?;
    let canonical = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    let id = number.parse().ok().filter(|_| canonical)?;
    (!plugin.is_empty()).then_some((plugin, ClientOrderId(id)))
}
