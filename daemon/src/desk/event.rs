//! Everything that can happen. The desk learns of the world in no other way.

use crate::domain::instrument::{ContractFacts, InstrumentId};
use crate::domain::order::{Cause, ClientOrderId, Intent, OrderId};
use crate::domain::plugin::PluginId;
use crate::domain::quote::{Quote, Trade};
use crate::domain::report::{AccountValue, BrokerReport, BrokerTruth};
use crate::domain::stream::Gap;
use crate::risk::denial::DenialCode;
use crate::risk::verdict::PluginVerdict;

/// One thing that happened, stamped by whoever hands it to the desk.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// The best bid or offer changed.
    Quote(Quote),
    /// A trade was printed.
    Trade(Trade),
    /// A plugin wants something.
    Intent {
        /// What.
        intent: Intent,
        /// What made it want it.
        cause: Cause,
    },
    /// The risk plugins answered [`crate::desk::effect::Effect::Review`].
    Verdict {
        /// About which intent.
        client_order_id: ClientOrderId,
        /// What they said together.
        verdict: PluginVerdict,
    },
    /// The broker said something about an order.
    Report(BrokerReport),
    /// A write to the gateway ended in an error: nobody knows whether it arrived.
    WriteFailed {
        /// Which order it was about.
        order_id: OrderId,
        /// Why, for people.
        reason: String,
    },
    /// An order or a change certainly did not leave: the ledger could not hold it, or the way out was full.
    NotSent {
        /// Which order.
        order_id: OrderId,
        /// Why, as the gate would have said it.
        code: DenialCode,
    },
    /// The session to the gateway changed.
    Session(SessionEvent),
    /// Recovery of the session holds orders back, did something, or calls the operator.
    Recovery(RecoveryEvent),
    /// The operator wants something.
    Command {
        /// Where the answer goes.
        ticket: CommandTicket,
        /// Who asks.
        requester: Requester,
        /// What.
        command: Command,
    },
    /// A plugin wants data of an instrument, or no longer.
    Subscription {
        /// Who.
        plugin: PluginId,
        /// Of what.
        instrument: InstrumentId,
        /// Which data from now on.
        feeds: Feeds,
    },
    /// A plugin stopped answering; what it had asked for stays with the desk.
    PluginFailed {
        /// Which.
        plugin: PluginId,
        /// Restarting after a pause, or out until the operator acts.
        quarantined: bool,
        /// Why, for people.
        reason: String,
    },
    /// The ledger cannot be written; nothing may be sent that it does not hold.
    LedgerFailed {
        /// Why, for people.
        reason: String,
    },
    /// The ledger can be written again.
    LedgerRecovered,
    /// Time passed and nothing else happened; at least one a second.
    Clock,
    /// The daemon is stopping.
    Drain,
}

/// Which data of an instrument a plugin is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Feeds {
    /// Best bid and offer.
    pub quotes: bool,
    /// Last-sale prints.
    pub trades: bool,
}

/// What can happen to the session.
#[derive(Debug, Clone, PartialEq)]
pub enum SessionEvent {
    /// The handshake is done; nothing is proved yet.
    Up {
        /// The next order id the gateway would accept.
        next_order_id: i32,
        /// Our client id.
        client_id: i32,
    },
    /// The socket is gone, or was given up.
    Down {
        /// Why, for people.
        reason: String,
    },
    /// The gateway lost IB (1100, 2110).
    UpstreamLost,
    /// The gateway has IB again (1101: subscriptions are gone; 1102: they live).
    UpstreamRestored {
        /// Whether subscriptions are gone.
        data_lost: bool,
    },
    /// Something the operator should read.
    Alarm {
        /// Stable name of the condition.
        name: &'static str,
        /// What was said, and what to do.
        text: String,
    },
    /// Something happened after which the broker's truth may differ from ours, though nothing says that it does: it is
    /// read again, and orders go on.
    AskTruth {
        /// What, for people.
        reason: String,
    },
    /// Reports may have been lost (a reader lagged, a queue was full).
    ReportsLost {
        /// Where, for people.
        reason: String,
    },
    /// What the session proves about itself changed.
    Proofs {
        /// What is not proved, in words; empty when all of it is.
        missing: Vec<String>,
    },
    /// Market data flows again; what came meanwhile may have been missed.
    Gap(Gap),
    /// What IB says of an instrument.
    Resolved(ContractFacts),
    /// Everything the broker knows, asked for by [`crate::desk::effect::Effect::Reconcile`].
    Truth(Box<BrokerTruth>),
    /// The broker could not be read: unknown, which is not the same as empty.
    TruthFailed {
        /// Why, for people.
        reason: String,
    },
    /// Rows of the account summary.
    Account(Vec<AccountValue>),
}

/// What recovery tells the desk.
#[derive(Debug, Clone, PartialEq)]
pub enum RecoveryEvent {
    /// Why orders that add risk are held back now; empty when they are not.
    Restrained {
        /// The reasons, for people.
        reasons: Vec<String>,
    },
    /// A step was taken or refused, for the ledger.
    Step {
        /// Who did it: the daemon.
        requester: Requester,
        /// Which, and against what.
        detail: String,
        /// What came of it.
        outcome: String,
    },
    /// The operator is to be told.
    Alarm {
        /// Its stable name.
        name: &'static str,
        /// What, and what to do.
        text: String,
    },
}

/// Names the one who waits for an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CommandTicket(pub u64);

/// Who gave a command: from the socket's peer credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requester {
    /// Unix user id.
    pub uid: u32,
    /// Its name, where the system has one.
    pub user: String,
}

/// What the operator can order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// No new orders until resumed; working orders are canceled if asked for.
    Halt {
        /// Why, kept in the ledger.
        reason: String,
        /// Whether working orders are canceled too.
        cancel_orders: bool,
    },
    /// Lift a halt or a kill.
    Resume {
        /// Why, kept in the ledger.
        reason: String,
    },
    /// Stop new orders, cancel all, flatten what the plugins hold, stay stopped.
    Kill {
        /// Why, kept in the ledger.
        reason: String,
    },
    /// Cancel one order.
    CancelOrder {
        /// Which.
        order_id: OrderId,
    },
    /// Read the broker's truth again.
    Reconcile,
    /// Take a difference between ours and the broker's as it is.
    AcceptDiscrepancy {
        /// Its name.
        name: String,
        /// Why, kept in the ledger.
        reason: String,
    },
}

impl Command {
    /// Its name in the ledger and in answers.
    pub const fn name(&self) -> &'static str {
        match self {
            Command::Halt { .. } => "halt",
            Command::Resume { .. } => "resume",
            Command::Kill { .. } => "kill",
            Command::CancelOrder { .. } => "cancel_order",
            Command::Reconcile => "reconcile",
            Command::AcceptDiscrepancy { .. } => "accept_discrepancy",
        }
    }
}
