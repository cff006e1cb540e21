//! Floor 3: what we have asked for.

pub mod event;
pub mod lifecycle;
pub mod placement;
