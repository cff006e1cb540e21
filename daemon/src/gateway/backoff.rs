//! How long to wait before the next attempt, by what went wrong. Pure: chance is handed in.
//!
//! The wait is drawn evenly between the cause's floor and a ceiling that doubles with each failure of the same cause
//! (full jitter), so that many clients of one gateway never march in step.

use std::time::Duration;

/// Why there is no session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cause {
    /// Nobody listens at the address: the gateway is not running, or not yet.
    Refused,
    /// The address cannot be reached or resolved.
    Unreachable,
    /// It accepted and said nothing within the handshake's deadline, or stopped answering heartbeats.
    Silent,
    /// It accepted and hung up: an untrusted address, or a gateway that is still starting.
    Rejected,
    /// Another connection holds our client id (326), perhaps our own dead one.
    ClientIdInUse,
    /// It speaks a protocol too old for us.
    VersionTooLow,
    /// It manages other accounts than the configured one.
    WrongAccount,
    /// An established session broke.
    Lost,
    /// Anything else.
    Other,
}

impl Cause {
    /// Every cause, for metrics that show one series each.
    pub const ALL: [Cause; 9] = [
        Cause::Refused,
        Cause::Unreachable,
        Cause::Silent,
        Cause::Rejected,
        Cause::ClientIdInUse,
        Cause::VersionTooLow,
        Cause::WrongAccount,
        Cause::Lost,
        Cause::Other,
    ];

    /// In words, for metrics and logs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Cause::Refused => "refused",
            Cause::Unreachable => "unreachable",
            Cause::Silent => "silent",
            Cause::Rejected => "rejected",
            Cause::ClientIdInUse => "client_id_in_use",
            Cause::VersionTooLow => "version_too_low",
            Cause::WrongAccount => "wrong_account",
            Cause::Lost => "lost",
            Cause::Other => "other",
        }
    }
}

/// The bounds an operator can set, and whether the gateway is on this machine.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// The first ceiling.
    pub min: Duration,
    /// No ceiling is above it, except where a cause has its own.
    pub max: Duration,
    /// Whether the gateway's address is this machine.
    pub local: bool,
}

/// A refusal by our own machine costs nobody anything and says only that the gateway does not listen yet; asking four
/// times a second is what lets us trade within half a second of its return.
const LOCAL_REFUSED_MAX: Duration = Duration::from_millis(250);
/// A local gateway that accepts and hangs up is starting, and writes a log line for each of us.
const LOCAL_REJECTED_MAX: Duration = Duration::from_secs(1);
/// Never a tight loop, whatever chance says.
const FLOOR: Duration = Duration::from_millis(10);

/// Counts failures and says how long to wait.
#[derive(Debug)]
pub struct Backoff {
    bounds: Bounds,
    cause: Option<Cause>,
    failures: u32,
    seed: u64,
}

impl Backoff {
    /// With no failures yet; `seed` starts its chance.
    pub const fn new(bounds: Bounds, seed: u64) -> Self {
        Backoff {
            bounds,
            cause: None,
            failures: 0,
            seed,
        }
    }

    /// A session stood long enough to call the trouble over.
    pub const fn succeeded(&mut self) {
        self.cause = None;
        self.failures = 0;
    }

    /// How long to wait after a failure of this cause. The first attempt after a loss waits for nothing.
    pub fn failed(&mut self, cause: Cause) -> Duration {
        if self.cause != Some(cause) {
            self.cause = Some(cause);
            self.failures = 0;
        }
        let failures = self.failures;
        self.failures = self.failures.saturating_add(1);
        if cause == Cause::Lost && failures == 0 {
            return Duration::ZERO;
        }
        let (floor, ceiling) = self.range(cause, failures);
        let span = ceiling.saturating_sub(floor);
        floor + span.mul_f64(self.chance())
    }

    /// The shortest and the longest wait after that many earlier failures of the same cause.
    pub fn range(&self, cause: Cause, failures: u32) -> (Duration, Duration) {
        let Bounds { min, max, local } = self.bounds;
        let seconds = Duration::from_secs;
        let (floor, base, cap) = match cause {
            Cause::Refused if local => (FLOOR, min, max.min(LOCAL_REFUSED_MAX)),
            Cause::Rejected if local => (FLOOR, min, max.min(LOCAL_REJECTED_MAX)),
            Cause::Refused | Cause::Rejected | Cause::Unreachable | Cause::Silent => (FLOOR, min, max),
            Cause::Lost | Cause::Other => (FLOOR, min, max),
            // IB frees the id of a dead connection when it notices: tens of seconds. Asking harder does not help.
            Cause::ClientIdInUse => (seconds(2), seconds(4), seconds(30)),
            // A person must act.
            Cause::VersionTooLow | Cause::WrongAccount => (seconds(30), seconds(60), seconds(60)),
        };
        let doubled = base.saturating_mul(1_u32.checked_shl(failures.min(20)).unwrap_or(u32::MAX));
        (floor, doubled.min(cap).max(floor))
    }

    /// Evenly from [0, 1): SplitMix64, which needs no crate and no care.
    fn chance(&mut self) -> f64 {
        self.seed = self.seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.seed;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^= mixed >> 31;
        (mixed >> 11) as f64 / (1_u64 << 53) as f64
    }
}
