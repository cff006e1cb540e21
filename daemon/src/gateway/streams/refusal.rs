//! What it means when IB refuses or ends market data, by its code. Pure.

use std::time::Duration;

use super::super::codes::RequestOutcome;

/// How a refusal is to be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RefusalKind {
    /// Somebody must act: a right is missing, or the contract is not IB's.
    Permanent,
    /// IB says itself that it should be asked again, or that this stream only broke.
    Resubscribe,
    /// Unclear, or a limit: asked again with patience.
    Later,
    /// Another session of the same user has the data (10197).
    Competing,
}

/// A refusal as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// IB's code; zero where it gave none.
    pub code: i32,
    /// What was said.
    pub text: String,
    /// How it is to be taken.
    pub kind: RefusalKind,
    /// What to do.
    pub fix: &'static str,
}

/// Another session of the same user has the data.
const COMPETING: i32 = 10_197;
const COMPETING_FIX: &str =
    "log the same user out elsewhere (TWS, the phone, the portal), or give moored a user of its own";

impl RefusalKind {
    /// How long to wait before it is asked for again, after so many refusals in a row; `None`: not by its own clock.
    pub fn pause(self, refusals: u32) -> Option<Duration> {
        let doubled = |first: u64, most: u64| {
            let seconds = first.saturating_mul(2_u64.saturating_pow(refusals.min(20)));
            Some(Duration::from_secs(seconds.min(most)))
        };
        match self {
            // While IB resets itself it denies contracts and rights that it knows a minute later; so the first is not
            // believed. After that, once an hour: rights are bought without telling us.
            RefusalKind::Permanent if refusals == 0 => Some(Duration::from_secs(60)),
            RefusalKind::Permanent => Some(Duration::from_secs(3_600)),
            RefusalKind::Resubscribe => doubled(1, 600),
            RefusalKind::Later => doubled(15, 600),
            RefusalKind::Competing => None,
        }
    }
}

impl Refused {
    /// By IB's code, with its text.
    pub fn by_code(code: i32, text: String) -> Self {
        let (kind, fix) = match code {
            354 | 10_089 | 10_168 | 10_186 => (
                RefusalKind::Permanent,
                "subscribe to this market's data in IB's Client Portal and sign the API agreement there, or set \
                 gateway.market_data_type = \"delayed\"",
            ),
            200 | 321 => (
                RefusalKind::Permanent,
                "check symbol, type, exchange, currency and expiry in the configuration",
            ),
            COMPETING => (RefusalKind::Competing, COMPETING_FIX),
            101 | 10_190 => (
                RefusalKind::Later,
                "all market data lines are in use: configure fewer instruments, close watch lists of the same user, \
                 or buy lines",
            ),
            316 | 317 | 10_182 | 10_189 | 10_225 => (
                RefusalKind::Resubscribe,
                "none needed: it is asked for again by itself",
            ),
            _ => (
                RefusalKind::Later,
                "it is asked for again by itself; if it stays so, look the code up in IB's list",
            ),
        };
        Refused {
            code,
            text,
            kind,
            fix,
        }
    }

    /// As the table of codes, with what the operator changed of it, has it taken.
    pub fn ruled(self, outcome: RequestOutcome) -> Self {
        let kind = match outcome {
            RequestOutcome::Competing => RefusalKind::Competing,
            RequestOutcome::Refused => RefusalKind::Permanent,
            RequestOutcome::Ended => RefusalKind::Resubscribe,
            // It ended all the same.
            RequestOutcome::TooFast | RequestOutcome::GoesOn => RefusalKind::Later,
        };
        let fix = match kind {
            RefusalKind::Competing => COMPETING_FIX,
            _ => self.fix,
        };
        Refused { kind, fix, ..self }
    }

    /// Without a code of IB's: the request could not be made, or the stream ended.
    pub fn without_code(text: String) -> Self {
        Refused {
            code: 0,
            text,
            kind: RefusalKind::Later,
            fix: "it is asked for again by itself",
        }
    }
}
