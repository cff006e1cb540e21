//! When trouble is expected: IB's nightly resets, the gateway's own restarts, the weekly login, the operator's windows. Pure:
//! the moment is handed in; rules of time zones are compiled in.
//!
//! | file | what it does |
//! |---|---|
//! | `config` | the `[maintenance]` section |
//! | `presets` | IB's reset windows, as published at three times |
//! | `calendar` | which windows we are in, and which come next |
//! | `login` | whether the gateway waits for the second factor |
//!
//! Never: an action, a clock, a guess about a window that nobody published or configured.

mod calendar;
#[cfg(test)]
mod calendar_tests;
mod config;
mod login;
#[cfg(test)]
mod login_tests;
mod presets;

pub use calendar::{Calendar, Now};
pub use config::{Config, ConfigProblem};
pub use login::{Clocks, LoginWatch};
