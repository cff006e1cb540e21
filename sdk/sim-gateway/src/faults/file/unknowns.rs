//! What nobody knows about the real gateway: each a switch, to be right under all its settings.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Deserializer};

use crate::faults::line::duration;
use crate::faults::window::Vintage;

/// How things are that nobody knows.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Unknowns {
    /// How long a client id stays busy after its connection has gone.
    #[serde(deserialize_with = "time")]
    pub client_id_hold: Duration,
    /// Whether the refusal of a busy client id says why (326) before the end.
    pub busy_client_id_says_why: bool,
    /// Whether a corrected execution is the whole truth or the difference.
    pub corrections: Corrections,
    /// Whether tick-by-tick data and real-time bars go on after a 1102.
    pub restored_keeps_streams: bool,
    /// Whether orders sent while the broker is away are kept and sent when it is back.
    pub maintain_and_resubmit: bool,
    /// Whether an order kept so is still sent when its good-till date has passed.
    pub resubmit_stale: bool,
    /// Whose list of reset windows holds.
    pub reset_windows: Vintage,
    /// Whether a status may come before the execution that caused it.
    pub status_before_execution: bool,
    /// Texts of codes, where they are not documented or come in another language.
    #[serde(deserialize_with = "texts")]
    pub texts: BTreeMap<i32, String>,
}

/// What a corrected execution says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Corrections {
    /// It takes the place of the one before.
    #[default]
    Replace,
    /// It is to be added to the one before.
    Delta,
}

impl Default for Unknowns {
    fn default() -> Self {
        Self {
            client_id_hold: Duration::ZERO,
            busy_client_id_says_why: true,
            corrections: Corrections::Replace,
            restored_keeps_streams: true,
            maintain_and_resubmit: true,
            resubmit_stale: false,
            reset_windows: Vintage::Recent,
            status_before_execution: false,
            texts: BTreeMap::new(),
        }
    }
}

fn time<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(from)?;
    duration(&text, Duration::ZERO)
        .filter(|_| text.ends_with(|last: char| last.is_ascii_alphabetic()))
        .ok_or_else(|| serde::de::Error::custom("no time; give one such as \"20s\""))
}

fn texts<'de, D: Deserializer<'de>>(from: D) -> Result<BTreeMap<i32, String>, D::Error> {
    let written = BTreeMap::<String, String>::deserialize(from)?;
    let number = |(code, text): (String, String)| match code.parse() {
        Ok(code) => Ok((code, text)),
        Err(_) => Err(serde::de::Error::custom(format!(
            "{code:?} is no code; give a number"
        ))),
    };
    written.into_iter().map(number).collect()
}
