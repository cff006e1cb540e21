//! What may stand in the plugin's table.

use moored_plugin::{InitError, Quantity};

/// The table; every key has a default.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// What to quote; everything granted when empty.
    pub symbols: Vec<String>,
    /// The size of either side.
    pub quantity: Quantity,
    /// From its bid to its ask, in ticks.
    pub spread_ticks: f64,
    /// The most it will hold, long or short.
    pub max_position: Quantity,
    /// How far its quotes lean away from a full inventory, in ticks.
    pub skew_ticks: f64,
    /// How many ticks a quote must be wrong by before it is moved.
    pub requote_ticks: u32,
    /// Least time between two changes in one instrument; tenfold after a refusal.
    pub interval_ms: u64,
    /// A market without a quote for so long is not quoted.
    pub quiet_ms: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            symbols: Vec::new(),
            quantity: Quantity::from_int(10),
            spread_ticks: 2.0,
            max_position: Quantity::from_int(50),
            skew_ticks: 2.0,
            requote_ticks: 1,
            interval_ms: 500,
            quiet_ms: 2_000,
        }
    }
}

impl Config {
    pub(crate) fn check(&self) -> Result<(), InitError> {
        if !self.quantity.is_positive() {
            return Err(InitError::config("quantity", "must be above 0"));
        }
        if self.max_position < self.quantity {
            let least = self.quantity;
            return Err(InitError::config(
                "max_position",
                format_args!("must be at least quantity, which is {least}"),
            ));
        }
        for (key, value) in [
            ("spread_ticks", self.spread_ticks),
            ("skew_ticks", self.skew_ticks),
        ] {
            if !(0.0..=1e6).contains(&value) {
                return Err(InitError::config(key, "must be from 0 to 1000000"));
            }
        }
        if self.requote_ticks == 0 {
            return Err(InitError::config("requote_ticks", "must be at least 1"));
        }
        if !(10..=3_600_000).contains(&self.quiet_ms) {
            return Err(InitError::config("quiet_ms", "must be from 10 to 3600000"));
        }
        Ok(())
    }
}
