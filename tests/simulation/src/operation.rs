//! What can be done to the world. A run is a list of these and nothing else: no chance is left when they are carried
//! out, and each stands for itself, so that any of them can be taken out of the list and the rest still means the same.
//!
//! Faults are armed: "the next write is lost" is an operation, and the write that it hits may come much later. Where
//! nothing is armed, everything works and takes a millisecond.

use serde::{Deserialize, Serialize};

/// Which way an order goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// Buys.
    Buy,
    /// Sells.
    Sell,
}

/// How an order trades; prices are cents from the middle of the market when it is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// At the market.
    Market,
    /// At a limit.
    Limit(i64),
    /// At the market once a price trades.
    Stop(i64),
    /// At a limit (the same price) once a price trades.
    StopLimit(i64),
}

/// How long an order stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Term {
    /// The day.
    Day,
    /// Until canceled.
    Gtc,
    /// Now or never.
    Ioc,
}

/// What a plugin asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub struct Submission {
    /// The plugin's name for the order.
    pub id: u64,
    /// Which plugin; some that ask do not exist.
    pub plugin: u16,
    /// In what; some do not exist.
    pub instrument: u32,
    /// Which way.
    pub way: Way,
    /// How much; nonsense is possible.
    pub quantity: i32,
    /// How.
    pub kind: Kind,
    /// How long.
    pub term: Term,
    /// Only to reduce.
    pub reduce_only: bool,
}

/// What becomes of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WriteFate {
    /// It never arrives, and nobody is told.
    Lost,
    /// It arrives so many milliseconds late, whatever has become of the session.
    Late(u32),
    /// It ends in an error, and arrives all the same or not.
    Failed {
        /// Whether it arrives.
        arrives: bool,
    },
    /// The way out is full.
    Busy,
}

/// What becomes of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReportFate {
    /// It is never sent.
    Lost,
    /// It is sent again so many milliseconds later.
    Twice(u32),
    /// It comes so many milliseconds late, and others overtake it.
    Late(u32),
}

/// What becomes of the report of a fill's cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FeeFate {
    /// It is never sent.
    Never,
    /// It is sent twice.
    Twice,
    /// It comes so many milliseconds late.
    Late(u32),
    /// It comes before its fill.
    Early,
}

/// What becomes of a reading of the broker's truth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReadingFate {
    /// The gateway answers with an error.
    Failed,
    /// The gateway does not answer: it fails after ten seconds.
    Silent,
    /// It is read, and is so many milliseconds old when it reaches the desk.
    Old(u32),
}

/// What becomes of the writes under way when a session ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnderWay {
    /// They are lost.
    Lost,
    /// They arrive.
    Arrive,
    /// They arrive so many milliseconds later.
    Late(u32),
}

/// What the risk plugins say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Opinion {
    /// No.
    Deny,
    /// Half of it.
    Halve,
    /// More than was asked, which is outside the contract.
    Widen,
    /// They trap.
    Fail,
}

/// One thing that is done to the world.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    /// So many milliseconds pass.
    Wait(u32),
    /// A plugin wants a new order.
    Submit(Submission),
    /// A plugin wants another quantity and price.
    Replace {
        /// Its name for the order.
        id: u64,
        /// Which plugin asks.
        plugin: u16,
        /// New total.
        quantity: i32,
        /// New price, cents from the middle.
        price: i64,
    },
    /// A plugin wants an end to an order.
    Cancel {
        /// Its name for the order.
        id: u64,
        /// Which plugin asks.
        plugin: u16,
    },
    /// A plugin wants an end to all its orders.
    CancelAll {
        /// Which.
        plugin: u16,
    },
    /// The market moves by so many cents.
    Move {
        /// Which.
        instrument: u32,
        /// Cents.
        cents: i64,
    },
    /// The exchange fills a live order, or so much of it.
    Fill {
        /// By its plugin's name for it.
        id: u64,
        /// So much; zero is all.
        quantity: i64,
    },
    /// The broker cancels an order nobody asked it to.
    BrokerCancel {
        /// By its plugin's name for it.
        id: u64,
    },
    /// The broker takes a live order out of the market, or puts it back.
    Deactivate {
        /// By its plugin's name for it.
        id: u64,
        /// Out, or back.
        out: bool,
    },
    /// The exchange corrects one of the latest fills (`.01` becomes `.02`).
    Correct {
        /// Counted from the newest.
        back: u32,
        /// So much less.
        less: i64,
    },
    /// The next change leaves the old version working beside the new one.
    SplitNext,
    /// Somebody else trades in the account.
    ExternalFill {
        /// In what.
        instrument: u32,
        /// Which way.
        way: Way,
        /// How much.
        quantity: i64,
    },
    /// Somebody else has an order in the account.
    ExternalOrder {
        /// In what.
        instrument: u32,
        /// Which way.
        way: Way,
        /// How much.
        quantity: i64,
        /// Cents from the middle.
        price: i64,
    },
    /// A position comes or goes without an order.
    Assign {
        /// In what.
        instrument: u32,
        /// How much.
        quantity: i64,
    },
    /// The broker refuses the next new order with this code.
    RefusePlace(i32),
    /// The broker refuses the next change with this code.
    RefuseChange(i32),
    /// The broker annotates an order, or says something nobody understands.
    Remark {
        /// By its plugin's name for it.
        id: u64,
        /// 399, 404, 10349 annotate; others ask for a look.
        code: i32,
    },
    /// Fills are told by their executions only, or with everything again.
    TerseFills(bool),
    /// Arms what becomes of the next write.
    NextWrite(WriteFate),
    /// Arms what becomes of the next report.
    NextReport(ReportFate),
    /// Arms what becomes of the next report of a cost.
    NextFee(FeeFate),
    /// Arms what becomes of the next reading of the truth.
    NextReading(ReadingFate),
    /// Arms what the risk plugins say next.
    NextVerdict(Opinion),
    /// The socket dies.
    Drop {
        /// What becomes of the writes under way.
        writes: UnderWay,
        /// Whether the reports under way are read before the end is noticed.
        reports_read: bool,
        /// After how many milliseconds the daemon notices.
        noticed: u32,
        /// How many milliseconds later it is connected again.
        back: u32,
    },
    /// The gateway loses IB (1100).
    UpstreamLost,
    /// The gateway has IB again (1101 or 1102).
    UpstreamRestored {
        /// Whether subscriptions are gone.
        data_lost: bool,
    },
    /// The gateway's own process starts anew: what it held back is forgotten.
    GatewayRestart {
        /// After how many milliseconds it is connected to again.
        back: u32,
    },
    /// Reports under way are lost on our side, which is noticed.
    Lag,
    /// The session proves all it has to, or not.
    Proved(bool),
    /// The gateway counts order ids from one again.
    ForgetOrderIds,
    /// Quotes come, or not.
    Quotes(bool),
    /// The ledger cannot be written for so many milliseconds.
    LedgerFails(u32),
    /// The daemon dies at so many of its steps from now.
    Crash {
        /// Steps: a batch of records made durable, or one effect performed, is one.
        steps: u32,
        /// What becomes of the writes under way.
        writes: UnderWay,
        /// How many milliseconds it is dead.
        back: u32,
    },
    /// The daemon is stopped in order and started again.
    Restart {
        /// How many milliseconds it is away.
        back: u32,
    },
    /// A plugin fails.
    PluginFails {
        /// Which.
        plugin: u16,
        /// Restarted, or out for good.
        quarantined: bool,
    },
    /// The operator halts.
    Halt {
        /// And cancels.
        cancel: bool,
    },
    /// The operator kills.
    Kill,
    /// The operator resumes.
    Resume,
    /// The operator cancels an order.
    OperatorCancel {
        /// By its plugin's name for it.
        id: u64,
    },
    /// The operator has the truth read.
    Reconcile,
}
