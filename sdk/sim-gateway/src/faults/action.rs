//! Everything that can go wrong, with its parameters.

use std::time::Duration;

use rust_decimal::Decimal;

use crate::gateway::conduct::Behaviour;

/// Something that goes wrong.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Connections end.
    Disconnect {
        /// Whose.
        to: Target,
        /// How.
        how: End,
    },
    /// The port is closed and everybody dropped, for this long; until `open` when absent.
    Refuse(Option<Duration>),
    /// What becomes of new connections.
    Door(Door),
    /// Nothing is read from or written to live connections; they catch up when it ends.
    Freeze {
        /// Whose.
        to: Target,
        /// Whether it begins or ends.
        on: bool,
    },
    /// What a client says is thrown away and nothing is said to it any more; the socket stays.
    HalfOpen {
        /// Whose.
        to: Target,
        /// Whether the gateway notices, so that the client id is free again.
        noticed: bool,
    },
    /// Reads at most so many bytes a second; none of them when zero ends it.
    Backpressure {
        /// Whose.
        to: Target,
        /// Bytes a second.
        rate: u64,
    },
    /// Writes so few bytes at a time; zero ends it.
    Dribble {
        /// Whose.
        to: Target,
        /// At a time.
        bytes: usize,
        /// Between two writes.
        every: Duration,
    },
    /// Bytes that no gateway should write.
    Corrupt {
        /// To whom.
        to: Target,
        /// What they are.
        kind: Corruption,
    },
    /// All frames leave this much later.
    Delay(Duration),
    /// The next order frame is sent twice; after an order: all frames that answer it.
    Duplicate,
    /// Something happens to frames on their way to clients.
    Frames(FrameFault),
    /// A notice.
    Notice {
        /// To whom.
        to: Target,
        /// Its code.
        code: i32,
        /// Its text; the usual one when absent.
        text: Option<String>,
        /// The request or order it is about; -1 for none.
        about: i32,
    },
    /// The next client is told this server version, whatever it can speak.
    Version(i32),
    /// The message is read and forgotten.
    Lose,
    /// The message is acted on this much later, even if its connection has gone by then.
    Late(Duration),
    /// What happens to clients that say too much.
    Pace(Pace),
    /// The gateway ends, and comes back.
    Lifecycle(Lifecycle),
    /// Somebody confirms the second factor a cold start waits for.
    Approve,
    /// The link between gateway and broker is lost; with a duration it comes back with this notice.
    LinkDown {
        /// 1101 or 1102.
        restored: i32,
    },
    /// A price moves at once.
    Price {
        /// Of which instrument.
        symbol: String,
        /// Where to.
        value: Decimal,
    },
    /// An order fills by decree.
    Fill {
        /// Of this client, or of any.
        client: Option<i32>,
        /// Which.
        order: i32,
        /// So much of it, or all.
        quantity: Option<Decimal>,
    },
    /// Something the gateway itself does.
    Behave(Behaviour),
    /// What a step did ends before its time.
    Stop(String),
    /// Everything that was going wrong stops.
    Clear,
}

/// Whose connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// Everybody's.
    All,
    /// That of the message that set the fault off.
    Sender,
    /// That of a client id.
    Client(i32),
}

/// How a connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Closed at once: what waits is lost, and the client sees an end or a reset, as the system has it.
    Close,
    /// The client sees an orderly end.
    Fin,
    /// The client sees a reset.
    Rst,
}

/// What becomes of new connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// They are served.
    Open,
    /// They are accepted, and then ignored.
    Silent,
    /// They are accepted, and ended at once.
    Slam(End),
    /// They are not accepted: the system completes them and lets them wait.
    Wedged,
}

/// Bytes that no gateway should write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Corruption {
    /// A length no frame can have, and noise.
    Garbage,
    /// A length beyond any frame, then silence.
    BadLength,
    /// The first half of a frame, then an orderly end.
    HalfFrame,
    /// A whole frame of a message that does not exist.
    UnknownMessage,
    /// A notice in the encoding that was not agreed on.
    WrongEncoding,
    /// A notice whose text is not UTF-8.
    NotUtf8,
    /// A notice of exactly 4096 bytes, on which one client's reading stumbles.
    Multiple4096,
}

impl Corruption {
    /// All of them, as a scenario names them.
    pub const NAMES: [(&'static str, Corruption); 7] = [
        ("garbage", Corruption::Garbage),
        ("bad-length", Corruption::BadLength),
        ("half-frame", Corruption::HalfFrame),
        ("unknown-message", Corruption::UnknownMessage),
        ("wrong-encoding", Corruption::WrongEncoding),
        ("not-utf8", Corruption::NotUtf8),
        ("multiple-of-4096", Corruption::Multiple4096),
    ];
}

/// Something that happens to frames on their way to clients.
#[derive(Debug, Clone, PartialEq)]
pub struct FrameFault {
    /// To which; the one that set it off when absent.
    pub frames: Option<Frames>,
    /// What.
    pub what: Tampering,
    /// To so many of them; to all when absent.
    pub count: Option<u32>,
    /// Each of them with this probability.
    pub share: f64,
}

/// Which frames.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frames {
    /// Message numbers, see [`crate::wire::ids::response`]; any when empty.
    pub messages: Vec<u32>,
    /// Only about this request or order.
    pub about: Option<i32>,
    /// To whom.
    pub to: Target,
}

/// What happens to a frame.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Tampering {
    /// It is not sent.
    Drop,
    /// It is sent so many times more.
    Duplicate(u32),
    /// It leaves later, others overtake it.
    Delay(Duration),
    /// So many of them are held and leave in another order.
    Shuffle(usize),
    /// It waits until a frame of this message has gone to the same client.
    After(u32),
    /// It has fields at its end that nobody knows.
    ExtraFields,
}

/// What happens to clients that say too much.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// Nothing.
    Free,
    /// Error 100 for each message beyond so many a second; the third ends the connection.
    Reject(u32),
    /// No more than so many a second are read.
    Slow(u32),
}

/// How a gateway ends and comes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifecycle {
    /// What happens.
    pub kind: LifecycleKind,
    /// How long the port is closed.
    pub down: Duration,
    /// How long connections are closed at once after that.
    pub boot: Duration,
    /// By how much the next order ids fall back.
    pub roll_back: i32,
}

/// Kinds of ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LifecycleKind {
    /// It restarts by itself.
    Restart,
    /// It logs off, and somebody logs in again.
    LogOff,
    /// It starts from cold and waits, after the time down, until somebody confirms the second factor.
    Cold,
}

impl Action {
    /// Whether it has to be in force before the message that sets it off is acted on.
    #[must_use]
    pub fn sets_the_scene(&self) -> bool {
        matches!(
            self,
            Action::Lose
                | Action::Late(_)
                | Action::Frames(_)
                | Action::Pace(_)
                | Action::Behave(
                    Behaviour::Reject(_)
                        | Behaviour::HoldIds(_)
                        | Behaviour::ReadOnly(_)
                        | Behaviour::Dialog { .. }
                        | Behaviour::SplitPermId(_)
                        | Behaviour::Entitle { .. }
                        | Behaviour::Lie(_)
                        | Behaviour::ExecutionTimes(_)
                )
        )
    }

    /// Its name in the record of what went wrong.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Action::Disconnect { how: End::Close, .. } => "drop",
            Action::Disconnect { how: End::Fin, .. } => "fin",
            Action::Disconnect { how: End::Rst, .. } => "rst",
            Action::Refuse(_) => "refuse",
            Action::Door(Door::Open) => "open",
            Action::Door(Door::Silent) => "accept-silent",
            Action::Door(Door::Slam(_)) => "accept-close",
            Action::Door(Door::Wedged) => "wedge",
            Action::Freeze { on: true, .. } => "freeze",
            Action::Freeze { on: false, .. } => "thaw",
            Action::HalfOpen { .. } => "half-open",
            Action::Backpressure { .. } => "backpressure",
            Action::Dribble { .. } => "dribble",
            Action::Corrupt { .. } => "corrupt",
            Action::Delay(_) => "delay",
            Action::Duplicate => "duplicate",
            Action::Frames(fault) => fault.what.name(),
            Action::Notice { .. } => "notice",
            Action::Version(_) => "version",
            Action::Lose => "lose",
            Action::Late(_) => "late",
            Action::Pace(_) => "pace",
            Action::Lifecycle(_) => "lifecycle",
            Action::Approve => "approve",
            Action::LinkDown { .. } => "link-down",
            Action::Price { .. } => "price",
            Action::Fill { .. } => "fill",
            Action::Behave(behaviour) => behaviour_name(behaviour),
            Action::Stop(_) => "stop",
            Action::Clear => "clear",
        }
    }
}

impl Tampering {
    /// Its name in the record of what went wrong.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Tampering::Drop => "drop-frames",
            Tampering::Duplicate(_) => "duplicate-frames",
            Tampering::Delay(_) => "delay-frames",
            Tampering::Shuffle(_) | Tampering::After(_) => "reorder-frames",
            Tampering::ExtraFields => "extra-fields",
        }
    }
}

fn behaviour_name(behaviour: &Behaviour) -> &'static str {
    match behaviour {
        Behaviour::Reject(_) => "reject",
        Behaviour::HoldIds(_) => "hold-id",
        Behaviour::RollBackIds { .. } => "rollback-id",
        Behaviour::ReadOnly(_) => "read-only",
        Behaviour::Dialog { .. } => "dialog",
        Behaviour::Release => "release",
        Behaviour::SplitPermId(_) => "split-perm",
        Behaviour::Entitle { .. } => "entitle",
        Behaviour::LinkDown => "link-down",
        Behaviour::LinkUp(_) => "link-up",
        Behaviour::JumpClock(_) => "clock",
        Behaviour::ConnectionTime(_) => "connection-time",
        Behaviour::ExecutionTimes(_) => "execution-times",
        Behaviour::Lie(_) => "lie",
        Behaviour::Honest => "honest",
        Behaviour::Restart => "restart",
        Behaviour::Elsewhere(_) => "elsewhere",
        Behaviour::Correct { .. } => "correct",
    }
}
