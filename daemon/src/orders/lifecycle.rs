//! Where an order stands.
//!
//! ```text
//!  PendingNew ──▶ Working ──▶ PendingCancel ──▶ Canceled
//!   │  │            │ │ ▲            │
//!   │  │            │ │ └────────────┘ cancel refused
//!   │  └▶ Rejected  │ └──────────────▶ Filled      (from any state: a fill is a fact)
//!   │               ▼
//!   └────────────▶ Unknown ── found again ──▶ what the broker says
//!                   └── the broker has twice denied all knowledge of it ──▶ Lost
//! ```
//!
//! Filled, Canceled, Rejected and Lost are ends. The stream of reports leaves an end only by a fill (fills race cancels),
//! or when an order we took for Lost or Rejected turns out to live; a repeated "Submitted" after a cancel is old news.
//! Only the broker's truth, read whole, brings a canceled order back.

use serde::{Deserialize, Serialize};

use crate::domain::report::BrokerStatus;

/// The state of one of our orders.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderState {
    /// Durable, written or about to be, not acknowledged.
    PendingNew,
    /// Live at the broker or the exchange.
    Working,
    /// Held by the broker without being rejected (IB: Inactive); counts as live.
    Inactive,
    /// A cancel was asked for.
    PendingCancel,
    /// Its fate is not known.
    Unknown,
    /// Filled whole.
    Filled,
    /// Canceled, what was left of it.
    Canceled,
    /// Refused by the broker.
    Rejected,
    /// The broker does not know it: it never arrived.
    Lost,
}

impl OrderState {
    /// Every state.
    pub const ALL: [OrderState; 9] = [
        OrderState::PendingNew,
        OrderState::Working,
        OrderState::Inactive,
        OrderState::PendingCancel,
        OrderState::Unknown,
        OrderState::Filled,
        OrderState::Canceled,
        OrderState::Rejected,
        OrderState::Lost,
    ];

    /// Whether it has ended.
    pub const fn is_final(self) -> bool {
        matches!(
            self,
            OrderState::Filled | OrderState::Canceled | OrderState::Rejected | OrderState::Lost
        )
    }

    /// In words, for the ledger, metrics and the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            OrderState::PendingNew => "pending_new",
            OrderState::Working => "working",
            OrderState::Inactive => "inactive",
            OrderState::PendingCancel => "pending_cancel",
            OrderState::Unknown => "unknown",
            OrderState::Filled => "filled",
            OrderState::Canceled => "canceled",
            OrderState::Rejected => "rejected",
            OrderState::Lost => "lost",
        }
    }

    /// From its words.
    pub fn parse(text: &str) -> Option<OrderState> {
        OrderState::ALL.into_iter().find(|state| state.as_str() == text)
    }

    /// The state the broker's status stands for.
    pub const fn from_broker(status: BrokerStatus) -> OrderState {
        match status {
            BrokerStatus::PendingSubmit | BrokerStatus::ApiPending => OrderState::PendingNew,
            BrokerStatus::PreSubmitted | BrokerStatus::Submitted => OrderState::Working,
            BrokerStatus::PendingCancel => OrderState::PendingCancel,
            BrokerStatus::ApiCancelled | BrokerStatus::Cancelled => OrderState::Canceled,
            BrokerStatus::Filled => OrderState::Filled,
            BrokerStatus::Inactive => OrderState::Inactive,
        }
    }

    /// Where the broker's status takes an order that stands here; `None` if it tells us nothing new. Messages come in
    /// any order and more than once, so an acknowledgement never takes a pending cancel back to working.
    pub fn after_status(self, status: BrokerStatus) -> Option<OrderState> {
        let told = OrderState::from_broker(status);
        let stays = match (self, told) {
            (now, told) if now == told => true,
            // Late acknowledgements.
            (OrderState::Working | OrderState::Inactive, OrderState::PendingNew) => true,
            (OrderState::PendingCancel, OrderState::PendingNew | OrderState::Working) => true,
            (OrderState::Filled, _) => true,
            (OrderState::Canceled, told) => told != OrderState::Filled,
            // A rejection may have been read out of an error code; a sign of life is worth more.
            (OrderState::Rejected, told) => !matches!(told, OrderState::Filled | OrderState::Working),
            _ => false,
        };
        (!stays).then_some(told)
    }
}
