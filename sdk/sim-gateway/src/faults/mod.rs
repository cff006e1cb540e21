//! What goes wrong, and when: steps from a scenario file, from one-line scripts and from operators.
//!
//! A step has something that sets it off (a time, a message, another step, an operator) and something it
//! does. Everything is counted and drawn from one seed, so a run is a seed and a scenario, and everything
//! that happened is on record.
//!
//! Never: sockets and sessions. What an action does to them is the server's and the gateway's business.

mod action;
mod damage;
mod file;
mod frames;
mod line;
mod log;
mod names;
mod notices;
mod script;
mod step;
mod window;

#[cfg(test)]
mod file_tests;
#[cfg(test)]
mod script_tests;

pub use action::{
    Action, Corruption, Door, End, FrameFault, Frames, Lifecycle, LifecycleKind, Pace, Tampering, Target,
};
pub use file::{Corrections, Scenario, ScenarioError, Unknowns};
pub use line::{ScriptError, fault};
pub use names::{request_name, request_number, response_name, response_number};
pub use notices::notice_text;
pub(crate) use script::nanos;
pub use script::{Dice, Fired, Script};
pub use step::{Passage, Passing, Region, Step, Trigger};
pub use window::Vintage;

pub(crate) use damage::damaged;
pub(crate) use frames::{Frame, Rules};
pub(crate) use line::duration;
pub(crate) use log::Log;
pub(crate) use window::next_window;
