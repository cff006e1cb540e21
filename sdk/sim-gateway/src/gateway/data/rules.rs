//! Limits and habits of gateways that differ between versions and accounts.

/// Nanoseconds in a second.
const SECOND: u64 = 1_000_000_000;

/// How this gateway treats requests for market data. The defaults are those of a plain account.
#[derive(Debug, Clone)]
pub struct Rules {
    /// Streams of quotes one client may have; one more is refused with 101.
    pub lines: usize,
    /// Books one client may watch; one more is refused with 309.
    pub depth_lines: usize,
    /// Scans one client may run; one more is refused with 322.
    pub scans: usize,
    /// Whether a request for a CFD is sent on to its underlying (messages 91 and 92).
    pub reroute_cfds: bool,
    /// Whether a regulatory snapshot, which costs money in life, is given (and counted) or refused.
    pub regulatory_snapshots: bool,
    /// Whether a second use of a request id is refused with 102, as old gateways do, or with 322.
    pub duplicate_is_102: bool,
    /// Whether sizes of US stocks are in round lots of 100, as old gateways send them, or in shares.
    pub sizes_in_round_lots: bool,
    /// How long a snapshot waits for fields that are missing, nanoseconds.
    pub snapshot_wait: u64,
    /// How old delayed data is, seconds.
    pub delay: u64,
    /// How often a running scan is repeated, nanoseconds.
    pub scan_period: u64,
    /// Whether news of the providers listed may be read; if not, 10277.
    pub news: bool,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            lines: 100,
            depth_lines: 3,
            scans: 10,
            reroute_cfds: true,
            regulatory_snapshots: false,
            duplicate_is_102: false,
            sizes_in_round_lots: false,
            snapshot_wait: 11 * SECOND,
            delay: 900,
            scan_period: 30 * SECOND,
            news: true,
        }
    }
}
