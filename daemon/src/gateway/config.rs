//! How the gateway is reached and how patient we are with it: the settings of its section, and what cannot work.

use std::net::IpAddr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::backoff;
use super::codes::{Overrides, Policy};

/// How to reach IB Gateway, and how patient to be with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// `host:port` of IB Gateway (4001 live, 4002 paper) or TWS (7496, 7497).
    pub address: String,
    /// Our client id at IB, at least 1. Orders belong to the id that placed them: do not change it while orders live.
    pub client_id: i32,
    /// The account to trade; may be left out where the gateway manages only one.
    pub account: Option<String>,
    /// How long the gateway may take to shake hands.
    pub handshake_timeout_ms: u32,
    /// How long the gateway may take to answer a request.
    pub request_timeout_ms: u32,
    /// How often the gateway is asked whether it lives.
    pub heartbeat_interval_ms: u32,
    /// How long it may take to say so; two misses end the session.
    pub heartbeat_timeout_ms: u32,
    /// The longest first wait after a failed attempt.
    pub backoff_min_ms: u32,
    /// The longest wait after many.
    pub backoff_max_ms: u32,
    /// The shortest wait between attempts at a gateway that accepts and says nothing, after the first few.
    pub silent_retry_ms: u32,
    /// The first wait for a client id that another connection holds.
    pub client_id_retry_min_ms: u32,
    /// The longest wait for it.
    pub client_id_retry_max_ms: u32,
    /// Which market data to ask for where live data is not subscribed.
    pub market_data_type: MarketDataType,
    /// How many days of executions to read, at most 7. IB Gateway may know only today's.
    pub execution_days: u8,
    /// Whether the account must be a paper or a live one; not looked at if left out.
    pub trading_mode: Option<TradingMode>,
    /// Names of instruments that need not be known to IB for trading in the others to go on.
    pub optional_instruments: Vec<String>,
    /// Whether each session proves with a what-if order that the gateway takes orders.
    pub prove_write_access: bool,
    /// How often the way to IB and back, and the clocks, are proved again.
    pub proof_interval_ms: u32,
    /// How long market data of an instrument may be silent in an open market before it is asked for again.
    pub stream_silent_after_ms: u32,
    /// How often a day (UTC) one silent instrument is asked for again.
    pub stream_rerequests_per_day: u32,
    /// How often one instrument is asked for while another session of the same user has the data (10197).
    pub competing_probe_ms: u32,
    /// How far the gateway's clock may be from ours.
    pub clock_skew_max_ms: u32,
    /// How long after it lost IB (1100) and fell silent about it the gateway's answers alone may prove that IB is back.
    pub upstream_patience_ms: u32,
    /// What is done about error codes, where it is not what the built-in table says.
    pub error_codes: Overrides,
    /// How many messages of any kind a second, orders and cancels first: IB allows half as many as there are market data
    /// lines, and ends sessions that send more.
    pub messages_per_second: u32,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            address: "127.0.0.1:4002".to_owned(),
            client_id: 1,
            account: None,
            handshake_timeout_ms: 10_000,
            request_timeout_ms: 10_000,
            heartbeat_interval_ms: 5_000,
            heartbeat_timeout_ms: 3_000,
            backoff_min_ms: 50,
            backoff_max_ms: 5_000,
            silent_retry_ms: 30_000,
            client_id_retry_min_ms: 5_000,
            client_id_retry_max_ms: 60_000,
            market_data_type: MarketDataType::Live,
            execution_days: 7,
            trading_mode: None,
            optional_instruments: Vec::new(),
            prove_write_access: true,
            proof_interval_ms: 60_000,
            stream_silent_after_ms: 30_000,
            stream_rerequests_per_day: 48,
            competing_probe_ms: 60_000,
            clock_skew_max_ms: 2_000,
            upstream_patience_ms: 30_000,
            error_codes: Overrides::new(),
            messages_per_second: 45,
        }
    }
}

/// IB's market data types.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MarketDataType {
    /// As it happens; what is not subscribed is refused.
    Live,
    /// Live, and the last of it while the market is closed.
    Frozen,
    /// Fifteen minutes late where live is not subscribed.
    Delayed,
    /// Delayed, and the last of it while the market is closed.
    DelayedFrozen,
}

/// What kind of account is meant to be traded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TradingMode {
    /// Play money: IB's codes for such accounts begin with D.
    Paper,
    /// Real money.
    Live,
}

impl TradingMode {
    /// In words.
    pub const fn as_str(self) -> &'static str {
        match self {
            TradingMode::Paper => "paper",
            TradingMode::Live => "live",
        }
    }

    /// Whether an account is of this kind.
    pub fn fits(self, account: &str) -> bool {
        account.starts_with('D') == (self == TradingMode::Paper)
    }
}

impl From<MarketDataType> for ibapi::market_data::MarketDataType {
    fn from(ours: MarketDataType) -> Self {
        match ours {
            MarketDataType::Live => Self::Realtime,
            MarketDataType::Frozen => Self::Frozen,
            MarketDataType::Delayed => Self::Delayed,
            MarketDataType::DelayedFrozen => Self::DelayedFrozen,
        }
    }
}

/// A setting that cannot work.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{key}: {problem}")]
pub struct ConfigProblem {
    /// The setting, within the gateway's section.
    pub key: &'static str,
    /// What is wrong with it and what to do.
    pub problem: String,
}

impl Config {
    /// Whether the settings make sense together.
    pub fn check(&self) -> Result<(), ConfigProblem> {
        let no = |key, problem: &str| {
            Err(ConfigProblem {
                key,
                problem: problem.to_owned(),
            })
        };
        let port = self.address.rsplit_once(':').and_then(|(host, port)| {
            let port: u16 = port.parse().ok()?;
            (!host.is_empty() && port > 0).then_some(port)
        });
        if port.is_none() {
            return no("address", "must be host:port, such as 127.0.0.1:4002");
        }
        if self.client_id < 1 {
            return no(
                "client_id",
                "must be at least 1; 0 would take over orders made by hand",
            );
        }
        if self
            .account
            .as_deref()
            .is_some_and(|account| account.trim().is_empty())
        {
            return no(
                "account",
                "must not be empty; leave it out to use the only account",
            );
        }
        self.check_waits()?;
        if self.backoff_max_ms < self.backoff_min_ms {
            return no("backoff_max_ms", "must not be below backoff_min_ms");
        }
        if self.execution_days > 7 {
            return no("execution_days", "must be at most 7; IB keeps no more");
        }
        if !(1..=1_000).contains(&self.messages_per_second) {
            return no(
                "messages_per_second",
                "must be between 1 and 1000; IB's usual limit is 50",
            );
        }
        if let Err(error) = Policy::new(&self.error_codes) {
            let problem = error.to_string();
            let problem = problem.strip_prefix("error_codes: ").unwrap_or(&problem);
            return no("error_codes", problem);
        }
        Ok(())
    }

    fn check_waits(&self) -> Result<(), ConfigProblem> {
        let waits = [
            ("handshake_timeout_ms", self.handshake_timeout_ms),
            ("request_timeout_ms", self.request_timeout_ms),
            ("heartbeat_interval_ms", self.heartbeat_interval_ms),
            ("heartbeat_timeout_ms", self.heartbeat_timeout_ms),
            ("backoff_min_ms", self.backoff_min_ms),
            ("backoff_max_ms", self.backoff_max_ms),
            ("silent_retry_ms", self.silent_retry_ms),
            ("client_id_retry_min_ms", self.client_id_retry_min_ms),
            ("client_id_retry_max_ms", self.client_id_retry_max_ms),
            ("proof_interval_ms", self.proof_interval_ms),
            ("clock_skew_max_ms", self.clock_skew_max_ms),
            ("stream_silent_after_ms", self.stream_silent_after_ms),
            ("competing_probe_ms", self.competing_probe_ms),
            ("upstream_patience_ms", self.upstream_patience_ms),
        ];
        for (key, wait) in waits {
            if !(10..=600_000).contains(&wait) {
                let problem = "must be between 10 and 600000 milliseconds".to_owned();
                return Err(ConfigProblem { key, problem });
            }
        }
        if self.client_id_retry_max_ms < self.client_id_retry_min_ms {
            return Err(ConfigProblem {
                key: "client_id_retry_max_ms",
                problem: "must not be below client_id_retry_min_ms".to_owned(),
            });
        }
        Ok(())
    }

    /// Whether the gateway's address is this machine.
    fn is_local(&self) -> bool {
        let host = self.address.rsplit_once(':').map_or("", |(host, _)| host);
        let host = host.trim_start_matches('[').trim_end_matches(']');
        host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    }

    pub(super) fn handshake_timeout(&self) -> Duration {
        Duration::from_millis(self.handshake_timeout_ms.into())
    }

    pub(super) fn request_timeout(&self) -> Duration {
        Duration::from_millis(self.request_timeout_ms.into())
    }

    pub(super) fn heartbeat_interval(&self) -> Duration {
        Duration::from_millis(self.heartbeat_interval_ms.into())
    }

    pub(super) fn heartbeat_timeout(&self) -> Duration {
        Duration::from_millis(self.heartbeat_timeout_ms.into())
    }

    pub(super) fn proof_interval(&self) -> Duration {
        Duration::from_millis(self.proof_interval_ms.into())
    }

    pub(super) fn stream_silent_after(&self) -> Duration {
        Duration::from_millis(self.stream_silent_after_ms.into())
    }

    pub(super) fn competing_probe(&self) -> Duration {
        Duration::from_millis(self.competing_probe_ms.into())
    }

    /// Whether trading in the others may go on without this instrument.
    pub(super) fn is_optional(&self, name: &str) -> bool {
        self.optional_instruments.iter().any(|each| each == name)
    }

    pub(super) fn upstream_patience(&self) -> Duration {
        Duration::from_millis(self.upstream_patience_ms.into())
    }

    pub(super) fn backoff_bounds(&self) -> backoff::Bounds {
        backoff::Bounds {
            min: Duration::from_millis(self.backoff_min_ms.into()),
            max: Duration::from_millis(self.backoff_max_ms.into()),
            local: self.is_local(),
            silent: Duration::from_millis(self.silent_retry_ms.into()),
            client_id: (
                Duration::from_millis(self.client_id_retry_min_ms.into()),
                Duration::from_millis(self.client_id_retry_max_ms.into()),
            ),
        }
    }
}
