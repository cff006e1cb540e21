//! The `[recovery]` section, its defaults, and what cannot work.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::ladder::{Limits, Policy};
use super::{ibc, unit};
use crate::domain::recovery::Rung;

/// What may be done about a session in trouble.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Whether anything is done beyond connecting again and again. Trouble is watched and told either way.
    pub enabled: bool,
    /// How often the session is looked at.
    pub check_every_ms: u32,
    /// So many silences (handshakes, heartbeats) within ten minutes make a hung gateway.
    pub silent_after: u32,
    /// After so many refusals of our client id in a row the operator is told.
    pub client_id_alarm_after: u32,
    /// No attempt may follow another sooner while the gateway waits for the second factor, or the operator is called.
    pub slow_retry_ms: u32,
    /// How long there must be no trouble for it to be over.
    pub calm_ms: u32,
    /// A stale subscription is asked for again.
    pub rerequest: RungConfig,
    /// The API socket is closed and opened.
    pub reopen: RungConfig,
    /// IBC's `RECONNECTDATA`.
    pub reconnect_data: RungConfig,
    /// IBC's `RECONNECTACCOUNT`.
    pub reconnect_account: RungConfig,
    /// IBC's `RESTART`.
    pub restart: RungConfig,
    /// The unit's restart.
    pub restart_unit: RungConfig,
    /// The call for the operator; only `after_ms` counts.
    pub page: RungConfig,
    /// IBC's command server.
    pub ibc: ibc::Config,
    /// The gateway's unit.
    pub unit: unit::Config,
}

impl Default for Config {
    fn default() -> Self {
        let rung = RungConfig::default();
        Config {
            enabled: true,
            check_every_ms: 1_000,
            silent_after: 3,
            client_id_alarm_after: 3,
            slow_retry_ms: 30_000,
            calm_ms: 60_000,
            rerequest: rung,
            reopen: rung,
            reconnect_data: rung,
            reconnect_account: rung,
            restart: rung,
            restart_unit: rung,
            page: rung,
            ibc: ibc::Config::default(),
            unit: unit::Config::default(),
        }
    }
}

/// The limits of one rung; what is left out is its default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RungConfig {
    /// How long the trouble must have lasted.
    pub after_ms: Option<u32>,
    /// How long the rung rests after a use.
    pub cool_down_ms: Option<u32>,
    /// How often it may be used within any 24 hours.
    pub per_day: Option<u32>,
    /// How long it is given to help before the next.
    pub settle_ms: Option<u32>,
}

/// `after`, `cool_down` and `settle` in seconds, and `per_day`: IB's outages of five minutes are common, a restart of the
/// gateway takes up to three, and too many logins in a day lock the account.
const fn defaults(rung: Rung) -> (u32, u32, u32, u32) {
    match rung {
        Rung::Rerequest => (0, 0, 1_000, 60),
        Rung::Reopen => (60, 300, 24, 60),
        Rung::ReconnectData => (300, 900, 12, 120),
        Rung::ReconnectAccount => (300, 1_800, 6, 180),
        Rung::Restart => (120, 3_600, 3, 300),
        Rung::RestartUnit => (600, 7_200, 2, 600),
        Rung::Page => (600, 0, 0, 0),
    }
}

/// The longest wait that makes sense.
const WAIT_MAX_MS: u32 = 86_400_000;

impl Config {
    const fn rung(&self, rung: Rung) -> &RungConfig {
        match rung {
            Rung::Rerequest => &self.rerequest,
            Rung::Reopen => &self.reopen,
            Rung::ReconnectData => &self.reconnect_data,
            Rung::ReconnectAccount => &self.reconnect_account,
            Rung::Restart => &self.restart,
            Rung::RestartUnit => &self.restart_unit,
            Rung::Page => &self.page,
        }
    }

    /// What the ladder goes by.
    pub(super) fn policy(&self) -> Policy {
        let limits = |rung: Rung| {
            let (after, cool_down, per_day, settle) = defaults(rung);
            let given = self.rung(rung);
            let time = |given: Option<u32>, seconds: u32| {
                given.map_or(Duration::from_secs(seconds.into()), |millis| {
                    Duration::from_millis(millis.into())
                })
            };
            Limits {
                after: time(given.after_ms, after),
                cool_down: time(given.cool_down_ms, cool_down),
                per_day: given.per_day.unwrap_or(per_day),
                settle: time(given.settle_ms, settle),
            }
        };
        Policy {
            limits: Rung::ALL.map(limits),
            calm: Duration::from_millis(self.calm_ms.into()),
        }
    }

    /// Whether the settings can work: the key within the section and what to do, if not.
    ///
    /// # Errors
    /// The first that cannot.
    pub fn check(&self) -> Result<(), (String, String)> {
        let waits = [
            ("check_every_ms", self.check_every_ms, 10),
            ("slow_retry_ms", self.slow_retry_ms, 10),
            ("calm_ms", self.calm_ms, 0),
        ];
        for (key, value, least) in waits {
            if !(least..=WAIT_MAX_MS).contains(&value) {
                let problem = format!("must be between {least} and {WAIT_MAX_MS} milliseconds");
                return Err((key.to_owned(), problem));
            }
        }
        for (key, count) in [
            ("silent_after", self.silent_after),
            ("client_id_alarm_after", self.client_id_alarm_after),
        ] {
            if !(1..=32).contains(&count) {
                return Err((key.to_owned(), "must be between 1 and 32".to_owned()));
            }
        }
        let parts = self.ibc.check().and_then(|()| self.unit.check());
        parts.map_err(|(key, problem)| (key.to_owned(), problem))
    }
}
