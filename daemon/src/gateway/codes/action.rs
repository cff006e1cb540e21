//! The words a row of the table is made of.

use serde::{Deserialize, Serialize};

use crate::domain::report::OrderErrorMeaning;

/// Whom a message is about, by the id it carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About {
    /// No id: the session, the account, a farm.
    Session,
    /// One of our requests.
    Request,
    /// One of our orders.
    Order,
}

/// Whom a code concerns, by the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// The session, or the gateway's way to IB.
    Session,
    /// The account.
    Account,
    /// A data farm.
    Farm,
    /// A request.
    Request,
    /// An order.
    Order,
    /// An order or a request: the id decides.
    Any,
}

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Worth keeping.
    Info,
    /// Worth reading.
    Warning,
    /// Something asked for was not done.
    Error,
    /// The operator must act, or nothing trades.
    Critical,
}

impl Severity {
    /// In words, for metrics and alarms.
    pub const fn as_str(self) -> &'static str {
        match self {
            Severity::Info => "info",
            Severity::Warning => "warning",
            Severity::Error => "error",
            Severity::Critical => "critical",
        }
    }
}

/// What is done about a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// What it names goes on; the text is for people.
    Note,
    /// What was asked for is refused: a request, a new order, the change of a live one.
    Refuse,
    /// A request ended by something that passes.
    Retry,
    /// We asked for too much, or too fast.
    SlowDown,
    /// Nobody knows what became of it: the broker's own lists must tell.
    Ask,
    /// Confirms a cancel (202).
    Canceled,
    /// A cancel came too late, or names nothing the gateway knows under our client id.
    CancelRefused,
    /// The gateway lost IB.
    UpstreamLost,
    /// The gateway has IB again, and market data subscriptions live.
    UpstreamRestored,
    /// The gateway has IB again, and market data subscriptions are gone.
    UpstreamRestoredDataLost,
    /// A data farm works.
    FarmUp,
    /// A data farm sleeps until it is needed: that is health.
    FarmIdle,
    /// A data farm is being connected to.
    FarmConnecting,
    /// A data farm is broken.
    FarmBroken,
    /// The account's margin is, or will be, too small.
    Margin,
    /// Another login of the same user has the market data.
    Competing,
}

/// What an error means for the request it names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestOutcome {
    /// It goes on.
    GoesOn,
    /// It is refused, and will be again until something else changes.
    Refused,
    /// It ended, and may be asked for again soon.
    Ended,
    /// It came too fast, or was one too many.
    TooFast,
    /// Another login of the same user has the market data: ask again slowly.
    Competing,
}

impl Action {
    /// What it means for an order. A code never ends a live order: the orders' own rules see to that.
    pub const fn order_meaning(self) -> OrderErrorMeaning {
        match self {
            Action::Note => OrderErrorMeaning::Annotation,
            Action::Refuse => OrderErrorMeaning::Refused,
            Action::Canceled => OrderErrorMeaning::Canceled,
            Action::CancelRefused => OrderErrorMeaning::CancelRefused,
            _ => OrderErrorMeaning::Ask,
        }
    }

    /// What it means for a request.
    pub const fn request_outcome(self) -> RequestOutcome {
        match self {
            Action::Refuse => RequestOutcome::Refused,
            Action::Retry | Action::Ask => RequestOutcome::Ended,
            Action::SlowDown => RequestOutcome::TooFast,
            Action::Competing => RequestOutcome::Competing,
            _ => RequestOutcome::GoesOn,
        }
    }

    /// Whether it can be done about a code of this scope.
    pub const fn fits(self, scope: Scope) -> bool {
        match self {
            Action::Note => true,
            Action::Refuse | Action::Ask | Action::SlowDown => !matches!(scope, Scope::Farm),
            Action::Retry => matches!(scope, Scope::Request | Scope::Any | Scope::Account),
            Action::Canceled | Action::CancelRefused => matches!(scope, Scope::Order | Scope::Any),
            Action::UpstreamLost | Action::UpstreamRestored | Action::UpstreamRestoredDataLost => {
                matches!(scope, Scope::Session)
            }
            Action::FarmUp | Action::FarmIdle | Action::FarmConnecting | Action::FarmBroken => {
                matches!(scope, Scope::Farm)
            }
            Action::Margin | Action::Competing => matches!(scope, Scope::Account | Scope::Request),
        }
    }
}
