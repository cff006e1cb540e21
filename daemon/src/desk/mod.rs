//! Floor 4: the heart.

pub mod effect;
pub mod event;
pub mod record;
pub mod snapshot;
pub mod trading_state;
