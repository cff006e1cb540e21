//! The locked door: the types that say how far an order has come through the gate.

use crate::domain::order::OrderIntent;

/// Passed the native chain once; the risk plugins may see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cleared {
    intent: OrderIntent,
}

impl Cleared {
    pub(super) const fn new(intent: OrderIntent) -> Self {
        Cleared { intent }
    }

    /// What was cleared.
    pub const fn intent(&self) -> &OrderIntent {
        &self.intent
    }

    pub(super) const fn into_inner(self) -> OrderIntent {
        self.intent
    }
}

/// Passed the whole gate. The field is private and nothing outside this folder can make one, so what takes an
/// `Approved<T>` cannot be handed anything else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Approved<T> {
    inner: T,
}

impl<T> Approved<T> {
    pub(super) const fn new(inner: T) -> Self {
        Approved { inner }
    }

    /// What was approved.
    pub fn into_inner(self) -> T {
        self.inner
    }
}
