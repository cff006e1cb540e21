//! How long to wait before the next attempt, by what went wrong. Pure: chance is handed in.
//!
//! The wait is drawn evenly between the cause's floor and a ceiling that doubles with each failure of the same cause
//! (full jitter), so that many clients of one gateway never march in step.

use std::time::Duration;

pub use crate::domain::session::Obstacle as Cause;

/// The bounds an operator can set, and whether the gateway is on this machine.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// The first ceiling.
    pub min: Duration,
    /// No ceiling is above it, except where a cause has its own.
    pub max: Duration,
    /// Whether the gateway's address is this machine.
    pub local: bool,
    /// Between attempts at a gateway that accepts and says nothing.
    pub silent: Duration,
    /// The shortest and the longest wait for our client id.
    pub client_id: (Duration, Duration),
}

/// A refusal by our own machine costs nobody anything and says only that the gateway does not listen yet; asking four
/// times a second is what lets us trade within half a second of its return.
const LOCAL_REFUSED_MAX: Duration = Duration::from_millis(250);
/// A gateway that accepts and hangs up is starting: so many attempts come evenly before they come less and less often.
const BOOT_ATTEMPTS: u32 = 10;
/// Between those, on this machine and elsewhere; each is a line in the gateway's log.
const LOCAL_BOOT: (Duration, Duration) = (Duration::from_millis(200), Duration::from_millis(500));
const BOOT: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(5));
/// So many silent handshakes are a gateway that starts; more are one that is wedged, and each leaves a socket there that it
/// never closes.
const SILENT_ATTEMPTS: u32 = 2;
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
        if matches!(cause, Cause::Lost | Cause::Reopened) && failures == 0 {
            return Duration::ZERO;
        }
        let (floor, ceiling) = self.range(cause, failures);
        let span = ceiling.saturating_sub(floor);
        floor + span.mul_f64(self.chance())
    }

    /// The shortest and the longest wait after that many earlier failures of the same cause.
    pub fn range(&self, cause: Cause, failures: u32) -> (Duration, Duration) {
        let Bounds { min, max, local, .. } = self.bounds;
        let seconds = Duration::from_secs;
        let doubled = |base: Duration, times: u32| {
            base.saturating_mul(1_u32.checked_shl(times.min(20)).unwrap_or(u32::MAX))
        };
        let (floor, base, cap) = match cause {
            Cause::Refused if local => (FLOOR, min, max.min(LOCAL_REFUSED_MAX)),
            Cause::Rejected => {
                let (short, long) = if local { LOCAL_BOOT } else { BOOT };
                let long = long.min(max);
                let late = failures.saturating_sub(BOOT_ATTEMPTS - 1);
                return (short.min(long), doubled(long, late).min(max));
            }
            Cause::Silent if failures >= SILENT_ATTEMPTS => {
                let slow = self.bounds.silent;
                return (slow, slow + slow / 4);
            }
            Cause::Refused | Cause::Unreachable | Cause::Silent => (FLOOR, min, max),
            Cause::Lost | Cause::Reopened | Cause::Other => (FLOOR, min, max),
            // IB frees the id of a dead connection when it notices: tens of seconds. Asking harder does not help.
            Cause::ClientIdInUse => {
                let (least, most) = self.bounds.client_id;
                let ceiling = doubled(least, failures + 1).min(most);
                return ((ceiling / 2).max(least.min(ceiling)), ceiling);
            }
            // A person must act.
            Cause::VersionTooLow | Cause::WrongAccount => (seconds(30), seconds(60), seconds(60)),
        };
        (floor, doubled(base, failures).min(cap).max(floor))
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
